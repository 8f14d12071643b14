"""The tables: documented columns first, then ours; fractions, percentages and empty cells."""

import dataclasses
from datetime import date

import numpy as np
import pytest

from quantpits.fusion.leaderboard import (
    COMPARISON_COLUMNS,
    LEADERBOARD_COLUMNS,
    comparison_rows,
    information_ratio,
    leaderboard_rows,
)


def cells_of(row, columns=LEADERBOARD_COLUMNS):
    return dict(zip(columns, row, strict=True))


def with_performance(row, **changes):
    return dataclasses.replace(row, performance=dataclasses.replace(row.performance, **changes))


def test_columns_begin_with_the_documented_ones():
    assert (
        "name",
        "mean",
        "std",
        "annualized_return",
        "information_ratio",
        "max_drawdown",
    ) == LEADERBOARD_COLUMNS[:6]
    assert (
        "combo",
        "models",
        "method",
        "is_default",
        "total_return",
        "annualized_return",
        "max_drawdown",
        "calmar_ratio",
        "excess_return",
    ) == COMPARISON_COLUMNS[:9]


def test_leaderboard_rows_hold_the_figures_of_the_backtest(traded):
    rows = [cells_of(row) for row in leaderboard_rows(traded)]
    assert [row.name for row in traded.rows] == [cells["name"] for cells in rows]
    cells = next(cells for cells in rows if cells["kind"] == "ensemble")
    performance = traded.ensemble.performance
    assert pytest.approx(performance.returns.mean()) == cells["mean"]
    assert pytest.approx(performance.returns.std(ddof=1)) == cells["std"]
    assert performance.metrics.annualised_return == cells["annualized_return"]
    assert performance.metrics.max_drawdown == cells["max_drawdown"]
    assert performance.turnover_annual == cells["turnover"]
    assert performance.cost_annual == cells["cost"]
    assert traded.ensemble.ic.icir == cells["icir"]
    assert (str(performance.dates[0]), 110) == (cells["first_date"], cells["n_days"])
    assert str(performance.drawdown_trough) == cells["drawdown_bottom"]
    assert cells["drawdown_start"] < cells["drawdown_bottom"]
    models = [cells for cells in rows if cells["kind"] == "model"]
    assert pytest.approx(1.0) == sum(cells["weight"] for cells in models)
    assert {None} == {cells["ic"] for cells in models}


def test_leaderboard_names_models_that_are_missing(traded):
    fusion = dataclasses.replace(traded.fusion, missing={"gone": "not trained"})
    rows = leaderboard_rows(dataclasses.replace(traded, fusion=fusion))
    last = cells_of(rows[-1])
    assert ("gone", "missing") == (last["name"], last["kind"])
    assert 2 == sum(value is not None for value in last.values())
    (combo,) = comparison_rows([dataclasses.replace(traded, fusion=fusion)])
    assert "gone" == cells_of(combo, COMPARISON_COLUMNS)["missing_models"]


def test_leaderboard_leaves_undefined_figures_empty(traded):
    performance = traded.ensemble.performance
    metrics = dataclasses.replace(performance.metrics, max_drawdown=0.0, sharpe=None)
    row = with_performance(
        traded.ensemble,
        metrics=metrics,
        returns=np.zeros(1),
        benchmark_returns=np.zeros(1),
        drawdown_peak=None,
    )
    backtest = dataclasses.replace(traded, rows=(row,))
    cells = cells_of(leaderboard_rows(backtest)[0])
    empty = ("std", "sharpe", "information_ratio", "drawdown_start", "drawdown_bottom")
    assert [None] * 5 == [cells[name] for name in empty]


def test_leaderboard_names_the_day_of_recovery(traded):
    row = with_performance(traded.ensemble, drawdown_recovery=date(2026, 1, 2), drawdown_peak=None)
    cells = cells_of(leaderboard_rows(dataclasses.replace(traded, rows=(row,)))[0])
    assert "2026-01-02" == cells["drawdown_end"]
    assert cells["first_date"] == cells["drawdown_start"]


def test_information_ratio_is_that_of_the_returns_above_the_benchmark(traded):
    performance = traded.ensemble.performance
    active = performance.returns - performance.benchmark_returns
    expected = active.mean() / active.std(ddof=1) * np.sqrt(252)
    assert pytest.approx(expected, rel=1e-12) == information_ratio(traded.ensemble)
    same = with_performance(traded.ensemble, returns=performance.benchmark_returns)
    assert information_ratio(same) is None


def test_comparison_rows_are_percentages_where_the_earlier_system_had_them(traded):
    (row,) = comparison_rows([traded])
    cells = cells_of(row, COMPARISON_COLUMNS)
    metrics = traded.ensemble.performance.metrics
    assert "gru, linear, mlp" == cells["models"]
    assert ("ensemble_adhoc", "dynamic", "False") == (
        cells["combo"],
        cells["method"],
        cells["is_default"],
    )
    assert round(100 * metrics.annualised_return, 2) == cells["annualized_return"]
    assert round(100 * metrics.max_drawdown, 2) == cells["max_drawdown"]
    assert round(metrics.calmar, 4) == cells["calmar_ratio"]
    equal = traded.equal_weight.performance.metrics.annualised_return
    assert round(100 * equal, 2) == cells["equal_weight_annualized_return"]
    assert metrics.annualised_excess == cells["annualized_excess"]


def test_comparison_rows_leave_undefined_figures_empty(traded):
    metrics = dataclasses.replace(
        traded.ensemble.performance.metrics, calmar=None, excess_return=None
    )
    row = dataclasses.replace(with_performance(traded.ensemble, metrics=metrics), ic=None)
    backtest = dataclasses.replace(traded, rows=(row, traded.equal_weight))
    cells = cells_of(comparison_rows([backtest])[0], COMPARISON_COLUMNS)
    assert [None] * 4 == [cells[name] for name in ("calmar_ratio", "excess_return", "ic", "icir")]
