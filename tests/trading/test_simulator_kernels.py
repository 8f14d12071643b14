"""Small kernels against the plain expressions they equal."""

from __future__ import annotations

import numpy as np

from quantpits.trading.simulator_kernels import (
    has_score_nb,
    renew_names_nb,
    sort_ascending_nb,
    value_fen_nb,
    value_nb,
)


def test_a_day_has_scores_if_any_name_has(form):
    assert form(has_score_nb)(np.array([np.nan, 0.0]))
    assert not form(has_score_nb)(np.array([np.nan, np.nan]))


def test_names_are_sorted(form):
    names = np.array([5, 2, 9, 2, 1, 0])
    form(sort_ascending_nb)(names, 5)
    assert [1, 2, 2, 5, 9, 0] == names.tolist()


def test_the_list_follows_what_is_held(form):
    is_held = np.array([True, False, True, False, True])
    names = np.array([0, 1, 2, 9, 9])
    count = form(renew_names_nb)(is_held, names, np.array([3, 4, 9]), (3, 2))
    assert [0, 2, 4] == names[:count].tolist()


def test_values_are_those_of_the_listed_names(form):
    names = np.array([2, 0, 1])
    assert 13.0 == form(value_nb)(np.array([1.0, 9, 2]), np.array([3.0, 9, 5]), names, 2)
    assert 13 == form(value_fen_nb)(np.array([1, 9, 2]), np.array([3, 9, 5]), names, 2)
