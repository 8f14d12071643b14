"""CSV and Parquet files as one table of arrays, checked for what makes an import impossible.

Nothing is repaired here. Every refusal names the file, and the row where there is one.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import (
    CorruptArtifactError,
    DataError,
    MissingArtifactError,
    MissingDataError,
    UsageError,
    name_list,
)
from quantpits.market.importer_request import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from quantpits.market.importer_symbols import normalise_symbols
from quantpits.workspace import sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from quantpits.market.calendar import DateArray
    from quantpits.market.importer_request import ImportRequest
    from quantpits.market.quotes import FloatArray
    from quantpits.workspace import Advance

__all__ = ["SourceFile", "SourceTable", "read_table"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_CSV, _PARQUET = (".csv", ".txt"), (".parquet", ".pq")
_FIRST_ROW = {True: 2, False: 1}  # a CSV has a header line before its rows
_DAY_LENGTH = 10
_SHORTEST_DAY = 8
_FLAGS = {"suspended": "suspended", "is_st": "risk-warned"}
_NOT_A_NUMBER = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "--"]
_YES = frozenset({"true", "1", "1.0", "yes", "y", "是", "停牌", "st", "*st"})
_NO = frozenset({"false", "0", "0.0", "no", "n", "否", "", "nan", "none", "<na>"})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that was read.

    Attributes
    ----------
    name : str
        Its name without the folder.
    sha256 : str
        Hash of its content.
    """

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class SourceTable:
    """All files as one table of R rows, sorted by instrument, then session.

    Attributes
    ----------
    instruments : tuple of str [N]
        Sorted.
    sessions : datetime64[D] [T]
        Every date of the files, ascending.
    column : int64 [R]
        Which instrument.
    row : int64 [R]
        Which session.
    numbers : mapping of str to float64 [R]
        The columns with numbers, in the files' units; NaN where a file has none.
    is_flagged : bool [R]
        Whether the files say that the instrument was suspended.
    sources : tuple of SourceFile
        The files, in the order given.
    is_st : bool [R] or None
        Whether the files say that the share was risk-warned; None if none of them says anything.
    """

    instruments: tuple[str, ...]
    sessions: DateArray
    column: IntArray
    row: IntArray
    numbers: Mapping[str, FloatArray]
    is_flagged: BoolArray
    sources: tuple[SourceFile, ...]
    is_st: BoolArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One file's rows; `line` is the row's number in the file."""

    path: Path
    source: SourceFile
    symbols: npt.NDArray[np.object_]
    days: DateArray
    numbers: dict[str, FloatArray]
    flags: dict[str, BoolArray]
    line: IntArray


def read_table(request: ImportRequest, advance: Advance) -> SourceTable:
    """Read the files of an import.

    Parameters
    ----------
    request : ImportRequest
        Files, names of their columns, region.
    advance : callable
        Called once per file.

    Returns
    -------
    SourceTable
        Every row of every file.

    Raises
    ------
    UsageError
        If a file is neither CSV nor Parquet.
    MissingArtifactError
        If a file does not exist.
    CorruptArtifactError
        If a file cannot be read.
    MissingDataError
        If a column is missing, or there is no row.
    DataError
        If a date, number, flag or code is not understood, or an instrument has a session twice.
    """
    parts = []
    for path in request.files:
        parts.append(_read_part(path, request))
        advance(note=path.name)
    if not sum(part.line.size for part in parts):
        raise MissingDataError(
            "The files have no rows.", where=", ".join(str(path) for path in request.files)
        )
    return _join(parts)


def _read_part(path: Path, request: ImportRequest) -> _Part:
    import pandas as pd  # noqa: PLC0415 - heavy, and only needed for imports

    if path.suffix.lower() not in (*_CSV, *_PARQUET):
        raise UsageError(
            "A file is neither CSV nor Parquet.", where=path, expected="a .csv or .parquet file"
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingArtifactError("A file to import does not exist.", where=path) from error
    except OSError as error:
        raise CorruptArtifactError(
            "A file to import cannot be read.", where=path, found=error
        ) from error
    frame = _frame(path, data, request.columns)
    first_row = _FIRST_ROW[path.suffix.lower() in _CSV]
    line = frame.index.to_numpy(np.int64) + first_row
    codes, symbols = pd.factorize(frame["symbol"].astype(str).str.strip())
    if "" in symbols or frame["symbol"].isna().any():
        is_empty = frame["symbol"].isna() | (frame["symbol"].astype(str).str.strip() == "")
        raise DataError(
            "A row has no instrument code.",
            where=f"{path}:{line[int(np.argmax(is_empty.to_numpy()))]}",
        )
    names = np.array(normalise_symbols(symbols, request.region, where=path), dtype=object)
    numeric = [name for name in frame.columns if name not in {"symbol", "date", *_FLAGS}]
    return _Part(
        path=path,
        source=SourceFile(path.name, sha256_bytes(data)),
        symbols=names[codes],
        days=_days(frame["date"], path, line),
        numbers={name: _numbers(frame[name], path, line) for name in numeric},
        flags={name: _flags(frame[name], path, line) for name in _FLAGS if name in frame},
        line=line,
    )


def _frame(path: Path, data: bytes, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read the wanted columns under this program's names; rows keep their number as index."""
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    buffer = io.BytesIO(data)
    try:
        if path.suffix.lower() in _PARQUET:
            found = [str(name) for name in pq.read_schema(buffer).names]
            wanted = _wanted_columns(path, found, columns)
            frame = pd.read_parquet(io.BytesIO(data), columns=list(wanted))
            return frame.reset_index(drop=True).rename(columns=wanted)
        found = [str(name) for name in pd.read_csv(buffer, nrows=0, encoding="utf-8-sig").columns]
        wanted = _wanted_columns(path, found, columns)
        text = {name for name, known in wanted.items() if known in {"symbol", "date"}}
        with warnings.catch_warnings():
            # A row with more fields than the header is only a warning to pandas, and loses data.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.BytesIO(data),
                encoding="utf-8-sig",
                index_col=False,
                dtype=dict.fromkeys(text, str),
                keep_default_na=False,
                na_values={name: _NOT_A_NUMBER for name in wanted if name not in text},
                skip_blank_lines=False,
            )
        frame = frame[list(wanted)].rename(columns=wanted)
    except (
        UnicodeDecodeError,
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
        pd.errors.ParserWarning,
        pa.ArrowException,
    ) as error:
        raise CorruptArtifactError(
            "A file to import cannot be read.",
            where=path,
            expected="Parquet" if path.suffix.lower() in _PARQUET else "CSV in UTF-8",
            found=f"{type(error).__name__}: {error}",
        ) from error
    is_blank = (frame["symbol"].fillna("") == "") & (frame["date"].fillna("") == "")
    return frame[~is_blank]


