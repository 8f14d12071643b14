"""Shared features equal Qlib's own, bit for bit, and are computed once per group."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.features.store import FeatureStore, features_key, handler_group
from quantpits.modeling.foreign import load_class, loadable

DATES = {
    "instruments": "tiny",
    "start_time": "2021-01-04",
    "end_time": "2021-06-30",
    "fit_start_time": "2021-01-04",
    "fit_end_time": "2021-04-30",
    "label": ["Ref($close, -6) / Ref($close, -1) - 1"],
}
LEARN = [{"class": "DropnaLabel"}, {"class": "CSRankNorm", "kwargs": {"fields_group": "label"}}]
TREES = {"infer_processors": [], "learn_processors": LEARN}
LINEAR = {
    "infer_processors": [
        {"class": "RobustZScoreNorm", "kwargs": {"fields_group": "feature"}},
        {"class": "Fillna", "kwargs": {"fields_group": "feature"}},
    ],
    "learn_processors": LEARN,
}


@pytest.fixture
def qlib_market(market):
    source = MarketSource(market, "cn", is_synthetic=True, label="tiny")
    open_qlib(source)
    return source


@pytest.fixture
def toy(toys):
    return load_class({"class": "Handler", "module_path": toys}, "a")


def test_shared_features_equal_a_plain_qlib_handler_bit_for_bit(qlib_market):
    from qlib.contrib.data.handler import Alpha158  # noqa: PLC0415

    store = FeatureStore()
    for processors in (LINEAR, TREES, LINEAR):
        plain = Alpha158(**DATES, **processors)
        shared = store.build_handler(Alpha158, {**DATES, **processors})
        for key in ("raw", "infer", "learn"):
            pd.testing.assert_frame_equal(
                plain.fetch(col_set="__raw", data_key=key),
                shared.fetch(col_set="__raw", data_key=key),
                check_exact=True,
            )
        assert type(plain.data_loader) is type(shared.data_loader)
    assert (1, 3) == (store.n_computations, store.n_requests)


def test_another_group_is_computed_again_and_only_the_latest_is_kept(qlib_market, toy):
    store = FeatureStore()
    first = store.build_handler(toy, {**DATES, **TREES})
    other = store.build_handler(toy, {**DATES, **TREES, "start_time": "2021-02-01"})
    assert 2 == store.n_computations
    assert store.raw_labels(first) is None
    assert store.raw_labels(other) is not None
    store.build_handler(toy, {**DATES, **TREES, "label": ["Ref($close, -2)/$close - 1"]})
    assert 3 == store.n_computations


def test_a_group_that_is_left_is_freed(qlib_market, toy):
    store = FeatureStore()
    store.build_handler(toy, {**DATES, **LINEAR})
    frame = store._raw
    before = sys.getrefcount(frame)
    store.clear()
    assert before - 1 == sys.getrefcount(frame)


def test_raw_labels_are_those_before_the_processors(qlib_market, toy):
    store = FeatureStore()
    handler = store.build_handler(toy, {**DATES, **TREES})
    raw = handler.fetch(col_set="label", data_key="raw")
    pd.testing.assert_frame_equal(raw, store.raw_labels(handler))


def test_a_handler_without_labels_has_none(qlib_market):
    from qlib.data.dataset.handler import DataHandlerLP  # noqa: PLC0415

    loader = {"class": "QlibDataLoader", "kwargs": {"config": [["$close"], ["CLOSE"]]}}
    span = {name: DATES[name] for name in ("instruments", "start_time", "end_time")}
    store = FeatureStore()
    assert (
        store.raw_labels(store.build_handler(DataHandlerLP, {**span, "data_loader": loader}))
        is None
    )


def test_a_handler_that_is_no_processor_handler_is_filled_too(qlib_market):
    from qlib.data.dataset.handler import DataHandler  # noqa: PLC0415

    loader = {"class": "QlibDataLoader", "kwargs": {"config": {"feature": [["$close"], ["C"]]}}}
    span = {name: DATES[name] for name in ("instruments", "start_time", "end_time")}
    built = FeatureStore().build_handler(DataHandler, {**span, "data_loader": loader})
    assert not built.fetch().empty


@pytest.mark.parametrize("name", ["Impatient", "Deaf"])
def test_a_handler_that_cannot_wait_computes_its_own(qlib_market, toys, name):
    store = FeatureStore()
    impatient = load_class({"class": name, "module_path": toys}, "a")
    span = {name: DATES[name] for name in ("instruments", "start_time", "end_time")}
    for _ in range(2):
        assert not store.build_handler(impatient, span).fetch().empty
    assert (2, 2) == (store.n_computations, store.n_requests)


def test_fitted_processors_are_applied_and_not_fitted(qlib_market, toys, toy):
    module = sys.modules[toy.__module__]
    scale = {"class": "Scale", "module_path": toys}
    processors = loadable({"infer_processors": [scale], "learn_processors": []})
    store = FeatureStore()
    handler = store.build_handler(toy, {**DATES, **processors})
    before = handler.fetch()
    module.FITS.clear()
    store.fill_handler(handler, is_fitted=True)
    assert [] == module.FITS
    pd.testing.assert_frame_equal(before, handler.fetch())


def test_keys_tell_groups_apart(toy):
    late = {**DATES, "end_time": "2021-05-31"}
    a, b, c = (toy(**{**kwargs, "init_data": False}) for kwargs in (DATES, late, DATES))
    assert features_key(a) == features_key(c) != features_key(b)
    assert features_key(a, with_dates=False) == features_key(b, with_dates=False)


def test_a_loader_that_cannot_be_written_down_equals_only_itself(toy):
    first, second = (toy(**{**DATES, "init_data": False}) for _ in range(2))
    for handler in (first, second):
        handler.data_loader.odd = object()
    assert features_key(first) == features_key(first) != features_key(second)


def test_handler_groups_ignore_what_happens_after_loading():
    def description(**kwargs):
        return {"class": "Alpha158", "kwargs": {**DATES, **kwargs}}

    assert handler_group(description(**LINEAR)) == handler_group(
        description(**TREES, fit_end_time="2021-05-01")
    )
    assert handler_group(description()) != handler_group(description(instruments="all"))
