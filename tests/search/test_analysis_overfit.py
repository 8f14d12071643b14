"""Overfit statistics of a search: each figure from the one place that knows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.search.analysis_overfit import (
    BAND_CONFIDENCE,
    BAND_RESAMPLES,
    BAND_SEED,
    overfit_statistics,
)
from quantpits.trading import overfit as formulas
from quantpits.trading.metrics import path_metrics
from tests.search.analysis_toys import hand_search, noisy_paths, search_of, toy_search

NAN = np.nan


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=4)
    return toy_search(paths, benchmark=market)


@pytest.fixture(scope="module")
def found(results):
    return overfit_statistics(results, np.array([0, 1, 2, 7]))


def test_every_combo_counts_as_a_trial(results, found):
    assert (15, 15) == (found.n_trials, found.n_combos)
    sharpe = results.table["Sharpe"]
    assert sharpe.mean() == pytest.approx(found.trial_sharpe_mean)
    assert sharpe.std(ddof=1) == pytest.approx(found.trial_sharpe_deviation)
    assert formulas.expected_max_sharpe(15, sharpe.var(ddof=1)) == pytest.approx(found.expected_max)


def test_rows_are_deflated_by_the_formulas(results, found):
    variance = results.table["Sharpe"].var(ddof=1)
    for at, row in enumerate(found.rows.tolist()):
        returns = results.paths_of(np.array([row])).returns[0]
        record = formulas.track_record(returns)
        one = found.at(row)
        assert record.sharpe == one.sharpe == found.sharpe[at]
        assert formulas.probabilistic_sharpe(record) == one.psr
        assert formulas.deflated_sharpe(record, n_trials=15, variance=variance) == pytest.approx(
            one.deflated
        )
        assert one.deflated <= one.deflated_effective <= one.psr
        band = formulas.sharpe_band(
            returns, seed=BAND_SEED, n_resamples=BAND_RESAMPLES, confidence=BAND_CONFIDENCE
        )
        assert band == pytest.approx((one.low, one.high))


def test_the_ratio_of_a_row_is_that_of_the_table(results, found):
    # One convention everywhere: 252 days, 1.35 % risk-free, sample deviation.
    assert results.table["Sharpe"][found.rows].tolist() == pytest.approx(found.sharpe.tolist())


def test_the_cross_validation_is_that_of_the_moments(results, found):
    expected = formulas.pbo_from_moments(results.moments, results.block_rows)
    assert expected.probability == found.pbo.probability
    assert (6, "") == (found.pbo.n_splits, found.pbo_missing)


def test_the_mean_correlation_is_that_of_daily_returns(results, found):
    returns = results.paths_of(np.arange(15)).returns
    pairs = np.corrcoef(returns)[np.triu_indices(15, k=1)]
    assert pairs.mean() == pytest.approx(found.mean_correlation)
    assert 15 == found.n_correlated
    assert formulas.effective_trials(15, pairs.mean()) == pytest.approx(found.effective_trials)


def test_many_combos_are_correlated_by_a_spread_of_them():
    paths, _ = noisy_paths(n_models=8, n_sessions=64)
    results = toy_search(paths)
    asked = []

    def paths_of(rows):
        asked.append(rows)
        return results.paths_of(rows)

    found = overfit_statistics(replace(results, paths_of=paths_of), np.arange(3))
    spread = asked[1]
    assert (200, 200) == (len(spread), found.n_correlated)
    assert (0, 254) == (spread[0], spread[-1])


def test_the_years_it_takes_are_those_of_the_best_above_luck():
    rng = np.random.default_rng(0)
    returns = rng.normal(0.0004, 0.01, (3, 400))
    returns[0] += 0.001
    results = _of(returns)
    found = overfit_statistics(results, np.arange(3))
    record = formulas.track_record(results.paths_of(np.array([0])).returns[0])
    expected = formulas.minimum_track_record(record, found.expected_max) / 252
    assert expected == pytest.approx(found.minimum_years)


def test_a_best_that_is_not_above_luck_never_proves_itself():
    rng = np.random.default_rng(1)
    results = _of(rng.normal(0.0, 0.01, (40, 200)))
    found = overfit_statistics(replace(results, n_trials=1_000_000), np.arange(3))
    assert found.expected_max > found.sharpe[0]
    assert found.minimum_years is None


def test_trials_that_are_not_in_the_table_count(results):
    more = overfit_statistics(replace(results, n_trials=1023), np.arange(2))
    assert (1023, 15) == (more.n_trials, more.n_combos)
    assert more.deflated[0] < overfit_statistics(results, np.arange(2)).deflated[0]


def test_one_combo_is_one_trial():
    found = overfit_statistics(_of(noisy_paths()[0]["model_a"][None]), np.array([0]))
    assert found.psr[0] == found.deflated[0]
    assert found.pbo is None
    assert "nothing to choose" in found.pbo_missing
    assert found.mean_correlation is found.effective_trials is found.expected_max is None
    assert np.isnan(found.deflated_effective[0])


def test_one_combo_chosen_from_many_unknown_ones_cannot_be_deflated():
    results = replace(_of(noisy_paths()[0]["model_a"][None]), n_trials=9)
    found = overfit_statistics(results, np.array([0]))
    assert np.isnan(found.deflated[0])
    assert found.minimum_years is None
    assert found.psr[0] > 0


def test_short_windows_have_no_cross_validation():
    results = _of(np.random.default_rng(0).normal(0, 0.01, (3, 12)))
    for block_rows in (
        np.zeros(16, dtype=np.int64),
        np.ones(16, dtype=np.int64),
        np.array([], int),
    ):
        short = replace(results, moments=np.zeros((3, 2, len(block_rows))), block_rows=block_rows)
        found = overfit_statistics(short, np.arange(3))
        assert found.pbo is None
        assert "too few to cut" in found.pbo_missing


def test_rows_without_sessions_or_deviation_are_undefined():
    rng = np.random.default_rng(2)
    returns = np.stack(
        [rng.normal(0.001, 0.01, 60), np.zeros(60), np.full(60, NAN), rng.normal(0, 0.01, 60)]
    )
    returns[3, :30] = NAN
    results = _of(returns)
    found = overfit_statistics(results, np.arange(4))
    by_name = {results.label_of(row): found.at(row) for row in range(4)}
    assert by_name["m0"].low < by_name["m0"].sharpe < by_name["m0"].high
    assert np.isnan([by_name["m1"].sharpe, by_name["m1"].low, by_name["m2"].psr]).all()
    # A combo is judged on its own sessions.
    own = path_metrics(np.cumprod(1 + returns[3, 30:]), 1.0)
    assert own.sharpe == pytest.approx(by_name["m3"].sharpe)
    assert 2 == found.n_correlated


def test_a_path_of_one_session_has_no_band():
    returns = np.array([[NAN, NAN, 0.01, NAN], [0.01, 0.0, 0.02, 0.01]])
    results = _of(returns, n_blocks=2)
    found = overfit_statistics(results, np.arange(2))
    row = [results.label_of(at) for at in range(2)].index("m0")
    assert np.isnan(found.at(row).low)


def test_without_any_deviation_nothing_is_known():
    found = overfit_statistics(hand_search({"Ann_Excess": [0.0, 0.0]}), np.arange(2))
    assert found.mean_correlation is found.trial_sharpe_mean is found.trial_sharpe_deviation is None
    assert np.isnan(found.deflated).all()
    assert 1.0 == found.pbo.probability  # all are equal: choosing was worth nothing


def test_the_same_search_has_the_same_figures(results, found):
    again = overfit_statistics(results, np.array([0, 1, 2, 7]))
    for name in ("sharpe", "deflated", "low", "high"):
        assert getattr(found, name).tolist() == getattr(again, name).tolist()


def _of(returns, n_blocks=4):
    names = tuple(f"m{at}" for at in range(len(returns)))
    return search_of(
        returns,
        models=tuple(sorted(names)),
        members=[(name,) for name in names],
        correlation=np.eye(len(names)),
        n_blocks=n_blocks,
    )
