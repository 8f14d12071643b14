from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from quantpits.config import ProdConfig
from quantpits.errors import BooksMismatchError, NegativePositionError
from quantpits.post_trade.entries import Position, check_balanced
from quantpits.post_trade.fold import Books, books_at, fold
from quantpits.post_trade.journal import Journal, TransactionKind
from quantpits.post_trade.state import (
    adopted_entry,
    check_projection,
    config_books,
    differences,
    is_shown,
    opening_findings,
    opening_transaction,
)

LAST = date(2026, 1, 6)


def config(cash: str, holdings=(), *, day: date = LAST, current: date | None = None) -> ProdConfig:
    return ProdConfig.model_validate(
        {
            "current_date": current or day,
            "last_processed_date": day,
            "current_cash": Decimal(cash),
            "current_holding": [
                {"instrument": name, "value": value, "amount": Decimal(amount)}
                for name, value, amount in holdings
            ],
        }
    )


SHOWN = config("9018.90", [("SH600000", 100, "1030.10")])


@pytest.fixture
def finished(journal: Journal) -> Journal:
    return replace(journal, n_projected=4)


def test_the_balances_of_the_config() -> None:
    stated = config("1.005", [("SZ000001", 5, "2.5"), ("SH600000", 100, "7"), ("SZ000002", 0, "3")])
    books = config_books(stated)
    assert 101 == books.cash_fen
    assert {"SH600000": Position(100, 700), "SZ000001": Position(5, 250)} == dict(books.positions)
    assert ["SH600000", "SZ000001"] == list(books.positions)


def test_the_opening_takes_over_what_is_stated() -> None:
    opening = opening_transaction(SHOWN)
    assert (TransactionKind.OPENING, LAST) == (opening.kind, opening.settle_date)
    assert config_books(SHOWN) == fold(opening.entries)
    check_balanced(opening.entries)
    assert () == opening_findings(SHOWN)


def test_what_cannot_be_taken_over_is_reported() -> None:
    stated = config(
        "1.005", [("SH600000", 100, "7.001"), ("SZ000002", 0, "3"), ("SZ000003", 0, "0")]
    )
    findings = opening_findings(stated)
    assert [("PTR006", "current_cash"), ("PTR006", "SH600000"), ("PTR007", "SZ000002")] == [
        (each.code, each.subject) for each in findings
    ]


def test_differences_are_in_words() -> None:
    ledger = Books(100, {"SH600000": Position(1, 2)})
    stated = Books(90, {"SZ000001": Position(3, 4)})
    assert (
        "cash: 1.00 in the books, 0.90 stated",
        "SH600000: 1 shares at 0.02 in the books, 0 at 0.00 stated",
        "SZ000001: 0 shares at 0.00 in the books, 3 at 0.04 stated",
    ) == differences(ledger, stated)
    assert () == differences(ledger, ledger)


def test_the_projection_of_the_books_passes(finished: Journal) -> None:
    assert is_shown(finished, SHOWN)
    check_projection(finished, SHOWN, adopt=False)
    assert adopted_entry(finished, SHOWN) is None


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        (config("9000", [("SH600000", 100, "1030.10")]), "cash: 9018.90 in the books, 9000.00"),
        (config("9018.90"), "SH600000: 100 shares at 1030.10 in the books, 0 at 0.00"),
        (
            config("9018.90", [("SH600000", 100, "1030.10")], day=date(2026, 1, 5)),
            "last_processed_date: 2026-01-06 in the books, 2026-01-05",
        ),
        (
            config("9018.90", [("SH600000", 100, "1030.10")], current=date(2026, 1, 7)),
            "current_date: 2026-01-06 in the books, 2026-01-07",
        ),
    ],
)
def test_a_hand_edit_stops_with_the_difference(finished: Journal, stated, found: str) -> None:
    assert not is_shown(finished, stated)
    with pytest.raises(BooksMismatchError, match=found) as error:
        check_projection(finished, stated, adopt=False)
    assert 4 == error.value.exit_code
    assert "--adopt" in str(error.value)


def test_an_adopted_edit_becomes_an_entry(finished: Journal) -> None:
    stated = config("9000", [("SH600000", 90, "1000"), ("SZ000001", 5, "50")])
    check_projection(finished, stated, adopt=True)
    entry = adopted_entry(finished, stated)
    assert entry is not None
    check_balanced([entry])
    assert config_books(stated) == fold([entry], books_at(finished))


def test_only_what_differs_is_adopted(finished: Journal) -> None:
    entry = adopted_entry(finished, config("9018.91", [("SH600000", 100, "1030.10")]))
    assert entry is not None
    assert [("cash", 1), ("equity:adjustment", -1)] == [
        (each.account, each.fen) for each in entry.postings
    ]


def test_only_a_wrong_date_is_nothing_to_adopt(finished: Journal) -> None:
    stated = config("9018.90", [("SH600000", 100, "1030.10")], current=date(2026, 1, 7))
    check_projection(finished, stated, adopt=True)
    assert adopted_entry(finished, stated) is None


def test_balances_of_another_day_cannot_be_adopted(finished: Journal) -> None:
    with pytest.raises(
        BooksMismatchError, match="--adopt needs last_processed_date to be 2026-01-06"
    ):
        check_projection(finished, config("1", day=date(2026, 1, 5)), adopt=True)


@pytest.mark.parametrize("seen", [1, 2, 3, 4])
def test_after_a_kill_every_state_of_the_run_is_no_edit(journal: Journal, seen: int) -> None:
    books = fold(entry for each in journal.transactions[:seen] for entry in each.entries)
    day = journal.transactions[seen - 1].settle_date
    holdings = [
        (name, position.shares, str(Decimal(position.cost_fen).scaleb(-2)))
        for name, position in books.positions.items()
    ]
    stated = config(str(Decimal(books.cash_fen).scaleb(-2)), holdings, day=day)
    for projected in range(4):
        interrupted = replace(journal, n_projected=projected)
        if seen >= projected:
            check_projection(interrupted, stated, adopt=False)
            assert adopted_entry(interrupted, stated) is None
        else:
            with pytest.raises(BooksMismatchError, match="is not that of the books"):
                check_projection(interrupted, stated, adopt=False)


@pytest.mark.parametrize("is_open", [True, False])
def test_cash_below_zero_is_neither_opened_nor_adopted(account, is_open) -> None:
    account.settle_all()
    if is_open:
        account.run(end_date=date(2026, 1, 5))
        account.write("prod_config.json", {**account.config, "current_cash": -1})
    else:
        account.state(-1)
    before = account.files()
    with pytest.raises(NegativePositionError, match="cash below zero"):
        account.run(adopt=is_open)
    assert before == account.files()
