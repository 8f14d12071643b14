"""The windows of a walk-forward."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import MissingDataError, UsageError
from quantpits.modeling.folds import FoldSchedule, parse_step, walk_forward_folds

DAYS = np.arange("2020-01-01", "2022-04-01", dtype="datetime64[D]")
SESSIONS = DAYS[np.is_busday(DAYS)]
ANCHOR = date(2022, 3, 31)
YEAR = FoldSchedule(train_years=1.0, valid_years=0.5, step=20)


def folds_of(schedule=YEAR, *, sessions=SESSIONS, anchor=ANCHOR, horizon=6):
    return walk_forward_folds(sessions, schedule, anchor=anchor, horizon_sessions=horizon)


def position(day):
    return int(np.searchsorted(SESSIONS, np.datetime64(day)))


@pytest.mark.property
@given(
    step=st.integers(1, 70),
    unit=st.sampled_from(["sessions", "weeks"]),
    gap=st.integers(6, 12) | st.none(),
)
def test_test_windows_tile_the_span_and_no_label_reaches_the_next_window(step, unit, gap):
    schedule = FoldSchedule(train_years=1.0, valid_years=0.3, step=step, step_unit=unit, gap=gap)
    folds = folds_of(schedule)
    assert ANCHOR == folds[-1].test[1] == folds[-1].last_session
    for fold, following in itertools.pairwise(folds):
        assert position(fold.test[1]) + 1 == position(following.test[0])
    wanted = 6 if gap is None else gap
    for fold in folds:
        assert wanted < position(fold.test[0]) - position(fold.valid[1])
        assert wanted < position(fold.valid[0]) - position(fold.train[1])
        assert fold.data_start == fold.train[0]
        assert fold.data_end == fold.test[1]


def test_new_sessions_leave_finished_folds_as_they_were():
    before = folds_of(anchor=date(2022, 2, 28))
    after = folds_of()
    assert before[:-1] == after[: len(before) - 1]
    assert before[-1].test[0] == after[len(before) - 1].test[0]


def test_weeks_begin_on_the_first_session_of_a_week():
    schedule = FoldSchedule(train_years=1.0, valid_years=0.3, step=4, step_unit="weeks")
    firsts = [fold.test[0] for fold in folds_of(schedule)[1:]]
    assert {0} == {day.weekday() for day in firsts}
    assert {28} == {(b - a).days for a, b in itertools.pairwise(firsts)}


def test_the_first_date_may_be_chosen_and_a_year_is_365_25_days():
    schedule = FoldSchedule(train_years=1.0, valid_years=0.5, step=500, start=date(2022, 1, 1))
    (fold,) = folds_of(schedule)
    assert (date(2022, 1, 3), ANCHOR) == fold.test
    assert (date(2020, 7, 6), date(2021, 7, 5)) == (fold.train[0], fold.valid[0])


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"gap": 5}, UsageError, "at least 6 sessions"),
        ({"start": date(2020, 6, 1)}, MissingDataError, "history is too short"),
        ({"start": date(2022, 4, 1)}, MissingDataError, "history is too short"),
        ({"train_years": 3.0}, MissingDataError, "history is too short"),
        ({"valid_years": 0.01}, MissingDataError, "walk-forward is empty"),
    ],
)
def test_what_cannot_be_is_said(changes, error, text):
    wanted = {"train_years": 1.0, "valid_years": 0.5, "step": 20, **changes}
    with pytest.raises(error, match=text):
        folds_of(FoldSchedule(**wanted))


@pytest.mark.parametrize(("text", "step"), [("60", (60, "sessions")), (" 2w ", (2, "weeks"))])
def test_a_step(text, step):
    assert step == parse_step(text)


@pytest.mark.parametrize("text", ["", "0", "-3", "1.5", "2m", "w"])
def test_a_wrong_step(text):
    with pytest.raises(UsageError, match="cannot be read"):
        parse_step(text)
