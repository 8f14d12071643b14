"""The demo's order of things; what the stages do is shown end to end."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from quantpits.errors import MissingArtifactError, UsageError, WorkspaceError
from quantpits.market import MarketSource, TradingCalendar
from quantpits.routine import DemoRequest, PaperReport, RunReport, StepLine, demo
from quantpits.workspace import open_workspace
from quantpits.workspace.atomic import write_text

SESSIONS = np.arange("2026-11-02", "2026-12-31", dtype="datetime64[D]")
SESSIONS = SESSIONS[np.is_busday(SESSIONS)]
MARKET = MarketSource(Path("/nowhere"), "cn", is_synthetic=True, label="SYNTHETIC")


class Stage:
    """Remembers what the demo asks of the rest of the house."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.through = date(2026, 11, 6)
        self.failing: str | None = None

    def call(self, name: str) -> None:
        self.calls.append(name)
        if name == self.failing:
            raise MissingArtifactError("It is not there.")

    def calendar(self, _source: MarketSource) -> TradingCalendar:
        return TradingCalendar(SESSIONS[np.datetime64(self.through) >= SESSIONS], SESSIONS)

    def advance(self, _workspace, through):
        self.call(f"market {through}")
        self.through = through
        return SimpleNamespace(summary=lambda: [f"through {through}"])

    def settle(self, workspace, _request, **_progress):
        self.call("paper")
        return PaperReport(workspace.name, (), (), True, (self.through,), 1, 0, 5.0)

    def scenario(self, workspace, request, **_progress):
        self.call(f"scenario {request.scenario}")
        write_text(workspace.output_dir / "made.csv", "1")
        return RunReport(
            workspace=workspace.name,
            outputs=(),
            findings=(),
            changed=True,
            scenario=request.scenario,
            anchor_date=self.through,
            steps=(StepLine("orders", "ran", 0.5),),
        )


WHOLE = [
    "scenario A",
    "market 2026-11-13",
    "paper",
    "scenario B",
    "market 2026-11-20",
    "paper",
    "scenario B",
]


@pytest.fixture
def stage(monkeypatch) -> Stage:
    stage = Stage()
    monkeypatch.setattr(demo, "resolve_market", lambda _: MARKET)
    monkeypatch.setattr(demo, "load_calendar", stage.calendar)
    monkeypatch.setattr(demo.scenario, "run", stage.scenario)
    monkeypatch.setattr(demo.paper, "run", stage.settle)
    monkeypatch.setattr("quantpits.market.synthetic.advance_synthetic", stage.advance)
    monkeypatch.setattr(demo, "_ic", lambda _: {"linear": 0.04})
    return stage


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "Scratch"


def test_demo_trades_the_weeks_after_its_first_orders(stage, target):
    report = demo.run(DemoRequest(target))
    assert WHOLE == stage.calls
    assert report.changed
    assert date(2026, 11, 20) == report.anchor_date
    assert {"linear": 0.04} == report.ic
    titles = [each.title for each in report.stages]
    assert "make the synthetic market" == titles[0]
    assert "week 2: orders" == titles[-1]


def test_demo_that_is_done_does_nothing(stage, target):
    demo.run(DemoRequest(target))
    stage.calls.clear()
    report = demo.run(DemoRequest(target))
    assert [] == stage.calls
    assert not report.changed


@pytest.mark.parametrize("failing", WHOLE)
def test_demo_that_was_stopped_goes_on_there(stage, target, failing):
    stage.failing = failing
    with pytest.raises(MissingArtifactError, match="not there"):
        demo.run(DemoRequest(target))
    stage.failing, before = None, len(stage.calls) - 1
    stage.calls.clear()
    demo.run(DemoRequest(target))
    assert WHOLE[before:] == stage.calls


def test_demo_that_was_stopped_after_init_goes_on(stage, target):
    demo.init_workspace(demo.demo_template(), target)
    assert demo.run(DemoRequest(target)).changed


def test_more_weeks_go_on_from_a_demo_that_is_done(stage, target):
    demo.run(DemoRequest(target, weeks=1))
    stage.calls.clear()
    demo.run(DemoRequest(target, weeks=2))
    assert WHOLE[4:] == stage.calls


def test_fresh_demo_starts_over(stage, target):
    demo.run(DemoRequest(target))
    stage.calls.clear()
    stage.through = date(2026, 11, 6)
    demo.run(DemoRequest(target, fresh=True))
    assert WHOLE == stage.calls


def test_fresh_demo_needs_no_earlier_one(stage, target):
    assert demo.run(DemoRequest(target, fresh=True)).changed


@pytest.mark.parametrize("fresh", [False, True])
def test_folder_that_no_demo_made_is_left_alone(stage, target, fresh):
    target.mkdir()
    (target / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="demo made"):
        demo.run(DemoRequest(target, fresh=fresh))
    assert "mine" == (target / "thesis.txt").read_text(encoding="utf-8")


def test_networks_are_switched_on_in_the_scratch_registry_only(stage, target):
    demo.run(DemoRequest(target, nn=True))
    models = open_workspace(target).registry().models
    assert all(entry.enabled for entry in models.values())
    assert any(entry.algorithm == "gru" for entry in models.values())
    template = open_workspace(demo.demo_template()).registry().models
    assert not all(entry.enabled for entry in template.values())


def test_networks_cannot_be_added_to_a_demo(stage, target):
    demo.run(DemoRequest(target))
    with pytest.raises(UsageError, match="--fresh"):
        demo.run(DemoRequest(target, nn=True))


def test_report_shows_the_newest_primary_orders(stage, target):
    demo.run(DemoRequest(target))
    workspace = open_workspace(target)
    for day, shares in (("2026-11-16", 100), ("2026-11-23", 300)):
        rows = [f"SH6000{n:02},{day},{shares},primary" for n in range(14)]
        rows.append(f"SZ000001,{day},900,alternate")
        text = "\n".join(["instrument,datetime,value,role", *rows])
        write_text(workspace.output_dir / f"buy_suggestion_ensemble_{day}.csv", text + "\n")
    report = demo.run(DemoRequest(target))
    assert "2026-11-23  buy      300  SH600000" == report.orders[0]
    assert "and 2 more" == report.orders[-1]
    assert "buy_suggestion_ensemble_2026-11-23.csv" == report.outputs[0].name


def test_report_shows_the_value_at_the_end_of_each_week(stage, target):
    demo.run(DemoRequest(target))
    workspace = open_workspace(target)
    rows = ["成交日期,收盘价值", "2026-11-12,10.5", "2026-11-13,11.5", "2026-11-16,12.5"]
    write_text(workspace.data_dir / "daily_amount_log_full.csv", "\n".join(rows) + "\n")
    report = demo.run(DemoRequest(target))
    assert {"2026-11-13": 11.5, "2026-11-16": 12.5} == report.nav_cny


def test_ic_is_that_of_the_records(monkeypatch, tmp_path):
    records = {"b": SimpleNamespace(ic=None), "a": SimpleNamespace(ic=0.05)}
    monkeypatch.setattr(
        "quantpits.records.read_train_records", lambda _: SimpleNamespace(model_records=records)
    )
    assert [("a", 0.05), ("b", None)] == list(demo._ic(tmp_path).items())
