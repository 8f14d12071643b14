"""Likeness of members, what combining brings, and the size of combos."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.search.analysis_diversity import correlation_of, diversity, size_effects
from tests.search.analysis_toys import hand_search, noisy_paths, toy_search

CORRELATION = np.array([[1.0, 0.2, 0.5], [0.2, 1.0, -0.1], [0.5, -0.1, 1.0]])
COMBOS = [("a", "b"), ("a", "b", "c"), ("a",), ("b",), ("c",)]
FIGURES = {
    "Ann_Excess": [0.5, 0.3, 0.2, 0.1, 0.0],
    "Calmar": [4.0, 3.0, 2.0, 1.0, 0.5],
    "Sharpe": [1.0, 0.8, 0.6, 0.4, 0.2],
    "Max_DD": [-0.1, -0.2, -0.3, -0.4, -0.5],
}


def _search(figures=None, members=None, correlation=CORRELATION):
    return hand_search(
        FIGURES if figures is None else figures,
        members=COMBOS if members is None else members,
        correlation=correlation,
    )


def test_likeness_is_the_mean_over_pairs():
    found = diversity(_search())
    assert [0.2, 0.2, 1.0, 1.0, 1.0] == pytest.approx(found.avg_corr.tolist())


def test_likeness_equals_a_plain_mean_on_all_combos():
    paths, _ = noisy_paths(n_models=5, n_sessions=40)
    results = toy_search(paths)
    found = diversity(results)
    for row in range(results.n_combos):
        at = results.members_of(row)
        block = results.correlation[np.ix_(at, at)]
        pairs = block[np.triu_indices(len(at), k=1)]
        expected = pairs.mean() if len(pairs) else 1.0
        assert expected == pytest.approx(found.avg_corr[row])


def test_undefined_pairs_are_left_out():
    correlation = np.array([[1.0, np.nan, 0.5], [np.nan, np.nan, np.nan], [0.5, np.nan, 1.0]])
    found = diversity(_search(correlation=correlation))
    assert np.isnan(found.avg_corr[0])
    assert 0.5 == found.avg_corr[1]


def test_the_bonus_is_what_a_combo_makes_above_the_mean_of_its_members():
    found = diversity(_search())
    assert [0.35, 0.2, 0.0, 0.0, 0.0] == pytest.approx(found.bonus.tolist())
    assert [0, 1] == found.best_bonus.tolist()
    assert found.has_bonus


def test_there_is_no_bonus_without_the_members_alone():
    figures = {name: values[:2] for name, values in FIGURES.items()}
    found = diversity(_search(figures, COMBOS[:2]))
    assert np.isnan(found.bonus).all()
    assert not found.has_bonus


def test_one_missing_member_leaves_only_its_combos_without_a_bonus():
    figures = {name: values[:4] for name, values in FIGURES.items()}
    found = diversity(_search(figures, COMBOS[:4]))
    assert 0.35 == pytest.approx(found.bonus[0])
    assert np.isnan(found.bonus[1])  # c was not simulated alone


def test_golden_combos_are_unlike_and_in_the_best_tenth():
    members = [("a", "b")] + [("a", "c")] * 10
    calmar = [*np.linspace(2.0, 1.0, 11)]
    results = _search({"Calmar": calmar}, members)
    assert [0] == diversity(results).golden.tolist()
    results = _search({"Calmar": calmar[::-1]}, members)
    assert [] == diversity(results).golden.tolist()  # the best are too alike


def test_a_single_model_is_never_golden():
    members = [("b",), ("a", "b"), ("a", "c")]
    results = _search({"Calmar": [9.0, 1.0, 1.0]}, members)
    assert [] == diversity(results).golden.tolist()


def test_without_a_ratio_nothing_is_golden():
    assert [] == diversity(_search({"Ann_Excess": [0.1] * 5})).golden.tolist()


def test_unlike_members_doing_better_correlates_below_zero():
    members = [("a", "b"), ("a", "b", "c"), ("b", "c"), ("a", "c")]
    results = _search({"Ann_Excess": [0.3, 0.3, 0.4, 0.1]}, members)
    found = diversity(results)
    assert found.corr_excess == pytest.approx(
        np.corrcoef([0.2, 0.2, -0.1, 0.5], [0.3, 0.3, 0.4, 0.1])[0, 1]
    )
    assert found.corr_excess < -0.9
    assert (None, None) == (found.corr_calmar, found.corr_sharpe)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.0], None),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], None),
        ([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], None),
        ([1.0, 2.0, np.nan], [1.0, 2.0, 3.0], None),
        ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], 1.0),
        ([0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0], 0.0),
    ],
)
def test_correlation_by_hand(first, second, expected):
    assert expected == correlation_of(np.array(first), np.array(second))


def test_sizes_by_hand():
    one, two, three = size_effects(_search())
    assert (1, 3) == (one.n_models, one.n_combos)
    assert (0.1, 0.1, 0.2, 0.0) == pytest.approx((one.mean, one.median, one.best, one.worst))
    assert (3.5 / 3, -0.4) == pytest.approx((one.mean_calmar, one.mean_max_dd))
    assert [2, 0, 1] == [one.best_row, two.best_row, three.best_row]


def test_a_size_without_figures_has_no_line():
    figures = {"Ann_Excess": [np.nan, np.nan, 0.2, 0.1, 0.0]}
    (only,) = size_effects(_search(figures))
    assert (1, None, None) == (only.n_models, only.mean_calmar, only.mean_max_dd)
