"""Two years, week after week: the account in the books equals the simulator's to the cent.

The short form, on a market in which everything happens, is in `tests/routine/test_loop.py`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quantpits.market import (
    ImportRequest,
    MarketSource,
    import_bars,
    load_calendar,
    load_universe,
    resolve_market,
)
from quantpits.routine import loop
from quantpits.routine.loop_request import LoopRequest
from quantpits.workspace import Workspace, demo_template, init_workspace, open_workspace

BARS = Path(__file__).resolve().parents[2].parent / "shared/data/cn_csi300_2015_2021.parquet"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("QUANTPITS_SLOW" not in os.environ, reason="two years of steps: make slow"),
]


@dataclass(frozen=True)
class Case:
    """A market, its universe, and how the strategy trades it."""

    universe: str
    benchmark: str
    topk: int
    n_drop: int
    account: int
    days: tuple[date, date]


DEMO = Case("synth60", "SH000999", 10, 2, 1_000_000, (date(2024, 11, 1), date(2026, 11, 6)))
REAL = Case("csi300", "SH000300", 60, 10, 5_000_000, (date(2019, 9, 27), date(2021, 9, 30)))


def write_scores(path: Path, market: MarketSource, case: Case) -> None:
    """Write scores that change slowly, for every member on every session."""
    rng = np.random.default_rng(3)
    sessions = load_calendar(market).sessions_in(*case.days)
    members = {day: load_universe(market, case.universe, day) for day in sessions}
    names = sorted({name for day in sessions for name in members[day]})
    score = rng.standard_normal(len(names))
    lines = ["datetime,instrument,score\n"]
    for day in sessions:
        score = 0.98 * score + 0.2 * rng.standard_normal(score.size)
        now = set(members[day])
        pairs = zip(names, score.tolist(), strict=True)
        lines += [f"{day},{name},{value!r}\n" for name, value in pairs if name in now]
    path.write_text("".join(lines), encoding="utf-8")


def configured(root: Path, case: Case, strategy: str, *, market: Path | None) -> Workspace:
    init_workspace(demo_template(), root)
    workspace = open_workspace(root)
    if market is not None:
        text = f"provider: qlib\nprovider_uri: {market}\nregion: cn\n"
        (workspace.config_dir / "market.yaml").write_text(text, encoding="utf-8")
    names = {"market": case.universe, "benchmark": case.benchmark}
    path = workspace.config_dir / "model_config.json"
    sizes = {"TopK": case.topk, "DropN": case.n_drop}
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | names | sizes), "utf-8")
    state = workspace.prod_config_path
    state.write_text(json.dumps(json.loads(state.read_text("utf-8")) | names), "utf-8")
    (workspace.config_dir / "strategy_config.yaml").write_text(
        f"strategy:\n  name: {strategy}\n  params:\n    topk: {case.topk}\n"
        f"    n_drop: {case.n_drop}\n    only_tradable: true\n    buy_suggestion_factor: 2\n"
        f"backtest:\n  account: {case.account}\n  exchange_kwargs:\n    deal_price: open\n",
        encoding="utf-8",
    )
    return workspace


def check_equal(workspace: Workspace, case: Case) -> None:
    scores = workspace.root / "scores.csv"
    write_scores(scores, resolve_market(workspace), case)
    start, end = case.days
    report = loop.run(workspace, LoopRequest(start=start, end=end, prediction_file=scores))
    assert report.n_sessions > 480
    assert len(report.anchors) > 100
    assert report.n_trades > 300
    assert (None, 0) == (report.largest_on, report.largest_fen)
    assert report.nav_fen == report.simulated_fen
    assert "error" not in {finding.severity for finding in report.findings}


@pytest.mark.parametrize("strategy", ["topk_dropout", "topk_buffer"])
def test_two_years_on_the_demo_market(tmp_path, strategy):
    check_equal(configured(tmp_path / "Live", DEMO, strategy, market=None), DEMO)


@pytest.mark.real_data
@pytest.mark.skipif(not BARS.is_file(), reason="the real market data are not here")
@pytest.mark.parametrize("strategy", ["topk_dropout", "topk_buffer"])
def test_two_years_on_real_data(tmp_path, strategy):
    folder = tmp_path / "cn"
    import_bars(ImportRequest(files=(BARS,), target=folder, universe="csi300"))
    check_equal(configured(tmp_path / "Live", REAL, strategy, market=folder), REAL)
