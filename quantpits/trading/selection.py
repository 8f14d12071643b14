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
    "LANES",
    "TWO_WAY",
    "DecisionBuffers",
    "DecisionRule",
    "best_open_nb",
    "decision_buffers",
    "insert_ranked_nb",
    "open_names_nb",
    "rank_names_nb",
    "ranks_before_nb",
    "split_candidates_nb",
]

ANY: Final = 0
BUYABLE: Final = 1
TWO_WAY: Final = 2

# Names are searched in this many lanes side by side: name, name + LANES, name + 2 LANES and so on.
LANES: Final = 32
_STRIPES: Final = 4


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
    held : int64 [N]
        The holdings in any order, filled from the front by the caller.
    candidate, sell, buy : int64 [N]
        Filled from the front; what lies behind the returned counts is left over from before.
    is_open : bool [N]
        Which names may be chosen.
    tops : float64 [LANES]
        Room for the search among them.
    """

    held: IntArray
    candidate: IntArray
    sell: IntArray
    buy: IntArray
    is_open: BoolArray
    tops: FloatArray


def decision_buffers(n_instruments: int) -> DecisionBuffers:
    """Return buffers for decisions among `n_instruments` names.

    Parameters
    ----------
    n_instruments : int
        Length of the arrays of a day.

    Returns
    -------
    DecisionBuffers
        Four arrays int64 [n_instruments], and room for the search.

    Examples
    --------
    >>> decision_buffers(3).sell.shape
    (3,)
    """
    held, candidate, sell, buy = np.zeros((4, n_instruments), dtype=np.int64)
    is_open = np.zeros(n_instruments, dtype=np.bool_)
    return DecisionBuffers(held, candidate, sell, buy, is_open, np.zeros(LANES))


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
def rank_names_nb(scores: FloatArray, names: IntArray, count: int) -> None:
    """Sort the first `count` names, best first.

    Equals ``sorted(names[:count], key=(-score, index))`` with NaN last.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.
    names : int64 [N]
        Indices without repeats; written.
    count : int64
        How many.
    """
    for place in range(count):
        insert_ranked_nb(scores, names, place, names[place])


@kernel
def open_names_nb(
    is_held: BoolArray, can_buy: BoolArray, can_sell: BoolArray, demand: int, is_open: BoolArray
) -> None:
    """Write which names may be chosen: unheld, and as tradable as is demanded.

    Parameters
    ----------
    is_held, can_buy, can_sell : bool [N]
        State of the day.
    demand : int64
        0 for any unheld name, 1 for those that can be bought, 2 for those that can be sold too.
    is_open : bool [N]
        Written.
    """
    is_any, is_buyable = demand == ANY, demand == BUYABLE
    for name in range(is_open.size):
        is_tradable = is_any | (can_buy[name] & (is_buyable | can_sell[name]))
        is_open[name] = is_tradable & (not is_held[name])


@kernel
def lane_tops_nb(scores: FloatArray, is_open: BoolArray, tops: FloatArray) -> None:
    """Write the best score of each lane among the open names.

    Free of jumps, so that it compiles to a few instructions over many names at once.

    Parameters
    ----------
    scores : float64 [N]
        Scores; a name with NaN is never the best.
    is_open : bool [N]
        Which names count.
    tops : float64 [LANES]
        Written; minus infinity for a lane without such a name.
    """
    for lane in range(LANES):
        tops[lane] = -np.inf
    for row in range(scores.size // LANES):
        for lane in range(LANES):  # a count that is known, so that it compiles well
            name = row * LANES + lane
            is_better = is_open[name] & (scores[name] > tops[lane])
            tops[lane] = scores[name] if is_better else tops[lane]
    for name in range(scores.size - scores.size % LANES, scores.size):
        lane = name % LANES
        is_better = is_open[name] & (scores[name] > tops[lane])
        tops[lane] = scores[name] if is_better else tops[lane]


@kernel
def cutoff_nb(tops: FloatArray, wanted: int) -> float:
    """Return a score that at least `wanted` names reach, if there are as many.

    It is the best of the tops after removing the best `wanted` - 1 values of them.

    Parameters
    ----------
    tops : float64 [LANES]
        The best score of each lane.
    wanted : int64
        How many names are looked for, at least one.

    Returns
    -------
    float64
        The score; minus infinity if the lanes do not tell.
    """
    cutoff = np.inf
    for _ in range(min(wanted, LANES + 1)):
        # Four searches side by side: one would wait for itself at every step.
        first = second = third = fourth = -np.inf
        for lane in range(0, LANES, _STRIPES):
            top = tops[lane]
            first = top if (top > first) & (top < cutoff) else first
            top = tops[lane + 1]
            second = top if (top > second) & (top < cutoff) else second
            top = tops[lane + 2]
            third = top if (top > third) & (top < cutoff) else third
            top = tops[lane + 3]
            fourth = top if (top > fourth) & (top < cutoff) else fourth
        cutoff = max(max(first, second), max(third, fourth))  # noqa: PLW3301 - Numba takes two
    return cutoff


@kernel
def best_open_nb(scores: FloatArray, wanted: int, work: DecisionBuffers) -> int:
    """Write the best `wanted` scored, open names best first and return how many there are.

    Equals the first `wanted` of the sorted list; ranks only the few names that reach the cutoff. A
    score of minus infinity counts as none.

    Parameters
    ----------
    scores : float64 [N]
        Scores; a name with NaN is never taken.
    wanted : int64
        At most this many, below zero counts as none.
    work : DecisionBuffers
        ``is_open`` is read, ``candidate`` and ``tops`` are written.

    Returns
    -------
    int64
        Number of names written.
    """
    count = 0
    if wanted <= 0:
        return count
    lane_tops_nb(scores, work.is_open, work.tops)
    cutoff = cutoff_nb(work.tops, wanted)
    for lane in range(LANES):
        if work.tops[lane] == -np.inf or work.tops[lane] < cutoff:
            continue
        for name in range(lane, scores.size, LANES):
            # NaN fails the first test too.
            if not scores[name] >= cutoff or not work.is_open[name] or scores[name] == -np.inf:
                continue
            if count == wanted:
                if not ranks_before_nb(scores, name, work.candidate[wanted - 1]):
                    continue
                count -= 1
            insert_ranked_nb(scores, work.candidate, count, name)
            count += 1
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
