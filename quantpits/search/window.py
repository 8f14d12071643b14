"""Which sessions a search chooses on, and which it keeps away from itself.

In-sample ends at the cutoff or before, out-of-sample begins after it. What is held over the cutoff
would belong to both, so the last sessions before the cutoff are purged: one holding period.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.errors import UsageError

if TYPE_CHECKING:
    from quantpits.search.results import DateArray

__all__ = ["PURGED_SESSIONS", "Bounds", "SearchWindow", "search_window"]

PURGED_SESSIONS: Final = {"day": 1, "week": 5}
"""Sessions between a trade and the next one, by frequency: what a signal is held for."""

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What was asked for.

    Attributes
    ----------
    start_date, end_date : date or None
        First and last date used at all.
    exclude_last_years, exclude_last_months : int
        Kept out-of-sample, counted back from the last date of the predictions.
    """

    start_date: date | None = None
    end_date: date | None = None
    exclude_last_years: int = 0
    exclude_last_months: int = 0

    @property
    def n_months(self) -> int:
        """Months kept out-of-sample."""
        return self.exclude_last_years * _MONTHS_A_YEAR + self.exclude_last_months


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWindow:
    """The sessions of a search.

    Attributes
    ----------
    start, end : date
        First and last session in-sample.
    cutoff : date or None
        What separates the two parts; None when nothing is excluded.
    n_purged : int
        Sessions left out before the cutoff.
    oos_start, oos_end : date or None
        First and last session out-of-sample; None if there is none.
    """

    start: date
    end: date
    cutoff: date | None = None
    n_purged: int = 0
    oos_start: date | None = None
    oos_end: date | None = None

    def describe(self) -> str:
        """Return the window in one line."""
        text = f"in-sample {self.start} to {self.end}"
        if self.cutoff is None:
            return text
        text += f", cutoff {self.cutoff} with {self.n_purged} sessions purged before it"
        if self.oos_start is None:
            return f"{text}, nothing after it"
        return f"{text}, out-of-sample {self.oos_start} to {self.oos_end}"


def search_window(bounds: Bounds, sessions: DateArray, *, frequency: str) -> SearchWindow:
    """Return the sessions that a request asks for.

    Parameters
    ----------
    bounds : Bounds
        What was asked for.
    sessions : datetime64[D] [T]
        Dates of the predictions, ascending, at least one.
    frequency : {"day", "week"}
        How often the portfolio is traded.

    Returns
    -------
    SearchWindow
        Out-of-sample is all that lies after the cutoff, up to the end date.

    Raises
    ------
    UsageError
        If a number is negative, the dates contradict each other, or nothing is left in-sample.

    Examples
    --------
    >>> days = np.arange("2025-01-01", "2025-12-31", dtype="datetime64[D]")
    >>> window = search_window(Bounds(exclude_last_months=6), days, frequency="week")
    >>> window.cutoff, window.end, window.oos_start
    (datetime.date(2025, 6, 30), datetime.date(2025, 6, 25), datetime.date(2025, 7, 1))
    """
    _check(bounds)
    last = sessions[-1].item()
    is_in = np.ones(len(sessions), dtype=np.bool_)
    if bounds.start_date is not None:
        is_in &= sessions >= np.datetime64(bounds.start_date, "D")
    if bounds.end_date is not None:
        is_in &= sessions <= np.datetime64(bounds.end_date, "D")
    used = sessions[is_in]
    if not bounds.n_months:
        _refuse_empty(used, sessions, bounds)
        return SearchWindow(start=used[0].item(), end=used[-1].item())
    cutoff = _months_before(last, bounds.n_months)
    if bounds.end_date is not None:
        cutoff = min(cutoff, bounds.end_date)
    n_purged = PURGED_SESSIONS[frequency]
    is_before = used <= np.datetime64(cutoff, "D")
    inside = used[is_before][: max(int(is_before.sum()) - n_purged, 0)]
    after = used[~is_before]
    _refuse_empty(inside, sessions, bounds)
    return SearchWindow(
        start=inside[0].item(),
        end=inside[-1].item(),
        cutoff=cutoff,
        n_purged=n_purged,
        oos_start=after[0].item() if len(after) else None,
        oos_end=after[-1].item() if len(after) else None,
    )


def _check(bounds: Bounds) -> None:
    if bounds.exclude_last_years < 0 or bounds.exclude_last_months < 0:
        raise UsageError(
            "The number of years and months to exclude cannot be negative.",
            where="--exclude-last-years, --exclude-last-months",
            found=f"{bounds.exclude_last_years} and {bounds.exclude_last_months}",
        )
    start, end = bounds.start_date, bounds.end_date
    if start is not None and end is not None and start > end:
        raise UsageError(
            "The dates to search start after they end.",
            where="--start-date",
            expected=f"{end} or earlier",
            found=start,
        )


def _refuse_empty(inside: DateArray, sessions: DateArray, bounds: Bounds) -> None:
    if len(inside):
        return
    months = f", less the last {bounds.n_months} months" if bounds.n_months else ""
    raise UsageError(
        "No prediction is left in-sample.",
        expected=f"sessions within {sessions[0]} to {sessions[-1]}",
        found=f"{bounds.start_date or 'the beginning'} to {bounds.end_date or 'the end'}{months}",
        hint="exclude less, or move the dates",
    )


def _months_before(day: date, n_months: int) -> date:
    months = day.year * _MONTHS_A_YEAR + day.month - 1 - n_months
    year, month = divmod(months, _MONTHS_A_YEAR)
    if year < 1:
        raise UsageError(
            "More is excluded than the calendar has.",
            where="--exclude-last-years, --exclude-last-months",
            found=f"{n_months} months before {day}",
        )
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
