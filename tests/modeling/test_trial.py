"""Fitting a model only to see how it ranks."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quantpits.errors import ModelError
from quantpits.modeling.features.folds import FoldFeatures
from quantpits.modeling.purged import purged_splits
from quantpits.modeling.recorders import open_store
from quantpits.modeling.trial import (
    dataset_bytes,
    split_dataset,
    split_embargo,
    trial_ic,
    window_dataset,
)
from quantpits.training.trial_plan import make_trial_plan


@pytest.fixture
def prepared(make, workflow, toys):
    """Return a function that prepares the trials of one model."""

    def build(text):
        workspace = make({"a": text})
        plan = make_trial_plan(workspace, "a", kind="Tune")
        plan.setting.open_market()
        features = FoldFeatures(plan.windows.data_start, plan.windows.data_end)
        return workspace, plan, features

    return build


def test_a_trial_reads_nothing_of_the_test_window(prepared, workflow):
    workspace, plan, features = prepared(workflow())
    job = plan.job()
    dataset = window_dataset(job, features)
    last = str(plan.windows.valid[1])
    outcome = trial_ic(
        job, dataset, runs=open_store(workspace, "T"), features=features, last_session=last
    )
    assert str(outcome.rank_ic.index.max().date()) <= last
    days = dataset.handler._data.index.get_level_values("datetime")
    assert str(days.max().date()) == last
    assert outcome.summary.n_days == len(outcome.ic) > 50


def test_processors_are_fitted_on_the_sessions_that_are_learnt_from(prepared, workflow, toys):
    processors = {
        "infer_processors": [{"class": "Scale", "module_path": toys, "kwargs": {}}],
        "learn_processors": [{"class": "DropnaLabel"}],
    }
    workspace, plan, features = prepared(workflow(processors=processors))
    job = plan.job(is_whole_span=True)
    split, *_ = purged_splits(plan.sessions, n_folds=3, n_test_folds=1, purge=6)
    dataset = split_dataset(job, split, features=features, sessions=plan.sessions)
    raw = features.raw_labels(dataset.handler)
    assert raw.index.equals(dataset.handler._data.index)
    (scale,) = [each for each in dataset.handler.get_all_processors() if hasattr(each, "_scale")]
    unscaled = dataset.handler._data["feature"]
    is_learnt = unscaled.index.get_level_values("datetime").isin(
        split.train.astype("datetime64[ns]")
    )
    assert scale._scale == pytest.approx(np.nanstd(unscaled.to_numpy()[is_learnt]))
    for name, wanted in (("train", split.train), ("valid", split.valid), ("test", split.tests[0])):
        frame = dataset.prepare(name, col_set="feature")
        days = np.unique(frame.index.get_level_values("datetime").to_numpy("datetime64[D]"))
        assert wanted.tolist() == days.tolist()
    train, valid = dataset.prepare(["train", "valid"], col_set="feature")
    assert len(train) > len(valid) > 0
    last = str(split.tests[-1][-1])
    outcome = trial_ic(
        job, dataset, runs=open_store(workspace, "T"), features=features, last_session=last
    )
    assert outcome.summary.n_days == len(split.tests[0])
    assert dataset_bytes(dataset) > dataset.handler._data.memory_usage().sum()
    single = dataset.prepare(slice(last, last), col_set="feature")
    assert len(single) > 0


def test_a_handler_that_loads_at_once_is_refused(prepared, workflow):
    _, plan, features = prepared(workflow("Bare", handler="Impatient", processors={}))
    split, *_ = purged_splits(plan.sessions, n_folds=3, n_test_folds=1, purge=6)
    with pytest.raises(ModelError, match="cannot be evaluated on purged splits") as error:
        split_dataset(
            plan.job(is_whole_span=True), split, features=features, sessions=plan.sessions
        )
    assert "walk-forward" in str(error.value)


def test_windows_of_a_models_own_are_those_of_the_split(prepared, workflow):
    """TabNet's ``pretrain`` is the training window, also of a split."""
    content = json.loads(workflow())
    content["task"]["dataset"]["kwargs"]["segments"]["pretrain"] = ["<TBD>", "<TBD>"]
    content["task"]["dataset"]["kwargs"]["segments"]["pretrain_validation"] = ["<TBD>", "<TBD>"]
    _, plan, features = prepared(json.dumps(content))
    split, *_ = purged_splits(plan.sessions, n_folds=3, n_test_folds=1, purge=6)
    job = plan.job(is_whole_span=True)
    dataset = split_dataset(job, split, features=features, sessions=plan.sessions)
    assert dataset.segments["train"] == dataset.segments["pretrain"]
    assert dataset.segments["valid"] == dataset.segments["pretrain_validation"]


def test_sequences_ask_for_an_embargo_as_long_as_they_are(prepared, workflow):
    text = workflow("Sequence").replace('"DatasetH"', '"TSDatasetH"')
    assert 29 == split_embargo(prepared(text)[1].job())
