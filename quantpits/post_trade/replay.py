"""Making a transaction again from its record and its raw export.

The result must have the digest that is on record: then it is, byte for byte, what was posted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.errors import BooksMismatchError
from quantpits.post_trade.batch import source_of
from quantpits.post_trade.correction import Change, apply_change
from quantpits.post_trade.daybook import post_day
from quantpits.post_trade.entries import adjustment_entry, opening_entry
from quantpits.post_trade.fold import fold
from quantpits.post_trade.journal import Journal, Transaction, TransactionKind
from quantpits.post_trade.live import booked_lines, line_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from quantpits.post_trade.batch import SettlementFile
    from quantpits.post_trade.chronicle import Record, SourceName
    from quantpits.post_trade.fold import Books
    from quantpits.post_trade.journal import Entry

__all__ = ["replayed"]


def replayed(
    records: Iterable[Record], read: Callable[[SourceName, date], SettlementFile], *, where: str
) -> Journal:
    """Return the ledger that some records and the raw exports make.

    Parameters
    ----------
    records : iterable of Record
        In the order they were posted.
    read : callable
        Returns what a raw export says of a day.
    where : str
        Where the records stand, for messages.

    Returns
    -------
    Journal
        With the bytes of the exports; all of it counts as shown.

    Raises
    ------
    BooksMismatchError
        If what follows from a record is not what was posted.
    """
    journal = Journal()
    books = fold(())
    ends = []
    for number, record in enumerate(records, start=1):
        transaction = _transaction(journal, books, record, read=read)
        journal = journal.extended(transaction)
        books = fold(transaction.entries, books)
        if journal.head != record.digest:
            raise BooksMismatchError(
                f"The {record.kind.value} of {record.settle_date} cannot be made again.",
                where=f"{where}:{number}",
                expected=f"digest {record.digest}",
                found=f"digest {journal.head}",
                hint=(
                    "the chronicle was edited, config/broker_types.yaml changed, or another "
                    "version of QuantPits reads the raw export differently"
                ),
            )
        if record.is_run_end:
            ends.append(number)
    return Journal(journal.transactions, journal.digests, len(journal.transactions), tuple(ends))


def _transaction(
    journal: Journal,
    books: Books,
    record: Record,
    *,
    read: Callable[[SourceName, date], SettlementFile],
) -> Transaction:
    settlement = None if record.source is None else read(record.source, record.settle_date)
    lines = () if settlement is None else settlement.statement.lines
    source = None if settlement is None else source_of(settlement)
    if record.kind is TransactionKind.OPENING:
        entries: tuple[Entry, ...] = (opening_entry(record.cash_fen, record.holdings),)
    elif record.kind is TransactionKind.ADJUSTMENT:
        entries = (adjustment_entry(record.cash_fen, record.holdings),)
    elif record.kind is TransactionKind.SESSION:
        assert record.session is not None  # a session has its facts
        entries = post_day(books, lines, flows=record.flows, cost_basis=record.session.cost_basis)
    else:
        known = {
            line_identity(line)
            for _, line in booked_lines(journal).values()
            if line.settle_date == record.settle_date
        }
        statement = lines if settlement is not None else None
        lines = tuple(line for line in lines if line_identity(line) not in known)
        change = Change(
            day=record.settle_date,
            drops=frozenset(record.drops),
            lines=lines,
            revived=record.revived,
        )
        flows = {each.settle_date: each.flows for each in journal.sessions}
        entries = apply_change(journal, change, flows=flows, statement=statement).entries
    return Transaction(
        kind=record.kind,
        settle_date=record.settle_date,
        session=record.session,
        source=source,
        lines=lines,
        entries=entries,
        marks=record.marks,
        flows=record.flows,
        reason=record.reason,
    )
