"""Corrections: what was booked wrongly is taken back by name, and what follows from it with it.

A correction never changes an entry. It reverses the wrong ones, each by its number, posts what is
right, and does the same to every later entry that was computed from them: the cost that a later
sale took out, for example. After it the books of every day are those that the right lines would
have given, and nothing else has moved; what was booked before stays readable.

The right lines must pass what every session must pass: no oversell, T+1, no negative cash, the
broker's balances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantpits.errors import NegativePositionError, UsageError
from quantpits.post_trade.daybook import post_day
from quantpits.post_trade.entries import CASHFLOW, OPENING
from quantpits.post_trade.fold import fold
from quantpits.post_trade.journal import Entry, Posting
from quantpits.post_trade.live import booked_lines, line_identity, live_entries
from quantpits.post_trade.reconcile import reconcile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from quantpits.post_trade.brokers.contract import BrokerLine, LineKey
    from quantpits.post_trade.fold import Books
    from quantpits.post_trade.journal import AppliedFlow, Journal
    from quantpits.post_trade.live import LiveEntry

__all__ = ["Change", "Outcome", "apply_change", "change_of", "change_to"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is wrong and what is right.

    Attributes
    ----------
    day : date
        The first day that changes.
    drops : frozenset of int
        Numbers of the entries that are taken back.
    lines : tuple of BrokerLine
        Lines that were never booked, all of `day`.
    revived : tuple of LineKey
        Lines that an earlier correction took back and that count again, all of `day`.
    """

    day: date
    drops: frozenset[int] = frozenset()
    lines: tuple[BrokerLine, ...] = ()
    revived: tuple[LineKey, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.drops or self.lines or self.revived)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change posts.

    Attributes
    ----------
    entries : tuple of Entry
        Reversals and what stands in their place, day by day.
    holdings : mapping of date to tuple of str
        What is held at the end of each session from the first changed day on.
    """

    entries: tuple[Entry, ...]
    holdings: Mapping[date, tuple[str, ...]]


def change_to(journal: Journal, day: date, *, right: Iterable[BrokerLine]) -> Change:
    """Return the change that makes the lines of a session those of its file.

    Parameters
    ----------
    journal : Journal
        The ledger.
    day : date
        The session.
    right : iterable of BrokerLine
        Its lines as the file has them now.

    Returns
    -------
    Change
        Lines of equal content stay as they are, wherever they stand in the file.
    """
    booked = booked_lines(journal)
    numbers = {
        each.entry.line: each.number
        for each in live_entries(journal).values()
        if each.entry.line is not None and each.day == day
    }
    known = {
        line_identity(line): key for key, (_, line) in booked.items() if line.settle_date == day
    }
    wanted = {line_identity(line): line for line in right}
    drops = {
        number
        for key, number in numbers.items()
        if key is not None and line_identity(booked[key][1]) not in wanted
    }
    return Change(
        day=day,
        drops=frozenset(drops),
        lines=tuple(line for identity, line in wanted.items() if identity not in known),
        revived=tuple(
            known[identity]
            for identity in wanted
            if identity in known and known[identity] not in numbers
        ),
    )


def change_of(journal: Journal, position: int) -> Change:
    """Return the change that a correction in the ledger made.

    Parameters
    ----------
    journal : Journal
        The ledger.
    position : int
        Which of its transactions, from 0.

    Returns
    -------
    Change
        What was wrong and right, without what followed from it.
    """
    transaction = journal.transactions[position]
    entries = transaction.entries
    replaced = {each.replaces for each in entries}
    reversed_now = {each.reverses for each in entries}
    own = {line.key for line in transaction.lines}
    return Change(
        day=transaction.settle_date,
        drops=frozenset(reversed_now - replaced - {0}),
        lines=transaction.lines,
        revived=tuple(
            each.line
            for each in entries
            if each.line is not None and each.line not in own and each.replaces not in reversed_now
        ),
    )


def apply_change(
    journal: Journal,
    change: Change,
    *,
    flows: Mapping[date, Sequence[AppliedFlow]],
    statement: Sequence[BrokerLine] | None = None,
) -> Outcome:
    """Return what a change posts.

    Parameters
    ----------
    journal : Journal
        The ledger before it.
    change : Change
        What is wrong and right.
    flows : mapping of date to sequence of AppliedFlow
        What ``cashflow.json`` added, by session.
    statement : sequence of BrokerLine, optional
        All lines of the changed session as its file has them, with the broker's balances.

    Returns
    -------
    Outcome
        The entries, and what is held from then on.

    Raises
    ------
    UsageError
        If an entry does not count, or is the opening.
    NegativePositionError, BooksMismatchError
        If the right lines could not have happened.
    """
    live = live_entries(journal)
    _check_drops(live, change)
    booked = {key: line for key, (_, line) in booked_lines(journal).items()}
    last_numbers = _last_numbers(journal)
    books = fold(each.entry for each in live.values() if each.day < change.day)
    days = sorted(
        {
            change.day,
            *(each.day for each in live.values() if each.day >= change.day),
            *(each.settle_date for each in journal.sessions if each.settle_date >= change.day),
        }
    )
    bases = {
        each.settle_date: each.session.cost_basis
        for each in journal.sessions
        if each.session is not None
    }
    by_day: dict[date, list[LiveEntry]] = {day: [] for day in days}
    for each in live.values():
        if each.day >= change.day:
            by_day[each.day].append(each)
    entries: list[Entry] = []
    holdings = {}
    for day in days:
        kept = [each for each in by_day[day] if each.number not in change.drops]
        posted = [_reversal(each) for each in by_day[day] if each.number in change.drops]
        is_first = day == change.day
        lines = [booked[each.entry.line] for each in kept if each.entry.line is not None]
        if is_first:
            lines += [*change.lines, *(booked[key] for key in change.revived)]
        flowed = fold((each.entry for each in kept if each.entry.kind == CASHFLOW), books)
        right = post_day(flowed, lines, flows=(), cost_basis=bases.get(day, "average"))
        posted += _differences(kept, right, last_numbers)
        books = fold(right, flowed)
        shown = statement if is_first and statement is not None else lines
        reconcile(shown, flows.get(day, ()), after=books)
        adopted = [each for each in kept if each.entry.line is None and each.entry.kind != CASHFLOW]
        books = fold((each.entry for each in adopted), books)
        _check_not_negative(books, day=day, adopted=adopted)
        entries += posted if is_first else [replace(each, day=day) for each in posted]
        holdings[day] = tuple(books.positions)
    return Outcome(tuple(entries), holdings)


def _check_not_negative(books: Books, *, day: date, adopted: Sequence[LiveEntry]) -> None:
    """Refuse books that an adopted difference takes below zero once the lines are right."""
    below = [name for name, each in books.positions.items() if each.shares < 0]
    if books.cash_fen >= 0 and not below:
        return
    what = f"{books.position(below[0]).shares} shares of {below[0]!r}" if below else "the cash"
    numbers = " ".join(f"--entry {each.number}" for each in adopted)
    raise NegativePositionError(
        "The correction leaves less than nothing.",
        where=day,
        expected="cash and positions of 0 or more",
        found=f"{what} below 0" if not below else what,
        hint=(
            "what was adopted from prod_config.json no longer fits; take it back with the same "
            f"correction ({numbers})"
        ),
    )


def _check_drops(live: Mapping[int, LiveEntry], change: Change) -> None:
    for number in sorted(change.drops):
        if number not in live:
            raise UsageError(
                f"Entry {number} does not count: there is none, or it was taken back already.",
                expected="the number of an entry that counts",
                hint="quantpits ledger show --entries lists them",
            )
        if live[number].entry.kind == OPENING:
            raise UsageError(
                f"Entry {number} is the opening of the books, which everything else stands on.",
                hint="set prod_config.json right and run quantpits ledger adopt",
            )


def _last_numbers(journal: Journal) -> dict[LineKey, int]:
    """Return the number of the last entry of each line."""
    every = (entry for each in journal.transactions for entry in each.entries)
    return {
        entry.line: number for number, entry in enumerate(every, start=1) if entry.line is not None
    }


def _differences(
    kept: Collection[LiveEntry], right: Iterable[Entry], last_numbers: Mapping[LineKey, int]
) -> list[Entry]:
    """Return what turns the entries of a day into the right ones."""
    booked = {each.entry.line: each for each in kept if each.entry.line is not None}
    posted = []
    for entry in right:
        assert entry.line is not None  # only lines were posted
        old = booked.get(entry.line)
        if old is None:
            posted.append(replace(entry, replaces=last_numbers.get(entry.line, 0)))
        elif old.entry.postings != entry.postings:
            posted += [_reversal(old), replace(entry, replaces=old.number)]
    return posted


def _reversal(live: LiveEntry) -> Entry:
    entry = live.entry
    postings = tuple(
        Posting(each.account, each.instrument, -each.fen, -each.shares) for each in entry.postings
    )
    return Entry("reversal", entry.instrument, postings, reverses=live.number)
