"""Training with several seeds: what is published, what is recorded, what is not repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import quantpits
from quantpits.errors import CorruptArtifactError
from quantpits.records import ModelRecord, read_performance, read_train_records
from quantpits.training import TrainRequest
from quantpits.training.run_state import read_run_state
from quantpits.training.seeds import (
    SeedFamily,
    SeedRun,
    read_seed_runs,
    seed_runs_path,
    spread_row,
    spreads_of,
    with_seed_run,
)
from quantpits.training.step import run
from quantpits.workspace import Workspace

ANCHOR = date(2022, 3, 31)


@pytest.fixture
def noisy(make, workflow):
    return make({"a": workflow(noise=3.0), "b": workflow()})


def record_of(fingerprint, *, seed=7, ic=0.25, rank_ic=0.5):
    return ModelRecord(
        experiment="E",
        run_id=f"run{seed}",
        anchor_date=ANCHOR,
        fingerprint=fingerprint,
        seed=seed,
        ic=ic,
        rank_ic=rank_ic,
    )


def test_the_configured_seed_is_published_and_the_spread_recorded(noisy):
    alone = run(noisy, TrainRequest(models=("a",)))
    report = run(noisy, TrainRequest(models=("a",), seeds=3))
    (result,) = report.models
    records = read_train_records(noisy)
    assert (7, alone.models[0].run_id) == (records.model_records["a"].seed, records.models["a"])
    family = read_seed_runs(noisy)["a"]
    assert [8, 9] == [each.seed for each in family.runs.values()]
    values = [result.ic, *(each.ic for each in family.runs.values())]
    assert 3 == len(set(values))
    row = read_performance(noisy, ANCHOR)["a"]
    assert (3, min(values), max(values)) == (row["Seeds"], row["IC_Seeds_Min"], row["IC_Seeds_Max"])
    assert row["IC_Seeds_Mean"] == pytest.approx(np.mean(values))
    assert row["IC_Seeds_Std"] == pytest.approx(np.std(values, ddof=1))
    assert row["Rank_IC_Seeds_Min"] <= row["Rank_IC_Mean"] <= row["Rank_IC_Seeds_Max"]
    assert "IC over 3 seeds" in "\n".join(report.summary())
    assert result.peak_mib > 0


def test_a_seed_that_was_trained_is_not_trained_again_and_its_spread_stays(noisy, files):
    first = run(noisy, TrainRequest(seeds=2))
    before = files(noisy.root)
    for seeds in (2, 1):
        again = run(noisy, TrainRequest(seeds=seeds))
        assert (False, ["reused"] * 2) == (again.changed, [each.status for each in again.models])
        assert [each.ic_seeds for each in first.models] == [each.ic_seeds for each in again.models]
        assert before == files(noisy.root)
    known = set(read_seed_runs(noisy)["a"].runs)
    run(noisy, TrainRequest(seeds=3))
    assert known < set(read_seed_runs(noisy)["a"].runs)
    assert 1 == first.n_feature_computations


def test_retrain_repeats_the_seeds_too(noisy):
    run(noisy, TrainRequest(models=("a",), seeds=2))
    (before,) = read_seed_runs(noisy)["a"].runs.values()
    run(noisy, TrainRequest(models=("a",), seeds=2, retrain=True))
    (after,) = read_seed_runs(noisy)["a"].runs.values()
    assert before.run_id != after.run_id
    assert before.ic == after.ic
    # The run that nothing names any more keeps its numbers and log, and loses its pickles.
    folders = {
        run: noisy.mlruns_dir / "artifacts" / run / "artifacts"
        for run in (before.run_id, after.run_id)
    }
    assert [False, True] == [(folder / "model.pkl").exists() for folder in folders.values()]
    assert (folders[before.run_id] / "train.log").exists()


def test_another_configuration_forgets_the_seeds_of_the_old_one(noisy, workflow):
    run(noisy, TrainRequest(models=("a",), seeds=2))
    (noisy.config_dir / "workflow_config_a.yaml").write_text(workflow(noise=2.0))
    report = run(noisy, TrainRequest(models=("a",)))
    assert report.models[0].ic_seeds is None
    assert "Seeds" not in read_performance(noisy, ANCHOR)["a"]
    run(noisy, TrainRequest(models=("a",), seeds=2))
    assert 1 == len(read_seed_runs(noisy)["a"].runs)


def test_a_further_seed_that_fails_is_an_error_but_the_model_is_published(noisy, workflow):
    (noisy.config_dir / "workflow_config_a.yaml").write_text(workflow("OnlySeven"))
    report = run(noisy, TrainRequest(seeds=2))
    assert ["done", "done"] == [each.status for each in report.models]
    assert ["TRN005"] == [finding.code for finding in report.findings]
    assert {"a", "b"} == set(read_train_records(noisy).models)


SCRIPT = """
import sys
from pathlib import Path
from quantpits.training import TrainRequest
from quantpits.training.step import run
from quantpits.workspace import Workspace
run(Workspace(Path(sys.argv[1])), TrainRequest(seeds=3))
"""


@pytest.mark.e2e
def test_kill_9_costs_the_seed_in_flight_and_resume_does_the_rest(make, workflow, tmp_path):
    mended = tmp_path / "mended"
    workspace = make({"a": workflow("KilledAtNine", mended=str(mended))})
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(workspace.root)],
        env={**os.environ, "PYTHONPATH": str(Path(quantpits.__file__).parents[1])},
        capture_output=True,
        check=False,
    )
    assert -signal.SIGKILL == done.returncode, done.stderr
    state = read_run_state(workspace)
    assert ((), ("a",), 3) == (state.completed, state.pending, state.seeds)
    kept, (eight,) = state.finished["a"].run_id, read_seed_runs(workspace)["a"].runs.values()
    mended.touch()
    report = run(workspace, TrainRequest(resume=True))
    assert kept == report.models[0].run_id
    assert 3 == report.models[0].ic_seeds.n
    runs = read_seed_runs(workspace)["a"].runs.values()
    assert [eight.run_id] == [each.run_id for each in runs][:1]
    assert () == read_run_state(workspace).pending


def test_a_spread_belongs_to_one_training():
    base = record_of("base")
    families = with_seed_run({}, "a", base="base", record=record_of("nine", seed=9, ic=None))
    families = with_seed_run(families, "a", base="base", record=record_of("eight", seed=8, ic=0.75))
    assert ["eight", "nine"] == list(families["a"].runs)
    ic, rank_ic = spreads_of(base, families["a"])
    assert (2, 0.25, 0.75, 3) == (ic.n, ic.low, ic.high, rank_ic.n)
    assert (None, None) == spreads_of(record_of("other"), families["a"])
    assert (None, None) == spreads_of(base, None)
    assert {} == spread_row(base, SeedFamily(fingerprint="base"))
    fresh = with_seed_run(families, "a", base="other", record=record_of("x", seed=8))
    assert {"x": SeedRun(seed=8, run_id="run8", ic=0.25, rank_ic=0.5)} == fresh["a"].runs


def test_a_damaged_file_is_named(tmp_path):
    workspace = Workspace(tmp_path)
    path = seed_runs_path(workspace)
    path.parent.mkdir()
    path.write_text(json.dumps({"a": {"fingerprint": 1}}))
    with pytest.raises(CorruptArtifactError, match="runs of further seeds"):
        read_seed_runs(workspace)
