"""The one order: score descending, instrument ascending, NaN nowhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import ShapeError
from quantpits.signals.rank import rank_scores

NAN = float("nan")
BOOKS = st.dictionaries(
    st.from_regex(r"S[HZ][0-9]{6}", fullmatch=True),
    st.one_of(st.integers(-3, 3).map(float), st.just(NAN)),
    max_size=12,
)


def ranked(book):
    names = list(book)
    order = rank_scores(np.array(list(book.values()), dtype=float), names)
    return [names[at] for at in order]


def test_rank_is_by_score_then_instrument():
    book = {"SZ000002": 0.5, "SH600000": NAN, "SH600001": 1.0, "SZ000001": 0.5}
    assert ["SH600001", "SZ000001", "SZ000002"] == ranked(book)


def test_rank_of_nothing_is_empty():
    assert 0 == len(rank_scores(np.array([]), []))


def test_rank_does_not_tell_zero_from_minus_zero():
    assert ["A", "B"] == ranked({"B": 0.0, "A": -0.0})


def test_rank_takes_infinity_as_a_number():
    assert ["B", "A", "C"] == ranked({"A": 1.0, "B": float("inf"), "C": float("-inf")})


def test_rank_wants_one_score_per_instrument():
    with pytest.raises(ShapeError, match="one score per instrument"):
        rank_scores(np.zeros(2), ["A"])


@pytest.mark.property
@settings(deadline=None, max_examples=100)
@given(BOOKS, st.randoms(use_true_random=False))
def test_rank_equals_a_plain_sort_in_any_input_order(book, random):
    names = list(book)
    random.shuffle(names)
    expected = sorted((n for n in book if book[n] == book[n]), key=lambda n: (-book[n], n))
    assert expected == ranked({name: book[name] for name in names})


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(BOOKS)
def test_rank_is_unchanged_by_an_increasing_transform(book):
    assert ranked(book) == ranked({name: 4.0 * score + 1.0 for name, score in book.items()})
