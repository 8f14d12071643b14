from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from quantpits.errors import MissingDataError
from quantpits.post_trade.entries import (
    FLAT,
    Position,
    adjustment_entry,
    cashflow_entry,
    opening_entry,
)
from quantpits.post_trade.fold import (
    EMPTY_BOOKS,
    Books,
    books_at,
    daily_books,
    fold,
    last_marks,
    value_fen,
)
from quantpits.post_trade.journal import Journal, Mark, Session, Transaction, TransactionKind

SPDB, PAB = "SH600000", "SZ000001"
DAYS = (date(2026, 1, 2), date(2026, 1, 5), date(2026, 1, 6))
SESSION = Session("m", "SH000300", None, is_assumed_empty=True)


def transaction(kind: TransactionKind, day: date, *entries, marks=(), session=None) -> Transaction:
    return Transaction(
        kind=kind, settle_date=day, session=session, entries=tuple(entries), marks=tuple(marks)
    )


@pytest.fixture
def journal() -> Journal:
    mark = Mark(SPDB, Decimal("3.00"), DAYS[1], is_suspended=False)
    return (
        Journal()
        .extended(
            transaction(
                TransactionKind.OPENING, DAYS[0], opening_entry(100, {SPDB: Position(5, 50)})
            )
        )
        .extended(
            transaction(
                TransactionKind.SESSION, DAYS[1], cashflow_entry(10), marks=[mark], session=SESSION
            )
        )
        .extended(
            transaction(
                TransactionKind.ADJUSTMENT,
                DAYS[1],
                adjustment_entry(-1, {PAB: Position(2, 20)}),
                marks=[Mark(PAB, Decimal("1.00"), DAYS[0], is_suspended=True)],
            )
        )
        .extended(
            transaction(
                TransactionKind.SESSION,
                DAYS[2],
                adjustment_entry(0, {PAB: Position(-2, -20)}),
                marks=[replace(mark, close=Decimal("4.00"))],
                session=SESSION,
            )
        )
    )


def test_nothing_posted_is_nothing_held() -> None:
    assert Books() == EMPTY_BOOKS == fold([])
    assert (0, FLAT) == (EMPTY_BOOKS.cost_fen, EMPTY_BOOKS.position(SPDB))


def test_a_fold_sums_postings(journal: Journal) -> None:
    books = books_at(journal)
    assert 109 == books.cash_fen
    assert {SPDB: Position(5, 50)} == dict(books.positions)
    assert 50 == books.cost_fen


def test_the_books_of_a_day_count_what_was_posted_up_to_it(journal: Journal) -> None:
    assert [100, 109, 109] == [books_at(journal, day).cash_fen for day in DAYS]
    assert [SPDB, PAB] == list(books_at(journal, DAYS[1]).positions)
    assert EMPTY_BOOKS == books_at(journal, date(2026, 1, 1))


def test_a_fold_can_go_on_from_earlier_books(journal: Journal) -> None:
    later = [entry for each in journal.transactions[2:] for entry in each.entries]
    assert books_at(journal) == fold(
        later, fold([entry for each in journal.transactions[:2] for entry in each.entries])
    )


def test_a_session_is_valued_with_what_was_adjusted_on_it(journal: Journal) -> None:
    first, second = daily_books(journal)
    assert (DAYS[1], DAYS[2]) == (first.settle_date, second.settle_date)
    assert (100, 109) == (first.before.cash_fen, first.after.cash_fen)
    # 5 at 3.00 and 2 at 1.00
    assert (1700, 1809) == (first.market_value_fen, first.nav_fen)
    # the deposit, and what the adjustment brought at cost
    assert 10 + 19 == first.flow_fen
    assert (109 + 2000, -20) == (second.nav_fen, second.flow_fen)


def test_the_opening_alone_has_no_sessions(journal: Journal) -> None:
    assert [] == list(daily_books(replace(journal, transactions=journal.transactions[:1])))


def test_a_position_without_a_price_is_refused(journal: Journal) -> None:
    unpriced = [replace(each, marks=()) for each in journal.transactions]
    with pytest.raises(MissingDataError, match="SH600000 on 2026-01-05"):
        list(daily_books(replace(journal, transactions=tuple(unpriced))))


def test_only_what_is_held_keeps_its_last_mark(journal: Journal) -> None:
    assert {SPDB: Decimal("4.00")} == {
        name: mark.close for name, mark in last_marks(journal).items()
    }


def test_values_are_rounded_half_up() -> None:
    assert 13 == value_fen(1, Decimal("0.125"))
    assert 123_400 == value_fen(1000, Decimal("1.234"))
