"""Between the values of `journal` and the rows of the tables in `schema`, without loss.

``journal_of(rows_of(x)) == x`` for every transaction, except for the bytes of the imported file,
which stay in the ledger until they are asked for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from quantpits.post_trade.brokers.contract import BrokerLine, Effect, LineKey
from quantpits.post_trade.journal import (
    AppliedFlow,
    Entry,
    FlowKind,
    Journal,
    Mark,
    Posting,
    Session,
    Source,
    Transaction,
    TransactionKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["READ_ORDER", "NextIds", "Row", "journal_of", "rows_of"]

Row = tuple[Any, ...]
"""The cells of a row in the order of its table's columns."""

READ_ORDER: Mapping[str, str] = MappingProxyType(
    {
        "transactions": "id",
        "sessions": "transaction_id",
        "sources": "transaction_id",
        "lines": "id",
        "entries": "id",
        "postings": "id",
        "marks": "id",
        "flows": "id",
        "corrections": "transaction_id",
        "projected": "transaction_id",
    }
)
"""The tables that `journal_of` needs, each with the column it must be sorted by."""


class NextIds(NamedTuple):
    """The first unused numbers of the tables that others refer to.

    Attributes
    ----------
    transaction, line, entry : int
        Number of the next row.
    """

    transaction: int
    line: int
    entry: int


