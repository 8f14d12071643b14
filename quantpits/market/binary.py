"""Qlib's binary market format: what is written where, and how it is read back.

A market is a folder::

    calendars/day.txt           one ISO date a line: the sessions that have data
    calendars/day_future.txt    the same and the known sessions after them
    instruments/<name>.txt      instrument, first and last date of membership, tab separated
    features/<code>/<field>.day.bin   little-endian float32: position of the first value in
                                day.txt, then the values

Conventions: price fields are adjusted (raw × factor), volume is adjusted (raw / factor), ``factor``
is cumulative, an instrument without trading on a session has NaN there. Encoding here is pure; only
the ``read_`` functions touch files, and none of them imports Qlib.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import CorruptArtifactError, MissingDataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "CALENDAR_FILE",
    "FUTURE_CALENDAR_FILE",
    "Span",
    "encode_field",
    "encode_sessions",
    "encode_spans",
    "feature_file",
    "instruments_file",
    "read_field",
    "read_sessions",
    "read_spans",
]

CALENDAR_FILE = "calendars/day.txt"
FUTURE_CALENDAR_FILE = "calendars/day_future.txt"

_VALUE = np.dtype("<f4")
_SPAN_COLUMNS = 3
# Names that Qlib renames because Windows cannot have a folder of that name.
_RENAMED = frozenset(
    {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(10)}
)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One stretch of membership.

    Attributes
    ----------
    instrument : str
        Such as ``"SH600000"``.
    first, last : date
        First and last day of membership, both inclusive.
    """

    instrument: str
    first: date
    last: date


def feature_file(instrument: str, field: str) -> str:
    """Return the path of a field's file inside a market folder.

    Parameters
    ----------
    instrument : str
        Such as ``"SH600000"``.
    field : str
        Such as ``"close"``, without the dollar sign.

    Returns
    -------
    str
        Relative path with forward slashes.

    Examples
    --------
    >>> feature_file("SH600000", "close")
    'features/sh600000/close.day.bin'
    """
    code = f"_qlib_{instrument}" if instrument.upper() in _RENAMED else instrument
    return f"features/{code.lower()}/{field.lower()}.day.bin"


def instruments_file(universe: str) -> str:
    """Return the path of a universe's file inside a market folder.

    Parameters
    ----------
    universe : str
        Such as ``"csi300"``.

    Returns
    -------
    str
        Relative path with forward slashes.
    """
    return f"instruments/{universe.lower()}.txt"


def encode_field(start: int, values: npt.ArrayLike) -> bytes:
    """Return the bytes of a field's file.

    Parameters
    ----------
    start : int
        Position of the first value in ``day.txt``.
    values : float [n]
        One value for each session from there on; NaN where nothing traded.

    Returns
    -------
    bytes
        4 × (n + 1) bytes.

    Examples
    --------
    >>> encode_field(2, [1.5]).hex()
    '000000400000c03f'
    """
    array = np.asarray(values, dtype=np.float64)
    encoded = np.empty(array.size + 1, dtype=_VALUE)
    encoded[0] = start
    encoded[1:] = array
    return encoded.tobytes()


def encode_sessions(sessions: npt.NDArray[np.datetime64]) -> bytes:
    """Return the bytes of a calendar file.

    Parameters
    ----------
    sessions : datetime64[D] [n]
        Ascending.

    Returns
    -------
    bytes
        One ISO date a line.
    """
    return "".join(f"{day}\n" for day in sessions.astype("datetime64[D]").astype(str)).encode()


def encode_spans(spans: Iterable[Span]) -> bytes:
    """Return the bytes of an instruments file.

    Parameters
    ----------
    spans : iterable of Span
        In any order.

    Returns
    -------
    bytes
        Sorted by instrument, then first day.
    """
    lines = (f"{span.instrument}\t{span.first}\t{span.last}\n" for span in sorted(spans))
    return "".join(lines).encode()


