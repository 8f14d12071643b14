"""A combo beside equal weights and its models: one strategy, one set of dates, one set of cells."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from quantpits.backtest import place_scores, simulate
from quantpits.fusion.backtests import ENSEMBLE, EQUAL_WEIGHT, backtest_combo
from quantpits.signals import information_coefficient, panel_from_series, summarise_ic
from quantpits.trading import path_metrics
from tests.fusion.conftest import ANCHOR, INSTRUMENTS, traded_combo

SESSIONS = list(pd.bdate_range(end=ANCHOR, periods=120).date)


def test_backtest_has_a_row_for_the_combo_equal_weights_and_each_model(traded):
    assert {ENSEMBLE, EQUAL_WEIGHT, "gru", "linear", "mlp"} == {row.name for row in traded.rows}
    returns = [row.performance.metrics.annualised_return for row in traded.rows]
    assert sorted(returns, reverse=True) == returns
    assert ("ensemble", "equal_weight") == (traded.ensemble.kind, traded.equal_weight.kind)
    assert {"gru", "linear", "mlp"} == {row.name for row in traded.rows if row.weight is not None}


def test_backtest_of_the_combo_is_that_of_its_fused_scores(traded):
    scores = place_scores(traded.setting, traded.fusion.panel)
    result = simulate(traded.setting, scores)
    level = traded.setting.benchmark_nav
    expected = path_metrics(
        result.nav.astype(float),
        float(result.opening),
        benchmark_returns=np.concatenate([[0.0], level[1:] / level[:-1] - 1.0]),
    )
    performance = traded.ensemble.performance
    assert expected == performance.metrics
    assert (SESSIONS[10], ANCHOR) == (
        performance.dates[0].item(),
        performance.dates[-1].item(),
    )
    assert 0.0 == performance.returns[0]
    assert performance.cost_cny > 0


def test_backtest_of_a_model_uses_the_cells_of_the_combo(priced_lab):
    # A model that scores more names than the others is held to the names of the combo.
    wide = priced_lab.scores(5, dates=SESSIONS[10:])
    wide[wide.index.get_level_values(1) == "SH600011"] = 99.0
    narrow = priced_lab.scores(6, dates=SESSIONS[20:], instruments=INSTRUMENTS[:8])
    priced_lab.add_model("wide", wide)
    priced_lab.add_model("narrow", narrow)
    backtest = traded_combo(priced_lab, ("wide", "narrow"), "equal")
    (row,) = [row for row in backtest.rows if row.name == "wide"]
    cells = wide[wide.index.isin(narrow.index)]
    alone = simulate(backtest.setting, place_scores(backtest.setting, panel_from_series(cells)))
    # The market of the run begins with the first score of any model, ten days earlier.
    np.testing.assert_array_equal(alone.nav[10:] / 100.0, row.performance.nav_cny)
    assert SESSIONS[20] == row.performance.dates[0].item()


def test_backtest_of_one_model_is_the_same_in_every_row(priced_lab):
    backtest = traded_combo(priced_lab, ("gru",), "dynamic")
    first, *others = [row.performance.nav_cny.tolist() for row in backtest.rows]
    assert all(first == other for other in others)
    assert [ENSEMBLE, EQUAL_WEIGHT, "gru"] == [row.name for row in backtest.rows]


def test_equal_weights_of_an_equal_combo_are_the_combo(priced_lab):
    backtest = traded_combo(priced_lab, method="equal")
    assert backtest.ensemble.performance is backtest.equal_weight.performance
    dynamic = traded_combo(priced_lab)
    np.testing.assert_array_equal(
        backtest.ensemble.performance.nav_cny, dynamic.equal_weight.performance.nav_cny
    )
    assert not np.array_equal(
        dynamic.ensemble.performance.nav_cny, dynamic.equal_weight.performance.nav_cny
    )


def test_skill_is_that_of_the_labels_that_are_known(traded):
    closes = pd.DataFrame(np.nan, index=SESSIONS, columns=list(INSTRUMENTS))
    tables = traded.setting.session.tables
    closes[:] = np.vstack([np.full((10, 12), np.nan), tables.mark])[-120:]
    labels = (closes.shift(-6) / closes.shift(-1) - 1).to_numpy()[10:]
    scores = place_scores(traded.setting, traded.fusion.panel)
    expected = summarise_ic(*information_coefficient(scores, labels))
    assert pytest.approx(expected.ic, abs=1e-6) == traded.ensemble.ic.ic
    assert 110 - 6 == traded.ensemble.ic.n_days
    assert [None] * 3 == [row.ic for row in traded.rows if row.kind == "model"]


def test_band_holds_the_ratio_and_is_the_same_every_time(traded, priced_lab):
    row = traded.ensemble
    assert row.sharpe_low < row.performance.metrics.sharpe < row.sharpe_high
    again = traded_combo(priced_lab).ensemble
    assert (row.sharpe_low, row.sharpe_high) == (again.sharpe_low, again.sharpe_high)


def test_backtest_of_a_single_day_has_no_band(traded, priced_lab):
    fusion = traded.fusion
    keep = fusion.panel.dates == np.datetime64(ANCHOR)
    panel = dataclasses.replace(
        fusion.panel, dates=fusion.panel.dates[keep], scores=fusion.panel.scores[keep]
    )
    single = dataclasses.replace(fusion, panel=panel, equal=panel)
    scores = dict.fromkeys(fusion.models, panel)
    labels = np.full((len(traded.setting.dates), len(traded.setting.instruments)), np.nan)
    backtest = backtest_combo(single, traded.setting, panels=scores, labels=labels)
    assert {(None, None)} == {(row.sharpe_low, row.sharpe_high) for row in backtest.rows}
    assert backtest.ensemble.ic.ic is None


def test_backtest_in_qlibs_timing_has_a_row_a_step(priced_lab):
    priced_lab.write_config("strategy_config.yaml", "backtest:\n  execution: qlib\n")
    backtest = traded_combo(priced_lab, method="equal")
    performance = backtest.ensemble.performance
    assert "qlib" == performance.execution
    assert 15 < performance.dates.size < 25
    assert 52 == performance.metrics.periods_per_year
