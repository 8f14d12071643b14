"""z-scores: pandas' numbers, day by day, whatever stands beside them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantpits.errors import ShapeError
from quantpits.signals.normalize import standardise, zscore
from quantpits.signals.panel import AlignedScores

NAN = float("nan")
SCORES = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 8)),
    elements=st.one_of(st.floats(-1e3, 1e3).map(lambda value: round(value, 3)), st.just(NAN)),
)


def pandas_zscore(scores):
    """Per day ``(x - mean) / std`` of the scored names, in pandas."""
    frame = pd.DataFrame(scores).T
    return ((frame - frame.mean()) / frame.std(ddof=1)).T.to_numpy()


def test_zscore_uses_the_sample_deviation():
    np.testing.assert_allclose([[-1.0, 0.0, 1.0]], zscore(np.array([[1.0, 2.0, 3.0]])))


def test_zscore_of_equal_scores_prefers_nothing():
    # 0.1 + 0.1 + 0.1 is not 0.3: the rounded mean of equal scores differs from them.
    np.testing.assert_array_equal([[0.0, 0.0, 0.0]], zscore(np.array([[0.1, 0.1, 0.1]])))


def test_zscore_of_a_single_score_is_zero():
    np.testing.assert_array_equal([[NAN, 0.0, NAN]], zscore(np.array([[NAN, 7.0, NAN]])))


def test_zscore_of_an_empty_day_stays_empty():
    np.testing.assert_array_equal([[NAN, NAN]], zscore(np.array([[NAN, NAN]])))
    result = zscore(np.array([[NAN, NAN], [1.0, 3.0]]))
    assert np.isnan(result[0]).all()
    assert np.isfinite(result[1]).all()


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_zscore_of_extreme_scores_is_finite(scale):
    np.testing.assert_allclose([[-1.0, 0.0, 1.0]], zscore(np.array([[1.0, 2.0, 3.0]]) * scale))


def test_zscore_wants_a_matrix():
    with pytest.raises(ShapeError, match=r"\[T, N\]"):
        zscore(np.zeros(3))


def test_zscore_leaves_its_input_alone():
    scores = np.array([[1.0, 2.0]])
    zscore(scores)
    np.testing.assert_array_equal([[1.0, 2.0]], scores)


def test_standardise_normalises_each_model():
    dates = np.array(["2024-01-05"], dtype="datetime64[D]")
    aligned = AlignedScores(
        dates, ("A", "B", "C"), ("x", "y"), np.array([[[1.0, 2.0, 3.0]], [[30.0, 20.0, 10.0]]])
    )
    result = standardise(aligned)
    assert ("x", "y") == result.models
    np.testing.assert_allclose([[[-1.0, 0.0, 1.0]], [[1.0, 0.0, -1.0]]], result.scores)


@pytest.mark.property
@settings(deadline=None, max_examples=100)
@given(SCORES)
def test_zscore_equals_pandas(scores):
    is_flat = np.array(
        [
            np.ptp(row[np.isfinite(row)]) <= 0.0 if np.isfinite(row).any() else False
            for row in scores
        ]
    )
    expected = pandas_zscore(scores).copy()
    expected[is_flat] = np.where(np.isfinite(scores[is_flat]), 0.0, NAN)
    np.testing.assert_allclose(expected, zscore(scores), atol=1e-9)


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(SCORES, st.randoms(use_true_random=False))
def test_zscore_of_permuted_instruments_is_permuted(scores, random):
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    np.testing.assert_allclose(zscore(scores)[:, order], zscore(scores[:, order]), atol=1e-12)


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(SCORES, st.integers(1, 5), st.integers(0, 4))
def test_zscore_ignores_later_days_and_wider_panels(scores, n_more, at):
    day = min(at, len(scores) - 1)
    wide = np.hstack([np.full((len(scores), n_more), NAN), scores])
    wide[day + 1 :] = 99.0
    np.testing.assert_array_equal(zscore(scores)[: day + 1], zscore(wide)[: day + 1, n_more:])
