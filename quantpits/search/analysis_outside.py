"""What became of the best combos after the sessions they were chosen on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from quantpits.search.analysis_diversity import correlation_of
from quantpits.search.analysis_returns import shared_returns
from quantpits.trading import path_metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantpits.search.analysis_returns import SharedReturns
    from quantpits.search.results import (
        ComboPaths,
        DateArray,
        FloatArray,
        IntArray,
        SearchResults,
    )

__all__ = ["OutOfSample", "OutOfSampleSource", "out_of_sample"]

PathsOf: TypeAlias = "Callable[[IntArray], ComboPaths]"


@dataclass(frozen=True, slots=True, eq=False)
class OutOfSampleSource:
    """Where paths out-of-sample come from.

    Attributes
    ----------
    paths_of : callable
        Gets rows of the in-sample results (int64 [R]); returns their `ComboPaths` out-of-sample.
    benchmark_returns : float64 [T] or None
        Simple daily returns of the benchmark in those sessions [fraction].
    """

    paths_of: PathsOf
    benchmark_returns: FloatArray | None

    def shared(self, rows: IntArray) -> SharedReturns:
        """Return daily returns of rows on the sessions they share.

        Parameters
        ----------
        rows : int64 [R]
            Rows of the in-sample results.

        Returns
        -------
        SharedReturns
            Possibly of no session.
        """
        return shared_returns(self.paths_of(rows), self.benchmark_returns)


@dataclass(frozen=True, slots=True, eq=False)
class OutOfSample:
    """The main list, after it was chosen.

    Attributes
    ----------
    rows : int64 [R]
        Rows of the main list.
    dates : datetime64[D] [T]
        Sessions they share out-of-sample.
    ann_excess : float64 [R]
        Annualised excess there [fraction]; annualised return without a benchmark; NaN for a combo
        without any session there.
    rank_correlation : float or None
        Spearman's, between the ranking and `ann_excess`.
    has_benchmark : bool
        Whether `ann_excess` is over one.
    """

    rows: IntArray
    dates: DateArray
    ann_excess: FloatArray
    rank_correlation: float | None
    has_benchmark: bool

    @property
    def n_above(self) -> int:
        """Rows above the benchmark, or above 0 without one."""
        return int((self.ann_excess > 0.0).sum())


def out_of_sample(
    results: SearchResults, rows: IntArray, *, source: OutOfSampleSource
) -> OutOfSample | None:
    """Return what became of some rows.

    Parameters
    ----------
    results : SearchResults
        The search.
    rows : int64 [R]
        Rows in ranking order.
    source : OutOfSampleSource
        Where their later paths come from.

    Returns
    -------
    OutOfSample or None
        None if the rows share no session out-of-sample.
    """
    shared = source.shared(rows)
    if not len(shared.dates):
        return None
    found = []
    for path in shared.returns:
        if np.isnan(path).any():
            found.append(np.nan)
            continue
        figures = path_metrics(
            np.cumprod(1.0 + path),
            1.0,
            benchmark_returns=shared.benchmark,
            periods_per_year=results.periods_per_year,
        )
        over = figures.annualised_excess
        found.append(figures.annualised_return if over is None else over)
    later = np.array(found)
    return OutOfSample(
        rows=rows,
        dates=shared.dates,
        ann_excess=later,
        rank_correlation=_rank_correlation(later),
        has_benchmark=shared.benchmark is not None,
    )


def _rank_correlation(later: FloatArray) -> float | None:
    """Return Spearman's correlation with the order they stand in."""
    is_defined = ~np.isnan(later)
    return correlation_of(np.arange(is_defined.sum(), dtype=np.float64), _ranks(later[is_defined]))


def _ranks(values: FloatArray) -> FloatArray:
    """Return 1 for the highest; equal values share their mean rank."""
    _, inverse, counts = np.unique(-values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse])
