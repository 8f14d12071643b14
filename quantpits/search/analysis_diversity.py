"""What it brings to combine: likeness of the members, the gain over them, and their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.search.analysis_rows import rows_by

if TYPE_CHECKING:
    from quantpits.search.results import FloatArray, IntArray, SearchResults

__all__ = ["Diversity", "SizeEffect", "correlation_of", "diversity", "size_effects"]

GOLDEN_CORRELATION: Final = 0.3
"""Mean correlation that the members of a golden combo are below."""

GOLDEN_PERCENTILE: Final = 90
"""Percentile of the Calmar ratio that a golden combo is above."""

_SHOWN = 10
_MINIMUM_PAIRS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Diversity:
    """How unlike the members of combos are, and what that is worth.

    Attributes
    ----------
    avg_corr : float64 [B]
        Mean correlation between the scores of two members; 1 for a single model, NaN if undefined.
    bonus : float64 [B]
        Annualised excess less the mean of the members' own [fraction]; NaN if a member was not
        simulated alone.
    corr_excess, corr_calmar, corr_sharpe : float or None
        Correlation of `avg_corr` with the figure over combos of two and more.
    golden : int64 [G]
        Rows whose members are unlike (below 0.3) and whose Calmar ratio is above the 90th
        percentile, in ranking order.
    best_bonus : int64 [up to 10]
        Rows of two and more models with the highest bonus.
    """

    avg_corr: FloatArray
    bonus: FloatArray
    corr_excess: float | None
    corr_calmar: float | None
    corr_sharpe: float | None
    golden: IntArray
    best_bonus: IntArray

    @property
    def has_bonus(self) -> bool:
        """Whether the single models were simulated, so that there is a bonus at all."""
        return bool(len(self.best_bonus))


@dataclass(frozen=True, slots=True)
class SizeEffect:
    """The combos of one size.

    Attributes
    ----------
    n_models : int
        Members.
    n_combos : int
        Combos of that size with an annualised excess.
    mean, median, best, worst : float
        Of the annualised excess [fraction].
    mean_calmar, mean_max_dd : float or None
        None if undefined for all.
    best_row : int
        Row of the best.
    """

    n_models: int
    n_combos: int
    mean: float
    median: float
    best: float
    worst: float
    mean_calmar: float | None
    mean_max_dd: float | None
    best_row: int


def diversity(results: SearchResults) -> Diversity:
    """Return how unlike the members of each combo are, and what that is worth.

    Parameters
    ----------
    results : SearchResults
        The search.

    Returns
    -------
    Diversity
        Over all combos.
    """
    alike = _average_correlation(results)
    gain = _bonus(results)
    is_several = results.sizes > 1
    calmar = results.table["Calmar"]
    defined = calmar[~np.isnan(calmar)]
    bar = np.percentile(defined, GOLDEN_PERCENTILE) if len(defined) else np.inf
    golden = is_several & (alike < GOLDEN_CORRELATION) & (calmar > bar)
    return Diversity(
        avg_corr=alike,
        bonus=gain,
        corr_excess=correlation_of(alike[is_several], results.table["Ann_Excess"][is_several]),
        corr_calmar=correlation_of(alike[is_several], calmar[is_several]),
        corr_sharpe=correlation_of(alike[is_several], results.table["Sharpe"][is_several]),
        golden=np.flatnonzero(golden),
        best_bonus=rows_by(np.where(is_several, gain, np.nan))[:_SHOWN],
    )


def size_effects(results: SearchResults) -> tuple[SizeEffect, ...]:
    """Return the combos of each size, the smallest first.

    Parameters
    ----------
    results : SearchResults
        The search.

    Returns
    -------
    tuple of SizeEffect
        One for each size that has a combo with an annualised excess.
    """
    excess = results.table["Ann_Excess"]
    found = []
    for size in np.unique(results.sizes).tolist():
        rows = np.flatnonzero((results.sizes == size) & ~np.isnan(excess))
        if not len(rows):
            continue
        values = excess[rows]
        found.append(
            SizeEffect(
                n_models=size,
                n_combos=len(rows),
                mean=float(values.mean()),
                median=float(np.median(values)),
                best=float(values.max()),
                worst=float(values.min()),
                mean_calmar=_mean(results.table["Calmar"][rows]),
                mean_max_dd=_mean(results.table["Max_DD"][rows]),
                best_row=int(rows[0]),
            )
        )
    return tuple(found)


def correlation_of(first: FloatArray, second: FloatArray) -> float | None:
    """Return Pearson's correlation over the pairs that are both defined.

    Parameters
    ----------
    first, second : float64 [n]
        NaN where undefined.

    Returns
    -------
    float or None
        None for fewer than three pairs, or without a deviation.

    Examples
    --------
    >>> correlation_of(np.array([1.0, 2.0, 3.0, 9.0]), np.array([2.0, 1.0, 0.0, np.nan]))
    -1.0
    """
    both = ~(np.isnan(first) | np.isnan(second))
    x, y = first[both], second[both]
    if len(x) < _MINIMUM_PAIRS or np.ptp(x) <= 0.0 or np.ptp(y) <= 0.0:
        return None
    x, y = (x - x.mean()) / np.abs(x).max(), (y - y.mean()) / np.abs(y).max()
    value = float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))
    return min(max(value, -1.0), 1.0)


def _average_correlation(results: SearchResults) -> FloatArray:
    """Return the mean over the defined pairs of members; pair by pair, so that sums are stable."""
    is_member = results.member_matrix()
    total, count = np.zeros(results.n_combos), np.zeros(results.n_combos)
    for first in range(len(results.models)):
        for second in range(first):
            value = results.correlation[first, second]
            if np.isnan(value):
                continue
            has_both = is_member[:, first] & is_member[:, second]
            total += has_both * value
            count += has_both
    alike = np.full(results.n_combos, np.nan)
    np.divide(total, count, out=alike, where=count > 0)
    alike[results.sizes == 1] = 1.0
    return alike


def _bonus(results: SearchResults) -> FloatArray:
    alone = np.full(len(results.models), np.nan)
    excess = results.table["Ann_Excess"]
    for model, row in results.single_rows.items():
        alone[results.models.index(model)] = excess[row]
    total = np.add.reduceat(alone[results.members], results.starts[:-1])
    return np.asarray(excess - total / results.sizes)


def _mean(values: FloatArray) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None
