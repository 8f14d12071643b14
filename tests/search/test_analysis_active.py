"""Information ratios and their deflation, over the benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.search.analysis_active import active_returns, active_statistics
from quantpits.search.results import ComboPaths
from quantpits.trading.overfit import TrackRecord, deflated_sharpe, expected_max_sharpe
from tests.search.analysis_toys import noisy_paths, search_of, toy_search

NAN = np.nan


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=4)
    return toy_search(paths, benchmark=market)


def _statistics(results):
    return active_statistics(
        results,
        shown=results.paths_of(np.arange(3)),
        sample=results.paths_of(np.arange(results.n_combos)),
    )


def _active(results, row):
    path = results.paths_of(np.array([row])).returns[0]
    over = (1 + path) / (1 + results.benchmark_returns) - 1
    over[0] = path[0]
    return over


def test_ratios_are_those_of_the_daily_returns_over_the_benchmark(results):
    found = _statistics(results)
    for row in range(3):
        over = _active(results, row)
        assert over.mean() / over.std(ddof=1) * np.sqrt(252) == pytest.approx(found.ratio[row])


def test_luck_is_measured_by_the_spread_of_the_sample(results):
    found = _statistics(results)
    every = [_active(results, row) for row in range(results.n_combos)]
    ratios = [over.mean() / over.std(ddof=1) * np.sqrt(252) for over in every]
    variance = np.var(ratios, ddof=1)
    assert (15, np.sqrt(variance)) == pytest.approx((found.n_sampled, found.deviation))
    assert expected_max_sharpe(15, variance) == pytest.approx(found.expected_max)
    over = every[0]
    standard = (over - over.mean()) / over.std()
    record = TrackRecord(
        ratios[0], 240, skew=float((standard**3).mean()), kurtosis=float((standard**4).mean())
    )
    assert deflated_sharpe(record, n_trials=15, variance=variance) == pytest.approx(
        found.deflated[0]
    )


def test_a_rising_market_convinces_nobody_here():
    # All combos are the market and noise: a high Sharpe ratio, no information ratio.
    rng = np.random.default_rng(0)
    market = rng.normal(0.003, 0.008, 400)
    noise = {f"m{at}": market + rng.normal(0.0, 0.003, 400) for at in range(4)}
    results = toy_search(noise, benchmark=market)
    assert results.table["Sharpe"].min() > 3
    found = _statistics(results)
    assert abs(found.ratio[0]) < 2
    assert found.deflated[0] < 0.9


def test_the_first_own_session_has_no_benchmark():
    # What is bought in the session after it was not yet held at its close.
    returns = np.array([[NAN, 0.0, 0.02], [0.0, 0.01, 0.02], [NAN, NAN, NAN]])
    dates = np.datetime64("2024-01-01") + np.arange(3)
    found = active_returns(ComboPaths(dates, returns, returns), np.array([0.5, 0.5, 0.0]))
    assert np.allclose(
        [[NAN, 0.0, 0.02], [0.0, 1.01 / 1.5 - 1, 0.02], [NAN] * 3], found, equal_nan=True
    )


def test_without_a_benchmark_there_is_no_such_figure(results):
    assert _statistics(replace(results, benchmark_returns=None)) is None


def test_combos_without_sessions_are_undefined():
    rng = np.random.default_rng(1)
    returns = rng.normal(0.0, 0.01, (4, 60))
    returns[2] = NAN
    names = tuple("abcd")
    results = search_of(
        returns,
        models=names,
        members=[(name,) for name in names],
        correlation=np.eye(4),
        benchmark=np.zeros(60),
    )
    every = results.paths_of(np.arange(4))
    found = active_statistics(results, shown=every, sample=every)
    assert 3 == found.n_sampled
    assert [False, False, False, True] == np.isnan(found.deflated).tolist()
    one = results.paths_of(np.array([0]))
    assert active_statistics(results, shown=one, sample=one) is None
