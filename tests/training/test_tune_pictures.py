"""What a tuning looks like."""

from __future__ import annotations

from dataclasses import replace

import optuna
import pytest

from quantpits.training.tune_pictures import tuning_files
from quantpits.training.tune_request import TuneReport
from quantpits.training.tune_study import counted_trials

REPORT = TuneReport(
    workspace="W",
    model="gru",
    outputs=(),
    findings=(),
    changed=True,
    market_label="M",
    objective="rank IC",
    n_trials=3,
    start=0.01,
    best=0.02,
    best_arguments={"rate": 0.001, "depth": 3, "kind": "b"},
)


@pytest.fixture
def trials():
    distributions = {
        "rate": optuna.distributions.FloatDistribution(0.0001, 1.0),
        "depth": optuna.distributions.IntDistribution(1, 5),
        "kind": optuna.distributions.CategoricalDistribution(("a", "b")),
    }
    study = optuna.create_study(direction="maximize")
    for rate, depth, kind, value in ((0.0001, 1, "a", 0.01), (1.0, 3, "b", 0.02)):
        params = {"rate": rate, "depth": depth, "kind": kind}
        study.add_trial(
            optuna.create_trial(params=params, distributions=distributions, value=value)
        )
    study.add_trial(optuna.create_trial(state=optuna.trial.TrialState.FAIL))
    return counted_trials(study)


def test_pictures_and_a_page(trials):
    files = tuning_files(REPORT, trials, importance={"rate": 0.7, "depth": 0.3})
    expected = {
        "optimisation_history.png",
        "parameter_importance.png",
        "slice_rate.png",
        "slice_depth.png",
        "slice_kind.png",
        "tuning.html",
    }
    assert expected == set(files)
    assert files == tuning_files(REPORT, trials, importance={"rate": 0.7, "depth": 0.3})
    page = files["tuning.html"].decode()
    assert "log10 rate" in page
    assert "0 = a, 1 = b" in page
    assert "which no trial has read" in page


def test_an_argument_that_was_always_the_same_has_no_picture(trials):
    files = tuning_files(REPORT, trials[1:], importance={})
    assert {"optimisation_history.png", "tuning.html"} == set(files)


def test_without_a_finished_trial_there_is_only_the_page(trials):
    files = tuning_files(replace(REPORT, start=None, best_arguments={}), trials[2:], importance={})
    assert {"tuning.html"} == set(files)
