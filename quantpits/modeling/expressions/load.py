"""Features of a whole universe in one go, equal to those of Qlib's own loader bit for bit.

Qlib evaluates each expression for each instrument apart, and most of the time goes into doing so,
not into arithmetic. Here an expression is evaluated once for all instruments (decision 0036):
`plan` decides what is known and from which session it is computed, `fields` reads the raw fields,
`operators` computes.

Nothing is assumed to be equal: each load ends with a spot check in which Qlib's own loader computes
two of the instruments, and a single other bit makes `load_group` return None. So does everything
that is not known to be computed alike. The caller then lets Qlib do it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from qlib.data.data import Cal

from quantpits.modeling.expressions.check import QlibsOwn
from quantpits.modeling.expressions.fields import RawFields, read_fields, resolve_universe
from quantpits.modeling.expressions.operators import UnknownExpressionError
from quantpits.modeling.expressions.panel import Panel, Rows, split_by_extent
from quantpits.modeling.expressions.plan import (
    field_names,
    group_columns,
    parse_group,
    sessions_needed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["RawFields", "is_known", "is_looking_ahead", "load_group", "read_raw_fields"]


def is_known(loader: Any, group: str) -> bool:
    """Whether all of a group's expressions are computed here as Qlib computes them.

    Parameters
    ----------
    loader : Qlib DataLoader
        Any loader.
    group : str
        Name of a group of its fields.

    Returns
    -------
    bool
        False if the loader, Qlib's provider or an operator is not known.
    """
    try:
        parse_group(loader, group)
    except UnknownExpressionError:
        return False
    return True


def is_looking_ahead(loader: Any, group: str) -> bool:
    """Whether any expression of a group reads sessions later than its row, as labels do.

    Parameters
    ----------
    loader : Qlib QlibDataLoader
        One whose group is known.
    group : str
        Name of a group of its fields.

    Returns
    -------
    bool
        True if a row may change when later data come.

    Raises
    ------
    UnknownExpressionError
        If the group is not known.
    """
    _, _, nodes = parse_group(loader, group)
    return any(node.get_extended_window_size()[1] > 0 for node in nodes)


def read_raw_fields(
    loader: Any, groups: Sequence[str], *, instruments: Any, start: Any, end: Any
) -> RawFields | None:
    """Read the raw fields that the expressions of some groups need.

    Parameters
    ----------
    loader : Qlib QlibDataLoader
        Whose fields.
    groups : sequence of str
        Names of groups of its fields.
    instruments : str, list or dict
        What a handler holds.
    start, end : date-like or None
        First and last day of the rows.

    Returns
    -------
    RawFields or None
        None if a group is not known, no session lies in the range, the universe is empty then, or
        Qlib keeps its fields in an unusual way.
    """
    try:
        nodes = [node for group in groups for node in parse_group(loader, group)[2]]
    except UnknownExpressionError:
        return None
    sessions = Cal.calendar(start, end, freq="day")
    if instruments is None or len(sessions) == 0:
        return None
    _, _, first_row, last_row = Cal.locate_index(sessions[0], sessions[-1], freq="day")
    calendar = pd.DatetimeIndex(Cal.calendar(freq="day"))
    needed = sessions_needed(nodes, start=first_row, end=last_row)
    first = max(min(begin for begin, _ in needed), 0)
    last = min(max(stop for _, stop in needed), len(calendar) - 1)
    universe = resolve_universe(instruments, (sessions[0], sessions[-1]))
    names = tuple(universe)
    if not names:
        return None
    fields = read_fields(field_names(nodes), names, first=first, last=last)
    if fields is None:
        return None
    return RawFields(
        instruments=names,
        spans=tuple(universe.values()),
        calendar=calendar,
        offset=first,
        start=first_row,
        end=last_row,
        fields=fields,
    )


def load_group(
    loader: Any,
    group: str,
    *,
    raw: RawFields,
    end: Any = None,
    after: pd.Timestamp | None = None,
    notes: list[str] | None = None,
) -> pd.DataFrame | None:
    """Return what Qlib's loader would load of one group of its fields.

    Parameters
    ----------
    loader : Qlib QlibDataLoader
        Whose fields.
    group : str
        Name of a group of its fields.
    raw : RawFields
        Read for this group and perhaps others; universe and first row are taken from it.
    end : date-like or None
        Last day of the rows; the one of `raw` if None.
    after : Timestamp or None
        Only rows later than this are returned, with the values that they have in the whole load.
    notes : list of str or None
        Is told why, where the result is None.

    Returns
    -------
    DataFrame [n_rows, n_columns] or None
        float32, indexed by datetime and instrument, sorted, the names of the group as columns. None
        if it cannot be computed exactly as Qlib would.
    """
    try:
        return _load(loader, group, raw=raw, end=end, after=after)
    except UnknownExpressionError as error:
        if notes is not None:
            notes.append(str(error))
        return None


def _load(
    loader: Any, group: str, *, raw: RawFields, end: Any, after: pd.Timestamp | None
) -> pd.DataFrame:
    _, names, nodes = parse_group(loader, group)
    last, wanted = raw.end, raw.start
    if end is not None:
        last = min(last, int(raw.calendar.searchsorted(pd.Timestamp(end), side="right")) - 1)
    if after is not None:
        wanted = max(wanted, int(raw.calendar.searchsorted(after, side="right")))
    extents, others = split_by_extent(nodes, raw, end=last)
    parts = [Rows(raw, each, first=wanted, last=last) for each in extents]
    qlibs_own = QlibsOwn(loader, group, raw=raw, last=last, after=after)
    extra = qlibs_own.load(others)
    values = np.empty(
        (len(nodes), sum(len(part.index) for part in parts) + len(extra)), dtype=np.float32
    )
    groups = group_columns(nodes, start=raw.start, end=last, wanted=wanted)
    begin = 0
    for some, rows in zip(extents, parts, strict=True):
        part = values[:, begin : begin + len(rows.index)]
        for (first, stop), columns in groups.items():
            Panel(raw, some, first=first, last=stop).fill(columns, rows, values=part)
        qlibs_own.check(some.instruments, rows.index, values=part)
        begin += len(rows.index)
    values[:, begin:] = extra.to_numpy(np.float32).T
    indexes: list[Any] = [*(part.index for part in parts), *([extra.index] if len(extra) else [])]
    if not indexes:
        raise UnknownExpressionError("no instrument has data")
    return pd.DataFrame(values.T, index=_in_order(indexes, values), columns=names, copy=False)


def _in_order(parts: list[Any], values: NDArray[np.float32]) -> Any:
    """Sort rows that stand part after part, in place, and return their index."""
    if len(parts) == 1:
        return parts[0]
    dates, names = (
        parts[0]
        .get_level_values(level)
        .append([part.get_level_values(level) for part in parts[1:]])
        for level in (0, 1)
    )
    order = np.lexsort([names.to_numpy(), dates.to_numpy()])
    for column in values:
        column[:] = column[order]
    return pd.MultiIndex.from_arrays([dates[order], names[order]], names=parts[0].names)
