from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import BrokerFileError, NegativePositionError
from quantpits.post_trade.brokers.contract import Effect, Statement
from quantpits.post_trade.daybook import check_settle_dates, post_day
from quantpits.post_trade.entries import Position
from quantpits.post_trade.fold import Books, fold
from quantpits.post_trade.journal import AppliedFlow, FlowKind

SPDB, PAB = "SH600000", "SZ000001"
DAY = date(2026, 1, 5)


def books(cash: int, **positions: Position) -> Books:
    return Books(cash, positions)


def flow(fen: int, *, in_export: bool = False) -> AppliedFlow:
    return AppliedFlow(DAY, FlowKind.DATED, fen, in_export)


def statement(*lines) -> Statement:
    return Statement(
        source_name="2026-01-05-table.xlsx",
        source_sha256="a",
        sheet="Sheet1",
        columns=(),
        lines=lines,
    )


def test_a_settlement_date_that_contradicts_the_file_name_is_refused(make_line) -> None:
    right = make_line(Effect.DEPOSIT, net=1)
    check_settle_dates(statement(right), first=DAY, last=DAY)
    with pytest.raises(BrokerFileError, match=r"2026-01-06-table\.xlsx:7") as error:
        check_settle_dates(
            statement(right, make_line(Effect.DEPOSIT, day=date(2026, 1, 6))), first=DAY, last=DAY
        )
    assert 3 == error.value.exit_code


def test_an_empty_day_posts_nothing() -> None:
    assert () == post_day(books(100), [], flows=[])


def test_sales_come_before_the_purchases_they_pay_for(make_line) -> None:
    lines = [
        make_line(Effect.BUY, PAB, 100, "9", row=7),
        make_line(Effect.SELL, SPDB, 100, "10", row=8),
    ]
    entries = post_day(books(0, SH600000=Position(100, 1)), lines, flows=[])
    assert ["sell", "buy"] == [entry.kind for entry in entries]
    assert 10_000 == fold(entries, books(0)).cash_fen


def test_deposits_come_first_and_those_in_the_export_are_not_posted_twice(make_line) -> None:
    lines = [make_line(Effect.BUY, PAB, 100, "1"), make_line(Effect.DEPOSIT, net=6_000, row=8)]
    entries = post_day(books(0), lines, flows=[flow(4_000), flow(6_000, in_export=True)])
    assert ["cashflow", "deposit", "buy"] == [entry.kind for entry in entries]
    assert 0 == fold(entries, books(0)).cash_fen


def test_cash_below_zero_names_the_first_line_that_is_not_paid(make_line) -> None:
    lines = [
        make_line(Effect.BUY, PAB, 100, "2", row=9),
        make_line(Effect.BUY, SPDB, 100, "3", row=8),
        make_line(Effect.DIVIDEND, SPDB, net=10, row=7),
    ]
    with pytest.raises(NegativePositionError, match=r"table\.xlsx:9[\s\S]*found: -99\.90") as error:
        post_day(books(40_000), lines, flows=[])
    assert 4 == error.value.exit_code


def test_of_several_unpaid_lines_the_first_is_named(make_line) -> None:
    lines = [make_line(Effect.BUY, PAB, 100, "2", row=row) for row in (9, 10)]
    lines.append(make_line(Effect.BUY, SPDB, 100, "3", row=8))
    with pytest.raises(NegativePositionError, match=r"table\.xlsx:8"):
        post_day(books(10_000), lines, flows=[])


def test_a_withdrawal_that_is_not_there_names_the_cashflow_file() -> None:
    with pytest.raises(NegativePositionError, match=r"config/cashflow\.json"):
        post_day(books(100), [], flows=[flow(-101)])


def test_cash_may_be_short_in_between_if_the_day_ends_well(make_line) -> None:
    etf = "SH513100"
    lines = [
        make_line(Effect.BUY, etf, 100, "1", row=7),
        make_line(Effect.SELL, etf, 100, "1.10", row=8, same_day=True),
    ]
    assert 1_000 == fold(post_day(books(0), lines, flows=[]), books(0)).cash_fen


def test_shares_bought_today_cannot_be_sold_today(make_line) -> None:
    lines = [
        make_line(Effect.BUY, SPDB, 100, "1", row=7),
        make_line(Effect.SELL, SPDB, 150, "1", row=8),
    ]
    held = books(10**6, SH600000=Position(100, 1))
    with pytest.raises(
        NegativePositionError, match=r"same day \(T\+1\)[\s\S]*:8[\s\S]*at most 100"
    ):
        post_day(held, lines, flows=[])


def test_a_sale_beyond_todays_purchases_is_a_sale_of_too_much(make_line) -> None:
    lines = [
        make_line(Effect.BUY, SPDB, 100, "1", row=7),
        make_line(Effect.SELL, SPDB, 300, "1", row=8),
    ]
    with pytest.raises(NegativePositionError, match="more than is held"):
        post_day(books(10**6, SH600000=Position(100, 1)), lines, flows=[])


def test_several_sales_are_counted_together(make_line) -> None:
    lines = [
        make_line(Effect.SELL, SPDB, 60, "1", row=7),
        make_line(Effect.SELL, SPDB, 60, "2", row=8),
    ]
    with pytest.raises(NegativePositionError, match="more than is held"):
        post_day(books(0, SH600000=Position(100, 1)), lines, flows=[])


