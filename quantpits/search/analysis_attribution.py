"""Which models good combos have and bad ones have not.

The two sets are disjoint by construction: with fewer than twice `top_n` combos each takes half.
Otherwise a combo could be counted as good and as bad, and with few combos every score would be 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.search.analysis_rows import rows_by

if TYPE_CHECKING:
    from quantpits.search.results import FloatArray, IntArray, SearchResults

__all__ = ["ATTRIBUTION_KEY", "Attribution", "attribution"]

ATTRIBUTION_KEY: Final = "Calmar"
"""The figure that makes a combo good or bad: annualised return over the deepest fall."""

_CORE_MODELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """How often each model occurs among the best and the worst combos.

    Attributes
    ----------
    models : tuple of str [M]
        Highest net score first, ties by name.
    top_count, bottom_count, net_score : int64 [M]
        Occurrences among the best, among the worst, and their difference.
    mean_with, mean_without : float64 [M]
        Mean annualised excess of all combos with and without the model; NaN if there is none.
    n_side : int
        Combos in each of the two sets.
    core : tuple of str
        The first three models with a net score above 0.
    """

    models: tuple[str, ...]
    top_count: IntArray
    bottom_count: IntArray
    net_score: IntArray
    mean_with: FloatArray
    mean_without: FloatArray
    n_side: int
    core: tuple[str, ...]


def attribution(results: SearchResults, top_n: int) -> Attribution:
    """Return how often each model occurs among the best and the worst combos.

    Parameters
    ----------
    results : SearchResults
        The search.
    top_n : int
        Combos in each set, at most; never more than half of those with a Calmar ratio.

    Returns
    -------
    Attribution
        Counts and means.
    """
    order = rows_by(results.table[ATTRIBUTION_KEY])
    n_side = min(top_n, len(order) // 2)
    top = results.member_matrix(order[:n_side]).sum(axis=0)
    bottom = results.member_matrix(order[len(order) - n_side :]).sum(axis=0)
    net = top - bottom
    with_it, without = _means(results)
    places = np.argsort(-net, kind="stable")
    names = tuple(results.models[at] for at in places.tolist())
    return Attribution(
        models=names,
        top_count=top[places],
        bottom_count=bottom[places],
        net_score=net[places],
        mean_with=with_it[places],
        mean_without=without[places],
        n_side=n_side,
        core=names[: min(_CORE_MODELS, int((net > 0).sum()))],
    )


def _means(results: SearchResults) -> tuple[FloatArray, FloatArray]:
    """Return the mean annualised excess of the combos with, and without, each model."""
    excess = results.table["Ann_Excess"]
    is_defined = ~np.isnan(excess)
    value = np.where(is_defined, excess, 0.0)
    n_models = len(results.models)
    total, count = (
        np.bincount(
            results.members, weights=np.repeat(each, results.sizes), minlength=n_models
        ).astype(np.float64)
        for each in (value, is_defined)
    )
    rest = float(is_defined.sum()) - count
    return _quotient(total, count), _quotient(float(value.sum()) - total, rest)


def _quotient(total: FloatArray, count: FloatArray) -> FloatArray:
    quotient = np.full(len(total), np.nan)
    np.divide(total, count, out=quotient, where=count > 0)
    return quotient
