"""Correlation of models over pooled rows, against pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantpits.signals.correlation import correlation_matrix, mean_correlation
from quantpits.signals.panel import AlignedScores

NAN = float("nan")


def aligned_of(scores):
    n_models, n_days, n_names = scores.shape
    dates = np.datetime64("2024-01-05") + 7 * np.arange(n_days)
    names = tuple(f"SH{600000 + at}" for at in range(n_names))
    return AlignedScores(dates, names, tuple(f"m{at}" for at in range(n_models)), scores)


def test_correlation_of_opposite_models_is_minus_one():
    one = np.arange(6.0).reshape(1, 2, 3)
    matrix = correlation_matrix(aligned_of(np.concatenate([one, -one])))
    np.testing.assert_array_equal([[1.0, -1.0], [-1.0, 1.0]], matrix)


def test_correlation_of_a_flat_model_is_undefined():
    scores = np.stack([np.arange(4.0).reshape(2, 2), np.zeros((2, 2)), np.eye(2)])
    matrix = correlation_matrix(aligned_of(scores))
    assert np.isnan(matrix[1]).all()
    assert np.isnan(matrix[:, 1]).all()
    assert [1.0, 1.0] == [matrix[0, 0], matrix[2, 2]]


def test_correlation_without_rows_is_undefined():
    assert np.isnan(correlation_matrix(aligned_of(np.full((2, 1, 2), NAN)))).all()


def test_mean_correlation_is_over_pairs():
    matrix = np.array([[1.0, 0.5, NAN], [0.5, 1.0, 0.25], [NAN, 0.25, 1.0]])
    assert 0.375 == mean_correlation(matrix)


def test_mean_correlation_of_one_model_is_none():
    assert mean_correlation(np.ones((1, 1))) is None


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(2, 5)),
        elements=st.integers(-50, 50).map(float),
    ),
    st.booleans(),
)
def test_correlation_equals_pandas(scores, with_gap):
    if with_gap:
        scores[:, 0, 0] = NAN
    pooled = pd.DataFrame(scores.reshape(len(scores), -1).T).dropna()
    expected = pooled.corr().to_numpy().copy()
    is_flat = (pooled.max() <= pooled.min()).to_numpy()
    expected[is_flat] = NAN
    expected[:, is_flat] = NAN
    matrix = correlation_matrix(aligned_of(scores))
    np.testing.assert_allclose(expected, matrix, atol=1e-10)
    np.testing.assert_array_equal(matrix, matrix.T)
