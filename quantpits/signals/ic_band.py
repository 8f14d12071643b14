"""How much of a mean IC is the luck of the window: bands that know of overlapping labels.

Labels of neighbouring days share most of the days they look ahead, so daily information
coefficients move together, and a band that takes them for independent is far too narrow. The
variance of their mean is estimated from the slowest cosines of the series, whose squares are
nearly independent whatever the short-run correlation is, and compared with Student's distribution
of as many degrees of freedom.

Conventions: a band is a function of its own series only, without draws, and is summed in a fixed
order; days without a coefficient are left out, those around them count as neighbours.

Source: Müller, U. K. (2004), "A theory of robust long-run variance estimation"; Lazarus, E., Lewis,
D. J., Stock, J. H. & Watson, M. W. (2018), "HAR inference: recommendations for practice", Journal
of Business & Economic Statistics 36(4), for the number of cosines; Lo, A. W. (2002), "The
statistics of Sharpe ratios", Financial Analysts Journal 58(4), for the ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import stdtrit

from quantpits.errors import NonFiniteError

if TYPE_CHECKING:
    from quantpits.signals.panel import FloatArray

__all__ = [
    "CONFIDENCE",
    "FEWEST_DAYS",
    "Band",
    "ICBands",
    "ic_bands",
    "mean_band",
    "part_margin",
    "ratio_band",
]

Band = tuple[float, float]

CONFIDENCE: Final = 0.9
FEWEST_DAYS: Final = 10
# A deviation below this share of the mean is rounding.
_NO_DEVIATION = 1e-9


@dataclass(frozen=True, slots=True)
class ICBands:
    """Between which values the information coefficients of a model plausibly lie.

    Attributes
    ----------
    ic, icir, rank_ic, rank_icir : tuple of float, or None
        Low and high end; None with fewer than ten days or without any variation.
    """

    ic: Band | None
    icir: Band | None
    rank_ic: Band | None
    rank_icir: Band | None


def ic_bands(ic: FloatArray, rank_ic: FloatArray, *, confidence: float = CONFIDENCE) -> ICBands:
    """Return the bands of a model's mean coefficients and of their ratios.

    Parameters
    ----------
    ic, rank_ic : float64 [T]
        As `information_coefficient` returns them.
    confidence : float
        Share of windows whose band holds the true value; 0.9 leaves 5 % on either side.

    Returns
    -------
    ICBands
        Of mean IC, ICIR, mean rank IC and rank ICIR.

    Raises
    ------
    NonFiniteError
        If the confidence is not within (0, 1).

    Notes
    -----
    NaN: such days are left out.
    """
    return ICBands(
        mean_band(ic, confidence=confidence),
        ratio_band(ic, confidence=confidence),
        mean_band(rank_ic, confidence=confidence),
        ratio_band(rank_ic, confidence=confidence),
    )


def mean_band(daily: FloatArray, *, confidence: float = CONFIDENCE) -> Band | None:
    """Return the band of the mean of a daily series.

    Parameters
    ----------
    daily : float64 [T]
        One value a day.
    confidence : float
        Share of windows whose band holds the true mean.

    Returns
    -------
    tuple of float, or None
        Low and high end, the mean in their middle; None with fewer than ten days or without any
        variation.

    Raises
    ------
    NonFiniteError
        If the confidence is not within (0, 1).

    Notes
    -----
    NaN: such days are left out.

    Examples
    --------
    >>> low, high = mean_band(np.tile([0.0, 0.5], 32))
    >>> low < 0.25 < high
    True
    """
    _check(confidence)
    known = daily[np.isfinite(daily)]
    if not _varies(known):
        return None
    mean = float(known.mean())
    return _around(mean, known - mean, confidence)


def ratio_band(daily: FloatArray, *, confidence: float = CONFIDENCE) -> Band | None:
    """Return the band of the mean over the sample deviation of a daily series.

    Parameters
    ----------
    daily : float64 [T]
        One value a day.
    confidence : float
        Share of windows whose band holds the true ratio.

    Returns
    -------
    tuple of float, or None
        Low and high end, not annualised; None with fewer than ten days or without any variation.

    Raises
    ------
    NonFiniteError
        If the confidence is not within (0, 1).

    Notes
    -----
    NaN: such days are left out. By the delta method: what a day adds to the error of the ratio is
    its standardised value, less half the ratio times what it adds to the variance.
    """
    _check(confidence)
    known = daily[np.isfinite(daily)]
    if not _varies(known):
        return None
    deviation = float(known.std(ddof=1))
    ratio = float(known.mean()) / deviation
    standard = (known - known.mean()) / deviation
    return _around(ratio, standard - ratio / 2.0 * (standard * standard - 1.0), confidence)


def part_margin(daily: FloatArray, n_days: int, *, confidence: float = CONFIDENCE) -> float | None:
    """Return how far the mean of a part of the window may lie from the truth by chance.

    Parameters
    ----------
    daily : float64 [T]
        The whole window, which tells how much the days vary and how long they move together.
    n_days : int
        Days in the part, such as those of a month.
    confidence : float
        Share of parts whose true mean is within the margin.

    Returns
    -------
    float or None
        Half the width of a band around the part's mean; None if the whole has none.

    Raises
    ------
    NonFiniteError
        If the confidence is not within (0, 1).

    Notes
    -----
    NaN: such days are left out. A month alone is too short to tell its own variance.
    """
    band = mean_band(daily, confidence=confidence)
    if band is None or n_days < 1:
        return None
    n_all = int(np.isfinite(daily).sum())
    return (band[1] - band[0]) / 2.0 * float(np.sqrt(n_all / n_days))


def _around(center: float, moves: FloatArray, confidence: float) -> Band:
    """Return the band of a value whose error is the mean of `moves`, which sum to nearly 0."""
    n_days = len(moves)
    n_cosines = max(1, round(0.4 * n_days ** (2.0 / 3.0)))
    turn = np.pi * (np.arange(n_days) + 0.5) / n_days
    # One cosine at a time, not a matrix product: BLAS rounds by shape and threads.
    powers = [float((moves * np.cos(k * turn)).sum()) ** 2 for k in range(1, n_cosines + 1)]
    long_run = 2.0 / n_days * sum(powers) / n_cosines
    quantile = float(stdtrit(n_cosines, (1.0 + confidence) / 2.0))
    margin = quantile * float(np.sqrt(long_run / n_days))
    return center - margin, center + margin


def _varies(known: FloatArray) -> bool:
    if len(known) < FEWEST_DAYS:
        return False
    return bool(known.std() > _NO_DEVIATION * np.abs(known).max())


def _check(confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        raise NonFiniteError("The confidence is out of range.", expected="(0, 1)", found=confidence)
