"""Leaderboard and comparison as tables: which columns, in which units, in which order.

Conventions: figures are net of costs, compounded, as `quantpits.trading.metrics` has them. They are
fractions, never percent, but for the columns of the comparison that the earlier system wrote in
percent. An undefined figure is an empty cell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.fusion.backtests import BoardRow, ComboBacktest

__all__ = [
    "COMPARISON_COLUMNS",
    "LEADERBOARD_COLUMNS",
    "comparison_rows",
    "information_ratio",
    "leaderboard_rows",
]

Cell = str | int | float | None

LEADERBOARD_COLUMNS: Final = (
    "name",
    "mean",
    "std",
    "annualized_return",
    "information_ratio",
    "max_drawdown",
    "kind",
    "weight",
    "total_return",
    "excess_return",
    "annualized_excess",
    "volatility",
    "sharpe",
    "sharpe_low",
    "sharpe_high",
    "sortino",
    "calmar_ratio",
    "turnover",
    "cost",
    "cost_cny",
    "n_trade_days",
    "drawdown_start",
    "drawdown_bottom",
    "drawdown_end",
    "ic",
    "icir",
    "rank_ic",
    "rank_icir",
    "n_ic_days",
    "first_date",
    "last_date",
    "n_days",
)
"""Columns of ``leaderboard{suffix}_{anchor}.csv``; the first six are the earlier system's."""

COMPARISON_COLUMNS: Final = (
    "combo",
    "models",
    "method",
    "is_default",
    "total_return",
    "annualized_return",
    "max_drawdown",
    "calmar_ratio",
    "excess_return",
    "equal_weight_annualized_return",
    "annualized_excess",
    "sharpe",
    "sharpe_low",
    "sharpe_high",
    "turnover",
    "cost",
    "ic",
    "icir",
    "first_date",
    "last_date",
    "n_days",
    "missing_models",
)
"""Columns of ``combo_comparison_{anchor}.csv``; the first nine are the earlier system's."""

_PERCENT_DIGITS = 2
_RATIO_DIGITS = 4
_FEWEST = 2
_NO_DEVIATION = 1e-14


def leaderboard_rows(backtest: ComboBacktest) -> list[list[Cell]]:
    """Return the leaderboard of a combo.

    Parameters
    ----------
    backtest : ComboBacktest
        The combo.

    Returns
    -------
    list of list
        One row per line of the backtest, in `LEADERBOARD_COLUMNS`; then one of kind ``missing``,
        without figures, for each model that the combo should have and has not.

    Notes
    -----
    ``mean`` and ``std`` are those of the daily net returns; ``information_ratio`` is that of the
    daily returns over the benchmark's, annualised.
    """
    rows = [_leaderboard_row(row) for row in backtest.rows]
    at = LEADERBOARD_COLUMNS.index("kind")
    for model in backtest.fusion.missing:
        cells: list[Cell] = [None] * len(LEADERBOARD_COLUMNS)
        cells[0], cells[at] = model, "missing"
        rows.append(cells)
    return rows


def comparison_rows(backtests: Sequence[ComboBacktest]) -> list[list[Cell]]:
    """Return the combos side by side, in the order given.

    Parameters
    ----------
    backtests : sequence of ComboBacktest
        The combos.

    Returns
    -------
    list of list
        One row per combo, in `COMPARISON_COLUMNS`.

    Notes
    -----
    ``total_return`` to ``excess_return`` and ``equal_weight_annualized_return`` are percentages
    with two digits, ``calmar_ratio`` has four; the other columns are full fractions.
    """
    return [_comparison_row(backtest) for backtest in backtests]


def information_ratio(row: BoardRow) -> float | None:
    """Return the annualised mean over the deviation of the daily returns above the benchmark's.

    Parameters
    ----------
    row : BoardRow
        A backtest.

    Returns
    -------
    float or None
        None without any deviation, or with fewer than two days.
    """
    performance = row.performance
    active = performance.returns - performance.benchmark_returns
    if active.size < _FEWEST:
        return None
    deviation = float(active.std(ddof=1))
    if deviation < _NO_DEVIATION:
        return None
    return float(active.mean()) / deviation * math.sqrt(performance.metrics.periods_per_year)


def _leaderboard_row(row: BoardRow) -> list[Cell]:
    performance = row.performance
    metrics, returns, skill = performance.metrics, performance.returns, row.ic
    peak, recovery = performance.drawdown_peak, performance.drawdown_recovery
    is_falling = metrics.max_drawdown < 0
    return [
        row.name,
        float(returns.mean()),
        float(returns.std(ddof=1)) if returns.size >= _FEWEST else None,
        metrics.annualised_return,
        information_ratio(row),
        metrics.max_drawdown,
        row.kind,
        row.weight,
        metrics.total_return,
        metrics.excess_return,
        metrics.annualised_excess,
        metrics.volatility,
        metrics.sharpe,
        row.sharpe_low,
        row.sharpe_high,
        metrics.sortino,
        metrics.calmar,
        performance.turnover_annual,
        performance.cost_annual,
        performance.cost_cny,
        performance.n_trade_rows,
        str(peak or performance.dates[0]) if is_falling else None,
        str(performance.drawdown_trough) if is_falling else None,
        str(recovery) if is_falling and recovery is not None else None,
        skill.ic if skill else None,
        skill.icir if skill else None,
        skill.rank_ic if skill else None,
        skill.rank_icir if skill else None,
        skill.n_days if skill else None,
        str(performance.dates[0]),
        str(performance.dates[-1]),
        int(performance.dates.size),
    ]


def _comparison_row(backtest: ComboBacktest) -> list[Cell]:
    plan, row = backtest.fusion.plan, backtest.ensemble
    performance, skill = row.performance, row.ic
    metrics = performance.metrics
    equal = backtest.equal_weight.performance.metrics
    calmar = metrics.calmar
    return [
        plan.combo or plan.label,
        ", ".join(backtest.fusion.models),
        plan.method,
        str(plan.is_default),
        _percent(metrics.total_return),
        _percent(metrics.annualised_return),
        _percent(metrics.max_drawdown),
        None if calmar is None else round(calmar, _RATIO_DIGITS),
        _percent(metrics.excess_return),
        _percent(equal.annualised_return),
        metrics.annualised_excess,
        metrics.sharpe,
        row.sharpe_low,
        row.sharpe_high,
        performance.turnover_annual,
        performance.cost_annual,
        skill.ic if skill else None,
        skill.icir if skill else None,
        str(performance.dates[0]),
        str(performance.dates[-1]),
        int(performance.dates.size),
        ", ".join(backtest.fusion.missing),
    ]


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction * 100.0, _PERCENT_DIGITS)
