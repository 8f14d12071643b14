from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from quantpits.errors import OrderError, ShapeError
from quantpits.trading import Order, SessionMarket, fen_to_cny, fill_session, is_whole_lots
from quantpits.trading.filling import FILL_REASONS, FillBuffers, fill_buys_nb, fill_sales_nb
from tests.reference import sizing_oracle
from tests.reference.sizing_oracle import Costs, Wanted
from tests.trading.draws import fill_cases

A, B, C, D = "SH600000", "SH600001", "SH600002", "SZ000001"


@pytest.fixture
def market(cn_rules):
    def make(**prices: int) -> SessionMarket:
        """Reference price 10.00 for every name, and the price that is traded."""
        rules = cn_rules(dict.fromkeys(prices, 1_000))
        return SessionMarket(tuple(prices), np.array(list(prices.values())), rules)

    return make


def outcomes(fills):
    return {fill.order.instrument: (fill.shares, fill.reason) for fill in fills.fills}


def test_sales_pay_for_purchases(market):
    orders = [Order(B, "buy", 900, rank=1), Order(A, "sell", 1_000)]
    fills = fill_session(
        orders, market(SH600000=1_000, SH600001=1_000), cash_fen=0, held_shares={A: 1_000}
    )
    assert [A, B] == [fill.order.instrument for fill in fills.fills]
    assert {A: (1_000, "filled"), B: (900, "filled")} == outcomes(fills)
    assert 1_000_000 - 500 - 500 - 10 - 900_000 - 500 - 9 == fills.cash_fen


def test_cash_runs_out_by_rank(market):
    """Full while the cash lasts, then reduced to whole lots, then rejected."""
    orders = [Order(name, "buy", 500, rank=rank) for name, rank in ((C, 3), (A, 1), (B, 2), (D, 4))]
    prices = {"SH600000": 1_000, "SH600001": 1_000, "SH600002": 1_000, "SZ000001": 1_000}
    fills = fill_session(orders, market(**prices), cash_fen=850_000, held_shares={})
    assert [A, B, C, D] == [fill.order.instrument for fill in fills.fills]
    assert {
        A: (500, "filled"),
        B: (300, "reduced"),
        C: (0, "cash"),
        D: (0, "cash"),
    } == outcomes(fills)


def test_locked_and_suspended_names_do_not_trade(market):
    orders = [
        Order(A, "sell", 100),
        Order(B, "sell", 100),
        Order(C, "buy", 100, rank=1),
        Order(D, "buy", 100, rank=2),
    ]
    prices = {"SH600000": 900, "SH600001": 0, "SH600002": 1_100, "SZ000001": 0}
    fills = fill_session(orders, market(**prices), cash_fen=10**6, held_shares={A: 100, B: 100})
    assert {
        A: (0, "limit"),
        B: (0, "suspended"),
        C: (0, "limit"),
        D: (0, "suspended"),
    } == outcomes(fills)
    assert 10**6 == fills.cash_fen


def test_sales_at_the_upper_and_purchases_at_the_lower_limit_trade(market):
    orders = [Order(A, "sell", 100), Order(B, "buy", 100, rank=1)]
    fills = fill_session(
        orders, market(SH600000=1_100, SH600001=900), cash_fen=10**6, held_shares={A: 100}
    )
    assert {A: (100, "filled"), B: (100, "filled")} == outcomes(fills)


@pytest.mark.parametrize(
    ("is_replacing", "outcome"), [(True, (100, "filled")), (False, (0, "not_needed"))]
)
def test_alternates_take_the_places_of_untradable_primaries(market, is_replacing, outcome):
    orders = [
        Order(A, "buy", 100, rank=1),
        Order(B, "buy", 100, role="alternate", rank=2),
        Order(C, "buy", 100, role="alternate", rank=3),
        Order(D, "buy", 100, role="alternate", rank=4),
    ]
    prices = {"SH600000": 1_100, "SH600001": 0, "SH600002": 1_000, "SZ000001": 1_000}
    fills = fill_session(
        orders, market(**prices), cash_fen=10**6, held_shares={}, is_replacing=is_replacing
    )
    found = outcomes(fills)
    assert outcome == found[C]
    assert (0, "not_needed") == found[D]


def test_a_failed_sale_leaves_no_room_for_its_successor(market):
    orders = [Order(A, "sell", 100), Order(B, "buy", 100, rank=1), Order(C, "buy", 100, rank=2)]
    prices = {"SH600000": 900, "SH600001": 1_000, "SH600002": 1_000}
    fills = fill_session(
        orders, market(**prices), cash_fen=10**6, held_shares={A: 100}, max_positions=2
    )
    assert {A: (0, "limit"), B: (100, "filled"), C: (0, "position_limit")} == outcomes(fills)


def test_a_partial_sale_frees_no_place(market):
    orders = [Order(A, "sell", 100), Order(B, "buy", 100, rank=1)]
    prices = {"SH600000": 1_000, "SH600001": 1_000}
    held = {A: 200, B: 0}
    fills = fill_session(
        orders, market(**prices), cash_fen=10**6, held_shares=held, max_positions=1
    )
    assert (0, "position_limit") == outcomes(fills)[B]


