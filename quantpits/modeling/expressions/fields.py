"""The raw fields that expressions are computed from, for a whole universe, as Qlib sees them.

A field such as ``$close`` is read from the files that Qlib's own provider reads, one instrument
after another, into a matrix of instruments and sessions. An instrument's values begin and end
somewhere: outside that extent there is nothing, which is not the same as NaN inside it, since a
comparison with nothing is nothing and a comparison with NaN is false. So the extents are kept
beside the values.

`RawFields.digest` says what the values were: two readings with equal digests through a session give
equal features through that session, whatever came later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from quantpits.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Field", "RawFields", "Spans", "read_fields", "resolve_universe"]

Spans: TypeAlias = "tuple[tuple[pd.Timestamp, pd.Timestamp], ...] | None"

_FREQUENCY = "day"
_WIDTH = 4  # bytes of a number


@dataclass(frozen=True, slots=True)
class Field:
    """One field of all instruments.

    Attributes
    ----------
    matrix : float32 [n_instruments, n_sessions]
        NaN outside the extents, and where data are missing inside.
    first, last : int64 [n_instruments]
        First and last column of each instrument's extent; first > last if it has none.
    """

    matrix: NDArray[np.float32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RawFields:
    """Raw fields of a universe, from the first session any expression needs.

    Attributes
    ----------
    instruments : tuple of str
        Sorted; those that are in the universe at some time of the range.
    spans : tuple
        For each instrument when it is in the universe; None where it always is.
    calendar : datetime64[ns] [n_all_sessions]
        Qlib's whole calendar.
    offset : int
        Which session of the calendar the first column is.
    start, end : int
        Sessions of the calendar between which rows are wanted.
    fields : dict
        ``"$close"`` to `Field`.
    """

    instruments: tuple[str, ...]
    spans: tuple[Spans, ...]
    calendar: pd.DatetimeIndex
    offset: int
    start: int
    end: int
    fields: dict[str, Field]

    def digest(self, through: pd.Timestamp) -> str:
        """Return a digest of all that decides features through a session.

        Parameters
        ----------
        through : Timestamp
            Nothing later counts: no value, no instrument that joins later, no later end of a span.

        Returns
        -------
        str
            SHA-256 of sessions, instruments, their spans, extents and values.

        Raises
        ------
        DataError
            If `through` is later than what was read.
        """
        stop = int(self.calendar.searchsorted(through, side="right")) - self.offset
        n_sessions = max((each.matrix.shape[1] for each in self.fields.values()), default=0)
        if stop > n_sessions:
            raise DataError(
                "The raw fields do not reach that far.",
                expected=f"a session not after {self.calendar[self.offset + n_sessions - 1]:%F}",
                found=f"{through:%F}",
            )
        digest = hashlib.sha256()
        sessions = self.calendar[self.offset : self.offset + max(stop, 0)]
        digest.update(sessions.to_numpy("datetime64[ns]").astype(np.int64).tobytes())
        digest.update(f"{self.start};{'|'.join(sorted(self.fields))}\n".encode())
        for row, (name, spans) in enumerate(zip(self.instruments, self.spans, strict=True)):
            if parts := self._parts(row, spans, through=through, stop=stop):
                digest.update(name.encode())
                for part in parts:
                    digest.update(part)
        return digest.hexdigest()

    def _parts(self, row: int, spans: Spans, *, through: pd.Timestamp, stop: int) -> list[Any]:
        """Return what is known of an instrument through a session; nothing if it has no values."""
        member = None
        if spans is not None:
            # A span that ended before the first row, or begins later, makes no difference to a row.
            start = self.calendar[self.start]
            member = [
                (begin, min(end, through))
                for begin, end in spans
                if begin <= through and end >= start
            ]
            if not member:
                return []
        parts: list[Any] = [f"{member}\n".encode()]
        for name in sorted(self.fields):
            field = self.fields[name]
            first, last = int(field.first[row]), min(int(field.last[row]), stop - 1)
            if first <= last:
                parts += [f"{name} {first} {last}\n".encode(), field.matrix[row, first : last + 1]]
        return parts if len(parts) > 1 else []


def resolve_universe(
    instruments: Any, between: tuple[pd.Timestamp, pd.Timestamp]
) -> dict[str, Spans]:
    """Return the instruments that Qlib would load, with the spans it would keep of each.

    Parameters
    ----------
    instruments : str, list or dict
        What a handler holds: the name of a universe, instruments, or Qlib's own description.
    between : tuple of Timestamp
        First and last session; instruments that are not in between make no rows and are left out.

    Returns
    -------
    dict
        Instrument to spans, None if it is always in; sorted.
    """
    from qlib.data import D  # noqa: PLC0415 - heavy
    from qlib.data.data import DatasetProvider  # noqa: PLC0415 - heavy

    if isinstance(instruments, str):
        instruments = D.instruments(instruments)
    found = DatasetProvider.get_instruments_d(instruments, _FREQUENCY)
    if not isinstance(found, dict):
        return dict.fromkeys(sorted(found))
    universe: dict[str, Spans] = {}
    for name in sorted(found):
        spans = [(pd.Timestamp(begin), pd.Timestamp(end)) for begin, end in found[name]]
        if any(begin <= between[1] and end >= between[0] for begin, end in spans):
            universe[name] = tuple(spans)
    return universe


def read_fields(
    names: Sequence[str], instruments: Sequence[str], *, first: int, last: int
) -> dict[str, Field] | None:
    """Read fields from the files that Qlib's provider would read.

    Parameters
    ----------
    names : sequence of str
        Such as ``"$close"``.
    instruments : sequence of str
        Of the universe; at least one.
    first, last : int
        Sessions of the calendar.

    Returns
    -------
    dict of Field or None
        None if Qlib keeps its fields in any other way, or a file is damaged.

    Notes
    -----
    Qlib takes a quarter of a millisecond to find out where a file lies, ten times as long as it
    takes to read it; so it is asked once for each field.
    """
    fields = {}
    for name in names:
        file = _file_name(name[1:], instruments[0])
        if file is None:
            return None
        shape = len(instruments), last - first + 1
        field = Field(
            np.full(shape, np.nan, dtype=np.float32),
            np.zeros(shape[0], dtype=np.int64),
            np.full(shape[0], -1, dtype=np.int64),
        )
        for row, instrument in enumerate(instruments):
            try:
                content = file(instrument).read_bytes()
            except FileNotFoundError:
                continue
            if len(content) < _WIDTH or len(content) % _WIDTH:
                return None
            # The first number says on which session the others begin.
            begin = int(np.frombuffer(content, "<f4", count=1)[0])
            end = min(begin + len(content) // _WIDTH - 2, last)
            start = max(begin, first)
            if start <= end:
                field.first[row], field.last[row] = start - first, end - first
                values = np.frombuffer(content, "<f4")[start - begin + 1 : end - begin + 2]
                field.matrix[row, start - first : end - first + 1] = values
        fields[name] = field
    return fields


def _file_name(field: str, instrument: str) -> Callable[[str], Path] | None:
    """Return what names an instrument's file, if that is how Qlib's provider names it."""
    from qlib.data.data import FeatureD  # noqa: PLC0415 - heavy
    from qlib.data.storage.file_storage import FileFeatureStorage  # noqa: PLC0415 - heavy
    from qlib.utils import code_to_fname  # noqa: PLC0415 - heavy

    storage = FeatureD.backend_obj(
        instrument=code_to_fname(instrument), field=field, freq=_FREQUENCY
    )
    if type(storage) is not FileFeatureStorage:
        return None
    folder = storage.uri.parents[1]

    def name(each: str) -> Path:
        return Path(folder, code_to_fname(each).lower(), f"{field.lower()}.{_FREQUENCY}.bin")

    return name if storage.uri == name(instrument) else None
