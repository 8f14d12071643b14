import hashlib
from datetime import date

import numpy as np
import pytest

from quantpits.market.synthetic_calendar import FIRST_SESSION, HORIZON, synthetic_sessions


def test_calendar_is_the_same_on_every_machine():
    text = ",".join(synthetic_sessions().astype(str).tolist())

    expected = "ed4e3438d88633c77dffaa30ed684de40310b0b87555234afe4577707ec56890"
    assert expected == hashlib.sha256(text.encode()).hexdigest()


def test_calendar_spans_first_session_to_horizon():
    sessions = synthetic_sessions()

    assert FIRST_SESSION == sessions[0].item()
    assert HORIZON == sessions[-1].item()
    assert bool((np.diff(sessions) > np.timedelta64(0, "D")).all())


@pytest.mark.parametrize(
    "day",
    [
        date(2020, 1, 4),
        date(2021, 1, 1),
        date(2021, 5, 3),
        date(2026, 10, 1),
        date(2026, 10, 7),
        date(2024, 2, 5),
        date(2024, 2, 9),
    ],
)
def test_calendar_leaves_out_weekends_and_holidays(day):
    assert not np.isin(np.datetime64(day), synthetic_sessions())


@pytest.mark.parametrize("day", [date(2024, 2, 12), date(2026, 10, 8), date(2026, 11, 6)])
def test_calendar_has_the_days_around_them(day):
    assert np.isin(np.datetime64(day), synthetic_sessions())


def test_calendar_has_a_week_without_sessions_each_year():
    weeks = {session.item().isocalendar()[:2] for session in synthetic_sessions()}

    assert (2024, 6) not in weeks
    assert (2024, 7) in weeks
