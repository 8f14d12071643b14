"""The files of an imported market, as bytes: the same rows give the same bytes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import Finding, name_list
from quantpits.market.binary import (
    CALENDAR_FILE,
    FUTURE_CALENDAR_FILE,
    Span,
    encode_field,
    encode_sessions,
    encode_spans,
    feature_file,
    instruments_file,
)
from quantpits.market.calendar import public_sessions
from quantpits.market.metadata import METADATA_FILE, MarketMetadata, encode_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from quantpits.market.calendar import DateArray
    from quantpits.market.importer_reading import SourceTable
    from quantpits.market.quotes import FloatArray
    from quantpits.workspace import Advance

__all__ = ["calendar_findings", "encode_market", "spans_of"]

_FUTURE_DAYS = 400
# Known between two rows of an instrument; everything else is NaN there.
_CARRIED = frozenset({"factor", "is_st"})


def encode_market(
    table: SourceTable,
    fields: Mapping[str, FloatArray],
    *,
    is_index: npt.NDArray[np.bool_],
    metadata: MarketMetadata,
    extra: Mapping[str, object],
    advance: Advance,
) -> dict[str, bytes]:
    """Return every file of a market.

    Parameters
    ----------
    table : SourceTable
        R rows of N instruments over T sessions.
    fields : mapping of str to float64 [R]
        Qlib's fields; one that an instrument has nowhere gets no file.
    is_index : bool [N]
        Which instruments belong to no universe.
    metadata : MarketMetadata
        What the market is.
    extra : mapping
        Further facts for ``market.json``.
    advance : callable
        Called once per instrument.

    Returns
    -------
    dict of str to bytes
        Relative path and content.
    """
    coming = public_sessions(metadata.region, metadata.through, n_days=_FUTURE_DAYS)
    members = encode_spans(spans_of(table, ~is_index))
    files = {
        METADATA_FILE: encode_metadata(metadata, extra),
        CALENDAR_FILE: encode_sessions(table.sessions),
        FUTURE_CALENDAR_FILE: encode_sessions(np.concatenate([table.sessions, coming])),
        instruments_file("all"): members,
        instruments_file(metadata.universe): members,
    }
    starts = np.searchsorted(table.column, np.arange(len(table.instruments) + 1)).tolist()
    for number, instrument in enumerate(table.instruments):
        rows = slice(starts[number], starts[number + 1])
        first = int(table.row[rows.start])
        offsets = table.row[rows] - first
        for name, values in fields.items():
            stored = values[rows]
            if np.isnan(stored).all():
                continue
            dense = np.full(int(offsets[-1]) + 1, np.nan)
            dense[offsets] = stored
            if name in _CARRIED:
                dense = dense[offsets[np.searchsorted(offsets, np.arange(dense.size), "right") - 1]]
            files[feature_file(instrument, name)] = encode_field(first, dense)
        advance()
    return files


def spans_of(table: SourceTable, is_member: npt.NDArray[np.bool_]) -> tuple[Span, ...]:
    """Return one membership for each instrument, from its first to its last row.

    Parameters
    ----------
    table : SourceTable
        R rows of N instruments.
    is_member : bool [N]
        Which instruments are wanted.

    Returns
    -------
    tuple of Span
        In the order of the instruments.
    """
    starts = np.searchsorted(table.column, np.arange(len(table.instruments) + 1))
    days: list[date] = table.sessions.tolist()
    return tuple(
        Span(instrument, days[table.row[starts[n]]], days[table.row[starts[n + 1] - 1]])
        for n, instrument in enumerate(table.instruments)
        if is_member[n]
    )


def calendar_findings(table: SourceTable, region: str) -> tuple[Finding, ...]:
    """Compare the dates of the data with the exchange's public calendar.

    Parameters
    ----------
    table : SourceTable
        R rows over T sessions.
    region : {"cn", "us"}
        Which exchange.

    Returns
    -------
    tuple of Finding
        Dates that are no sessions, sessions without data, and instruments with gaps. Nothing about
        dates that the public calendar does not know.
    """
    findings = []
    first, last = table.sessions[0].item(), table.sessions[-1].item()
    day_before = date.fromordinal(first.toordinal() - 1)
    public = public_sessions(region, day_before, n_days=(last - day_before).days)
    if public.size and public[-1] == table.sessions[-1]:
        strange = np.setdiff1d(table.sessions, public)
        absent = np.setdiff1d(public, table.sessions)
        findings += _dates("IMP009", strange, "dates are no sessions of the exchange")
        findings += _dates("IMP010", absent, "sessions of the exchange have no row at all")
    length = np.bincount(table.column)
    starts = np.cumsum(length) - length
    missing = table.row[starts + length - 1] - table.row[starts] + 1 - length
    worst = np.argsort(-missing, kind="stable")[: np.count_nonzero(missing)]
    if worst.size:
        names = name_list([table.instruments[n] for n in worst])
        text = f"{int(missing.sum())} sessions are missing within instruments' rows: {names}."
        subject = table.instruments[worst[0]]
        findings.append(Finding("IMP011", "warning", text, "import", subject))
    return tuple(findings)


def _dates(code: str, days: DateArray, text: str) -> list[Finding]:
    if not days.size:
        return []
    message = f"{days.size} {text}: {name_list(days.tolist())}."
    return [Finding(code, "warning", message, "import", str(days[0]))]
