"""Monitoring in a workspace."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from quantpits.cli.render import to_plain
from quantpits.errors import MissingArtifactError, UsageError, WorkspaceLockedError
from quantpits.records import merge_performance, merge_records, read_train_records
from quantpits.training import step
from quantpits.training.monitor_request import MonitorRequest
from quantpits.training.monitor_step import run
from quantpits.training.request import TrainRequest
from quantpits.workspace import Workspace

HOLDS_THE_LOCK = """
import sys, time
from pathlib import Path
from quantpits.workspace import Workspace, writer_lock
with writer_lock(Workspace(Path(sys.argv[1])), "train"):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def trained(make, workflow):
    """A workspace with a model that tells how it learned and one that does not."""
    workspace = make({"a": workflow("Learner"), "b": workflow(weights=[0.0, 1.0, 0.0, 0.0])})
    step.run(workspace, TrainRequest())
    return workspace


# One training serves all that can be asked of it.
def test_what_training_recorded_is_shown(trained):
    shown_and_unchanged_the_second_time(trained)
    chosen_models_and_a_dry_run(trained)
    not_while_another_command_writes(trained)
    seeds_drift_and_damage(trained)


def shown_and_unchanged_the_second_time(workspace):
    report = run(workspace, MonitorRequest())
    assert ["a", "b"] == [each.model for each in report.models]
    first = report.models[0]
    record = read_train_records(workspace).model_records["a"]
    assert (record.rank_ic, record.rank_ic_band) == (first.rank_ic, first.rank_ic_band)
    assert first.rank_ic_band[0] < first.rank_ic < first.rank_ic_band[1]
    assert (0, "evals_result") == (first.age_days, first.curves)
    assert report.changed
    names = {path.name for path in report.outputs}
    assert {"2022-03-31.html", "drift.png", "a_learning.png"} <= names
    contents = [path.read_bytes() for path in report.outputs]
    again = run(workspace, MonitorRequest())
    assert not again.changed
    assert contents == [path.read_bytes() for path in again.outputs]


def chosen_models_and_a_dry_run(workspace):
    before = sorted(workspace.output_dir.rglob("*"))
    report = run(workspace, MonitorRequest(models=("b",), dry_run=True))
    assert (["b"], (), True) == (
        [each.model for each in report.models],
        report.outputs,
        report.is_dry_run,
    )
    assert before == sorted(workspace.output_dir.rglob("*"))
    assert ["b"] == [each["model"] for each in json.loads(json.dumps(to_plain(report)))["models"]]
    with pytest.raises(UsageError, match="no record of the model 'gru'"):
        run(workspace, MonitorRequest(models=("gru",)))


def not_while_another_command_writes(workspace):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_LOCK, str(workspace.root)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert "locked\n" == other.stdout.readline()
        with pytest.raises(WorkspaceLockedError):
            run(workspace, MonitorRequest())
        assert run(workspace, MonitorRequest(dry_run=True)).models
    finally:
        other.kill()
        other.communicate()


def seeds_drift_and_damage(workspace):
    records = read_train_records(workspace)
    second = records.model_records["b"]
    spread = {"Rank_IC_Seeds_Std": 0.005}
    # The spread of the training counts also after a prediction for a later day, not another's.
    rows = {"b": {**spread, "trained_id": second.run_id}, "a": {**spread, "trained_id": "other"}}
    merge_performance(workspace, records.anchor_date, rows)
    later = replace(
        second,
        run_id="later",
        source_run_id=second.run_id,
        anchor_date=records.anchor_date + timedelta(days=7),
    )
    shifted = replace(records.model_records["a"], psi=0.5, psi_usual=0.1)
    changed = {"a": shifted, "b": later}
    models = {**records.models, "b": "later"}
    merge_records(workspace, replace(records, models=models, model_records=changed))
    path = workspace.root / str(second.prediction_path)
    path.with_name("monitoring.json").write_text("{")
    report = run(workspace, MonitorRequest(dry_run=True))
    assert ["MON001", "MON003"] == [finding.code for finding in report.findings]
    assert "nothing is known by day of 'b'" in report.findings[1].message
    assert [None, 0.005] == [each.rank_ic_seeds_std for each in report.models]
    assert 7 == report.models[1].age_days
    assert "shifted" == report.models[0].drift


def test_before_the_first_training_there_is_nothing_to_look_at(tmp_path):
    (tmp_path / "config").mkdir()
    with pytest.raises(MissingArtifactError, match="record"):
        run(Workspace(tmp_path), MonitorRequest())
