"""Sessions that paths share."""

from __future__ import annotations

import numpy as np

from quantpits.search.analysis_returns import is_flat, shared_returns
from quantpits.search.results import ComboPaths

DATES = np.datetime64("2024-01-01") + np.arange(4)
NAN = np.nan


def _paths(returns):
    values = np.array(returns)
    return ComboPaths(DATES, np.cumprod(1 + values, axis=1), values)


def test_only_shared_sessions_are_kept():
    found = shared_returns(
        _paths([[NAN, 0.1, 0.2, 0.3], [0.0, 0.1, 0.2, NAN]]), np.array([9.0, 0.5, 0.25, 9.0])
    )
    assert DATES[1:3].tolist() == found.dates.tolist()
    assert [[0.1, 0.2], [0.1, 0.2]] == found.returns.tolist()
    assert [0.5, 0.25] == found.benchmark.tolist()
    assert np.allclose([[1.1 / 1.5 - 1, 1.2 / 1.25 - 1]] * 2, found.excess)


def test_without_a_benchmark_the_excess_is_the_return():
    found = shared_returns(_paths([[0.1, 0.2, 0.3, 0.4]]), None)
    assert found.excess is found.returns


def test_a_path_without_any_session_does_not_take_those_of_the_others():
    found = shared_returns(_paths([[NAN] * 4, [NAN, 0.1, 0.2, 0.3]]), None)
    assert 3 == len(found.dates)
    assert [True, False] == is_flat(found.returns).tolist()


def test_paths_that_never_meet_share_nothing():
    found = shared_returns(_paths([[0.1, 0.1, NAN, NAN], [NAN, NAN, 0.1, 0.1]]), None)
    assert 0 == len(found.dates)
    assert [True, True] == is_flat(found.returns).tolist()
    assert 0 == len(shared_returns(_paths([[NAN] * 4]), None).dates)


def test_equal_returns_are_flat():
    assert [True, False] == is_flat(np.array([[0.01] * 3, [0.01, 0.0, 0.02]])).tolist()
