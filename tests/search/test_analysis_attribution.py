"""Attribution over disjoint sets, and means with and without a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.search.analysis_attribution import attribution
from tests.search.analysis_toys import hand_search, noisy_paths, toy_search

COMBOS = [("a", "b"), ("a",), ("b", "c"), ("c",), ("b",), ("a", "c")]


def _search(calmar=(5.0, 4.0, 3.0, 2.0, 1.0, 0.0), **facts):
    excess = facts.pop("excess", [0.5, 0.4, 0.3, 0.2, 0.1, np.nan])
    return hand_search({"Calmar": calmar, "Ann_Excess": excess}, members=COMBOS, **facts)


def test_counts_by_hand():
    found = attribution(_search(), 2)
    assert ("a", "b", "c") == found.models
    assert [2, 1, 0] == found.top_count.tolist()  # {a,b} and {a}
    assert [1, 1, 1] == found.bottom_count.tolist()  # {b} and {a,c}
    assert [1, 0, -1] == found.net_score.tolist()
    assert (("a",), 2) == (found.core, found.n_side)


def test_sets_never_overlap_when_there_are_few_combos():
    # The earlier system's sets overlapped, and with fewer than 2 n combos every score was 0.
    found = attribution(_search(), 50)
    assert 3 == found.n_side
    assert [2, 2, 1] == [found.top_count[found.models.index(name)] for name in "abc"]
    assert [1, 1, 2] == [found.bottom_count[found.models.index(name)] for name in "abc"]
    assert np.abs(found.net_score).sum() > 0


def test_combos_without_a_ratio_are_neither_good_nor_bad():
    found = attribution(_search(calmar=(np.nan, 4.0, 3.0, np.nan, 1.0, 0.0)), 50)
    assert 2 == found.n_side


def test_one_combo_is_neither_good_nor_bad():
    found = attribution(hand_search({"Calmar": [1.0], "Ann_Excess": [0.1]}), 5)
    assert (0, (), [0]) == (found.n_side, found.core, found.net_score.tolist())
    assert np.isnan(found.mean_without).all()


def test_means_with_and_without_by_hand():
    found = attribution(_search(), 2)
    # a: {a,b} 0.5 and {a} 0.4; {a,c} is undefined and counts nowhere.
    assert 0.45 == pytest.approx(found.mean_with[0])
    assert 0.2 == pytest.approx(found.mean_without[0])
    assert 0.25 == pytest.approx(found.mean_with[found.models.index("c")])


def test_a_model_that_helps_has_the_higher_mean_with_it():
    # The sign that the earlier guide explained backwards: above means that the model helps.
    rng = np.random.default_rng(0)
    paths = {name: rng.normal(0.0, 0.005, 200) for name in "abcd"}
    paths["c"] = paths["c"] + 0.004
    found = attribution(toy_search(paths), 5)
    at = found.models.index("c")
    assert (0, "c") == (at, found.core[0])
    assert found.mean_with[at] > found.mean_without[at]


def test_three_core_models_at_most():
    found = attribution(toy_search(noisy_paths(n_models=8, n_sessions=60)[0]), 50)
    assert len(found.core) <= 3
    assert all(found.net_score[found.models.index(name)] > 0 for name in found.core)


@pytest.mark.property
@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6), st.integers(1, 9))
def test_the_sets_hold_as_many_combos_and_none_twice(calmar, top_n):
    found = attribution(_search(calmar=tuple(calmar)), top_n)
    assert found.n_side == min(top_n, 3)
    sizes = {name: sum(name in combo for combo in COMBOS) for name in "abc"}
    for at, model in enumerate(found.models):
        assert found.top_count[at] + found.bottom_count[at] <= sizes[model]
