"""The main list after it was chosen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from quantpits.search.analysis_outside import OutOfSampleSource, out_of_sample
from quantpits.search.results import ComboPaths
from quantpits.trading import path_metrics
from tests.search.analysis_toys import noisy_paths, toy_search

NAN = np.nan


@pytest.fixture(scope="module")
def results():
    return toy_search(noisy_paths(n_models=3)[0])


def _source(returns, benchmark=None):
    values = np.array(returns)
    dates = np.datetime64("2022-01-03") + np.arange(values.shape[1])
    return OutOfSampleSource(
        lambda rows: ComboPaths(dates, np.cumprod(1 + values[rows], axis=1), values[rows]),
        benchmark,
    )


def test_figures_are_those_of_the_later_paths(results):
    rng = np.random.default_rng(0)
    returns, market = rng.normal(0.0, 0.01, (7, 50)), rng.normal(0.0, 0.01, 50)
    found = out_of_sample(results, np.arange(7), source=_source(returns, market))
    expected = [
        path_metrics(np.cumprod(1 + path), 1.0, benchmark_returns=market).annualised_excess
        for path in returns
    ]
    assert expected == pytest.approx(found.ann_excess.tolist())
    assert sum(value > 0 for value in expected) == found.n_above
    assert (50, True) == (len(found.dates), found.has_benchmark)
    spearman = stats.spearmanr(np.arange(7), -np.array(expected)).statistic
    assert spearman == pytest.approx(found.rank_correlation)


def test_without_a_benchmark_the_return_counts(results):
    found = out_of_sample(results, np.arange(2), source=_source([[0.01] * 5, [-0.01] * 5]))
    assert (1, False, None) == (found.n_above, found.has_benchmark, found.rank_correlation)
    assert 1.01**252 - 1 == pytest.approx(found.ann_excess[0])


def test_equal_results_share_their_rank(results):
    found = out_of_sample(
        results, np.arange(3), source=_source([[0.02] * 4, [0.01] * 4, [0.01] * 4])
    )
    spearman = stats.spearmanr([0, 1, 2], [1, 2.5, 2.5]).statistic
    assert spearman == pytest.approx(found.rank_correlation)


def test_a_combo_without_later_sessions_has_no_figure(results):
    later = [[NAN] * 4, [0.03, 0.0, 0.0, 0.0], [0.02, 0.0, 0, 0], [0.01, 0.0, 0.0, 0.0]]
    found = out_of_sample(results, np.arange(4), source=_source(later))
    assert [True, False, False, False] == np.isnan(found.ann_excess).tolist()
    assert (3, 1.0) == (found.n_above, found.rank_correlation)


def test_without_shared_sessions_there_is_nothing(results):
    assert out_of_sample(results, np.arange(2), source=_source([[0.1, NAN], [NAN, 0.1]])) is None
