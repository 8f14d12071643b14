"""What a walk-forward would do."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import UsageError
from quantpits.training.walk_plan import make_walk_plan
from quantpits.training.walk_request import WalkRequest

START = date(2022, 2, 10)


def test_every_fold_is_a_job_of_its_own_dates(make, workflow):
    workspace = make({"a": workflow(), "b": (workflow(), {"label": "Ref($close, -2)/$close - 1"})})
    request = WalkRequest(all_enabled=True, window=0.5, valid=0.2, step="15", start=START)
    plan = make_walk_plan(workspace, request)
    assert "Prod_WalkForward_WEEK" == plan.experiment
    assert (["a", "b"], 3) == (list(plan.folds), len(plan.folds["a"]))
    first, *_, last = plan.folds["a"]
    assert START == first.windows.test[0]
    assert date(2022, 2, 9) == first.facts.trained_at
    assert date(2022, 3, 31) == last.windows.test[1] == last.facts.anchor_date
    assert 3 == len({job.facts.fingerprint for job in plan.folds["a"]})
    assert (6, 2) == (first.windows.horizon_sessions, plan.folds["b"][0].windows.horizon_sessions)
    assert plan.first == first.windows.data_start
    assert {"a", "b"} == set(plan.in_groups())


def test_the_lengths_are_those_of_the_configuration_by_default(make, workflow):
    plan = make_walk_plan(make({"a": workflow()}), WalkRequest(models=("a",)))
    train, valid = plan.folds["a"][0].windows.train, plan.folds["a"][0].windows.valid
    assert 340 < (valid[0] - train[0]).days < 380
    assert 120 < (valid[1] - valid[0]).days < 160


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a", "starts from the weights of another one"),
        ("base", "has a model 'base_wf' already"),
    ],
)
def test_what_cannot_walk_is_refused(make, workflow, name, text):
    heir = (workflow(), {"pretrain_source": "base"})
    models = {"base": workflow(), "base_wf": workflow(), "a": heir}
    with pytest.raises(UsageError, match=text):
        make_walk_plan(make(models), WalkRequest(models=(name,)))
