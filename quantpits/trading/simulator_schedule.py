"""When a simulation trades, and on which scores: rows of the calendar.

Two timings. In ``next_session`` a score that is known after the close of one session trades in a
later one: every session on the day before it, or the first session of each ISO week on the last
scores before it. In ``qlib`` the calendar is cut into Qlib's steps, and a step trades on the scores
of the step before it, at the last price of its own.

Qlib starts a week wherever a session's weekday is lower than that of the session before, so after
a holiday that ends later in the week than it began two weeks become one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quantpits.errors import DataError, ShapeError

if TYPE_CHECKING:
    from datetime import date

    from quantpits.trading.kernels import BoolArray, IntArray

__all__ = [
    "DateArray",
    "Frequency",
    "QlibSteps",
    "oldest_signals",
    "qlib_steps",
    "signal_rows",
]

DateArray: TypeAlias = NDArray[np.datetime64]
Frequency: TypeAlias = Literal["day", "week"]

NO_SIGNAL = -1
_DAYS_IN_WEEK = 7
_MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday


class QlibSteps(NamedTuple):
    """Qlib's steps as half-open ranges of calendar rows.

    Attributes
    ----------
    first, stop : int64 [S]
        Sessions of each step: rows ``first`` to ``stop - 1``.
    signal_first, signal_stop : int64 [S]
        Sessions of the step before it, whose scores it trades on; empty if the calendar does not
        reach back that far.
    """

    first: IntArray
    stop: IntArray
    signal_first: IntArray
    signal_stop: IntArray


def signal_rows(dates: DateArray, has_signal: BoolArray, *, frequency: Frequency) -> IntArray:
    """Return for each session the row of the scores it trades on, -1 where it does not trade.

    Parameters
    ----------
    dates : datetime64[D] [T]
        Sessions, ascending.
    has_signal : bool [T]
        Whether any score became known after the close of the session.
    frequency : {"day", "week"}
        Every session on the one before, or the first session of each ISO week on the last scores
        before it.

    Returns
    -------
    int64 [T]
        Rows, each before its own session. The first session never trades: nothing precedes it, and
        whether it is the first of its week is not known.

    Raises
    ------
    ShapeError
        If the two arrays differ in length.
    DataError
        If the dates do not ascend, or the frequency is unknown.

    Notes
    -----
    Timing: only scores of strictly earlier sessions. Source: decision 7.

    Examples
    --------
    >>> days = np.array(["2024-01-04", "2024-01-05", "2024-01-08"], dtype="datetime64[D]")
    >>> signal_rows(days, np.array([True, True, True]), frequency="week").tolist()
    [-1, -1, 1]
    """
    if has_signal.shape != dates.shape:
        raise ShapeError(
            "The marks of signal days do not fit the dates.",
            expected=dates.shape,
            found=has_signal.shape,
        )
    oldest = oldest_signals(dates, frequency=frequency)
    rows = np.arange(dates.size, dtype=np.int64)
    last = np.maximum.accumulate(np.where(has_signal, rows, NO_SIGNAL))
    before = np.concatenate([[NO_SIGNAL], last])[: dates.size]
    return np.where(before >= oldest, before, NO_SIGNAL)


def oldest_signals(dates: DateArray, *, frequency: Frequency) -> IntArray:
    """Return for each session the oldest row whose scores it may trade on.

    A session trades on the last scores before it that are not older than this.

    Parameters
    ----------
    dates : datetime64[D] [T]
        Sessions, ascending.
    frequency : {"day", "week"}
        As for `signal_rows`.

    Returns
    -------
    int64 [T]
        Rows; the session's own row where it does not trade.

    Raises
    ------
    DataError
        If the dates do not ascend, or the frequency is unknown.

    Examples
    --------
    >>> days = np.array(["2024-01-04", "2024-01-05", "2024-01-08"], dtype="datetime64[D]")
    >>> oldest_signals(days, frequency="day").tolist()
    [0, 0, 1]
    >>> oldest_signals(days, frequency="week").tolist()
    [0, 1, 0]
    """
    _check_dates(dates)
    rows = np.arange(dates.size, dtype=np.int64)
    if frequency == "day":
        return np.maximum(rows - 1, 0)
    if frequency == "week":
        week = (dates.astype("datetime64[D]").astype(np.int64) + _MONDAY_OFFSET) // _DAYS_IN_WEEK
        return np.where(np.diff(week, prepend=week[:1]) > 0, 0, rows)
    raise DataError("There is no such frequency.", expected="'day' or 'week'", found=frequency)


def qlib_steps(
    calendar: DateArray,
    *,
    start: date,
    end: date,
    frequency: Frequency,
) -> QlibSteps:
    """Return the steps of a backtest from `start` to `end` as Qlib cuts the calendar.

    Parameters
    ----------
    calendar : datetime64[D] [T]
        All sessions, future ones included, from the first of the market on: Qlib takes the first
        row for the start of a week, and needs a step after the last one.
    start, end : date
        First and last day, both inclusive.
    frequency : {"day", "week"}
        Length of a step.

    Returns
    -------
    QlibSteps
        Rows of `calendar`. The last step is cut at `end`, as the prices of Qlib's exchange are.

    Raises
    ------
    DataError
        If the dates do not ascend, no step begins in the range, or the calendar has no step after
        the last one.

    Notes
    -----
    Source: ``resam_calendar`` and ``TradeCalendarManager.get_step_time`` of pyqlib 0.9.7.

    Examples
    --------
    >>> from datetime import date
    >>> days = np.arange("2024-01-01", "2024-01-24", dtype="datetime64[D]")
    >>> steps = qlib_steps(
    ...     days, start=date(2024, 1, 4), end=date(2024, 1, 15), frequency="week"
    ... )
    >>> steps.first.tolist(), steps.stop.tolist()
    ([7, 14], [14, 15])
    """
    _check_dates(calendar)
    days = calendar.astype("datetime64[D]")
    if frequency == "week":
        weekday = (days.astype(np.int64) + _MONDAY_OFFSET) % _DAYS_IN_WEEK
        begins = np.flatnonzero(np.diff(weekday, prepend=_DAYS_IN_WEEK) < 0)
    else:
        begins = np.arange(days.size)
    low = int(np.searchsorted(days[begins], np.datetime64(start), side="left"))
    high = int(np.searchsorted(days[begins], np.datetime64(end), side="right"))
    if low >= high or high >= begins.size:
        raise DataError(
            "The calendar does not hold the steps of a backtest.",
            where=f"{start} to {end}",
            expected="at least one step, and another one after the last",
            found=f"{high - low} steps, {begins.size - high} after them",
            hint="A spare session (or week) is needed after the end; future sessions count.",
        )
    last = int(np.searchsorted(days, np.datetime64(end), side="right"))
    edges = begins[low : high + 1].astype(np.int64)
    before = begins[low - 1] if low > 0 else begins[low]
    return QlibSteps(
        first=edges[:-1],
        stop=np.minimum(edges[1:], last),
        signal_first=np.concatenate([[before], edges[:-2]]).astype(np.int64),
        signal_stop=edges[:-1],
    )


def _check_dates(dates: DateArray) -> None:
    if dates.ndim != 1 or not np.all(dates[1:] > dates[:-1]):
        raise DataError("The sessions of a simulation do not ascend.", expected="one row a session")
