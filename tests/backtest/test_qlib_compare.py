"""The simulator against Qlib on a workspace's own market."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantpits.backtest.qlib_compare import compare, deviation
from quantpits.backtest.qlib_engine import qlib_backtest
from quantpits.errors import ShapeError
from quantpits.market import ImportRequest, MarketSource, import_bars, load_universe
from tests.backtest.conftest import Lab

REAL_BARS = Path(__file__).resolve().parents[3] / "shared" / "data" / "cn_csi300_2015_2021.parquet"
TOLERANCE = 1e-9
DAYS = {"start": "2020-06-01", "end": "2021-03-31"}  # the end is the market's last session


@pytest.mark.parametrize("frequency", ["day", "week"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "exchange": {"deal_price": "open", "open_cost": 0.001, "close_cost": 0.002},
            "account": 30_000,
            "params": {"topk": 5, "n_drop": 2, "only_tradable": False, "hold_thresh": 3},
        },
        {"exchange": {"deal_price": "vwap", "limit_threshold": 0.05, "min_cost": 50}},
    ],
)
def test_the_simulator_equals_qlib(synthetic, members, draw_scores, *, frequency, changes):
    synthetic.strategy(**{"params": {"topk": 8, "n_drop": 2}, "account": 1_000_000, **changes})
    setting = synthetic.setting(members, **DAYS, execution="qlib", frequency=frequency)
    found = compare(setting, draw_scores(setting, seed=3))
    assert found.largest < TOLERANCE, found
    assert found.n_steps == setting.qlib.dates.size
    assert found.simulated.cost.sum() > 0
    assert found.simulated.n_held.tolist() == found.qlib.result.n_held.tolist()


def test_a_market_without_future_sessions_is_compared_too(lab):
    lab.calendar(future=None)
    for frequency in ("day", "week"):
        setting = lab.setting(execution="qlib", frequency=frequency)
        scores = np.random.default_rng(1).normal(size=(setting.dates.size, 3))
        assert compare(setting, scores).largest < TOLERANCE


def test_a_deviation_names_its_step(lab):
    setting = lab.setting(execution="qlib")
    scores = np.tile([3.0, 2.0, 1.0], (setting.dates.size, 1))
    run = qlib_backtest(setting, scores)
    nav, cost = run.result.nav.copy(), run.result.cost.copy()
    nav[5] *= 1.01
    cost[7] += 10.0
    wrong = replace(run, result=replace(run.result, nav=nav, cost=cost))
    found = deviation(setting, scores, run=wrong)
    dates = setting.qlib.dates
    assert (dates[5].item(), dates[7].item()) == (found.account_date, found.cost_date)
    assert (0.01 / 1.01, 10 / 57.5) == pytest.approx((found.account, found.cost))
    assert found.largest == found.cost
    with pytest.raises(ShapeError, match="different steps"):
        deviation(lab.setting(execution="qlib", end="2026-01-20"), scores[:12], run=run)


def test_a_cost_that_only_the_simulator_has_is_wrong(lab):
    setting = lab.setting(execution="qlib")
    scores = np.tile([3.0, 2.0, 1.0], (setting.dates.size, 1))
    run = qlib_backtest(setting, scores)
    free = replace(run, result=replace(run.result, cost=np.zeros(run.result.cost.size)))
    assert deviation(setting, scores, run=free).largest > 1


@pytest.mark.real_data
@pytest.mark.skipif(not REAL_BARS.is_file(), reason="the shared real bars are not here")
def test_the_simulator_equals_qlib_on_real_bars(tmp_path, draw_scores):
    folder = tmp_path / "cn"
    import_bars(ImportRequest((REAL_BARS,), folder, universe="csi300"))
    source = MarketSource(folder, "cn", is_synthetic=False, label="cn")
    lab = Lab(tmp_path / "Real", folder)
    lab.strategy(params={"topk": 20, "n_drop": 3}, account=1_000_000)
    names = load_universe(source, "csi300", source_day := np.datetime64("2015-06-01").item())
    for frequency in ("day", "week"):
        setting = lab.setting(
            names,
            source_day,
            "2015-12-31",
            execution="qlib",
            frequency=frequency,
        )
        assert compare(setting, draw_scores(setting)).largest < TOLERANCE
