"""Evaluating columns for many instruments: which rows there are, and the values on them.

`split_by_extent` says whose fields begin and end on the same sessions. Instruments that lack the
same fields altogether are computed together; where fields begin or end apart, operands would have
to be aligned as pandas aligns them, and the instrument is left to Qlib. `Rows` are the rows of the
result. A `Panel` is what a computation that begins and ends on certain sessions sees; it computes
its columns one after another, equal parts of them once, and forgets a part as soon as nothing else
is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from qlib.data import base

from quantpits.modeling.expressions.kernels import copy_rows
from quantpits.modeling.expressions.operators import (
    Stack,
    UnknownExpressionError,
    children,
    evaluate,
)
from quantpits.modeling.expressions.plan import field_names, node_counts, sessions_needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantpits.modeling.expressions.fields import RawFields
    from quantpits.modeling.expressions.plan import Column

__all__ = ["Extents", "Panel", "Rows", "split_by_extent"]

_NEVER = np.iinfo(np.int64).max
# Sessions that are written together; their rows of all instruments stay in the fastest memory.
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Extents:
    """Instruments that are computed together.

    Attributes
    ----------
    instruments : int64 [n]
        Which instruments of the raw fields.
    first, last : int64 [n]
        First and last session of the calendar of which there are data.
    absent : frozenset of str
        Fields of which none of them has data.
    """

    instruments: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    absent: frozenset[str]


def split_by_extent(
    nodes: Sequence[Any], raw: RawFields, *, end: int
) -> tuple[list[Extents], NDArray[np.int64]]:
    """Return the instruments whose fields begin and end together, and the others.

    Parameters
    ----------
    nodes : sequence of Qlib Expression
        What is to be computed.
    raw : RawFields
        With all fields of `nodes`.
    end : int
        Session of the last row.

    Returns
    -------
    extents : list of Extents
        Instruments all of whose fields have the same extent or none, by the fields they have.
    others : int64 [n_others]
        Instruments with fields of different extents.
    """
    needed = sessions_needed(list(nodes), start=raw.start, end=end)
    begin = max(min(first for first, _ in needed), 0)
    stop = max(last for _, last in needed)
    names = field_names(list(nodes))
    first = np.array([np.maximum(raw.fields[name].first + raw.offset, begin) for name in names])
    last = np.array([np.minimum(raw.fields[name].last + raw.offset, stop) for name in names])
    has = first <= last
    earliest, latest = (
        first.min(axis=0, initial=_NEVER, where=has),
        last.max(axis=0, initial=-1, where=has),
    )
    is_alike = (~has | ((first == earliest) & (last == latest))).all(axis=0)
    extents = []
    patterns, which = np.unique(has[:, is_alike], axis=1, return_inverse=True)
    for at in range(patterns.shape[1]):
        some = np.flatnonzero(is_alike)[which == at]
        if patterns[:, at].any():
            absent = frozenset(
                name for name, there in zip(names, patterns[:, at], strict=True) if not there
            )
            extents.append(Extents(some, earliest[some], latest[some], absent))
    return extents, np.flatnonzero(~is_alike)


class Rows:
    """The rows of some instruments, by date and then by instrument.

    Parameters
    ----------
    raw : RawFields
        Says when an instrument is in the universe.
    extents : Extents
        The instruments.
    first, last : int
        Sessions of the first and last row.

    Attributes
    ----------
    session : int64 [n_rows]
        Session of the calendar.
    instrument : int64 [n_rows]
        Which of the extents.
    index : MultiIndex [n_rows]
        datetime and instrument.
    order : int64 [n_rows]
        The rows in an order in which both reading by instrument and writing by date stay near.
    """

    def __init__(self, raw: RawFields, extents: Extents, *, first: int, last: int) -> None:
        sessions = np.arange(first, last + 1)
        present = (sessions >= extents.first[:, None]) & (sessions <= extents.last[:, None])
        dates = raw.calendar[first : last + 1]
        for row, instrument in enumerate(extents.instruments):
            spans = raw.spans[instrument]
            if spans is not None:
                inside = [np.asarray((dates >= begin) & (dates <= end)) for begin, end in spans]
                present[row] &= np.logical_or.reduce(inside)
        place, self.instrument = np.nonzero(present.T)
        self.session = place + first
        block = place // _BLOCK * len(extents.instruments) + self.instrument
        self.order = np.argsort(block, kind="stable")
        names = pd.Index(raw.instruments)[extents.instruments]
        by_date = _level(dates, place, np.asarray(present.any(axis=0)))
        by_name = _level(names, self.instrument, np.asarray(present.any(axis=1)))
        self.index = pd.MultiIndex(
            [by_date[0], by_name[0]], [by_date[1], by_name[1]], names=["datetime", "instrument"]
        )


def _level(
    labels: pd.Index[Any], which: NDArray[np.int64], is_used: NDArray[np.bool_]
) -> tuple[Any, Any]:
    """Return the labels that occur, and which of them each row has."""
    return labels[is_used], (np.cumsum(is_used) - 1)[which]


class Panel:
    """What computations that read the same sessions see.

    Parameters
    ----------
    raw : RawFields
        The data.
    extents : Extents
        The instruments.
    first, last : int
        The sessions; what lies outside is not there.
    """

    def __init__(self, raw: RawFields, extents: Extents, *, first: int, last: int) -> None:
        self._raw = raw
        self._extents = extents
        self._first = np.maximum(extents.first, first)
        end = np.minimum(extents.last, last)
        self._stack = Stack(np.maximum(end - self._first + 1, 0))
        stop = min(last + 1, len(raw.calendar))
        self._columns = slice(first - raw.offset, stop - raw.offset)
        sessions = np.arange(first, stop)
        self._is_there = (sessions >= self._first[:, None]) & (sessions <= end[:, None])
        self._counts: dict[str, int] = {}
        self._known: dict[str, pd.Series[Any]] = {}

    def fill(self, columns: list[Column], rows: Rows, *, values: NDArray[np.float32]) -> None:
        """Compute columns and write their rows.

        Parameters
        ----------
        columns : list of Column
            All computed from the sessions of this panel.
        rows : Rows
            Which rows, each of them in this panel.
        values : float32 [n_columns, n_rows]
            Where to write.

        Raises
        ------
        UnknownExpressionError
            If an operator is used in a way in which Qlib fails or does other than is known.
        """
        begin = self._stack.offsets[rows.instrument] - self._first[rows.instrument]
        source = (begin + rows.session)[rows.order]
        self._counts = node_counts(columns)
        # Columns of the same window share their parts; side by side they let go of them soon.
        by_window = sorted(columns, key=lambda each: int(each.node.get_extended_window_size()[0]))
        # Where numexpr is installed, pandas would use it for our long series, and not for Qlib's.
        with np.errstate(all="ignore"), pd.option_context("compute.use_numexpr", False):
            for column in by_window:
                # Qlib rounds to float32 at the end, whatever the operators made.
                found = self._value(column.node).to_numpy().astype(np.float32)
                if len(found):
                    copy_rows(found, source, target=rows.order, result=values[column.place])
                else:
                    values[column.place] = np.nan

    def _value(self, node: Any) -> Any:
        if not isinstance(node, base.Expression):
            return node
        text = str(node)
        if text not in self._known:
            self._known[text] = self._computed(node)
        found = self._known[text]
        self._counts[text] -= 1
        if not self._counts[text]:
            del self._known[text]
        return found

    def _computed(self, node: Any) -> pd.Series[Any]:
        if type(node) is base.Feature:
            if str(node) in self._extents.absent:
                return pd.Series(dtype=np.float32)
            matrix = self._raw.fields[str(node)].matrix[self._extents.instruments, self._columns]
            return pd.Series(matrix[self._is_there], copy=False)
        below = [self._value(child) for child in children(node)]
        try:
            return evaluate(node, below, stack=self._stack)
        except (TypeError, ValueError, NotImplementedError) as error:
            # Qlib would fail here too, for one instrument or for all; let it say so.
            raise UnknownExpressionError(f"{node} cannot be computed: {error}") from error
