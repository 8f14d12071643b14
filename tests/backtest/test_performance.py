"""Figures of a backtest: against the path they come from, and by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.backtest.performance import benchmark_returns, own_rows, performance
from quantpits.backtest.simulation import simulate
from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading import path_metrics
from tests.backtest.conftest import SESSIONS


def with_nav(setting, nav, *, turnover=0, cost=0):
    """A path of a setting in live timing with these values [CNY]."""
    empty = simulate(setting, np.full((setting.dates.size, 3), np.nan))
    fen = (np.array(nav) * 100).astype(np.int64)
    rows = np.zeros(fen.size, dtype=np.int64)
    rows[1] = 1
    return replace(empty, nav=fen, turnover=rows * turnover, cost=rows * cost)


def test_figures_are_those_of_the_path(lab):
    setting = lab.setting(end=SESSIONS[3])
    result = with_nav(setting, [100_000, 90_000, 99_000, 110_000], turnover=5_000_000, cost=1_000)
    found = performance(setting, result)
    assert [0.0, 4010 / 4000 - 1] == found.benchmark_returns[:2].tolist()
    expected = path_metrics(
        result.nav.astype(float), 1e7, benchmark_returns=found.benchmark_returns
    )
    assert expected == found.metrics
    assert (110_000.0, 0.1) == (found.nav_cny[-1], pytest.approx(found.metrics.total_return))
    assert [0.0, -0.1, 0.1] == pytest.approx(found.returns[:3].tolist())
    assert (50_000.0, 10.0, 1) == (found.turnover_cny, found.cost_cny, found.n_trade_rows)
    mean = (100_000 + 90_000 + 99_000 + 110_000) / 4
    assert 25_000 / mean * 252 / 4 == pytest.approx(found.turnover_annual)
    assert 10 / mean * 252 / 4 == pytest.approx(found.cost_annual)
    assert "next_session" == found.execution


def test_the_deepest_fall_has_dates(lab):
    setting = lab.setting(end=SESSIONS[5])
    dates = [day.item() for day in SESSIONS]
    found = performance(setting, with_nav(setting, [1e5, 1.1e5, 1e5, 9e4, 1.1e5, 1.2e5]))
    assert (dates[1], dates[3], dates[4]) == (
        found.drawdown_peak,
        found.drawdown_trough,
        found.drawdown_recovery,
    )
    never = performance(setting, with_nav(setting, [9e4, 9e4, 8e4, 8e4, 9e4, 9e4]))
    assert (None, dates[2], None) == (
        never.drawdown_peak,
        never.drawdown_trough,
        never.drawdown_recovery,
    )
    rising = performance(setting, with_nav(setting, [1e5, 1e5, 1.1e5, 1.2e5, 1.3e5, 1.4e5]))
    assert 0.0 == rising.metrics.max_drawdown


def test_own_rows_leave_the_waiting_out(synthetic, members, draw_scores):
    setting = synthetic.setting(members, "2020-06-01", "2020-12-31", frequency="day")
    scores = draw_scores(setting)
    scores[:30] = np.nan
    scores[-10:] = np.nan
    first, stop = own_rows(setting, scores)
    assert (30, setting.dates.size - 10) == (first, stop)
    found = performance(setting, simulate(setting, scores), first_row=first, stop_row=stop)
    window = synthetic.setting(members, setting.dates[first], setting.dates[stop - 1])
    window = replace(window, frequency="day")
    own = performance(window, simulate(window, scores[first:stop]))
    assert own.metrics == found.metrics
    assert own.benchmark_returns.tolist() == found.benchmark_returns.tolist()
    assert (own.turnover_cny, own.cost_cny) == (found.turnover_cny, found.cost_cny)
    assert found.metrics.n_periods == stop - first


def test_own_rows_in_qlibs_timing_are_steps(lab):
    setting = lab.setting(execution="qlib", frequency="week", start=SESSIONS[5])
    scores = np.full((setting.dates.size, 3), np.nan)
    assert (0, 0) == own_rows(setting, scores)
    scores[7] = 1.0  # in the second week, so the third trades on it
    assert (1, 2) == own_rows(setting, scores)
    daily = lab.setting()
    assert (0, 0) == own_rows(daily, np.full((SESSIONS.size, 3), np.nan))


def test_the_benchmark_of_steps_goes_from_last_close_to_last_close(lab):
    setting = lab.setting(execution="qlib", frequency="week", start=SESSIONS[5])
    assert [0.0, 4140 / 4090 - 1] == benchmark_returns(setting).tolist()
    scores = np.ones((setting.dates.size, 3))
    found = performance(setting, simulate(setting, scores))
    assert ("qlib", 52) == (found.execution, found.metrics.periods_per_year)
    assert 95_000.0 == found.turnover_cny
    assert date(2026, 1, 12) == found.dates[0].item()


def test_a_result_of_another_setting_is_refused(lab):
    setting = lab.setting(end=SESSIONS[3])
    result = simulate(setting, np.full((4, 3), np.nan))
    with pytest.raises(ShapeError, match="does not belong to the backtest"):
        performance(lab.setting(), result)
    with pytest.raises(ShapeError, match="4 to 4 of them"):
        performance(setting, result, first_row=4)
    with pytest.raises(ShapeError, match="0 to 5 of them"):
        performance(setting, result, stop_row=5)


def test_a_lost_account_has_no_figures(lab):
    setting = lab.setting(end=SESSIONS[3])
    with pytest.raises(NonFiniteError, match="row 2"):
        performance(setting, with_nav(setting, [1e5, 1e5, 0, 0]))
