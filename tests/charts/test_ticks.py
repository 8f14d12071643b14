"""Ticks and numbers as people read them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.charts.ticks import common_digits, date_ticks, number_text
from tests.charts.chart_samples import sessions


@pytest.mark.parametrize(
    ("n_sessions", "first", "count"),
    [
        (1, "2016-01-04", 1),
        (5, "2016-01-04", 5),
        (20, "2016-01-04", 4),
        (60, "2016-01-04", 6),
        (250, "2016-03", 5),
        (2500, "2017", 9),
    ],
)
def test_ticks_of_short_and_long_histories(n_sessions, first, count):
    ticks = date_ticks(sessions(n_sessions))
    assert first == ticks[0][1]
    assert count == len(ticks)


@pytest.mark.property
@given(st.integers(0, 40_000), st.integers(1, 30_000), st.integers(2, 12))
def test_ticks_are_few_rising_and_within_the_span(start, length, n_max):
    dates = np.datetime64("1950-01-01") + start + np.arange(length)
    ticks = [tick for tick, _ in date_ticks(dates, n_max=n_max)]
    assert len(ticks) <= max(n_max, 4)
    assert all(dates[0] <= tick <= dates[-1] for tick in ticks)
    assert sorted(set(ticks)) == ticks


@pytest.mark.parametrize(
    ("value", "kind", "digits", "expected"),
    [
        (0.1234, "percent", None, "12.3%"),
        (1.5, "percent", None, "150%"),
        (-0.00001, "percent", None, "0.0%"),
        (-0.1, "percent", 0, "−10%"),
        (float("nan"), "percent", None, "–"),
        (float("inf"), "number", None, "–"),
        (0.0, "number", None, "0.00"),
        (0.0012, "number", None, "0.0012"),
        (12345.6, "number", None, "12,346"),
        (1234567, "integer", None, "1,234,567"),
        (-3, "integer", None, "−3"),
    ],
)
def test_numbers(value, kind, digits, expected):
    assert expected == number_text(value, kind, digits=digits)


def test_numbers_side_by_side_have_the_same_decimals():
    assert 3 == common_digits(np.array([0.0612, np.nan]))
    assert 0 == common_digits(np.array([0.0]))
    assert 0 == common_digits(np.array([np.nan]))
    assert 6 == common_digits(np.array([1e-9]))
