# ruff: noqa: PLR0917 - kernels take no keyword-only arguments
"""The kernel of the buffer rule: hold what ranks in the pool, sell the worst of the rest."""

from __future__ import annotations

import numpy as np

from quantpits.trading.kernels import BoolArray, FloatArray, IntArray, kernel
from quantpits.trading.selection import (
    DecisionBuffers,
    DecisionRule,
    insert_ranked_nb,
    rank_names_nb,
    ranks_before_nb,
    split_candidates_nb,
)

__all__ = ["buffer_leavers_nb", "buffer_pool_nb", "topk_buffer_nb"]


@kernel
def buffer_pool_nb(
    scores: FloatArray,
    is_held: BoolArray,
    can_buy: BoolArray,
    rule: DecisionRule,
    ranked: IntArray,
) -> int:
    """Write the pool best first and return its size.

    Equals the first ``topk + n_drop * factor`` of the ranked names that have a score and, with
    `is_only_tradable`, are held or can be bought.

    Parameters
    ----------
    scores : float64 [N]
        Scores; a name with NaN is never in the pool.
    is_held, can_buy : bool [N]
        State of the day.
    rule : DecisionRule
        Parameters.
    ranked : int64 [N]
        Written.

    Returns
    -------
    int64
        Names in the pool.
    """
    pool_size = rule.topk + rule.n_drop * rule.buy_suggestion_factor
    n_pool = 0
    cutoff = -np.inf
    for name in range(scores.size):
        # NaN fails this too; an equal score comes later in the index, so it ranks after.
        if not scores[name] > cutoff:
            continue
        if rule.is_only_tradable and not (is_held[name] or can_buy[name]):
            continue
        insert_ranked_nb(scores, ranked, min(n_pool, pool_size - 1), name)
        n_pool = min(n_pool + 1, pool_size)
        if n_pool == pool_size:
            cutoff = scores[ranked[pool_size - 1]]
    return n_pool


@kernel
def buffer_leavers_nb(
    scores: FloatArray,
    can_sell: BoolArray,
    rule: DecisionRule,
    work: DecisionBuffers,
    n_held: int,
    n_pool: int,
) -> int:
    """Write the holdings outside the pool that are sold, worst first, and return their number.

    Equals the last `n_drop` of the ranked holdings outside the pool, of those that can be sold.
    With `is_only_tradable` a blocked sale gives its turn to the next one, otherwise the turn is
    lost.

    Parameters
    ----------
    scores : float64 [N]
        Scores; a name with NaN is outside.
    can_sell : bool [N]
        Tradability of the day.
    rule : DecisionRule
        Parameters.
    work : DecisionBuffers
        ``held`` and ``candidate`` (the pool) are read, ``sell`` is written.
    n_held, n_pool : int64
        Filled entries of ``held`` and of the pool.

    Returns
    -------
    int64
        Number of sales written.
    """
    is_full = n_pool == rule.topk + rule.n_drop * rule.buy_suggestion_factor
    n_turns, n_sell = 0, 0
    for place in range(n_held - 1, -1, -1):
        name = work.held[place]
        is_outside = np.isnan(scores[name]) or (
            is_full and ranks_before_nb(scores, work.candidate[n_pool - 1], name)
        )
        if n_turns == rule.n_drop or not is_outside:
            break  # every better holding is inside too
        if can_sell[name]:
            work.sell[n_sell] = name
            n_sell += 1
            n_turns += 1
        elif not rule.is_only_tradable:
            n_turns += 1
    return n_sell


@kernel
def topk_buffer_nb(
    scores: FloatArray,
    is_held: BoolArray,
    can_buy: BoolArray,
    can_sell: BoolArray,
    rule: DecisionRule,
    work: DecisionBuffers,
    n_held: int,
) -> tuple[int, int, int, int]:
    """Decide one day by the buffer rule: hold what ranks in the pool, sell the worst of the rest.

    The pool is the first ``topk + n_drop * factor`` scored names; with `is_only_tradable` an unheld
    name that cannot be bought takes no place in it. Holdings outside it, unscored ones included,
    are sold worst first, `n_drop` at most; free places are filled from the unheld names of the
    pool.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none; arrays sorted by instrument, so that ties go to the lower one.
    is_held : bool [N]
        The whole book.
    can_buy, can_sell : bool [N]
        Tradability of the day.
    rule : DecisionRule
        Parameters; ``is_corrected`` must be true.
    work : DecisionBuffers
        ``held`` lists the book, and is ranked. Written: ``sell`` worst first, ``buy`` the purchases
        and then the alternates, best first.
    n_held : int64
        Filled entries of ``held``.

    Returns
    -------
    n_held, n_sell, n_buy, n_alternates : int64
        Filled entries.
    """
    rank_names_nb(scores, work.held, n_held)
    n_pool = buffer_pool_nb(scores, is_held, can_buy, rule, work.candidate)
    n_sell = buffer_leavers_nb(scores, can_sell, rule, work, n_held, n_pool)
    n_unheld = 0
    for place in range(n_pool):
        if not is_held[work.candidate[place]]:
            work.candidate[n_unheld] = work.candidate[place]
            n_unheld += 1
    n_buy = min(max(rule.topk - (n_held - n_sell), 0), n_unheld)
    return split_candidates_nb(can_buy, rule, work, n_unheld, n_buy, n_held, n_sell)
