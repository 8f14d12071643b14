"""One session on paper: cash and shares add up, entitlements count what was held before."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import OrderError
from quantpits.routine.settlement import CorporateAction, PaperBook, settle_session
from quantpits.trading import CN_RULES, Order, SessionMarket

SESSION = date(2026, 11, 9)


def market_of(prices: dict[str, int], *, reference: dict[str, int] | None = None) -> SessionMarket:
    instruments = tuple(prices)
    known = reference or prices
    reference_fen = np.array([known[name] for name in instruments])
    rules = CN_RULES.session_rules(instruments, SESSION, reference_fen=reference_fen)
    return SessionMarket(instruments, np.array(list(prices.values())), rules)


def test_purchase_moves_cash_by_notional_and_fees():
    book = PaperBook(1_000_000, {})
    settled = settle_session(
        book,
        [Order("SH600000", "buy", 300, rank=1)],
        market=market_of({"SH600000": 1_000}),
        actions={},
    )
    (line,) = settled.lines
    assert ("buy", "", 10.0, 300, 300_000) == (
        line.event,
        line.name,
        line.price_cny,
        line.shares,
        line.notional_fen,
    )
    assert (500, 0, 3) == (line.commission_fen, line.stamp_duty_fen, line.transfer_fee_fen)
    assert -300_503 == line.cash_effect_fen
    assert 699_497 == line.cash_after_fen == settled.book.cash_fen
    assert {"SH600000": 300} == settled.book.shares


def test_sale_pays_stamp_duty_and_empties_the_position():
    settled = settle_session(
        PaperBook(0, {"SH600000": 250}),
        [Order("SH600000", "sell", 250)],
        market=market_of({"SH600000": 1_000}),
        actions={},
    )
    (line,) = settled.lines
    assert 125 == line.stamp_duty_fen
    assert 250_000 - 500 - 125 - 3 == line.cash_effect_fen == settled.book.cash_fen
    assert {} == settled.book.shares


def test_dividend_counts_what_was_held_before_the_session():
    settled = settle_session(
        PaperBook(10_000_000, {"SH600000": 300}),
        [Order("SH600000", "sell", 300), Order("SZ000001", "buy", 100, rank=1)],
        market=market_of({"SH600000": 1_000, "SZ000001": 2_000}),
        actions={
            "SH600000": CorporateAction(dividend_e6=123_000),
            "SZ000001": CorporateAction(5_000_000),
        },
    )
    assert ["dividend", "sell", "buy"] == [line.event for line in settled.lines]
    assert 3_690 == settled.lines[0].cash_effect_fen


def test_bonus_shares_arrive_after_the_session():
    settled = settle_session(
        PaperBook(0, {"SH600000": 350}),
        [Order("SH600000", "sell", 350)],
        market=market_of({"SH600000": 1_000}),
        actions={"SH600000": CorporateAction(bonus_e6=250_000)},
    )
    assert [("bonus", 87), ("sell", 350)] == [(line.event, line.shares) for line in settled.lines]
    assert {"SH600000": 87} == settled.book.shares


def test_action_of_an_instrument_that_is_not_held_does_nothing():
    book = PaperBook(500, {"SH600000": 100})
    settled = settle_session(
        book,
        [],
        market=None,
        actions={"SZ000001": CorporateAction(1_000_000, 1_000_000)},
    )
    assert ((), book) == (settled.lines, settled.book)


def test_action_too_small_for_a_fen_or_a_share_leaves_no_line():
    settled = settle_session(
        PaperBook(0, {"SH600000": 1}),
        [],
        market=None,
        actions={"SH600000": CorporateAction(1, 100_000)},
    )
    assert () == settled.lines


def test_unfilled_order_leaves_no_line_but_its_reason():
    settled = settle_session(
        PaperBook(10_000_000, {}),
        [Order("SH600000", "buy", 100, rank=1), Order("SZ000001", "buy", 100, rank=2)],
        market=market_of(
            {"SH600000": 1_100, "SZ000001": 0}, reference={"SH600000": 1_000, "SZ000001": 900}
        ),
        actions={},
    )
    assert () == settled.lines
    assert ["limit", "suspended"] == [fill.reason for fill in settled.fills]


def test_most_positions_are_kept():
    settled = settle_session(
        PaperBook(10_000_000, {"SH600000": 100}),
        [Order("SZ000001", "buy", 100, rank=1)],
        market=market_of({"SZ000001": 1_000}),
        actions={},
        max_positions=1,
    )
    assert ["position_limit"] == [fill.reason for fill in settled.fills]


def test_consolidation_comes_first_and_a_sale_of_all_sells_what_is_left():
    settled = settle_session(
        PaperBook(0, {"SH600000": 1_001, "SZ000001": 1}),
        [Order("SH600000", "sell", 1_001), Order("SZ000001", "sell", 1)],
        market=market_of({"SH600000": 1_000, "SZ000001": 1_000}),
        actions={
            "SH600000": CorporateAction(bonus_e6=-500_000),
            "SZ000001": CorporateAction(bonus_e6=-900_000),
        },
    )
    assert [("consolidation", 501), ("consolidation", 1), ("sell", 500)] == [
        (line.event, line.shares) for line in settled.lines
    ]
    assert {} == settled.book.shares


def test_order_that_is_not_payable_is_refused():
    with pytest.raises(OrderError, match="larger than the position"):
        settle_session(
            PaperBook(0, {}),
            [Order("SH600000", "sell", 100)],
            market=market_of({"SH600000": 1_000}),
            actions={},
        )


@pytest.mark.property
@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    cash=st.integers(0, 50_000_000),
    lots=st.tuples(st.integers(0, 30), st.integers(1, 50)),
    prices=st.tuples(st.integers(100, 20_000), st.integers(100, 20_000)),
    terms=st.tuples(st.integers(0, 2_000_000), st.integers(0, 1_000_000)),
)
def test_lines_explain_the_whole_change_of_cash(cash, lots, prices, terms):
    held, wanted = lots
    book = PaperBook(cash, {"SH600000": held * 100} if held else {})
    orders = [Order("SZ000001", "buy", wanted * 100, rank=1)]
    if held:
        orders.append(Order("SH600000", "sell", held * 100))
    settled = settle_session(
        book,
        orders,
        market=market_of({"SH600000": prices[0], "SZ000001": prices[1]}),
        actions={"SH600000": CorporateAction(*terms)},
    )
    changes = sum(line.cash_effect_fen for line in settled.lines)
    assert cash + changes == settled.book.cash_fen
    assert settled.book.cash_fen >= 0
    balances = [line.cash_after_fen for line in settled.lines]
    assert balances[-1:] in ([], [settled.book.cash_fen])
    assert all(count > 0 for count in settled.book.shares.values())
