"""Pickles are opened only when they are our own and unchanged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.modeling.artifacts import (
    database_path,
    has_artifact,
    is_whole,
    pickled,
    trained_module,
    unpickled,
    verified_bytes,
)
from quantpits.records import ModelRecord
from quantpits.workspace import Workspace, sha256_bytes

CONTENT = b"a model"
SHA = sha256_bytes(CONTENT)
FOLDER = "mlruns/artifacts/r1/artifacts"


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    for name in ("model.pkl", "pred.pkl", "dataset.pkl"):
        (folder / name).write_bytes(CONTENT)
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(b"")
    return Workspace(tmp_path)


RECORD = ModelRecord(
    experiment="E",
    run_id="r1",
    anchor_date=date(2026, 2, 6),
    prediction_path=f"{FOLDER}/pred.pkl",
    prediction_sha256=SHA,
    model_path=f"{FOLDER}/model.pkl",
    model_sha256=SHA,
)


def test_a_pickle_round_trips():
    assert {"a": 1} == unpickled(pickled({"a": 1}))


def test_verified_bytes_returns_what_was_recorded(workspace):
    assert CONTENT == verified_bytes(workspace, f"{FOLDER}/model.pkl", sha256=SHA, model="a")


def test_a_changed_file_is_refused(workspace):
    (workspace.root / FOLDER / "model.pkl").write_bytes(b"another")
    with pytest.raises(CorruptArtifactError, match="'a' is not the one that was recorded"):
        verified_bytes(workspace, f"{FOLDER}/model.pkl", sha256=SHA, model="a")


def test_a_missing_file_is_refused(workspace):
    with pytest.raises(MissingArtifactError, match="cannot be read") as caught:
        verified_bytes(workspace, f"{FOLDER}/gone.pkl", sha256=SHA, model="a")
    assert "train --models a --retrain" in str(caught.value)


@pytest.mark.parametrize("path", ["../evil.pkl", "/tmp/evil.pkl", "config/evil.pkl"])
def test_a_file_outside_the_runs_is_refused(workspace, path):
    with pytest.raises(CorruptArtifactError, match="points outside the workspace's runs"):
        verified_bytes(workspace, path, sha256=SHA, model="a")


def test_has_artifact(workspace):
    assert has_artifact(workspace, f"{FOLDER}/model.pkl", SHA)
    assert not has_artifact(workspace, f"{FOLDER}/model.pkl", "0" * 64)
    assert not has_artifact(workspace, f"{FOLDER}/gone.pkl", SHA)
    assert not has_artifact(workspace, None, SHA)
    assert not has_artifact(workspace, f"{FOLDER}/model.pkl", None)


def test_a_finished_training_is_whole_while_all_its_files_are(workspace):
    assert is_whole(workspace, RECORD)
    assert not is_whole(workspace, replace(RECORD, model_path=None))
    assert not is_whole(workspace, replace(RECORD, prediction_sha256="0"))
    assert not is_whole(workspace, replace(RECORD, model_sha256="0"))
    (workspace.root / FOLDER / "dataset.pkl").unlink()
    assert not is_whole(workspace, RECORD)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"model": {"class": "GRU", "module_path": "a.b"}}', "a.b"),
        ('{"model": {"class": "GRU"}}', ""),
        ("[]", ""),
        ("{", ""),
        (None, ""),
    ],
)
def test_the_module_of_a_trained_model(workspace, text, expected):
    if text is not None:
        (workspace.root / FOLDER / "task.json").write_text(text)
    assert expected == trained_module(workspace, RECORD)
    assert "" == trained_module(workspace, replace(RECORD, model_path=None))


def test_without_its_database_no_training_is_whole(workspace):
    database_path(workspace).unlink()
    assert not is_whole(workspace, RECORD)


def test_equal_arrays_give_equal_pickles_whatever_objects_they_share():
    days = np.array(["2026-01-05", "2026-01-06"], dtype="M8[ns]")
    alike = unpickled(pickled(days))
    assert days.dtype is not alike.dtype
    assert pickled([days, days.copy()]) == pickled([days, alike])
    assert pickled([days.dtype, days]) == pickled([alike.dtype, days])
    for array in (days, np.array(["a", None]), np.zeros(2, dtype=[("a", "f8")])):
        assert array.tolist() == unpickled(pickled(array)).tolist()
        assert array.dtype == unpickled(pickled(array)).dtype
