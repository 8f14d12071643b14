"""Where an axis of dates has ticks, and how numbers are written.

Dates are written as ISO dates, shortened to the part that differs from tick to tick, so that five
days and ten years are both read at a glance, on every machine and in every locale alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from quantpits.charts.kinds import AxisKind, DateArray, FloatArray

__all__ = ["common_digits", "date_ticks", "number_text"]

# Steps of a calendar that people read, from the finest: unit and count.
_STEPS: Final = (
    ("D", 1),
    ("D", 2),
    ("D", 7),
    ("D", 14),
    ("M", 1),
    ("M", 2),
    ("M", 3),
    ("M", 6),
    ("Y", 1),
    ("Y", 2),
    ("Y", 5),
    ("Y", 10),
    ("Y", 25),
)
# Sizes at which a number needs fewer decimals.
_WHOLE_PERCENT: Final = 100
_WHOLE_NUMBER: Final = 1000
_TWO_DIGITS: Final = 0.01
_MONDAY: Final = np.datetime64("1970-01-05", "D")


def date_ticks(dates: DateArray, *, n_max: int = 9) -> tuple[tuple[np.datetime64, str], ...]:
    """Return the ticks of an axis that spans `dates`.

    Parameters
    ----------
    dates : datetime64[D] [T]
        Rising, at least one.
    n_max : int
        Most ticks wanted; at least 2.

    Returns
    -------
    tuple of (datetime64[D], str)
        Days within the span, rising, with their text. Up to `n_max` sessions get a tick each.

    Examples
    --------
    >>> days = np.array(["2021-01-04", "2023-12-29"], dtype="datetime64[D]")
    >>> [text for _, text in date_ticks(days, n_max=4)]
    ['2021-01-04', '2023-12-29']
    >>> days = np.arange("2021-01-04", "2023-12-29", dtype="datetime64[D]")
    >>> [text for _, text in date_ticks(days, n_max=4)]
    ['2022', '2023']
    """
    days = dates.astype("datetime64[D]")
    if len(days) <= n_max:
        return tuple((day, str(day)) for day in days)
    for unit, count in _STEPS:
        ticks = _stepped(days[0], days[-1], unit, count)
        if len(ticks) <= n_max:
            break
    length = {"D": 10, "M": 7, "Y": 4}[unit]
    return tuple((tick, str(tick)[:length]) for tick in ticks)


def _stepped(
    first: np.datetime64, last: np.datetime64, unit: str, count: int
) -> tuple[np.datetime64, ...]:
    """Return the whole multiples of a calendar step within the span."""
    if unit == "D":
        start = _MONDAY + (first - _MONDAY) // np.timedelta64(count, "D") * count
        ticks = np.arange(start, last + 1, np.timedelta64(count, "D"))
    else:
        start = first.astype(f"datetime64[{unit}]").astype(np.int64) // count * count
        stop = last.astype(f"datetime64[{unit}]").astype(np.int64)
        ticks = np.arange(start, stop + 1, count).astype(f"datetime64[{unit}]")
    days = ticks.astype("datetime64[D]")
    return tuple(days[(days >= first) & (days <= last)])


def number_text(value: float, kind: AxisKind = "number", *, digits: int | None = None) -> str:
    """Return a number as a person reads it; a dash for one that does not exist.

    Parameters
    ----------
    value : float
        The number; a fraction where `kind` is ``"percent"``.
    kind : {"number", "percent", "integer"}
        How to write it.
    digits : int, optional
        Decimals; as many as the size of the number asks for when omitted.

    Returns
    -------
    str
        With a real minus sign, never ``-0``.

    Examples
    --------
    >>> number_text(0.1234, "percent"), number_text(-2.5), number_text(float("nan"))
    ('12.3%', '−2.50', '–')
    >>> number_text(1234567, "integer")
    '1,234,567'
    """
    if not np.isfinite(value):
        return "–"
    shown = value * 100 if kind == "percent" else value
    if kind == "integer":
        digits = 0
    elif digits is None:
        digits = _digits(abs(shown), percent=kind == "percent")
    text = f"{shown:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−") + ("%" if kind == "percent" else "")


def common_digits(values: FloatArray) -> int:
    """Return how many decimals show all values alike, with two figures of the largest.

    Parameters
    ----------
    values : float64 [n]
        Numbers that are shown together; those that are not finite do not count.

    Returns
    -------
    int
        0 to 6.

    Examples
    --------
    >>> common_digits(np.array([0.0612, 0.0012])), common_digits(np.array([1.5, 12.0]))
    (3, 0)
    """
    sizes = np.abs(values[np.isfinite(values)])
    largest = float(sizes.max()) if len(sizes) else 0.0
    if not largest > 0:
        return 0
    return int(np.clip(1 - np.floor(np.log10(largest)), 0, 6))


def _digits(size: float, *, percent: bool) -> int:
    if percent:
        return 0 if size >= _WHOLE_PERCENT else 1
    if size >= _WHOLE_NUMBER:
        return 0
    return 2 if size >= _TWO_DIGITS or size == 0 else 4
