"""What a fusion shows: its charts, and the page that holds them all.

A chart is a value that becomes a picture or a part of the page, so the two never differ. Nothing is
computed here but cumulative levels of returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.charts import (
    Axis,
    BarsChart,
    Column,
    Facts,
    Heading,
    HeatmapChart,
    NavChart,
    Note,
    Page,
    Paragraph,
    Table,
    WeightsChart,
)
from quantpits.fusion.backtests import ENSEMBLE, EQUAL_WEIGHT
from quantpits.fusion.leaderboard import information_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.charts.sections import Section, Tone
    from quantpits.errors import Finding
    from quantpits.fusion.backtests import BoardRow, ComboBacktest
    from quantpits.fusion.compute import Fusion
    from quantpits.signals import DateArray, FloatArray

__all__ = [
    "comparison_chart",
    "correlation_chart",
    "fusion_page",
    "nav_chart",
    "sharpe_chart",
    "weights_chart",
]

_BOARD_COLUMNS = (
    Column("name"),
    Column("weight", kind="percent", digits=1),
    Column("annualised", kind="percent", digits=2),
    Column("excess a year", kind="percent", digits=2),
    Column("volatility", kind="percent", digits=2),
    Column("max drawdown", kind="percent", digits=2),
    Column("Sharpe", kind="number", digits=2),
    Column("Sharpe, 90 % band"),
    Column("information ratio", kind="number", digits=2),
    Column("turnover a year", kind="percent", digits=0),
    Column("cost a year", kind="percent", digits=2),
    Column("IC", kind="number", digits=4),
    Column("ICIR", kind="number", digits=3),
    Column("deepest fall"),
)
_COMBO_COLUMNS = (
    Column("combo"),
    Column("method"),
    Column("models", kind="integer"),
    Column("annualised", kind="percent", digits=2),
    Column("equal weight", kind="percent", digits=2),
    Column("excess a year", kind="percent", digits=2),
    Column("max drawdown", kind="percent", digits=2),
    Column("Sharpe", kind="number", digits=2),
    Column("Sharpe, 90 % band"),
    Column("turnover a year", kind="percent", digits=0),
    Column("cost a year", kind="percent", digits=2),
    Column("IC", kind="number", digits=4),
    Column("ICIR", kind="number", digits=3),
    Column("first day", kind="date"),
    Column("days", kind="integer"),
)
_BAND_NOTE = (
    "The band holds the Sharpe ratio of nine in ten resamples of the daily returns (stationary "
    "bootstrap). Rows whose bands overlap cannot be told apart by this backtest, and choosing the "
    "best of several makes the best look better than it will be."
)


def nav_chart(backtest: ComboBacktest) -> NavChart:
    """Return the account values of a combo, equal weights and each model, with the benchmark."""
    row = backtest.ensemble
    by_name = {ENSEMBLE: row}
    if backtest.fusion.plan.method != "equal":
        by_name[EQUAL_WEIGHT] = backtest.equal_weight
    by_name |= {
        item.name: item
        for item in backtest.rows
        if item.kind == "model" and item.name not in by_name
    }
    return NavChart(
        title=f"{_name(backtest.fusion)}: account against {backtest.setting.benchmark}",
        subtitle=_convention(backtest),
        dates=row.performance.dates,
        navs={name: item.performance.nav_cny for name, item in by_name.items()},
        benchmark=_level(row.performance.benchmark_returns),
        benchmark_name=backtest.setting.benchmark,
        highlight=ENSEMBLE,
        opening=backtest.setting.account_cny,
        benchmark_opening=1.0,
    )


def weights_chart(fusion: Fusion) -> WeightsChart | None:
    """Return the weights of a combo over time; None where they never change."""
    if fusion.daily_weights is None:
        return None
    return WeightsChart(
        title=f"{_name(fusion)}: weight of each model",
        subtitle="dynamic: by the Sharpe ratio of each model's own portfolio, last 60 sessions",
        dates=fusion.panel.dates,
        weights=dict(zip(fusion.models, fusion.daily_weights.T, strict=True)),
    )


def correlation_chart(fusion: Fusion) -> HeatmapChart:
    """Return how alike the models of a combo score."""
    return HeatmapChart(
        title=f"{_name(fusion)}: correlation of the models' scores",
        subtitle="z-scores, all days and instruments pooled",
        rows=fusion.models,
        columns=fusion.models,
        values=fusion.correlation,
        scale="correlation",
    )


def sharpe_chart(backtest: ComboBacktest) -> BarsChart:
    """Return the Sharpe ratios of a leaderboard with their bands."""
    rows = backtest.rows
    return BarsChart(
        title=f"{_name(backtest.fusion)}: Sharpe ratios with 90 % bands",
        subtitle=_convention(backtest),
        labels=[row.name for row in rows],
        series={"Sharpe": _numbers([row.performance.metrics.sharpe for row in rows])},
        low=_numbers([row.sharpe_low for row in rows]),
        high=_numbers([row.sharpe_high for row in rows]),
        axis=Axis("Sharpe ratio"),
        highlight=ENSEMBLE,
    )


def comparison_chart(backtests: Sequence[ComboBacktest]) -> NavChart:
    """Return the account values of several combos, the default one marked.

    Parameters
    ----------
    backtests : sequence of ComboBacktest
        At least one, all of one setting.

    Returns
    -------
    NavChart
        Over all of their dates; a combo begins where its own scores do.
    """
    widest = min(backtests, key=lambda item: item.ensemble.performance.dates[0])
    dates = np.unique(np.concatenate([item.ensemble.performance.dates for item in backtests]))
    default = [item for item in backtests if item.fusion.plan.is_default]
    return NavChart(
        title=f"Combos against {widest.setting.benchmark}",
        subtitle=_convention(widest),
        dates=dates,
        navs={
            _name(item.fusion): _spread(
                item.ensemble.performance.nav_cny, item.ensemble.performance.dates, dates
            )
            for item in backtests
        },
        benchmark=_spread(
            _level(widest.ensemble.performance.benchmark_returns),
            widest.ensemble.performance.dates,
            dates,
        ),
        benchmark_name=widest.setting.benchmark,
        highlight=_name(default[0].fusion) if default else None,
        opening=widest.setting.account_cny,
        benchmark_opening=1.0,
    )


def fusion_page(
    title: str,
    fusions: Sequence[Fusion],
    *,
    backtests: Sequence[ComboBacktest],
    facts: Sequence[tuple[str, str]],
    findings: Sequence[Finding],
) -> Page:
    """Return the page of a run.

    Parameters
    ----------
    title : str
        Its heading.
    fusions : sequence of Fusion
        What was fused, at least one.
    backtests : sequence of ComboBacktest
        Those of them that could be traded.
    facts : sequence of (str, str)
        Where it comes from, and under which conventions.
    findings : sequence of Finding
        What a person should know.

    Returns
    -------
    Page
        Everything on one page.
    """
    sections: list[Section] = [Facts(pairs=tuple(facts))]
    tones: dict[str, Tone] = {"error": "bad", "warning": "warning", "info": "info"}
    sections += [
        Note(f"{finding.code} {_about(finding)}{finding.message}", tone=tones[finding.severity])
        for finding in findings
    ]
    if len(backtests) > 1:
        sections += [
            Heading("Combos"),
            comparison_chart(backtests),
            _combo_table(backtests),
            Paragraph(_BAND_NOTE),
        ]
    traded = {backtest.fusion.plan.label: backtest for backtest in backtests}
    for fusion in fusions:
        sections += _combo_sections(fusion, traded.get(fusion.plan.label))
    if len(backtests) == 1:
        sections.append(Paragraph(_BAND_NOTE))
    return Page(title=title, subtitle="Ensemble fusion", sections=tuple(sections))


def _combo_sections(fusion: Fusion, backtest: ComboBacktest | None) -> list[Section]:
    plan, dates = fusion.plan, fusion.panel.dates
    sections: list[Section] = [
        Heading(_name(fusion) + (" (default)" if plan.is_default else "")),
        Facts(
            pairs=(
                ("Method", plan.method),
                ("Models", ", ".join(fusion.models)),
                ("Scores", f"{int(fusion.panel.is_scored.sum())}, {dates[0]} to {dates[-1]}"),
            )
        ),
    ]
    if fusion.missing:
        message = f"Fused without {', '.join(fusion.missing)}, as --allow-missing permits."
        sections.append(Note(message, tone="warning"))
    if backtest is not None:
        sections += [nav_chart(backtest), _board_table(backtest), sharpe_chart(backtest)]
    weights = weights_chart(fusion)
    if weights is not None:
        sections.append(weights)
    if len(fusion.models) > 1:
        sections.append(correlation_chart(fusion))
    return sections


def _board_table(backtest: ComboBacktest) -> Table:
    marked = frozenset(
        at for at, row in enumerate(backtest.rows) if row.kind in {"ensemble", "equal_weight"}
    )
    return Table(
        columns=_BOARD_COLUMNS,
        rows=tuple(_board_cells(row) for row in backtest.rows),
        caption="Leaderboard: every row under the same strategy, costs and dates, net of costs.",
        marked=marked,
    )


def _board_cells(row: BoardRow) -> tuple[str | float | None, ...]:
    performance = row.performance
    metrics = performance.metrics
    return (
        row.name,
        row.weight,
        metrics.annualised_return,
        metrics.annualised_excess,
        metrics.volatility,
        metrics.max_drawdown,
        metrics.sharpe,
        _band(row),
        information_ratio(row),
        performance.turnover_annual,
        performance.cost_annual,
        row.ic.ic if row.ic else None,
        row.ic.icir if row.ic else None,
        _fall(row),
    )


def _combo_table(backtests: Sequence[ComboBacktest]) -> Table:
    rows = []
    for backtest in backtests:
        row, plan = backtest.ensemble, backtest.fusion.plan
        performance, metrics = row.performance, row.performance.metrics
        rows.append(
            (
                _name(backtest.fusion),
                plan.method,
                len(backtest.fusion.models),
                metrics.annualised_return,
                backtest.equal_weight.performance.metrics.annualised_return,
                metrics.annualised_excess,
                metrics.max_drawdown,
                metrics.sharpe,
                _band(row),
                performance.turnover_annual,
                performance.cost_annual,
                row.ic.ic if row.ic else None,
                row.ic.icir if row.ic else None,
                str(performance.dates[0]),
                int(performance.dates.size),
            )
        )
    return Table(
        columns=_COMBO_COLUMNS,
        rows=tuple(rows),
        caption="Each combo on its own rows; 'equal weight' is the same models at 1/M.",
        marked=frozenset(at for at, item in enumerate(backtests) if item.fusion.plan.is_default),
    )


def _name(fusion: Fusion) -> str:
    """Return what charts call a combo; one that lacks a model says so wherever it is named."""
    name = fusion.plan.combo or fusion.plan.label
    return f"{name} without {', '.join(fusion.missing)}" if fusion.missing else name


def _about(finding: Finding) -> str:
    return f"{finding.subject}: " if finding.subject else ""


def _convention(backtest: ComboBacktest) -> str:
    setting = backtest.setting
    return f"net of costs, {setting.frequency}, {setting.execution}"


def _level(returns: FloatArray) -> FloatArray:
    return np.asarray(np.cumprod(1.0 + returns), dtype=np.float64)


def _spread(values: FloatArray, own: DateArray, dates: DateArray) -> FloatArray:
    """Return values on more dates than their own, NaN elsewhere."""
    spread = np.full(dates.size, np.nan)
    spread[np.searchsorted(dates, own)] = values
    return spread


def _numbers(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _band(row: BoardRow) -> str:
    if row.sharpe_low is None or row.sharpe_high is None:
        return "–"
    return f"{row.sharpe_low:.2f} to {row.sharpe_high:.2f}"


def _fall(row: BoardRow) -> str:
    performance = row.performance
    if performance.metrics.max_drawdown >= 0:
        return "–"
    start = performance.drawdown_peak or performance.dates[0]
    end = performance.drawdown_recovery or "not recovered"
    return f"{start}, {performance.drawdown_trough}, {end}"
