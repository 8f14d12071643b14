"""The figures of a combo's path, inside the loop over combos.

The same figures as `quantpits.trading.path_metrics`, with NaN in the place of None, and the sums
over blocks of sessions from which the probability of backtest overfitting is computed.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from quantpits.trading.kernels import FloatArray, IntArray, kernel
from quantpits.trading.metrics import PERIODS_PER_YEAR, RISK_FREE_ANNUAL

__all__ = ["COMBO_COLUMNS", "ComboBlocks", "block_moments_nb", "own_metrics_nb"]

COMBO_COLUMNS: Final = (
    "n_periods",
    "total_return",
    "annualised_return",
    "volatility",
    "max_drawdown",
    "sharpe",
    "sortino",
    "calmar",
    "benchmark_return",
    "annualised_benchmark",
    "excess_return",
    "annualised_excess",
    "final_nav",
)
_RISK_FREE: Final = (1.0 + RISK_FREE_ANNUAL) ** (1.0 / PERIODS_PER_YEAR) - 1.0
_ROOT: Final = math.sqrt(PERIODS_PER_YEAR)
_NO_DEVIATION: Final = 1e-14  # as in `quantpits.trading.metrics`


class ComboBlocks(NamedTuple):
    """Equal blocks of the rows that all combos have.

    Attributes
    ----------
    first, length, n_blocks : int
        First row, rows of a block, and blocks.
    """

    first: int
    length: int
    n_blocks: int


@kernel
def compound_nb(growth: float, n_periods: int) -> float:
    """Return a growth as a yearly rate: ``growth ** (252 / n) - 1``.

    Parameters
    ----------
    growth : float64
        Last value over first, above 0.
    n_periods : int64
        Sessions.

    Returns
    -------
    float64
        The rate [fraction].
    """
    return math.expm1(math.log(growth) * (PERIODS_PER_YEAR / n_periods))


@kernel
def ratio_nb(numerator: float, denominator: float) -> float:
    """Return a ratio, NaN without a denominator.

    Parameters
    ----------
    numerator, denominator : float64
        The two.

    Returns
    -------
    float64
        The ratio, NaN if the denominator is NaN or nearly 0.
    """
    if not denominator >= _NO_DEVIATION:
        return np.nan
    return numerator / denominator


@kernel
def own_metrics_nb(nav: IntArray, opening: int, benchmark: float, figures: FloatArray) -> None:
    """Write the figures of a path, in the order of `COMBO_COLUMNS`.

    Equals `path_metrics` of ``nav`` and ``opening``; all NaN for a path without a session or with
    a value of 0 or below.

    Parameters
    ----------
    nav : int64 [n]
        Account values of the own rows [fen].
    opening : int64
        Value before the first of them [fen].
    benchmark : float64
        Last level of the benchmark over that of the first own row, NaN for none.
    figures : float64 [K]
        Written.
    """
    figures[:] = np.nan
    count = nav.size
    figures[0] = count
    lowest = opening
    for row in range(count):
        lowest = min(lowest, nav[row])
    if count == 0 or lowest <= 0:
        return
    before, peak, deepest = float(opening), float(opening), 0.0
    total, total_excess, shortfall = 0.0, 0.0, 0.0
    for row in range(count):
        value = float(nav[row])
        gain = value / before - 1.0
        total += gain
        total_excess += gain - _RISK_FREE
        shortfall += min(gain - _RISK_FREE, 0.0) ** 2
        peak = max(peak, value)
        deepest = min(deepest, value / peak - 1.0)
        before = value
    mean, squares = total / count, 0.0
    before = float(opening)
    for row in range(count):
        value = float(nav[row])
        squares += (value / before - 1.0 - mean) ** 2
        before = value
    deviation = math.sqrt(squares / (count - 1)) if count > 1 else np.nan
    growth = nav[count - 1] / opening
    yearly_excess = total_excess / count * _ROOT
    figures[1] = growth - 1.0
    figures[2] = compound_nb(growth, count)
    figures[3] = deviation * _ROOT
    figures[4] = deepest
    figures[5] = ratio_nb(yearly_excess, deviation)
    figures[6] = ratio_nb(yearly_excess, math.sqrt(shortfall / count))
    figures[7] = ratio_nb(figures[2], -deepest)
    figures[8] = benchmark - 1.0
    figures[9] = compound_nb(benchmark, count)
    figures[10] = growth / benchmark - 1.0
    figures[11] = compound_nb(growth / benchmark, count)
    figures[12] = nav[count - 1]


@kernel
def block_moments_nb(nav: IntArray, opening: int, blocks: ComboBlocks, moments: FloatArray) -> None:
    """Write the sum and the sum of squares of the returns of each block.

    Parameters
    ----------
    nav : int64 [T]
        Account values at each close, flat outside the own rows [fen].
    opening : int64
        Value before the first [fen].
    blocks : ComboBlocks
        Which rows.
    moments : float64 [2, S]
        Written; 0 where a value is 0 or below.
    """
    moments[:, :] = 0.0
    for block in range(blocks.n_blocks):
        total, squares = 0.0, 0.0
        begin = blocks.first + block * blocks.length
        for row in range(begin, begin + blocks.length):
            before = nav[row - 1] if row > 0 else opening
            if before > 0:
                gain = nav[row] / before - 1.0
                total += gain
                squares += gain * gain
        moments[0, block] = total
        moments[1, block] = squares
