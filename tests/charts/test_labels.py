"""Labels that do not cover one another, and names that fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.charts.labels import shortened, spread, unique_texts

wanted = st.lists(st.floats(-2, 12), min_size=1, max_size=30).map(np.array)


@pytest.mark.property
@given(wanted, st.floats(0.01, 2.0))
def test_labels_keep_their_order_their_distance_and_their_room(places, gap):
    found = spread(places, gap, low=0.0, high=10.0)
    least = min(gap, 10.0 / max(len(places) - 1, 1))
    ordered = found[np.argsort(places, kind="stable")]
    assert (np.diff(ordered) >= least - 1e-9).all()
    assert found.min() >= -1e-9
    assert found.max() <= 10.0 + 1e-9


def test_labels_with_room_stay_where_they_want():
    assert [8.0, 1.0, 4.0] == spread(np.array([8.0, 1.0, 4.0]), 1.0, low=0.0, high=10.0).tolist()


def test_no_labels_have_no_places():
    assert [] == spread(np.empty(0), 1.0, low=0.0, high=1.0).tolist()


@pytest.mark.property
@given(st.text(max_size=40), st.integers(1, 20))
def test_a_shortened_text_fits_and_keeps_its_ends(text, width):
    found = shortened(text, width, width_of=len)
    assert len(found) <= width
    if len(text) <= width:
        assert text == found
    else:
        head, _, tail = found.partition("…") if "…" not in text else (found[:0], "", "")
        assert text.startswith(head)
        assert text.endswith(tail)


def test_equal_texts_are_numbered():
    assert ("a", "a (2)", "b", "a (3)") == unique_texts(["a", "a", "b", "a"])
