from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError
from quantpits.trading.limits import ex_reference_fen, limit_prices, worst_prices


@pytest.mark.parametrize(
    ("reference", "bps", "down", "up"),
    [
        (1_000, 1_000, 900, 1_100),
        (1_005, 1_000, 905, 1_106),  # 9.045 and 11.055 round up
        (1_004, 1_000, 904, 1_104),  # 9.036 and 11.044
        (1_004, 500, 954, 1_054),
        (1_000, 3_000, 700, 1_300),
        (4, 1_000, 3, 5),  # at least one tick
        (1, 1_000, 1, 2),  # and never zero
        (1_000, 0, 0, 0),
        (0, 1_000, 0, 0),
    ],
)
def test_limit_prices(reference, bps, down, up):
    found = limit_prices(np.array([reference]), np.array([bps]))
    assert (down, up) == (int(found[0][0]), int(found[1][0]))


@pytest.mark.property
@settings(deadline=None)
@given(reference=st.integers(10, 10**7), bps=st.sampled_from([500, 1_000, 2_000, 3_000]))
def test_limits_equal_the_text_of_the_rule(reference, bps):
    close, ratio, tick = Decimal(reference) / 100, Decimal(bps) / 10_000, Decimal("0.01")
    down = min((close * (1 - ratio)).quantize(tick, rounding=ROUND_HALF_UP), close - tick)
    up = max((close * (1 + ratio)).quantize(tick, rounding=ROUND_HALF_UP), close + tick)
    found = limit_prices(np.array([reference]), np.array([bps]))
    assert (down * 100, up * 100) == (int(found[0][0]), int(found[1][0]))


@pytest.mark.property
@settings(deadline=None)
@given(reference=st.integers(0, 10**7), bps=st.sampled_from([0, 500, 1_000, 2_000, 3_000]))
def test_worst_prices_enclose_the_reference_and_the_limits(reference, bps):
    prices, ratio = np.array([reference]), np.array([bps])
    sell, buy = (int(price[0]) for price in worst_prices(prices, ratio, free_move_bps=1_500))
    if reference == 0:
        assert (0, 0) == (sell, buy)
        return
    assert 1 <= sell <= reference <= buy
    if bps:
        down, up = limit_prices(prices, ratio)
        assert (int(down[0]), int(up[0])) == (sell, buy)


def test_without_a_limit_the_free_move_counts():
    sell, buy = worst_prices(np.array([1_001, 1]), np.array([0, 0]), free_move_bps=500)
    assert [950, 1] == sell.tolist()
    assert [1_052, 2] == buy.tolist()


@pytest.mark.parametrize(
    ("close", "dividend", "bonus", "reference"),
    [
        (1_000, 0.0, 0.0, 1_000),
        (1_000, 0.5, 0.0, 950),
        (1_000, 0.0, 1.0, 500),
        (1_000, 0.5, 0.3, 731),  # 9.50 / 1.3 = 7.3077
        (1_001, 0.0, 1.0, 501),  # 5.005 rounds up
        (1_000, 0.123456, 0.0, 988),  # 9.876544
    ],
)
def test_ex_reference(close, dividend, bonus, reference):
    assert reference == ex_reference_fen(close, dividend_cny=dividend, bonus=bonus)


@pytest.mark.parametrize(
    ("dividend", "bonus"), [(-0.1, 0.0), (0.0, -0.1), (np.nan, 0.0), (0.0, np.inf)]
)
def test_a_corporate_action_that_is_no_number_is_refused(dividend, bonus):
    with pytest.raises(NonFiniteError, match="corporate action"):
        ex_reference_fen(1_000, dividend_cny=dividend, bonus=bonus)


def test_a_dividend_above_the_price_is_refused():
    with pytest.raises(NonFiniteError, match="not smaller than the price"):
        ex_reference_fen(1_000, dividend_cny=10.0, bonus=0.0)
