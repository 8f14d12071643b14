"""Runs in MLflow: complete, in the workspace, and nowhere else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import quantpits
from quantpits.errors import CorruptArtifactError, ModelError
from quantpits.modeling.recorders import open_store, quiet_mlflow, read_run_tags
from quantpits.workspace import Workspace


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace whose database is migrated once for all tests of this module."""
    folder = tmp_path_factory.mktemp("runs") / "W"
    folder.mkdir()
    open_store(Workspace(folder), "E")
    return folder


@pytest.fixture
def workspace(root):
    return Workspace(root)


def test_a_run_records_everything_and_is_finished(workspace):
    store = open_store(workspace, "E")
    with store.run("gru") as recorder:
        recorder.log_metrics(**{"Rank IC": 0.25})
        recorder.log_metrics(step=3, l2=0.5)
        recorder.set_tags(model="gru")
        recorder.log_params(lr=0.1)
        (recorder.folder / "a.txt").write_text("x")
    run = store.client.get_run(recorder.id)
    assert "FINISHED" == run.info.status
    assert {"Rank IC": 0.25, "l2": 0.5} == run.data.metrics
    assert {"lr": "0.1"} == run.data.params
    assert "gru" == read_run_tags(workspace, recorder.id)["model"]
    folder = workspace.mlruns_dir / "artifacts" / recorder.id / "artifacts"
    assert folder == recorder.folder
    assert folder.as_uri() == run.info.artifact_uri


def test_the_experiment_is_made_once(workspace):
    first, second = open_store(workspace, "E"), open_store(workspace, "E")
    assert first.experiment_id == second.experiment_id
    assert first.experiment_id != open_store(workspace, "E2").experiment_id


def test_models_reach_the_run_through_qlibs_r_and_no_run_is_active_afterwards(workspace):
    from qlib.workflow import R  # noqa: PLC0415

    store = open_store(workspace, "E")
    with store.run("lgb") as recorder:
        assert R.get_recorder() is recorder
        R.log_metrics(loss=0.5, step=1)
        R.log_params(depth=3)
        R.set_tags(note="hi")
        R.save_objects(**{"extra.pkl": {"a": 1}})
        assert {"a": 1} == R.load_object("extra.pkl")
    assert R.exp_manager.active_experiment is None
    run = store.client.get_run(recorder.id)
    assert {"loss": 0.5} == run.data.metrics
    assert "3" == run.data.params["depth"]
    assert "hi" == run.data.tags["note"]


def test_what_qlib_would_lose_silently_is_kept(workspace):
    # Qlib's own recorder dies on a repeated parameter or a bad name, and everything later is lost.
    store = open_store(workspace, "E")
    with store.run("a") as recorder:
        recorder.log_params(lr=0.1)
        recorder.log_params(lr=0.2)
        recorder.log_metrics(**{"loss[train]": 1.0, "nan": float("nan"), "inf": float("inf")})
        recorder.log_metrics(after=2.0)
        recorder.set_tags(kept="yes")
    run = store.client.get_run(recorder.id)
    assert {"loss_train_": 1.0, "after": 2.0} == run.data.metrics
    assert {"nan", "inf"} == recorder.non_finite
    assert ("0.1", "yes") == (run.data.params["lr"], run.data.tags["kept"])


def test_a_run_whose_body_raises_is_marked_as_failed(workspace):
    store = open_store(workspace, "E")
    made = []

    def interrupted():
        with store.run("a") as recorder:
            made.append(recorder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "FAILED" == store.client.get_run(made[0].id).info.status
    with pytest.raises(CorruptArtifactError, match="did not finish"):
        read_run_tags(workspace, made[0].id)


def test_a_metric_that_did_not_arrive_is_an_error(workspace, monkeypatch):
    store = open_store(workspace, "E")

    def lossy():
        with store.run("a") as recorder:
            recorder.log_metrics(IC=0.1)
            monkeypatch.setattr(recorder, "_flush", lambda: None)

    with pytest.raises(ModelError, match="lost some of what it recorded") as caught:
        lossy()
    assert "missing in the database: IC" in str(caught.value)


def test_more_numbers_than_one_batch_arrive(workspace):
    store = open_store(workspace, "E")
    with store.run("a") as recorder:
        for step in range(1900):
            recorder.log_metrics(step=step, l2=float(step))
        recorder.set_tags(**{f"t{number}": number for number in range(130)})
        recorder.log_params(**{f"p{number}": number for number in range(130)})
    assert 1900 == len(store.client.get_metric_history(recorder.id, "l2"))


def test_an_unknown_run_is_refused(workspace):
    with pytest.raises(CorruptArtifactError, match="'nobody' of the train records does not exist"):
        read_run_tags(workspace, "nobody")


def test_a_copied_workspace_writes_into_itself(workspace, tmp_path):
    with open_store(workspace, "E").run("old") as old:
        (old.folder / "a.txt").write_text("x")
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(workspace.root, copy.root)
    before = sorted(str(path) for path in workspace.root.rglob("*"))
    store = open_store(copy, "E")
    with store.run("new") as recorder:
        recorder.save_objects(**{"b.pkl": 1})
    assert before == sorted(str(path) for path in workspace.root.rglob("*"))
    assert recorder.folder.is_relative_to(copy.root)
    for run_id in (recorder.id, old.id):
        uri = store.client.get_run(run_id).info.artifact_uri
        assert uri == (copy.mlruns_dir / "artifacts" / run_id / "artifacts").as_uri()


def test_a_database_without_tables_is_migrated(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.mlruns_dir.mkdir()
    sqlite3.connect(workspace.mlruns_dir / "mlflow.db").close()
    (workspace.mlruns_dir / "mlflow.db").touch()
    assert "E" == open_store(workspace, "E").experiment


def test_mlflow_is_quiet_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "mine")
    quiet_mlflow()
    assert ("true", "mine") == (os.environ["MLFLOW_DISABLE_TELEMETRY"], os.environ["DO_NOT_TRACK"])


SCRIPT = """
import sys
from pathlib import Path
from pathlib import Path
from quantpits.modeling.recorders import open_store
from quantpits.workspace import Workspace
with open_store(Workspace(Path(sys.argv[1])), "E").run("a") as recorder:
    recorder.log_metrics(IC=0.1)
"""


@pytest.mark.e2e
def test_nothing_is_written_or_printed_elsewhere(tmp_path):
    home, here, root = tmp_path / "home", tmp_path / "here", tmp_path / "W"
    for folder in (home, here, root):
        folder.mkdir()
    package = str(Path(quantpits.__file__).parents[1])
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(root), "PYTHONPATH": package}
    for name in ("DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root)],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert [] == [*home.rglob("*"), *here.rglob("*")]
