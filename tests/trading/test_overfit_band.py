"""Bands of the bootstrap: their draws, their coverage, their agreement with a slow one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading import overfit_band
from quantpits.trading.overfit_band import bootstrap_counts, mean_run, sharpe_band, sharpe_bands

FREE = 1.0135 ** (1 / 252) - 1


def _path(seed, n_sessions=250, *, daily=0.0005):
    return np.random.default_rng(seed).normal(daily, 0.01, n_sessions)


def _sharpe(returns):
    return (returns.mean() - FREE) / returns.std(ddof=1) * math.sqrt(252)


def test_a_band_equals_that_of_paths_drawn_one_by_one():
    # The same scheme in plain Python: another generator, so it agrees within its own noise.
    returns = _path(0)
    rng = np.random.default_rng(99)
    ratios = []
    for _ in range(4_000):
        place, picked = 0, []
        for _ in range(returns.size):
            is_new = not picked or rng.random() < 1 / mean_run(returns.size)
            place = rng.integers(returns.size) if is_new else (place + 1) % returns.size
            picked.append(returns[place])
        ratios.append(_sharpe(np.array(picked)))
    expected = np.quantile(ratios, [0.05, 0.95])
    found = sharpe_band(returns, seed=1, n_resamples=8_000)
    assert expected.tolist() == pytest.approx(list(found), abs=0.12)


def test_the_band_covers_the_truth_about_as_often_as_it_says():
    truth = (0.0005 - FREE) / 0.01 * math.sqrt(252)
    bands = [sharpe_band(_path(seed), seed=20, n_resamples=300) for seed in range(150)]
    covered = np.mean([low <= truth <= high for low, high in bands])
    assert 0.82 < covered < 0.96


def test_the_band_is_as_wide_as_theory_says():
    # The standard error of a yearly ratio over y years is about 1 / sqrt(y).
    low, high = sharpe_band(_path(5, 1_008), seed=3, n_resamples=4_000)
    assert 2 * 1.645 / math.sqrt(4) == pytest.approx(high - low, rel=0.12)


@pytest.mark.parametrize("n_sessions", [37, 110, 252])
def test_a_path_has_the_same_band_beside_any_others(n_sessions):
    paths = np.array([_path(seed, n_sessions) for seed in range(7)])
    alone = [list(sharpe_band(path, seed=3)) for path in paths]
    for n_beside in (1, 2, 5):
        beside = [sharpe_bands(paths[at : at + n_beside], seed=3)[0].tolist() for at in range(7)]
        assert alone == beside


def test_the_same_seed_gives_the_same_band():
    assert sharpe_band(_path(1), seed=4) == sharpe_band(_path(1), seed=4)
    assert sharpe_band(_path(1), seed=4) != sharpe_band(_path(1), seed=5)


def test_paths_together_have_the_bands_they_have_alone():
    paths = np.stack([_path(1), _path(2), np.zeros(250)])
    found = sharpe_bands(paths, seed=6)
    for row in range(2):
        assert sharpe_band(paths[row], seed=6) == pytest.approx(tuple(found[row]))
    assert np.isnan(found[2]).all()
    assert sharpe_band(paths[2], seed=6) is None


def test_memory_is_bounded_by_blocks_of_resamples(monkeypatch):
    whole = sharpe_bands(_path(1)[None], seed=7, n_resamples=2_000)
    monkeypatch.setattr(overfit_band, "_CELLS", 250 * 300)
    assert whole[0].tolist() == pytest.approx(
        sharpe_bands(_path(1)[None], seed=7, n_resamples=2_000)[0].tolist(), abs=0.2
    )


def test_a_wider_confidence_gives_a_wider_band():
    inner = sharpe_band(_path(1), seed=8, confidence=0.5)
    outer = sharpe_band(_path(1), seed=8, confidence=0.99)
    assert outer[0] < inner[0] < inner[1] < outer[1]


def test_resamples_without_a_deviation_count_as_zero():
    # One move in three sessions: most resamples are flat or nearly so.
    low, high = sharpe_band(np.array([FREE, FREE, 0.1]), seed=9, n_resamples=500)
    assert 0.0 == low
    assert high > 0.0


@pytest.mark.property
@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_every_resample_has_as_many_sessions_as_the_path(n_sessions, n_resamples, seed):
    counts = bootstrap_counts(n_sessions, n_resamples, rng=np.random.default_rng(seed))
    assert (n_resamples, n_sessions) == counts.shape
    assert {n_sessions} == set(counts.sum(axis=1).tolist())
    assert counts.min() >= 0


def test_every_session_is_drawn_alike_and_runs_are_as_long_as_they_should():
    counts = bootstrap_counts(64, 20_000, rng=np.random.default_rng(1))
    assert np.ones(64).tolist() == pytest.approx(counts.mean(axis=0).tolist(), abs=0.06)
    # Two places one step apart are neighbours if no run starts between them; places further apart
    # in one run never are, and places of different runs by chance.
    goes_on, lags = 1 - 1 / mean_run(64), np.arange(1, 64)
    by_chance = 2 * ((64 - lags) * (1 - goes_on**lags)).sum() / 64**2
    together = np.mean((counts[:, 1:] - 1) * (counts[:, :-1] - 1))
    assert 63 / 64 * goes_on + by_chance - 1 == pytest.approx(together, abs=0.02)


@pytest.mark.parametrize(
    ("returns", "options", "match"),
    [
        (np.zeros((1, 1)), {}, "too short"),
        (np.zeros(5), {}, "too short"),
        (np.float64(3.0), {}, "too short"),
        (np.zeros((1, 5)), {"n_resamples": 0}, "No resamples"),
    ],
)
def test_what_does_not_fit_is_refused(returns, options, match):
    with pytest.raises(ShapeError, match=match):
        sharpe_bands(np.asarray(returns), seed=0, **options)


@pytest.mark.parametrize(
    ("returns", "options", "match"),
    [
        (np.array([[0.1, np.nan]]), {}, "return is not"),
        (np.array([[0.1, 0.2]]), {"confidence": 1.0}, "confidence is out of range"),
    ],
)
def test_what_is_no_number_is_refused(returns, options, match):
    with pytest.raises(NonFiniteError, match=match):
        sharpe_bands(returns, seed=0, **options)
