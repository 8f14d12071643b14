"""Evaluating a model on purged splits."""

from __future__ import annotations

import json

import pytest

from quantpits.errors import ModelError
from quantpits.training import split_state
from quantpits.training.evaluate_request import EvaluateRequest
from quantpits.training.evaluate_step import run

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
