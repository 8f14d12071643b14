"""Weights against closed forms, and blind to everything after the cutoff."""

from __future__ import annotations

import numpy as np
import pytest
from skfolio.exceptions import SolverError
from skfolio.optimization import MeanRisk

from quantpits.search.analysis_outside import OutOfSampleSource
from quantpits.search.analysis_weights import (
    EQUAL,
    MAX_SHARPE,
    RISK_PARITY,
    chosen_weights,
    max_sharpe_weights,
    risk_parity_weights,
    weighted_rows,
)
from quantpits.search.results import ComboPaths
from quantpits.trading import path_metrics
from tests.search.analysis_toys import hand_search, noisy_paths, toy_search

FREE = 1.0135 ** (1 / 252) - 1


def _exact_returns(mean, covariance, n_sessions=400):
    """Returns whose sample mean and covariance are exactly these."""
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(len(mean), n_sessions))
    raw -= raw.mean(axis=1, keepdims=True)
    white = np.linalg.solve(np.linalg.cholesky(raw @ raw.T / (n_sessions - 1)), raw)
    return np.array(mean)[:, None] + np.linalg.cholesky(np.array(covariance)) @ white


CORRELATED = 1e-4 * np.array([[1.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 0.8]])


def test_the_highest_sharpe_ratio_is_the_inverse_covariance_times_the_mean_excess():
    mean = np.array([0.0009, 0.0011, 0.0007])
    free = np.linalg.solve(CORRELATED, mean - FREE)
    expected = free / free.sum()
    assert (expected > 0.1).all()  # no bound binds
    found = max_sharpe_weights(_exact_returns(mean, CORRELATED), FREE)
    assert expected.tolist() == pytest.approx(found.tolist(), abs=2e-3)


def test_a_model_that_would_be_sold_short_gets_nothing():
    # Of the two that are left the closed form holds again.
    mean = np.array([0.0009, 0.0011, -0.0007])
    two = np.linalg.solve(CORRELATED[:2, :2], mean[:2] - FREE)
    found = max_sharpe_weights(_exact_returns(mean, CORRELATED), FREE)
    assert [*(two / two.sum()), 0.0] == pytest.approx(found.tolist(), abs=2e-3)
    assert 0.0 == found[2]


def test_no_other_weights_have_a_higher_ratio():
    returns = np.array([*noisy_paths(3, n_models=3)[0].values()])
    found = max_sharpe_weights(returns, FREE)

    def ratio(weights):
        path = weights @ returns
        return (path.mean() - FREE) / path.std(ddof=1)

    rng = np.random.default_rng(1)
    others = rng.dirichlet(np.ones(3), 4_000)
    assert max(ratio(weights) for weights in others) <= ratio(found) + 1e-5


def test_nothing_is_maximised_where_nothing_earns_the_risk_free_rate():
    returns = _exact_returns([-0.001, FREE * 0.9], CORRELATED[:2, :2])
    assert max_sharpe_weights(returns, FREE) is None


def test_two_models_share_the_risk_by_the_inverse_of_their_deviation():
    covariance = np.array([[4e-4, 3e-5], [3e-5, 1e-4]])
    found = risk_parity_weights(_exact_returns([0.001, 0.0], covariance))
    assert [1 / 3, 2 / 3] == pytest.approx(found.tolist(), abs=1e-3)


def test_models_without_correlation_share_the_risk_by_the_inverse_of_their_deviation():
    deviations = np.array([0.01, 0.02, 0.04])
    found = risk_parity_weights(_exact_returns([0.0, 0.0, 0.0], np.diag(deviations**2)))
    inverse = 1 / deviations
    assert (inverse / inverse.sum()).tolist() == pytest.approx(found.tolist(), abs=1e-3)


def test_every_model_contributes_the_same_to_the_variance():
    found = risk_parity_weights(_exact_returns([0.0, 0.0, 0.0], CORRELATED))
    shares = found * (CORRELATED @ found) / (found @ CORRELATED @ found)
    assert [1 / 3] * 3 == pytest.approx(shares.tolist(), abs=1e-3)


def test_the_best_ten_single_models_by_calmar_ratio_are_weighted():
    members = [("x", "y"), *((f"m{at:02}",) for at in range(12)), ("x",)]
    calmar = [99.0, *range(12), np.nan]
    results = hand_search({"Calmar": calmar}, members=members)
    found = [results.label_of(row) for row in weighted_rows(results)]
    assert [f"m{at:02}" for at in reversed(range(2, 12))] == found


def _search(**facts):
    paths, market = noisy_paths(1, n_models=3)
    return toy_search(paths, benchmark=market, **facts)


def _later(results, seed=0, n_sessions=60):
    """A later window: the same rows, other returns."""
    dates = results.dates[-1] + 1 + np.arange(n_sessions)

    def paths_of(rows):
        rng = np.random.default_rng(seed)
        returns = rng.normal(0.001, 0.01, (results.n_combos, n_sessions))[rows]
        return ComboPaths(dates, np.cumprod(1 + returns, axis=1), returns)

    return OutOfSampleSource(paths_of, np.zeros(n_sessions))


