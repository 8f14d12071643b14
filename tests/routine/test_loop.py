"""Live equals backtest: the real steps, week after week, against the simulator, to the cent."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from quantpits.errors import (
    MissingArtifactError,
    MissingDataError,
    QuantPitsError,
    UsageError,
    WorkspaceError,
)
from quantpits.market import load_calendar, resolve_market
from quantpits.orders import step as orders_step
from quantpits.records import ModelRecord
from quantpits.routine import loop
from quantpits.routine.loop_request import LoopRequest
from quantpits.routine.loop_scores import load_score_series, store_cut
from quantpits.routine.slippage import Slippage
from quantpits.workspace import Workspace

from .conftest import make_workspace, score_text, set_json

START, END = date(2021, 3, 5), date(2021, 5, 7)


@pytest.fixture
def workspace(tmp_path, eventful):
    """Return a function that makes a workspace with scores on the eventful market."""
    folder, bars = eventful

    def make(strategy: str = "topk_dropout") -> Workspace:
        made = make_workspace(tmp_path / "Live", folder, strategy=strategy)
        (made.root / "scores.csv").write_text(score_text(bars), encoding="utf-8")
        return made

    return make


def request(**changes: object) -> LoopRequest:
    settings = {"start": START, "end": END, "prediction_file": Path("scores.csv")}
    return LoopRequest(**(settings | {"no_chart": True} | changes))


def contents(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


@pytest.mark.parametrize("strategy", ["topk_dropout", "topk_buffer"])
def test_books_equal_the_simulator_to_the_cent_on_every_session(workspace, strategy):
    live = workspace(strategy)
    (live.config_dir / "cashflow.json").write_text(
        json.dumps(
            {
                "cashflows": {"2021-03-20": 30000.5, "2021-04-07": -12345.67},
                "processed": {"2021-03-16": 1000, "2020-01-01": 5},
            }
        ),
        encoding="utf-8",
    )
    before = contents(live.root)
    report = loop.run(live, request(with_cashflows=True))
    assert (None, 0) == (report.largest_on, report.largest_fen)
    assert report.nav_fen == report.simulated_fen
    assert 0 == sum(report.causes.values())
    assert 45 < report.n_sessions
    assert 9 == len(report.anchors)
    assert 20 < report.n_trades
    # Limits, suspensions and the cash leave something unfilled in both accounts.
    assert 0 < report.n_short < report.n_orders
    assert () == report.findings
    nav = (Path(report.workspace) / "output/paper_nav.csv").read_text("utf-8").splitlines()[1:]
    assert {"0.00"} == {line.split(",")[3] for line in nav}
    flows = {line.split(",")[0]: line.split(",")[7] for line in nav}
    assert ("1000.00", "30000.50", "-12345.67") == (
        flows["2021-03-16"],
        flows["2021-03-22"],
        flows["2021-04-07"],
    )
    assert before == contents(live.root)
    events = {
        word
        for path in Path(report.workspace).glob("data/trade_log_full.csv")
        for line in path.read_text("utf-8").splitlines()
        for word in ("红利入账", "红股上市入账", "竞价买入", "竞价卖出")
        if word in line
    }
    assert 4 == len(events)


def test_daily_strategy_is_equal_too(workspace):
    live = workspace()
    set_json(live.config_dir / "model_config.json", freq="day")
    report = loop.run(live, request(end=date(2021, 3, 24)))
    assert report.largest_on is None
    assert 13 == len(report.anchors)


def test_slippage_is_attributed_to_the_fen(workspace):
    live = workspace()
    slippage = Slippage(half_spread_bps=10.0, impact_bps=20.0, max_volume_share=0.004)
    report = loop.run(live, request(slippage=slippage))
    gap = report.nav_fen - report.simulated_fen
    assert gap == sum(report.causes.values()) != 0
    assert report.causes["price"] < 0
    assert report.causes["not filled"] != 0
    lines = (Path(report.workspace) / "output/paper_differences.csv").read_text("utf-8")
    cells = [line.split(",")[-1] for line in lines.splitlines()[1:]]
    assert gap == sum(round(float(cell) * 100) for cell in cells)
    assert "largest difference" in report.summary()[-1]


def test_killed_loop_goes_on_to_the_same_bytes(workspace, monkeypatch, tmp_path):
    live = workspace()
    whole = loop.run(live, request(sandbox=tmp_path / "whole", end=date(2021, 4, 9)))
    run, calls = orders_step.run, []

    def cut_short(*arguments, **others):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(*arguments, **others)

    monkeypatch.setattr(orders_step, "run", cut_short)
    asked = request(sandbox=tmp_path / "cut", end=date(2021, 4, 9))
    with pytest.raises(KeyboardInterrupt):
        loop.run(live, asked)
    report = loop.run(live, asked)
    assert report.changed
    assert (whole.nav_fen, whole.n_trades) == (report.nav_fen, report.n_trades)
    ours, theirs = contents(tmp_path / "cut"), contents(tmp_path / "whole")
    # The order sheets and the logs of runs name the workspace or the time.
    same = [name for name in theirs if name.endswith(("table.xlsx", ".csv"))]
    assert 60 < len(same)
    assert {name: theirs[name] for name in same} == {name: ours.get(name) for name in same}
    assert not loop.run(live, asked).changed


def test_anchor_without_scores_trades_nothing_in_either_account(workspace):
    live = workspace()
    path = live.root / "scores.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "2021-03-19" not in line), encoding="utf-8")
    report = loop.run(live, request(end=date(2021, 4, 2)))
    assert report.largest_on is None
    assert ["PAP011"] == [finding.code for finding in report.findings]
    assert date(2021, 3, 19) not in report.anchors


def test_dry_run_makes_nothing(workspace, tmp_path):
    live = workspace()
    report = loop.run(live, request(dry_run=True))
    assert "Would run" in report.summary()[0]
    assert ["Live"] == [path.name for path in tmp_path.iterdir()]


def test_another_loop_in_the_sandbox_is_refused_unless_fresh(workspace):
    live = workspace()
    loop.run(live, request(end=date(2021, 3, 12)))
    with pytest.raises(UsageError, match="An earlier loop in this sandbox"):
        loop.run(live, request(end=date(2021, 3, 19)))
    report = loop.run(live, request(end=date(2021, 3, 19), fresh=True))
    assert report.largest_on is None


def test_folder_of_somebody_else_is_neither_used_nor_removed(workspace, tmp_path):
    live = workspace()
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine", encoding="utf-8")
    for fresh in (False, True):
        with pytest.raises(WorkspaceError):
            loop.run(live, request(sandbox=other, fresh=fresh))
    assert "mine" == (other / "letter.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"start": END, "end": START}, UsageError, "wrong way round"),
        ({"start": date(2019, 1, 1), "end": date(2019, 2, 1)}, MissingDataError, "two sessions"),
        ({"prediction_file": None}, MissingArtifactError, "no prediction 'ensemble'"),
        ({"prediction_file": Path("nowhere.csv")}, MissingArtifactError, "no such prediction"),
    ],
)
def test_bad_request_is_refused(workspace, changes, error, message):
    with pytest.raises(error, match=message) as caught:
        loop.run(workspace(), request(**changes))
    assert isinstance(caught.value, QuantPitsError)


def test_market_of_another_country_is_refused(workspace):
    live = workspace()
    path = live.config_dir / "market.yaml"
    path.write_text(path.read_text("utf-8").replace("region: cn", "region: us"), encoding="utf-8")
    with pytest.raises(UsageError, match="Chinese exchanges only"):
        loop.run(live, request())


def test_anchors_are_the_last_sessions_of_their_weeks(eventful):
    days = eventful[1].dates.tolist()[:11]
    assert (date(2021, 3, 5), date(2021, 3, 12)) == loop.anchors_of(days, is_weekly=True)
    assert tuple(days[:-1]) == loop.anchors_of(days, is_weekly=False)
    assert () == loop.anchors_of(days[:1], is_weekly=False)


def test_eventful_market_has_the_events(eventful):
    bars = eventful[1]
    jumps = np.diff(bars.factor, axis=0) > 0
    stated = (bars.dividend[1:] > 0) | (bars.bonus[1:] > 0)
    assert (jumps & ~stated).any()
    assert stated.any()
    assert np.isnan(bars.close).any()


def test_prediction_is_made_anew_at_each_anchor_where_asked(workspace, monkeypatch):
    live = workspace()
    (live.config_dir / "ensemble_config.json").unlink()
    made = []

    def fuse(sandbox: Workspace) -> None:
        anchor = load_calendar(resolve_market(sandbox)).last_session
        made.append(anchor)
        assert store_cut(sandbox, series, anchor=anchor, market_label=resolve_market(sandbox).label)

    series = load_score_series(live, request())
    monkeypatch.setattr(loop, "_predict_and_fuse", fuse)
    with pytest.raises(MissingArtifactError, match="no trained model"):
        loop.run(live, request(predict=True))
    monkeypatch.setattr(loop, "read_train_records", lambda _: SimpleNamespace(model_records={}))
    report = loop.run(live, request(predict=True, end=date(2021, 3, 26)))
    assert report.anchors == tuple(made)
    assert report.largest_on is None


def test_predicting_is_the_two_steps(monkeypatch):
    asked = []
    monkeypatch.setattr("quantpits.prediction.step.run", lambda *given: asked.append(given))
    monkeypatch.setattr("quantpits.fusion.step.run", lambda *given: asked.append(given))
    box = Workspace(Path("box"))
    loop._predict_and_fuse(box)
    (first, predict), (second, fuse) = asked
    assert (box, box, True, True) == (first, second, predict.all_enabled, fuse.from_config_all)


def test_models_that_know_the_days_are_named(workspace, monkeypatch):
    live = workspace()
    record = ModelRecord(experiment="e", run_id="r", anchor_date=END)
    monkeypatch.setattr(
        loop, "read_train_records", lambda _: SimpleNamespace(model_records={"gru": record})
    )
    report = loop.run(live, request(predict=True, dry_run=True))
    assert ["PAP012"] == [finding.code for finding in report.findings]


def test_workspace_without_a_cashflow_file_has_no_deposits(workspace):
    live = workspace()
    (live.config_dir / "cashflow.json").unlink()
    report = loop.run(live, request(with_cashflows=True, end=date(2021, 3, 12)))
    assert report.largest_on is None


def test_setting_that_orders_cannot_obey_is_told_beforehand(workspace):
    live = workspace()
    path = live.config_dir / "strategy_config.yaml"
    text = path.read_text("utf-8").replace("n_drop: 2", "n_drop: 2\n    hold_thresh: 12")
    path.write_text(text, encoding="utf-8")
    report = loop.run(live, request(end=date(2021, 3, 26)))
    # Nothing has been held for twelve sessions, so the simulator sells nothing.
    assert ["PAP013", "PAP010"] == [finding.code for finding in report.findings]
    assert report.causes["timing"] != 0
    assert sum(report.causes.values()) == report.nav_fen - report.simulated_fen
