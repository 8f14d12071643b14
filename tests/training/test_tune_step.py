"""Tuning as a whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from quantpits.errors import ConfigError, ModelError
from quantpits.training import tune_step
from quantpits.training.trial_plan import make_trial_plan
from quantpits.training.tune_files import proposed_files
from quantpits.training.tune_request import TuneRequest
from quantpits.training.tune_step import run

SECTION = {"noise": {"low": 0.0, "high": 5.0}}
REQUEST = TuneRequest(model="a", trials=6)


@pytest.fixture
def tunable(make, workflow):
    def build(model="Linear", section=SECTION, **kwargs):
        content = json.loads(workflow(model, **kwargs))
        content["tuning"] = section
        return make({"a": json.dumps(content), "b": workflow()})

    return build


def test_the_best_trial_becomes_a_new_model_and_the_old_one_stays(tunable, files):
    workspace = tunable(noise=5.0)
    old = (workspace.config_dir / "workflow_config_a.yaml").read_bytes()
    report = run(workspace, REQUEST)
    assert (6, 6, 0, 0) == (report.n_trials, report.n_new, report.n_pruned, report.n_failed)
    assert report.best > report.start
    assert "a_tuned" == report.tuned_model
    entry = workspace.registry().models["a_tuned"]
    assert (False, ("tuned",), "a") == (entry.enabled, entry.tags, entry.algorithm)
    tuned = json.loads((workspace.root / entry.yaml_file).read_text().partition("\n")[2])
    assert report.best_arguments["noise"] == tuned["task"]["model"]["kwargs"]["noise"]
    assert old == (workspace.config_dir / "workflow_config_a.yaml").read_bytes()
    assert {"optimisation_history.png", "slice_noise.png", "tuning.html"} <= {
        path.name for path in report.outputs
    }
    assert workspace.data_dir / "tuning" / "a.db" not in report.outputs
    # The same again does nothing; more trials go on, and another best gets another name.
    before = {k: v for k, v in files(workspace.root).items() if not k.endswith(".db")}
    again = run(workspace, REQUEST)
    assert (False, 0, "a_tuned") == (again.changed, again.n_new, again.tuned_model)
    assert before == {k: v for k, v in files(workspace.root).items() if not k.endswith(".db")}
    plan = make_trial_plan(workspace, "a", kind="Tune")
    other = proposed_files(workspace, plan, report=replace(report, best_arguments={"noise": 0.125}))
    assert "a_tuned_2" == other.name


def test_nothing_better_writes_no_workflow(tunable):
    workspace = tunable(noise=0.0)
    report = run(workspace, replace(REQUEST, trials=1))
    assert (None, report.start) == (report.tuned_model, report.best)
    assert ["a", "b"] == list(workspace.registry().models)


def test_what_the_workflow_is_worth_is_known_also_outside_of_the_space(tunable):
    workspace = tunable(section={"noise": {"low": 4.0, "high": 5.0}}, noise=0.0)
    report = run(workspace, replace(REQUEST, trials=1))
    assert (None, 1) == (report.tuned_model, report.n_trials)
    assert report.start > report.best


def test_folds_can_decide_and_trials_that_lag_are_given_up(tunable):
    workspace = tunable(noise=0.0)
    report = run(workspace, TuneRequest(model="a", trials=9, folds=3))
    assert "3 purged folds" in report.objective
    assert 9 == report.n_trials
    assert report.best is not None


def test_a_dry_run_counts_and_writes_nothing(tunable, files):
    workspace = tunable()
    before = files(workspace.root)
    report = run(workspace, replace(REQUEST, dry_run=True))
    assert (0, True) == (report.n_trials, report.is_dry_run)
    assert before == files(workspace.root)
    run(workspace, replace(REQUEST, trials=2))
    assert 2 == run(workspace, replace(REQUEST, dry_run=True)).n_trials


def test_ctrl_c_keeps_finished_trials(tunable, monkeypatch):
    workspace = tunable(noise=1.0)
    calls, whole = [], tune_step.trial_ic

    def stop_at_third(*arguments, **keywords):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*arguments, **keywords)

    monkeypatch.setattr(tune_step, "trial_ic", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        run(workspace, REQUEST)
    report = run(workspace, REQUEST)
    assert (6, 4) == (report.n_trials, report.n_new)


def test_a_model_that_always_fails_is_an_error(tunable):
    with pytest.raises(ModelError, match="No trial of 'a' succeeded") as error:
        run(tunable("Exploding"), replace(REQUEST, trials=2))
    assert "failed while training" in str(error.value)


def test_an_undefined_rank_ic_is_a_failed_trial(tunable):
    with pytest.raises(ModelError, match="No trial of 'a' succeeded") as error:
        run(tunable("Constant"), replace(REQUEST, trials=1))
    assert "undefined" in str(error.value)


def test_a_model_without_a_space_is_a_config_error(make, workflow):
    with pytest.raises(ConfigError, match="nothing says what to tune"):
        run(make({"a": workflow()}), REQUEST)
