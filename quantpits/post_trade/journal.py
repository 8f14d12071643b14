"""What the ledger holds, as values: one `Transaction` for each thing that was posted.

A transaction is what one SQL transaction writes: the opening of the books, one session, an
adjustment, or a correction. It carries its own evidence (file and lines), the entries that follow
from it, and the closing prices that valued the holdings. Transactions are never changed; a
correction is a new one. Positions, cash, NAV, the logs and the state in ``prod_config.json`` are
all folds over the sequence.

Each transaction has a digest over its content and the digest before it, so a ledger that was
altered by other means than this program is noticed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Literal

from quantpits.post_trade.brokers.contract import BrokerLine, LineKey

__all__ = [
    "DEFAULT_BROKER",
    "AppliedFlow",
    "CostBasis",
    "Entry",
    "FlowKind",
    "Journal",
    "Mark",
    "Posting",
    "Session",
    "Source",
    "Transaction",
    "TransactionKind",
    "chain",
]


DEFAULT_BROKER = "gtja"
"""Adapter of the files that a ledger of the first version holds."""

CostBasis = Literal["average", "diluted"]
"""What a sale takes out of the cost: its part of it, or what it brings (the earlier system)."""


class TransactionKind(StrEnum):
    """What a transaction posts."""

    OPENING = "opening"
    SESSION = "session"
    ADJUSTMENT = "adjustment"
    CORRECTION = "correction"


class FlowKind(StrEnum):
    """Which form of ``cashflow.json`` a deposit or withdrawal was listed in."""

    DATED = "dated"
    LEGACY = "legacy"


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry.

    Attributes
    ----------
    account : str
        For example ``"cash"``; see `entries` for the accounts.
    instrument : str
        What the shares are of, or what a fee or income came from; ``""`` where it is about cash
        only.
    fen : int
        Signed amount [fen]; the amounts of an entry sum to zero.
    shares : int
        Signed number [shares]; the numbers of each instrument of an entry sum to zero.
    """

    account: str
    instrument: str
    fen: int
    shares: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, as postings that balance.

    Attributes
    ----------
    kind : str
        The effect of the line, or ``"opening"``, ``"cashflow"``, ``"adjustment"``.
    instrument : str
        What it is about; ``""`` for cash.
    postings : tuple of Posting
        At least two, or none for an event that moves nothing.
    line : LineKey or None
        The line of the broker's file it follows from.
    day : date or None
        The day it counts for; None for that of its transaction. Only a correction has entries of
        several days.
    reverses : int
        Number of the entry that it takes back; 0 for none. Entries are numbered from 1 in the order
        they were posted.
    replaces : int
        Number of the entry, taken back, in whose place it stands; 0 for none.
    """

    kind: str
    instrument: str
    postings: tuple[Posting, ...]
    line: LineKey | None = None
    day: date | None = None
    reverses: int = 0
    replaces: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """The price a holding is valued at on a session.

    Attributes
    ----------
    instrument : str
        What is valued.
    close : Decimal
        Raw close of a share [CNY].
    priced_on : date
        Session of that close.
    is_suspended : bool
        Whether that is an earlier session, because the instrument did not trade.
    day : date or None
        The session it is valued on; None for that of its transaction.
    """

    instrument: str
    close: Decimal
    priced_on: date
    is_suspended: bool
    day: date | None = None


@dataclass(frozen=True, slots=True)
class AppliedFlow:
    """A deposit or withdrawal from ``cashflow.json`` that is in the books.

    Attributes
    ----------
    listed_date : date
        The date it was listed under; for the legacy form the session it was applied to.
    kind : FlowKind
        The form it was listed in.
    fen : int
        Signed amount [fen].
    is_in_export : bool
        Whether the broker's own file shows it as a bank transfer, so that the line was posted
        instead.
    """

    listed_date: date
    kind: FlowKind
    fen: int
    is_in_export: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was imported; the ledger keeps its bytes.

    Attributes
    ----------
    name : str
        Its file name.
    sha256 : str
        Hash of its bytes.
    sheet : str
        The sheet that was read.
    columns : tuple of str
        Columns of the table, in file order.
    content : bytes
        The file itself; ``b""`` in a transaction that was read back without it.
    broker : str
        Name of the adapter that read it.
    """

    name: str
    sha256: str
    sheet: str
    columns: tuple[str, ...]
    content: bytes = b""
    broker: str = DEFAULT_BROKER


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a processed session besides its entries.

    Attributes
    ----------
    model : str
        Tag of the model that was traded, for the trade log.
    benchmark : str
        Code of the index.
    benchmark_close : Decimal or None
        Its close; None where the market data have none.
    is_assumed_empty : bool
        Whether there was no file and the user said that nothing happened.
    cost_basis : {"average", "diluted"}
        How its sales were booked.
    """

    model: str
    benchmark: str
    benchmark_close: Decimal | None
    is_assumed_empty: bool
    cost_basis: CostBasis = "average"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One atomic addition to the books.

    Attributes
    ----------
    kind : TransactionKind
        What it posts.
    settle_date : date
        The session it belongs to; for the opening, the last day before the first session; for a
        correction, the first day that it changes.
    session : Session or None
        For a session.
    source : Source or None
        The file of a session, or the one that a correction follows.
    lines : tuple of BrokerLine
        The lines of the session in the file, in file order; of a correction, those that are new.
    entries : tuple of Entry
        What was posted, in the order it was posted.
    marks : tuple of Mark
        What the holdings at the end of the session are valued at, by instrument.
    flows : tuple of AppliedFlow
        What was taken from ``cashflow.json``.
    reason : str
        Why a correction was made, in the user's words.
    """

    kind: TransactionKind
    settle_date: date
    session: Session | None = None
    source: Source | None = None
    lines: tuple[BrokerLine, ...] = ()
    entries: tuple[Entry, ...] = ()
    marks: tuple[Mark, ...] = ()
    flows: tuple[AppliedFlow, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """The whole ledger, in the order it was posted.

    Attributes
    ----------
    transactions : tuple of Transaction
        None before the books are opened.
    digests : tuple of str
        The stored digest of each (see `chain`).
    n_projected : int
        How many of them the files of the workspace are known to show; fewer than all after a run
        that was interrupted.
    run_ends : tuple of int
        How many there were at the end of each finished run.
    """

    transactions: tuple[Transaction, ...] = ()
    digests: tuple[str, ...] = ()
    n_projected: int = 0
    run_ends: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the books were opened."""
        return bool(self.transactions)

    @property
    def opening_date(self) -> date:
        """Day of the opening balance; the books must be open."""
        return self.transactions[0].settle_date

    @property
    def last_date(self) -> date:
        """Last day that is in the books; the books must be open."""
        # A correction belongs to a day that is in the books already.
        return next(
            each.settle_date
            for each in reversed(self.transactions)
            if each.kind is not TransactionKind.CORRECTION
        )

    @property
    def sessions(self) -> tuple[Transaction, ...]:
        """Return the processed sessions, oldest first."""
        return tuple(each for each in self.transactions if each.kind is TransactionKind.SESSION)

    @property
    def unfinished(self) -> tuple[Transaction, ...]:
        """Return what an interrupted run posted without finishing the files of the workspace."""
        return self.transactions[self.n_projected :]

    @property
    def head(self) -> str:
        """Digest of everything that is in the books; ``""`` before they are opened."""
        return self.digests[-1] if self.digests else ""

    def extended(self, transaction: Transaction) -> Journal:
        """Return the journal with one more transaction at its end.

        Parameters
        ----------
        transaction : Transaction
            The next one.

        Returns
        -------
        Journal
            A new journal, with the digest of the transaction.
        """
        return Journal(
            (*self.transactions, transaction),
            (*self.digests, chain(self.head, transaction)),
            self.n_projected,
            self.run_ends,
        )

    def first_altered(self) -> Transaction | None:
        """Return the first transaction whose content is not what its digest says.

        Returns
        -------
        Transaction or None
            None for a ledger that only this program has written to.
        """
        previous = ""
        for transaction, digest in zip(self.transactions, self.digests, strict=True):
            if chain(previous, transaction) != digest:
                return transaction
            previous = digest
        return None


def chain(previous: str, transaction: Transaction) -> str:
    """Return the digest of a transaction that follows another.

    Parameters
    ----------
    previous : str
        Digest before it; ``""`` for the first.
    transaction : Transaction
        The content; the bytes of its file count by their hash.

    Returns
    -------
    str
        sha256 in hexadecimal, equal on every machine for equal content.
    """
    text = json.dumps(
        [previous, _plain(transaction)], default=_plain, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Return what JSON can hold for a value; the order of the fields counts, not their names."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    kind = type(value)
    plain = _FIELDS[kind](value)
    for name, default in _LATER_FIELDS.get(kind, ()):
        found = getattr(value, name)
        if found != default:
            plain = (*plain, name, found)
    return plain


# Fields that earlier versions of the ledger did not have count only where they say something, so
# that its digests stay what they were.
_LATER_FIELDS: dict[type, tuple[tuple[str, object], ...]] = {
    Transaction: (("reason", ""),),
    Source: (("broker", DEFAULT_BROKER),),
    Session: (("cost_basis", "average"),),
    Entry: (("day", None), ("reverses", 0), ("replaces", 0)),
    Mark: (("day", None),),
}
_UNCOUNTED = {
    "content",
    *(name for later in _LATER_FIELDS.values() for name, _ in later),
}
_FIELDS: dict[type, attrgetter[tuple[object, ...]]] = {
    each: attrgetter(*(field.name for field in fields(each) if field.name not in _UNCOUNTED))
    for each in (Transaction, Session, Source, BrokerLine, Entry, Posting, Mark, AppliedFlow)
}
