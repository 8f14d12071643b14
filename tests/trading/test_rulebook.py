from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.trading import CN_RULES, US_RULES, LimitRule, PriceLimits

TODAY = date(2024, 1, 2)
NAMES = ("SH600000", "SZ300750", "SH688981", "BJ830799")


def test_price_limits_of_one_instrument():
    limits = CN_RULES.price_limits("SH600000", TODAY, reference_fen=1_005)
    assert PriceLimits(905, 1_106) == limits
    st_limits = CN_RULES.price_limits("SH600000", TODAY, reference_fen=1_005, is_st=True)
    assert PriceLimits(955, 1_055) == st_limits
    first = CN_RULES.price_limits("SH600000", TODAY, reference_fen=1_005, sessions_listed=1)
    assert PriceLimits(None, None) == first


def test_session_rules_of_four_boards():
    reference = np.array([1_000, 1_000, 1_000, 0])
    rules = CN_RULES.session_rules(NAMES, TODAY, reference_fen=reference)
    assert [900, 800, 800, 0] == rules.limit_down_fen.tolist()
    assert [1_100, 1_200, 1_200, 0] == rules.limit_up_fen.tolist()
    assert [900, 800, 800, 0] == rules.worst_sell_fen.tolist()
    assert [1_100, 1_200, 1_200, 0] == rules.worst_buy_fen.tolist()
    assert [100, 100, 200, 100] == rules.minimum_shares.tolist()
    assert [100, 100, 1, 1] == rules.step_shares.tolist()
    assert [[25_000, 25_000, 500, 50_000, 1_000]] * 4 == rules.rates.tolist()


@pytest.mark.property
@settings(deadline=None)
@given(
    reference=st.lists(st.integers(0, 10**6), min_size=4, max_size=4),
    is_st=st.lists(st.booleans(), min_size=4, max_size=4),
    listed=st.lists(st.integers(1, 8), min_size=4, max_size=4),
    day=st.dates(date(2016, 1, 1), date(2027, 1, 1)),
)
def test_session_rules_agree_with_the_single_lookups(reference, is_st, listed, day):
    rules = CN_RULES.session_rules(
        NAMES,
        day,
        reference_fen=np.array(reference),
        is_st=np.array(is_st),
        sessions_listed=np.array(listed),
    )
    for place, name in enumerate(NAMES):
        limits = CN_RULES.price_limits(
            name,
            day,
            reference_fen=reference[place],
            is_st=is_st[place],
            sessions_listed=listed[place],
        )
        found = (int(rules.limit_down_fen[place]), int(rules.limit_up_fen[place]))
        assert (limits.down_fen or 0, limits.up_fen or 0) == found
        assert CN_RULES.fee_schedule(name, day).row().tolist() == rules.rates[place].tolist()
        assert CN_RULES.lot_rule(name, day).step_shares == rules.step_shares[place]


def test_session_rules_of_nothing():
    rules = CN_RULES.session_rules((), TODAY, reference_fen=np.array([], dtype=np.int64))
    assert (0, 5) == rules.rates.shape


@pytest.mark.parametrize(
    "arrays",
    [
        {"reference_fen": np.array([1])},
        {"reference_fen": np.ones(4, dtype=np.int64), "is_st": np.array([True])},
        {"reference_fen": np.ones(4, dtype=np.int64), "sessions_listed": np.array([1])},
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays):
    with pytest.raises(ShapeError, match="does not fit the instruments"):
        CN_RULES.session_rules(NAMES, TODAY, **arrays)


def test_us_rules_reckon_with_the_free_move():
    rules = US_RULES.session_rules(("AAPL",), TODAY, reference_fen=np.array([20_000]))
    assert (0, 0) == (rules.limit_down_fen[0], rules.limit_up_fen[0])
    assert (19_000, 21_000) == (rules.worst_sell_fen[0], rules.worst_buy_fen[0])


def test_a_workspace_overrides_a_table():
    wide = LimitRule("main", date(2024, 1, 1), 4_400, 4_400, 0, "what this workspace knows")
    book = replace(CN_RULES, limits=(*CN_RULES.limits, wide))
    assert 4_400 == book.limit_ratio_bps("SH600000", TODAY)
    assert 1_000 == book.limit_ratio_bps("SH600000", date(2023, 12, 29))


def test_before_the_first_rule_the_first_rule_holds():
    assert 2_000 == CN_RULES.limit_ratio_bps("SH688981", date(1980, 1, 1))


def test_a_board_without_a_rule_is_refused():
    book = replace(CN_RULES, limits=())
    with pytest.raises(DataError, match="no rule for a board"):
        book.limit_ratio_bps("SH600000", TODAY)
    with pytest.raises(DataError, match="no rule for a board"):
        replace(CN_RULES, fees=()).fee_schedule("SH600000", TODAY)


def test_a_negative_minimum_commission_is_refused():
    with pytest.raises(NonFiniteError, match="negative"):
        CN_RULES.with_minimum_commission(Decimal(-1))


def test_a_flat_limit_holds_for_every_board_share_and_day():
    book = CN_RULES.with_flat_limit(0.095)
    day = date(2024, 1, 2)
    for name in ("SH600000", "SH688981", "SZ300750", "BJ830799"):
        ratios = {
            book.limit_ratio_bps(name, day, is_st=is_st, sessions_listed=listed)
            for is_st in (False, True)
            for listed in (1, None)
        }
        assert {950} == ratios
    assert book.lots == CN_RULES.lots
    assert book.fees == CN_RULES.fees


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.1, 0.00001])
def test_a_flat_limit_out_of_range_is_refused(threshold):
    with pytest.raises(NonFiniteError, match="flat price limit"):
        CN_RULES.with_flat_limit(threshold)
