"""What a backtest was worth: figures of its path, what it traded and what that cost.

The account is cash until the close of the first row, so the benchmark's return counts from that
close: it is 0 in the first row. Amounts are in CNY. Source: decision 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ShapeError
from quantpits.trading import drawdowns, path_metrics

if TYPE_CHECKING:
    from datetime import date

    from quantpits.backtest.setting import BacktestSetting
    from quantpits.market import DateArray, FloatArray
    from quantpits.trading import Execution, PathMetrics, SimulationResult

__all__ = ["Performance", "benchmark_returns", "own_rows", "performance"]

_FEN_A_CNY = 100.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Performance:
    """Figures of one backtest.

    Attributes
    ----------
    execution : {"next_session", "qlib"}
        The timing.
    metrics : PathMetrics
        Return, risk and excess over the benchmark, net of costs.
    dates : datetime64[D] [T]
        Sessions, or first sessions of the steps.
    nav_cny : float64 [T]
        Account value [CNY].
    returns, benchmark_returns : float64 [T]
        Simple returns of each row, the account's net of costs [fraction].
    turnover_cny, cost_cny : float
        Notional traded, both sides, and costs paid, in all [CNY].
    turnover_annual : float
        One-way turnover a year: half the notional against the mean account value [fraction].
    cost_annual : float
        Costs a year against the mean account value [fraction].
    n_trade_rows : int
        Rows with a trade.
    drawdown_peak, drawdown_trough : date or None
        Where the deepest fall began, None before the first row, and where it ended.
    drawdown_recovery : date or None
        First row that reached the peak again; None if none did.
    """

    execution: Execution
    metrics: PathMetrics
    dates: DateArray
    nav_cny: FloatArray
    returns: FloatArray
    benchmark_returns: FloatArray
    turnover_cny: float
    cost_cny: float
    turnover_annual: float
    cost_annual: float
    n_trade_rows: int
    drawdown_peak: date | None
    drawdown_trough: date
    drawdown_recovery: date | None


def performance(
    setting: BacktestSetting,
    result: SimulationResult,
    *,
    first_row: int = 0,
    stop_row: int | None = None,
) -> Performance:
    """Return the figures of a backtest.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest.
    result : SimulationResult
        Its path.
    first_row, stop_row : int
        Rows of the result that count, half open; all by default. Given as `own_rows`, waiting for
        the first signal is not counted, and figures are those of the search.

    Returns
    -------
    Performance
        The figures.

    Raises
    ------
    ShapeError
        If the result is of another setting, or has no such row.
    NonFiniteError
        If the account was lost.
    """
    rows = setting.dates if setting.qlib is None else setting.qlib.dates
    stop = rows.size if stop_row is None else stop_row
    if not np.array_equal(rows, result.dates) or not 0 <= first_row < stop <= rows.size:
        raise ShapeError(
            "A result does not belong to the backtest.",
            expected=f"{rows.size} rows, and at least one of them",
            found=f"{result.dates.size} rows, and {first_row} to {stop} of them",
        )
    own = slice(first_row, stop)
    nav = np.asarray(result.nav[own], dtype=np.float64)
    opening = float(result.opening if first_row == 0 else result.nav[first_row - 1])
    market = benchmark_returns(setting, first_row=first_row)[: nav.size]
    metrics = path_metrics(
        nav, opening, benchmark_returns=market, periods_per_year=setting.periods_per_year
    )
    path = np.concatenate([[opening], nav])
    scale = _FEN_A_CNY if result.unit == "fen" else 1.0
    turnover = float(result.turnover[own].sum()) / scale
    cost = float(result.cost[own].sum()) / scale
    yearly = setting.periods_per_year / nav.size / (float(nav.mean()) / scale)
    dates = result.dates[own]
    peak, trough, recovery = _deepest_fall(path, drawdowns(nav, opening), dates)
    return Performance(
        execution=result.execution,
        metrics=metrics,
        dates=dates,
        nav_cny=nav / scale,
        returns=path[1:] / path[:-1] - 1.0,
        benchmark_returns=market,
        turnover_cny=turnover,
        cost_cny=cost,
        turnover_annual=turnover / 2 * yearly,
        cost_annual=cost * yearly,
        n_trade_rows=int(np.count_nonzero(result.turnover[own])),
        drawdown_peak=peak,
        drawdown_trough=trough,
        drawdown_recovery=recovery,
    )


def benchmark_returns(setting: BacktestSetting, *, first_row: int = 0) -> FloatArray:
    """Return the benchmark's returns on the rows of a result.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest.
    first_row : int
        First row of the result that counts.

    Returns
    -------
    float64 [T]
        Close to close, in Qlib's timing last close to last close of the steps; 0 in the first row
        [fraction].
    """
    level = setting.benchmark_nav
    if setting.qlib is not None:
        level = level[setting.qlib.steps.stop - 1]
    level = level[first_row:]
    return np.concatenate([[0.0], level[1:] / level[:-1] - 1.0])


def own_rows(setting: BacktestSetting, scores: FloatArray) -> tuple[int, int]:
    """Return the rows of a result that its scores account for.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest.
    scores : float64 [T, N]
        On its rows and columns, NaN for none.

    Returns
    -------
    first, stop : int
        From the row at whose close the first signal is known to that of the last one, half open; in
        Qlib's timing the steps that trade on signals. Both 0 if there is no signal at all.
    """
    has_signal = np.asarray(np.isfinite(scores).any(axis=1))
    if setting.qlib is not None:
        steps = setting.qlib.steps
        pairs = zip(steps.signal_first, steps.signal_stop, strict=True)
        has_signal = np.array([has_signal[first:stop].any() for first, stop in pairs])
    rows = np.flatnonzero(has_signal)
    return (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)


def _deepest_fall(
    path: FloatArray, falls: FloatArray, dates: DateArray
) -> tuple[date | None, date, date | None]:
    trough = int(np.argmin(falls))
    peak = int(np.argmax(path[: trough + 2]))  # the path has the opening value in front
    later = np.flatnonzero(path[trough + 1 :] >= path[peak])
    begin: date | None = None if peak == 0 else dates[peak - 1].item()
    end: date | None = dates[trough + int(later[0])].item() if later.size else None
    return begin, dates[trough].item(), end
