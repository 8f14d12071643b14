"""How alike models are: one correlation matrix over all days and instruments they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from quantpits.signals.panel import AlignedScores, FloatArray

__all__ = ["correlation_matrix", "mean_correlation"]


def correlation_matrix(aligned: AlignedScores) -> FloatArray:
    """Return Pearson's correlation between the models over the pooled rows.

    Parameters
    ----------
    aligned : AlignedScores
        Scores of M models, usually standardised first so that every day weighs the same.

    Returns
    -------
    float64 [M, M]
        Symmetric, within [-1, 1], exactly 1 on the diagonal. NaN, also on the diagonal, for a
        model whose scores are all equal: it has no correlation.

    Notes
    -----
    NaN: only shared cells count; all days and instruments are one sample.

    Examples
    --------
    >>> from quantpits.signals.panel import AlignedScores
    >>> days = np.array(["2024-01-05", "2024-01-12"], dtype="datetime64[D]")
    >>> scores = np.array([[[0.0, 1.0], [2.0, 3.0]], [[3.0, 2.0], [1.0, 0.0]]])
    >>> correlation_matrix(AlignedScores(days, ("A", "B"), ("x", "y"), scores)).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    n_models = len(aligned.models)
    pooled = aligned.scores.reshape(n_models, -1)
    rows = np.ascontiguousarray(pooled[:, np.isfinite(pooled).all(axis=0)])
    matrix = np.full((n_models, n_models), np.nan)
    if not rows.shape[1]:
        return matrix
    is_flat = rows.max(axis=1) <= rows.min(axis=1)
    # A correlation has no scale; dividing by the largest keeps every square a normal number.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    scaled = rows / np.where(largest > 0.0, largest, 1.0)
    centred = scaled - scaled.mean(axis=1, keepdims=True)
    squares = (centred * centred).sum(axis=1)
    for first in np.flatnonzero(~is_flat):
        matrix[first, first] = 1.0
        for second in np.flatnonzero(~is_flat[:first]):
            # A plain sum of products: a matrix product may round differently on another machine.
            shared = (centred[first] * centred[second]).sum()
            value = np.clip(shared / np.sqrt(squares[first] * squares[second]), -1.0, 1.0)
            matrix[first, second] = matrix[second, first] = value
    return matrix


def mean_correlation(matrix: FloatArray) -> float | None:
    """Return the mean correlation over the pairs of different models.

    Parameters
    ----------
    matrix : float64 [M, M]
        As `correlation_matrix` returns it.

    Returns
    -------
    float or None
        None if there is no pair with a defined correlation.

    Notes
    -----
    NaN: undefined pairs are left out.

    Examples
    --------
    >>> mean_correlation(np.array([[1.0, 0.25], [0.25, 1.0]]))
    0.25
    """
    pairs = matrix[np.triu_indices(len(matrix), k=1)]
    defined = pairs[np.isfinite(pairs)]
    return float(defined.mean()) if len(defined) else None
