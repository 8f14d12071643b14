"""The files of one group of features on disk: parts that never change, and what is known of them.

A folder holds ``meta.json`` and parts ``rows-0000.bin``, ``rows-0001.bin`` and so on. A part holds
consecutive rows, sorted by day and instrument, as three little-endian sections that can be mapped
into memory: days (int32, days since 1970), instruments (int32, places in the list of the meta
data) and the values (float32 [n_columns, n_rows], which is how pandas lays out a frame, so that
reading is copying). Later sessions are a further part; no part is ever rewritten. The meta data are
written last and carry the sha256 of every part and of themselves: a folder that a killed process
left half done has none that fit, and is no folder of features.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantpits.errors import CorruptArtifactError
from quantpits.workspace import sha256_bytes, write_bytes, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "SCHEMA",
    "FeatureMeta",
    "FeaturePart",
    "is_storable",
    "read_meta",
    "read_rows",
    "sorted_index",
    "write_part",
]

SCHEMA = 1
"""Version of this layout; a folder of another one is not read."""

_META = "meta.json"
_DAY, _PLACE, _VALUE = np.dtype("<i4"), np.dtype("<i4"), np.dtype("<f4")
# Rows of a part: 41 MB of Alpha158. What reads a few months verifies little more than those.
_ROWS_PER_PART = 65_536


@dataclass(frozen=True, slots=True)
class FeaturePart:
    """One file of rows.

    Attributes
    ----------
    name : str
        Its file.
    first, last : str
        Day of its first and last row, ISO dates.
    n_rows : int
        How many rows it holds.
    sha256 : str
        Of the file.
    """

    name: str
    first: str
    last: str
    n_rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FeatureMeta:
    """What a folder holds.

    Attributes
    ----------
    identity : dict
        Everything but the market data that decides the values: loader, universe, start, versions.
    columns : tuple of str
        Names of the features.
    instruments : tuple of str
        Names that the parts refer to by their place.
    dtypes : tuple of str
        Of the day and of the instrument in the frame's index.
    digest : str
        sha256 of the raw data, through `last`, that the rows were computed from.
    parts : tuple of FeaturePart
        In the order of their rows.
    """

    identity: dict[str, Any]
    columns: tuple[str, ...]
    instruments: tuple[str, ...]
    dtypes: tuple[str, str]
    digest: str
    parts: tuple[FeaturePart, ...] = ()

    @property
    def last(self) -> pd.Timestamp:
        """Day of the last row."""
        return pd.Timestamp(self.parts[-1].last)


def is_storable(frame: pd.DataFrame) -> bool:
    """Whether a frame can be stored and read back as it is.

    Parameters
    ----------
    frame : DataFrame [n_rows, n_columns]
        Indexed by datetime and instrument.

    Returns
    -------
    bool
        It has rows, sorted, all float32, of whole days and of instruments with names.
    """
    if frame.empty or frame.index.names != ["datetime", "instrument"]:
        return False
    if not frame.index.is_monotonic_increasing:
        return False
    days, names = sorted_index(frame).levels
    is_whole = isinstance(days, pd.DatetimeIndex) and bool((days == days.normalize()).all())
    is_named = all(isinstance(name, str) for name in (*names, *frame.columns))
    return is_whole and is_named and all(dtype == _VALUE for dtype in frame.dtypes)


def sorted_index(frame: pd.DataFrame) -> pd.MultiIndex:
    """Return the index of a frame of features: datetime and instrument."""
    index: Any = frame.index
    multi: pd.MultiIndex = index
    return multi


def write_part(folder: Path, meta: FeatureMeta, *, frame: pd.DataFrame) -> FeatureMeta:
    """Add the rows of a frame to a folder, in as many parts as they need, and then its meta data.

    Parameters
    ----------
    folder : Path
        An existing folder.
    meta : FeatureMeta
        What it holds so far; its digest is that of the raw data through the frame's last day.
    frame : DataFrame [n_rows, n_columns]
        Later rows, as `is_storable` demands.

    Returns
    -------
    FeatureMeta
        What it holds now.

    Raises
    ------
    ArtifactError
        If a file cannot be written.
    """
    levels, codes = sorted_index(frame).levels, sorted_index(frame).codes
    instruments = list(meta.instruments)
    known = {name: place for place, name in enumerate(instruments)}
    used = levels[1][np.unique(codes[1])]
    instruments += [name for name in used if name not in known]
    known = {name: place for place, name in enumerate(instruments)}
    places = np.array([known.get(name, -1) for name in levels[1]], _PLACE)[codes[1]]
    days = levels[0].to_numpy().astype("datetime64[D]").astype(_DAY)[codes[0]]
    values = frame.to_numpy(copy=False).T
    parts = list(meta.parts)
    for at in range(0, len(frame), _ROWS_PER_PART):
        rows = slice(at, at + _ROWS_PER_PART)
        sections = (days[rows], places[rows], np.ascontiguousarray(values[:, rows], _VALUE))
        content = b"".join(section.tobytes() for section in sections)
        name = f"rows-{len(parts):04d}.bin"
        write_bytes(folder / name, content)
        first, last = (str(np.datetime64(int(day), "D")) for day in days[rows][[0, -1]])
        n_rows = len(days[rows])
        parts.append(FeaturePart(name, first, last, n_rows, sha256_bytes(content)))
    written = FeatureMeta(
        identity=meta.identity,
        columns=meta.columns,
        instruments=tuple(instruments),
        dtypes=meta.dtypes,
        digest=meta.digest,
        parts=tuple(parts),
    )
    content_of = _content(written)
    write_json(folder / _META, {**content_of, "sha256": _check(content_of)}, indent=1)
    return written


def read_meta(folder: Path) -> FeatureMeta:
    """Return what a folder holds.

    Parameters
    ----------
    folder : Path
        As `write_part` filled it.

    Returns
    -------
    FeatureMeta
        Verified by its own hash; the parts are not looked at.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder, or it was never finished.
    CorruptArtifactError
        If the meta data are not those that were written.
    """
    path = folder / _META
    try:
        content = json.loads(path.read_bytes())
        claimed = content.pop("sha256")
        is_written = content["schema"] == SCHEMA and claimed == _check(content)
        parts = tuple(FeaturePart(**part) for part in content["parts"])
        day, name = content["dtypes"]
        meta = FeatureMeta(
            identity=content["identity"],
            columns=tuple(content["columns"]),
            instruments=tuple(content["instruments"]),
            dtypes=(day, name),
            digest=content["digest"],
            parts=parts,
        )
        date.fromisoformat(meta.parts[-1].last)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if not is_written:
        raise _damaged(path, "another schema or another content than was written")
    return meta


def read_rows(
    folder: Path, meta: FeatureMeta, *, since: pd.Timestamp | None, through: pd.Timestamp
) -> pd.DataFrame:
    """Return stored rows, each part they lie in verified by its hash.

    Parameters
    ----------
    folder : Path
        Where they lie.
    meta : FeatureMeta
        As `read_meta` returned it.
    since, through : Timestamp
        First and last day wanted; from the first row if `since` is None.

    Returns
    -------
    DataFrame, float32 [n_rows, n_columns]
        As it was stored, one block in memory.

    Raises
    ------
    FileNotFoundError
        If a part is gone.
    CorruptArtifactError
        If a part is not the one that was written.
    """
    first = -(2**31) if since is None else _number(since)
    last = _number(through)
    spans = []
    for part in meta.parts:
        begin, end = (_number(pd.Timestamp(day)) for day in (part.first, part.last))
        if begin <= last and end >= first:
            spans.append(part)
    n_most = sum(part.n_rows for part in spans)
    days, places = np.empty(n_most, _DAY), np.empty(n_most, _PLACE)
    # Pages of what is not filled are never touched, so the widest guess costs nothing.
    values = np.empty((len(meta.columns), n_most), _VALUE)
    at = 0
    for part in spans:
        part_days, part_places, part_values = _sections(folder / part.name, meta, part)
        begin, end = np.searchsorted(part_days, [first, last + 1])
        to = slice(at, at + int(end - begin))
        days[to], places[to] = part_days[begin:end], part_places[begin:end]
        values[:, to] = part_values[:, begin:end]
        at = to.stop
    if at < n_most:
        days, places, values = days[:at], places[:at], np.ascontiguousarray(values[:, :at])
    return _frame(meta, days, places=places, values=values)


def _sections(
    path: Path, meta: FeatureMeta, part: FeaturePart
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    n_rows, n_columns = part.n_rows, len(meta.columns)
    if sha256_bytes(content) != part.sha256 or len(content) != n_rows * (8 + 4 * n_columns):
        raise _damaged(path, "another content than was written")
    days = np.frombuffer(content, _DAY, n_rows)
    places = np.frombuffer(content, _PLACE, n_rows, offset=4 * n_rows)
    values = np.frombuffer(content, _VALUE, n_rows * n_columns, offset=8 * n_rows)
    return days, places, values.reshape(n_columns, n_rows)


def _frame(
    meta: FeatureMeta,
    days: NDArray[np.int32],
    *,
    places: NDArray[np.int32],
    values: NDArray[np.float32],
) -> pd.DataFrame:
    unique_days, day_codes = np.unique(days, return_inverse=True)
    unique_places, place_codes = np.unique(places, return_inverse=True)
    names = [meta.instruments[place] for place in unique_places]
    order = np.argsort(np.array(names, object))
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    levels = [
        pd.DatetimeIndex(unique_days.astype("datetime64[D]")).astype(meta.dtypes[0]),
        pd.Index([names[place] for place in order], dtype=meta.dtypes[1]),
    ]
    codes: Any = [day_codes, rank[place_codes] if len(order) else place_codes]
    index = pd.MultiIndex(levels, codes, names=["datetime", "instrument"])
    return pd.DataFrame(values.T, index=index, columns=list(meta.columns), copy=False)


def _number(day: pd.Timestamp) -> int:
    return int(np.datetime64(day, "D").astype(int))


def _content(meta: FeatureMeta) -> dict[str, Any]:
    parts = [{name: getattr(part, name) for name in part.__slots__} for part in meta.parts]
    fields = {name: getattr(meta, name) for name in meta.__slots__ if name != "parts"}
    content = {"schema": SCHEMA, **fields, "parts": parts}
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in content.items()
    }


def _check(content: dict[str, Any]) -> str:
    return sha256_bytes(json.dumps(content, sort_keys=True).encode())


def _damaged(path: Path, found: str) -> CorruptArtifactError:
    return CorruptArtifactError("Stored features are damaged.", where=path, found=found)
