"""Information coefficients: how well scores predict labels, day by day.

The definition is Qlib's: per day, the correlation over the instruments that have both a score and
a label, Pearson for `ic`, Spearman with average ranks for `rank_ic`. A day on which it is
undefined is NaN and left out of every mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from quantpits.signals.panel import FloatArray

__all__ = ["ICSummary", "information_coefficient", "summarise_ic"]

_MATRIX = 2
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class ICSummary:
    """A model's information coefficients over a period.

    Attributes
    ----------
    ic, rank_ic : float or None
        Mean over the days where it is defined. A real 0.0 is 0.0; None means undefined.
    icir, rank_icir : float or None
        Mean over sample deviation (ddof 1) of the daily values, not annualised. None with fewer
        than two days or without any variation.
    n_days : int
        Days with a defined `ic`.
    """

    ic: float | None
    icir: float | None
    rank_ic: float | None
    rank_icir: float | None
    n_days: int


def information_coefficient(pred: FloatArray, label: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the daily Pearson and Spearman correlation of scores and labels.

    Parameters
    ----------
    pred : float64 [T, N]
        Scores.
    label : float64 [T, N]
        What happened afterwards [fraction], same axes.

    Returns
    -------
    ic : float64 [T]
        Pearson correlation of the day's instruments.
    rank_ic : float64 [T]
        Spearman correlation, equal values sharing their average rank.

    Raises
    ------
    ShapeError
        If the two arrays are not matrices of one shape.

    Notes
    -----
    NaN: an instrument without score or label does not count that day. A day with fewer than two
    instruments, or with scores or labels that are all equal, is NaN.
    Source: qlib.contrib.eva.alpha.calc_ic (pandas ``Series.corr`` per day).

    Examples
    --------
    >>> scores, labels = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 0.0, 3.0]])
    >>> ic, rank_ic = information_coefficient(scores, labels)
    >>> round(float(ic[0]), 6), round(float(rank_ic[0]), 6)
    (0.866025, 0.866025)
    """
    if pred.ndim != _MATRIX or pred.shape != label.shape:
        raise ShapeError(
            "Scores and labels must be two matrices of one shape.",
            expected=list(pred.shape),
            found=list(label.shape),
        )
    ic = np.full(len(pred), np.nan)
    rank_ic = np.full(len(pred), np.nan)
    has_both = np.isfinite(pred) & np.isfinite(label)
    for day in np.flatnonzero(has_both.sum(axis=1) >= _FEWEST):
        cells = has_both[day]
        score, outcome = pred[day, cells], label[day, cells]
        ic[day] = _correlation(score, outcome)
        rank_ic[day] = _correlation(_average_ranks(score), _average_ranks(outcome))
    return ic, rank_ic


def summarise_ic(ic: FloatArray, rank_ic: FloatArray) -> ICSummary:
    """Return means and ratios of daily information coefficients.

    Parameters
    ----------
    ic, rank_ic : float64 [T]
        As `information_coefficient` returns them.

    Returns
    -------
    ICSummary
        With None, never NaN, for what is undefined.

    Notes
    -----
    NaN: such days are left out.

    Examples
    --------
    >>> summarise_ic(np.array([0.0, 0.5, np.nan]), np.array([0.25, 0.25, np.nan]))
    ICSummary(ic=0.25, icir=0.7071067811865475, rank_ic=0.25, rank_icir=None, n_days=2)
    """
    mean_ic, icir = _mean_and_ratio(ic)
    mean_rank_ic, rank_icir = _mean_and_ratio(rank_ic)
    return ICSummary(mean_ic, icir, mean_rank_ic, rank_icir, int(np.isfinite(ic).sum()))


def _mean_and_ratio(daily: FloatArray) -> tuple[float | None, float | None]:
    defined = daily[np.isfinite(daily)]
    if not len(defined):
        return None, None
    mean = float(defined.mean())
    if len(defined) < _FEWEST or defined.max() <= defined.min():
        return mean, None
    return mean, mean / float(defined.std(ddof=1))


def _correlation(first: FloatArray, second: FloatArray) -> float:
    if first.max() <= first.min() or second.max() <= second.min():
        return float("nan")
    # A correlation has no scale; dividing by the largest keeps every square a normal number.
    first = first / np.abs(first).max()
    second = second / np.abs(second).max()
    first = first - first.mean()
    second = second - second.mean()
    spread = np.sqrt((first * first).sum() * (second * second).sum())
    return float(np.clip((first * second).sum() / spread, -1.0, 1.0))


def _average_ranks(values: FloatArray) -> FloatArray:
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: FloatArray = (last - (count - 1) / 2.0)[group]
    return ranks
