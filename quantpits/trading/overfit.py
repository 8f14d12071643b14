"""How far a figure that was chosen among many can be trusted.

The best of many trials looks better than it is. Three measures say by how much:

- the **deflated Sharpe ratio**: the probability that the true Sharpe ratio of a chosen path is
  above what the best of as many worthless trials would show (Bailey & López de Prado 2014);
- the **probability of backtest overfitting**: how often what is best in one half of the sessions
  is below the median in the other half (`quantpits.trading.overfit_splits`);
- a **bootstrap band**: what the same path's Sharpe ratio would have been, had the same sessions
  come in another order and number (`quantpits.trading.overfit_band`).

Conventions are those of `quantpits.trading.metrics`: daily returns net of costs, 252 periods a
year, 1.35 % a year risk-free. Sharpe ratios and their variances are annualised wherever they enter
or leave a function; the formulas, which are about one period, are applied inside.

Sources: Bailey, D. H. & López de Prado, M. (2012), "The Sharpe ratio efficient frontier", Journal
of Risk 15(2), for the probabilistic ratio and the minimum track record; (2014), "The deflated
Sharpe ratio", Journal of Portfolio Management 40(5), for the expected maximum, the deflated ratio
and the number of independent trials (appendix A.3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.metrics import PERIODS_PER_YEAR, RISK_FREE_ANNUAL
from quantpits.trading.overfit_band import sharpe_band, sharpe_bands
from quantpits.trading.overfit_splits import PBO, pbo_from_moments, sharpes_from_moments

if TYPE_CHECKING:
    from quantpits.trading.kernels import FloatArray

__all__ = [
    "PBO",
    "TrackRecord",
    "deflated_sharpe",
    "effective_trials",
    "expected_max_sharpe",
    "minimum_track_record",
    "pbo_from_moments",
    "probabilistic_sharpe",
    "sharpe_band",
    "sharpe_bands",
    "sharpes_from_moments",
    "track_record",
]

_NORMAL: Final = NormalDist()
_EULER_MASCHERONI: Final = 0.5772156649015329
# Below this the deviation of a path is rounding, as in `quantpits.trading.metrics`.
_NO_DEVIATION = 1e-14
_MINIMUM_PERIODS = 2


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """What the formulas need to know of a path of returns.

    Attributes
    ----------
    sharpe : float
        Annualised Sharpe ratio.
    n_periods : int
        Returns it was measured on.
    skew, kurtosis : float
        Third and fourth standardised moment of the returns; 0 and 3 for a normal distribution.
    periods_per_year : int
        The convention of `sharpe`.
    """

    sharpe: float
    n_periods: int
    skew: float = 0.0
    kurtosis: float = 3.0
    periods_per_year: int = PERIODS_PER_YEAR


def track_record(
    returns: FloatArray,
    *,
    periods_per_year: int = PERIODS_PER_YEAR,
    risk_free_annual: float = RISK_FREE_ANNUAL,
) -> TrackRecord | None:
    """Return the Sharpe ratio of a path with the shape of its returns.

    Parameters
    ----------
    returns : float64 [T]
        Simple returns, net of costs [fraction].
    periods_per_year : int
        Returns in a year.
    risk_free_annual : float
        Risk-free rate [fraction a year].

    Returns
    -------
    TrackRecord or None
        None without a deviation: fewer than two returns, or all equal.

    Raises
    ------
    ShapeError
        If `returns` is not one path.
    NonFiniteError
        If a return is not a number.

    Notes
    -----
    NaN: refused. The deviation of the ratio is the sample's (ddof 1), that of skew and kurtosis the
    population's, as in the paper.

    Examples
    --------
    >>> found = track_record(np.array([0.01, -0.01, 0.02, 0.0]), risk_free_annual=0.0)
    >>> round(found.sharpe, 4), round(found.kurtosis, 4)
    (6.1482, 1.64)
    """
    if returns.ndim != 1:
        raise ShapeError("A path of returns has one axis.", expected="[T]", found=returns.shape)
    if not np.isfinite(returns).all():
        raise NonFiniteError("A return is not a number.")
    if returns.size < _MINIMUM_PERIODS:
        return None
    deviation = float(np.std(returns, ddof=1))
    if deviation < _NO_DEVIATION:
        return None
    free = (1.0 + risk_free_annual) ** (1.0 / periods_per_year) - 1.0
    standard = (returns - returns.mean()) / np.std(returns)
    return TrackRecord(
        sharpe=float(np.mean(returns - free)) / deviation * math.sqrt(periods_per_year),
        n_periods=returns.size,
        skew=float(np.mean(standard**3)),
        kurtosis=float(np.mean(standard**4)),
        periods_per_year=periods_per_year,
    )


def probabilistic_sharpe(record: TrackRecord, benchmark: float = 0.0) -> float:
    """Return the probability that the true Sharpe ratio is above `benchmark`.

    Parameters
    ----------
    record : TrackRecord
        The path.
    benchmark : float
        Annualised Sharpe ratio to be above.

    Returns
    -------
    float
        Within [0, 1].

    Raises
    ------
    ShapeError
        If the record is of fewer than two returns.
    NonFiniteError
        If no distribution has such a skew and kurtosis.

    Notes
    -----
    ``Φ[(SR − SR*) √(n − 1) / √(1 − γ₃ SR + (γ₄ − 1)/4 SR²)]`` with ratios of one period.
    Source: Bailey & López de Prado (2012), equation 11.

    Examples
    --------
    >>> round(probabilistic_sharpe(TrackRecord(sharpe=1.0, n_periods=505)), 4)
    0.9211
    """
    if record.n_periods < _MINIMUM_PERIODS:
        raise ShapeError(
            "A track record is too short.", expected="at least two returns", found=record.n_periods
        )
    root = math.sqrt(record.periods_per_year)
    distance = (record.sharpe - benchmark) / root * math.sqrt(record.n_periods - 1)
    return _NORMAL.cdf(distance / math.sqrt(_spread(record)))


def minimum_track_record(
    record: TrackRecord, benchmark: float = 0.0, *, confidence: float = 0.95
) -> float | None:
    """Return how many periods it takes to be sure that the Sharpe ratio is above `benchmark`.

    Parameters
    ----------
    record : TrackRecord
        The path; its own length does not matter.
    benchmark : float
        Annualised Sharpe ratio to be above.
    confidence : float
        How sure, within (0.5, 1).

    Returns
    -------
    float or None
        Periods, not rounded; None if the path is not above the benchmark: no length would do.

    Raises
    ------
    NonFiniteError
        If no distribution has such a skew and kurtosis, or `confidence` is not within (0.5, 1).

    Notes
    -----
    Source: Bailey & López de Prado (2012), equation 12.

    Examples
    --------
    >>> round(minimum_track_record(TrackRecord(sharpe=2.0, n_periods=0), 1.0) / 252, 2)
    2.73
    """
    if not 0.5 < confidence < 1.0:  # noqa: PLR2004 - one half is a coin
        raise NonFiniteError(
            "The confidence is out of range.", expected="(0.5, 1)", found=confidence
        )
    distance = (record.sharpe - benchmark) / math.sqrt(record.periods_per_year)
    if distance <= 0.0:
        return None
    return 1.0 + _spread(record) * (_NORMAL.inv_cdf(confidence) / distance) ** 2


def expected_max_sharpe(n_trials: float, variance: float) -> float:
    """Return the Sharpe ratio that the best of as many worthless trials is expected to show.

    Parameters
    ----------
    n_trials : float
        Independent trials, at least 1; a fraction comes from `effective_trials`.
    variance : float
        Variance of the Sharpe ratios over the trials, 0 or more.

    Returns
    -------
    float
        In the unit of the trials' ratios: annualised if they are. 0 for one trial.

    Raises
    ------
    NonFiniteError
        If there is no trial or the variance is not a number of 0 or more.

    Notes
    -----
    The false strategy theorem: ``√V ((1 − c) Φ⁻¹[1 − 1/N] + c Φ⁻¹[1 − 1/(N e)])``, c being Euler's
    constant; true ratios of 0. It approximates the expected maximum of N normal draws: 8 % below
    it at N = 2, within 3 % above it from N = 3 on, and ever closer.
    Source: Bailey & López de Prado (2014), equation 1.

    Examples
    --------
    >>> round(expected_max_sharpe(100, 0.5), 4)
    1.7894
    """
    if not n_trials >= 1.0:
        raise NonFiniteError("There is no trial.", expected="at least 1", found=n_trials)
    if not (math.isfinite(variance) and variance >= 0.0):
        raise NonFiniteError("A variance is not a number of 0 or more.", found=variance)
    if n_trials == 1.0:
        return 0.0
    common = _NORMAL.inv_cdf(1.0 - 1.0 / n_trials)
    extreme = _NORMAL.inv_cdf(1.0 - 1.0 / (n_trials * math.e))
    weighted = (1.0 - _EULER_MASCHERONI) * common + _EULER_MASCHERONI * extreme
    return math.sqrt(variance) * max(weighted, 0.0)


def deflated_sharpe(record: TrackRecord, *, n_trials: float, variance: float) -> float:
    """Return the probability that a chosen path is better than the luckiest of worthless trials.

    Parameters
    ----------
    record : TrackRecord
        The chosen path.
    n_trials : float
        Trials it was chosen from, at least 1.
    variance : float
        Variance of the trials' annualised Sharpe ratios.

    Returns
    -------
    float
        Within [0, 1]; above 0.95 is commonly asked for.

    Raises
    ------
    ShapeError
        If the record is of fewer than two returns.
    NonFiniteError
        If no distribution has such a skew and kurtosis, or a parameter is out of range.

    Notes
    -----
    `probabilistic_sharpe` above `expected_max_sharpe`. Source: Bailey & López de Prado (2014),
    equation 2; the example below is the paper's.

    Examples
    --------
    >>> paper = TrackRecord(2.5, 1250, skew=-3.0, kurtosis=10.0, periods_per_year=250)
    >>> round(deflated_sharpe(paper, n_trials=100, variance=0.5), 4)
    0.9004
    """
    return probabilistic_sharpe(record, expected_max_sharpe(n_trials, variance))


def effective_trials(n_trials: int, mean_correlation: float) -> float:
    """Return how many independent trials as many alike ones are worth.

    Parameters
    ----------
    n_trials : int
        Trials, at least 1.
    mean_correlation : float
        Mean correlation between the returns of two of them; below 0 it counts as 0.

    Returns
    -------
    float
        Between 1 and `n_trials`.

    Raises
    ------
    NonFiniteError
        If there is no trial, or the correlation is not a number up to 1.

    Notes
    -----
    ``r + (1 − r) N``: a straight line between one trial at r = 1 and N at r = 0.
    Source: Bailey & López de Prado (2014), appendix A.3.

    Examples
    --------
    >>> effective_trials(101, 0.5)
    51.0
    """
    if n_trials < 1:
        raise NonFiniteError("There is no trial.", expected="at least 1", found=n_trials)
    if not mean_correlation <= 1.0:
        raise NonFiniteError("A correlation is not a number up to 1.", found=mean_correlation)
    alike = max(mean_correlation, 0.0)
    return alike + (1.0 - alike) * n_trials


def _spread(record: TrackRecord) -> float:
    """Return the variance of the estimated ratio of one period, times the periods less one."""
    ratio = record.sharpe / math.sqrt(record.periods_per_year)
    spread = 1.0 - record.skew * ratio + (record.kurtosis - 1.0) / 4.0 * ratio * ratio
    if not spread > 0.0:
        raise NonFiniteError(
            "No distribution has such a skew and kurtosis.",
            expected="kurtosis above 1 + skew²",
            found=(record.skew, record.kurtosis),
        )
    return spread
