"""The cross-validation against a slow one on daily paths, and on cases with a known answer."""

from __future__ import annotations

import os
import time
import tracemalloc
from itertools import combinations
from math import comb, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading import overfit_splits
from quantpits.trading.metrics import path_metrics
from quantpits.trading.overfit_splits import pbo_from_moments, sharpes_from_moments

FREE = 1.0135 ** (1 / 252) - 1


def _moments(returns, n_blocks):
    """Block sums of daily paths [B, T], cut as evenly as may be."""
    parts = np.array_split(returns, n_blocks, axis=1)
    figures = [[part.sum(axis=1), (part**2).sum(axis=1)] for part in parts]
    lengths = np.array([part.shape[1] for part in parts])
    return np.ascontiguousarray(np.array(figures).transpose(2, 1, 0)), lengths


def _slow(returns, n_blocks):
    """The paper's algorithm word for word, on daily returns: one ratio at a time."""

    def sharpe(path):
        excess = path - FREE
        deviation = excess.std(ddof=1)
        return excess.mean() / deviation * sqrt(252) if deviation > 1e-12 else 0.0

    places = np.array_split(np.arange(returns.shape[1]), n_blocks)
    rows = []
    for half in combinations(range(n_blocks), n_blocks // 2):
        inside = np.concatenate([places[block] for block in half])
        outside = np.setdiff1d(np.arange(returns.shape[1]), inside)
        before = [sharpe(path[inside]) for path in returns]
        after = [sharpe(path[outside]) for path in returns]
        chosen = before.index(max(before))
        below = sum(value < after[chosen] for value in after)
        level = sum(value == after[chosen] for value in after)
        rank = (below + (level + 1) / 2) / (len(returns) + 1)
        rows.append((chosen, before[chosen], after[chosen], rank))
    return rows


@pytest.mark.parametrize("n_blocks", [2, 4, 6, 8])
@pytest.mark.parametrize("seed", range(3))
def test_it_equals_a_slow_one_on_daily_paths(seed, n_blocks):
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.0004, 0.01, (7, 61)) + rng.normal(0, 0.01, 61)
    found = pbo_from_moments(*_moments(returns, n_blocks))
    chosen, before, after, rank = zip(*_slow(returns, n_blocks), strict=True)
    assert list(chosen) == found.chosen.tolist()
    assert list(rank) == found.relative_rank.tolist()
    assert list(before) == pytest.approx(found.in_sample.tolist())
    assert list(after) == pytest.approx(found.out_of_sample.tolist())
    logits = [log(value / (1 - value)) for value in rank]
    assert logits == pytest.approx(found.logits.tolist())
    assert np.mean([logit <= 0 for logit in logits]) == found.probability
    assert np.mean([value < 0 for value in after]) == found.loss_probability
    slope, intercept = np.polyfit(before, after, 1)
    assert [slope, intercept] == pytest.approx([found.slope, found.intercept])
    assert (7, n_blocks, comb(n_blocks, n_blocks // 2)) == (
        found.n_paths,
        found.n_blocks,
        found.n_splits,
    )


def test_worthless_strategies_overfit_at_least_every_other_time():
    rng = np.random.default_rng(0)
    found = [
        pbo_from_moments(*_moments(rng.normal(FREE, 0.01, (100, 320)), 8)).probability
        for _ in range(12)
    ]
    assert 0.4 < np.mean(found) < 0.75


def test_one_truly_better_strategy_is_found_in_both_halves():
    rng = np.random.default_rng(1)
    returns = rng.normal(FREE, 0.01, (100, 640))
    returns[40] += 0.004
    found = pbo_from_moments(*_moments(returns, 16 if _is_fast() else 8))
    assert found.probability < 0.01
    assert {40} == set(found.chosen.tolist())
    assert 0.0 == found.loss_probability


def test_a_strategy_fitted_to_half_of_the_blocks_is_exposed():
    # Each path earns in its own blocks what it loses in the others.
    rng = np.random.default_rng(2)
    n_blocks, block = 8, 40
    returns = rng.normal(FREE, 0.005, (35, n_blocks * block))
    for path, half in enumerate(combinations(range(1, n_blocks), 3)):
        is_good = np.isin(np.arange(n_blocks), (0, *half)).repeat(block)
        returns[path] += np.where(is_good, 0.002, -0.002)
    found = pbo_from_moments(*_moments(returns, n_blocks))
    assert found.probability > 0.9
    assert found.loss_probability > 0.9
    assert found.slope < 0


def test_tiles_make_no_difference(monkeypatch):
    rng = np.random.default_rng(3)
    moments, lengths = _moments(rng.normal(0.0, 0.01, (23, 80)), 4)
    whole = pbo_from_moments(moments, lengths)
    monkeypatch.setattr(overfit_splits, "_TILE", 5)
    told = []
    tiled = pbo_from_moments(moments, lengths, advance=told.append)
    for name in ("chosen", "relative_rank", "in_sample", "out_of_sample"):
        assert getattr(whole, name).tolist() == getattr(tiled, name).tolist()
    assert [5, 5, 5, 5, 3] * 2 == told


def test_equal_paths_share_their_rank_and_the_first_is_chosen():
    rng = np.random.default_rng(4)
    one = rng.normal(0.001, 0.01, 64)
    found = pbo_from_moments(*_moments(np.stack([one] * 5), 4))
    assert [0] * 6 == found.chosen.tolist()
    assert [0.5] * 6 == found.relative_rank.tolist()
    assert 1.0 == found.probability  # at the median: choosing was worth nothing


def test_a_path_that_held_cash_counts_as_ratio_zero():
    rng = np.random.default_rng(5)
    returns = np.stack([rng.normal(-0.003, 0.01, 64), np.zeros(64), np.full(64, 0.001)])
    moments, lengths = _moments(returns, 4)
    found = pbo_from_moments(moments, lengths)
    assert {1, 2} >= set(found.chosen.tolist())
    assert [0.0] * 6 == found.out_of_sample.tolist()
    assert (0.0, 0.0) == (found.slope, found.intercept)
    assert [False, True, True] == np.isnan(sharpes_from_moments(moments, lengths)).tolist()


def test_ratios_equal_those_of_the_metrics():
    rng = np.random.default_rng(6)
    returns = rng.normal(0.0005, 0.012, (5, 101))
    found = sharpes_from_moments(*_moments(returns, 6))
    expected = [path_metrics(np.cumprod(1 + path), 1.0).sharpe for path in returns]
    assert expected == pytest.approx(found.tolist())


def test_weekly_paths_have_their_own_year():
    rng = np.random.default_rng(7)
    returns = rng.normal(0.0005, 0.012, (5, 64))
    daily = pbo_from_moments(*_moments(returns, 4), risk_free_annual=0.0)
    weekly = pbo_from_moments(*_moments(returns, 4), risk_free_annual=0.0, periods_per_year=52)
    assert (daily.in_sample * sqrt(52 / 252)).tolist() == pytest.approx(weekly.in_sample.tolist())
    assert daily.probability == weekly.probability


@pytest.mark.property
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 6]), st.integers(2, 12))
def test_the_order_of_paths_changes_nothing(seed, n_blocks, n_paths):
    rng = np.random.default_rng(seed)
    moments, lengths = _moments(rng.normal(0.0, 0.01, (n_paths, 40)), n_blocks)
    order = rng.permutation(n_paths)
    one, other = pbo_from_moments(moments, lengths), pbo_from_moments(moments[order], lengths)
    assert one.chosen.tolist() == order[other.chosen].tolist()
    assert one.relative_rank.tolist() == other.relative_rank.tolist()
    assert one.probability == other.probability


