"""The two lists: the best, and the best of those that fell least."""

from __future__ import annotations

import numpy as np

from quantpits.search.analysis_rows import main_rows, robust_rows, rows_by
from tests.search.analysis_toys import hand_search


def test_the_main_list_is_the_head_of_the_ranking():
    assert list(range(20)) == main_rows(hand_search({"Ann_Excess": [0.0] * 33})).tolist()
    assert [0, 1] == main_rows(hand_search({"Ann_Excess": [0.1, 0.0]})).tolist()


def test_the_robust_list_is_the_shallowest_drawdown_above_ten_percent():
    results = hand_search(
        {
            "Ann_Ret": [0.30, 0.10, 0.11, 0.25, np.nan, 0.12],
            "Max_DD": [-0.40, -0.01, -0.10, -0.20, -0.02, np.nan],
        }
    )
    # Row 1 earns exactly 10 %, row 4 nothing known, row 5 has no drawdown.
    assert [2, 3, 0] == robust_rows(results).tolist()


def test_the_robust_list_has_ten_rows_and_ties_follow_the_ranking():
    results = hand_search({"Ann_Ret": [0.2] * 14, "Max_DD": [-0.1] * 13 + [-0.05]})
    assert [13, *range(9)] == robust_rows(results).tolist()


def test_nothing_earns_enough():
    assert [] == robust_rows(hand_search({"Ann_Ret": [0.05], "Max_DD": [-0.1]})).tolist()


def test_rows_without_the_figure_are_left_out():
    assert [3, 0] == rows_by(np.array([1.0, np.nan, np.nan, 2.0])).tolist()
