"""Fusion: a weighted mean, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.signals.fuse import fuse, normalise_weights

NAN = float("nan")
CUBES = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5)),
    elements=st.floats(-10, 10),
)
POSITIVE = st.floats(0.01, 100.0)


def test_normalise_weights_sum_to_one():
    assert [0.75, 0.25] == normalise_weights(np.array([3.0, 1.0])).tolist()


def test_normalise_weights_works_per_day():
    rows = normalise_weights(np.array([[3.0, 1.0], [0.0, 2.0]]))
    assert [[0.75, 0.25], [0.0, 1.0]] == rows.tolist()


def test_normalise_weights_survives_very_large_weights():
    assert [0.5, 0.5] == normalise_weights(np.array([1e308, 1e308])).tolist()


@pytest.mark.parametrize(
    ("weights", "error", "match"),
    [
        ([], ShapeError, "no weights"),
        ([0.5, NAN], NonFiniteError, "not a finite"),
        ([0.5, float("inf")], NonFiniteError, "not a finite"),
        ([1.5, -0.5], DataError, "negative"),
        ([0.0, 0.0], DataError, "All weights are zero"),
        ([[1.0, 0.0], [0.0, 0.0]], DataError, "All weights are zero"),
    ],
)
def test_normalise_weights_refuses(weights, error, match):
    with pytest.raises(error, match=match):
        normalise_weights(np.array(weights))


def test_fuse_is_the_weighted_mean():
    scores = np.array([[[1.0, 3.0]], [[2.0, -1.0]]])
    assert [[1.75, 0.0]] == fuse(scores, np.array([0.25, 0.75])).tolist()


def test_fuse_takes_weights_per_day():
    scores = np.array([[[1.0], [1.0]], [[3.0], [3.0]]])
    assert [[1.0], [2.0]] == fuse(scores, np.array([[1.0, 0.0], [1.0, 1.0]])).tolist()


def test_fuse_with_equal_weights_sums_in_order_and_divides_once():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(5, 6, 7))
    expected = ((((scores[0] + scores[1]) + scores[2]) + scores[3]) + scores[4]) / 5
    assert expected.tobytes() == fuse(scores, np.full(5, 0.3)).tobytes()
    per_day = np.tile(np.arange(1.0, 6.0), (6, 1))
    per_day[2:4] = 0.2
    mixed = fuse(scores, per_day)
    assert expected[2:4].tobytes() == mixed[2:4].tobytes()
    assert fuse(scores, per_day[0])[0].tobytes() == mixed[0].tobytes()


def test_fuse_does_not_score_what_one_model_lacks():
    scores = np.array([[[1.0, 2.0]], [[NAN, 2.0]]])
    np.testing.assert_array_equal([[NAN, 2.0]], fuse(scores, np.array([1.0, 0.0])))


def test_fuse_wants_a_cube():
    with pytest.raises(ShapeError, match=r"\[M, T, N\]"):
        fuse(np.zeros((2, 2)), np.ones(2))


def test_fuse_wants_weights_that_fit():
    with pytest.raises(ShapeError, match="Weights do not fit"):
        fuse(np.zeros((2, 3, 1)), np.ones(3))


@pytest.mark.property
@settings(deadline=None, max_examples=60)
@given(CUBES, POSITIVE)
def test_fuse_of_one_model_is_that_model(scores, weight):
    np.testing.assert_array_equal(scores[0], fuse(scores[:1], np.array([weight])))


@pytest.mark.property
@settings(deadline=None, max_examples=60)
@given(CUBES, st.data())
def test_fuse_stays_within_the_models_whatever_order_and_scale(scores, data):
    n_models = len(scores)
    weights = np.array(data.draw(st.lists(POSITIVE, min_size=n_models, max_size=n_models)))
    order = data.draw(st.permutations(range(n_models)))
    fused = fuse(scores, weights)
    is_equal = (weights == weights[0]).all()
    slack = 4 * np.spacing(np.abs(scores).max(axis=0)) if is_equal else 0.0
    assert (fused >= scores.min(axis=0) - slack).all()
    assert (fused <= scores.max(axis=0) + slack).all()
    np.testing.assert_allclose(fused, fuse(scores[order], weights[order]), atol=1e-12)
    np.testing.assert_allclose(fused, fuse(scores, weights * data.draw(POSITIVE)), atol=1e-12)


@pytest.mark.property
@settings(deadline=None, max_examples=60)
@given(st.lists(POSITIVE, min_size=1, max_size=8))
def test_normalise_weights_twice_is_once(weights):
    once = normalise_weights(np.array(weights))
    assert once.tobytes() == normalise_weights(once).tobytes()


@pytest.mark.property
@settings(deadline=None, max_examples=60)
@given(CUBES, st.integers(0, 3))
def test_fuse_ignores_later_days(scores, at):
    changed = scores.copy()
    changed[:, at + 1 :] = 99.0
    weights = np.arange(1.0, len(scores) + 1)
    np.testing.assert_array_equal(fuse(scores, weights)[: at + 1], fuse(changed, weights)[: at + 1])
