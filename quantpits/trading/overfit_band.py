"""How much of a Sharpe ratio is the luck of the draw: the stationary bootstrap.

Resampled paths are made of runs of consecutive sessions of random start and length, wrapped at the
end, so that what one session owes to the one before stays in. All paths are resampled alike,
session by session, so that their bands can be compared with each other.

Source: Politis, D. N. & Romano, J. P. (1994), "The stationary bootstrap", Journal of the American
Statistical Association 89(428).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.random import PCG64, Generator

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.metrics import PERIODS_PER_YEAR, RISK_FREE_ANNUAL

if TYPE_CHECKING:
    from quantpits.trading.kernels import FloatArray, IntArray

__all__ = ["bootstrap_counts", "mean_run", "sharpe_band", "sharpe_bands"]

DEFAULT_RESAMPLES: Final = 1000
DEFAULT_CONFIDENCE: Final = 0.9
# Resampled sessions held at a time: 32 MiB of counts.
_CELLS = 1 << 22
_NO_DEVIATION = 1e-9
_MINIMUM_SESSIONS = 2


def sharpe_band(
    returns: FloatArray,
    *,
    seed: int,
    n_resamples: int = DEFAULT_RESAMPLES,
    confidence: float = DEFAULT_CONFIDENCE,
    periods_per_year: int = PERIODS_PER_YEAR,
) -> tuple[float, float] | None:
    """Return between which Sharpe ratios a path's own would fall, resampled.

    Parameters
    ----------
    returns : float64 [T]
        Simple daily returns, net of costs [fraction].
    seed : int
        The draws are a function of it: the same seed gives the same band.
    n_resamples : int
        Resampled paths.
    confidence : float
        Share of the resampled ratios inside the band; 0.9 leaves 5 % on either side.
    periods_per_year : int
        Sessions in a year.

    Returns
    -------
    (float, float) or None
        Low and high annualised Sharpe ratio; None without a deviation.

    Raises
    ------
    ShapeError
        If there are fewer than two returns or no resamples.
    NonFiniteError
        If a return is not a number, or the confidence is not within (0, 1).

    Notes
    -----
    NaN: refused. The risk-free rate is that of `quantpits.trading.metrics`; a resample without a
    deviation counts as ratio 0.
    """
    bands = sharpe_bands(
        returns[None],
        seed=seed,
        n_resamples=n_resamples,
        confidence=confidence,
        periods_per_year=periods_per_year,
    )
    low, high = bands[0].tolist()
    return None if np.isnan(low) else (low, high)


def sharpe_bands(
    returns: FloatArray,
    *,
    seed: int,
    n_resamples: int = DEFAULT_RESAMPLES,
    confidence: float = DEFAULT_CONFIDENCE,
    periods_per_year: int = PERIODS_PER_YEAR,
) -> FloatArray:
    """Return the band of each of several paths, all resampled alike.

    Parameters
    ----------
    returns : float64 [K, T]
        Simple daily returns of K paths on the same sessions, net of costs [fraction].
    seed : int
        The draws are a function of it.
    n_resamples : int
        Resampled paths of each.
    confidence : float
        Share of the resampled ratios inside the band.
    periods_per_year : int
        Sessions in a year.

    Returns
    -------
    float64 [K, 2]
        Low and high annualised Sharpe ratio; NaN for a path without a deviation.

    Raises
    ------
    ShapeError
        If there are fewer than two returns a path, or no resamples.
    NonFiniteError
        If a return is not a number, or the confidence is not within (0, 1).

    Notes
    -----
    NaN: refused. Runs have a mean length of the cube root of T (`mean_run`).
    """
    _check(returns, n_resamples, confidence)
    n_paths, n_sessions = returns.shape
    free = (1.0 + RISK_FREE_ANNUAL) ** (1.0 / periods_per_year) - 1.0
    excess = returns - free
    squares = excess * excess
    ratios = np.empty((n_paths, n_resamples))
    rng = Generator(PCG64(seed))
    block = max(1, _CELLS // n_sessions)
    for first in range(0, n_resamples, block):
        stop = min(first + block, n_resamples)
        counts = bootstrap_counts(n_sessions, stop - first, rng=rng).astype(np.float64)
        for path in range(n_paths):
            # Sums of rows, not a matrix product: BLAS rounds by the number of paths and threads.
            total = (counts * excess[path]).sum(axis=1)
            total_squares = (counts * squares[path]).sum(axis=1)
            ratios[path, first:stop] = _ratios(total, total_squares, n_sessions)
    tail = (1.0 - confidence) / 2.0
    bands = np.quantile(ratios, [tail, 1.0 - tail], axis=1).T * np.sqrt(periods_per_year)
    spread = excess.var(axis=1)
    bands[spread <= _NO_DEVIATION * squares.mean(axis=1)] = np.nan
    return np.asarray(bands)


def bootstrap_counts(n_sessions: int, n_resamples: int, *, rng: Generator) -> IntArray:
    """Return how often each session occurs in each resampled path.

    Parameters
    ----------
    n_sessions : int
        Sessions T of the path.
    n_resamples : int
        Resampled paths R.
    rng : numpy.random.Generator
        Where the draws come from; it moves on.

    Returns
    -------
    int64 [R, T]
        Every row sums to T.

    Notes
    -----
    Each place starts a new run with probability ``1 / mean_run(T)``, else it takes the session
    after the one before it. Mean and deviation need the counts only, not the order.
    """
    is_start = rng.random((n_resamples, n_sessions)) < 1.0 / mean_run(n_sessions)
    is_start[:, 0] = True
    starts = rng.integers(n_sessions, size=(n_resamples, n_sessions))
    places = np.arange(n_sessions)
    since = places - np.maximum.accumulate(np.where(is_start, places, 0), axis=1)
    run_start = np.take_along_axis(starts, places - since, axis=1)
    sessions = (run_start + since) % n_sessions
    flat = sessions + n_sessions * np.arange(n_resamples)[:, None]
    counts = np.bincount(flat.ravel(), minlength=n_resamples * n_sessions)
    return counts.reshape(n_resamples, n_sessions)


def mean_run(n_sessions: int) -> float:
    """Return the mean length of a run of sessions: the cube root of their number.

    Parameters
    ----------
    n_sessions : int
        Sessions of the path, at least one.

    Returns
    -------
    float
        Sessions, at least 1; about 9 for 640.

    Notes
    -----
    The rate at which the best length grows when a deviation is estimated; its factor depends on the
    path and is taken as 1. Source: Hall, Horowitz & Jing (1995), Biometrika 82(3).

    Examples
    --------
    >>> round(mean_run(1000), 6)
    10.0
    """
    return float(max(1.0, n_sessions ** (1.0 / 3.0)))


def _check(returns: FloatArray, n_resamples: int, confidence: float) -> None:
    if returns.ndim != 2 or returns.shape[1] < _MINIMUM_SESSIONS:  # noqa: PLR2004 - the axes
        raise ShapeError(
            "A path is too short to resample.",
            expected=f"at least {_MINIMUM_SESSIONS} returns",
            found=returns.shape[-1] if returns.ndim else returns.shape,
        )
    if n_resamples < 1:
        raise ShapeError("No resamples were asked for.", expected="at least 1", found=n_resamples)
    if not np.isfinite(returns).all():
        raise NonFiniteError("A return is not a number.")
    if not 0.0 < confidence < 1.0:
        raise NonFiniteError("The confidence is out of range.", expected="(0, 1)", found=confidence)


def _ratios(total: FloatArray, squares: FloatArray, n_sessions: int) -> FloatArray:
    """Return Sharpe ratios of one period from sums; 0 without a deviation."""
    mean = total / n_sessions
    spread = squares - total * mean
    is_defined = spread > _NO_DEVIATION * squares
    deviation = np.sqrt(np.where(is_defined, spread, 1.0) / (n_sessions - 1))
    return np.asarray(np.where(is_defined, mean / deviation, 0.0))
