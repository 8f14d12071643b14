"""Which models earn in the same way: Ward's tree over a distance made of correlations.

The distance between two models is ``sqrt(2 (1 - correlation))`` of their daily returns over the
benchmark: exactly the Euclidean distance between the two standardised series, which is what Ward's
method needs. Taking the rows of the correlation matrix for points, as is sometimes done, would call
two models alike because they are alike to third ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.search.analysis_returns import is_flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.search.analysis_returns import SharedReturns
    from quantpits.search.results import FloatArray

__all__ = ["CLUSTER_DISTANCE", "Clusters", "correlation_distance", "model_clusters"]

CLUSTER_DISTANCE: Final = 1.0
"""Height that the tree is cut at: the distance of two models with a correlation of one half."""

_MINIMUM_MODELS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """A tree of models.

    Attributes
    ----------
    labels : tuple of str [K]
        The models.
    linkage : float64 [K - 1, 4]
        Merges as scipy writes them: two nodes, height, leaves.
    correlation, distance : float64 [K, K]
        Of the daily returns over the benchmark.
    threshold : float
        Height that `groups` are cut at.
    groups : tuple of tuple of str
        Models that merge below it; the largest group first, then by name.
    left_out : tuple of str
        Models without a deviation, which have no correlation.
    """

    labels: tuple[str, ...]
    linkage: FloatArray
    correlation: FloatArray
    distance: FloatArray
    threshold: float
    groups: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...]


def model_clusters(models: Sequence[str], shared: SharedReturns) -> Clusters | None:
    """Return the tree of single models.

    Parameters
    ----------
    models : sequence of str [K]
        Names.
    shared : SharedReturns
        Their returns.

    Returns
    -------
    Clusters or None
        None for fewer than two models with a deviation.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - heavy
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - heavy

    has_none = is_flat(shared.excess)
    labels = tuple(name for name, flat in zip(models, has_none, strict=True) if not flat)
    if len(labels) < _MINIMUM_MODELS:
        return None
    correlation, distance = correlation_distance(shared.excess[~has_none])
    tree = linkage(squareform(distance, checks=False), method="ward", optimal_ordering=True)
    numbers = fcluster(tree, CLUSTER_DISTANCE, criterion="distance")
    groups = [
        tuple(name for name, at in zip(labels, numbers, strict=True) if at == number)
        for number in np.unique(numbers)
    ]
    return Clusters(
        labels=labels,
        linkage=np.asarray(tree, dtype=np.float64),
        correlation=correlation,
        distance=distance,
        threshold=CLUSTER_DISTANCE,
        groups=tuple(sorted(groups, key=lambda group: (-len(group), group))),
        left_out=tuple(name for name in models if name not in labels),
    )


def correlation_distance(returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the correlations of series, and the distances made of them.

    Parameters
    ----------
    returns : float64 [K, T]
        Series, each with a deviation.

    Returns
    -------
    correlation, distance : float64 [K, K]
        Symmetric; 1 and 0 on the diagonal. Distances are within [0, 2]: the square root of 2 for
        series that have nothing to do with each other.

    Examples
    --------
    >>> series = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]])
    >>> correlation_distance(series)[1].tolist()
    [[0.0, 0.0, 2.0], [0.0, 0.0, 2.0], [2.0, 2.0, 0.0]]
    """
    centred = returns - returns.mean(axis=1, keepdims=True)
    standard = centred / np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    n_series = len(returns)
    correlation = np.eye(n_series)
    for first in range(n_series):
        for second in range(first):
            # A plain sum: a matrix product may round differently on another machine.
            value = float(np.clip((standard[first] * standard[second]).sum(), -1.0, 1.0))
            correlation[first, second] = correlation[second, first] = value
    return correlation, np.sqrt(2.0 * (1.0 - correlation))
