"""The decision rule: which names to sell, which to buy, and who stands by.

One day's scores, holdings and tradability go in; indices come out. The simulator, the dynamic
weights, the opinions table and the live orders all decide here, so that what is measured is what is
traded.

Ranking is a total order: higher score first, equal scores by index, that is by instrument, since
arrays are sorted by it. A held name without a score ranks after every scored one; an unheld name
without a score does not exist.

Two rules:

- **topk_dropout**, Qlib's: the best ``n_drop + topk - held`` newcomers join the holdings, the worst
  `n_drop` of that group leave, and as many newcomers enter as there is room for. With
  ``corrected=False`` the kernel repeats what Qlib's lists do with counts of zero and below, and
  reports sales and purchases whether or not they can be done, as Qlib's strategy does before its
  exchange refuses them. With ``corrected=True`` counts are clamped at zero, only sales that can be
  done make room, and only names that can be bought are bought.
- **topk_buffer**: keep every holding that ranks inside ``topk + n_drop * buy_suggestion_factor``,
  sell at most `n_drop` of the others, worst first, and fill up to `topk` from inside that pool.
  Qlib has no such rule, so it has no parity mode.

The whole book counts in both, names without a score included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.buffer import topk_buffer_nb
from quantpits.trading.dropout import topk_dropout_nb
from quantpits.trading.selection import (
    DecisionBuffers,
    DecisionRule,
    decision_buffers,
    rank_names_nb,
)

if TYPE_CHECKING:
    from quantpits.trading.kernels import BoolArray, FloatArray, IntArray

__all__ = ["Decision", "topk_buffer", "topk_dropout"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, as indices into the arrays of the day.

    Attributes
    ----------
    sell : int64 [n_sell]
        Whole positions to sell, worst first.
    buy : int64 [n_buy]
        Names to buy, best first.
    alternates : int64 [n_alternates]
        Who comes next if one of those cannot be bought, best first.
    hold : int64 [n_hold]
        Positions that stay, best first.
    """

    sell: IntArray
    buy: IntArray
    alternates: IntArray
    hold: IntArray


def topk_dropout(
    scores: FloatArray,
    is_held: BoolArray,
    *,
    can_buy: BoolArray,
    can_sell: BoolArray,
    rule: DecisionRule,
) -> Decision:
    """Decide one day by Qlib's rule.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none; arrays sorted by instrument, so that ties go to the lower one.
    is_held : bool [N]
        The whole book, names without a score included.
    can_buy, can_sell : bool [N]
        What is known of the day's tradability.
    rule : DecisionRule
        Parameters.

    Returns
    -------
    Decision
        Indices into the arrays.

    Raises
    ------
    ShapeError
        If the arrays have different lengths, or a parameter is out of range.
    NonFiniteError
        If a score is infinite.

    Notes
    -----
    NaN: held names rank last, others do not exist. Timing: scores and tradability as known
    when deciding.

    Examples
    --------
    >>> scores = np.array([0.4, 0.1, 0.3, 0.2])
    >>> held = np.array([False, True, True, False])
    >>> free = np.ones(4, dtype=bool)
    >>> decision = topk_dropout(
    ...     scores, held, can_buy=free, can_sell=free, rule=DecisionRule(topk=2, n_drop=1)
    ... )
    >>> decision.sell.tolist(), decision.buy.tolist(), decision.hold.tolist()
    ([1], [0], [2])
    """
    _check(scores, (is_held, can_buy, can_sell), rule)
    work, n_held = _work(is_held)
    counts = topk_dropout_nb(scores, is_held, can_buy, can_sell, rule, work, n_held)
    rank_names_nb(scores, work.held, n_held)  # the rule does not need those that stay in order
    return _decision(counts, work)


def topk_buffer(
    scores: FloatArray,
    is_held: BoolArray,
    *,
    can_buy: BoolArray,
    can_sell: BoolArray,
    rule: DecisionRule,
) -> Decision:
    """Decide one day by the buffer rule.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none; arrays sorted by instrument, so that ties go to the lower one.
    is_held : bool [N]
        The whole book, names without a score included.
    can_buy, can_sell : bool [N]
        What is known of the day's tradability.
    rule : DecisionRule
        Parameters.

    Returns
    -------
    Decision
        Indices into the arrays.

    Raises
    ------
    ShapeError
        If the arrays have different lengths, or a parameter is out of range.
    NonFiniteError
        If a score is infinite.

    Notes
    -----
    NaN: held names rank last and outside the pool, others do not exist.

    Examples
    --------
    >>> scores = np.array([0.4, 0.1, 0.3, 0.2])
    >>> held = np.array([False, True, True, False])
    >>> free = np.ones(4, dtype=bool)
    >>> decision = topk_buffer(
    ...     scores, held, can_buy=free, can_sell=free, rule=DecisionRule(topk=2, n_drop=1)
    ... )
    >>> decision.sell.tolist(), decision.buy.tolist(), decision.hold.tolist()
    ([1], [0], [2])
    """
    _check(scores, (is_held, can_buy, can_sell), rule)
    work, n_held = _work(is_held)
    counts = topk_buffer_nb(scores, is_held, can_buy, can_sell, rule, work, n_held)
    return _decision(counts, work)


def _check(scores: FloatArray, masks: tuple[BoolArray, ...], rule: DecisionRule) -> None:
    if scores.ndim != 1 or any(mask.shape != scores.shape for mask in masks):
        raise ShapeError(
            "The arrays of a decision do not fit.",
            expected="four arrays of one length",
            found=(scores.shape, *(mask.shape for mask in masks)),
        )
    if np.isinf(scores).any():
        raise NonFiniteError(
            "A score is infinite.", where=f"index {int(np.flatnonzero(np.isinf(scores))[0])}"
        )
    if rule.topk < 1 or rule.n_drop < 0 or rule.buy_suggestion_factor < 1:
        raise ShapeError(
            "A parameter of the decision is out of range.",
            expected="topk ≥ 1, n_drop ≥ 0, buy_suggestion_factor ≥ 1",
            found=(rule.topk, rule.n_drop, rule.buy_suggestion_factor),
        )


def _work(is_held: BoolArray) -> tuple[DecisionBuffers, int]:
    work = decision_buffers(is_held.size)
    held = np.flatnonzero(is_held)
    work.held[: held.size] = held
    return work, held.size


def _decision(counts: tuple[int, int, int, int], work: DecisionBuffers) -> Decision:
    n_held, n_sell, n_buy, n_alternates = counts
    sell = work.sell[:n_sell].copy()
    held = work.held[:n_held]
    return Decision(
        sell=sell,
        buy=work.buy[:n_buy].copy(),
        alternates=work.buy[n_buy : n_buy + n_alternates].copy(),
        hold=held[~np.isin(held, sell)].copy(),
    )