@pytest.mark.property
@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_probabilities_and_ranks_stay_in_their_bounds(seed, n_paths):
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.0, 0.01, (n_paths, 32)) * rng.integers(0, 2, (n_paths, 1))
    found = pbo_from_moments(*_moments(returns, 4))
    assert 0.0 <= found.probability <= 1.0
    assert ((found.relative_rank > 0) & (found.relative_rank < 1)).all()


@pytest.mark.parametrize(
    ("shape", "n_blocks", "sessions", "match"),
    [
        ((1, 2, 4), 4, 9, "nothing to choose"),
        ((3, 2, 4), 6, 9, "do not fit the blocks"),
        ((3, 4), 4, 9, "do not fit the blocks"),
        ((3, 2, 5), 5, 9, "halves of blocks"),
        ((3, 2, 0), 0, 9, "halves of blocks"),
        ((3, 2, 22), 22, 9, "halves of blocks"),
        ((3, 2, 4), 4, 1, "too short"),
    ],
)
def test_what_does_not_fit_is_refused(shape, n_blocks, sessions, match):
    with pytest.raises(ShapeError, match=match):
        pbo_from_moments(np.zeros(shape), np.full(n_blocks, sessions))


def test_a_sum_that_is_no_number_is_refused():
    moments = np.zeros((3, 2, 4))
    moments[1, 0, 2] = np.nan
    with pytest.raises(NonFiniteError, match="sum of returns"):
        pbo_from_moments(moments, np.full(4, 9))


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("QUANTPITS_SLOW") != "1", reason="a million paths; QUANTPITS_SLOW=1 runs it"
)
def test_a_million_paths_take_seconds_and_no_memory():
    rng = np.random.default_rng(8)
    moments = np.empty((1_048_575, 2, 16))
    moments[:, 0] = rng.normal(0.0, 0.06, (1_048_575, 16))
    moments[:, 1] = 40 * 1e-4 * rng.uniform(0.5, 1.5, (1_048_575, 16))
    lengths = np.full(16, 40)
    pbo_from_moments(moments[:300], lengths)  # compiles
    tracemalloc.start()
    started = time.perf_counter()
    found = pbo_from_moments(moments, lengths)
    seconds = time.perf_counter() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (12_870, 1_048_575) == (found.n_splits, found.n_paths)
    assert seconds < 120
    assert peak < 32 * 2**20


def _is_fast():
    """Whether kernels are compiled; without, the largest case would take minutes."""
    return hasattr(overfit_splits.best_paths_nb, "py_func")
