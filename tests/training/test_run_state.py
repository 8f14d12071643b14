"""The durable state of a training."""

from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.records import ModelRecord
from quantpits.training.run_state import RunState, read_run_state, write_run_state
from quantpits.workspace import Workspace

RECORD = ModelRecord(
    experiment="E", run_id="r1", anchor_date=date(2026, 2, 6), fingerprint="f", ic=0.1
)
STATE = RunState(
    started_at="2026-02-06 18:00:00",
    mode="full",
    experiment_name="E",
    anchor_date=date(2026, 2, 6),
    target_models=("a", "b"),
)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_a_state_round_trips(workspace):
    state = STATE.with_failed("b", "it broke").with_finished("a", RECORD)
    assert write_run_state(workspace, state)
    assert state == read_run_state(workspace)
    assert not write_run_state(workspace, state)
    content = json.loads(workspace.run_state_path.read_text())
    assert (["a"], {"b": "it broke"}) == (content["completed"], content["failed"])


def test_a_model_that_finishes_after_it_failed_has_not_failed():
    state = STATE.with_failed("a", "x").with_finished("a", RECORD).with_finished("a", RECORD)
    assert (("a",), {}, {"a": RECORD}) == (state.completed, state.failed, state.finished)


def test_no_state(workspace):
    assert read_run_state(workspace) is None


def test_a_state_of_the_earlier_system_names_no_runs(workspace):
    workspace.data_dir.mkdir()
    workspace.run_state_path.write_text('{"mode": "incremental", "completed": ["a"]}')
    assert read_run_state(workspace) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"finished": {}, "mode": 3}', '{"finished": 1}'])
def test_an_unreadable_state_is_refused(workspace, text):
    workspace.data_dir.mkdir()
    workspace.run_state_path.write_text(text)
    with pytest.raises(CorruptArtifactError, match="delete the file"):
        read_run_state(workspace)
