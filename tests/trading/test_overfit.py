"""Deflation against the papers' worked numbers, an exact integral and simulated trials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.metrics import path_metrics
from quantpits.trading.overfit import (
    TrackRecord,
    deflated_sharpe,
    effective_trials,
    expected_max_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
    track_record,
)

# Bailey & López de Prado (2014), section "A numerical example": 2.5 a year on five years of 250
# days, the best of 100 trials whose yearly ratios have a variance of one half.
PAPER = TrackRecord(2.5, 1250, skew=-3.0, kurtosis=10.0, periods_per_year=250)


def test_the_numerical_example_of_the_deflated_sharpe_ratio():
    daily = expected_max_sharpe(100, 0.5) / math.sqrt(250)
    assert 0.1132 == pytest.approx(daily, abs=5e-5)
    assert 0.9004 == pytest.approx(deflated_sharpe(PAPER, n_trials=100, variance=0.5), abs=5e-5)


def test_the_paper_s_numbers_of_trials_that_leave_95_percent():
    normal = TrackRecord(2.5, 1250, periods_per_year=250)
    assert 0.9505 == pytest.approx(deflated_sharpe(PAPER, n_trials=46, variance=0.5), abs=5e-5)
    assert 0.9505 == pytest.approx(deflated_sharpe(normal, n_trials=88, variance=0.5), abs=5e-5)


@pytest.mark.parametrize(
    ("skew", "kurtosis", "expected"), [(-2.448, 10.164, 0.913), (0.0, 3.0, 0.982)]
)
def test_the_hedge_fund_example_of_the_probabilistic_sharpe_ratio(skew, kurtosis, expected):
    # Bailey & López de Prado (2012): 24 months with a monthly ratio of 0.458.
    record = TrackRecord(
        0.458 * math.sqrt(12), 24, skew=skew, kurtosis=kurtosis, periods_per_year=12
    )
    assert expected == pytest.approx(probabilistic_sharpe(record), abs=5e-4)


@pytest.mark.parametrize(
    ("periods", "skew", "kurtosis", "years"),
    [
        (250, 0.0, 3.0, 2.73),
        (52, 0.0, 3.0, 2.83),
        (12, 0.0, 3.0, 3.24),
        (12, -0.72, 5.78, 4.99),
    ],
)
def test_the_minimum_track_records_of_the_paper(periods, skew, kurtosis, years):
    # Bailey & López de Prado (2012): how long it takes to know that a ratio of 2 is above 1.
    record = TrackRecord(2.0, 0, skew=skew, kurtosis=kurtosis, periods_per_year=periods)
    assert years == pytest.approx(minimum_track_record(record, 1.0) / periods, abs=5e-3)


def test_at_the_minimum_length_the_probability_is_the_confidence():
    record = TrackRecord(1.3, 100, skew=-0.4, kurtosis=6.0)
    length = minimum_track_record(record, 0.2, confidence=0.9)
    long = TrackRecord(1.3, round(length), skew=-0.4, kurtosis=6.0)
    assert 0.9 == pytest.approx(probabilistic_sharpe(long, 0.2), abs=1e-3)


def test_no_length_proves_what_is_not_so():
    assert minimum_track_record(TrackRecord(1.0, 100), 1.0) is None


@pytest.mark.parametrize(("n_trials", "tolerance"), [(2, 0.09), (3, 0.03), (10, 0.025)])
def test_the_expected_maximum_is_near_the_exact_one_for_few_trials(n_trials, tolerance):
    assert _exact_maximum(n_trials) == pytest.approx(
        expected_max_sharpe(n_trials, 1.0), rel=tolerance
    )


@pytest.mark.parametrize("n_trials", [100, 1_023, 1_048_575])
def test_the_expected_maximum_is_near_the_exact_one_for_many_trials(n_trials):
    exact = 0.3 * _exact_maximum(n_trials)
    assert exact == pytest.approx(expected_max_sharpe(n_trials, 0.09), rel=0.01)


def test_a_lucky_best_is_seldom_believed():
    # 500 worthless strategies a time: the winner's plain probability is always high, the deflated
    # one is about uniform, so it passes 95 % about one time in twenty.
    rng = np.random.default_rng(7)
    n_days, n_trials, deflated, plain = 250, 500, [], []
    for _ in range(60):
        returns = rng.normal(0.0, 0.01, (n_trials, n_days)) + _free()
        ratios = _sharpes(returns)
        record = track_record(returns[int(ratios.argmax())])
        plain.append(probabilistic_sharpe(record))
        deflated.append(
            deflated_sharpe(record, n_trials=n_trials, variance=float(ratios.var(ddof=1)))
        )
    assert min(plain) > 0.98
    assert np.mean(np.array(deflated) > 0.95) < 0.15
    assert 0.3 < np.mean(deflated) < 0.7


def test_a_real_edge_survives_the_deflation():
    rng = np.random.default_rng(3)
    returns = rng.normal(0.0, 0.01, (500, 1_000)) + _free()
    returns[17] += 0.0025  # about 4 a year
    ratios = _sharpes(returns)
    assert 17 == ratios.argmax()
    record = track_record(returns[17])
    assert deflated_sharpe(record, n_trials=500, variance=float(ratios.var(ddof=1))) > 0.98


def test_one_trial_is_not_deflated():
    assert 0.0 == expected_max_sharpe(1, 0.5)
    assert probabilistic_sharpe(PAPER) == deflated_sharpe(PAPER, n_trials=1, variance=0.5)


def test_hardly_more_than_one_trial_never_raises_a_figure():
    assert 0.0 == expected_max_sharpe(1.05, 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_track_record_equals_scipy_and_the_metrics(seed):
    rng = np.random.default_rng(seed)
    returns = stats.skewnorm.rvs(-4, size=300, random_state=rng) * 0.01
    found = track_record(returns)
    assert stats.skew(returns) == pytest.approx(found.skew)
    assert stats.kurtosis(returns, fisher=False) == pytest.approx(found.kurtosis)
    assert path_metrics(np.cumprod(1 + returns), 1.0).sharpe == pytest.approx(found.sharpe)
    assert (300, 252) == (found.n_periods, found.periods_per_year)


def test_a_path_without_a_deviation_has_no_track_record():
    assert track_record(np.full(10, 0.01)) is None
    assert track_record(np.array([0.01])) is None


@pytest.mark.property
@given(
    st.builds(
        TrackRecord,
        st.floats(-3, 3),
        st.integers(2, 3000),
        skew=st.floats(-1, 1),
        kurtosis=st.floats(3, 12),
    ),
    st.integers(1, 10**6),
    st.floats(0, 4),
)
def test_more_trials_are_never_more_convincing(record, n_trials, variance):
    few = deflated_sharpe(record, n_trials=n_trials, variance=variance)
    many = deflated_sharpe(record, n_trials=n_trials * 2, variance=variance)
    assert 0.0 <= many <= few <= probabilistic_sharpe(record) <= 1.0


@pytest.mark.parametrize(
    ("correlation", "expected"), [(0.0, 1023.0), (1.0, 1.0), (0.5, 512.0), (-0.4, 1023.0)]
)
def test_effective_trials_lie_between_one_and_all(correlation, expected):
    assert expected == effective_trials(1023, correlation)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: effective_trials(0, 0.1), "no trial"),
        (lambda: effective_trials(3, math.nan), "correlation is not"),
        (lambda: expected_max_sharpe(0, 0.1), "no trial"),
        (lambda: expected_max_sharpe(math.nan, 0.1), "no trial"),
        (lambda: expected_max_sharpe(3, -0.1), "variance is not"),
        (lambda: expected_max_sharpe(3, math.inf), "variance is not"),
        (lambda: minimum_track_record(PAPER, confidence=0.5), "confidence is out of range"),
        (lambda: probabilistic_sharpe(TrackRecord(9.0, 9, skew=9.0)), "skew and kurt"),
        (lambda: track_record(np.array([0.1, np.nan])), "not a number"),
    ],
)
def test_what_is_no_number_is_refused(call, match):
    with pytest.raises(NonFiniteError, match=match):
        call()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: probabilistic_sharpe(TrackRecord(1.0, 1)), "too short"),
        (lambda: track_record(np.zeros((2, 3))), "one axis"),
    ],
)
def test_what_does_not_fit_is_refused(call, match):
    with pytest.raises(ShapeError, match=match):
        call()


def _exact_maximum(n_trials):
    """The mean of the largest of N standard normal draws, by integrating its density."""

    def density(x):
        log_below = (n_trials - 1) * stats.norm.logcdf(x)
        return x * n_trials * math.exp(log_below + stats.norm.logpdf(x))

    return integrate.quad(density, -9.0, 9.0, limit=400, points=[0.0, 4.5])[0]


def _free():
    return 1.0135 ** (1 / 252) - 1


def _sharpes(returns):
    excess = returns - _free()
    return excess.mean(axis=1) / excess.std(axis=1, ddof=1) * math.sqrt(252)
