"""Daily price limits, and the worst price a session can bring.

A limit price is the reference price times one plus or minus the board's ratio, rounded half up to
the tick of 0.01 CNY, and at least one tick away from the reference. The reference is yesterday's
close, or on an ex-date the theoretical ex-price. In arrays 0 stands for "no limit" and for "no
price": no real price is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import NonFiniteError

if TYPE_CHECKING:
    from datetime import date

    from quantpits.trading.kernels import IntArray

__all__ = [
    "LimitRule",
    "PriceLimits",
    "ex_reference_fen",
    "limit_prices",
    "worst_prices",
]

BPS = 10_000
_MILLIONTHS = 1_000_000


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Price limits of one board from one date on.

    Attributes
    ----------
    board : str
        The board it holds for.
    effective : date
        First session it holds for.
    ratio_bps, st_ratio_bps : int
        Greatest move of an ordinary and of a risk-warned (ST) share [1e-4]; 0 for no limit.
    free_sessions : int
        Sessions without a limit from the first day of listing on.
    source : str
        Where the rule is written.
    """

    board: str
    effective: date
    ratio_bps: int
    st_ratio_bps: int
    free_sessions: int
    source: str


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """The band that a session's prices stay in.

    Attributes
    ----------
    down_fen, up_fen : int or None
        Lowest and highest price [fen]; None where there is no limit.
    """

    down_fen: int | None
    up_fen: int | None


def limit_prices(reference_fen: IntArray, ratio_bps: IntArray) -> tuple[IntArray, IntArray]:
    """Return the lowest and the highest price of a session.

    Parameters
    ----------
    reference_fen : int64 [...]
        Previous close or theoretical ex-price [fen], 0 where there is none.
    ratio_bps : int64 [...]
        Greatest move [1e-4], 0 for no limit; same shape.

    Returns
    -------
    down_fen, up_fen : int64 [...]
        The limits [fen], 0 where there is none.

    Notes
    -----
    NaN: not possible, the prices are whole numbers. Source: trading rules of the three
    exchanges (limit price = previous close * (1 ± ratio), rounded half up to the tick, at least one
    tick from the previous close).

    Examples
    --------
    >>> down, up = limit_prices(np.array([1_005]), np.array([1_000]))
    >>> int(down[0]), int(up[0])
    (905, 1106)
    """
    reference = np.asarray(reference_fen, dtype=np.int64)
    ratio = np.asarray(ratio_bps, dtype=np.int64)
    down = (reference * (BPS - ratio) + BPS // 2) // BPS
    up = (reference * (BPS + ratio) + BPS // 2) // BPS
    limited = (reference > 0) & (ratio > 0)
    down = np.maximum(np.minimum(down, reference - 1), 1)
    up = np.maximum(up, reference + 1)
    return np.where(limited, down, 0), np.where(limited, up, 0)


def worst_prices(
    reference_fen: IntArray, ratio_bps: IntArray, *, free_move_bps: int
) -> tuple[IntArray, IntArray]:
    """Return the price a sale and the price a purchase must reckon with.

    Parameters
    ----------
    reference_fen, ratio_bps : int64 [...]
        As for `limit_prices`.
    free_move_bps : int
        The move to reckon with where there is no limit [1e-4].

    Returns
    -------
    sell_fen, buy_fen : int64 [...]
        The limit prices; where there is no limit the reference less and plus the free move, rounded
        down and up. 0 where there is no reference price.

    Notes
    -----
    Source: decision 25 (orders are sized before the session, at the worst price it can bring).

    Examples
    --------
    >>> sell, buy = worst_prices(np.array([1_001]), np.array([0]), free_move_bps=500)
    >>> int(sell[0]), int(buy[0])
    (950, 1052)
    """
    reference = np.asarray(reference_fen, dtype=np.int64)
    down, up = limit_prices(reference, ratio_bps)
    free_down = np.maximum(reference * (BPS - free_move_bps) // BPS, np.minimum(reference, 1))
    free_up = -(-reference * (BPS + free_move_bps) // BPS)
    return np.where(down > 0, down, free_down), np.where(up > 0, up, free_up)


def ex_reference_fen(previous_close_fen: int, *, dividend_cny: float, bonus: float) -> int:
    """Return the theoretical ex-price: ``(close - dividend) / (1 + bonus)``, rounded half up.

    Parameters
    ----------
    previous_close_fen : int
        Raw close of the session before the ex-date [fen].
    dividend_cny : float
        Cash per share on the ex-date [CNY], 0 if none; six decimals count.
    bonus : float
        New shares per old share on the ex-date, 0 if none; six decimals count.

    Returns
    -------
    int
        The reference price of the ex-date [fen].

    Raises
    ------
    NonFiniteError
        If the dividend or bonus is negative or not finite, or leaves no positive price.

    Examples
    --------
    >>> ex_reference_fen(1_000, dividend_cny=0.5, bonus=0.3)
    731
    """
    facts = (dividend_cny, bonus)
    if not all(np.isfinite(fact) and fact >= 0 for fact in facts):
        raise NonFiniteError(
            "A corporate action is not a number.", expected="dividend and bonus ≥ 0", found=facts
        )
    # fen * 1e4 = CNY * 1e6, so price and dividend meet in one unit before the single rounding.
    after_cash = previous_close_fen * (_MILLIONTHS // 100) - round(dividend_cny * _MILLIONTHS)
    shares = _MILLIONTHS + round(bonus * _MILLIONTHS)
    numerator = after_cash * _MILLIONTHS
    denominator = shares * (_MILLIONTHS // 100)
    reference = (2 * numerator + denominator) // (2 * denominator)
    if reference < 1:
        raise NonFiniteError(
            "A dividend is not smaller than the price it is paid from.",
            expected=f"less than {previous_close_fen / 100:.2f} CNY a share",
            found=dividend_cny,
        )
    return reference
