"""Which dates count, and what that makes of a result."""

from datetime import date

import numpy as np
import pytest

from quantpits.errors import UsageError
from quantpits.fusion.request import FuseRequest
from quantpits.fusion.window import Window, window_of

ANCHOR = date(2026, 1, 30)


def test_window_without_settings_is_full():
    window = window_of(FuseRequest(), ANCHOR)
    assert Window("full") == window
    assert window.is_full
    assert "" == window.suffix


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (FuseRequest(start_date=date(2025, 1, 1)), Window("cut", date(2025, 1, 1), None)),
        (FuseRequest(end_date=date(2025, 1, 1)), Window("cut", None, date(2025, 1, 1))),
        (FuseRequest(only_last_years=1), Window("oos", date(2025, 1, 31), None)),
        (FuseRequest(only_last_months=2), Window("oos", date(2025, 12, 1), None)),
        (FuseRequest(only_last_years=1, only_last_months=1), Window("oos", date(2024, 12, 31))),
        (
            FuseRequest(only_last_months=1, end_date=date(2026, 1, 9)),
            Window("oos", date(2025, 12, 31), date(2026, 1, 9)),
        ),
    ],
)
def test_window_of(request_, expected):
    assert expected == window_of(request_, ANCHOR)


def test_window_of_a_short_month_starts_after_its_last_day():
    # A month before March 31 is February 29: what follows starts on March 1.
    assert date(2024, 3, 1) == window_of(FuseRequest(only_last_months=1), date(2024, 3, 31)).start


def test_window_suffix_names_what_was_cut():
    assert "_oos" == Window("oos").suffix
    assert "_cut" == Window("cut").suffix


@pytest.mark.parametrize(
    ("request_", "match"),
    [
        (FuseRequest(only_last_years=-1), "cannot be negative"),
        (FuseRequest(only_last_months=-1), "cannot be negative"),
        (FuseRequest(only_last_years=1, start_date=date(2025, 1, 1)), "contradict each other"),
        (FuseRequest(start_date=date(2025, 1, 2), end_date=date(2025, 1, 1)), "start after"),
        (FuseRequest(only_last_months=1, end_date=date(2025, 1, 1)), "start after"),
        (FuseRequest(only_last_years=3000), "longer than the calendar"),
    ],
)
def test_window_of_refuses(request_, match):
    with pytest.raises(UsageError, match=match):
        window_of(request_, ANCHOR)


def test_window_holds_both_ends():
    dates = np.array(["2025-01-01", "2025-01-02", "2025-01-03"], dtype="datetime64[D]")
    window = Window("cut", date(2025, 1, 2), date(2025, 1, 2))
    assert [False, True, False] == window.holds(dates).tolist()
    assert [True, True, True] == Window("full").holds(dates).tolist()
