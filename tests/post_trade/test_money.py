from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.post_trade.money import (
    cny_text,
    divide_half_up,
    rate_text,
    round_fen,
    whole_fen,
)


@pytest.mark.parametrize(
    ("amount", "fen"),
    [("0", 0), ("12.3", 1230), ("-12.34", -1234), ("1e3", 100_000), ("0.001", None)],
)
def test_whole_fen(amount: str, fen: int | None) -> None:
    assert fen == whole_fen(Decimal(amount))


@pytest.mark.parametrize(("amount", "fen"), [("0.005", 1), ("-0.005", -1), ("0.0049", 0)])
def test_round_fen_takes_halves_away_from_zero(amount: str, fen: int) -> None:
    assert fen == round_fen(Decimal(amount))


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1234.56")]
)
def test_cny_text(fen: int, text: str) -> None:
    assert text == cny_text(fen)


@pytest.mark.parametrize(
    ("part", "base", "text"),
    [(1, 3, "0.33333"), (-1, 3, "-0.33333"), (2, 3, "0.66667"), (5, 0, ""), (5, -5, "")],
)
def test_rate_text(part: int, base: int, text: str) -> None:
    assert text == rate_text(part, base)


@pytest.mark.property
@given(st.integers(-(10**18), 10**18), st.integers(1, 10**12))
def test_divide_half_up_is_what_decimal_says(numerator: int, denominator: int) -> None:
    exact = (Decimal(numerator) / 1 / denominator).quantize(Decimal(1), ROUND_HALF_UP)
    ours = divide_half_up(numerator, denominator)
    # Decimal itself rounds the quotient to 28 digits first; the integers decide.
    assert abs(2 * (ours * denominator - numerator)) <= denominator
    assert abs(ours - exact) <= 1


@pytest.mark.property
@given(st.integers(-(10**17), 10**17))
def test_text_reads_back_as_the_same_fen(fen: int) -> None:
    assert fen == whole_fen(Decimal(cny_text(fen)))
