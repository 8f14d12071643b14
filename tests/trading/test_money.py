from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError
from quantpits.trading.money import (
    RATE_UNIT,
    cny_to_fen,
    fen_to_cny,
    prices_to_fen,
    rate_to_e8,
    share_of_amount_floor_nb,
    share_of_amount_nb,
)


def test_share_rounds_half_up(form):
    assert 1 == form(share_of_amount_nb)(2_000, 25_000)  # 0.5 fen
    assert 0 == form(share_of_amount_nb)(1_999, 25_000)
    assert 0 == form(share_of_amount_floor_nb)(3_999, 25_000)
    assert 1 == form(share_of_amount_floor_nb)(4_000, 25_000)


@pytest.mark.property
@settings(deadline=None)
@given(amount=st.integers(0, 2**62), rate=st.integers(0, RATE_UNIT))
def test_share_equals_exact_arithmetic_at_any_size(plain, amount, rate):
    exact = Decimal(amount) * rate / RATE_UNIT
    half_up = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    floor = int(exact.quantize(Decimal(1), rounding=ROUND_FLOOR))
    for call in (lambda kernel: kernel, plain):
        assert half_up == call(share_of_amount_nb)(amount, rate)
        assert floor == call(share_of_amount_floor_nb)(amount, rate)


@pytest.mark.property
@settings(deadline=None)
@given(fen=st.lists(st.integers(1, 10**9)))
def test_every_price_on_the_tick_survives_the_float(fen):
    assert fen == prices_to_fen(np.array(fen, dtype=np.float64) / 100).tolist()


def test_prices_round_half_up_and_mark_the_missing():
    prices = np.array([1.005, 1.004, np.nan, 1.015])
    assert [101, 100, 0, 102] == prices_to_fen(prices).tolist()


@pytest.mark.parametrize("price", [0.0, -1.0, np.inf, -np.inf])
def test_a_price_that_is_none_is_refused(price):
    with pytest.raises(NonFiniteError, match="not a positive number"):
        prices_to_fen(np.array([1.0, price]))


@pytest.mark.parametrize(
    ("cny", "fen"),
    [("0.005", 1), ("0.004", 0), ("-0.005", -1), ("123456789012.34", 12_345_678_901_234)],
)
def test_cny_to_fen(cny, fen):
    assert fen == cny_to_fen(Decimal(cny))


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_cny_to_fen_refuses_what_is_no_number(amount):
    with pytest.raises(NonFiniteError, match="not a number"):
        cny_to_fen(Decimal(amount))


@pytest.mark.property
@settings(deadline=None)
@given(fen=st.integers(-(10**15), 10**15))
def test_money_round_trip(fen):
    assert fen == cny_to_fen(fen_to_cny(fen))
    assert -2 == fen_to_cny(fen).as_tuple().exponent


@pytest.mark.parametrize(
    ("rate", "e8"), [(0.00025, 25_000), (0.0000854, 8_540), (Decimal("0.001"), 100_000), (1, 10**8)]
)
def test_rate_to_e8(rate, e8):
    assert e8 == rate_to_e8(rate)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), float("inf")])
def test_rate_out_of_range_is_refused(rate):
    with pytest.raises(NonFiniteError, match="out of range"):
        rate_to_e8(rate)
