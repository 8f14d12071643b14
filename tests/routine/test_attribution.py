"""Every fen of the difference of two accounts has a cause, and the causes add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import UnbalancedError
from quantpits.routine.account_rows import AccountRows
from quantpits.routine.attribution import Comparison, attribute, by_cause, result_fen

OPENING_CASH = 1_000_000_00


def account(trades, market, *, fees=None, prices=None, other=None, income=None) -> AccountRows:
    """Return the rows of an account that made some trades [T, N]."""
    traded = np.array(trades, dtype=np.int64)
    shape = traded.shape
    price = market["price"] if prices is None else np.array(prices, dtype=np.int64)
    fee = np.zeros(shape, dtype=np.int64) if fees is None else np.array(fees, dtype=np.int64)
    shares, paid = np.zeros((2, *shape), dtype=np.int64)
    held = np.zeros(shape[1], dtype=np.int64)
    for row in range(shape[0]):
        paid[row] = (held * market["dividend"][row] + 5_000) // 10_000
        new = held * market["bonus"][row] // 1_000_000
        held = held + new + traded[row]
        shares[row] = held
    paid += 0 if other is None else np.array(other, dtype=np.int64)
    earned = np.zeros(shape[0], dtype=np.int64) if income is None else np.array(income)
    notional = traded * price
    cash = OPENING_CASH + np.cumsum((paid - notional - fee).sum(axis=1) + earned)
    return AccountRows(
        before=np.zeros(shape[1], dtype=np.int64),
        shares=shares,
        traded=traded,
        notional=notional,
        fee=fee,
        other=paid,
        deposits=np.zeros(shape[0], dtype=np.int64),
        income=earned,
        nav=cash + (shares * market["mark"]).sum(axis=1),
        cash=cash,
    )


def market_of(price, mark, *, dividend=None, bonus=None):
    price = np.array(price, dtype=np.int64)
    nothing = np.zeros_like(price)
    return {
        "price": price,
        "mark": np.array(mark, dtype=np.int64),
        "dividend": nothing if dividend is None else np.array(dividend, dtype=np.int64),
        "bonus": nothing if bonus is None else np.array(bonus, dtype=np.int64),
    }


def comparison(market, ours, theirs, *, ordered=None) -> Comparison:
    n_rows, n_names = market["price"].shape
    mills = market["mark"] * 10
    return Comparison(
        sessions=tuple(date(2021, 3, 1) + timedelta(row) for row in range(n_rows)),
        instruments=tuple(f"SH60000{column}" for column in range(n_names)),
        account=ours,
        reference=theirs,
        ordered=ours.traded if ordered is None else np.array(ordered, dtype=np.int64),
        price_fen=market["price"],
        mark_mills=mills,
        mark_before=mills[0],
        reference_mills=mills,
        reference_before=mills[0],
        dividend_e6=market["dividend"],
        bonus_e6=market["bonus"],
    )


def causes(*arguments, **others) -> dict[str, int]:
    found = by_cause(attribute(comparison(*arguments, **others)))
    return {cause: fen for cause, fen in found.items() if fen}


FLAT = market_of([[1_000], [1_010], [1_050]], [[1_005], [1_020], [1_100]])


def test_equal_accounts_have_no_lines():
    same = account([[100], [0], [-100]], FLAT)
    assert () == attribute(comparison(FLAT, same, same))


def test_price_and_fee_are_told_apart():
    ours = account([[100], [0], [0]], FLAT, prices=[[1_003], [0], [0]], fees=[[7], [0], [0]])
    theirs = account([[100], [0], [0]], FLAT, fees=[[5], [0], [0]])
    assert {"price": -300, "fee": -2} == causes(FLAT, ours, theirs)


def test_shares_that_were_not_filled_count_until_they_are_gone():
    ours = account([[40], [0], [-40]], FLAT)
    theirs = account([[100], [0], [-100]], FLAT)
    ordered = [[100], [0], [-40]]
    # 60 shares less from 10.00 to 10.50
    assert {"not filled": -60 * 50} == causes(FLAT, ours, theirs, ordered=ordered)


def test_order_of_another_size_is_a_lot():
    ours = account([[200], [0], [0]], FLAT)
    theirs = account([[300], [0], [0]], FLAT)
    assert {"lot": -100 * 100} == causes(FLAT, ours, theirs)


def test_trade_of_another_day_is_timing():
    ours = account([[0], [100], [0]], FLAT)
    theirs = account([[100], [0], [0]], FLAT)
    assert {"timing": -100 * 10} == causes(FLAT, ours, theirs)


def test_sale_that_did_not_happen_is_made_good_later():
    market = market_of([[1_000], [1_010], [1_050]], [[1_005], [1_020], [1_100]])
    ours = account([[100], [0], [-100]], market)
    theirs = account([[100], [-100], [0]], market)
    ordered = [[100], [-100], [-100]]
    assert {"not filled": 100 * 40} == causes(market, ours, theirs, ordered=ordered)


def test_dividend_and_bonus_go_to_what_made_the_difference():
    market = market_of(
        [[1_000]] * 3,
        [[1_000]] * 3,
        dividend=[[0], [500_000], [0]],
        bonus=[[0], [0], [100_000]],
    )
    ours, theirs = account([[200], [0], [0]], market), account([[300], [0], [0]], market)
    # 100 shares less: half a yuan each, and a tenth of a share
    assert {"lot": -100 * 50 - 10 * 1_000} == causes(market, ours, theirs)


def test_tax_is_an_entitlement_and_interest_is_cash():
    ours = account([[100], [0], [0]], FLAT, other=[[0], [-33], [0]], income=[0, 0, 12])
    theirs = account([[100], [0], [0]], FLAT)
    lines = attribute(comparison(FLAT, ours, theirs))
    assert [("SH600000", "entitlement", -33), ("", "entitlement", 12)] == [
        (line.instrument, line.cause, line.fen) for line in lines
    ]


def test_shares_that_are_valued_differently_are_named():
    same = account([[100], [0], [0]], FLAT)
    dearer = replace(same, nav=same.nav + np.array([0, 200, 0]))
    pair = comparison(FLAT, dearer, same)
    mills = pair.mark_mills.copy()
    mills[1, 0] += 20
    lines = attribute(replace(pair, mark_mills=mills))
    assert [("entitlement", 200), ("entitlement", -200)] == [
        (line.cause, line.fen) for line in lines
    ]


def test_session_without_a_price_takes_its_mark():
    market = market_of([[0], [0]], [[1_000], [1_100]])
    ours = account([[100], [0]], market, prices=[[990], [0]])
    theirs = account([[0], [0]], market)
    assert {"price": 1_000, "timing": 10_000} == causes(market, ours, theirs)


def test_accounts_that_do_not_add_up_are_refused():
    same = account([[100], [0], [0]], FLAT)
    wrong = replace(same, nav=same.nav + 1)
    with pytest.raises(UnbalancedError, match="do not add up"):
        attribute(comparison(FLAT, wrong, same))


def test_result_is_what_one_instrument_brought():
    rows = account([[100], [0], [-100]], FLAT, fees=[[5], [0], [6]])
    marks = [(10_050, 10_050), (10_050, 10_200), (10_200, 11_000)]
    results = [result_fen(rows, (row, 0), marks=pair) for row, pair in enumerate(marks)]
    assert [495, 1_500, 2_994] == results
    assert rows.nav[-1] - OPENING_CASH == sum(results)


@pytest.mark.property
@given(data=st.data())
def test_parts_add_up_whatever_was_traded(data):
    shape = (6, 2)
    cells = st.integers

    def table(low: int, high: int):
        row = st.lists(cells(low, high), min_size=shape[1], max_size=shape[1])
        return np.array(data.draw(st.lists(row, min_size=shape[0], max_size=shape[0])))

    market = market_of(
        table(0, 3_000), table(1, 3_000), dividend=table(0, 90_000), bonus=table(-300_000, 400_000)
    )
    ours = account(table(-50, 400), market, prices=table(1, 3_000), fees=table(0, 9))
    theirs = account(table(-50, 400), market, fees=table(0, 9))
    pair = comparison(market, ours, theirs, ordered=table(-60, 400))
    lines = attribute(pair)
    assert ours.nav[-1] - theirs.nav[-1] == sum(by_cause(lines).values())
