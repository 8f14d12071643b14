"""Sessions of the synthetic market, from a fixed rule.

Every weekday is a session, except 1 January, the week (Monday to Friday) that holds 5 February, 1
to 5 May and 1 to 7 October. The rule stands in for the real holidays, which no program can know
years ahead; it leaves the long gaps in spring and autumn that real sessions have.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

__all__ = ["FIRST_SESSION", "HORIZON", "synthetic_sessions"]

FIRST_SESSION = date(2020, 1, 2)
HORIZON = date(2027, 12, 31)

_WEEKDAYS = 5
_SPRING_DAY = (2, 5)
# Month, first and last day of the holidays with a fixed date.
_FIXED_HOLIDAYS = ((1, 1, 1), (5, 1, 5), (10, 1, 7))


def synthetic_sessions() -> npt.NDArray[np.datetime64]:
    """Return every session of the synthetic market, past and future.

    Returns
    -------
    datetime64[D] [n_sessions]
        Ascending, from `FIRST_SESSION` to the last session not after `HORIZON`.

    Examples
    --------
    >>> sessions = synthetic_sessions()
    >>> str(sessions[0]), str(sessions[-1])
    ('2020-01-02', '2027-12-31')
    """
    n_days = (HORIZON - FIRST_SESSION).days + 1
    days = (FIRST_SESSION + timedelta(days=offset) for offset in range(n_days))
    return np.array([day for day in days if _is_session(day)], dtype="datetime64[D]")


def _is_session(day: date) -> bool:
    if day.weekday() >= _WEEKDAYS:
        return False
    if any(
        day.month == month and first <= day.day <= last for month, first, last in _FIXED_HOLIDAYS
    ):
        return False
    return day.isocalendar()[:2] != date(day.year, *_SPRING_DAY).isocalendar()[:2]
