"""Training, validation and test windows, from a few numbers in ``model_config.json``.

Two kinds of windows exist. *Slide*: lengths in years, counted back from the anchor (the last
session the market data hold). *Fixed*: dates written in the config. With ``purge: true`` both are
moved onto sessions and the last sessions of the training and of the validation window, as many as
the label looks ahead, are taken away, so that no training label uses a price of the validation
window and no validation label one of the test window. With ``purge: false`` the dates are exactly
those of the earlier system: calendar days without a gap.

All dates are inclusive. A year is 365.25 days, cut to whole days toward zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import MissingDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantpits.config import ModelConfig

__all__ = ["DateWindows", "compute_windows", "resolve_anchor", "slide_dates"]

_SOURCE = "config/model_config.json"
_DAYS_PER_YEAR = 365.25
# The longest holiday of a market: a window that starts this close before it is not too early.
_HOLIDAY_DAYS = 15
_SEGMENTS = ("train", "valid", "test")
_LENGTH_KEYS = {
    "train": "train_set_windows",
    "valid": "valid_set_window",
    "test": "test_set_window",
}

Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class DateWindows:
    """The three windows of a training run, and the span of data they need.

    Attributes
    ----------
    anchor : date
        The date the run is known by: the last session of its data.
    data_start, data_end : date
        First and last date of the features.
    last_session : date
        Last session of the test window: the day that must be predicted.
    train, valid, test : tuple of date
        First and last date of each window, inclusive.
    horizon_sessions : int
        How far the label looks ahead [sessions].
    is_purged : bool
        Whether the horizon was taken away before the validation and the test window.
    notes : tuple of str
        What a person should know about how the dates came about.
    """

    anchor: date
    data_start: date
    data_end: date
    last_session: date
    train: Span
    valid: Span
    test: Span
    horizon_sessions: int
    is_purged: bool
    notes: tuple[str, ...] = ()

    def segments(self) -> dict[str, list[str]]:
        """Return the windows as Qlib's ``segments`` entry: name to ISO dates."""
        return {name: [day.isoformat() for day in getattr(self, name)] for name in _SEGMENTS}


def slide_dates(anchor: date, *, train: float, valid: float, test: float) -> dict[str, Span]:
    """Return the calendar dates of windows that slide with the anchor.

    Parameters
    ----------
    anchor : date
        Last date of the test window.
    train, valid, test : float
        Lengths of the windows [years]; fractions allowed.

    Returns
    -------
    dict
        Window name to first and last calendar date.

    Notes
    -----
    Source: decision 13; these are the dates of the earlier system. ``n`` years are
    ``trunc(n * 365.25)`` days.

    Examples
    --------
    >>> slide_dates(date(2026, 11, 6), train=3, valid=1, test=1)["test"]
    (datetime.date(2025, 11, 7), datetime.date(2026, 11, 6))
    """

    def back(years: float) -> date:
        return anchor - timedelta(days=int(years * _DAYS_PER_YEAR))

    day = timedelta(days=1)
    train_end, valid_end = back(valid + test), back(test)
    return {
        "train": (back(train + valid + test) + day, train_end),
        "valid": (train_end + day, valid_end),
        "test": (valid_end + day, anchor),
    }


def resolve_anchor(
    config: ModelConfig, sessions: NDArray[np.datetime64], future: NDArray[np.datetime64]
) -> date:
    """Return the date a run is known by.

    Parameters
    ----------
    config : ModelConfig
        ``train_date_mode`` and ``current_date`` are read.
    sessions : datetime64[D] [n_sessions]
        The sessions the market data hold, ascending.
    future : datetime64[D] [n_all]
        All known sessions, also those to come.

    Returns
    -------
    date
        The last session; or, when ``train_date_mode`` is not ``last_trade_date``, the last session
        on or before ``current_date``.

    Raises
    ------
    MissingDataError
        If the market data end before ``current_date``, or begin after it.
    """
    last = _as_date(sessions[-1])
    wanted = config.current_date
    if config.is_anchored_to_last_session or wanted is None:
        return last
    day = np.datetime64(wanted, "D")
    if np.any((future > sessions[-1]) & (future <= day)):
        raise MissingDataError(
            "The market data end before current_date.",
            where=_SOURCE,
            expected=f"sessions until {wanted}",
            found=f"the last session is {last}",
            hint="update the market data, or set train_date_mode to 'last_trade_date'",
        )
    known = sessions[sessions <= day]
    if known.size == 0:
        raise MissingDataError(
            "The market data begin after current_date.",
            where=_SOURCE,
            expected=f"a session on or before {wanted}",
            found=f"the first session is {_as_date(sessions[0])}",
        )
    return _as_date(known[-1])