def test_bonus_shares_may_be_sold_on_the_day_they_are_listed(make_line) -> None:
    lines = [
        make_line(Effect.SELL, SPDB, 110, "1", row=7),
        make_line(Effect.BONUS_SHARES, SPDB, 10, row=8),
    ]
    after = fold(post_day(books(0, SH600000=Position(100, 50)), lines, flows=[]), books(0))
    assert 11_000 == after.cash_fen


def test_a_golden_day_with_every_effect(make_line) -> None:
    """Hand-computed, in CNY.

    Cash 50,000.00; SH600000 1,000 shares costing 10,000.00; SZ000001 300 shares costing 3,000.00.

    deposit in cashflow.json             +1,000.00   51,000.00
    bank deposit in the export           +2,000.00   53,000.00
    dividend SH600000                      +150.00   53,150.00
    interest                                 +1.23   53,151.23
    bonus SZ000001                     +30 shares    cost stays 3,000.00
    sale SH600000 400 at 11.00, fee 9.40 +4,390.60   57,541.83  cost 6,000.00 left for 600
    sale SH600000 1 at 11.00, fee 5.00       +6.00   57,547.83  cost 5,990.00 left for 599
    dividend tax SH600000                   -15.00   57,532.83
    interest tax                             -0.12   57,532.71
    fee                                     -30.00   57,502.71
    withdrawal in the export               -500.00   57,002.71
    purchase SZ000001 100 at 9.50, fee 5   -955.00   56,047.71  430 shares costing 3,955.00
    purchase SH513100 200 at 1.234, fee 0  -246.80   55,800.91
    sale SH513100 200 at 1.250, fee 0.02   +249.98   56,050.89  everything out
    """
    etf = "SH513100"
    lines = [
        make_line(Effect.BUY, PAB, 100, "9.50", fee=500, row=7),
        make_line(Effect.SELL, SPDB, 400, "11.00", fee=940, row=8),
        make_line(Effect.SELL, SPDB, 1, "11.00", fee=500, row=9),
        make_line(Effect.DIVIDEND, SPDB, net=15_000, row=10),
        make_line(Effect.DIVIDEND_TAX, SPDB, net=-1_500, row=11),
        make_line(Effect.INTEREST, net=123, row=12),
        make_line(Effect.INTEREST_TAX, net=-12, row=13),
        make_line(Effect.BONUS_SHARES, PAB, 30, row=14),
        make_line(Effect.DEPOSIT, net=200_000, row=15),
        make_line(Effect.WITHDRAWAL, net=-50_000, row=16),
        make_line(Effect.FEE, net=-3_000, row=17),
        make_line(Effect.NONE, shares=7, row=18),
        make_line(Effect.BUY, etf, 200, "1.234", row=19),
        make_line(Effect.SELL, etf, 200, "1.250", fee=2, row=20, same_day=True),
    ]
    before = books(5_000_000, SH600000=Position(1000, 1_000_000), SZ000001=Position(300, 300_000))
    entries = post_day(before, lines, flows=[flow(100_000)])
    after = fold(entries, before)
    assert 5_605_089 == after.cash_fen
    assert {SPDB: Position(599, 599_000), PAB: Position(430, 395_500)} == dict(after.positions)
    accounts: dict[str, int] = {}
    for entry in entries:
        for posting in entry.postings:
            accounts[posting.account] = accounts.get(posting.account, 0) + posting.fen
    assert {
        "cash": 605_089,
        "securities": -305_500,
        "market": 0,
        "fees": 500 + 940 + 500 + 3_000 + 2,
        "fees:in_cost": -500,
        "tax": 1_512,
        "income:dividends": -15_000,
        "income:interest": -123,
        # 400 and 1 share sold at 11.00 that cost 10.00; 200 at 1.250 that cost 1.234
        "income:realised": -40_000 - 100 - 320,
        "equity:cashflow": -250_000,
    } == accounts


@pytest.mark.property
@given(seed=st.integers(0, 2**32 - 1), n_lines=st.integers(1, 12))
def test_the_order_of_the_rows_does_not_matter(make_line, seed: int, n_lines: int) -> None:
    dice = random.Random(seed)
    before = books(10**9, SH600000=Position(1000, 123_457), SZ000001=Position(7, 99))
    makers = [
        lambda row: make_line(Effect.BUY, PAB, dice.randint(1, 50), "9.99", fee=5, row=row),
        lambda row: make_line(Effect.SELL, SPDB, dice.randint(1, 80), "1.01", fee=3, row=row),
        lambda row: make_line(Effect.BONUS_SHARES, SPDB, dice.randint(1, 30), row=row),
        lambda row: make_line(Effect.DIVIDEND, PAB, net=dice.randint(0, 99), row=row),
    ]
    lines = [dice.choice(makers)(row) for row in range(7, 7 + n_lines)]
    entries = post_day(before, lines, flows=[])
    shuffled = list(lines)
    dice.shuffle(shuffled)
    again = post_day(before, shuffled, flows=[])
    assert fold(entries, before) == fold(again, before)
    assert [entry.postings for entry in entries] == [entry.postings for entry in again]
