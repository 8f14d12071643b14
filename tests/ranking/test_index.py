"""The index: -100 to 100 over all names of the day, ties by instrument."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.ranking.index import recommendation_index, top_list

SCORES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20).map(np.array)


def test_index_stretches_to_the_ends():
    assert [-100.0, 100.0, -50.0] == recommendation_index(np.array([0.0, 4.0, 1.0])).tolist()


@pytest.mark.parametrize("scores", [[0.3], [0.1, 0.1, 0.1]])
def test_index_of_equal_scores_is_zero(scores):
    assert [0.0] * len(scores) == recommendation_index(np.array(scores)).tolist()


def test_index_of_extreme_scores_is_finite():
    assert [-100.0, 0.0, 100.0] == recommendation_index(np.array([-1e308, 0.0, 1e308])).tolist()


@pytest.mark.parametrize("scores", [np.array([]), np.zeros((1, 1))])
def test_index_wants_scores(scores):
    with pytest.raises(ShapeError, match="no scores to rank"):
        recommendation_index(scores)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_index_refuses_what_is_not_a_number(value):
    with pytest.raises(NonFiniteError, match="not a finite number"):
        recommendation_index(np.array([0.0, value]))


def test_top_list_is_taken_over_all_names():
    scores = np.array([0.0, 1.0, 2.0, 3.0])
    assert (("D", 100.0), ("C", 33.33)) == top_list(scores, tuple("ABCD"), top_n=2)


def test_top_list_breaks_ties_by_instrument():
    rows = top_list(np.array([1.0, 0.0, 1.0]), ("C", "B", "A"), top_n=3)
    assert (("A", 100.0), ("C", 100.0), ("B", -100.0)) == rows


def test_top_list_is_as_long_as_there_are_names():
    assert 2 == len(top_list(np.array([1.0, 2.0]), ("A", "B"), top_n=300))


def test_top_list_has_no_minus_zero():
    rows = top_list(np.array([-1.0, -1e-9, 1.0]), ("A", "B", "C"), top_n=3)
    assert "0.0" == str(rows[1][1])


@pytest.mark.property
@settings(deadline=None, max_examples=80)
@given(SCORES)
def test_index_stays_within_its_ends_and_keeps_the_order(scores):
    index = recommendation_index(scores)
    assert index.min() >= -100.0
    assert index.max() <= 100.0
    order = np.argsort(scores, kind="stable")
    assert (np.diff(index[order]) >= 0.0).all()


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(SCORES, st.randoms(use_true_random=False))
def test_top_list_does_not_depend_on_the_order_of_names(scores, random):
    names = [f"SH{600000 + at}" for at in range(len(scores))]
    order = list(range(len(scores)))
    random.shuffle(order)
    shuffled = top_list(scores[order], [names[at] for at in order], top_n=5)
    assert top_list(scores, names, top_n=5) == shuffled
