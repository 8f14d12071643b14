"""Money as whole fen: the conversions, and the two roundings of a share of an amount.

One CNY is 100 fen. Amounts are whole numbers of fen everywhere in this room, so that an order, a
fill and the ledger agree to the cent. Rates are whole numbers of a hundred-millionth (``_e8``): a
commission of 0.025 % is 25,000, and every published rate is exact in it.

Rounding is half up, away from zero for nothing: amounts that are rounded here are never negative. A
US workspace uses the same code; there a "fen" is a cent.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from quantpits.errors import NonFiniteError
from quantpits.trading.kernels import FloatArray, IntArray, kernel

__all__ = [
    "RATE_UNIT",
    "cny_to_fen",
    "fen_to_cny",
    "prices_to_fen",
    "rate_to_e8",
    "share_of_amount_floor_nb",
    "share_of_amount_nb",
]

RATE_UNIT = 100_000_000
_FEN = Decimal("0.01")


@kernel
def share_of_amount_nb(amount_fen: int, rate_e8: int) -> int:
    """Return ``amount * rate`` rounded half up to the fen.

    Equals ``floor(amount_fen * rate_e8 / 1e8 + 1/2)`` in exact arithmetic. The amount is split at
    1e8 so that the product never leaves 64 bits, whatever the size of the account.

    Parameters
    ----------
    amount_fen : int64
        The amount [fen], not negative.
    rate_e8 : int64
        The rate [1e-8], between 0 and 1e8.

    Returns
    -------
    int64
        The share [fen].
    """
    whole = amount_fen // RATE_UNIT
    rest = amount_fen - whole * RATE_UNIT
    return whole * rate_e8 + (rest * rate_e8 + RATE_UNIT // 2) // RATE_UNIT


@kernel
def share_of_amount_floor_nb(amount_fen: int, rate_e8: int) -> int:
    """Return ``amount * rate`` rounded down to the fen; otherwise as `share_of_amount_nb`.

    Parameters
    ----------
    amount_fen : int64
        The amount [fen], not negative.
    rate_e8 : int64
        The rate [1e-8], between 0 and 1e8.

    Returns
    -------
    int64
        The share [fen].
    """
    whole = amount_fen // RATE_UNIT
    rest = amount_fen - whole * RATE_UNIT
    return whole * rate_e8 + rest * rate_e8 // RATE_UNIT


def prices_to_fen(prices_cny: FloatArray) -> IntArray:
    """Return prices as whole fen, rounded half up; 0 where there is no price.

    Parameters
    ----------
    prices_cny : float64 [...]
        Raw prices [CNY], NaN where the instrument did not trade.

    Returns
    -------
    int64 [...]
        The prices [fen], 0 for NaN.

    Raises
    ------
    NonFiniteError
        If a price is infinite, zero or negative.

    Notes
    -----
    NaN: no price, becomes 0, which every kernel of the room reads as "did not trade".

    Examples
    --------
    >>> prices_to_fen(np.array([10.25, np.nan])).tolist()
    [1025, 0]
    """
    prices = np.asarray(prices_cny, dtype=np.float64)
    absent = np.isnan(prices)
    wrong = ~absent & ~((prices > 0) & np.isfinite(prices))
    if wrong.any():
        raise NonFiniteError(
            "A price is not a positive number.",
            where=f"price {int(np.flatnonzero(wrong)[0])} of {prices.size}",
            expected="a positive price, or NaN where there is none",
            found=float(prices[wrong][0]),
        )
    # A raw price such as 10.25 may sit a few units in the last place below its tick; six decimals
    # of a fen are far below any tick and far above that error.
    fen = np.floor(np.round(np.where(absent, 0.0, prices) * 100.0, 6) + 0.5)
    return fen.astype(np.int64)


def cny_to_fen(amount_cny: Decimal) -> int:
    """Return an amount of money as whole fen, rounded half up.

    Parameters
    ----------
    amount_cny : Decimal
        The amount [CNY], of either sign.

    Returns
    -------
    int
        The amount [fen].

    Raises
    ------
    NonFiniteError
        If the amount is NaN or infinite.

    Examples
    --------
    >>> cny_to_fen(Decimal("1234.56"))
    123456
    """
    if not amount_cny.is_finite():
        raise NonFiniteError("An amount of money is not a number.", found=amount_cny)
    return int(amount_cny.quantize(_FEN, rounding=ROUND_HALF_UP).scaleb(2))


def fen_to_cny(amount_fen: int) -> Decimal:
    """Return whole fen as an amount of CNY with two decimals.

    Parameters
    ----------
    amount_fen : int
        The amount [fen].

    Returns
    -------
    Decimal
        The amount [CNY], always with two decimals.

    Examples
    --------
    >>> fen_to_cny(123450)
    Decimal('1234.50')
    """
    return Decimal(int(amount_fen)).scaleb(-2)


def rate_to_e8(rate: float | Decimal) -> int:
    """Return a rate as a whole number of hundred-millionths.

    Parameters
    ----------
    rate : float or Decimal
        A fraction between 0 and 1, such as 0.00025.

    Returns
    -------
    int
        The rate [1e-8], rounded half up.

    Raises
    ------
    NonFiniteError
        If the rate is not a number between 0 and 1.

    Examples
    --------
    >>> rate_to_e8(0.00025)
    25000
    """
    exact = Decimal(str(rate))
    if not exact.is_finite() or not 0 <= exact <= 1:
        raise NonFiniteError("A rate is out of range.", expected="a fraction in [0, 1]", found=rate)
    return int((exact * RATE_UNIT).to_integral_value(rounding=ROUND_HALF_UP))
