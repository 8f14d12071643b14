"""Evaluating a model on purged splits."""

from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.errors import ModelError
from quantpits.training import TrainRequest, split_state, step, tune_step, walk_step
from quantpits.training.evaluate_request import EvaluateRequest
from quantpits.training.evaluate_step import run
from quantpits.training.tune_request import TuneRequest
from quantpits.training.walk_request import WalkRequest

REQUEST = EvaluateRequest(model="a", folds=4)


def test_every_path_has_its_numbers_and_nothing_is_fitted_twice(make, workflow, files):
    workspace = make({"a": workflow(noise=2.0)})
    dry = run(workspace, EvaluateRequest(model="a", folds=4, dry_run=True))
    assert (True, 6, 0, ()) == (dry.is_dry_run, dry.n_splits, dry.n_reused, dry.paths)
    report = run(workspace, REQUEST)
    assert (True, 6, 3) == (report.changed, report.n_splits, len(report.paths))
    assert 1 == len({path.n_days for path in report.paths})
    assert report.rank_ic.low == min(path.rank_ic for path in report.paths)
    (path,) = report.outputs
    assert report.ic.mean == json.loads(path.read_text())["ic"]["mean"]
    before = files(workspace.root)
    again = run(workspace, REQUEST)
    assert before == files(workspace.root)
    assert (False, 6, report.paths) == (again.changed, again.n_reused, again.paths)
    # Another shape is another evaluation, and costs this one nothing.
    other = run(workspace, EvaluateRequest(model="a", folds=3, test_folds=1))
    assert ("a_4x2.json", "a_3x1.json") == (path.name, other.outputs[0].name)
    assert 6 == run(workspace, REQUEST).n_reused


def test_fitted_splits_are_kept_when_it_stops(make, workflow, monkeypatch):
    workspace = make({"a": workflow()})
    written = []
    write = split_state.write_splits

    def stop_after_two(*arguments, **keywords):
        write(*arguments, **keywords)
        written.append(arguments)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("quantpits.training.evaluate_step.write_splits", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        run(workspace, REQUEST)
    assert 2 == run(workspace, REQUEST).n_reused


def test_a_model_that_fails_is_named(make, workflow):
    with pytest.raises(ModelError, match="failed while training"):
        run(make({"a": workflow("Exploding")}), REQUEST)


def test_a_model_that_reads_sequences_leaves_as_many_sessions_out(make, workflow):
    text = workflow("Sequence").replace('"DatasetH"', '"TSDatasetH"')
    text = text.replace('"segments"', '"step_len": 6, "segments"')
    workspace = make({"a": text})
    report = run(workspace, EvaluateRequest(model="a", folds=3, test_folds=1))
    assert (5, 5, ()) == (report.embargo_sessions, report.lookback_sessions, report.findings)
    assert "reads the 5 sessions before it" in "\n".join(report.summary())
    (path,) = report.paths
    assert path.n_days > 200
    short = run(workspace, EvaluateRequest(model="a", folds=3, embargo=4, dry_run=True))
    (finding,) = short.findings
    assert ("EVA001", "warning", "a") == (finding.code, finding.severity, finding.subject)


GRU = {
    "class": "GRU",
    "module_path": "qlib.contrib.model.pytorch_gru_ts",
    "kwargs": {"d_feat": 4, "hidden_size": 4, "num_layers": 1, "n_epochs": 1, "batch_size": 64},
}


def test_a_recurrent_network_is_evaluated_tuned_and_walked(make, workflow):
    """The three ways of trying a model, on one of Qlib's own networks."""
    pytest.importorskip("torch")
    fill = [{"class": "Fillna", "kwargs": {"fields_group": "feature"}}]
    processors = {"infer_processors": fill, "learn_processors": [{"class": "DropnaLabel"}]}
    content = json.loads(workflow(processors=processors))
    content["task"]["model"] = GRU
    content["task"]["dataset"]["class"] = "TSDatasetH"
    content["task"]["dataset"]["kwargs"]["step_len"] = 5
    content["tuning"] = {"lr": {"low": 0.001, "high": 0.1, "log": True}}
    workspace = make({"a": json.dumps(content)})
    report = run(workspace, EvaluateRequest(model="a", folds=3, test_folds=1))
    assert 4 == report.embargo_sessions
    assert report.rank_ic.n == 1
    tuned = tune_step.run(workspace, TuneRequest(model="a", trials=2, folds=2))
    assert (2, 0) == (tuned.n_trials, tuned.n_failed)
    assert tuned.best is not None
    walk = WalkRequest(models=("a",), window=0.5, valid=0.2, step="25", start=date(2022, 2, 10))
    (walked,) = walk_step.run(workspace, walk).models
    assert ("a_wf", "done", 2) == (walked.result.model, walked.result.status, walked.n_folds)
    seeds = step.run(workspace, TrainRequest(models=("a",), seeds=2))
    (result,) = seeds.models
    assert 2 == result.ic_seeds.n
