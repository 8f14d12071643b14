# ruff: noqa: PLR0917 - kernels take no keyword-only arguments
"""Ranking and choosing among one day's names: what both decision rules are made of.

Ranking is a total order: higher score first, equal scores by index, that is by instrument, since
arrays are sorted by it. A held name without a score ranks after every scored one; an unheld name
without a score does not exist.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from quantpits.trading.kernels import BoolArray, FloatArray, IntArray, kernel

__all__ = [
    "ANY",
    "BUYABLE",
    "TWO_WAY",
    "DecisionBuffers",
    "DecisionRule",
    "best_unheld_nb",
    "decision_buffers",
    "insert_ranked_nb",
    "is_open_nb",
    "rank_held_nb",
    "ranks_before_nb",
    "split_candidates_nb",
]

ANY: Final = 0
BUYABLE: Final = 1
TWO_WAY: Final = 2


class DecisionRule(NamedTuple):
    """The parameters of a decision, as kernels read them.

    Attributes
    ----------
    topk : int
        Names to hold.
    n_drop : int
        Names to replace at most.
    buy_suggestion_factor : int
        Candidates named for each purchase, the purchase included; 1 for no alternates.
    is_only_tradable : bool
        Whether untradable names are passed over when choosing, or chosen and then not traded.
    is_corrected : bool
        False repeats Qlib's quirks; see the module.
    """

    topk: int
    n_drop: int
    buy_suggestion_factor: int = 1
    is_only_tradable: bool = True
    is_corrected: bool = True


class DecisionBuffers(NamedTuple):
    """Room for a decision, made once by the caller.

    Attributes
    ----------
    held, candidate, sell, buy : int64 [N]
        Filled from the front; what lies behind the returned counts is left over from before.
    """

    held: IntArray
    candidate: IntArray
    sell: IntArray
    buy: IntArray


def decision_buffers(n_instruments: int) -> DecisionBuffers:
    """Return buffers for decisions among `n_instruments` names.

    Parameters
    ----------
    n_instruments : int
        Length of the arrays of a day.

    Returns
    -------
    DecisionBuffers
        Four arrays int64 [n_instruments].

    Examples
    --------
    >>> decision_buffers(3).sell.shape
    (3,)
    """
    held, candidate, sell, buy = np.zeros((4, n_instruments), dtype=np.int64)
    return DecisionBuffers(held, candidate, sell, buy)


@kernel
def ranks_before_nb(scores: FloatArray, left: int, right: int) -> bool:
    """Return whether `left` ranks before `right`: ``(-score, index)``, NaN after every number.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.
    left, right : int64
        Two different indices.

    Returns
    -------
    bool
        True if `left` is the better one. Infinities rank as numbers; ties go to the lower index.
    """
    a, b = scores[left], scores[right]
    if np.isnan(a):
        return bool(np.isnan(b)) and left < right
    return bool(np.isnan(b)) or a > b or (a == b and left < right)


@kernel
def insert_ranked_nb(scores: FloatArray, ranked: IntArray, filled: int, name: int) -> None:
    """Put `name` at its place among the first `filled` entries.

    What stood at ``ranked[filled]`` is lost. Equals one step of an insertion sort by
    `ranks_before_nb`.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.
    ranked : int64 [N]
        Written: sorted entries, best first.
    filled : int64
        Entries before, below N.
    name : int64
        The index to add.
    """
    place = filled
    while place > 0 and ranks_before_nb(scores, name, ranked[place - 1]):
        ranked[place] = ranked[place - 1]
        place -= 1
    ranked[place] = name


@kernel
def rank_held_nb(scores: FloatArray, is_held: BoolArray, ranked: IntArray) -> int:
    """Write the held names best first and return how many there are.

    Equals ``sorted(flatnonzero(is_held), key=(-score, index))`` with NaN last.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.
    is_held : bool [N]
        The whole book.
    ranked : int64 [N]
        Written.

    Returns
    -------
    int64
        Number of held names.
    """
    count = 0
    for name in range(scores.size):
        if is_held[name]:
            insert_ranked_nb(scores, ranked, count, name)
            count += 1
    return count


@kernel
def is_open_nb(can_buy: BoolArray, can_sell: BoolArray, name: int, demand: int) -> bool:
    """Return whether `name` may be chosen: 0 always, 1 if it can be bought, 2 if also sold.

    Parameters
    ----------
    can_buy, can_sell : bool [N]
        Tradability of the day.
    name : int64
        An index.
    demand : int64
        Which of the three.

    Returns
    -------
    bool
        Whether the demand is met.
    """
    return demand == ANY or (can_buy[name] and (demand == BUYABLE or can_sell[name]))


@kernel
def best_unheld_nb(
    scores: FloatArray,
    is_held: BoolArray,
    can_buy: BoolArray,
    can_sell: BoolArray,
    demand: int,
    wanted: int,
    ranked: IntArray,
) -> int:
    """Write the best `wanted` unheld, scored, open names best first and return how many there are.

    Equals the first `wanted` of the sorted list; costs one comparison for most names. A score of
    minus infinity counts as none.

    Parameters
    ----------
    scores : float64 [N]
        Scores; a name with NaN is never taken.
    is_held, can_buy, can_sell : bool [N]
        State of the day.
    demand : int64
        As for `is_open_nb`.
    wanted : int64
        At most this many, below zero counts as none.
    ranked : int64 [N]
        Written.

    Returns
    -------
    int64
        Number of names written.
    """
    count = 0
    if wanted <= 0:
        return count
    cutoff = -np.inf
    for name in range(scores.size):
        # NaN fails this too; an equal score comes later in the index, so it ranks after.
        if not scores[name] > cutoff:
            continue
        if is_held[name] or not is_open_nb(can_buy, can_sell, name, demand):
            continue
        insert_ranked_nb(scores, ranked, min(count, wanted - 1), name)
        count = min(count + 1, wanted)
        if count == wanted:
            cutoff = scores[ranked[wanted - 1]]
    return count


@kernel
def split_candidates_nb(
    can_buy: BoolArray,
    rule: DecisionRule,
    work: DecisionBuffers,
    n_found: int,
    n_buy: int,
    n_held: int,
    n_sell: int,
) -> tuple[int, int, int, int]:
    """Write purchases and alternates from the ranked candidates.

    The first `n_buy` candidates are purchases, the next ones up to ``n_buy * factor`` alternates.
    In corrected mode names that cannot be bought are left out of both.

    Parameters
    ----------
    can_buy : bool [N]
        Tradability of the day.
    rule : DecisionRule
        Parameters.
    work : DecisionBuffers
        ``candidate`` is read, ``buy`` is written.
    n_found, n_buy : int64
        Ranked candidates, and how many of them are purchases.
    n_held, n_sell : int64
        Handed through.

    Returns
    -------
    n_held, n_sell, n_buy, n_alternates : int64
        Filled entries.
    """
    n_named, n_bought = 0, 0
    for place in range(min(n_found, n_buy * rule.buy_suggestion_factor)):
        name = work.candidate[place]
        if rule.is_corrected and not can_buy[name]:
            continue
        work.buy[n_named] = name
        n_named += 1
        if place < n_buy:
            n_bought += 1
    return n_held, n_sell, n_bought, n_named - n_bought
