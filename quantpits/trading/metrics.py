"""What a path of account values was worth: returns net of costs, compounded.

Conventions, the same everywhere:

- values are net of costs, one a session, and the value before the first session is part of the
  path: the first return is measured from it, and it counts as a peak of the drawdown;
- annualised return = ``(1 + total) ** (periods / n) - 1``, with 252 periods a year, whatever the
  rebalancing (52 only for Qlib's weekly steps);
- volatility is the sample deviation times ``sqrt(periods)``;
- Sharpe and Sortino take 1.35 % a year as the risk-free rate, spread evenly in compounding; Sortino
  divides by the root mean square of the shortfalls below it, all sessions counted;
- the excess over the benchmark is geometric: ``(1 + total) / (1 + benchmark) - 1``;
- a ratio without a denominator is None, never 0 and never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.errors import NonFiniteError, ShapeError

if TYPE_CHECKING:
    from quantpits.trading.kernels import FloatArray

__all__ = ["PERIODS_PER_YEAR", "RISK_FREE_ANNUAL", "PathMetrics", "drawdowns", "path_metrics"]

PERIODS_PER_YEAR: Final = 252
RISK_FREE_ANNUAL: Final = 0.0135
# Below this the deviation of a path is rounding: equal returns differ in the last place.
_NO_DEVIATION = 1e-14


@dataclass(frozen=True, slots=True)
class PathMetrics:
    """Figures of one path.

    Attributes
    ----------
    n_periods : int
        Sessions.
    periods_per_year : int
        The convention that was used.
    total_return, annualised_return : float
        Net of costs, compounded [fraction].
    volatility : float or None
        Annualised sample deviation [fraction]; None for fewer than two sessions.
    max_drawdown : float
        Deepest fall from a peak, the opening value included; 0 or below [fraction].
    sharpe, sortino, calmar : float or None
        None where the denominator is 0.
    benchmark_return, annualised_benchmark : float or None
        Compounded [fraction]; None without a benchmark.
    excess_return, annualised_excess : float or None
        Geometric [fraction]; None without a benchmark.
    final_nav : float
        Last value, in the unit of the path.
    """

    n_periods: int
    periods_per_year: int
    total_return: float
    annualised_return: float
    volatility: float | None
    max_drawdown: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    benchmark_return: float | None
    annualised_benchmark: float | None
    excess_return: float | None
    annualised_excess: float | None
    final_nav: float


def path_metrics(
    nav: FloatArray,
    opening: float,
    *,
    benchmark_returns: FloatArray | None = None,
    periods_per_year: int = PERIODS_PER_YEAR,
    risk_free_annual: float = RISK_FREE_ANNUAL,
) -> PathMetrics:
    """Return the figures of a path.

    Parameters
    ----------
    nav : float64 [T]
        Account values, net of costs, all above 0.
    opening : float
        Value before the first of them, above 0.
    benchmark_returns : float64 [T], optional
        Simple returns of the benchmark in the same sessions [fraction].
    periods_per_year : int
        Sessions in a year.
    risk_free_annual : float
        Risk-free rate [fraction a year].

    Returns
    -------
    PathMetrics
        The figures.

    Raises
    ------
    ShapeError
        If the path is empty, or the benchmark has another length.
    NonFiniteError
        If a value is not a positive number, or a benchmark return not a number above -1.

    Notes
    -----
    NaN: refused. Source: decision 5.

    Examples
    --------
    >>> found = path_metrics(np.array([110.0, 99.0]), 100.0)
    >>> round(found.total_return, 6), round(found.max_drawdown, 6)
    (-0.01, -0.1)
    """
    path = _path(nav, opening)
    returns = path[1:] / path[:-1] - 1.0
    growth = float(path[-1] / path[0])
    annualised = _compound(growth, returns.size, periods_per_year)
    deepest = float(drawdowns(nav, opening).min())
    free = (1.0 + risk_free_annual) ** (1.0 / periods_per_year) - 1.0
    deviation = float(np.std(returns, ddof=1)) if returns.size > 1 else None
    shortfall = float(np.sqrt(np.mean(np.minimum(returns - free, 0.0) ** 2)))
    root = float(np.sqrt(periods_per_year))
    mean_excess = float(np.mean(returns - free))
    benchmark = _benchmark_growth(benchmark_returns, returns.size)
    over = None if benchmark is None else growth / benchmark

    def yearly(factor: float | None) -> float | None:
        return None if factor is None else _compound(factor, returns.size, periods_per_year)

    return PathMetrics(
        n_periods=returns.size,
        periods_per_year=periods_per_year,
        total_return=growth - 1.0,
        annualised_return=annualised,
        volatility=None if deviation is None else deviation * root,
        max_drawdown=deepest,
        sharpe=_ratio(mean_excess * root, deviation),
        sortino=_ratio(mean_excess * root, shortfall),
        calmar=_ratio(annualised, -deepest),
        benchmark_return=None if benchmark is None else benchmark - 1.0,
        annualised_benchmark=yearly(benchmark),
        excess_return=None if over is None else over - 1.0,
        annualised_excess=yearly(over),
        final_nav=float(path[-1]),
    )


def drawdowns(nav: FloatArray, opening: float) -> FloatArray:
    """Return how far each value is below the highest one so far.

    Parameters
    ----------
    nav : float64 [T]
        Account values, all above 0.
    opening : float
        Value before the first of them; it counts as a peak.

    Returns
    -------
    float64 [T]
        0 at a peak, below 0 elsewhere [fraction].

    Raises
    ------
    ShapeError
        If the path is empty.
    NonFiniteError
        If a value is not a positive number.

    Notes
    -----
    NaN: refused.

    Examples
    --------
    >>> drawdowns(np.array([50.0, 200.0, 150.0]), 100.0).tolist()
    [-0.5, 0.0, -0.25]
    """
    path = _path(nav, opening)
    return np.asarray(path / np.maximum.accumulate(path) - 1.0)[1:]


def _path(nav: FloatArray, opening: float) -> FloatArray:
    if nav.ndim != 1 or nav.size == 0:
        raise ShapeError("A path has no session.", expected="at least one value", found=nav.shape)
    path = np.concatenate([[opening], nav]).astype(np.float64)
    is_bad = ~(np.isfinite(path) & (path > 0))
    if is_bad.any():
        place = int(np.flatnonzero(is_bad)[0])
        raise NonFiniteError(
            "A value of a path is not a positive number.",
            where="the opening value" if place == 0 else f"row {place - 1}",
            found=float(path[place]),
        )
    return path


def _compound(growth: float, n_periods: int, periods_per_year: int) -> float:
    """Return ``growth ** (periods_per_year / n_periods) - 1``, exact also near a total loss."""
    return float(np.expm1(np.log(growth) * (periods_per_year / n_periods)))


def _ratio(numerator: float, denominator: float | None) -> float | None:
    if denominator is None or denominator < _NO_DEVIATION:
        return None
    return numerator / denominator


def _benchmark_growth(returns: FloatArray | None, n_periods: int) -> float | None:
    if returns is None:
        return None
    if returns.shape != (n_periods,):
        raise ShapeError(
            "The benchmark does not fit the path.", expected=(n_periods,), found=returns.shape
        )
    if not (np.isfinite(returns) & (returns > -1)).all():
        raise NonFiniteError("A benchmark return is not a number above -1.")
    return float(np.prod(1.0 + returns))
