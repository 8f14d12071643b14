"""Cross-sectional normalisation: scores of different models made comparable, one day at a time.

Every day stands alone: its result depends on the scores of that day only, whatever the panel
holds before, after or beside it. That is why sums run over the scored cells in order and never
over padding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from quantpits.signals.panel import AlignedScores, FloatArray

__all__ = ["standardise", "zscore"]

_MATRIX = 2


def zscore(scores: FloatArray) -> FloatArray:
    """Return how many standard deviations each score lies from the mean of its day.

    Parameters
    ----------
    scores : float64 [T, N]
        One model, T days and N instruments.

    Returns
    -------
    float64 [T, N]
        ``(x - mean) / deviation`` over the scored cells of the day, with the sample deviation
        (ddof 1) [deviations].

    Raises
    ------
    ShapeError
        If the array is not a matrix.

    Notes
    -----
    NaN: stays NaN and counts for nothing. A day whose scores are all equal, and so a day with a
    single score, gives 0: it prefers no instrument. Timing: uses no other day.
    Source: decision 10.

    Examples
    --------
    >>> zscore(np.array([[1.0, 2.0, 3.0], [5.0, 5.0, np.nan]])).tolist()
    [[-1.0, 0.0, 1.0], [0.0, 0.0, nan]]
    """
    if scores.ndim != _MATRIX:
        raise ShapeError(
            "Scores to normalise must be [T, N].", expected="2 axes", found=scores.ndim
        )
    result = np.full(scores.shape, np.nan)
    row, column = np.nonzero(np.isfinite(scores))
    if not len(row):
        return result
    n_days = len(scores)
    values = scores[row, column]
    n_scored = np.bincount(row, minlength=n_days)
    has_any = n_scored > 0
    first = (np.cumsum(n_scored) - n_scored)[has_any]  # the cells come day by day
    largest = np.zeros(n_days)
    largest[has_any] = np.maximum.reduceat(np.abs(values), first)
    # Scaling by a power of two is exact and keeps the squares of very large or small scores finite.
    values = np.ldexp(values, -np.frexp(largest)[1][row])
    # bincount adds one value after the other: a day's sum does not depend on the panel's width.
    mean = np.bincount(row, weights=values, minlength=n_days) / np.maximum(n_scored, 1)
    centred = values - mean[row]
    squares = np.bincount(row, weights=centred * centred, minlength=n_days)
    deviation = np.sqrt(squares / np.maximum(n_scored - 1, 1))
    # Equality is asked of the scores themselves: the rounded mean of equals need not equal them.
    is_flat = np.ones(n_days, dtype=np.bool_)
    is_flat[has_any] = np.maximum.reduceat(values, first) <= np.minimum.reduceat(values, first)
    deviation[is_flat] = 1.0
    result[row, column] = np.where(is_flat[row], 0.0, centred / deviation[row])
    return result


def standardise(aligned: AlignedScores) -> AlignedScores:
    """Return the aligned scores with every model normalised day by day.

    Parameters
    ----------
    aligned : AlignedScores
        Raw scores of M models, [M, T, N].

    Returns
    -------
    AlignedScores
        The same axes; `zscore` of each model.

    Notes
    -----
    NaN: cells that are not shared stay NaN.
    """
    return replace(aligned, scores=np.stack([zscore(scores) for scores in aligned.scores]))