def test_weights_are_chosen_on_in_sample_returns_only():
    results = _search()
    alone = chosen_weights(results)
    one = chosen_weights(results, _later(results, 1).shared)
    other = chosen_weights(results, _later(results, 2).shared)
    assert alone.out_of_sample is None
    for kind in (EQUAL, MAX_SHARPE, RISK_PARITY):
        assert alone.columns[kind].tolist() == one.columns[kind].tolist()
        assert one.columns[kind].tolist() == other.columns[kind].tolist()
        assert one.in_sample.navs[kind].tolist() == other.in_sample.navs[kind].tolist()
        assert one.out_of_sample.navs[kind][-1] != other.out_of_sample.navs[kind][-1]
    assert (one.out_of_sample.dates > results.dates[-1]).all()


def test_weights_are_positive_and_sum_to_one():
    found = chosen_weights(_search())
    for weights in found.columns.values():
        assert 1.0 == pytest.approx(weights.sum())
        assert (weights >= 0).all()
    assert [1 / 3] * 3 == found.columns[EQUAL].tolist()


def test_figures_are_those_of_the_weighted_path_on_252_days_a_year():
    results = _search()
    found = chosen_weights(results)
    rows = weighted_rows(results)
    returns = results.paths_of(rows).returns
    weights = found.columns[RISK_PARITY]
    nav = np.cumprod(1 + weights @ returns)
    expected = path_metrics(nav, 1.0, benchmark_returns=results.benchmark_returns)
    figures = found.in_sample.figures[RISK_PARITY]
    assert expected.sharpe == pytest.approx(figures.sharpe)
    assert expected.annualised_excess == pytest.approx(figures.annualised_excess)
    assert 252 == figures.periods_per_year
    assert np.allclose(np.cumprod(1 + results.benchmark_returns), found.in_sample.benchmark)


def test_without_a_benchmark_there_is_none_in_the_paths():
    paths, _ = noisy_paths(1, n_models=3)
    found = chosen_weights(toy_search(paths))
    assert found.in_sample.benchmark is None
    assert found.in_sample.figures[EQUAL].annualised_excess is None


def test_a_losing_market_has_no_highest_sharpe_ratio():
    paths, _ = noisy_paths(1, n_models=3)
    found = chosen_weights(toy_search({name: path - 0.01 for name, path in paths.items()}))
    assert [EQUAL, RISK_PARITY] == list(found.columns)
    assert {MAX_SHARPE: "no model earns the risk-free rate"} == found.missing


def test_copies_of_a_model_share_what_one_of_them_would_get():
    returns = _exact_returns([0.0009, 0.0011], CORRELATED[:2, :2])
    found = max_sharpe_weights(returns[[0, 0, 1]], FREE)
    alone = max_sharpe_weights(returns, FREE)
    assert [alone[0] / 2, alone[0] / 2, alone[1]] == pytest.approx(found.tolist(), abs=2e-3)
    parity = risk_parity_weights(returns[[0, 0, 1]])
    assert parity[0] == pytest.approx(parity[1], abs=1e-3)


def test_fewer_sessions_than_models_still_have_weights():
    returns = np.random.default_rng(0).normal(0.001, 0.01, (6, 4))
    assert 1.0 == pytest.approx(max_sharpe_weights(returns, FREE).sum())
    assert (risk_parity_weights(returns) > 0).all()


def test_what_the_optimiser_cannot_solve_is_missing_and_said(monkeypatch):
    def fit(*_):
        raise SolverError("no solution")

    monkeypatch.setattr(MeanRisk, "fit", fit)
    found = chosen_weights(_search())
    assert [EQUAL, RISK_PARITY] == list(found.columns)
    assert {MAX_SHARPE: "the optimiser found no solution"} == found.missing


def test_fewer_than_two_single_models_are_not_weighted():
    paths, _ = noisy_paths(1, n_models=3)
    assert chosen_weights(toy_search(paths, members=[("model_a",), ("model_a", "model_b")])) is None
    assert chosen_weights(toy_search(paths, members=[("model_a", "model_b")])) is None


def test_models_that_held_cash_are_not_weighted():
    paths, _ = noisy_paths(1, n_models=3)
    paths["model_a"] = np.zeros(240)
    results = toy_search(paths, correlation=np.eye(3))
    assert 2 == len(chosen_weights(results).models)
    results = hand_search({"Calmar": [2.0, 1.0]}, members=[("x",), ("y",)])
    assert chosen_weights(results) is None  # neither path moves


def test_a_later_window_without_sessions_is_no_window():
    results = _search()
    found = chosen_weights(results, _later(results, n_sessions=0).shared)
    assert found.out_of_sample is None
