from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import BooksMismatchError, NegativePositionError, UnbalancedError
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import (
    ACCOUNTS,
    FLAT,
    Position,
    adjustment_entry,
    cashflow_entry,
    check_balanced,
    line_entry,
    opening_entry,
)
from quantpits.post_trade.journal import Posting

SPDB = "SH600000"


def postings(entry) -> dict[str, tuple[int, int]]:
    return {each.account: (each.fen, each.shares) for each in entry.postings}


def test_a_purchase_puts_its_fee_into_the_cost(make_line) -> None:
    entry = line_entry(make_line(Effect.BUY, SPDB, 1000, "10.25", fee=510), FLAT)
    assert {
        "cash": (-1_025_510, 0),
        "securities": (1_025_510, 1000),
        "market": (0, -1000),
        "fees": (510, 0),
        "fees:in_cost": (-510, 0),
    } == postings(entry)
    assert ("buy", SPDB, 7) == (entry.kind, entry.instrument, entry.line.row)


def test_a_purchase_without_a_fee_has_no_fee_posting(make_line) -> None:
    entry = line_entry(make_line(Effect.BUY, SPDB, 100, "1"), FLAT)
    assert ["cash", "securities", "market"] == [each.account for each in entry.postings]


def test_a_sale_takes_out_its_part_of_the_cost(make_line) -> None:
    # 40 of 100 costing 10.00 CNY leave 6.00; sold for 8.00 less 0.10
    entry = line_entry(make_line(Effect.SELL, SPDB, 40, "0.20", fee=10), Position(100, 1000))
    assert {
        "cash": (790, 0),
        "securities": (-400, -40),
        "market": (0, 40),
        "fees": (10, 0),
        "income:realised": (-400, 0),
    } == postings(entry)


def test_a_diluted_sale_takes_out_what_it_brings(make_line) -> None:
    # the earlier system: 8000.00 that a sale of 1688.30 lowers to 6311.70
    line = make_line(Effect.SELL, SPDB, 100, "16.9", fee=170)
    entry = line_entry(line, Position(800, 800_000), cost_basis="diluted")
    assert {
        "cash": (168_830, 0),
        "securities": (-168_830, -100),
        "market": (0, 100),
        "fees": (170, 0),
        "fees:in_cost": (-170, 0),
    } == postings(entry)
    assert 631_170 == 800_000 - 168_830
    check_balanced([entry])


def test_the_diluted_sale_of_everything_realises_all_of_it(make_line) -> None:
    line = make_line(Effect.SELL, SPDB, 700, "16", fee=100)
    entry = line_entry(line, Position(700, -5_000), cost_basis="diluted")
    assert {
        "cash": (1_119_900, 0),
        "securities": (5_000, -700),
        "market": (0, 700),
        "fees": (100, 0),
        "fees:in_cost": (-100, 0),
        "income:realised": (-1_124_900, 0),
    } == postings(entry)
    check_balanced([entry])


def test_the_sale_of_everything_takes_all_that_is_left(make_line) -> None:
    held = Position(3, 100)
    first = line_entry(make_line(Effect.SELL, SPDB, 1, "1"), held)
    assert (-33, -1) == postings(first)["securities"]
    last = line_entry(make_line(Effect.SELL, SPDB, 2, "1"), Position(2, 67))
    assert (-67, -2) == postings(last)["securities"]


def test_half_a_fen_of_cost_is_rounded_up(make_line) -> None:
    entry = line_entry(make_line(Effect.SELL, SPDB, 1, "1"), Position(2, 67))
    assert (-34, -1) == postings(entry)["securities"]


def test_a_sale_of_more_than_is_held_is_refused(make_line) -> None:
    line = make_line(Effect.SELL, SPDB, 101, "1", row=12)
    with pytest.raises(NegativePositionError, match=r"table\.xlsx:12[\s\S]*at most 100") as error:
        line_entry(line, Position(100, 1000))
    assert 4 == error.value.exit_code


def test_a_sale_of_what_is_not_held_is_refused(make_line) -> None:
    with pytest.raises(NegativePositionError, match="at most 0 shares of 'SH600000'"):
        line_entry(make_line(Effect.SELL, SPDB, 100, "1"), FLAT)


@pytest.mark.parametrize(
    ("effect", "net", "account"),
    [
        (Effect.DIVIDEND, 500, "income:dividends"),
        (Effect.DIVIDEND_TAX, -50, "tax"),
        (Effect.INTEREST, 7, "income:interest"),
        (Effect.INTEREST_TAX, -1, "tax"),
        (Effect.DEPOSIT, 10_000, "equity:cashflow"),
        (Effect.WITHDRAWAL, -10_000, "equity:cashflow"),
        (Effect.FEE, -3_000, "fees"),
    ],
)
def test_cash_moves_by_the_brokers_amount(make_line, effect, net, account) -> None:
    entry = line_entry(make_line(effect, net=net), Position(5, 5))
    assert {"cash": (net, 0), account: (-net, 0)} == postings(entry)