def _wanted_columns(path: Path, found: list[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Return this program's name for each wanted column of a file."""
    names = {name: columns.get(name, name) for name in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)}
    needed = [names[name] for name in (*REQUIRED_COLUMNS, *columns)]
    missing = sorted(set(needed) - set(found))
    if missing:
        raise MissingDataError(
            f"A file to import lacks {name_list(missing, shown=len(missing))}.",
            where=path,
            expected=f"columns {name_list(sorted(set(needed)), shown=len(needed))}",
            found=f"columns {name_list(found, shown=30)}",
            hint="Say what the columns are called in the file.",
        )
    return {given: name for name, given in names.items() if given in found}


def _days(column: pd.Series[str], path: Path, line: IntArray) -> DateArray:
    import pandas as pd  # noqa: PLC0415

    codes, given = pd.factorize(column, use_na_sentinel=False)
    if isinstance(given, pd.DatetimeIndex):
        parsed = given.tz_localize(None)
    else:
        text = pd.Index(given).astype(str).str.strip().str.slice(0, _DAY_LENGTH)
        text = text.where(text.str.len() >= _SHORTEST_DAY, "")
        parsed = pd.DatetimeIndex(pd.to_datetime(text, format="ISO8601", errors="coerce"))
        slashed = pd.DatetimeIndex(pd.to_datetime(text, format="%Y/%m/%d", errors="coerce"))
        parsed = parsed.where(parsed.notna(), slashed)
    days = parsed.to_numpy().astype("datetime64[D]")[codes]
    bad = np.flatnonzero(np.isnat(days))
    if bad.size:
        raise DataError(
            "A date is not understood.",
            where=f"{path}:{line[bad[0]]}",
            expected="2026-01-30, 20260130 or 2026/1/30",
            found=f"{column.iloc[int(bad[0])]!r}, and {bad.size - 1} more such rows",
        )
    return days


def _numbers(column: pd.Series[float], path: Path, line: IntArray) -> FloatArray:
    import pandas as pd  # noqa: PLC0415

    numbers = pd.to_numeric(column, errors="coerce")
    bad = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
    if bad.size:
        raise DataError(
            f"The {column.name} of a row is no number.",
            where=f"{path}:{line[bad[0]]}",
            found=f"{column.iloc[int(bad[0])]!r}, and {bad.size - 1} more such rows",
        )
    values: FloatArray = numbers.to_numpy(np.float64, na_value=np.nan).copy()
    values[~np.isfinite(values)] = np.nan
    return values


def _flags(column: pd.Series[str], path: Path, line: IntArray) -> BoolArray:
    import pandas as pd  # noqa: PLC0415

    codes, given = pd.factorize(column, use_na_sentinel=False)
    words = [str(value).strip().lower() for value in given]
    is_bad = np.array([word not in _YES and word not in _NO for word in words], dtype=np.bool_)
    bad = np.flatnonzero(is_bad[codes])
    if bad.size:
        raise DataError(
            f"Whether a row is {_FLAGS[str(column.name)]} is not understood.",
            where=f"{path}:{line[bad[0]]}",
            expected="true or false, 1 or 0",
            found=f"{column.iloc[int(bad[0])]!r}, and {bad.size - 1} more such rows",
        )
    return np.array([word in _YES for word in words], dtype=np.bool_)[codes]


def _join(parts: list[_Part]) -> SourceTable:
    symbols = np.concatenate([part.symbols for part in parts])
    instruments = tuple(sorted(set(symbols.tolist())))
    order_of = {instrument: position for position, instrument in enumerate(instruments)}
    column = np.fromiter((order_of[code] for code in symbols), np.int64, symbols.size)
    sessions, row = np.unique(np.concatenate([part.days for part in parts]), return_inverse=True)
    key = column * sessions.size + row
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(key[order][1:] == key[order][:-1])
    if twice.size:
        first, second = int(order[twice[0]]), int(order[twice[0] + 1])
        raise DataError(
            "An instrument has a session twice.",
            where=_place(parts, second),
            expected="one row for each instrument and session",
            found=f"{symbols[second]} on {sessions[row[second]]} also at {_place(parts, first)}; "
            f"{twice.size} such rows in all",
        )

    def flag(name: str) -> BoolArray:
        flags = [part.flags.get(name, np.zeros(part.line.size, np.bool_)) for part in parts]
        return np.concatenate(flags)[order]

    present = [
        n for n in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS) if any(n in p.numbers for p in parts)
    ]
    return SourceTable(
        instruments=instruments,
        sessions=sessions,
        column=column[order],
        row=row[order].astype(np.int64),
        numbers={
            name: np.concatenate(
                [part.numbers.get(name, np.full(part.line.size, np.nan)) for part in parts]
            )[order]
            for name in present
        },
        is_flagged=flag("suspended"),
        is_st=flag("is_st") if any("is_st" in part.flags for part in parts) else None,
        sources=tuple(part.source for part in parts),
    )


def _place(parts: list[_Part], position: int) -> str:
    """Return file:row of a row of the joined table before sorting."""
    ends = np.cumsum([part.line.size for part in parts])
    number = int(np.searchsorted(ends, position, side="right"))
    part = parts[number]
    return f"{part.path}:{part.line[position - (ends[number] - part.line.size)]}"
