"""The state of the latest training is shown as it is, and forgotten only on request."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.records import ModelRecord
from quantpits.training import StateReport, StateRequest
from quantpits.training.run_state import RunState, write_run_state
from quantpits.training.state_step import run
from quantpits.workspace import Workspace

RECORD = ModelRecord(experiment="E", run_id="r1", anchor_date=date(2026, 2, 6), fingerprint="f")
STATE = RunState(
    started_at="2026-02-06 18:00:00",
    mode="incremental",
    experiment_name="E",
    anchor_date=date(2026, 2, 6),
    target_models=("a", "b"),
    skipped=("c",),
)


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "W"
    root.mkdir()
    return Workspace(root)


def test_no_state_says_so(workspace):
    report = run(workspace, StateRequest())
    assert StateReport(workspace="W") == report
    assert ["W keeps no state of a training that can be read."] == report.summary()
    assert not run(workspace, StateRequest(clear=True)).changed


def test_an_interrupted_training_is_shown_with_how_to_go_on(workspace):
    write_run_state(workspace, STATE.with_finished("a", RECORD).with_failed("b", "no memory"))
    before = workspace.run_state_path.read_bytes()
    report = run(workspace, StateRequest())
    assert (("a",), ("b",), ("c",)) == (report.completed, report.pending, report.skipped)
    about = "incremental, started 2026-02-06 18:00:00, anchor 2026-02-06, experiment E"
    assert [
        f"The latest training of W: {about}.",
        "Finished: a.",
        "Still to do: b (quantpits incremental-train --resume goes on).",
        "b FAILED: no memory",
        "Left out on request: c.",
    ] == report.summary()
    assert before == workspace.run_state_path.read_bytes()


def test_a_state_is_forgotten_after_a_backup(workspace):
    write_run_state(workspace, STATE)
    before = workspace.run_state_path.read_bytes()
    assert not run(workspace, StateRequest(clear=True, dry_run=True)).changed
    assert workspace.run_state_path.is_file()
    report = run(workspace, StateRequest(clear=True))
    assert (True, ("a", "b")) == (report.changed, report.pending)
    assert [before] == [path.read_bytes() for path in report.outputs]
    assert not workspace.run_state_path.exists()
    assert "It is forgotten" in report.summary()[-1]


def test_a_state_that_cannot_be_read_is_refused_but_can_be_forgotten(workspace):
    workspace.data_dir.mkdir()
    workspace.run_state_path.write_text("{")
    with pytest.raises(CorruptArtifactError, match="delete the file"):
        run(workspace, StateRequest())
    report = run(workspace, StateRequest(clear=True))
    assert (True, None) == (report.changed, report.started_at)
    assert 2 == len(report.summary())
    assert not workspace.run_state_path.exists()