def test_a_sale_that_costs_more_than_it_brings_needs_the_cash(market):
    orders = [Order(A, "sell", 1)]
    poor = fill_session(orders, market(SH600000=400), cash_fen=100, held_shares={A: 1})
    assert {A: (0, "limit")} == outcomes(poor)
    prices = market(SH600000=910)
    rates = prices.rules.rates.copy()
    rates[:, 2] = 2_000
    dear = SessionMarket(prices.instruments, prices.price_fen, prices.rules._replace(rates=rates))
    assert {A: (0, "cash")} == outcomes(
        fill_session(orders, dear, cash_fen=1_089, held_shares={A: 1})
    )
    paid = fill_session(orders, dear, cash_fen=1_090, held_shares={A: 1})
    assert 0 == paid.cash_fen


@pytest.mark.property
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(case=fill_cases())
def test_filling_equals_the_oracle_and_conserves_value(case):
    orders, market, cash, held, max_positions, is_replacing = case
    fills = fill_session(
        orders,
        market,
        cash_fen=cash,
        held_shares=held,
        max_positions=max_positions,
        is_replacing=is_replacing,
    )
    rules = market.rules
    quotes = {
        name: (
            fen_to_cny(int(market.price_fen[place])),
            fen_to_cny(int(rules.limit_down_fen[place])),
            fen_to_cny(int(rules.limit_up_fen[place])),
            (int(rules.minimum_shares[place]), int(rules.step_shares[place])),
            Costs.of_row(rules.rates[place]),
        )
        for place, name in enumerate(market.instruments)
    }
    wanted = [Wanted(o.instrument, o.side, o.shares, o.role, o.rank) for o in orders]
    expected, cash_after = sizing_oracle.fill(
        wanted,
        quotes,
        cash=fen_to_cny(cash),
        held=held,
        max_positions=max_positions,
        is_replacing=is_replacing,
    )
    assert expected == outcomes(fills)
    assert cash_after == fen_to_cny(fills.cash_fen)
    _check_conservation(fills, cash, held, market)


def _check_conservation(fills, cash, held, market):
    running = cash
    for fill in fills.fills:
        running += fill.net_fen
        assert running >= 0
        assert fill.notional_fen == fill.shares * fill.price_fen
        place = market.instruments.index(fill.order.instrument)
        if fill.order.side == "buy":
            assert fill.shares == 0 or is_whole_lots(
                fill.shares,
                minimum_shares=int(market.rules.minimum_shares[place]),
                step_shares=int(market.rules.step_shares[place]),
            )
        else:
            assert fill.shares <= held[fill.order.instrument]
    assert running == fills.cash_fen
    price = dict(zip(market.instruments, market.price_fen.tolist(), strict=True))
    after = Counter(held)
    for fill in fills.fills:
        after[fill.order.instrument] += fill.shares * (1 if fill.order.side == "buy" else -1)
    value_before = cash + sum(held[name] * price[name] for name in held)
    value_after = fills.cash_fen + sum(after[name] * price[name] for name in after)
    assert value_before == value_after + sum(fill.fees.total_fen for fill in fills.fills)


def test_kernels_in_both_forms_agree(form, market):
    session = market(SH600000=1_000, SH600001=900, SH600002=0, SZ000001=1_000)
    names, wanted = np.arange(4), np.full(4, 100)
    sales = FillBuffers(names, wanted, np.zeros_like(names), np.zeros_like(names))
    cash = form(fill_sales_nb)(sales, 4, session.price_fen, session.rules, 0)
    reasons = [FILL_REASONS[reason] for reason in sales.reason]
    assert ["filled", "limit", "suspended", "filled"] == reasons
    assert [100, 0, 0, 100] == sales.filled.tolist()
    buys = FillBuffers(names, wanted, np.zeros_like(names), np.zeros_like(names))
    is_replacing = True
    left = form(fill_buys_nb)(buys, 3, 4, session.price_fen, session.rules, cash, 1, is_replacing)
    reasons = [FILL_REASONS[reason] for reason in buys.reason]
    assert ["filled", "position_limit", "suspended", "position_limit"] == reasons
    assert cash - 100_000 - 500 - 1 == left


@pytest.mark.parametrize(
    ("orders", "problem"),
    [
        ([Order("SH600009", "buy", 100)], "without rules"),
        ([Order(A, "buy", 100), Order(A, "sell", 100)], "second one"),
        ([Order(A, "buy", 150)], "not whole lots"),
        ([Order(A, "buy", 0)], "not whole lots"),
        ([Order(A, "sell", 50)], "not whole lots"),
        ([Order(A, "sell", 0)], "not whole lots"),
        ([Order(A, "sell", 300)], "larger than the position"),
    ],
)
def test_orders_that_cannot_be_are_refused(market, orders, problem):
    with pytest.raises(OrderError, match=problem):
        fill_session(orders, market(SH600000=1_000), cash_fen=10**6, held_shares={A: 200})


def test_negative_cash_is_refused(market):
    with pytest.raises(OrderError, match="negative"):
        fill_session([], market(SH600000=1_000), cash_fen=-1, held_shares={})


@pytest.mark.parametrize("is_price", [True, False])
def test_arrays_that_do_not_fit_are_refused(market, is_price):
    session = market(SH600000=1_000)
    if is_price:
        session = SessionMarket(session.instruments, np.array([1, 2]), session.rules)
    else:
        session = SessionMarket((A, B), np.array([1, 2]), session.rules)
    with pytest.raises(ShapeError, match="do not fit"):
        fill_session([], session, cash_fen=0, held_shares={})


def test_no_orders_leave_everything_as_it_was(market):
    fills = fill_session([], market(SH600000=1_000), cash_fen=5, held_shares={})
    assert ((), 5) == (fills.fills, fills.cash_fen)
