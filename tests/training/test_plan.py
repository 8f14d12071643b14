"""What a training would do."""

from __future__ import annotations

import json

import pytest

from quantpits.errors import ConfigError, MissingDataError, UsageError
from quantpits.training import TrainRequest
from quantpits.training.plan import make_plan


@pytest.fixture
def models(workflow):
    return {
        "b": workflow(),
        "a": workflow(),
        "other": (workflow(), {"label": "Ref($close, -2)/$close - 1"}),
        "off": (workflow(), {"enabled": False, "tags": ["slow"]}),
    }


@pytest.fixture
def build(make, models):
    return lambda **config: make(models, **config)


def test_a_full_training_takes_every_enabled_model_in_the_registrys_order(make, models):
    plan = make_plan(make(models), TrainRequest())
    assert ["b", "a", "other"] == list(plan.jobs)
    assert "Prod_Train_WEEK" == plan.experiment
    assert {} == plan.reusable


@pytest.mark.parametrize(
    ("request_changes", "expected"),
    [
        ({"models": ("off", "a")}, ["a", "off"]),
        ({"tag": "slow"}, ["off"]),
        ({"skip": ("b",)}, ["a", "other"]),
        ({"all_enabled": True, "skip": ("b",)}, ["a", "other"]),
    ],
)
def test_a_selection(make, models, request_changes, expected):
    plan = make_plan(make(models), TrainRequest(**request_changes, experiment_name="Mine"))
    assert expected == list(plan.jobs)
    assert "Mine" == plan.experiment


def test_models_that_read_the_same_features_follow_each_other(make, models, workflow):
    models = {"x": workflow(), "y": models["other"], "z": workflow()}
    order = [job.facts.model for job in make_plan(make(models), TrainRequest()).missing()]
    assert 1 == abs(order.index("x") - order.index("z"))


def test_the_horizon_of_each_label_is_purged(make, models):
    jobs = make_plan(make(models), TrainRequest()).jobs
    assert 6 == jobs["a"].windows.horizon_sessions
    assert 2 == jobs["other"].windows.horizon_sessions
    assert jobs["a"].windows.train[1] < jobs["other"].windows.train[1]


def fingerprints(workspace, **changes):
    path = workspace.config_dir / "model_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    jobs = make_plan(workspace, TrainRequest()).jobs
    return {name: job.facts.fingerprint for name, job in jobs.items()}


def test_the_fingerprint_follows_what_decides_the_result_and_nothing_else(make, models):
    workspace = make(models)
    before = fingerprints(workspace)
    assert 3 == len(set(before.values()))  # equal workflows of two names are two models
    assert before == fingerprints(workspace, TopK=7, benchmark="SH000905")
    assert before != fingerprints(workspace, seed=8)
    assert before != fingerprints(workspace, purge=False, seed=7)


def test_a_class_of_qlib_with_a_known_fault_is_a_finding(make, workflow):
    own = workflow().replace('"DatasetH"', '"MTSDatasetH"')
    faulty = own.replace('"qlib.data.dataset"', '"qlib.contrib.data.dataset"')
    (finding,) = make_plan(make({"a": faulty}), TrainRequest()).findings
    assert ("TRN006", "warning", "a") == (finding.code, finding.severity, finding.subject)
    assert "another stock's last ones; name module_path: quantpits" in finding.message


def test_notes_of_the_windows_are_findings(make, workflow):
    models = {"a": workflow()}
    dates = {
        "data_slice_mode": "fixed",
        "fit_end_time": "2021-02-26",
        "valid_start_time": "2021-03-01",
        "valid_end_time": "2021-06-30",
        "test_start_time": "2021-07-01",
        "test_end_time": "2022-03-31",
    }
    findings = make_plan(make(models, **dates), TrainRequest()).findings
    assert ["TRN001"] == [finding.code for finding in findings]
    assert "starts at 2020-01-02" in findings[0].message


@pytest.mark.parametrize(
    ("asked", "config", "refusal"),
    [
        ({"models": ("nope",)}, {}, (UsageError, "does not know the model 'nope'")),
        ({"algorithm": "nope"}, {}, (UsageError, "No model is selected")),
        ({}, {"train_set_windows": 30}, (MissingDataError, "history is too short")),
        ({}, {"Market": "x"}, (ConfigError, "did you mean 'market'")),
    ],
)
def test_what_cannot_be_planned_is_refused(build, asked, config, refusal):
    with pytest.raises(refusal[0], match=refusal[1]):
        make_plan(build(**config), TrainRequest(**asked))
