"""Whole lots: which numbers of shares an order may have.

A purchase has at least `minimum_shares` and grows in steps of `step_shares`. A sale is a whole
number of lots, and what is left of an odd lot goes in one order, never in parts; a sale of the
whole position is therefore always allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.trading.kernels import kernel

if TYPE_CHECKING:
    from datetime import date

__all__ = ["LotRule", "floor_to_lots_nb", "is_whole_lots", "is_whole_lots_sale"]


@dataclass(frozen=True, slots=True)
class LotRule:
    """Lots of one board from one date on.

    Attributes
    ----------
    board : str
        The board it holds for.
    effective : date
        First session it holds for.
    minimum_shares : int
        Smallest purchase [shares].
    step_shares : int
        Step above the smallest purchase [shares].
    source : str
        Where the rule is written.
    """

    board: str
    effective: date
    minimum_shares: int
    step_shares: int
    source: str


@kernel
def floor_to_lots_nb(shares: int, minimum_shares: int, step_shares: int) -> int:
    """Return the largest allowed purchase of at most `shares`, 0 if there is none.

    Equals ``minimum + floor((shares - minimum) / step) * step`` where `shares` reaches the minimum.

    Parameters
    ----------
    shares, minimum_shares, step_shares : int64
        What is wanted and the board's lot rule [shares]; minimum and step are at least 1.

    Returns
    -------
    int64
        Whole lots [shares].
    """
    if shares < minimum_shares:
        return 0
    return shares - (shares - minimum_shares) % step_shares


def is_whole_lots(shares: int, *, minimum_shares: int, step_shares: int) -> bool:
    """Return whether a purchase of `shares` is allowed.

    Parameters
    ----------
    shares : int
        The purchase [shares].
    minimum_shares, step_shares : int
        The board's lot rule [shares].

    Returns
    -------
    bool
        True for the minimum plus any number of steps.

    Examples
    --------
    >>> is_whole_lots(250, minimum_shares=200, step_shares=1)
    True
    >>> is_whole_lots(250, minimum_shares=100, step_shares=100)
    False
    """
    return shares >= minimum_shares and (shares - minimum_shares) % step_shares == 0


def is_whole_lots_sale(
    shares: int, held_shares: int, *, minimum_shares: int, step_shares: int
) -> bool:
    """Return whether a sale of `shares` out of `held_shares` is allowed.

    Parameters
    ----------
    shares, held_shares : int
        The sale and the position before it [shares].
    minimum_shares, step_shares : int
        The board's lot rule [shares].

    Returns
    -------
    bool
        True for whole lots, and for a sale that takes the odd remainder with it.

    Examples
    --------
    >>> is_whole_lots_sale(130, 130, minimum_shares=100, step_shares=100)
    True
    >>> is_whole_lots_sale(30, 130, minimum_shares=100, step_shares=100)
    True
    >>> is_whole_lots_sale(20, 130, minimum_shares=100, step_shares=100)
    False
    """
    if not 0 < shares <= held_shares:
        return False
    if shares == held_shares:
        return True
    # Only boards with round lots have an odd remainder; with steps of one share any number above
    # the minimum goes.
    odd_shares = held_shares % step_shares
    return any(
        rest == 0 or is_whole_lots(rest, minimum_shares=minimum_shares, step_shares=step_shares)
        for rest in {shares, shares - odd_shares}
    )