def read_sessions(path: Path) -> npt.NDArray[np.datetime64]:
    """Read a calendar file.

    Parameters
    ----------
    path : Path
        ``day.txt`` or ``day_future.txt``; a time of day after the date is ignored.

    Returns
    -------
    datetime64[D] [n]
        Ascending, without duplicates.

    Raises
    ------
    MissingDataError
        If the file does not exist or has no date.
    CorruptArtifactError
        If a line is no date, or the dates do not ascend.
    """
    lines = _read_lines(path)
    parsed = [_parse_day(line, path, number) for number, line in lines]
    days = np.array(parsed, dtype="datetime64[D]")
    if not lines:
        raise MissingDataError("The market calendar is empty.", where=path)
    bad = np.flatnonzero(days[1:] <= days[:-1])
    if bad.size:
        number = lines[int(bad[0]) + 1][0]
        raise CorruptArtifactError(
            "The market calendar does not ascend.",
            where=f"{path}:{number}",
            expected=f"a date after {days[bad[0]]}",
            found=days[bad[0] + 1],
        )
    return days


def read_spans(path: Path) -> tuple[Span, ...]:
    """Read an instruments file.

    Parameters
    ----------
    path : Path
        ``instruments/<name>.txt``.

    Returns
    -------
    tuple of Span
        In file order, codes in upper case.

    Raises
    ------
    MissingDataError
        If the file does not exist.
    CorruptArtifactError
        If a line has no three columns, or no dates, or ends before it begins.
    """
    spans = []
    for number, line in _read_lines(path):
        parts = line.split("\t")
        if len(parts) < _SPAN_COLUMNS:
            raise CorruptArtifactError(
                "A line of an instruments file is not complete.",
                where=f"{path}:{number}",
                expected="instrument, first date and last date, separated by tabs",
                found=line,
            )
        first, last = (_parse_day(part, path, number) for part in parts[1:_SPAN_COLUMNS])
        if last < first:
            raise CorruptArtifactError(
                "A membership ends before it begins.",
                where=f"{path}:{number}",
                expected=f"a last date not before {first}",
                found=last,
            )
        spans.append(Span(parts[0].strip().upper(), first, last))
    return tuple(spans)


def read_field(path: Path, start: int, *, n_values: int) -> npt.NDArray[np.float64] | None:
    """Read a stretch of one field of one instrument.

    Parameters
    ----------
    path : Path
        ``features/<code>/<field>.day.bin``.
    start : int
        Position of the first wanted value in ``day.txt``.
    n_values : int
        How many values are wanted.

    Returns
    -------
    float64 [n_values] or None
        NaN for sessions outside the file; None if there is no such file.

    Raises
    ------
    CorruptArtifactError
        If the file is no array of float32, or does not begin with a position.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(data) % _VALUE.itemsize:
        raise CorruptArtifactError(
            "A market data file is cut off.",
            where=path,
            expected="a multiple of 4 bytes",
            found=f"{len(data)} bytes",
        )
    wanted = np.full(n_values, np.nan)
    stored = np.frombuffer(data, dtype=_VALUE)
    if stored.size == 0:
        return wanted
    if not (np.isfinite(stored[0]) and stored[0] >= 0 and stored[0] == np.floor(stored[0])):
        raise CorruptArtifactError(
            "A market data file does not begin with a position.",
            where=path,
            expected="a whole number not below 0",
            found=float(stored[0]),
        )
    first = int(stored[0])
    low, high = max(first, start), min(first + stored.size - 1, start + n_values)
    if low < high:
        wanted[low - start : high - start] = stored[1 + low - first : 1 + high - first]
    return wanted


def _read_lines(path: Path) -> list[tuple[int, str]]:
    """Lines that are not blank, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingDataError(
            "A file of the market data does not exist.",
            where=path,
            hint="Check the provider folder in config/market.yaml or QLIB_DATA_DIR.",
        ) from error
    except UnicodeDecodeError as error:
        raise CorruptArtifactError(
            "A file of the market data is not text.", where=path, expected="UTF-8"
        ) from error
    return [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _parse_day(text: str, path: Path, number: int) -> date:
    stripped = text.strip()
    try:
        return date.fromisoformat(stripped[:10])
    except ValueError as error:
        raise CorruptArtifactError(
            "A file of the market data has a bad date.",
            where=f"{path}:{number}",
            expected="YYYY-MM-DD",
            found=stripped,
        ) from error
