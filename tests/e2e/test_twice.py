"""Running a step twice: the second time changes no byte, and says so."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

ROUTINE = (
    "predict --all-enabled",
    "fuse --from-config-all",
    "post-trade",
    "orders",
    "rank --all-combos",
    "run B",
    "paper",
)


def every_byte(root: Path) -> dict[str, str]:
    """Return the hash of every file, MLflow's own included."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".lock")
    }


@pytest.mark.parametrize("line", ROUTINE)
def test_routine_step_changes_nothing_the_second_time(demo, command, line):
    before = every_byte(demo.workspace.root)
    outcome = command(f"{line} --json", demo.workspace)
    assert 0 == outcome.exit_code, outcome.stderr
    assert not outcome.report["changed"]
    assert before == every_byte(demo.workspace.root)


@pytest.mark.parametrize("line", ["train", "run A"])
def test_training_changes_nothing_the_second_time(first_orders, command, line):
    before = every_byte(first_orders.workspace.root)
    outcome = command(f"{line} --json", first_orders.workspace)
    assert 0 == outcome.exit_code, outcome.stderr
    assert not outcome.report["changed"]
    assert before == every_byte(first_orders.workspace.root)


@pytest.mark.parametrize("line", [*ROUTINE, "train"])
def test_dry_run_writes_nothing(next_week, command, line):
    before = every_byte(next_week.workspace.root)
    outcome = command(f"{line} --dry-run", next_week.workspace)
    # What a dry run of a later step needs may not be there yet; then it says so.
    assert outcome.exit_code in {0, 3}, outcome.stderr
    assert before == every_byte(next_week.workspace.root)
