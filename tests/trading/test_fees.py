from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError
from quantpits.trading.fees import (
    FEE_COLUMNS,
    Fees,
    FeeSchedule,
    commission_fen_nb,
    fee_fen_nb,
    trade_fees,
)
from tests.reference.sizing_oracle import Costs, fee

SCHEDULE = FeeSchedule(
    buy_commission_e8=25_000,
    sell_commission_e8=30_000,
    minimum_commission_fen=500,
    stamp_duty_e8=50_000,
    transfer_e8=1_000,
)


def test_columns_are_the_fields_in_order():
    assert FEE_COLUMNS == tuple(FeeSchedule.__dataclass_fields__)
    assert [25_000, 30_000, 500, 50_000, 1_000] == SCHEDULE.row().tolist()


@pytest.mark.parametrize(
    ("notional_fen", "side", "fees"),
    [
        (0, "buy", Fees(0, 0, 0)),
        (1_000_000, "buy", Fees(500, 0, 10)),  # the minimum
        (10_000_000, "buy", Fees(2_500, 0, 100)),
        (10_000_000, "sell", Fees(3_000, 5_000, 100)),
        (50_000, "sell", Fees(500, 25, 1)),  # half a fen of transfer fee rounds up
        (49_999, "sell", Fees(500, 25, 0)),
    ],
)
def test_trade_fees(notional_fen, side, fees):
    assert fees == trade_fees(notional_fen, side, schedule=SCHEDULE)
    assert fees.total_fen == fees.commission_fen + fees.stamp_duty_fen + fees.transfer_fen


def test_a_negative_notional_is_refused():
    with pytest.raises(NonFiniteError, match="negative"):
        trade_fees(-1, "buy", schedule=SCHEDULE)


@pytest.mark.parametrize("is_sale", [False, True])
def test_commission_of_nothing_is_nothing(form, is_sale):
    assert 0 == form(commission_fen_nb)(0, is_sale, SCHEDULE.row())


@pytest.mark.property
@settings(deadline=None)
@given(
    notional=st.integers(0, 10**12),
    is_sale=st.booleans(),
    row=st.tuples(
        st.integers(0, 300_000),
        st.integers(0, 300_000),
        st.integers(0, 1_000),
        st.integers(0, 100_000),
        st.integers(0, 3_000),
    ),
)
def test_fee_equals_the_decimal_oracle(plain, notional, is_sale, row):
    expected = fee(Decimal(notional) / 100, is_sale=is_sale, costs=Costs.of_row(row))
    rates = np.array(row, dtype=np.int64)
    side = "sell" if is_sale else "buy"
    items = trade_fees(notional, side, schedule=FeeSchedule(*row))
    assert expected == Decimal(items.total_fen) / 100
    for call in (lambda kernel: kernel, plain):
        assert items.total_fen == call(fee_fen_nb)(notional, is_sale, rates)
        assert items.commission_fen == call(commission_fen_nb)(notional, is_sale, rates)


@pytest.mark.property
@settings(deadline=None)
@given(notional=st.integers(0, 10**9), more=st.integers(0, 10**6), is_sale=st.booleans())
def test_a_larger_trade_never_costs_less(notional, more, is_sale):
    row = SCHEDULE.row()
    assert fee_fen_nb(notional, is_sale, row) <= fee_fen_nb(notional + more, is_sale, row)
