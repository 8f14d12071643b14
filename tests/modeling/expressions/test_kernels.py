"""Compiled rolling operators equal pandas and Qlib's own compiled code, bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from qlib.data._libs import rolling as qlib_rolling

from quantpits.modeling.expressions import kernels

VALUES = st.sampled_from([1.5, 2.0, 2.0, -3.25, 1e9, 0.1, np.nan, np.inf, -np.inf]) | st.floats(
    -1e6, 1e6, width=32
)
ARRAYS = arrays(np.float64, st.integers(1, 40), elements=VALUES)
WINDOWS = st.integers(1, 12)


def same_bits(expected, actual):
    assert expected.dtype == actual.dtype == np.float64
    both = np.isnan(expected) & np.isnan(actual)
    # A window may hold 0 and -0, which are one value to pandas' skip list.
    assert [] == list(np.flatnonzero(~both & (expected != actual)))


def one_by_one(values, offsets, compute):
    parts = [compute(values[a:b]) for a, b in itertools.pairwise(offsets)]
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])


def rolling(values, window):
    return pd.Series(values).rolling(window, min_periods=1)


def stacked(values, cut):
    border = min(cut, len(values))
    return np.array([0, border, border, len(values)], dtype=np.int64)


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(ARRAYS, st.integers(0, 40), WINDOWS, st.sampled_from([0.1, 0.2, 0.5, 0.8, 1 / 3]))
def test_quantile_is_that_of_pandas(values, cut, window, quantile):
    offsets = stacked(values, cut)
    expected = one_by_one(values, offsets, lambda x: rolling(x, window).quantile(quantile))
    actual = kernels.rolling_quantile(values, offsets, window=window, quantile=quantile)
    same_bits(expected, actual)


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(ARRAYS, st.integers(0, 40), WINDOWS)
def test_rank_is_that_of_pandas(values, cut, window):
    offsets = stacked(values, cut)
    expected = one_by_one(values, offsets, lambda x: rolling(x, window).rank(pct=True))
    same_bits(expected, kernels.rolling_rank(values, offsets, window=window))


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(ARRAYS, st.integers(0, 40), WINDOWS, st.booleans())
def test_place_of_the_extreme_is_that_of_numpy_in_each_window(values, cut, window, is_largest):
    offsets = stacked(values, cut)
    find = np.argmax if is_largest else np.argmin
    expected = one_by_one(
        values, offsets, lambda x: rolling(x, window).apply(lambda w: find(w) + 1, raw=True)
    )
    actual = kernels.rolling_extreme(values, offsets, window=window, is_largest=is_largest)
    same_bits(expected, actual)


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(ARRAYS, st.integers(0, 40), WINDOWS)
def test_line_is_that_of_qlibs_compiled_code(values, cut, window):
    offsets = stacked(values, cut)
    for kind, compute in {
        kernels.SLOPE: qlib_rolling.rolling_slope,
        kernels.RSQUARE: qlib_rolling.rolling_rsquare,
        kernels.RESIDUAL: qlib_rolling.rolling_resi,
    }.items():
        expected = one_by_one(values, offsets, lambda x, go=compute: go(x, window))
        actual = kernels.rolling_line(values, offsets, window=window, kind=kind)
        same_bits(expected, actual)


def test_rows_are_copied_to_their_places():
    result = np.zeros(3, dtype=np.float32)
    values = np.array([10, 20, 30], dtype=np.float32)
    kernels.copy_rows(values, np.array([2, 0, 1]), target=np.array([0, 1, 2]), result=result)
    assert [30.0, 10.0, 20.0] == result.tolist()
