"""Cash and positions as a fold over postings, and what they are worth.

Nothing here is stored: the balance at any day is the sum of the postings up to it. A position
disappears when neither shares nor cost are left.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from quantpits.errors import MissingDataError
from quantpits.post_trade.entries import (
    CASH,
    FLAT,
    FLOW_ACCOUNTS,
    HELD_ACCOUNTS,
    SECURITIES,
    Position,
)
from quantpits.post_trade.money import round_fen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    from quantpits.post_trade.journal import Entry, Journal, Mark, Session

__all__ = [
    "EMPTY_BOOKS",
    "Books",
    "DayBooks",
    "books_at",
    "daily_books",
    "fold",
    "last_marks",
    "value_fen",
]


@dataclass(frozen=True, slots=True)
class Books:
    """Balances at one moment.

    Attributes
    ----------
    cash_fen : int
        Cash [fen].
    positions : mapping of str to Position
        What is held, by instrument, in order of instrument.
    pending : mapping of (str, str) to Position
        What is paid and not held yet, or lent: by account (see `entries`) and instrument.
    """

    cash_fen: int = 0
    positions: Mapping[str, Position] = field(default_factory=lambda: MappingProxyType({}))
    pending: Mapping[tuple[str, str], Position] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def cost_fen(self) -> int:
        """What the positions cost [fen]."""
        return sum(position.cost_fen for position in self.positions.values())

    @property
    def pending_fen(self) -> int:
        """What is paid and not held yet, or lent [fen]."""
        return sum(position.cost_fen for position in self.pending.values())

    @property
    def stated(self) -> Books:
        """The part that ``prod_config.json`` can state: cash and positions."""
        return Books(self.cash_fen, self.positions)

    def position(self, instrument: str) -> Position:
        """Return what is held of an instrument.

        Parameters
        ----------
        instrument : str
            Any instrument.

        Returns
        -------
        Position
            Zero shares where none are held.
        """
        return self.positions.get(instrument, FLAT)


EMPTY_BOOKS = Books()
"""Before anything was posted."""


class Tally:
    """Balances while entries are added to them, one by one.

    Parameters
    ----------
    books : Books
        Balances before the first entry; they are not changed.
    """

    def __init__(self, books: Books) -> None:
        self.cash_fen = books.cash_fen
        self._held = {(SECURITIES, name): each for name, each in books.positions.items()}
        self._held |= books.pending

    def position(self, instrument: str, account: str = SECURITIES) -> Position:
        """Return what is held of an instrument now.

        Parameters
        ----------
        instrument : str
            Any instrument.
        account : str
            One of the accounts that hold shares.

        Returns
        -------
        Position
            Zero shares where none are held.
        """
        return self._held.get((account, instrument), FLAT)

    def add(self, entry: Entry) -> None:
        """Add an entry.

        Parameters
        ----------
        entry : Entry
            Its postings to cash and to the accounts that hold shares count.
        """
        for posting in entry.postings:
            if posting.account == CASH:
                self.cash_fen += posting.fen
            elif posting.account in HELD_ACCOUNTS:
                key = (posting.account, posting.instrument)
                held = self._held.get(key, FLAT)
                self._held[key] = Position(
                    held.shares + posting.shares, held.cost_fen + posting.fen
                )

    def books(self) -> Books:
        """Return the balances now.

        Returns
        -------
        Books
            Without what is no longer held.
        """
        held = [(key, self._held[key]) for key in sorted(self._held) if self._held[key] != FLAT]
        return Books(
            self.cash_fen,
            MappingProxyType(
                {name: each for (account, name), each in held if account == SECURITIES}
            ),
            MappingProxyType({key: each for key, each in held if key[0] != SECURITIES}),
        )


@dataclass(frozen=True, slots=True)
class DayBooks:
    """The books at the end of a processed session, after any later adjustment of it.

    Attributes
    ----------
    settle_date : date
        The session.
    session : Session
        What is known of it.
    before, after : Books
        Balances before its first and after its last entry.
    marks : mapping of str to Mark
        What each position is valued at.
    flow_fen : int
        What came from outside the account, at cost: deposits, withdrawals and adjustments [fen].
    """

    settle_date: date
    session: Session
    before: Books
    after: Books
    marks: Mapping[str, Mark]
    flow_fen: int

    @property
    def market_value_fen(self) -> int:
        """What the positions are worth at their marks [fen]."""
        return sum(
            value_fen(position.shares, self.marks[instrument].close)
            for instrument, position in self.after.positions.items()
        )

    @property
    def nav_fen(self) -> int:
        """Cash, positions at their marks, and what is pending at cost [fen]."""
        return self.after.cash_fen + self.market_value_fen + self.after.pending_fen


def fold(entries: Iterable[Entry], books: Books = EMPTY_BOOKS) -> Books:
    """Return the books after some entries.

    Parameters
    ----------
    entries : iterable of Entry
        In the order they were posted; the result does not depend on it.
    books : Books
        Balances before.

    Returns
    -------
    Books
        Balances after.
    """
    tally = Tally(books)
    for entry in entries:
        tally.add(entry)
    return tally.books()


def books_at(journal: Journal, day: date | None = None) -> Books:
    """Return the balances at the end of a day.

    Parameters
    ----------
    journal : Journal
        The ledger.
    day : date, optional
        The last day to count; everything by default.

    Returns
    -------
    Books
        Empty before the opening.
    """
    return fold(
        entry
        for transaction in journal.transactions
        for entry in transaction.entries
        if day is None or (entry.day or transaction.settle_date) <= day
    )


def daily_books(journal: Journal) -> Iterator[DayBooks]:
    """Yield the books of every processed session, oldest first.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Yields
    ------
    DayBooks
        Balances, marks and flows of one session.

    Raises
    ------
    MissingDataError
        If a position has no mark.
    """
    sessions: dict[date, Session] = {}
    entries: defaultdict[date, list[Entry]] = defaultdict(list)
    marks: defaultdict[date, dict[str, Mark]] = defaultdict(dict)
    for transaction in journal.transactions:
        day = transaction.settle_date
        if transaction.session is not None:
            sessions[day] = transaction.session
        for entry in transaction.entries:
            entries[entry.day or day].append(entry)
        for mark in transaction.marks:
            marks[mark.day or day][mark.instrument] = mark
    books = EMPTY_BOOKS
    for day in sorted({*entries, *sessions}):
        before = books
        books = fold(entries[day], before)
        # The day of the opening has no session: nothing was processed, nothing is valued.
        if day in sessions:
            yield DayBooks(
                day,
                sessions[day],
                before,
                books,
                marks=_complete(marks[day], books, day=day),
                flow_fen=_flow_fen(entries[day]),
            )


def last_marks(journal: Journal) -> dict[str, Mark]:
    """Return what each position was last valued at.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Returns
    -------
    dict of str to Mark
        Only of what is held now; an opening balance has no mark yet.
    """
    held = books_at(journal).positions
    last: dict[str, tuple[date, Mark]] = {}
    for transaction in journal.transactions:
        for mark in transaction.marks:
            day = mark.day or transaction.settle_date
            known = last.get(mark.instrument)
            # A correction may value a day that others follow.
            if mark.instrument in held and (known is None or known[0] <= day):
                last[mark.instrument] = (day, mark)
    return {instrument: mark for instrument, (_, mark) in last.items()}


def value_fen(shares: int, close: Decimal) -> int:
    """Return what shares are worth.

    Parameters
    ----------
    shares : int
        How many [shares].
    close : Decimal
        Price of one [CNY].

    Returns
    -------
    int
        Their value, rounded half up [fen].
    """
    return round_fen(shares * close)


def _complete(marks: Mapping[str, Mark], books: Books, *, day: date) -> Mapping[str, Mark]:
    for instrument in books.positions:
        if instrument not in marks:
            raise MissingDataError(
                "A holding has no price in the ledger.",
                where=f"{instrument} on {day}",
                expected="a mark for every position",
            )
    return MappingProxyType(dict(marks))


def _flow_fen(entries: Iterable[Entry]) -> int:
    return -sum(
        posting.fen
        for entry in entries
        for posting in entry.postings
        if posting.account in FLOW_ACCOUNTS
    )
