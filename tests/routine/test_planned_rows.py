"""What an account would have come to by its orders."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from quantpits.config import StrategySettings
from quantpits.market import MarketSource
from quantpits.routine.account_rows import AccountRows
from quantpits.routine.paper_market import load_paper_market
from quantpits.routine.planned_rows import Segment, planned_rows, segments_of
from quantpits.trading import Order

DAYS = (date(2021, 3, 8), date(2021, 3, 12))
HELD, WANTED, OUTSIDE = "SZ008001", "SH608000", "SH510300"
NAMES = (OUTSIDE, WANTED, HELD)


@pytest.fixture
def market(eventful):
    source = MarketSource(eventful[0], "cn", is_synthetic=True, label="small")
    settings = StrategySettings(deal_price="open")
    return load_paper_market(source, settings, instruments=(WANTED, HELD), days=DAYS)


def account_of(market, *, deposit: int = 0) -> AccountRows:
    """An account that holds two names and does nothing in five sessions."""
    n_rows = market.dates.size
    nothing = np.zeros((n_rows, 3), dtype=np.int64)
    before = np.array([1_000, 0, 300])
    added = np.zeros(n_rows, dtype=np.int64)
    added[1] = deposit
    return AccountRows(
        before=before,
        shares=nothing + before,
        traded=nothing,
        notional=nothing,
        fee=nothing,
        other=nothing,
        deposits=added,
        income=np.zeros(n_rows, dtype=np.int64),
        nav=np.zeros(n_rows, dtype=np.int64),
        cash=100_000_00 + np.cumsum(added),
    )


def marks_of(market) -> np.ndarray:
    marks = market.on_columns(market.inputs.tables.mark, NAMES) * 10
    marks[:, 0] = 4_123
    return marks


def planned(market, *orders: Order, deposit: int = 0, most: int | None = None) -> AccountRows:
    return planned_rows(
        account_of(market, deposit=deposit),
        Segment(0, market.dates.size, orders),
        market=market,
        instruments=NAMES,
        marks=marks_of(market),
        max_positions=most,
    )


def test_account_without_orders_holds_what_it_has(market):
    rows = planned(market, deposit=7_00)
    assert [1_000, 0, 300] == rows.shares[0].tolist() == rows.shares[-1].tolist()
    assert 100_007_00 + rows.other.sum() == rows.cash[-1]
    value = (rows.shares[-1] * marks_of(market)[-1]).sum() / 10
    assert rows.nav[-1] - rows.cash[-1] == value


def test_orders_are_filled_in_the_first_session_alone(market):
    rows = planned(market, Order(WANTED, "buy", 200, rank=1), Order(HELD, "sell", 300))
    price = market.inputs.tables.price
    assert [0, 200, -300] == rows.traded[0].tolist()
    assert not rows.traded[1:].any()
    column = market.columns([WANTED])[0]
    assert 200 * price[0, column] == rows.notional[0, 1]
    assert (rows.fee[0, 1:] > 0).all()
    assert rows.cash[0] == 100_000_00 - rows.notional[0].sum() - rows.fee[0].sum()


def test_bound_of_positions_holds(market):
    rows = planned(market, Order(WANTED, "buy", 200, rank=1), most=2)
    assert not rows.traded.any()


def test_segments_begin_with_every_order_file():
    days = [date(2021, 3, day) for day in (8, 9, 10, 11)]
    order = Order(WANTED, "buy", 100)
    found = segments_of(days, {days[0]: (order,), days[2]: (), date(2021, 1, 1): (order,)})
    assert (Segment(0, 2, (order,)), Segment(2, 4, ())) == found
    assert (Segment(0, 4, ()),) == segments_of(days, {})
