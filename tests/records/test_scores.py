from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import DataError, NonFiniteError
from quantpits.records.scores import checked_scores


def test_sorted_named_and_float64(scores):
    table = checked_scores(scores.astype(np.float32).iloc[::-1], source="here")
    assert table.index.is_monotonic_increasing
    assert ["datetime", "instrument"] == list(table.index.names)
    assert table.dtype == np.float64
    assert table.name == "score"


def test_levels_in_either_order_and_without_names(scores):
    swapped = scores.swaplevel().rename_axis([None, None])
    pd.testing.assert_series_equal(scores, checked_scores(swapped, source="here"))


def test_the_argument_is_left_alone(scores):
    before = scores.copy()
    checked_scores(scores.iloc[::-1], source="here")
    pd.testing.assert_series_equal(before, scores)


def test_no_scores_are_refused(scores):
    with pytest.raises(DataError, match="no scores"):
        checked_scores(scores.iloc[:0], source="here")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_not_finite_is_named(scores, value):
    scores.iloc[1] = value
    with pytest.raises(NonFiniteError, match=r"1 of 4(.|\n)*here, SZ000001 on 2026-02-05"):
        checked_scores(scores, source="here")


def test_a_pair_scored_twice_is_named(scores):
    twice = pd.concat([scores, scores.iloc[[3]]])
    with pytest.raises(DataError, match=r"twice(.|\n)*SZ000001 on 2026-02-06"):
        checked_scores(twice, source="here")


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(["a", "b"]),
        pd.MultiIndex.from_tuples([("a", "b"), ("c", "d")]),
        pd.MultiIndex.from_tuples([("a", "b", "c"), ("c", "d", "e")]),
    ],
)
def test_an_index_without_dates_and_instruments_is_refused(index):
    with pytest.raises(DataError, match="not indexed by date and instrument"):
        checked_scores(pd.Series([1.0, 2.0], index=index), source="here")
