"""Information coefficients equal Qlib's definition, restated in pandas."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantpits.errors import ShapeError
from quantpits.signals.ic import ICSummary, information_coefficient, summarise_ic

NAN = float("nan")
MATRICES = st.tuples(st.integers(1, 4), st.integers(1, 8)).flatmap(
    lambda shape: st.tuples(
        *[
            arrays(
                np.float64,
                shape,
                elements=st.one_of(st.integers(-4, 4).map(float), st.just(NAN)),
            )
        ]
        * 2
    )
)


def qlib_ic(pred, label):
    """Return what ``qlib.contrib.eva.alpha.calc_ic`` returns, NaN days kept."""
    frame = pd.DataFrame(
        {"pred": pred.ravel(), "label": label.ravel()},
        index=pd.Index(np.repeat(np.arange(len(pred)), pred.shape[1]), name="datetime"),
    )
    groups = [day for _, day in frame.groupby("datetime")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ic = [day["pred"].corr(day["label"]) for day in groups]
        rank_ic = [day["pred"].corr(day["label"], method="spearman") for day in groups]
    return np.array(ic), np.array(rank_ic)


def test_ic_of_a_perfect_model_is_one():
    ic, rank_ic = information_coefficient(np.array([[1.0, 2.0, 4.0]]), np.array([[2.0, 4.0, 8.0]]))
    assert ([1.0], [1.0]) == (ic.tolist(), rank_ic.tolist())


def test_rank_ic_sees_order_only():
    ic, rank_ic = information_coefficient(np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 1.0, 99.0]]))
    assert 1.0 == rank_ic[0]
    assert 0.9 > ic[0]


def test_ic_shares_ranks_between_equal_values():
    _, rank_ic = information_coefficient(
        np.array([[1.0, 1.0, 2.0, 3.0]]), np.array([[1.0, 2.0, 2.0, 2.0]])
    )
    expected = pd.Series([1.5, 1.5, 3, 4]).corr(pd.Series([1.0, 3, 3, 3]))
    assert pytest.approx(expected) == rank_ic[0]


@pytest.mark.parametrize(
    ("pred", "label"),
    [
        ([1.0, NAN], [1.0, 2.0]),
        ([1.0, 1.0], [1.0, 2.0]),
        ([1.0, 2.0], [3.0, 3.0]),
        ([NAN, 1.0], [1.0, NAN]),
    ],
)
def test_ic_is_undefined(pred, label):
    ic, rank_ic = information_coefficient(np.array([pred]), np.array([label]))
    assert math.isnan(ic[0])
    assert math.isnan(rank_ic[0])


def test_ic_of_extreme_numbers_is_defined():
    ic, _ = information_coefficient(np.array([[1e-200, 2e-200]]), np.array([[1e200, 3e200]]))
    assert [1.0] == ic.tolist()


@pytest.mark.parametrize("label", [np.zeros((2, 2)), np.zeros(3)])
def test_ic_wants_one_shape(label):
    with pytest.raises(ShapeError, match="one shape"):
        information_coefficient(np.zeros((1, 3)), label)


def test_ic_wants_matrices():
    with pytest.raises(ShapeError, match="two matrices"):
        information_coefficient(np.zeros(3), np.zeros(3))


@pytest.mark.property
@settings(deadline=None, max_examples=100)
@given(MATRICES)
def test_ic_equals_qlib(matrices):
    pred, label = matrices
    expected_ic, expected_rank_ic = qlib_ic(pred, label)
    ic, rank_ic = information_coefficient(pred, label)
    np.testing.assert_allclose(expected_ic, ic, atol=1e-9)
    np.testing.assert_allclose(expected_rank_ic, rank_ic, atol=1e-9)


@pytest.mark.property
@settings(deadline=None, max_examples=40)
@given(MATRICES, st.randoms(use_true_random=False))
def test_ic_does_not_depend_on_the_order_of_instruments(matrices, random):
    pred, label = matrices
    order = list(range(pred.shape[1]))
    random.shuffle(order)
    for before, after in zip(
        information_coefficient(pred, label),
        information_coefficient(pred[:, order], label[:, order]),
        strict=True,
    ):
        np.testing.assert_allclose(before, after, atol=1e-12)


@pytest.mark.property
@settings(deadline=None, max_examples=40)
@given(MATRICES, st.integers(0, 3))
def test_ic_ignores_later_days(matrices, at):
    pred, label = matrices
    changed = label.copy()
    changed[at + 1 :] = 1.0
    for before, after in zip(
        information_coefficient(pred, label), information_coefficient(pred, changed), strict=True
    ):
        np.testing.assert_array_equal(before[: at + 1], after[: at + 1])


def test_summarise_ic_leaves_undefined_days_out():
    summary = summarise_ic(np.array([0.1, NAN, 0.3]), np.array([0.2, NAN, 0.4]))
    assert 2 == summary.n_days
    assert pytest.approx(0.2) == summary.ic
    assert pytest.approx(0.2 / np.std([0.1, 0.3], ddof=1)) == summary.icir
    assert pytest.approx(0.3) == summary.rank_ic
    assert pytest.approx(0.3 / np.std([0.2, 0.4], ddof=1)) == summary.rank_icir


def test_summarise_ic_keeps_a_real_zero():
    summary = summarise_ic(np.array([-0.5, 0.5]), np.array([0.0, 0.0]))
    assert ICSummary(ic=0.0, icir=0.0, rank_ic=0.0, rank_icir=None, n_days=2) == summary


def test_summarise_ic_of_one_day_has_no_ratio():
    assert ICSummary(0.5, None, 0.5, None, 1) == summarise_ic(np.array([0.5]), np.array([0.5]))


def test_summarise_ic_of_nothing_is_undefined():
    nothing = np.array([NAN])
    assert ICSummary(None, None, None, None, 0) == summarise_ic(nothing, nothing)
