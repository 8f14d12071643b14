"""Which steps a scenario has, and how each is asked."""

import importlib
from datetime import date
from pathlib import Path

import pytest

from quantpits.routine.scenario_steps import scenario_steps
from quantpits.workspace import SILENT, Workspace

THROUGH = date(2026, 11, 6)
STEPS = {
    "train": ("training", {}),
    "predict": ("prediction", {"all_enabled": True}),
    "fuse": ("fusion", {"from_config_all": True}),
    "post-trade": ("post_trade", {"end_date": THROUGH}),
    "orders": ("orders", {}),
    "rank": ("ranking", {"all_combos": True}),
}


@pytest.mark.parametrize(
    ("scenario", "names"),
    [
        ("A", ["train", "fuse", "post-trade", "orders", "rank"]),
        ("B", ["predict", "fuse", "post-trade", "orders", "rank"]),
    ],
)
def test_scenario_has_the_steps_of_the_overview(scenario, names):
    assert names == [step.name for step in scenario_steps(scenario)]


@pytest.mark.parametrize("name", STEPS)
def test_step_is_asked_once_with_its_request(name, monkeypatch):
    room, expected = STEPS[name]
    asked = []

    def run(workspace, request, *, progress):
        asked.append((workspace, request, progress))
        return "report"

    monkeypatch.setattr(importlib.import_module(f"quantpits.{room}.step"), "run", run)
    steps = {step.name: step for scenario in "AB" for step in scenario_steps(scenario)}
    workspace = Workspace(Path("/nowhere"))
    assert "report" == steps[name].call(workspace, THROUGH, SILENT)
    ((asked_workspace, request, progress),) = asked
    assert (workspace, SILENT) == (asked_workspace, progress)
    default = type(request)()
    changed = {
        field: getattr(request, field)
        for field in type(request).__dataclass_fields__
        if getattr(request, field) != getattr(default, field)
    }
    assert expected == changed


def test_no_step_reads_what_only_a_later_step_writes():
    # Else a resumed run would train again because the books have moved on.
    first = [scenario_steps(name)[0] for name in "AB"]
    assert all("prod_config" not in pattern for step in first for pattern in step.reads)
