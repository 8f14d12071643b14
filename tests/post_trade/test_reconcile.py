from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import BooksMismatchError
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import Position
from quantpits.post_trade.fold import Books
from quantpits.post_trade.journal import AppliedFlow, FlowKind
from quantpits.post_trade.reconcile import closing_balances, reconcile

SPDB = "SH600000"
DAY = date(2026, 1, 5)


def cash(fen: int, **positions: Position) -> Books:
    return Books(fen, positions)


@pytest.mark.parametrize(
    ("moves", "closing"),
    [
        ([], set()),
        ([(-10, 90)], {90}),
        ([(-10, 90), (-20, 70), (5, 75)], {75}),
        ([(5, 75), (-20, 70), (-10, 90)], {75}),
        ([(-10, 90), (-20, 170)], {90, 170}),
    ],
)
def test_closing_balances(moves, closing) -> None:
    assert closing == closing_balances(moves)


@pytest.mark.parametrize("newest_first", [False, True])
def test_books_that_equal_the_brokers_pass(make_line, *, newest_first: bool) -> None:
    lines = [
        make_line(Effect.INTEREST, net=5, cash_balance=105),
        make_line(Effect.INTEREST, net=7, cash_balance=112),
        make_line(Effect.BONUS_SHARES, SPDB, 3, cash_balance=0, position_balance=13),
    ]
    lines = lines[::-1] if newest_first else lines
    reconcile(lines, [], after=cash(112, SH600000=Position(13, 1)))


def test_a_file_without_balances_passes(make_line) -> None:
    reconcile([make_line(Effect.INTEREST, net=5)], [], after=cash(1))
    reconcile([], [], after=cash(1))


def test_another_cash_is_refused_with_both_amounts(make_line) -> None:
    lines = [make_line(Effect.INTEREST, net=5, cash_balance=105, row=9)]
    with pytest.raises(
        BooksMismatchError, match=r":9[\s\S]*expected: 1\.05[\s\S]*1\.04 in"
    ) as error:
        reconcile(lines, [], after=cash(104))
    assert 4 == error.value.exit_code


def test_a_deposit_may_come_after_the_last_line(make_line) -> None:
    lines = [make_line(Effect.INTEREST, net=5, cash_balance=105)]
    deposit = AppliedFlow(DAY, FlowKind.DATED, 1000)
    reconcile(lines, [deposit], after=cash(1105))
    reconcile(lines, [deposit], after=cash(105))
    in_export = AppliedFlow(DAY, FlowKind.DATED, 1000, is_in_export=True)
    with pytest.raises(BooksMismatchError, match="cash in the books"):
        reconcile(lines, [in_export], after=cash(1105))


def test_another_position_is_refused_with_both_numbers(make_line) -> None:
    lines = [make_line(Effect.BUY, SPDB, 100, "1", position_balance=300, row=8)]
    with pytest.raises(BooksMismatchError, match=r"'SH600000'[\s\S]*:8[\s\S]*300[\s\S]*200 shares"):
        reconcile(lines, [], after=cash(0, SH600000=Position(200, 1)))


def test_a_sold_out_position_is_reconciled_too(make_line) -> None:
    lines = [make_line(Effect.SELL, SPDB, 100, "1", position_balance=0)]
    reconcile(lines, [], after=cash(0))
    with pytest.raises(BooksMismatchError, match="100 shares in the books"):
        reconcile(lines, [], after=cash(0, SH600000=Position(100, 1)))
