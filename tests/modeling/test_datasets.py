"""Datasets: built, re-dated, pickled without their data."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from quantpits.errors import ModelError
from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.artifacts import pickled, unpickled
from quantpits.modeling.datasets import (
    build_dataset,
    first_unseen,
    keep_state,
    lookback_sessions,
    redate_dataset,
    segment_labels,
)
from quantpits.modeling.features.store import FeatureStore

SEGMENTS = {
    "train": ["2021-01-04", "2021-04-30"],
    "valid": ["2021-05-06", "2021-05-31"],
    "test": ["2021-06-01", "2021-06-30"],
}


@pytest.fixture
def description(market, toys):
    open_qlib(MarketSource(market, "cn", is_synthetic=True, label="tiny"))

    def describe(handler="Handler", dataset="DatasetH", **kwargs):
        handler_kwargs = {
            "instruments": "tiny",
            "start_time": "2021-01-04",
            "end_time": "2021-06-30",
            "fit_start_time": "2021-01-04",
            "fit_end_time": "2021-04-30",
            "infer_processors": [{"class": "Scale", "module_path": toys}],
            "learn_processors": [{"class": "DropnaLabel"}],
            "label": ["Ref($close, -6) / Ref($close, -1) - 1"],
        }
        return {
            "class": dataset,
            "module_path": "qlib.data.dataset",
            "kwargs": {
                "handler": {"class": handler, "module_path": toys, "kwargs": handler_kwargs},
                "segments": SEGMENTS,
                **kwargs,
            },
        }

    return describe


def test_a_dataset_is_ready_for_a_model(description):
    dataset = build_dataset(description(), FeatureStore(), model="a")
    days = dataset.prepare("test").index.get_level_values("datetime")
    assert ("2021-06-01", "2021-06-30") == (str(days[0].date()), str(days[-1].date()))
    assert date(2021, 6, 1) == first_unseen(dataset)
    assert 0 == lookback_sessions(dataset)


def test_a_time_series_dataset_reads_back(description):
    dataset = build_dataset(
        description(dataset="TSDatasetH", step_len=7), FeatureStore(), model="a"
    )
    assert 7 == lookback_sessions(dataset)


def test_features_that_cannot_be_computed_name_the_model(description):
    broken = description()
    broken["kwargs"]["handler"]["kwargs"]["instruments"] = "nowhere"
    with pytest.raises(ModelError, match="'a' failed while computing its features"):
        build_dataset(broken, FeatureStore(), model="a")


@pytest.mark.parametrize("dataset_class", ["DatasetH", "TSDatasetH"])
def test_a_pickled_dataset_gives_the_same_features_on_new_dates(description, dataset_class):
    features = FeatureStore()
    dataset = build_dataset(description(dataset=dataset_class), features, model="a")
    expected = dataset.handler.fetch(slice("2021-06-01", "2021-06-30"))
    keep_state(dataset)
    content = pickled(dataset)
    loaded = unpickled(content)
    assert len(content) < 100_000
    assert not hasattr(loaded.handler, "_data")
    test = (date(2021, 6, 1), date(2021, 6, 30))
    redate_dataset(loaded, features, market="tiny", first=date(2021, 5, 20), test=test)
    assert {"test": ["2021-06-01", "2021-06-30"]} == loaded.segments
    found = loaded.handler.fetch(slice("2021-06-01", "2021-06-30"))
    pd.testing.assert_frame_equal(expected, found, check_exact=True)  # one start for both
    assert "2021-05-20" == str(loaded.handler.fetch().index[0][0].date())


def test_labels_are_raw_and_on_the_index_of_the_scores(description):
    features = FeatureStore()
    dataset = build_dataset(description(), features, model="a")
    index = dataset.prepare("test").index[3:9]
    raw = dataset.handler.fetch(col_set="label", data_key="raw").iloc[:, 0].reindex(index)
    labels = segment_labels(dataset, features, index=index, model="a")
    assert raw.astype("float64").tolist() == labels.tolist()
    features.clear()  # another group came in between
    again = segment_labels(dataset, features, index=index, model="a")
    pd.testing.assert_series_equal(labels, again)


def test_a_dataset_without_labels_names_the_model(description):
    features = FeatureStore()
    dataset = build_dataset(description(), features, model="a")
    features.clear()
    dataset.handler._data = dataset.handler._data[["feature"]]
    with pytest.raises(ModelError, match="'a' failed while reading its labels"):
        segment_labels(dataset, features, index=dataset.prepare("test").index, model="a")


def test_an_empty_group_of_labels_names_the_model(description, monkeypatch):
    features = FeatureStore()
    dataset = build_dataset(description(), features, model="a")
    monkeypatch.setattr(features, "raw_labels", lambda _: pd.DataFrame())
    with pytest.raises(ModelError, match="has no labels"):
        segment_labels(dataset, features, index=dataset.prepare("test").index, model="a")
