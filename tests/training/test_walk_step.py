"""Walking forward: no look-ahead, nothing twice, and a prediction like any other."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import quantpits
from quantpits.errors import ModelError
from quantpits.records import read_performance, read_prediction_csv, read_train_records
from quantpits.training import TrainRequest
from quantpits.training import step as training
from quantpits.training.walk_request import WalkRequest
from quantpits.training.walk_state import read_folds
from quantpits.training.walk_step import run

ANCHOR = date(2022, 3, 31)
REQUEST = WalkRequest(models=("a",), window=0.5, valid=0.2, step="15", start=date(2022, 2, 10))
CHANGE = np.datetime64("2022-03-10")


@pytest.fixture(scope="session")
def changed_market(tmp_path_factory, market):
    """The same market with other prices from `CHANGE` on."""
    target = tmp_path_factory.getbasetemp() / "tiny_market_changed"
    if target.exists():
        return target
    shutil.copytree(market, target)
    days = np.loadtxt(market / "calendars" / "day.txt", dtype="datetime64[D]")
    first = int(np.searchsorted(days, CHANGE))
    for path in target.glob("features/*/*.day.bin"):
        values = np.fromfile(path, "<f4")
        start = int(values[0])
        tail = values[1 + max(0, first - start) :]
        tail *= np.linspace(1.5, 0.5, tail.size, dtype="f4")
        values.tofile(path)
    # The prices of such a market are known by what it was made from.
    made_from = target / "market.json"
    made_from.write_text(made_from.read_text() + "\n")
    return target


@pytest.fixture
def one(make, workflow):
    return make({"a": workflow(noise=0.5), "b": workflow()})


def shas(workspace):
    return {
        start: fold.record.prediction_sha256 for start, fold in read_folds(workspace, "a").items()
    }


def test_the_stitched_prediction_is_a_model_like_any_other(one):
    training.run(one, TrainRequest())
    before = read_train_records(one)
    report = run(one, REQUEST)
    (walked,) = report.models
    assert ("a_wf", "done", 3, 0) == (
        walked.result.model,
        walked.result.status,
        walked.n_folds,
        walked.n_reused,
    )
    assert 1 == report.n_feature_computations
    records = read_train_records(one)
    assert ["a", "b", "a_wf"] == list(records.models)
    assert before.experiment_name == records.experiment_name
    record = records.model_records["a_wf"]
    assert (ANCHOR, "predict_only", 7) == (record.anchor_date, record.mode, record.seed)
    assert record.trained_at < date(2022, 3, 31)
    scores = read_prediction_csv(one.predictions_dir / "a_wf_2022-03-31.csv")
    days = scores.index.get_level_values("datetime")
    assert (date(2022, 2, 10), ANCHOR) == (days.min().date(), days.max().date())
    assert record.ic == read_performance(one, ANCHOR)["a_wf"]["IC_Mean"]
    # A full training keeps it, and walking again changes no byte.
    assert not training.run(one, TrainRequest()).changed
    training.run(one, TrainRequest(models=("a",), retrain=True))
    training.run(one, TrainRequest(retrain=True))
    assert "a_wf" in read_train_records(one).models
    assert "a_wf" in read_performance(one, ANCHOR)


def test_walking_twice_changes_nothing(one, files):
    run(one, REQUEST)
    before = files(one.root)
    again = run(one, REQUEST)
    assert before == files(one.root)
    assert (False, "reused", 3) == (
        again.changed,
        again.models[0].result.status,
        again.models[0].n_reused,
    )
    assert ["reused"] != [
        each.result.status for each in run(one, replace(REQUEST, retrain=True)).models
    ]


def test_a_dry_run_writes_nothing(one, files):
    before = files(one.root)
    report = run(one, replace(REQUEST, dry_run=True))
    assert before == files(one.root)
    assert (False, True) == (report.changed, report.is_dry_run)
    assert "planned" == report.models[0].result.status


def test_what_happens_after_a_fold_leaves_its_scores_byte_equal(
    one, copy_workspace, changed_market, files
):
    other = copy_workspace(one, "Other")
    config = f"provider: qlib\nprovider_uri: {changed_market}\n"
    (other.config_dir / "market.yaml").write_text(config)
    run(one, REQUEST)
    run(other, REQUEST)
    known, changed = shas(one), shas(other)
    starts = list(known)
    assert starts == list(changed)
    assert known[starts[0]] == changed[starts[0]]
    assert known[starts[-1]] != changed[starts[-1]]
    # And a fold is not trained again because of what came after it.
    kept = read_folds(one, "a")[starts[0]].record.run_id
    (one.config_dir / "market.yaml").write_text(config)
    report = run(one, REQUEST)
    assert changed == shas(one)
    assert kept == read_folds(one, "a")[starts[0]].record.run_id
    assert 1 == report.models[0].n_reused


def test_new_sessions_cost_the_last_folds_only(one, advance):
    run(one, REQUEST)
    first, second, third = (fold.record for fold in read_folds(one, "a").values())
    advance(one)
    report = run(one, REQUEST)
    after = [fold.record.run_id for fold in read_folds(one, "a").values()]
    assert [first.run_id, second.run_id] == after[:2]
    assert third.run_id not in after
    assert "a_wf_2022-04-15.csv" in {path.name for path in report.outputs}


def model_files(workspace):
    return {path.parents[1].name for path in workspace.mlruns_dir.glob("artifacts/*/*/model.pkl")}


def test_replaced_folds_leave_no_pickles_but_what_a_backup_names_stays(one):
    run(one, REQUEST)
    first, second, third = (fold.record.run_id for fold in read_folds(one, "a").values())
    assert {first, second, third} == model_files(one)
    run(one, replace(REQUEST, retrain=True))
    now = {fold.record.run_id for fold in read_folds(one, "a").values()}
    # The last fold's model is that of the record, which a backup of the records still names.
    assert {*now, third} == model_files(one)
    assert any(third in path.read_text() for path in one.history_dir.glob("train_records_*"))
    kept = {path.name for path in (one.mlruns_dir / "artifacts" / first).rglob("*")}
    assert {"train.log", "task.json", "ic.pkl"} < kept
    assert "pred.pkl" not in kept
    assert not run(one, REQUEST).changed


def test_a_model_that_fails_does_not_stop_the_others(make, workflow):
    workspace = make({"a": workflow(), "b": workflow("Exploding")})
    report = run(workspace, replace(REQUEST, models=("a", "b")))
    assert ["done", "failed"] == [each.result.status for each in report.models]
    assert ["WFW001"] == [finding.code for finding in report.findings]
    assert ["a_wf"] == list(read_train_records(workspace).models)
    with pytest.raises(ModelError, match="All 1 models failed"):
        run(workspace, replace(REQUEST, models=("b",)))


def test_a_handler_that_cannot_wait_walks_too(make, workflow):
    workspace = make({"a": workflow("Bare", handler="Deaf")})
    with contextlib.suppress(ModelError):  # it reads no dates, so its learning data may be empty
        run(workspace, REQUEST)
    again = run(workspace, REQUEST) if read_folds(workspace, "a") else None
    assert again is None or 3 == again.models[0].n_reused


def test_progress_tells_each_fold(one):
    told = []

    class Listener:
        @contextlib.contextmanager
        def stage(self, title, total=None):
            told.append((title, total))
            yield lambda n=1, note="": told.append((n, note))

    run(one, REQUEST, progress=Listener())
    assert [("Walking forward", 3), (0, "a, fold 1 of 3"), (1, "a")] == told[:3]


SCRIPT = """
import sys
from datetime import date
from pathlib import Path
from quantpits.training.walk_request import WalkRequest
from quantpits.training.walk_step import run
from quantpits.workspace import Workspace
request = WalkRequest(models=("a",), window=0.5, valid=0.2, step="15", start=date(2022, 2, 10))
run(Workspace(Path(sys.argv[1])), request)
"""


@pytest.mark.e2e
def test_kill_9_costs_the_fold_in_flight(make, workflow, tmp_path):
    mended = tmp_path / "mended"
    workspace = make({"a": workflow("KilledLater", mended=str(mended))})
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(workspace.root)],
        env={**os.environ, "PYTHONPATH": str(Path(quantpits.__file__).parents[1])},
        capture_output=True,
        check=False,
    )
    assert -signal.SIGKILL == done.returncode, done.stderr
    kept = shas(workspace)
    assert 1 == len(kept)
    assert not workspace.records_path.exists()
    mended.touch()
    report = run(workspace, REQUEST)
    assert 1 == report.models[0].n_reused
    assert kept.items() < shas(workspace).items()
