"""Bands of information coefficients: what they cover, and what they do not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quantpits.errors import NonFiniteError
from quantpits.signals.ic_band import (
    ICBands,
    ic_bands,
    mean_band,
    part_margin,
    ratio_band,
)

NAN = float("nan")


def moving_average(rng, n_days, *, horizon, mean=0.03):
    """Return daily values whose labels look `horizon` days ahead, so that neighbours share them."""
    draws = rng.standard_t(5, size=n_days + horizon - 1) * 0.1
    return np.convolve(draws, np.ones(horizon) / np.sqrt(horizon), "valid") + mean


def test_a_band_is_the_plain_formula():
    daily = moving_average(np.random.default_rng(0), 64, horizon=3)
    # 0.4 T^(2/3) cosines of 64 days are 6; the orthonormal DCT-II is what they are.
    from scipy.fft import dct  # noqa: PLC0415 - an independent implementation

    long_run = np.mean(dct(daily - daily.mean(), norm="ortho")[1:7] ** 2)
    margin = stats.t(6).ppf(0.95) * np.sqrt(long_run / 64)
    expected = (daily.mean() - margin, daily.mean() + margin)
    assert pytest.approx(expected, rel=1e-10) == mean_band(daily)


def test_the_band_of_a_ratio_is_the_band_of_what_moves_it():
    daily = moving_average(np.random.default_rng(1), 200, horizon=1)
    low, high = ratio_band(daily)
    ratio = daily.mean() / daily.std(ddof=1)
    assert pytest.approx(ratio) == (low + high) / 2
    # Lo (2002): independent normal draws have a variance of 1 + ratio² / 2.
    plain = stats.t(14).ppf(0.95) * np.sqrt((1 + ratio**2 / 2) / 200)
    assert 0.5 < (high - low) / 2 / plain < 1.6


@pytest.mark.parametrize(("horizon", "least"), [(1, 0.85), (6, 0.84)])
def test_bands_cover_the_truth_though_labels_overlap(horizon, least):
    rng = np.random.default_rng(7)
    windows = [moving_average(rng, 160, horizon=horizon) for _ in range(400)]
    ratio = 0.03 / (0.1 * np.sqrt(5 / 3))
    hits = [low <= 0.03 <= high for low, high in map(mean_band, windows)]
    ratio_hits = [low <= ratio <= high for low, high in map(ratio_band, windows)]
    # Nominal 0.9; a band for independent days would cover 0.55 at a horizon of 6.
    assert least <= np.mean(hits) <= 0.95
    assert least - 0.02 <= np.mean(ratio_hits) <= 0.95


def test_overlapping_labels_widen_the_band():
    rng = np.random.default_rng(3)
    draws = rng.normal(size=(50, 240))
    single = np.mean([np.ptp(mean_band(row)) for row in draws])
    rolled = [np.convolve(row, np.ones(5) / np.sqrt(5), "valid") for row in draws]
    assert np.mean([np.ptp(mean_band(row)) for row in rolled]) > 1.7 * single


@pytest.mark.parametrize("daily", [np.full(30, 0.5), np.arange(9.0), np.full(30, NAN)])
def test_nothing_is_told_of_a_few_days_or_of_no_variation(daily):
    assert mean_band(daily) is None
    assert ratio_band(daily) is None
    assert part_margin(daily, 5) is None


def test_days_without_a_coefficient_are_left_out():
    daily = np.random.default_rng(2).normal(size=40)
    holes = np.insert(daily, [3, 20, 40], NAN)
    assert mean_band(daily) == mean_band(holes)
    assert ratio_band(daily) == ratio_band(holes)


def test_the_four_bands_are_those_of_each_series():
    first, second = np.random.default_rng(4).normal(size=(2, 60))
    expected = ICBands(mean_band(first), ratio_band(first), mean_band(second), ratio_band(second))
    assert expected == ic_bands(first, second)


def test_more_confidence_is_a_wider_band():
    daily = np.random.default_rng(5).normal(size=60)
    assert np.ptp(mean_band(daily, confidence=0.99)) > np.ptp(mean_band(daily, confidence=0.5))


def test_a_part_is_less_certain_than_the_whole_by_the_root_of_its_share():
    daily = np.random.default_rng(6).normal(size=100)
    low, high = mean_band(daily)
    assert pytest.approx((high - low) / 2) == part_margin(daily, 100)
    assert pytest.approx(high - low) == part_margin(daily, 25)
    assert part_margin(daily, 0) is None


@pytest.mark.parametrize("confidence", [0.0, 1.0, NAN])
@pytest.mark.parametrize("band", [mean_band, ratio_band])
def test_a_confidence_outside_of_its_range_is_refused(band, confidence):
    with pytest.raises(NonFiniteError, match="confidence"):
        band(np.arange(20.0), confidence=confidence)


SERIES = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(size=12 + seed % 60)
)


@pytest.mark.property
@given(daily=SERIES, scale=st.sampled_from([0.5, 2.0, 8.0]), shift=st.floats(-1, 1))
def test_a_band_moves_and_stretches_with_its_series(daily, scale, shift):
    low, high = mean_band(daily)
    moved = mean_band(daily * scale + shift)
    assert pytest.approx((low * scale + shift, high * scale + shift), abs=1e-9) == moved
    # A ratio has no scale.
    assert pytest.approx(ratio_band(daily)) == ratio_band(daily * scale)


@pytest.mark.property
@given(daily=SERIES)
def test_a_band_turned_round_is_the_band_of_the_series_turned_round(daily):
    low, high = mean_band(daily)
    assert pytest.approx((-high, -low), abs=1e-12) == mean_band(-daily)
    assert pytest.approx((low, high), abs=1e-9) == mean_band(daily[::-1].copy())


@pytest.mark.property
@given(daily=SERIES)
def test_a_band_depends_on_its_own_series_only(daily):
    strided = np.column_stack([daily, daily[::-1]])[:, 0]
    assert mean_band(daily) == mean_band(strided)
