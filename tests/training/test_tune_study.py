"""The trials of a tuning."""

from __future__ import annotations

import sys

import optuna
import pytest

from quantpits.errors import ModelError
from quantpits.training.tune_space import Dimension
from quantpits.training.tune_study import (
    Stop,
    Tries,
    count_trials,
    counted_trials,
    importances,
    open_study,
    run_trials,
)

SPACE = {
    "x": Dimension(low=-2.0, high=2.0),
    "n": Dimension(low=1, high=64, is_log=True),
    "kind": Dimension(choices=("a", "b")),
}


def value(_trial, arguments):
    return -(arguments["x"] ** 2) + (arguments["kind"] == "b")


def tried(study):
    return [(trial.params, trial.value) for trial in counted_trials(study)]


def go(study, trials, *, objective=value, start=None, timeout=None):
    told = []
    n_new = run_trials(
        study,
        Tries(space=SPACE, start=start, seed=7),
        objective=objective,
        stop=Stop(trials, timeout),
        told=told.append,
    )
    return n_new, told


def test_an_interrupted_tuning_tries_what_an_uninterrupted_one_tries(tmp_path):
    start = {"x": 1.0, "n": 8, "kind": "a"}
    whole = open_study(tmp_path / "deep" / "whole.db", "s")
    assert 14 == go(whole, 14, start=start)[0]
    assert start == tried(whole)[0][0]

    def stopped(trial, arguments):
        if len(counted_trials(trial.study)) == 6:
            raise KeyboardInterrupt
        return value(trial, arguments)

    with pytest.raises(KeyboardInterrupt):
        go(open_study(tmp_path / "parts.db", "s"), 14, objective=stopped, start=start)
    parts = open_study(tmp_path / "parts.db", "s")
    assert 6 == len(tried(parts))
    assert 8 == go(parts, 14, start=start)[0]
    assert tried(whole) == tried(parts)
    assert (0, []) == go(parts, 14)


def test_a_trial_that_a_kill_left_open_does_not_count(tmp_path):
    study = open_study(tmp_path / "s.db", "s")
    go(study, 2)
    study.ask()
    path = tmp_path / "s.db"
    assert (2, 0, 0) == (
        count_trials(path, "s"),
        count_trials(path, "other"),
        count_trials(tmp_path / "none.db", "s"),
    )
    assert study.get_trials(states=(optuna.trial.TrialState.RUNNING,))
    again = open_study(tmp_path / "s.db", "s")
    assert 2 == len(counted_trials(again))
    assert not again.get_trials(states=(optuna.trial.TrialState.RUNNING,))
    assert [] == counted_trials(open_study(tmp_path / "s.db", "other"))


def test_failed_and_pruned_trials_count(tmp_path):
    def fussy(trial, arguments):
        if trial.number == 0:
            raise ModelError("not these")
        if trial.number == 1:
            raise optuna.TrialPruned
        return value(trial, arguments)

    study = open_study(tmp_path / "s.db", "s")
    _, told = go(study, 3, objective=fussy)
    states = [trial.state.name for trial in counted_trials(study)]
    assert ["FAIL", "PRUNED", "COMPLETE"] == states
    assert "trial 1" == told[0]
    assert told[2].startswith("trial 3, best ")


def test_a_timeout_starts_no_more_trials(tmp_path):
    assert 0 == go(open_study(tmp_path / "s.db", "s"), 5, timeout=1e-9)[0]


def test_importances_need_some_trials(tmp_path):
    study = open_study(tmp_path / "s.db", "s")
    assert {} == importances(study, seed=1)
    go(study, 12)
    shares = importances(study, seed=1)
    assert shares == importances(study, seed=1)
    assert set(SPACE) == set(shares)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_without_optuna_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ModelError, match="needs Optuna") as error:
        open_study(tmp_path / "s.db", "s")
    assert "quantpits[tune]" in str(error.value)
