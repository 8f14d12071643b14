"""Slippage at work: prices away from the account, short of a limit; orders within the volume."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.routine.slippage import NO_SLIPPAGE, Slippage
from quantpits.routine.slippage_filling import slip
from quantpits.trading import CN_RULES, Order, SessionMarket, fill_session

DAY = date(2021, 3, 8)
NAMES = ("SH600000", "SH688001", "SZ000001")


def market_of(prices, reference=(1_000, 1_000, 1_000)) -> SessionMarket:
    rules = CN_RULES.session_rules(NAMES, DAY, reference_fen=np.array(reference))
    return SessionMarket(NAMES, np.array(prices, dtype=np.int64), rules)


def slipped(orders, *, volume=(1e4, 1e4, 1e4), prices=(1_000, 1_000, 1_000), held=(), **model):
    return slip(
        orders,
        market_of(prices),
        held_shares=dict(held),
        slippage=Slippage(**model),
        volume=np.array(volume),
    )


def test_without_slippage_nothing_changes():
    market, orders = market_of((1_000, 1_000, 0)), [Order("SH600000", "buy", 100)]
    for volume in (None, np.full(3, 1.0)):
        result = slip(orders, market, held_shares={}, slippage=NO_SLIPPAGE, volume=volume)
        assert (tuple(orders), market) == (result.orders, result.market)


def test_purchase_trades_above_and_sale_below():
    orders = [Order("SH600000", "buy", 100), Order("SZ000001", "sell", 100)]
    result = slipped(orders, half_spread_bps=25.0, held={"SZ000001": 100})
    assert [1_003, 1_000, 997] == result.market.price_fen.tolist()


def test_whole_ticks_are_not_rounded_up_again():
    result = slipped([Order("SH600000", "buy", 100)], half_spread_bps=10.0)
    assert 1_001 == result.market.price_fen[0]


def test_impact_grows_with_the_root_of_the_share():
    quarter = slipped([Order("SH600000", "buy", 2_500)], impact_bps=100.0)
    whole = slipped([Order("SH600000", "buy", 40_000)], impact_bps=100.0)
    assert (1_005, 1_010) == (quarter.market.price_fen[0], whole.market.price_fen[0])


def test_unknown_volume_bounds_nothing_and_has_no_impact():
    result = slipped(
        [Order("SH600000", "buy", 900)],
        volume=(np.nan, 1.0, 1.0),
        impact_bps=100.0,
        max_volume_share=0.01,
    )
    assert (900, 1_000) == (result.orders[0].shares, result.market.price_fen[0])


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [("buy", 1_095, 1_099), ("buy", 1_100, 1_100), ("sell", 905, 901), ("sell", 900, 900)],
)
def test_price_stops_one_tick_short_of_a_limit(side, price, expected):
    order = Order("SH600000", side, 100)
    result = slipped([order], prices=(price, 1, 1), half_spread_bps=100.0, held={"SH600000": 100})
    assert expected == result.market.price_fen[0]


def test_share_without_a_limit_moves_freely():
    market = market_of((1_000, 1_000, 1_000), reference=(0, 0, 0))
    result = slip(
        [Order("SH600000", "buy", 100)],
        market,
        held_shares={},
        slippage=Slippage(half_spread_bps=3000.0),
        volume=np.full(3, 1e6),
    )
    assert 1_300 == result.market.price_fen[0]


def test_suspended_share_stays_suspended():
    orders = [Order("SH600000", "buy", 1_000)]
    result = slipped(orders, prices=(0, 1, 1), half_spread_bps=10.0, max_volume_share=0.05)
    fills = fill_session(result.orders, result.market, cash_fen=10**8, held_shares={}).fills
    assert ["suspended"] == [fill.reason for fill in result.restored(fills)]


def test_order_is_cut_to_whole_lots_within_the_volume():
    orders = [Order("SH600000", "buy", 1_000), Order("SH688001", "buy", 1_000)]
    result = slipped(orders, volume=(5_550.0, 3_050.0, 1.0), max_volume_share=0.1)
    assert [500, 305] == [order.shares for order in result.orders]
    fills = fill_session(result.orders, result.market, cash_fen=10**8, held_shares={}).fills
    restored = result.restored(fills)
    assert [("reduced", 500, 1_000), ("reduced", 305, 1_000)] == [
        (fill.reason, fill.shares, fill.order.shares) for fill in restored
    ]


def test_order_that_gets_no_lot_is_left_out_and_named():
    orders = [Order("SH600000", "buy", 1_000), Order("SZ000001", "sell", 150)]
    result = slipped(
        orders, volume=(500.0, 1.0, 149.0), max_volume_share=0.1, held={"SZ000001": 150}
    )
    assert () == result.orders
    assert [(0, "reduced"), (0, "reduced")] == [
        (fill.shares, fill.reason) for fill in result.restored(())
    ]


@given(
    wanted=st.integers(1, 400),
    volume=st.floats(0, 1e5),
    model=st.tuples(st.floats(0, 400), st.floats(0, 400), st.floats(0.001, 1.0)),
    price=st.integers(901, 1_099),
)
def test_slipped_orders_are_always_payable(wanted, volume, model, price):
    names = dict(zip(("half_spread_bps", "impact_bps", "max_volume_share"), model, strict=True))
    held = {"SZ000001": wanted * 7 + 30}
    orders = [
        Order("SH600000", "buy", wanted * 100, rank=1),
        Order("SH688001", "buy", wanted + 200, rank=2),
        Order("SZ000001", "sell", held["SZ000001"]),
    ]
    result = slipped(orders, prices=(price,) * 3, volume=(volume,) * 3, held=held, **names)
    fills = fill_session(result.orders, result.market, cash_fen=10**9, held_shares=held).fills
    restored = {fill.order.instrument: fill for fill in result.restored(fills)}
    assert set(NAMES) == set(restored)
    assert all(fill.shares <= max(volume, 0) or model[2] == 1.0 for fill in restored.values())
    prices = result.market.price_fen
    assert price <= prices[0] < 1_100
    assert 900 < prices[2] <= price
