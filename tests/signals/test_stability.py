"""The population stability index."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import ShapeError
from quantpits.signals.stability import drift_level, stability_index

COUNTS = st.lists(st.integers(0, 1000), min_size=3, max_size=3).filter(any)


def test_the_index_is_the_plain_formula():
    expected = (0.5 - 0.25) * math.log(0.5 / 0.25) + (0.5 - 0.75) * math.log(0.5 / 0.75)
    assert pytest.approx(expected) == stability_index([2, 6], [5, 5])


def test_a_bin_of_nothing_counts_as_almost_nothing():
    expected = (0.0001 - 0.5) * math.log(0.0001 / 0.5) + (1.0 - 0.5) * math.log(1.0 / 0.5)
    assert pytest.approx(expected) == stability_index([5, 5], [0, 10])


@pytest.mark.parametrize(
    ("expected", "actual"), [([1, 1], [1, 1, 1]), ([0, 0], [1, 1]), ([1, 1], [0, 0]), ([], [])]
)
def test_samples_that_cannot_be_compared_are_refused(expected, actual):
    with pytest.raises(ShapeError, match="same bins"):
        stability_index(expected, actual)


@pytest.mark.parametrize(
    ("psi", "usual", "level"),
    [
        (None, None, ""),
        (0.09, None, ""),
        (0.1, None, "moving"),
        (0.25, None, "shifted"),
        (0.25, 0.3, ""),
        (0.25, 0.25, ""),
        (0.2, 0.05, "moving"),
    ],
)
def test_what_an_index_says(psi, usual, level):
    assert level == drift_level(psi, usual)


@pytest.mark.property
@given(counts=COUNTS, times=st.integers(1, 9))
def test_shares_count_and_not_sizes(counts, times):
    assert pytest.approx(0.0, abs=1e-12) == stability_index(counts, [n * times for n in counts])


@pytest.mark.property
@given(first=COUNTS, second=COUNTS)
def test_the_index_is_never_negative_and_the_same_both_ways(first, second):
    index = stability_index(first, second)
    assert index >= 0.0
    assert pytest.approx(index) == stability_index(second, first)
