"""Training as a whole: what is published, what is kept, what a re-run does."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import quantpits
from quantpits.errors import ModelError, UsageError, WorkspaceLockedError
from quantpits.modeling.recorders import open_store
from quantpits.records import (
    load_model_prediction,
    read_performance,
    read_prediction_csv,
    read_train_records,
)
from quantpits.training import TrainRequest
from quantpits.training.run_state import read_run_state
from quantpits.training.step import run
from quantpits.workspace import Workspace, demo_template, writer_lock

ANCHOR = date(2022, 3, 31)


@pytest.fixture
def two(make, workflow):
    return make({"a": workflow(), "b": workflow(weights=[0.0, 1.0, 0.5, 0.0])})


@pytest.fixture
def mended(tmp_path):
    return tmp_path / "mended"


@pytest.fixture
def broken(make, workflow, mended):
    """Two models, of which the second fails until the file `mended` exists."""
    return make({"a": workflow(), "b": workflow("Exploding", mended=str(mended))})


def test_a_training_publishes_every_model(two):
    report = run(two, TrainRequest())
    assert report.changed
    assert [("a", "done"), ("b", "done")] == [(each.model, each.status) for each in report.models]
    assert 1 == report.n_feature_computations
    assert all(path.is_file() for path in report.outputs)
    records = read_train_records(two)
    assert ("Prod_Train_WEEK", ANCHOR) == (records.experiment_name, records.anchor_date)
    assert ["a", "b"] == list(records.models)
    record = records.model_records["a"]
    assert ("train", ANCHOR, 7) == (record.mode, record.trained_at, record.seed)
    csv = read_prediction_csv(two.predictions_dir / "a_2022-03-31.csv")
    assert load_model_prediction(two, records, "a").equals(csv)
    row = read_performance(two, ANCHOR)["a"]
    assert (record.ic, record.run_id) == (row["IC_Mean"], row["record_id"])
    assert "SYNTHETIC" in report.market_label
    json.dumps(dataclasses.asdict(report), default=str, allow_nan=False)


def test_training_twice_trains_once_and_changes_no_byte(two, files):
    first = run(two, TrainRequest())
    before = files(two.root)
    second = run(two, TrainRequest())
    assert before == files(two.root)
    assert not second.changed
    assert ["reused", "reused"] == [each.status for each in second.models]
    assert [each.run_id for each in first.models] == [each.run_id for each in second.models]
    assert 0 == second.n_feature_computations


def test_retrain_trains_again(two):
    first = run(two, TrainRequest())
    second = run(two, TrainRequest(retrain=True))
    assert ["done", "done"] == [each.status for each in second.models]
    assert first.models[0].run_id != second.models[0].run_id
    assert second.models[0].run_id == read_train_records(two).models["a"]


def test_only_what_changed_is_trained_again(two, workflow):
    run(two, TrainRequest())
    text = workflow(weights=[0.0, 0.0, 1.0, 0.0])
    (two.config_dir / "workflow_config_b.yaml").write_text(text)
    assert ["reused", "done"] == [each.status for each in run(two, TrainRequest()).models]


def test_new_data_train_everything_again(two, advance):
    run(two, TrainRequest())
    advance(two)
    report = run(two, TrainRequest())
    assert date(2022, 4, 15) == report.anchor_date
    assert ["done", "done"] == [each.status for each in report.models]


def test_a_damaged_model_is_trained_again(two):
    report = run(two, TrainRequest())
    record = read_train_records(two).model_records["a"]
    (two.root / record.model_path).write_bytes(b"damaged")
    again = run(two, TrainRequest())
    assert ["done", "reused"] == [each.status for each in again.models]
    assert report.models[0].run_id != again.models[0].run_id


def test_a_dry_run_writes_nothing(two, files):
    before = files(two.root)
    report = run(two, TrainRequest(dry_run=True))
    assert before == files(two.root)
    assert (False, True) == (report.changed, report.is_dry_run)
    assert ["planned", "planned"] == [each.status for each in report.models]
    assert "2022-03-31" == report.windows["test"][1]


def test_a_failing_model_stops_publishing_but_not_the_others(broken):
    # Fault 30: full training overwrote the records even if models failed, and exited with 0.
    with pytest.raises(ModelError, match="1 of 2 models failed, so nothing was published") as error:
        run(broken, TrainRequest())
    assert 3 == error.value.exit_code
    assert "The model 'b' failed while training" in str(error.value)
    assert "RuntimeError: the weights are gone" in str(error.value)
    assert "kept for the next run: a" in str(error.value)
    assert not broken.records_path.exists()
    assert not broken.predictions_dir.exists()
    state = read_run_state(broken)
    assert (("a",), {"b"}) == (state.completed, set(state.failed))


def test_after_a_failure_only_the_failed_model_is_trained(broken, mended):
    with pytest.raises(ModelError, match="1 of 2 models failed"):
        run(broken, TrainRequest())
    kept = read_run_state(broken).finished["a"].run_id
    mended.touch()
    report = run(broken, TrainRequest())
    assert ["reused", "done"] == [each.status for each in report.models]
    assert kept == read_train_records(broken).models["a"]
    assert {} == read_run_state(broken).failed
    assert [] != list(broken.history_dir.glob("run_state_*.json"))


def test_a_failure_leaves_earlier_records_alone(two, workflow, files):
    run(two, TrainRequest())
    before = two.records_path.read_bytes()
    (two.config_dir / "workflow_config_b.yaml").write_text(workflow("Exploding"))
    with pytest.raises(ModelError, match="1 of 2 models failed"):
        run(two, TrainRequest())
    assert before == two.records_path.read_bytes()


def test_partial_publishes_the_successes_by_merge_and_reports_the_failures(broken):
    report = run(broken, TrainRequest(partial=True))
    assert ["done", "failed"] == [each.status for each in report.models]
    assert ("TRN003", "error", "b") == (
        report.findings[0].code,
        report.findings[0].severity,
        report.findings[0].subject,
    )
    assert ["a"] == list(read_train_records(broken).models)
    assert "b: FAILED: The model 'b' failed while training" in "\n".join(report.summary())


def test_an_empty_map_is_never_published_not_even_partially(make, workflow):
    workspace = make({"a": workflow("Exploding")})
    with pytest.raises(ModelError, match="1 of 1 models failed"):
        run(workspace, TrainRequest(partial=True))
    assert not workspace.records_path.exists()


def test_a_missing_library_is_known_before_anything_is_trained(make, workflow):
    workspace = make({"a": workflow(), "nn": workflow("GRU", module="no_such_torch")})
    with pytest.raises(ModelError, match=r"1 of 2 models failed") as error:
        run(workspace, TrainRequest())
    assert "install the library that the model needs (no_such_torch)" in str(error.value)
    assert read_run_state(workspace) is None
    partial = run(workspace, TrainRequest(partial=True))
    assert ["done", "failed"] == [each.status for each in partial.models]


def test_selected_models_are_merged_into_the_records(two):
    run(two, TrainRequest())
    before = read_train_records(two)
    report = run(two, TrainRequest(models=("b",), retrain=True))
    after = read_train_records(two)
    assert ["b"] == [each.model for each in report.models]
    assert before.models["a"] == after.models["a"]
    assert before.models["b"] != after.models["b"]
    assert after.last_incremental_update is not None


def test_a_model_that_is_no_longer_enabled_leaves_the_records(two, write_models, workflow):
    run(two, TrainRequest())
    off = (workflow(weights=[0.0, 1.0, 0.5, 0.0]), {"enabled": False})
    write_models(two, {"a": workflow(), "b": off})
    report = run(two, TrainRequest())
    assert (["reused"], True) == ([each.status for each in report.models], report.changed)
    assert ["a"] == list(read_train_records(two).models)


def test_records_that_cannot_be_read_are_replaced_after_a_backup(two):
    two.records_path.write_text("{")
    run(two, TrainRequest())
    assert ["a", "b"] == list(read_train_records(two).models)
    (backup,) = two.history_dir.glob("train_records_*.json")
    assert "{" == backup.read_text()


def test_a_lost_csv_is_written_again(two):
    run(two, TrainRequest())
    (two.predictions_dir / "a_2022-03-31.csv").unlink()
    assert run(two, TrainRequest()).changed
    assert (two.predictions_dir / "a_2022-03-31.csv").is_file()


def test_constant_scores_are_a_finding(make, workflow):
    report = run(make({"a": workflow("Constant")}), TrainRequest())
    assert ["TRN004"] == [finding.code for finding in report.findings]
    assert report.models[0].ic is None


def test_progress_names_each_model(two):
    told = []

    class Listener:
        @contextlib.contextmanager
        def stage(self, title, total=None):
            told.append((title, total))
            yield lambda n=1, note="": told.append((n, note))

    run(two, TrainRequest(), progress=Listener())
    assert [("Training", 2), (0, "a"), (1, "a"), (0, "b"), (1, "b")] == told


def test_a_wrong_request_writes_nothing(two, files):
    before = files(two.root)
    with pytest.raises(UsageError, match="does not know the model 'c'"):
        run(two, TrainRequest(models=("c",)))
    assert before == files(two.root)


SCRIPT = """
import sys
from pathlib import Path
from quantpits.training import TrainRequest
from quantpits.training.step import run
from quantpits.workspace import Workspace, demo_template, writer_lock
from quantpits.workspace import Workspace
run(Workspace(Path(sys.argv[1])), TrainRequest())
"""


def start(workspace):
    package = str(Path(quantpits.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(workspace.root)],
        env={**os.environ, "PYTHONPATH": package, "TMPDIR": str(workspace.root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.e2e
def test_kill_9_while_training_costs_only_the_model_in_flight(make, workflow, mended):
    # Fault 40: run ids were kept in memory until the end, but marked as completed on disk.
    workspace = make({"a": workflow(), "b": workflow("Killed", mended=str(mended))})
    assert -9 == start(workspace).returncode
    assert not workspace.records_path.exists()
    kept = read_run_state(workspace).finished["a"].run_id
    mended.touch()
    report = run(workspace, TrainRequest())
    assert ["reused", "done"] == [each.status for each in report.models]
    assert kept == read_train_records(workspace).models["a"]
    store = open_store(workspace, "Prod_Train_WEEK")
    runs = store.client.search_runs([store.experiment_id])
    assert ["FINISHED", "FINISHED", "KILLED"] == sorted(each.info.status for each in runs)


@pytest.mark.e2e
def test_a_second_command_is_told_who_is_writing(two):
    with writer_lock(two, "orders"):
        done = start(two)
    assert 0 != done.returncode
    assert WorkspaceLockedError.__name__ in done.stderr
    assert not two.records_path.exists()


@pytest.mark.e2e
def test_the_enabled_models_of_the_demo_share_one_computation_and_repeat_exactly(make, tmp_path):
    demo = Workspace(demo_template())
    enabled = {name: entry for name, entry in demo.registry().models.items() if entry.enabled}
    texts = {name: (demo.root / entry.yaml_file).read_text() for name, entry in enabled.items()}
    spans = {"train_set_windows": 0.5, "valid_set_window": 0.3, "test_set_window": 0.2}
    workspace = make(texts, **spans)
    report = run(workspace, TrainRequest())
    assert 1 == report.n_feature_computations
    assert ["done"] * 4 == [each.status for each in report.models]
    before = read_train_records(workspace).model_records
    run(workspace, TrainRequest(retrain=True))
    after = read_train_records(workspace).model_records
    for name in texts:
        assert before[name].prediction_sha256 == after[name].prediction_sha256, name
