"""In-sample and out-of-sample."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import UsageError
from quantpits.search.window import PURGED_SESSIONS, Bounds, search_window

SESSIONS = np.arange("2024-01-01", "2026-01-01", dtype="datetime64[D]")
SESSIONS = SESSIONS[np.is_busday(SESSIONS)]


def window(frequency="week", **given):
    return search_window(Bounds(**given), SESSIONS, frequency=frequency)


def test_without_an_exclusion_everything_is_in_sample():
    found = window()
    assert (date(2024, 1, 1), date(2025, 12, 31)) == (found.start, found.end)
    assert (None, None, 0) == (found.cutoff, found.oos_start, found.n_purged)
    assert "in-sample 2024-01-01 to 2025-12-31" == found.describe()


def test_dates_are_moved_to_sessions():
    found = window(start_date=date(2024, 6, 1), end_date=date(2025, 5, 31))
    assert (date(2024, 6, 3), date(2025, 5, 30)) == (found.start, found.end)


def test_an_excluded_year_is_purged_from_and_begins_after_the_cutoff():
    found = window(exclude_last_years=1)
    assert date(2024, 12, 31) == found.cutoff
    assert date(2024, 12, 24) == found.end, "five sessions before the cutoff"
    assert (date(2025, 1, 1), date(2025, 12, 31)) == (found.oos_start, found.oos_end)
    assert "out-of-sample 2025-01-01 to 2025-12-31" in found.describe()
    assert date(2024, 12, 30) == window("day", exclude_last_years=1).end


def test_the_end_date_bounds_both_parts():
    inside = window(exclude_last_months=6, end_date=date(2025, 9, 30))
    assert (date(2025, 6, 30), date(2025, 9, 30)) == (inside.cutoff, inside.oos_end)
    before = window(exclude_last_months=6, end_date=date(2025, 3, 31))
    assert (date(2025, 3, 31), None) == (before.cutoff, before.oos_start)
    assert before.describe().endswith("nothing after it")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"exclude_last_years": -1}, "cannot be negative"),
        ({"exclude_last_months": -1}, "cannot be negative"),
        ({"start_date": date(2025, 2, 1), "end_date": date(2025, 1, 1)}, "start after they end"),
        ({"start_date": date(2030, 1, 1)}, "No prediction is left in-sample"),
        ({"exclude_last_years": 2}, "No prediction is left in-sample"),
        ({"exclude_last_years": 3000}, "than the calendar has"),
    ],
)
def test_what_cannot_be_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        window(**given)


@pytest.mark.property
@given(st.integers(0, 1), st.integers(0, 11), st.sampled_from(["day", "week"]))
def test_nothing_is_in_both_parts_and_the_purge_is_between_them(years, months, frequency):
    found = window(frequency, exclude_last_years=years, exclude_last_months=months)
    if found.cutoff is None or found.oos_start is None:
        assert 0 == years + months
        return
    assert found.end <= found.cutoff < found.oos_start
    between = (SESSIONS > np.datetime64(found.end)) & (SESSIONS < np.datetime64(found.oos_start))
    assert PURGED_SESSIONS[frequency] == between.sum()
