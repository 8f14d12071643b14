"""Running a scenario: it stops at the first failure, goes on there, and changes nothing twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from quantpits.errors import Finding, MissingArtifactError, OrderError
from quantpits.routine import RunRequest, scenario
from quantpits.routine.journal import JOURNAL
from quantpits.routine.scenario_steps import ScenarioStep
from quantpits.workspace import Workspace
from quantpits.workspace.atomic import write_text

if TYPE_CHECKING:
    from pathlib import Path

ANCHOR = date(2026, 11, 6)


@dataclass(frozen=True)
class Report:
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False

    def summary(self) -> list[str]:
        return [f"{len(self.outputs)} files"]


@dataclass
class House:
    """A workspace with three steps that write one file each and remember their calls."""

    workspace: Workspace
    calls: list[str] = field(default_factory=list)
    through: list[date] = field(default_factory=list)
    failing: str | None = None

    def step(self, name: str, reads: tuple[str, ...] = ()) -> ScenarioStep:
        def call(workspace: Workspace, through: date, progress: object) -> Report:
            self.calls.append(name)
            self.through.append(through)
            if name == self.failing:
                raise OrderError("It does not fit.", hint="mend it")
            output = workspace.output_dir / f"{name}.csv"
            is_new = write_text(output, name)
            # Some steps name their files only when they wrote them.
            outputs = (output,) if is_new or name != "fuse" else ()
            return Report(outputs, (Finding("TST001", "info", name),), is_new)

        return ScenarioStep(name, reads, call)

    def steps(self, _scenario: str) -> tuple[ScenarioStep, ...]:
        return (self.step("predict", ("config/*.yaml",)), self.step("fuse"), self.step("orders"))

    def run(self, **request):
        self.calls.clear()
        return scenario.run(self.workspace, RunRequest(**request))


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(Workspace(tmp_path))
    house.workspace.config_dir.mkdir()
    monkeypatch.setattr(scenario, "scenario_steps", house.steps)
    monkeypatch.setattr(scenario, "resolve_market", lambda _: "market")
    monkeypatch.setattr(scenario, "load_calendar", lambda _: SimpleNamespace(last_session=ANCHOR))
    monkeypatch.setattr(scenario, "data_fingerprint", lambda _: "market one")
    return house


def statuses(report) -> list[str]:
    return [line.status for line in report.steps]


def test_every_step_runs_in_order(house):
    report = house.run()
    assert ["predict", "fuse", "orders"] == house.calls
    assert ["ran", "ran", "ran"] == statuses(report)
    assert report.changed
    names = [path.name for path in report.outputs]
    assert ["predict.csv", "fuse.csv", "orders.csv"] == names
    assert ["predict", "fuse", "orders"] == [finding.message for finding in report.findings]


def test_trades_are_processed_through_the_last_session(house):
    house.run()
    assert [ANCHOR] * 3 == house.through


def test_trades_are_processed_through_the_day_that_was_asked_for(house):
    house.run(end_date=date(2026, 11, 4))
    assert date(2026, 11, 4) == house.through[0]


def test_second_run_changes_nothing(house):
    house.run()
    before = JOURNAL.path(house.workspace).read_bytes()
    report = house.run()
    assert ["predict", "fuse", "orders"] == house.calls
    assert ["unchanged"] * 3 == statuses(report)
    assert not report.changed
    assert before == JOURNAL.path(house.workspace).read_bytes()


def test_failure_keeps_class_and_exit_code_and_names_the_step(house):
    house.failing = "orders"
    with pytest.raises(OrderError, match="Step 3 of 3, orders: It does not fit") as caught:
        house.run()
    assert 4 == caught.value.exit_code
    assert "mend it; then run the same scenario again: it goes on at step 3, orders" in str(
        caught.value
    )
    assert "orders" == JOURNAL.read(house.workspace).failed_step


def test_next_run_goes_on_at_the_failure(house):
    house.failing = "orders"
    with pytest.raises(OrderError, match="does not fit"):
        house.run()
    house.failing = None
    report = house.run()
    assert ["orders"] == house.calls
    assert ["done before", "done before", "ran"] == statuses(report)
    assert JOURNAL.read(house.workspace).failed_step is None


def test_failure_in_a_run_that_had_finished_is_gone_back_to(house):
    house.run()
    house.failing = "fuse"
    with pytest.raises(OrderError, match="Step 2"):
        house.run()
    house.failing = None
    assert ["done before", "unchanged", "unchanged"] == statuses(house.run())


def test_failure_of_the_first_step_writes_nothing(house):
    house.failing = "predict"
    with pytest.raises(OrderError, match="Step 1"):
        house.run()
    assert not JOURNAL.path(house.workspace).exists()


def test_run_that_finished_nothing_leaves_the_journal_as_it_was(house):
    house.run()
    before = JOURNAL.path(house.workspace).read_bytes()
    house.failing = "predict"
    with pytest.raises(OrderError, match="Step 1"):
        house.run()
    assert before == JOURNAL.path(house.workspace).read_bytes()


def test_failure_without_a_hint_still_says_how_to_go_on(house, monkeypatch):
    def call(workspace, through, progress):
        raise MissingArtifactError("It is not there.")

    monkeypatch.setattr(scenario, "scenario_steps", lambda _: (ScenarioStep("rank", (), call),))
    with pytest.raises(MissingArtifactError, match="what to do: then run the same scenario"):
        house.run()


def test_changed_config_runs_the_step_that_reads_it_and_all_after_it(house):
    house.failing = "orders"
    with pytest.raises(OrderError, match="does not fit"):
        house.run()
    house.failing = None
    write_text(house.workspace.config_dir / "registry.yaml", "models: {}")
    house.run()
    assert ["predict", "fuse", "orders"] == house.calls


def test_changed_output_runs_its_step_and_all_after_it(house):
    house.failing = "orders"
    with pytest.raises(OrderError, match="does not fit"):
        house.run()
    house.failing = None
    (house.workspace.output_dir / "fuse.csv").write_text("somebody's edit", encoding="utf-8")
    house.run()
    assert ["fuse", "orders"] == house.calls


@pytest.mark.parametrize("what", ["market", "scenario", "restart"])
def test_another_run_starts_at_the_first_step(house, monkeypatch, what):
    house.failing = "orders"
    with pytest.raises(OrderError, match="does not fit"):
        house.run()
    house.failing = None
    if what == "market":
        monkeypatch.setattr(scenario, "data_fingerprint", lambda _: "market two")
    house.run(scenario="A" if what == "scenario" else "B", restart=what == "restart")
    assert ["predict", "fuse", "orders"] == house.calls


def test_run_that_was_killed_goes_on_after_the_last_finished_step(house):
    # A killed process leaves entries and no failure.
    house.failing = "fuse"
    with pytest.raises(OrderError, match="does not fit"):
        house.run()
    journal = JOURNAL.read(house.workspace)
    JOURNAL.write(house.workspace, scenario.replace(journal, failed_step=None))
    house.failing = None
    house.run()
    assert ["fuse", "orders"] == house.calls


def test_dry_run_tells_and_writes_nothing(house):
    report = house.run(dry_run=True)
    assert ["would run"] * 3 == statuses(report)
    assert [] == house.calls
    assert not JOURNAL.path(house.workspace).exists()
    assert not report.changed


def test_dry_run_tells_what_is_done(house):
    house.failing = "orders"
    with pytest.raises(OrderError, match="does not fit"):
        house.run()
    assert ["done before", "done before", "would run"] == statuses(house.run(dry_run=True))


def test_summary_has_a_line_for_each_step(house):
    lines = house.run().summary()
    assert f"Scenario B on 2026-11-06 in {house.workspace.name}" == lines[0]
    assert lines[1].startswith("  1 predict  ran")
    assert "fuse:" in lines
    assert "  1 files" in lines
