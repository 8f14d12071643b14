"""Which dates a fusion uses, and what that makes of its result.

Orders may only follow a fusion of all dates. One that was cut by dates, or kept to the last months
to look at them out of sample, carries that in its name and is never written where orders look.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from quantpits.errors import UsageError

if TYPE_CHECKING:
    from quantpits.fusion.request import FuseRequest
    from quantpits.signals import BoolArray, DateArray

__all__ = ["Window", "window_of"]

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Window:
    """The dates that count.

    Attributes
    ----------
    kind : {"full", "cut", "oos"}
        All dates; between two dates; only the last years and months.
    start, end : date or None
        First and last date, both included; None for no bound.
    """

    kind: Literal["full", "cut", "oos"]
    start: date | None = None
    end: date | None = None

    @property
    def is_full(self) -> bool:
        """Whether every date counts."""
        return self.kind == "full"

    @property
    def suffix(self) -> str:
        """What the name of a result carries: nothing, ``_cut`` or ``_oos``."""
        return "" if self.is_full else f"_{self.kind}"

    def holds(self, dates: DateArray) -> BoolArray:
        """Return which of the dates count.

        Parameters
        ----------
        dates : datetime64[D] [T]
            Any order.

        Returns
        -------
        bool [T]
            True between `start` and `end`.
        """
        is_in = np.ones(len(dates), dtype=np.bool_)
        if self.start is not None:
            is_in &= dates >= np.datetime64(self.start, "D")
        if self.end is not None:
            is_in &= dates <= np.datetime64(self.end, "D")
        return is_in


def window_of(request: FuseRequest, anchor: date) -> Window:
    """Return the dates that a request asks for.

    Parameters
    ----------
    request : FuseRequest
        Its four date settings.
    anchor : date
        Last session of the predictions.

    Returns
    -------
    Window
        For the last years and months: the dates *after* the anchor less that long, as calendar
        months; a day that the month lacks becomes its last.

    Raises
    ------
    UsageError
        If a number is negative, both kinds of bound are given, or start is after end.

    Examples
    --------
    >>> from quantpits.fusion.request import FuseRequest
    >>> window_of(FuseRequest(only_last_months=1), date(2024, 3, 31)).start
    datetime.date(2024, 3, 1)
    """
    n_months = request.only_last_years * _MONTHS_A_YEAR + request.only_last_months
    if request.only_last_years < 0 or request.only_last_months < 0:
        raise UsageError(
            "The number of last years and months cannot be negative.",
            where="--only-last-years, --only-last-months",
            expected="0 or more",
            found=f"{request.only_last_years} and {request.only_last_months}",
        )
    if n_months and request.start_date is not None:
        raise UsageError(
            "A start date and a number of last years or months contradict each other.",
            where="--start-date",
            hint="give one of them",
        )
    start, end = request.start_date, request.end_date
    if n_months:
        start = _months_before(anchor, n_months) + timedelta(days=1)
    if start is not None and end is not None and start > end:
        raise UsageError(
            "The dates to fuse start after they end.",
            expected=f"a start of {end} or earlier",
            found=start,
        )
    if n_months:
        return Window("oos", start, end)
    return Window("full") if start is None and end is None else Window("cut", start, end)


def _months_before(day: date, n_months: int) -> date:
    months = day.year * _MONTHS_A_YEAR + day.month - 1 - n_months
    year, month = divmod(months, _MONTHS_A_YEAR)
    if year < 1:
        raise UsageError(
            "The number of last years is longer than the calendar.",
            where="--only-last-years, --only-last-months",
            found=f"{n_months} months before {day}",
        )
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