def rows_of(
    transaction: Transaction,
    digest: str,
    *,
    next_ids: NextIds,
    known_lines: Mapping[LineKey, int] = MappingProxyType({}),
) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows that a transaction adds, table by table, none of them empty.

    Parameters
    ----------
    transaction : Transaction
        What is posted.
    digest : str
        Its digest.
    next_ids : NextIds
        Numbers for its rows.
    known_lines : mapping of LineKey to int
        Numbers of earlier lines that its entries follow from.

    Yields
    ------
    (str, list of tuple)
        A table and its rows; every row comes after those it refers to.
    """
    number = next_ids.transaction
    line_ids = dict(known_lines)
    line_ids |= {line.key: next_ids.line + at for at, line in enumerate(transaction.lines)}
    day = transaction.settle_date.isoformat()
    tables: dict[str, list[Row]] = {
        "transactions": [(number, transaction.kind.value, day, digest)],
        "sessions": _session_rows(transaction, number),
        # A file whose bytes are archived already keeps its first copy: see `ledger`.
        "contents": _content_rows(transaction.source),
        "sources": _source_rows(transaction.source, number),
        "lines": [_line_row(line, line_ids[line.key], number) for line in transaction.lines],
        "entries": [
            (
                next_ids.entry + at,
                number,
                entry.kind,
                entry.instrument,
                None if entry.line is None else line_ids[entry.line],
                None if entry.day is None else entry.day.isoformat(),
                entry.reverses or None,
                entry.replaces or None,
            )
            for at, entry in enumerate(transaction.entries)
        ],
        "postings": [
            (None, next_ids.entry + at, each.account, each.instrument, each.fen, each.shares)
            for at, entry in enumerate(transaction.entries)
            for each in entry.postings
        ],
        "marks": [
            (
                None,
                number,
                each.instrument,
                str(each.close),
                each.priced_on.isoformat(),
                int(each.is_suspended),
                None if each.day is None else each.day.isoformat(),
            )
            for each in transaction.marks
        ],
        "flows": [
            (
                None,
                number,
                each.listed_date.isoformat(),
                each.kind.value,
                each.fen,
                int(each.is_in_export),
            )
            for each in transaction.flows
        ],
        "corrections": [(number, transaction.reason)] if transaction.reason else [],
    }
    yield from ((table, rows) for table, rows in tables.items() if rows)


def journal_of(tables: Mapping[str, Sequence[Row]]) -> Journal:
    """Return the journal that some rows are the content of.

    Parameters
    ----------
    tables : mapping of str to sequence of tuple
        All rows of the tables in `READ_ORDER`, sorted as it says.

    Returns
    -------
    Journal
        Sources are without their bytes.
    """
    sessions = {row[0]: _session(row) for row in tables["sessions"]}
    sources = {row[0]: _source(row) for row in tables["sources"]}
    lines = _grouped(tables["lines"])
    keys = {row[0]: _line_key(row) for row in tables["lines"]}
    postings: defaultdict[int, list[Posting]] = defaultdict(list)
    for _, entry_id, account, instrument, fen, shares in tables["postings"]:
        postings[entry_id].append(Posting(account, instrument, fen, shares))
    entries = _grouped(tables["entries"])
    marks = _grouped(tables["marks"])
    flows = _grouped(tables["flows"])
    reasons: dict[int, str] = dict(tables["corrections"])
    transactions = tuple(
        Transaction(
            kind=TransactionKind(kind),
            settle_date=date.fromisoformat(day),
            session=sessions.get(number),
            source=sources.get(number),
            lines=tuple(_line(row) for row in lines[number]),
            entries=tuple(
                Entry(
                    kind,
                    instrument,
                    tuple(postings[entry_id]),
                    keys.get(line_id),
                    None if on is None else date.fromisoformat(on),
                    reverses or 0,
                    replaces or 0,
                )
                for entry_id, _, kind, instrument, line_id, on, reverses, replaces in entries[
                    number
                ]
            ),
            marks=tuple(_mark(row) for row in marks[number]),
            flows=tuple(_flow(row) for row in flows[number]),
            reason=reasons.get(number, ""),
        )
        for number, kind, day, _ in tables["transactions"]
    )
    last_projected = tables["projected"][-1][0] if tables["projected"] else 0
    return Journal(
        transactions,
        tuple(row[3] for row in tables["transactions"]),
        sum(row[0] <= last_projected for row in tables["transactions"]),
        tuple(row[0] for row in tables["projected"]),
    )


def _grouped(rows: Iterable[Row]) -> defaultdict[int, list[Row]]:
    """Return rows by the number of their transaction, which is their second cell."""
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[1]].append(row)
    return groups


def _session_rows(transaction: Transaction, number: int) -> list[Row]:
    session = transaction.session
    if session is None:
        return []
    close = session.benchmark_close
    return [
        (
            number,
            transaction.settle_date.isoformat(),
            session.model,
            session.benchmark,
            None if close is None else str(close),
            int(session.is_assumed_empty),
            session.cost_basis,
        )
    ]


def _session(row: Row) -> Session:
    _, _, model, benchmark, close, is_assumed_empty, cost_basis = row
    return Session(
        model,
        benchmark,
        None if close is None else Decimal(close),
        bool(is_assumed_empty),
        cost_basis,
    )


def _content_rows(source: Source | None) -> list[Row]:
    return [] if source is None else [(source.sha256, source.content)]


def _source_rows(source: Source | None, number: int) -> list[Row]:
    if source is None:
        return []
    return [
        (number, source.name, source.sha256, source.sheet, _json(source.columns), source.broker)
    ]


def _source(row: Row) -> Source:
    _, name, sha256, sheet, columns, broker = row
    return Source(name, sha256, sheet, tuple(json.loads(columns)), broker=broker)


def _line_row(line: BrokerLine, line_id: int, number: int) -> Row:
    return (
        line_id,
        number,
        *line.key,
        line.source_name,
        line.settle_date.isoformat(),
        line.trade_type,
        line.effect.value,
        int(line.is_same_day),
        line.instrument,
        line.name,
        str(line.price),
        line.shares,
        line.gross_fen,
        line.net_cash_fen,
        line.fee_fen,
        line.cash_balance_fen,
        line.position_balance,
        line.content_sha256,
        _json(line.cells),
    )


def _line_key(row: Row) -> LineKey:
    return LineKey(*row[2:6])


def _line(row: Row) -> BrokerLine:
    (source_name, day, trade_type, effect, is_same_day, instrument, name, price) = row[6:14]
    (shares, gross, net, fee, cash_balance, position_balance, digest, cells) = row[14:]
    return BrokerLine(
        key=_line_key(row),
        source_name=source_name,
        settle_date=date.fromisoformat(day),
        trade_type=trade_type,
        effect=Effect(effect),
        is_same_day=bool(is_same_day),
        instrument=instrument,
        name=name,
        price=Decimal(price),
        shares=shares,
        gross_fen=gross,
        net_cash_fen=net,
        fee_fen=fee,
        cash_balance_fen=cash_balance,
        position_balance=position_balance,
        content_sha256=digest,
        cells=tuple(json.loads(cells)),
    )


def _mark(row: Row) -> Mark:
    _, _, instrument, close, priced_on, is_suspended, day = row
    return Mark(
        instrument,
        Decimal(close),
        date.fromisoformat(priced_on),
        bool(is_suspended),
        None if day is None else date.fromisoformat(day),
    )


def _flow(row: Row) -> AppliedFlow:
    _, _, listed_date, kind, fen, is_in_export = row
    return AppliedFlow(date.fromisoformat(listed_date), FlowKind(kind), fen, bool(is_in_export))


def _json(texts: Sequence[str]) -> str:
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
