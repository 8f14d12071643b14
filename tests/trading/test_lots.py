# ruff: noqa: PLR0917 - fixtures are parameters
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.trading.lots import floor_to_lots_nb, is_whole_lots, is_whole_lots_sale


@pytest.mark.parametrize(
    ("shares", "minimum", "step", "lots"),
    [
        (99, 100, 100, 0),
        (100, 100, 100, 100),
        (299, 100, 100, 200),
        (199, 200, 1, 0),
        (201, 200, 1, 201),
        (101, 100, 1, 101),
        (7, 1, 1, 7),
        (-5, 1, 1, 0),
    ],
)
def test_floor_to_lots(form, shares, minimum, step, lots):
    assert lots == form(floor_to_lots_nb)(shares, minimum, step)


@pytest.mark.property
@settings(deadline=None)
@given(shares=st.integers(0, 5_000), lot=st.sampled_from([(100, 100), (200, 1), (100, 1), (1, 1)]))
def test_floor_is_the_largest_allowed_purchase(shares, lot):
    minimum, step = lot
    allowed = [
        count
        for count in range(shares + 1)
        if is_whole_lots(count, minimum_shares=minimum, step_shares=step)
    ]
    assert max(allowed, default=0) == floor_to_lots_nb(shares, minimum, step)


@pytest.mark.parametrize(
    ("shares", "held", "is_allowed"),
    [
        (100, 130, True),
        (130, 130, True),
        (30, 130, True),  # the odd remainder alone, in one order
        (20, 130, False),
        (110, 130, False),
        (230, 330, True),
        (60, 60, True),
        (50, 100, False),
        (0, 100, False),
        (200, 100, False),
    ],
)
def test_sales_on_a_board_with_round_lots(shares, held, is_allowed):
    assert is_allowed == is_whole_lots_sale(shares, held, minimum_shares=100, step_shares=100)


@pytest.mark.parametrize(
    ("shares", "held", "is_allowed"),
    [(201, 350, True), (150, 350, False), (150, 150, True), (149, 150, False)],
)
def test_sales_on_the_star_market(shares, held, is_allowed):
    assert is_allowed == is_whole_lots_sale(shares, held, minimum_shares=200, step_shares=1)
