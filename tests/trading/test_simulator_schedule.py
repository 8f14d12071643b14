"""When a simulation trades: ISO weeks for ours, Qlib's own cut of the calendar for parity."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import DataError, ShapeError
from quantpits.trading.simulator_schedule import oldest_signals, qlib_steps, signal_rows

DAYS = np.array(
    [
        "2024-01-02",  # Tuesday
        "2024-01-03",
        "2024-01-05",
        "2024-01-08",  # Monday
        "2024-01-12",
        "2024-01-16",  # Tuesday
    ],
    dtype="datetime64[D]",
)


@st.composite
def calendars(draw):
    gaps = draw(st.lists(st.integers(1, 12), min_size=1, max_size=40))
    first = date(2020, 1, 1) + timedelta(days=draw(st.integers(0, 2000)))
    days = [first]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return days


def test_every_session_trades_on_the_one_before():
    has_signal = np.array([True, False, True, True, True, True])
    expected = [-1, 0, -1, 2, 3, 4]
    assert expected == signal_rows(DAYS, has_signal, frequency="day").tolist()


def test_the_first_session_of_a_week_trades_on_the_last_scores_before():
    has_signal = np.array([True, True, False, True, True, True])
    expected = [-1, -1, -1, 1, -1, 4]
    assert expected == signal_rows(DAYS, has_signal, frequency="week").tolist()


def test_nothing_trades_before_the_first_scores():
    assert [-1] * 6 == signal_rows(DAYS, np.zeros(6, dtype=bool), frequency="week").tolist()


@pytest.mark.property
@given(calendars(), st.randoms(use_true_random=False))
def test_weekly_equals_the_calendar_of_iso_weeks(days, random):
    has_signal = np.array([random.random() < 0.7 for _ in days])
    rows = signal_rows(np.array(days, dtype="datetime64[D]"), has_signal, frequency="week")
    for row, day in enumerate(days):
        is_first = row > 0 and day.isocalendar()[:2] != days[row - 1].isocalendar()[:2]
        earlier = [each for each in range(row) if has_signal[each]]
        assert (earlier[-1] if is_first and earlier else -1) == rows[row]


def test_a_week_of_qlib_begins_where_the_weekday_falls():
    days = np.array(
        ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-17", "2024-01-22"],
        dtype="datetime64[D]",
    )
    steps = qlib_steps(days, start=date(2024, 1, 5), end=date(2024, 1, 17), frequency="week")
    # Tuesday to the Wednesday of the week after: one step.
    assert ([2], [5]) == (steps.first.tolist(), steps.stop.tolist())
    assert ([0], [2]) == (steps.signal_first.tolist(), steps.signal_stop.tolist())


def test_the_last_step_is_cut_at_the_end():
    days = np.arange("2024-01-01", "2024-01-20", dtype="datetime64[D]")
    steps = qlib_steps(days, start=date(2024, 1, 1), end=date(2024, 1, 10), frequency="week")
    assert ([0, 7], [7, 10]) == (steps.first.tolist(), steps.stop.tolist())
    assert ([0, 0], [0, 7]) == (steps.signal_first.tolist(), steps.signal_stop.tolist())


def test_days_are_steps():
    steps = qlib_steps(DAYS, start=date(2024, 1, 4), end=date(2024, 1, 12), frequency="day")
    assert ([2, 3, 4], [3, 4, 5]) == (steps.first.tolist(), steps.stop.tolist())
    assert ([1, 2, 3], [2, 3, 4]) == (steps.signal_first.tolist(), steps.signal_stop.tolist())


def test_a_step_is_needed_after_the_last_one():
    with pytest.raises(DataError, match="does not hold the steps"):
        qlib_steps(DAYS, start=date(2024, 1, 4), end=date(2024, 1, 16), frequency="day")
    with pytest.raises(DataError, match="does not hold the steps"):
        qlib_steps(DAYS, start=date(2024, 1, 9), end=date(2024, 1, 10), frequency="day")


def test_dates_ascend_and_fit():
    with pytest.raises(DataError, match="do not ascend"):
        signal_rows(DAYS[::-1], np.ones(6, dtype=bool), frequency="day")
    with pytest.raises(ShapeError, match="do not fit the dates"):
        signal_rows(DAYS, np.ones(5, dtype=bool), frequency="day")
    with pytest.raises(DataError, match="no such frequency"):
        signal_rows(DAYS, np.ones(6, dtype=bool), frequency="month")


@pytest.mark.parametrize("frequency", ["day", "week"])
def test_a_session_trades_on_the_last_scores_that_are_not_too_old(frequency):
    days = np.datetime64("2024-01-03") + np.array([0, 1, 2, 5, 6, 8, 12, 13, 20])
    rng = np.random.default_rng(1)
    oldest = oldest_signals(days, frequency=frequency)
    for _ in range(50):
        has_signal = rng.random(days.size) < 0.4
        expected = []
        for row, limit in enumerate(oldest):
            known = [earlier for earlier in np.flatnonzero(has_signal[:row]) if earlier >= limit]
            expected.append(known[-1] if known else -1)
        assert expected == signal_rows(days, has_signal, frequency=frequency).tolist()
