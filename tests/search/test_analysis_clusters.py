"""The tree of models: Ward on distances, not on rows of a correlation matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from quantpits.search.analysis_clusters import correlation_distance, model_clusters
from quantpits.search.analysis_returns import SharedReturns


def _shared(returns, benchmark=None):
    values = np.array(returns)
    dates = np.datetime64("2024-01-01") + np.arange(values.shape[1])
    return SharedReturns(dates, values, benchmark)


def _families(seed=0, n_sessions=300):
    """Two pairs of models that earn alike, and one on its own."""
    rng = np.random.default_rng(seed)
    one, two, own = rng.normal(0, 0.01, (3, n_sessions))
    noise = rng.normal(0, 0.003, (4, n_sessions))
    return np.array([one + noise[0], two + noise[1], one + noise[2], two + noise[3], own])


NAMES = ("a1", "b1", "a2", "b2", "c")


def test_families_are_found():
    found = model_clusters(NAMES, _shared(_families()))
    assert (("a1", "a2"), ("b1", "b2"), ("c",)) == found.groups
    assert (NAMES, ()) == (found.labels, found.left_out)


def test_the_distance_is_euclidean_between_standardised_series():
    # Which is what Ward's method asks for.
    returns = _families()
    standard = returns - returns.mean(axis=1, keepdims=True)
    standard /= np.linalg.norm(standard, axis=1, keepdims=True)
    correlation, distance = correlation_distance(returns)
    assert np.allclose(np.corrcoef(returns), correlation)
    assert np.allclose(squareform(pdist(standard)), distance)


def test_the_tree_is_that_of_the_standardised_series():
    returns = _families(3)
    standard = returns - returns.mean(axis=1, keepdims=True)
    standard /= np.linalg.norm(standard, axis=1, keepdims=True)
    found = model_clusters(NAMES, _shared(returns))
    assert np.allclose(linkage(standard, method="ward")[:, 2], found.linkage[:, 2])


def test_it_is_not_the_tree_of_the_rows_of_a_correlation_matrix():
    # Two models that never earn alike, but are equally unlike all others, have near rows. Points
    # made of rows of the correlation matrix put them together; distances do not.
    correlation = np.array(
        [
            [1.0, -0.05, 0.7, 0.7, 0.7],
            [-0.05, 1.0, 0.65, 0.65, 0.65],
            [0.7, 0.65, 1.0, 0.9, 0.9],
            [0.7, 0.65, 0.9, 1.0, 0.9],
            [0.7, 0.65, 0.9, 0.9, 1.0],
        ]
    )
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(5, 4000))
    raw -= raw.mean(axis=1, keepdims=True)
    white = np.linalg.solve(np.linalg.cholesky(raw @ raw.T / 4000), raw)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    found = model_clusters(tuple("abcde"), _shared(0.01 * root @ white))
    expected = linkage(squareform(found.distance, checks=False), method="ward")
    assert np.allclose(expected[:, 2], found.linkage[:, 2])
    by_rows = linkage(correlation, method="ward")
    assert not np.allclose(by_rows[:, 2], found.linkage[:, 2])


def test_returns_over_the_benchmark_decide():
    rng = np.random.default_rng(5)
    market = rng.normal(0, 0.02, 200)
    own = rng.normal(0, 0.004, (2, 200))
    returns = (1 + market) * (1 + own) - 1
    together = model_clusters(("x", "y"), _shared(returns))
    apart = model_clusters(("x", "y"), _shared(returns, market))
    assert 1 == len(together.groups)
    assert 2 == len(apart.groups)
    assert abs(apart.correlation[0, 1]) < 0.2
    assert together.correlation[0, 1] > 0.9


def test_groups_are_those_of_the_threshold():
    found = model_clusters(NAMES, _shared(_families(1)))
    numbers = fcluster(found.linkage, found.threshold, criterion="distance")
    assert len(set(numbers)) == len(found.groups)
    assert sorted(NAMES) == sorted(name for group in found.groups for name in group)


def test_a_model_that_held_cash_is_left_out_and_named():
    returns = _families()
    returns[3] = 0.0
    found = model_clusters(NAMES, _shared(returns))
    assert (("b2",), 4, (3, 4)) == (found.left_out, len(found.labels), found.linkage.shape)


@pytest.mark.parametrize("n_models", [0, 1])
def test_one_model_makes_no_tree(n_models):
    assert model_clusters(NAMES[:n_models], _shared(_families()[:n_models])) is None


@pytest.mark.property
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_distances_are_a_metric_within_bounds(seed, n_models):
    returns = np.random.default_rng(seed).normal(size=(n_models, 20))
    correlation, distance = correlation_distance(returns)
    assert (np.abs(correlation) <= 1).all()
    assert ((distance >= 0) & (distance <= 2)).all()
    assert np.array_equal(distance, distance.T)
    through = distance[:, :, None] + distance[None]
    assert (through.min(axis=1) >= distance - 1e-9).all()
