"""What trials of a model start from."""

from __future__ import annotations

import os

import numpy as np
import pytest

from quantpits.errors import UsageError
from quantpits.training.trial_plan import make_trial_plan


def test_the_test_window_is_left_out(make, workflow):
    plan = make_trial_plan(make({"a": workflow(noise=0.5)}), "a", kind="Tune")
    assert "Prod_Tune_WEEK" == plan.maker.experiment
    windows = plan.windows
    assert windows.valid == windows.test
    assert windows.valid[1] == windows.data_end == windows.last_session
    assert np.datetime64(windows.valid[1]) == plan.sessions[-1]
    own, other = plan.job(), plan.job(arguments={"noise": 0.25})
    assert (0.5, 0.25) == (own.task.model["kwargs"]["noise"], other.task.model["kwargs"]["noise"])
    assert own.facts.fingerprint != other.facts.fingerprint
    whole = plan.job(is_whole_span=True)
    assert (windows.train[0], windows.valid[1]) == whole.windows.train


def test_trials_are_purged_whatever_the_configuration_says(make, workflow):
    plan = make_trial_plan(make({"a": workflow()}, purge=False), "a", kind="Tune")
    assert plan.windows.is_purged
    assert 6 == plan.windows.horizon_sessions


def test_heirs_and_strangers_are_refused(make, workflow):
    heir = (workflow(), {"pretrain_source": "base"})
    workspace = make({"base": workflow(), "heir": heir})
    with pytest.raises(UsageError, match="starts from the weights"):
        make_trial_plan(workspace, "heir", kind="Tune")
    with pytest.raises(UsageError, match="does not know the model 'x'"):
        make_trial_plan(workspace, "x", kind="Tune")


def test_libraries_are_told_to_be_quiet_before_they_are_imported(make, workflow, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    make_trial_plan(make({"a": workflow()}), "a", kind="Tune")
    assert "1" == os.environ["TQDM_DISABLE"]
