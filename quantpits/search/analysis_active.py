"""Whether the best is better than luck over the benchmark, not only in a rising market.

In a good year every combo has a high Sharpe ratio, and deflating it says little about the choice.
The same is therefore done for the daily returns over the benchmark. Their spread over all trials is
measured on a sample of combos, evenly spread over the ranking: it takes their daily paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.trading.overfit import deflated_sharpe, expected_max_sharpe, track_record

if TYPE_CHECKING:
    from quantpits.search.results import ComboPaths, FloatArray, SearchResults
    from quantpits.trading.overfit import TrackRecord

__all__ = ["Active", "active_returns", "active_statistics"]

_FEWEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Active:
    """Information ratios of some rows, and what luck alone would show.

    Attributes
    ----------
    ratio : float64 [R]
        Annualised mean over deviation of the daily returns over the benchmark; NaN if undefined.
    deflated : float64 [R]
        Probability that the true one is above `expected_max`; NaN if undefined.
    expected_max : float
        Ratio that the best of as many worthless trials is expected to show.
    deviation : float
        Sample deviation of the ratio over the sampled combos.
    n_sampled : int
        Combos it was measured on.
    """

    ratio: FloatArray
    deflated: FloatArray
    expected_max: float
    deviation: float
    n_sampled: int


def active_statistics(
    results: SearchResults, *, shown: ComboPaths, sample: ComboPaths
) -> Active | None:
    """Return the information ratios of the shown rows, deflated.

    Parameters
    ----------
    results : SearchResults
        The search.
    shown : ComboPaths
        Paths of the R rows that are shown.
    sample : ComboPaths
        Paths of combos that stand for all of them.

    Returns
    -------
    Active or None
        None without a benchmark, or if fewer than two sampled combos have a ratio.
    """
    if results.benchmark_returns is None:
        return None
    sampled = [
        record.sharpe
        for record in _records(sample, results.benchmark_returns, results.periods_per_year)
        if record is not None
    ]
    if len(sampled) < _FEWEST:
        return None
    variance = float(np.var(sampled, ddof=1))
    records = _records(shown, results.benchmark_returns, results.periods_per_year)
    deflated = [
        np.nan
        if record is None
        else deflated_sharpe(record, n_trials=results.n_trials, variance=variance)
        for record in records
    ]
    return Active(
        ratio=np.array([np.nan if record is None else record.sharpe for record in records]),
        deflated=np.array(deflated),
        expected_max=expected_max_sharpe(results.n_trials, variance),
        deviation=variance**0.5,
        n_sampled=len(sampled),
    )


def active_returns(paths: ComboPaths, benchmark: FloatArray) -> FloatArray:
    """Return the daily returns over the benchmark.

    Parameters
    ----------
    paths : ComboPaths
        R paths on T sessions.
    benchmark : float64 [T]
        Simple daily returns of the benchmark [fraction].

    Returns
    -------
    float64 [R, T]
        Geometric [fraction]; NaN outside a path's own sessions. In its first own session nothing
        can be held yet, so the benchmark counts from the close of that session.
    """
    over = (1.0 + paths.returns) / (1.0 + benchmark) - 1.0
    own = np.isfinite(paths.returns)
    rows = np.flatnonzero(own.any(axis=1))
    first = own[rows].argmax(axis=1)
    over[rows, first] = paths.returns[rows, first]
    return np.asarray(over)


def _records(
    paths: ComboPaths, benchmark: FloatArray, periods_per_year: int
) -> list[TrackRecord | None]:
    return [
        track_record(
            path[np.isfinite(path)], periods_per_year=periods_per_year, risk_free_annual=0.0
        )
        for path in active_returns(paths, benchmark)
    ]
