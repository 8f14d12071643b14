"""Making a finished training current."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from quantpits.modeling.artifacts import pickled
from quantpits.records import ModelRecord, read_performance, read_train_records
from quantpits.training import TrainRequest
from quantpits.training.publish import publish
from quantpits.workspace import Workspace, read_manifest, sha256_bytes

ANCHOR = date(2026, 2, 6)
SETTING = SimpleNamespace(
    anchor=ANCHOR,
    registry=SimpleNamespace(
        models={
            name: SimpleNamespace(yaml_file=f"config/{name}.yaml") for name in ("a", "b", "old")
        }
    ),
    data_hash="d",
    config={},
    source=SimpleNamespace(label="SYNTHETIC"),
)
PLAN = SimpleNamespace(jobs={"a": None, "b": None}, experiment="E", setting=SETTING)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def record(workspace):
    index = pd.MultiIndex.from_tuples(
        [(pd.Timestamp("2026-02-06"), "A")], names=["datetime", "instrument"]
    )

    def build(name):
        content = pickled(pd.DataFrame({"score": [1.0]}, index=index))
        path = workspace.mlruns_dir / f"{name}.pkl"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return ModelRecord(
            experiment="E",
            run_id=f"run-{name}",
            anchor_date=ANCHOR,
            prediction_path=workspace.relative(path),
            prediction_sha256=sha256_bytes(content),
        )

    return build


def test_a_complete_full_training_replaces_the_records(workspace, record):
    publish(workspace, TrainRequest(models=("old",)), plan=PLAN, records={"old": record("old")})
    both = {"a": record("a"), "b": record("b")}
    outputs, changed = publish(workspace, TrainRequest(), plan=PLAN, records=both)
    assert changed
    assert workspace.records_path == outputs[-1]
    assert ["a", "b"] == list(read_train_records(workspace).models)
    assert {"a", "b"} == set(read_manifest(workspace, "train_2026-02-06").extra["models"])
    assert {"a", "b"} == set(read_performance(workspace, ANCHOR))


@pytest.mark.parametrize("request_", [TrainRequest(partial=True), TrainRequest(models=("a",))])
def test_anything_else_is_merged(workspace, record, request_):
    publish(workspace, TrainRequest(models=("old",)), plan=PLAN, records={"old": record("old")})
    publish(workspace, request_, plan=PLAN, records={"a": record("a")})
    assert {"a", "old"} == set(read_train_records(workspace).models)
    assert {"a", "old"} == set(read_performance(workspace, ANCHOR))


def test_publishing_again_changes_nothing(workspace, record, files):
    both = {"a": record("a"), "b": record("b")}
    publish(workspace, TrainRequest(), plan=PLAN, records=both)
    before = files(workspace.root)
    _, changed = publish(workspace, TrainRequest(), plan=PLAN, records=both)
    assert not changed
    assert before == files(workspace.root)