def test_bonus_shares_cost_nothing(make_line) -> None:
    entry = line_entry(make_line(Effect.BONUS_SHARES, SPDB, 30), Position(100, 1000))
    assert {"securities": (0, 30), "market": (0, -30)} == postings(entry)


def test_a_line_without_effect_posts_nothing(make_line) -> None:
    assert () == line_entry(make_line(Effect.NONE, shares=5), FLAT).postings


def test_the_opening_takes_everything_at_cost() -> None:
    entry = opening_entry(700, {"SZ000001": Position(10, 200), SPDB: Position(5, 100)})
    assert [
        Posting("cash", "", 700),
        Posting("securities", SPDB, 100, 5),
        Posting("market", SPDB, 0, -5),
        Posting("securities", "SZ000001", 200, 10),
        Posting("market", "SZ000001", 0, -10),
        Posting("equity:opening", "", -1000),
    ] == list(entry.postings)


def test_an_empty_opening_has_no_postings() -> None:
    assert () == opening_entry(0, {}).postings


def test_deposits_and_adjustments_come_from_equity() -> None:
    assert {"cash": (5, 0), "equity:cashflow": (-5, 0)} == postings(cashflow_entry(5))
    assert {
        "cash": (-5, 0),
        "securities": (20, 2),
        "market": (0, -2),
        "equity:adjustment": (-15, 0),
    } == postings(adjustment_entry(-5, {SPDB: Position(2, 20)}))


def test_an_entry_that_does_not_balance_is_refused() -> None:
    entry = cashflow_entry(5)
    check_balanced([entry])
    short = replace(entry, postings=entry.postings[:1])
    with pytest.raises(UnbalancedError, match="'cashflow' does not balance"):
        check_balanced([entry, short])


def test_shares_that_come_from_nowhere_are_refused() -> None:
    entry = adjustment_entry(0, {SPDB: Position(2, 0), "SZ000001": Position(-2, 0)})
    check_balanced([entry])
    wrong = [Posting("securities", SPDB, 0, 2), Posting("market", "SZ000001", 0, -2)]
    with pytest.raises(UnbalancedError, match="'SH600000': 2"):
        check_balanced([replace(entry, postings=tuple(wrong))])


@pytest.mark.property
@given(
    effect=st.sampled_from([each for each in Effect if each is not Effect.REPO_RETURN]),
    held=st.integers(1, 10**6),
    cost=st.integers(-(10**9), 10**12),
    part=st.integers(1, 10**6),
    cents=st.integers(1, 10**5),
    fee=st.integers(0, 10**5),
)
def test_every_entry_balances_and_moves_cash_by_the_line(
    make_line, *, effect, held, cost, part, cents, fee
) -> None:
    shares = min(held, part)
    line = make_line(effect, SPDB, shares, f"{cents / 100:.2f}", fee=fee)
    entry = line_entry(line, Position(held, cost))
    check_balanced([entry])
    moved = sum(each.fen for each in entry.postings if each.account == "cash")
    assert line.net_cash_fen == moved
    assert {each.account for each in entry.postings} <= set(ACCOUNTS)


def test_new_shares_are_paid_then_listed_at_their_cost(make_line) -> None:
    paid = line_entry(make_line(Effect.SUBSCRIPTION, SPDB, 300, "10.00", net=-300_000), FLAT)
    assert {
        "cash": (-300_000, 0),
        "subscriptions": (300_000, 300),
        "market": (0, -300),
    } == postings(paid)
    listed = line_entry(make_line(Effect.LISTING, SPDB, 100), Position(300, 300_000))
    assert {"subscriptions": (-100_000, -100), "securities": (100_000, 100)} == postings(listed)
    with pytest.raises(NegativePositionError, match="More shares are listed"):
        line_entry(make_line(Effect.LISTING, SPDB, 301), Position(300, 300_000))


def test_a_loan_comes_back_with_interest(make_line) -> None:
    """Lend 10,000.00 for a fee of 0.10; 10,003.00 come back."""
    lent = line_entry(make_line(Effect.REPO_LEND, "SH204001", 100, "100", net=-1_000_010), FLAT)
    assert {
        "cash": (-1_000_010, 0),
        "repo": (1_000_000, 100),
        "market": (0, -100),
        "fees": (10, 0),
    } == postings(lent)
    held = Position(100, 1_000_000)
    back = line_entry(make_line(Effect.REPO_RETURN, "SH204001", 100, net=1_000_300), held)
    assert {
        "cash": (1_000_300, 0),
        "repo": (-1_000_000, -100),
        "market": (0, 100),
        "income:interest": (-300, 0),
    } == postings(back)
    with pytest.raises(NegativePositionError, match="More comes back"):
        line_entry(make_line(Effect.REPO_RETURN, "SH204001", 101, net=2), held)
    with pytest.raises(BooksMismatchError, match="Less comes back"):
        line_entry(make_line(Effect.REPO_RETURN, "SH204001", 100, net=999_999), held)
