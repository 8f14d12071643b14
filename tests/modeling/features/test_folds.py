"""Features that are computed once for all folds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from quantpits.errors import ModelError
from quantpits.modeling.datasets import build_dataset, segment_labels
from quantpits.modeling.features.folds import FoldFeatures, unfilled_handler
from quantpits.modeling.features.store import FeatureStore
from quantpits.training.walk_plan import make_walk_plan
from quantpits.training.walk_request import WalkRequest

REQUEST = WalkRequest(models=("a",), window=0.5, valid=0.2, step="15", start=date(2022, 2, 10))


@pytest.fixture
def plan(make, workflow):
    plan = make_walk_plan(make({"a": workflow()}), REQUEST)
    plan.setting.open_market()
    return plan


def test_every_fold_reads_its_own_days_of_one_computation(plan):
    store = FoldFeatures(plan.first, plan.setting.anchor)
    for job in plan.folds["a"]:
        dataset = build_dataset(job.task.dataset, store, model="a")
        alone = build_dataset(job.task.dataset, FeatureStore(), model="a")
        for key in ("_infer", "_learn"):
            pd.testing.assert_frame_equal(
                getattr(dataset.handler, key), getattr(alone.handler, key), rtol=1e-5
            )
        index = dataset.prepare("test", data_key="infer").index
        labels = segment_labels(dataset, store, index=index, model="a")
        assert labels.index.equals(index)
        # The labels of the last fold are not known yet.
        assert labels.notna().any() == (job is not plan.folds["a"][-1])
    assert 1 == store.n_computations
    store.clear()
    assert store.raw_labels(dataset.handler) is None


def test_labels_belong_to_the_handler_that_was_filled_last(plan):
    store = FoldFeatures(plan.first, plan.setting.anchor)
    first, second = (
        build_dataset(job.task.dataset, store, model="a") for job in plan.folds["a"][:2]
    )
    assert store.raw_labels(first.handler) is None
    assert store.raw_labels(second.handler) is not None


def test_the_content_is_that_of_the_fold_and_of_labels_it_may_know(plan):
    store = FoldFeatures(plan.first, plan.setting.anchor)
    first, second = plan.folds["a"][:2]
    handler = unfilled_handler(first.task.handler, "a")
    content = store.content_hash(handler, first.windows)
    assert content == store.content_hash(handler, first.windows)
    assert content != store.content_hash(unfilled_handler(second.task.handler, "a"), second.windows)
    # A label after the validation window decides nothing; one inside of it does.
    shorter = replace(first.windows, valid=(first.windows.valid[0], first.windows.valid[0]))
    assert content != store.content_hash(handler, shorter)


def test_a_handler_that_cannot_wait_has_its_own_features(plan, toys):
    description = {"class": "Impatient", "module_path": toys, "kwargs": {"instruments": "tiny"}}
    assert unfilled_handler(description, "a") is None
    with pytest.raises(ModelError, match="loading its class"):
        unfilled_handler({**description, "class": "Nothing"}, "a")
