"""The folds of a walk-forward: a model trained again and again, each time only on its past.

Every fold has a training, a validation and a test window; the test windows follow each other
without a hole, so that together they are one prediction out of sample. Between the windows as many
sessions are left out as the label looks ahead, or more: no label that a fold learns from or stops
by uses a price of the window after it.

The folds are counted from the first one, so that new sessions lengthen the last fold or add one,
and leave all others as they were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from quantpits.errors import MissingDataError, UsageError
from quantpits.modeling.windows import DateWindows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FoldSchedule", "parse_step", "walk_forward_folds"]

_DAYS_PER_YEAR = 365.25
# The longest holiday of a market: a window that starts this close before its history has it whole.
_HOLIDAY_DAYS = 15
_STEP = re.compile(r"(?P<count>[1-9]\d*)(?P<unit>w?)")
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday

StepUnit = Literal["sessions", "weeks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldSchedule:
    """How often a model is trained again, and on how much.

    Attributes
    ----------
    train_years, valid_years : float
        Lengths of the training and of the validation window [years].
    step : int
        Length of a test window, after which the model is trained again.
    step_unit : {"sessions", "weeks"}
        Unit of the step; weeks are those of the calendar.
    gap : int or None
        Sessions left out before the validation and the test window; None: what the label looks
        ahead [sessions].
    start : date or None
        First date to predict; None: as early as the history allows.
    """

    train_years: float
    valid_years: float
    step: int
    step_unit: StepUnit = "sessions"
    gap: int | None = None
    start: date | None = None


def parse_step(text: str) -> tuple[int, StepUnit]:
    """Return the length of a step: ``"60"`` sessions or ``"12w"`` weeks.

    Raises
    ------
    UsageError
        If it is neither.

    Examples
    --------
    >>> parse_step("12w")
    (12, 'weeks')
    """
    match = _STEP.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            "The step of a walk-forward cannot be read.",
            where="--step",
            expected="sessions such as 60, or weeks such as 12w",
            found=text,
        )
    return int(match["count"]), "weeks" if match["unit"] else "sessions"


def walk_forward_folds(
    sessions: NDArray[np.datetime64],
    schedule: FoldSchedule,
    *,
    anchor: date,
    horizon_sessions: int,
) -> tuple[DateWindows, ...]:
    """Return the windows of every fold, the first one first.

    Parameters
    ----------
    sessions : datetime64[D] [n_sessions]
        The sessions the market data hold, ascending.
    schedule : FoldSchedule
        Lengths, step and gap.
    anchor : date
        Last session to predict.
    horizon_sessions : int
        How far the label looks ahead [sessions].

    Returns
    -------
    tuple of DateWindows
        At least one; the last may be shorter than a step.

    Raises
    ------
    UsageError
        If the gap is smaller than the label's horizon.
    MissingDataError
        If the history is too short, or a window would be empty.
    """
    gap = horizon_sessions if schedule.gap is None else schedule.gap
    if gap < horizon_sessions:
        raise UsageError(
            "The gap is smaller than the label looks ahead, so labels would know the test window.",
            where="--gap",
            expected=f"at least {horizon_sessions} sessions",
            found=gap,
        )
    known = sessions[sessions <= np.datetime64(anchor, "D")]
    first = _first_test(known, schedule)
    block = _blocks(known, first, schedule)
    starts = first + np.flatnonzero(np.diff(block[first:], prepend=-1))
    stops = [*starts[1:], len(known)]
    return tuple(
        _fold(known, int(start), int(stop), schedule=schedule, gap=gap)
        for start, stop in zip(starts, stops, strict=True)
    )


def _first_test(known: NDArray[np.datetime64], schedule: FoldSchedule) -> int:
    """Return the position of the first session to predict, with enough history before it."""
    needed = timedelta(days=int((schedule.train_years + schedule.valid_years) * _DAYS_PER_YEAR))
    first = _date_at(known, 0)
    earliest = first + needed
    wanted = schedule.start or earliest
    position = int(np.searchsorted(known, np.datetime64(wanted, "D")))
    if wanted + timedelta(days=_HOLIDAY_DAYS) < earliest or position >= len(known):
        years = (_date_at(known, len(known) - 1) - first).days / _DAYS_PER_YEAR
        raise MissingDataError(
            "The market's history is too short for a walk-forward.",
            expected=f"sessions to predict from {max(wanted, earliest)}",
            found=f"sessions from {first} to {_date_at(known, len(known) - 1)} ({years:.1f} years)",
            hint="lower --window or --valid, choose a later --start, or get more data",
        )
    return position


def _blocks(known: NDArray[np.datetime64], first: int, schedule: FoldSchedule) -> NDArray[np.int64]:
    """Return the number of the fold that tests each session; negative before the first."""
    if schedule.step_unit == "sessions":
        return (np.arange(len(known), dtype=np.int64) - first) // schedule.step
    weeks = (known.astype("datetime64[D]").astype(np.int64) + _EPOCH_WEEKDAY) // 7
    blocks: NDArray[np.int64] = (weeks - weeks[first]) // schedule.step
    return blocks


def _fold(
    known: NDArray[np.datetime64], start: int, stop: int, *, schedule: FoldSchedule, gap: int
) -> DateWindows:
    """Return the windows around the test window ``[start, stop)``."""
    first_test = _date_at(known, start)

    def back(years: float) -> int:
        day = first_test - timedelta(days=int(years * _DAYS_PER_YEAR))
        return int(np.searchsorted(known, np.datetime64(day, "D")))

    train, valid = back(schedule.train_years + schedule.valid_years), back(schedule.valid_years)
    last_train, last_valid = valid - 1 - gap, start - 1 - gap
    if last_train < train or last_valid < valid:
        raise MissingDataError(
            "A window of the walk-forward is empty.",
            where=f"the fold that predicts from {first_test}",
            expected=f"more than {gap} sessions in the training and in the validation window",
            hint="raise --window or --valid",
        )
    last_test = _date_at(known, stop - 1)
    return DateWindows(
        anchor=last_test,
        data_start=_date_at(known, train),
        data_end=last_test,
        last_session=last_test,
        train=(_date_at(known, train), _date_at(known, last_train)),
        valid=(_date_at(known, valid), _date_at(known, last_valid)),
        test=(first_test, last_test),
        horizon_sessions=gap,
        is_purged=True,
    )


def _date_at(days: NDArray[np.datetime64], position: int) -> date:
    return date.fromisoformat(str(days[position].astype("datetime64[D]")))
