"""How far the ranking can be trusted: what stands beside every list of best combos.

Every combo that was simulated counts as a trial. The figures are those of
`quantpits.trading.overfit`: the deflated Sharpe ratio and a bootstrap band for each row that is
shown, and one probability of backtest overfitting for the search as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.search.analysis_active import active_statistics
from quantpits.search.analysis_clusters import correlation_distance
from quantpits.search.analysis_returns import is_flat, shared_returns
from quantpits.trading.overfit import (
    PBO,
    deflated_sharpe,
    effective_trials,
    expected_max_sharpe,
    minimum_track_record,
    pbo_from_moments,
    probabilistic_sharpe,
    sharpe_bands,
    track_record,
)
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from quantpits.search.analysis_active import Active
    from quantpits.search.results import ComboPaths, FloatArray, IntArray, SearchResults
    from quantpits.trading.overfit import TrackRecord
    from quantpits.workspace.progress import Progress

__all__ = [
    "BAND_CONFIDENCE",
    "BAND_RESAMPLES",
    "BAND_SEED",
    "Overfit",
    "RowTrust",
    "overfit_statistics",
]

BAND_CONFIDENCE: Final = 0.9
BAND_RESAMPLES: Final = 1000
BAND_SEED: Final = 20
"""Share of the resamples inside a band, how many there are, and the seed they are drawn with."""

CORRELATED_ROWS: Final = 200
"""Combos whose daily returns stand for all when it is measured how alike they are."""

_FEWEST_COMBOS = 2
_FEWEST_BLOCK_ROWS = 2


@dataclass(frozen=True, slots=True)
class RowTrust:
    """What can be said of one combo's Sharpe ratio; NaN where undefined.

    Attributes
    ----------
    sharpe : float
        Annualised, on the combo's own sessions.
    psr : float
        Probability that the true one is above 0, had there been no other trial.
    deflated, deflated_effective : float
        Probability that it is above what the best of as many worthless trials would show: all
        trials, and as many independent ones as they are worth.
    low, high : float
        Bootstrap band of `sharpe`.
    active_ratio, active_deflated : float
        Information ratio - the Sharpe ratio of the daily returns over the benchmark - and the
        probability that the true one is above what luck alone would show.
    """

    sharpe: float
    psr: float
    deflated: float
    deflated_effective: float
    low: float
    high: float
    active_ratio: float
    active_deflated: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Overfit:
    """How far a search can be trusted.

    Attributes
    ----------
    n_trials, n_combos : int
        Combos that were ever simulated for this choice, and those in the table.
    rows : int64 [R]
        Rows that the arrays below are about, in ranking order.
    sharpe, psr, deflated, deflated_effective, low, high : float64 [R]
        As in `RowTrust`.
    trial_sharpe_mean, trial_sharpe_deviation : float or None
        Mean and sample deviation of all Sharpe ratios in the table.
    expected_max, expected_max_effective : float or None
        Sharpe ratio that the best of as many worthless trials is expected to show: all trials, and
        as many independent ones as they are worth.
    mean_correlation : float or None
        Between the daily returns of two combos.
    n_correlated : int
        Combos it was measured on, evenly spread over the ranking.
    effective_trials : float or None
        Independent trials that the trials are worth.
    minimum_years : float or None
        Years it would take to be 95 % sure that the best is above `expected_max`; None if no length
        would do.
    active : Active or None
        The same over the benchmark; None without one.
    pbo : PBO or None
        The cross-validation of all combos.
    pbo_missing : str
        Why there is none.
    confidence : float
        Share of the resamples inside a band.
    n_resamples, seed : int
        Of the bootstrap.
    """

    n_trials: int
    n_combos: int
    rows: IntArray
    sharpe: FloatArray
    psr: FloatArray
    deflated: FloatArray
    deflated_effective: FloatArray
    low: FloatArray
    high: FloatArray
    trial_sharpe_mean: float | None
    trial_sharpe_deviation: float | None
    expected_max: float | None
    expected_max_effective: float | None
    mean_correlation: float | None
    n_correlated: int
    effective_trials: float | None
    minimum_years: float | None
    active: Active | None = None
    pbo: PBO | None
    pbo_missing: str
    confidence: float = BAND_CONFIDENCE
    n_resamples: int = BAND_RESAMPLES
    seed: int = BAND_SEED

    def at(self, row: int) -> RowTrust:
        """Return what can be said of a row.

        Parameters
        ----------
        row : int
            One of `rows`.

        Returns
        -------
        RowTrust
            Its figures.
        """
        at = int(np.searchsorted(self.rows, row))
        over = self.active
        return RowTrust(
            sharpe=float(self.sharpe[at]),
            psr=float(self.psr[at]),
            deflated=float(self.deflated[at]),
            deflated_effective=float(self.deflated_effective[at]),
            low=float(self.low[at]),
            high=float(self.high[at]),
            active_ratio=np.nan if over is None else float(over.ratio[at]),
            active_deflated=np.nan if over is None else float(over.deflated[at]),
        )


@dataclass(frozen=True, slots=True)
class _Trials:
    """What deflation needs to know of all trials together."""

    n_trials: int
    n_effective: float | None
    variance: float | None


def overfit_statistics(
    results: SearchResults, rows: IntArray, *, progress: Progress = SILENT
) -> Overfit:
    """Return how far the ranking can be trusted.

    Parameters
    ----------
    results : SearchResults
        The search.
    rows : int64 [R]
        Rows that are shown somewhere, increasing; the first is that of the best combo.
    progress : Progress
        Is told about the cross-validation.

    Returns
    -------
    Overfit
        The figures of those rows and of the search.
    """
    sharpe = results.table["Sharpe"]
    defined = sharpe[~np.isnan(sharpe)]
    shown, sample = results.paths_of(rows), results.paths_of(_spread_rows(results))
    alike, n_correlated = _mean_correlation(sample)
    trials = _Trials(
        n_trials=results.n_trials,
        n_effective=None if alike is None else effective_trials(results.n_trials, alike),
        variance=float(np.var(defined, ddof=1)) if len(defined) >= _FEWEST_COMBOS else None,
    )
    records, bands = _records_and_bands(shown, results.periods_per_year)
    pbo, missing = _cross_validation(results, progress)
    trust = np.array([_figures(record, trials) for record in records]).reshape(len(rows), 4)
    expected = _expected_max(trials.n_trials, trials.variance)
    return Overfit(
        n_trials=results.n_trials,
        n_combos=results.n_combos,
        rows=rows,
        sharpe=trust[:, 0],
        psr=trust[:, 1],
        deflated=trust[:, 2],
        deflated_effective=trust[:, 3],
        low=bands[:, 0],
        high=bands[:, 1],
        trial_sharpe_mean=float(defined.mean()) if len(defined) else None,
        trial_sharpe_deviation=None if trials.variance is None else trials.variance**0.5,
        expected_max=expected,
        expected_max_effective=_expected_max(trials.n_effective, trials.variance),
        mean_correlation=alike,
        n_correlated=n_correlated,
        effective_trials=trials.n_effective,
        minimum_years=_minimum_years(records[0] if records else None, expected),
        active=active_statistics(results, shown=shown, sample=sample),
        pbo=pbo,
        pbo_missing=missing,
    )


def _records_and_bands(
    paths: ComboPaths, periods_per_year: int
) -> tuple[list[TrackRecord | None], FloatArray]:
    """Return the track record and the band of each path, on its own sessions."""
    records: list[TrackRecord | None] = [None] * len(paths.returns)
    bands = np.full((len(paths.returns), 2), np.nan)
    own = np.isfinite(paths.returns)
    # Rows with the same sessions are resampled together, so that their bands can be compared.
    for sessions in np.unique(own, axis=0):
        members = np.flatnonzero((own == sessions).all(axis=1))
        returns = paths.returns[members][:, sessions]
        if returns.shape[1] < _FEWEST_COMBOS:
            continue
        bands[members] = sharpe_bands(
            returns,
            seed=BAND_SEED,
            n_resamples=BAND_RESAMPLES,
            confidence=BAND_CONFIDENCE,
            periods_per_year=periods_per_year,
        )
        for member, path in zip(members.tolist(), returns, strict=True):
            records[member] = track_record(path, periods_per_year=periods_per_year)
    return records, bands


def _figures(record: TrackRecord | None, trials: _Trials) -> tuple[float, float, float, float]:
    """Return ratio, probability, and deflated by all and by independent trials."""
    if record is None:
        return np.nan, np.nan, np.nan, np.nan
    return (
        record.sharpe,
        probabilistic_sharpe(record),
        _deflated(record, trials.n_trials, trials.variance),
        _deflated(record, trials.n_effective, trials.variance),
    )


def _deflated(record: TrackRecord, n_trials: float | None, variance: float | None) -> float:
    if n_trials is None:
        return np.nan
    if n_trials == 1:
        return probabilistic_sharpe(record)
    if variance is None:
        return np.nan
    return deflated_sharpe(record, n_trials=n_trials, variance=variance)


def _expected_max(n_trials: float | None, variance: float | None) -> float | None:
    if n_trials is None or variance is None:
        return None
    return expected_max_sharpe(n_trials, variance)


def _minimum_years(record: TrackRecord | None, expected: float | None) -> float | None:
    if record is None or expected is None:
        return None
    length = minimum_track_record(record, expected)
    return None if length is None else length / record.periods_per_year


def _spread_rows(results: SearchResults) -> IntArray:
    """Return rows evenly spread over the ranking, to stand for all combos."""
    count = min(CORRELATED_ROWS, results.n_combos)
    return np.unique(np.linspace(0, results.n_combos - 1, count).round().astype(np.int64))


def _mean_correlation(sample: ComboPaths) -> tuple[float | None, int]:
    """Return the mean correlation of daily returns, and of how many combos."""
    returns = shared_returns(sample, None).returns
    returns = returns[~is_flat(returns)]
    if len(returns) < _FEWEST_COMBOS:
        return None, len(returns)
    correlation, _ = correlation_distance(returns)
    pairs = correlation[np.triu_indices(len(returns), k=1)]
    return float(pairs.mean()), len(returns)


def _cross_validation(results: SearchResults, progress: Progress) -> tuple[PBO | None, str]:
    if results.n_combos < _FEWEST_COMBOS:
        return None, "with one combo there is nothing to choose"
    shortest = int(results.block_rows.min()) if len(results.block_rows) else 0
    if shortest < _FEWEST_BLOCK_ROWS:
        return None, (
            f"the sessions that all combos share are too few to cut into {len(results.block_rows)} "
            "blocks"
        )
    with progress.stage("Cross-validating the choice", total=2 * results.n_combos) as advance:
        found = pbo_from_moments(
            results.moments,
            results.block_rows,
            periods_per_year=results.periods_per_year,
            advance=advance,
        )
    return found, ""
