"""Money in whole fen: the only conversions between exact decimals, fen and text.

Invariants: the books hold `int` fen, never a float; a rounding is always half away from zero, so
that a purchase and its reversal round alike; text of an amount always has two decimals.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

__all__ = ["FEN_PER_CNY", "cny_text", "divide_half_up", "rate_text", "round_fen", "whole_fen"]

FEN_PER_CNY = 100
_WHOLE = Decimal(1)


def whole_fen(amount_cny: Decimal) -> int | None:
    """Return an amount in fen, or None if it is not a whole number of fen.

    Parameters
    ----------
    amount_cny : Decimal
        A finite amount [CNY].

    Returns
    -------
    int or None
        The amount [fen].

    Examples
    --------
    >>> whole_fen(Decimal("12.30"))
    1230
    >>> whole_fen(Decimal("12.305")) is None
    True
    """
    fen = amount_cny * FEN_PER_CNY
    return int(fen) if fen == fen.to_integral_value() else None


def round_fen(amount_cny: Decimal) -> int:
    """Return an amount in fen, halves away from zero.

    Parameters
    ----------
    amount_cny : Decimal
        A finite amount [CNY].

    Returns
    -------
    int
        The nearest amount [fen].

    Examples
    --------
    >>> round_fen(Decimal("0.005"))
    1
    >>> round_fen(Decimal("-0.005"))
    -1
    """
    return int((amount_cny * FEN_PER_CNY).quantize(_WHOLE, rounding=ROUND_HALF_UP))


def divide_half_up(numerator: int, denominator: int) -> int:
    """Return an exact quotient of integers rounded to a whole number, halves away from zero.

    Parameters
    ----------
    numerator : int
        Of any sign.
    denominator : int
        Above zero.

    Returns
    -------
    int
        The rounded quotient, computed without floating point.

    Examples
    --------
    >>> divide_half_up(7, 2)
    4
    >>> divide_half_up(-7, 2)
    -4
    """
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def cny_text(fen: int) -> str:
    """Return an amount as text in CNY with two decimals.

    Parameters
    ----------
    fen : int
        The amount [fen].

    Returns
    -------
    str
        For example ``"-12.30"``.

    Examples
    --------
    >>> cny_text(-1230)
    '-12.30'
    """
    whole, part = divmod(abs(fen), FEN_PER_CNY)
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole}.{part:02d}"


def rate_text(part: int, base: int) -> str:
    """Return ``part / base`` as text with five decimals, halves away from zero.

    Parameters
    ----------
    part, base : int
        Amounts of the same unit.

    Returns
    -------
    str
        The fraction; ``""`` where `base` is not above zero, since a rate on nothing means nothing.

    Examples
    --------
    >>> rate_text(1, 3)
    '0.33333'
    >>> rate_text(5, 0)
    ''
    """
    if base <= 0:
        return ""
    scaled = divide_half_up(part * 100_000, base)
    whole, fraction = divmod(abs(scaled), 100_000)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{fraction:05d}"