def compute_windows(
    config: ModelConfig, sessions: NDArray[np.datetime64], *, anchor: date, horizon_sessions: int
) -> DateWindows:
    """Return the windows of a run.

    Parameters
    ----------
    config : ModelConfig
        Slice mode, lengths or dates, and ``purge``.
    sessions : datetime64[D] [n_sessions]
        The sessions the market data hold, ascending.
    anchor : date
        As `resolve_anchor` returns it.
    horizon_sessions : int
        How far the label looks ahead [sessions].

    Returns
    -------
    DateWindows
        Windows with at least one session each.

    Raises
    ------
    MissingDataError
        If the market's history is too short, naming the window and what to change.
    """
    notes = _anchor_notes(config, anchor)
    if config.is_sliding:
        spans = slide_dates(
            anchor,
            train=config.train_set_windows,
            valid=config.valid_set_window,
            test=config.test_set_window,
        )
        _check_history(spans["train"][0], sessions)
        data_start = spans["train"][0]
    else:
        spans = _fixed_dates(config)
        data_start = config.start_time
        notes += _history_notes(spans["train"][0], sessions)
    moved = _on_sessions(spans, sessions)
    if config.purge:
        spans = _purge(moved, sessions, horizon_sessions)
        data_start = _as_date(_from(sessions, data_start)[0])
    return DateWindows(
        anchor=anchor,
        data_start=min(data_start, spans["train"][0]),
        data_end=spans["test"][1],
        last_session=moved["test"][1],
        train=spans["train"],
        valid=spans["valid"],
        test=spans["test"],
        horizon_sessions=horizon_sessions,
        is_purged=config.purge,
        notes=tuple(notes),
    )


def _as_date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day.astype("datetime64[D]")))


def _from(sessions: NDArray[np.datetime64], first: date) -> NDArray[np.datetime64]:
    """Return the sessions on or after `first`."""
    return sessions[sessions >= np.datetime64(first, "D")]


def _fixed_dates(config: ModelConfig) -> dict[str, Span]:
    """Return the windows written in the config, whose order the config model has checked."""
    spans = {}
    for name, key in zip(_SEGMENTS, ("fit", "valid", "test"), strict=True):
        first, last = getattr(config, f"{key}_start_time"), getattr(config, f"{key}_end_time")
        spans[name] = (first, last)
    return spans


def _check_history(start: date, sessions: NDArray[np.datetime64]) -> None:
    """Refuse windows that begin well before the market's history does."""
    first = _as_date(sessions[0])
    if first > start + timedelta(days=_HOLIDAY_DAYS):
        years = (_as_date(sessions[-1]) - first).days / _DAYS_PER_YEAR
        raise MissingDataError(
            "The market's history is too short for the train window.",
            where=_SOURCE,
            expected=f"data from {start}",
            found=f"the first session is {first} ({years:.1f} years of history)",
            hint="lower train_set_windows, valid_set_window or test_set_window, or get more data",
        )


def _anchor_notes(config: ModelConfig, anchor: date) -> list[str]:
    wanted = config.current_date
    if config.is_anchored_to_last_session or wanted in {None, anchor}:
        return []
    return [f"current_date {wanted} is no session; the anchor is the session before it, {anchor}"]


def _history_notes(start: date, sessions: NDArray[np.datetime64]) -> list[str]:
    first = _as_date(sessions[0])
    if first <= start + timedelta(days=_HOLIDAY_DAYS):
        return []
    return [f"the train window starts at {first}, the market's first session, not at {start}"]


def _on_sessions(spans: dict[str, Span], sessions: NDArray[np.datetime64]) -> dict[str, Span]:
    """Return the windows shrunk to their first and last session."""
    moved = {}
    for name, (first, last) in spans.items():
        inside = _from(sessions, first)
        inside = inside[inside <= np.datetime64(last, "D")]
        if inside.size == 0:
            raise _empty(name, f"no session from {first} to {last}")
        moved[name] = (_as_date(inside[0]), _as_date(inside[-1]))
    return moved


def _purge(
    spans: dict[str, Span], sessions: NDArray[np.datetime64], horizon: int
) -> dict[str, Span]:
    """Return the windows without the sessions whose labels reach into the next window."""
    purged = dict(spans)
    for name, following in (("train", "valid"), ("valid", "test")):
        first, last = spans[name]
        boundary = int(np.searchsorted(sessions, np.datetime64(spans[following][0], "D")))
        at_last = int(np.searchsorted(sessions, np.datetime64(last, "D")))
        end = min(at_last, boundary - 1 - horizon)
        if end < 0 or sessions[end] < np.datetime64(first, "D"):
            found = f"{first} to {last}, of which the last {horizon} sessions are purged"
            raise _empty(name, found)
        purged[name] = (first, _as_date(sessions[end]))
    return purged


def _empty(name: str, found: str) -> MissingDataError:
    return MissingDataError(
        f"The {name} window is empty.",
        where=_SOURCE,
        expected="at least one session",
        found=found,
        hint=f"raise {_LENGTH_KEYS[name]}, correct the fixed dates, or get more market data",
    )
