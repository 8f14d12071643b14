"""What counts: the entries that no correction has taken back, and the lines they follow from.

Entries are numbered from 1 in the order they were posted, over the whole ledger, so a number names
one entry for ever. A session's lines are those whose entry still counts, in whichever file they
came.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.post_trade.journal import TransactionKind
from quantpits.post_trade.money import cny_text

if TYPE_CHECKING:
    from datetime import date

    from quantpits.post_trade.brokers.contract import BrokerLine, LineKey
    from quantpits.post_trade.journal import Entry, Journal, Session, Source

__all__ = [
    "LiveEntry",
    "SessionLines",
    "booked_lines",
    "current_sources",
    "line_identity",
    "live_entries",
    "session_lines",
]


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """An entry that counts.

    Attributes
    ----------
    number : int
        Its number in the ledger, from 1.
    day : date
        The day it counts for.
    entry : Entry
        What was posted.
    """

    number: int
    day: date
    entry: Entry


@dataclass(frozen=True, slots=True)
class SessionLines:
    """The lines of a session that count.

    Attributes
    ----------
    settle_date : date
        The session.
    session : Session
        What is known of it.
    columns : tuple of str
        Columns of its last file; none where there was no file.
    lines : tuple of (tuple of str, BrokerLine)
        Each with the columns of the file it came in: first those of the session's own file, in file
        order, then what corrections added.
    """

    settle_date: date
    session: Session
    columns: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], BrokerLine], ...]


def live_entries(journal: Journal) -> dict[int, LiveEntry]:
    """Return the entries that count.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Returns
    -------
    dict of int to LiveEntry
        Number to entry, in the order they were posted.
    """
    live: dict[int, LiveEntry] = {}
    number = 0
    for transaction in journal.transactions:
        for entry in transaction.entries:
            number += 1
            if entry.reverses:
                del live[entry.reverses]
            else:
                live[number] = LiveEntry(number, entry.day or transaction.settle_date, entry)
    return live


def booked_lines(journal: Journal) -> dict[LineKey, tuple[tuple[str, ...], BrokerLine]]:
    """Return every line that was ever booked.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Returns
    -------
    dict of LineKey to (tuple of str, BrokerLine)
        The line with the columns of its file, in the order they were posted.
    """
    return {
        line.key: (transaction.source.columns, line)
        for transaction in journal.transactions
        if transaction.source is not None
        for line in transaction.lines
    }


def current_sources(journal: Journal) -> dict[date, Source]:
    """Return the file that each session was last booked from.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Returns
    -------
    dict of date to Source
        Sessions without a file are not in it.
    """
    return {
        transaction.settle_date: transaction.source
        for transaction in journal.transactions
        if transaction.source is not None
    }


def session_lines(journal: Journal) -> tuple[SessionLines, ...]:
    """Return the lines that count, by session.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Returns
    -------
    tuple of SessionLines
        Oldest session first.
    """
    sources = current_sources(journal)
    corrected = {
        each.settle_date for each in journal.transactions if each.kind is TransactionKind.CORRECTION
    }
    counted: defaultdict[date, list[tuple[tuple[str, ...], BrokerLine]]] = defaultdict(list)
    if corrected:
        live = {each.entry.line for each in live_entries(journal).values()}
        for key, (columns, line) in booked_lines(journal).items():
            if key in live:
                counted[line.settle_date].append((columns, line))
    found = []
    for each in journal.sessions:
        day = each.settle_date
        assert each.session is not None  # a session has its facts
        own = () if each.source is None else each.source.columns
        columns = sources[day].columns if day in sources else ()
        # Without corrections every line counts.
        lines = counted[day] if corrected else [(own, line) for line in each.lines]
        found.append(SessionLines(day, each.session, columns, tuple(lines)))
    return tuple(found)


def line_identity(line: BrokerLine) -> tuple[str, int]:
    """Return what is the same for one line in whichever file it comes.

    Parameters
    ----------
    line : BrokerLine
        A line of one session.

    Returns
    -------
    (str, int)
        Hash of what happened, and its number among lines of equal content.
    """
    return line.content_sha256, line.key.ordinal


def line_words(line: BrokerLine) -> str:
    """Return a line of a broker's file for a person.

    Parameters
    ----------
    line : BrokerLine
        A line of one session.

    Returns
    -------
    str
        Where it stands, what it is, and the cash it moves.
    """
    what = f" {line.instrument} {line.shares} shares at {line.price}" if line.instrument else ""
    return f"{line.where} {line.trade_type}{what}: cash {cny_text(line.net_cash_fen)}"
