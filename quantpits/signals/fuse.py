"""Fusion: one score from many, as the weighted mean of what the models say.

Equal weights are summed first and divided once, in the order of the models: the simulator of many
combinations does the same with sums that they share, and gets the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, NonFiniteError, ShapeError

if TYPE_CHECKING:
    from quantpits.signals.panel import FloatArray

__all__ = ["fuse", "normalise_weights"]

_CUBE = 3
_SUM_TOLERANCE = 1e-12


def normalise_weights(weights: FloatArray) -> FloatArray:
    """Return the weights divided by their sum.

    Parameters
    ----------
    weights : float64 [M] or [T, M]
        One weight per model, or one row of them per day.

    Returns
    -------
    float64 [M] or [T, M]
        Fractions that sum to 1. Weights that already do (within 1e-12) come back unchanged, so
        normalising twice is the same as once.

    Raises
    ------
    ShapeError
        If there is no model.
    NonFiniteError
        If a weight is NaN or infinite.
    DataError
        If a weight is negative, or all weights of a row are zero.

    Examples
    --------
    >>> normalise_weights(np.array([3.0, 1.0])).tolist()
    [0.75, 0.25]
    """
    if not weights.size:
        raise ShapeError("There are no weights.", expected="one weight per model", found="none")
    if not np.isfinite(weights).all():
        raise NonFiniteError(
            "A weight is not a finite number.", expected="finite weights", found=weights.tolist()
        )
    if (weights < 0.0).any():
        raise DataError(
            "A weight is negative.", expected="weights of 0 or more", found=float(weights.min())
        )
    largest = weights.max(axis=-1, keepdims=True)
    if (largest <= 0.0).any():
        raise DataError(
            "All weights are zero.", expected="at least one positive weight", found="only zeros"
        )
    scaled = weights / largest  # so that the sum of very large weights cannot overflow
    fractions: FloatArray = scaled / scaled.sum(axis=-1, keepdims=True)
    is_normal = (np.abs(weights - fractions) <= _SUM_TOLERANCE).all(axis=-1, keepdims=True)
    return np.where(is_normal, weights, fractions)


def fuse(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted mean of the models' scores, cell by cell.

    Parameters
    ----------
    scores : float64 [M, T, N]
        Comparable scores of M models, usually z-scores on aligned rows.
    weights : float64 [M] or [T, M]
        Weight of each model, constant or per day; their scale does not matter.

    Returns
    -------
    float64 [T, N]
        Within the range of the models' scores at every cell, with equal weights but for rounding;
        the scores themselves if there is one model.

    Raises
    ------
    ShapeError
        If the scores are not a cube or the weights do not fit them.
    NonFiniteError
        If a weight is NaN or infinite.
    DataError
        If a weight is negative, or all weights of a day are zero.

    Notes
    -----
    NaN: a cell that any model lacks is NaN, also if that model's weight is zero. Timing: weights
    of a day apply to the scores of that day; they must be known at its close.

    Examples
    --------
    >>> two_models = np.array([[[1.0, 3.0]], [[2.0, -1.0]]])
    >>> fuse(two_models, np.array([1.0, 3.0])).tolist()
    [[1.75, 0.0]]
    """
    if scores.ndim != _CUBE:
        raise ShapeError("Scores to fuse must be [M, T, N].", expected="3 axes", found=scores.ndim)
    n_models, n_days, _ = scores.shape
    if weights.shape not in {(n_models,), (n_days, n_models)}:
        raise ShapeError(
            "Weights do not fit the scores.",
            expected=f"[{n_models}] or [{n_days}, {n_models}]",
            found=list(weights.shape),
        )
    per_day = np.broadcast_to(normalise_weights(weights), (n_days, n_models))
    is_equal = (per_day == per_day[:, :1]).all(axis=1)
    result = np.empty(scores.shape[1:])
    result[is_equal] = _plain_mean(scores[:, is_equal])
    result[~is_equal] = _weighted_mean(scores[:, ~is_equal], per_day[~is_equal])
    return result


def _plain_mean(scores: FloatArray) -> FloatArray:
    total: FloatArray = scores[0].copy()
    for of_model in scores[1:]:
        total += of_model
    return total / len(scores)


def _weighted_mean(scores: FloatArray, weights: FloatArray) -> FloatArray:
    total: FloatArray = np.zeros(scores.shape[1:])
    for model, of_model in enumerate(scores):
        total += weights[:, model, np.newaxis] * of_model
    # Rounding may carry a mean a hair outside of what it averages.
    return np.clip(total, scores.min(axis=0), scores.max(axis=0))
