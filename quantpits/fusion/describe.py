"""A fused and traded combo in plain values, for reports and for the head of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.fusion.request import ComboFigures, FusedCombo
from quantpits.signals import mean_correlation, rank_scores

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.backtest import BacktestSetting
    from quantpits.fusion.backtests import ComboBacktest
    from quantpits.fusion.compute import Fusion

__all__ = ["describe_combo", "figures_of", "page_facts"]

_N_BEST = 5


def describe_combo(fusion: Fusion, path: Path) -> FusedCombo:
    """Return what became of a combo, before it is written or traded.

    Parameters
    ----------
    fusion : Fusion
        The combo.
    path : Path
        Where its prediction goes.

    Returns
    -------
    FusedCombo
        Without a hash and without figures.
    """
    plan, panel = fusion.plan, fusion.panel
    order = rank_scores(panel.scores[-1], panel.instruments)
    return FusedCombo(
        label=plan.label,
        combo=plan.combo,
        is_default=plan.is_default,
        is_tradable=plan.is_tradable,
        method=plan.method,
        models=fusion.models,
        weights=fusion.weights,
        missing=fusion.missing,
        first_date=panel.dates[0].item(),
        last_date=panel.dates[-1].item(),
        n_days=len(panel.dates),
        n_instruments=int(panel.is_scored.any(axis=0).sum()),
        n_rows=int(panel.is_scored.sum()),
        n_on_last_date=len(order),
        mean_correlation=mean_correlation(fusion.correlation),
        best=tuple(panel.instruments[at] for at in order[:_N_BEST]),
        path=path,
    )


def figures_of(backtest: ComboBacktest) -> ComboFigures:
    """Return the figures of a combo's own backtest.

    Parameters
    ----------
    backtest : ComboBacktest
        The combo.

    Returns
    -------
    ComboFigures
        Plain values.
    """
    row = backtest.ensemble
    performance, metrics = row.performance, row.performance.metrics
    return ComboFigures(
        execution=backtest.setting.execution,
        frequency=backtest.setting.frequency,
        first_date=performance.dates[0].item(),
        last_date=performance.dates[-1].item(),
        annualised_return=metrics.annualised_return,
        equal_weight_return=backtest.equal_weight.performance.metrics.annualised_return,
        annualised_excess=metrics.annualised_excess,
        max_drawdown=metrics.max_drawdown,
        sharpe=metrics.sharpe,
        sharpe_low=row.sharpe_low,
        sharpe_high=row.sharpe_high,
        turnover_annual=performance.turnover_annual,
        cost_annual=performance.cost_annual,
        ic=row.ic.ic if row.ic else None,
        icir=row.ic.icir if row.ic else None,
    )


def page_facts(
    anchor: date, market_label: str, *, setting: BacktestSetting | None
) -> tuple[tuple[str, str], ...]:
    """Return the head of the page of a run.

    Parameters
    ----------
    anchor : date
        Last session the scores know of.
    market_label : str
        Name of the market data.
    setting : BacktestSetting or None
        Conventions of the backtests, if there are any.

    Returns
    -------
    tuple of (str, str)
        Name and value of each fact.
    """
    facts = [("Anchor", str(anchor))]
    if setting is None:
        return (*facts, ("Market", market_label), ("Backtest", "none"))
    lines = (line.partition(": ") for line in setting.description())
    return (*facts, *((name, value) for name, _, value in lines))
