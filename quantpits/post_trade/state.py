"""The state keys of ``prod_config.json`` against the ledger: projection, leftover or hand edit.

The ledger is the truth. After a finished run the state keys are its projection, so any difference
is a hand edit and stops the next run; ``--adopt`` posts the difference instead. After an
interrupted run the file may also show an earlier moment of that run, which is no edit: it is only
written again.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from quantpits.errors import BooksMismatchError, Finding, NegativePositionError
from quantpits.post_trade.entries import Position, adjustment_entry, opening_entry
from quantpits.post_trade.fold import EMPTY_BOOKS, Books, books_at, fold
from quantpits.post_trade.journal import Transaction, TransactionKind
from quantpits.post_trade.money import cny_text, round_fen, whole_fen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantpits.config import ProdConfig
    from quantpits.post_trade.journal import Entry, Journal

__all__ = [
    "adopted_entry",
    "check_projection",
    "check_stated",
    "config_books",
    "differences",
    "is_shown",
    "opening_findings",
    "opening_transaction",
]

_SOURCE = "config/prod_config.json"


def config_books(config: ProdConfig) -> Books:
    """Return the balances that ``prod_config.json`` states.

    Parameters
    ----------
    config : ProdConfig
        The file.

    Returns
    -------
    Books
        Amounts rounded half up to the fen; a holding without shares is none.
    """
    positions = {
        each.instrument: Position(each.value, round_fen(each.amount))
        for each in sorted(config.current_holding, key=lambda each: each.instrument)
        if each.value
    }
    return Books(round_fen(config.current_cash), MappingProxyType(positions))


def check_stated(config: ProdConfig) -> None:
    """Refuse a state that books cannot have, before it is opened or adopted.

    Parameters
    ----------
    config : ProdConfig
        The file.

    Raises
    ------
    NegativePositionError
        If it states cash below zero.
    """
    if config.current_cash < 0:
        raise NegativePositionError(
            "The state has cash below zero, which an account without credit cannot have.",
            where=_SOURCE,
            expected="current_cash of 0 or more",
            found=str(config.current_cash),
            hint="set current_cash to what the broker shows",
        )


def opening_transaction(config: ProdConfig) -> Transaction:
    """Return what opens the books with the state that the user starts from.

    Parameters
    ----------
    config : ProdConfig
        The file.

    Returns
    -------
    Transaction
        Dated on the last day that the file counts as processed.
    """
    books = config_books(config)
    return Transaction(
        kind=TransactionKind.OPENING,
        settle_date=config.cursor,
        entries=(opening_entry(books.cash_fen, books.positions),),
    )


def opening_findings(config: ProdConfig) -> tuple[Finding, ...]:
    """Return what the opening could not take over as it stands.

    Parameters
    ----------
    config : ProdConfig
        The file.

    Returns
    -------
    tuple of Finding
        Amounts finer than a fen, and holdings without shares.
    """
    amounts = [("current_cash", config.current_cash)]
    amounts += [(each.instrument, each.amount) for each in config.current_holding]
    rounded = [
        Finding(
            "PTR006",
            "info",
            f"The amount {amount} of {name} is opened as {cny_text(round_fen(amount))}.",
            _SOURCE,
            name,
        )
        for name, amount in amounts
        if whole_fen(amount) is None
    ]
    dropped = [
        Finding(
            "PTR007",
            "warning",
            f"{each.instrument} is listed with a cost of {each.amount} and no shares; it is not "
            "opened.",
            _SOURCE,
            each.instrument,
        )
        for each in config.current_holding
        if not each.value and each.amount
    ]
    return (*rounded, *dropped)


def differences(ledger: Books, config: Books) -> tuple[str, ...]:
    """Return where two balances differ, in words.

    Parameters
    ----------
    ledger, config : Books
        What the ledger and the file say.

    Returns
    -------
    tuple of str
        One for the cash and one for each position that differs.
    """
    found = []
    if ledger.cash_fen != config.cash_fen:
        found.append(
            f"cash: {cny_text(ledger.cash_fen)} in the books, {cny_text(config.cash_fen)} stated"
        )
    for name in sorted({*ledger.positions, *config.positions}):
        booked, stated = ledger.position(name), config.position(name)
        if booked != stated:
            found.append(
                f"{name}: {booked.shares} shares at {cny_text(booked.cost_fen)} in the books, "
                f"{stated.shares} at {cny_text(stated.cost_fen)} stated"
            )
    return tuple(found)


def is_shown(journal: Journal, config: ProdConfig) -> bool:
    """Return whether the file shows exactly the last state of the books.

    Parameters
    ----------
    journal : Journal
        An open ledger.
    config : ProdConfig
        The file.

    Returns
    -------
    bool
        False if it must be written.
    """
    return (
        config.cursor == journal.last_date
        and config.current_date == journal.last_date
        and config_books(config) == books_at(journal).stated
    )


def check_projection(journal: Journal, config: ProdConfig, *, adopt: bool) -> None:
    """Refuse a file that shows no state of the books, unless the user wants it adopted.

    Parameters
    ----------
    journal : Journal
        An open ledger.
    config : ProdConfig
        The file.
    adopt : bool
        Whether its balances are to be posted as an adjustment.

    Raises
    ------
    BooksMismatchError
        If the file was edited by hand, or states balances of another day than the last one.
    """
    if is_shown(journal, config) or _shows_unfinished(journal, config):
        return
    if adopt and config.cursor == journal.last_date:
        return
    found = list(differences(books_at(journal), config_books(config)))
    for key, day in (
        ("last_processed_date", config.cursor),
        ("current_date", config.current_date),
    ):
        if day != journal.last_date:
            found.append(f"{key}: {journal.last_date} in the books, {day} stated")
    hint = (
        f"undo the edit, or run with --adopt to post the difference; --adopt needs "
        f"last_processed_date to be {journal.last_date}"
    )
    raise BooksMismatchError(
        f"The state in {_SOURCE} is not that of the books.",
        where=_SOURCE,
        expected="state keys as the last run wrote them",
        found="; ".join(found),
        hint=hint,
    )


def adopted_entry(journal: Journal, config: ProdConfig) -> Entry | None:
    """Return the entry that brings the books to what the file states.

    Parameters
    ----------
    journal : Journal
        An open ledger.
    config : ProdConfig
        The file.

    Returns
    -------
    Entry or None
        None where only a date differs, or nothing.
    """
    ledger, stated = books_at(journal).stated, config_books(config)
    if _shows_unfinished(journal, config) or ledger == stated:
        return None
    changes = {}
    for name in sorted({*ledger.positions, *stated.positions}):
        booked, wanted = ledger.position(name), stated.position(name)
        if booked != wanted:
            changes[name] = Position(
                wanted.shares - booked.shares, wanted.cost_fen - booked.cost_fen
            )
    return adjustment_entry(stated.cash_fen - ledger.cash_fen, changes)


def _shows_unfinished(journal: Journal, config: ProdConfig) -> bool:
    """Return whether the file shows a state that an interrupted run has passed through."""
    if not journal.unfinished:
        return False
    stated = (config.cursor, config_books(config))
    return any(stated == state for state in _states(journal))


def _states(journal: Journal) -> Iterator[tuple[object, Books]]:
    """Yield day and balances before the first and after each unfinished transaction."""
    books = EMPTY_BOOKS
    day = journal.opening_date
    for number, transaction in enumerate(journal.transactions, start=1):
        books = fold(transaction.entries, books)
        day = max(day, transaction.settle_date)
        if number >= journal.n_projected:
            yield day, books.stated
