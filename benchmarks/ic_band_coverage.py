"""How often a band of a mean IC holds the true value, for four ways of making it.

Run it from the root of the repository::

    python -m benchmarks.ic_band_coverage

Windows of daily information coefficients are made at random, with a known mean: sums of
heavy-tailed draws over as many days as the label looks ahead, which is how overlapping labels move
together. A band of 90 % should hold the mean in 90 of 100 windows. Compared are a band for
independent days, Newey and West's with as many lags as the label looks ahead, the stationary
bootstrap that the search uses for Sharpe ratios, and the bands of the models; for the ratio, the
last two.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from quantpits.signals.ic_band import CONFIDENCE, mean_band, ratio_band
from quantpits.trading.overfit_band import bootstrap_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_NORMAL = 1.6449  # the 95 % quantile
_MEAN, _SCALE, _FREEDOM = 0.03, 0.1, 5
_RATIO = _MEAN / (_SCALE * np.sqrt(_FREEDOM / (_FREEDOM - 2)))
_RESAMPLES = 500


def window(rng: np.random.Generator, n_days: int, horizon: int) -> FloatArray:
    """Return daily values of a known mean and deviation whose neighbours share draws."""
    draws = rng.standard_t(_FREEDOM, size=n_days + horizon - 1) * _SCALE
    return np.convolve(draws, np.ones(horizon) / np.sqrt(horizon), "valid") + _MEAN


def independent(daily: FloatArray) -> tuple[float, float]:
    """Return the band that takes days for independent."""
    margin = _NORMAL * daily.std(ddof=1) / np.sqrt(len(daily))
    return daily.mean() - margin, daily.mean() + margin


def newey_west(daily: FloatArray, horizon: int) -> tuple[float, float]:
    """Return the band of Newey and West with as many lags as the label looks ahead."""
    moves = daily - daily.mean()
    n_days = len(moves)
    variance = (moves * moves).sum() / n_days
    for lag in range(1, horizon + 1):
        shared = (moves[lag:] * moves[:-lag]).sum() / n_days
        variance += 2.0 * (1.0 - lag / (horizon + 1)) * shared
    margin = _NORMAL * np.sqrt(variance / n_days)
    return daily.mean() - margin, daily.mean() + margin


def resampled(daily: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return low and high end of mean and ratio by the stationary bootstrap."""
    n_days = len(daily)
    counts = bootstrap_counts(n_days, _RESAMPLES, rng=rng)
    means = (counts * daily).sum(axis=1) / n_days
    squares = (counts * (daily * daily)).sum(axis=1)
    ratios = means / np.sqrt((squares - n_days * means * means) / (n_days - 1))
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    return np.quantile([means, ratios], tails, axis=1).T


def hits(daily: FloatArray, horizon: int, rng: np.random.Generator) -> dict[str, bool]:
    """Return which bands of a window hold the truth."""
    nothing = (np.nan, np.nan)
    mean, ratio = resampled(daily, rng)
    bands = {
        "independent": (independent(daily), _MEAN),
        "Newey-West": (newey_west(daily, horizon), _MEAN),
        "bootstrap": (mean, _MEAN),
        "ours": (mean_band(daily) or nothing, _MEAN),
        "bootstrap ratio": (ratio, _RATIO),
        "our ratio": (ratio_band(daily) or nothing, _RATIO),
    }
    return {name: bool(low <= truth <= high) for name, ((low, high), truth) in bands.items()}


def main() -> None:
    """Print how often each band holds the truth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=500)
    n_windows = parser.parse_args().windows
    is_first = True
    for horizon in (1, 6, 10, 20):
        for n_days in (60, 120, 240, 480):
            rng = np.random.default_rng([horizon, n_days])
            found = [hits(window(rng, n_days, horizon), horizon, rng) for _ in range(n_windows)]
            if is_first:
                print("label ahead  days  " + "  ".join(f"{name:>15}" for name in found[0]))
                is_first = False
            shares = [np.mean([each[name] for each in found]) for name in found[0]]
            cells = "  ".join(f"{share:15.3f}" for share in shares)
            print(f"{horizon:11d} {n_days:5d}  {cells}", flush=True)


if __name__ == "__main__":
    main()
