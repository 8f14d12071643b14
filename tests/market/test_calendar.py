"""The calendar: the next session is never the day itself, whatever is known of the future."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import CorruptArtifactError, MissingDataError
from quantpits.market.calendar import TradingCalendar, load_calendar, public_sessions

# The Spring Festival of 2026 closes the market from 15 to 23 February.
PAST = ["2026-02-09", "2026-02-10", "2026-02-11", "2026-02-12", "2026-02-13"]
COMING = ["2026-02-24", "2026-02-25", "2026-02-26", "2026-02-27", "2026-03-02"]


def make_calendar(past=PAST, coming=COMING, region="cn"):
    sessions = np.array(past, dtype="datetime64[D]")
    future = np.array([*past, *coming], dtype="datetime64[D]")
    return TradingCalendar(sessions, future, region)


@pytest.fixture
def calendar():
    return make_calendar()


def test_the_anchor_is_the_last_session_with_data(calendar):
    assert date(2026, 2, 13) == calendar.last_session
    assert date(2026, 2, 9) == calendar.first_session


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-02-13", "2026-02-24"),
        ("2026-02-18", "2026-02-24"),
        ("2026-02-12", "2026-02-13"),
        ("2026-01-01", "2026-02-09"),
        ("2026-02-27", "2026-03-02"),
    ],
)
def test_the_next_session_comes_from_the_future_calendar(calendar, day, expected):
    assert date.fromisoformat(expected) == calendar.next_session(date.fromisoformat(day))


def test_the_next_session_is_never_the_anchor_when_no_future_is_known():
    # Faults 7 and 35: the calendar ends with the anchor, so its last entry is no trade date.
    calendar = make_calendar(coming=[])
    assert date(2026, 2, 24) == calendar.next_session(calendar.last_session)
    assert date(2026, 2, 13) == calendar.next_session(date(2026, 2, 12))


def test_beyond_the_future_calendar_the_public_one_answers(calendar):
    assert date(2026, 3, 3) == calendar.next_session(date(2026, 3, 2))
    assert date(2026, 5, 6) == calendar.next_session(date(2026, 4, 30))


def test_the_public_calendar_is_used_up_to_its_last_year_end():
    calendar = make_calendar(["2021-12-01"], [])
    assert date(2021, 12, 2) == calendar.next_session(date(2021, 12, 1))
    last = public_sessions("cn", date(2026, 12, 1), n_days=400)
    assert np.datetime64("2026-12-02") == last[0]


def test_beyond_all_calendars_the_next_session_is_an_error():
    calendar = make_calendar(["2099-12-30", "2099-12-31"], [])
    with pytest.raises(MissingDataError, match="next session is not known"):
        calendar.next_session(date(2099, 12, 31))


def test_new_york_has_its_own_holidays():
    calendar = make_calendar(["2026-07-02"], [], region="us")
    assert date(2026, 7, 6) == calendar.next_session(date(2026, 7, 2))


@pytest.mark.property
@given(
    days=st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), min_size=2),
    offset=st.integers(-9, 99),
)
def test_the_next_session_is_the_first_one_after_the_day(days, offset):
    ordered = sorted(days)
    calendar = make_calendar(ordered[:1], ordered[1:])
    day = ordered[0] + timedelta(days=offset)
    if day >= ordered[-1]:
        assert calendar.next_session(day) > day
    else:
        assert min(other for other in ordered if other > day) == calendar.next_session(day)


def test_sessions_around_a_holiday_are_found(calendar):
    holiday = date(2026, 2, 18)
    assert date(2026, 2, 13) == calendar.previous_session(holiday)
    assert date(2026, 2, 13) == calendar.on_or_before(holiday)
    assert date(2026, 2, 24) == calendar.on_or_after(holiday)
    assert date(2026, 2, 13) == calendar.on_or_before(date(2026, 2, 13))
    assert date(2026, 2, 13) == calendar.on_or_after(date(2026, 2, 13))
    assert date(2026, 2, 12) == calendar.previous_session(date(2026, 2, 13))
    assert [True, False] == [calendar.is_session(d) for d in (date(2026, 2, 13), holiday)]
    assert not calendar.is_session(date(2026, 3, 3))


def test_offsets_count_sessions(calendar):
    assert date(2026, 2, 25) == calendar.offset(date(2026, 2, 13), 2)
    assert date(2026, 2, 13) == calendar.offset(date(2026, 2, 25), -2)
    assert date(2026, 2, 13) == calendar.offset(date(2026, 2, 13), 0)
    with pytest.raises(MissingDataError, match="not a session"):
        calendar.offset(date(2026, 2, 18), 1)
    with pytest.raises(MissingDataError, match="outside the market's calendar"):
        calendar.offset(date(2026, 2, 9), -1)


def test_a_date_outside_the_calendar_is_refused(calendar):
    for ask in (calendar.previous_session, calendar.on_or_before):
        with pytest.raises(MissingDataError, match="2026-02-09 to 2026-03-02"):
            ask(date(2026, 2, 8))
    with pytest.raises(MissingDataError, match="outside the market's calendar"):
        calendar.on_or_after(date(2026, 3, 3))


def test_ranges_are_closed_and_may_be_empty(calendar):
    expected = [date(2026, 2, 12), date(2026, 2, 13), date(2026, 2, 24)]
    assert expected == calendar.sessions_in(date(2026, 2, 12), date(2026, 2, 24))
    assert [] == calendar.sessions_in(date(2026, 2, 15), date(2026, 2, 23))
    assert [] == calendar.sessions_in(date(2026, 2, 24), date(2026, 2, 12))


def test_the_holiday_week_is_no_week_and_is_not_merged(calendar):
    # The week of 16 February has no session; the next one begins on its Tuesday.
    expected = [date(2026, 2, 9), date(2026, 2, 24), date(2026, 3, 2)]
    assert expected == list(calendar.week_starts())


def test_a_week_across_the_turn_of_the_year_is_one_week():
    calendar = make_calendar(["2025-12-29", "2025-12-31", "2026-01-02"], ["2026-01-05"])
    assert [date(2025, 12, 29), date(2026, 1, 5)] == list(calendar.week_starts())


def test_the_folder_gives_past_and_future(lab):
    lab.calendar(PAST, [*PAST, *COMING])
    calendar = load_calendar(lab.source)
    assert (5, 10, "cn") == (calendar.sessions.size, calendar.future.size, calendar.region)


def test_without_a_future_file_only_the_past_is_known(lab):
    lab.calendar(PAST)
    assert load_calendar(lab.source).future.size == len(PAST)


def test_a_future_calendar_older_than_the_data_hides_no_session(lab):
    lab.calendar([*PAST, *COMING[:2]], [*PAST[:3], *COMING[:1]])
    calendar = load_calendar(lab.source)
    assert date(2026, 2, 25) == calendar.last_session
    assert calendar.is_session(date(2026, 2, 25))
    assert calendar.next_session(calendar.last_session) == date(2026, 2, 26)


def test_a_market_without_a_calendar_is_refused(lab):
    with pytest.raises(MissingDataError, match="does not exist"):
        load_calendar(lab.source)


def test_a_broken_future_calendar_is_refused(lab):
    lab.calendar(PAST, COMING[::-1])
    with pytest.raises(CorruptArtifactError, match="does not ascend"):
        load_calendar(lab.source)


def test_public_sessions_begin_after_the_day_and_end_with_what_is_known():
    days = public_sessions("cn", date(2021, 9, 30), n_days=9)
    assert [date(2021, 10, 8)] == days.tolist()
    assert 0 == public_sessions("cn", date(2099, 1, 1), n_days=10).size
    assert 0 == public_sessions("cn", date(2021, 10, 1), n_days=3).size


def test_reading_a_calendar_imports_neither_qlib_nor_the_public_calendar(lab):
    import subprocess  # noqa: PLC0415

    code = (
        "import sys, quantpits.market\n"
        "heavy = {'qlib', 'mlflow', 'pandas', 'pyarrow', 'exchange_calendars'}\n"
        "sys.exit(str(sorted(heavy & set(sys.modules)) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "" == done.stderr.strip()
