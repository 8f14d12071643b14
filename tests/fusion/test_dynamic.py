"""Weights from past returns: by hand, by pandas, and never from later returns."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.fusion.dynamic import (
    FEWEST_SESSIONS,
    WINDOW_SESSIONS,
    dynamic_weights,
    rolling_sharpe,
)

FREE = 1.0135 ** (1 / 252) - 1
FROM_THE_START = np.array([0, 0, 0])


def random_returns(seed, n_models=3, n_days=150):
    return np.random.default_rng(seed).normal(0.001, 0.01, size=(n_models, n_days))


def test_rolling_sharpe_equals_pandas():
    returns = random_returns(1, 1)[0]
    window = pd.Series(returns).rolling(WINDOW_SESSIONS, min_periods=FEWEST_SESSIONS)
    expected = (window.mean() - FREE) / window.std(ddof=1)
    np.testing.assert_allclose(expected, rolling_sharpe(returns), rtol=1e-11)


@pytest.mark.parametrize("n_days", [0, 1, 19, 20, 59, 60, 61])
def test_rolling_sharpe_of_any_length(n_days):
    ratios = rolling_sharpe(random_returns(2, 1, n_days)[0])
    assert (n_days,) == ratios.shape
    assert max(0, n_days - FEWEST_SESSIONS + 1) == np.isfinite(ratios).sum()


def test_rolling_sharpe_without_deviation_is_zero():
    assert [0.0] == rolling_sharpe(np.full(25, 0.001))[-1:].tolist()


def test_rolling_sharpe_refuses_what_is_no_path():
    with pytest.raises(ShapeError, match="one path"):
        rolling_sharpe(np.zeros((2, 3)))
    with pytest.raises(NonFiniteError, match="not a finite number"):
        rolling_sharpe(np.array([0.0, np.nan]))


def test_dynamic_weights_are_shares_of_the_ratios_above_zero():
    returns = random_returns(3)
    returns[1] -= 0.02
    ratios = np.array([rolling_sharpe(path[1:]) for path in returns])
    weights = dynamic_weights(returns, FROM_THE_START)
    assert ratios[1, -1] < 0 < min(ratios[0, -1], ratios[2, -1])
    expected = ratios[[0, 2], -1] / ratios[[0, 2], -1].sum()
    np.testing.assert_allclose(expected, weights[-1, [0, 2]], rtol=1e-14)
    assert 0.0 == weights[-1, 1]


def test_dynamic_weights_are_equal_until_every_model_has_a_past():
    weights = dynamic_weights(random_returns(4), np.array([0, 40, 5]))
    equal = (weights == weights[:, :1]).all(axis=1)
    # The model of row 40 is held from row 41 on, and has 20 sessions behind it on row 60.
    assert equal[:60].all()
    assert not equal[60]


def test_dynamic_weights_are_equal_when_nothing_was_earned():
    weights = dynamic_weights(random_returns(5) - 0.05, FROM_THE_START)
    np.testing.assert_array_equal(np.full((150, 3), 1 / 3), weights)


def test_dynamic_weights_ignore_what_was_before_a_portfolio_existed():
    returns = random_returns(6)
    other = returns.copy()
    other[1, :31] = 0.5
    first = np.array([0, 30, 0])
    assert dynamic_weights(returns, first).tobytes() == dynamic_weights(other, first).tobytes()


def test_dynamic_weights_refuse_what_does_not_fit():
    with pytest.raises(ShapeError, match="do not fit"):
        dynamic_weights(np.zeros((2, 30)), FROM_THE_START)
    with pytest.raises(ShapeError, match="do not fit"):
        dynamic_weights(np.zeros((0, 30)), np.zeros(0, dtype=np.int64))
    with pytest.raises(NonFiniteError):
        dynamic_weights(np.full((1, 30), np.nan), np.array([0]))


@pytest.mark.property
@settings(max_examples=40)
@given(st.integers(0, 119), st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_dynamic_weights_never_look_ahead(row, seed, n_more):
    returns = random_returns(7, n_days=120)
    later = np.random.default_rng(seed).normal(0, 0.5, size=(3, 119 - row + n_more))
    changed = np.concatenate([returns[:, : row + 1], later], axis=1)
    first = np.array([0, 3, 9])
    before = dynamic_weights(returns, first)[: row + 1]
    assert before.tobytes() == dynamic_weights(changed, first)[: row + 1].tobytes()


@pytest.mark.property
@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.permutations([0, 1, 2, 3]))
def test_dynamic_weights_are_fractions_whatever_the_order(seed, order):
    returns = random_returns(seed, n_models=4)
    weights = dynamic_weights(returns, np.zeros(4, dtype=np.int64))
    assert (weights >= 0).all()
    np.testing.assert_allclose(1.0, weights.sum(axis=1), rtol=1e-14)
    turned = dynamic_weights(returns[order], np.zeros(4, dtype=np.int64))
    np.testing.assert_allclose(weights[:, order], turned, rtol=1e-13)
