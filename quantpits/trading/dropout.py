# ruff: noqa: PLR0917 - kernels take no keyword-only arguments
"""The kernel of Qlib's rule: newcomers join the holdings, the worst of that group leave.

With ``is_corrected`` false the kernel repeats what Qlib's lists do with counts of zero and below,
and reports sales and purchases whether or not they can be done, as Qlib's strategy does before its
exchange refuses them. With it true counts are clamped at zero, only sales that can be done make
room, and only names that can be bought are bought.
"""

from __future__ import annotations

import numpy as np

from quantpits.trading.kernels import BoolArray, FloatArray, kernel
from quantpits.trading.selection import (
    ANY,
    BUYABLE,
    TWO_WAY,
    DecisionBuffers,
    DecisionRule,
    best_open_nb,
    open_names_nb,
    ranks_before_nb,
    split_candidates_nb,
)

__all__ = ["leavers_nb", "newcomer_counts_nb", "topk_dropout_nb", "worst_held_nb"]


@kernel
def newcomer_counts_nb(
    scores: FloatArray, is_held: BoolArray, room: int, rule: DecisionRule
) -> tuple[int, int]:
    """Return how many newcomers join the holdings, and how many of that group leave.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.
    is_held : bool [N]
        The whole book.
    room : int64
        ``topk`` less the held names, of either sign.
    rule : DecisionRule
        Parameters.

    Returns
    -------
    n_new, n_leave : int64
        Counts, not negative. In parity mode a count below one becomes one among tradable names
        (Qlib looks at its counter after the first), and otherwise what slicing a list with it
        gives.
    """
    n_new = rule.n_drop + room
    n_leave = rule.n_drop
    if rule.is_corrected:
        return max(n_new, 0), n_leave
    if rule.is_only_tradable:
        return max(n_new, 1), max(n_leave, 1)
    if n_new < 0:
        n_unheld = 0
        for name in range(scores.size):
            if not is_held[name] and not np.isnan(scores[name]):
                n_unheld += 1
        n_new = max(n_unheld + n_new, 0)
    if n_leave == 0:  # list[-0:] is the whole list
        n_leave = 2 * scores.size
    return n_new, n_leave


@kernel
def worst_held_nb(
    scores: FloatArray,
    can_buy: BoolArray,
    can_sell: BoolArray,
    rule: DecisionRule,
    work: DecisionBuffers,
    n_held: int,
    wanted: int,
) -> int:
    """Write the worst `wanted` holdings that may leave into ``work.sell``, worst first.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.
    can_buy, can_sell : bool [N]
        Tradability of the day; with `is_only_tradable` a holding that cannot be sold is passed
        over, in parity mode also one that cannot be bought.
    rule : DecisionRule
        Parameters.
    work : DecisionBuffers
        ``held`` (in any order) is read, ``sell`` is written.
    n_held, wanted : int64
        Holdings, and at most how many to write.

    Returns
    -------
    int64
        Number of names written.
    """
    count = 0
    for at in range(n_held):
        name = work.held[at]
        if count == wanted and (
            wanted == 0 or not ranks_before_nb(scores, work.sell[wanted - 1], name)
        ):
            continue
        is_tradable = can_sell[name] and (rule.is_corrected or can_buy[name])
        if rule.is_only_tradable and not is_tradable:
            continue
        place = min(count, wanted - 1)
        while place > 0 and ranks_before_nb(scores, work.sell[place - 1], name):
            work.sell[place] = work.sell[place - 1]
            place -= 1
        work.sell[place] = name
        count = min(count + 1, wanted)
    return count


@kernel
def leavers_nb(
    scores: FloatArray,
    can_buy: BoolArray,
    can_sell: BoolArray,
    rule: DecisionRule,
    work: DecisionBuffers,
    n_held: int,
    n_new: int,
    n_leave: int,
) -> int:
    """Write the holdings among the worst `n_leave` of holdings and newcomers, worst first.

    Equals merging the two ranked lists from their ends. With `is_only_tradable` a name that cannot
    be traded is passed over: a holding that cannot be sold, in parity mode also one that cannot be
    bought.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.
    can_buy, can_sell : bool [N]
        Tradability of the day.
    rule : DecisionRule
        Parameters.
    work : DecisionBuffers
        ``held`` (in any order) and ``candidate`` are read, ``sell`` is written.
    n_held, n_new, n_leave : int64
        Entries of ``held`` and ``candidate`` to merge, and how many of them leave.

    Returns
    -------
    int64
        Number of sales written.
    """
    n_worst = worst_held_nb(scores, can_buy, can_sell, rule, work, n_held, n_leave)
    old, new, n_left, n_sell = 0, n_new - 1, 0, 0
    while n_left < n_leave and (old < n_worst or new >= 0):
        n_left += 1
        if old == n_worst or (
            new >= 0 and ranks_before_nb(scores, work.sell[old], work.candidate[new])
        ):
            new -= 1
            continue
        name = work.sell[old]
        old += 1
        if rule.is_corrected and not can_sell[name]:
            continue
        work.sell[n_sell] = name
        n_sell += 1
    return n_sell


@kernel
def topk_dropout_nb(
    scores: FloatArray,
    is_held: BoolArray,
    can_buy: BoolArray,
    can_sell: BoolArray,
    rule: DecisionRule,
    work: DecisionBuffers,
    n_held: int,
) -> tuple[int, int, int, int]:
    """Decide one day by Qlib's rule; see the module for the two modes.

    Equals, with holdings H by rank, ``new = first(n_drop + topk - |H|, unheld)``,
    ``sell = last(n_drop, H + new) within H``, ``buy = new[: |sell| + topk - |H|]``.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none; arrays sorted by instrument, so that ties go to the lower one.
    is_held : bool [N]
        The whole book.
    can_buy, can_sell : bool [N]
        Tradability of the day. For Qlib's ``forbid_all_trade_at_limit`` give the same array twice.
        Corrected: a name that is not held long enough cannot be sold. Parity: it is chosen all the
        same, and the caller does not trade it.
    rule : DecisionRule
        Parameters; topk ≥ 1, n_drop ≥ 0, buy_suggestion_factor ≥ 1.
    work : DecisionBuffers
        ``held`` lists the book in any order. Written: ``sell`` worst first, ``buy`` the purchases
        and then the alternates, best first.
    n_held : int64
        Filled entries of ``held``.

    Returns
    -------
    n_held, n_sell, n_buy, n_alternates : int64
        Filled entries.
    """
    room = rule.topk - n_held
    n_new, n_leave = newcomer_counts_nb(scores, is_held, room, rule)
    demand = ANY
    if rule.is_only_tradable:
        demand = BUYABLE if rule.is_corrected else TWO_WAY
    open_names_nb(is_held, can_buy, can_sell, demand, work.is_open)
    n_found = best_open_nb(scores, n_new * rule.buy_suggestion_factor, work)
    n_new = min(n_new, n_found)
    n_sell = leavers_nb(scores, can_buy, can_sell, rule, work, n_held, n_new, n_leave)
    n_buy = n_sell + room
    if n_buy < 0:
        n_buy = 0 if rule.is_corrected else max(n_new + n_buy, 0)
    n_buy = min(n_buy, n_new)
    return split_candidates_nb(can_buy, rule, work, n_found, n_buy, n_held, n_sell)
