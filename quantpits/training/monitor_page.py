"""What monitoring shows: all models side by side, then each one by month and as it learned."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from quantpits.charts import (
    Axis,
    BarsChart,
    Chart,
    Column,
    Facts,
    Heading,
    HeatmapChart,
    Note,
    Page,
    SeriesChart,
    Table,
    TrainingChart,
    page_html,
    png_bytes,
)
from quantpits.signals.ic_band import CONFIDENCE
from quantpits.signals.stability import MOVING, SHIFTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from quantpits.charts import Section
    from quantpits.charts.kinds import DateArray, FloatArray
    from quantpits.modeling.curves import TrainingCurves
    from quantpits.modeling.evaluation import MonthIC
    from quantpits.modeling.watch import DaySeries, RunWatch
    from quantpits.training.monitor_request import MonitorReport, WatchedModel
    from quantpits.workspace import Progress

__all__ = ["Watched", "monitor_files"]

_SHARE = f"{CONFIDENCE:.0%}"
_LEVELS = {f"moving from {MOVING:g}": MOVING, f"shifted from {SHIFTED:g}": SHIFTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A model with what its runs kept.

    Attributes
    ----------
    model : WatchedModel
        Its numbers.
    watch : RunWatch or None
        Its scores by day; None if they were not kept.
    curves : TrainingCurves or None
        How it learned; None if it does not tell.
    """

    model: WatchedModel
    watch: RunWatch | None
    curves: TrainingCurves | None


def monitor_files(
    report: MonitorReport, watched: Sequence[Watched], *, progress: Progress
) -> dict[str, bytes]:
    """Return the page and the pictures of some models.

    Parameters
    ----------
    report : MonitorReport
        What is told of them.
    watched : sequence of Watched
        The models.
    progress : Progress
        Told about each picture.

    Returns
    -------
    dict of str to bytes
        ``{anchor}.html`` first, then ``{anchor}/{what}.png``: ``rank_ic``, ``ic``,
        ``rank_ic_by_month``, ``cumulative_rank_ic`` and ``drift`` of all models, and
        ``{model}_rank_ic_by_month`` and ``{model}_learning`` of each; without those that nothing is
        known for.
    """
    together = _together(watched)
    single = {each.model.model: _single(each) for each in watched}
    sections: list[Section] = [_facts(report), _table(report.models), _reading()]
    sections += [Heading("All models"), *together.values()]
    for name, charts in single.items():
        if charts:
            sections += [Heading(name), *charts.values()]
    page = Page(
        title=f"Models of {report.workspace}",
        subtitle=f"anchor {report.anchor_date}, {report.market_label}",
        sections=tuple(sections),
    )
    anchor = report.anchor_date.isoformat()
    files = {f"{anchor}.html": page_html(page).encode()}
    pictures = {**together}
    for name, charts in single.items():
        pictures |= {f"{name}_{what}": chart for what, chart in charts.items()}
    with progress.stage("Drawing", total=len(pictures)) as advance:
        for name, chart in pictures.items():
            files[f"{anchor}/{name}.png"] = png_bytes(chart)
            advance(1, name)
    return files


def _together(watched: Sequence[Watched]) -> dict[str, Chart]:
    """Return the charts that hold all models beside one another."""
    charts: dict[str, Chart] = {}
    for key, words in (("rank_ic", "rank IC"), ("ic", "IC")):
        known = [each.model for each in watched if getattr(each.model, key) is not None]
        if known:
            charts[key] = _means(known, key, words=words)
    by_day = {each.model.model: each.watch for each in watched if each.watch is not None}
    months = {name: watch.months for name, watch in by_day.items() if watch.months}
    if len(months) > 1:
        charts["rank_ic_by_month"] = _month_map(months)
    ranked = {name: watch.rank_ic for name, watch in by_day.items() if watch.rank_ic.days}
    if ranked:
        charts["cumulative_rank_ic"] = _lines(
            ranked,
            title="Cumulative rank IC",
            subtitle="sum of the daily rank ICs: a straight climb is steady, a bend is a change",
            axis=Axis("sum of daily rank ICs"),
            transform=_running_sum,
        )
    drifts = {name: watch.psi for name, watch in by_day.items() if watch.psi is not None}
    if drifts:
        charts["drift"] = _lines(
            drifts,
            title="Drift of the scores",
            subtitle="PSI of 20 sessions of raw scores against the training window of each model",
            axis=Axis("PSI"),
            levels=_LEVELS,
        )
    return charts


def _single(each: Watched) -> dict[str, Chart]:
    """Return the charts of one model."""
    charts: dict[str, Chart] = {}
    name = each.model.model
    if each.watch is not None and each.watch.months:
        charts["rank_ic_by_month"] = _month_bars(name, each.watch.months)
    if each.curves is not None:
        charts["learning"] = _learning(name, each.curves)
    return charts


def _means(models: Sequence[WatchedModel], key: str, *, words: str) -> Chart:
    values = np.array([getattr(each, key) for each in models], np.float64)
    bands = [getattr(each, f"{key}_band") or (np.nan, np.nan) for each in models]
    low, high = np.array(bands, np.float64).T
    has_bands = bool(np.isfinite(low).any())
    order = np.argsort(-values, kind="stable")
    return BarsChart(
        title=f"Mean daily {words} on the test window",
        subtitle=f"with {_SHARE} bands that allow for overlapping labels" if has_bands else "",
        labels=[models[at].model for at in order],
        series={words: values[order]},
        axis=Axis(words),
        low=low[order] if has_bands else None,
        high=high[order] if has_bands else None,
    )


def _month_map(months: dict[str, tuple[MonthIC, ...]]) -> Chart:
    columns = sorted({month.month for rows in months.values() for month in rows})
    values = np.full((len(months), len(columns)), np.nan)
    for row, known in enumerate(months.values()):
        for month in known:
            values[row, columns.index(month.month)] = month.rank_ic
    return HeatmapChart(
        title="Mean rank IC by month",
        rows=list(months),
        columns=columns,
        values=values,
        subtitle="months at the ends may have a few days only",
    )


def _month_bars(name: str, months: tuple[MonthIC, ...]) -> Chart:
    means = np.array([month.rank_ic for month in months], np.float64)
    margins = np.array(
        [np.nan if month.rank_ic_margin is None else month.rank_ic_margin for month in months]
    )
    has_bands = bool(np.isfinite(margins).any())
    return BarsChart(
        title=f"{name}: rank IC by month",
        subtitle=f"with {_SHARE} bands: what chance may do to a month" if has_bands else "",
        labels=[f"{month.month}, {month.n_days} days" for month in months],
        series={"rank IC": means},
        axis=Axis("mean daily rank IC"),
        low=means - margins if has_bands else None,
        high=means + margins if has_bands else None,
    )


def _learning(name: str, curves: TrainingCurves) -> Chart:
    shown = curves.shown()
    first = next((each for each in shown if each.is_validation), shown[0])
    strides = {after - before for each in shown for before, after in pairwise(each.steps)}
    stride = f", every {min(strides)} steps" if strides and min(strides) > 1 else ""
    direction = "higher" if first.is_higher_better else "lower"
    return TrainingChart(
        title=f"{name}: how it learned",
        subtitle=f"{direction} is better{stride}; from its {curves.source.replace('_', ' ')}",
        curves={
            each.name: np.array([np.nan if v is None else v for v in each.values], np.float64)
            for each in shown
        },
        best=curves.best_step(),
        best_name="best on validation",
        axis=Axis("score" if first.is_higher_better else "loss"),
        step_name="step",
    )


def _lines(
    series: dict[str, DaySeries],
    *,
    title: str,
    subtitle: str,
    axis: Axis,
    levels: dict[str, float] | None = None,
    transform: Callable[[FloatArray], FloatArray] | None = None,
) -> Chart:
    days = sorted({day for each in series.values() for day in each.days})
    places = {day: place for place, day in enumerate(days)}
    lines = {}
    for name, each in series.items():
        values = np.full(len(days), np.nan)
        values[[places[day] for day in each.days]] = each.numbers
        lines[name] = values if transform is None else transform(values)
    return SeriesChart(
        title=title, subtitle=subtitle, dates=_dates(days), series=lines, axis=axis, levels=levels
    )


def _running_sum(values: FloatArray) -> FloatArray:
    """Return the sum so far: nothing before the first and after the last value."""
    is_known = np.isfinite(values)
    total = np.cumsum(np.where(is_known, values, 0.0))
    has_begun = np.logical_or.accumulate(is_known)
    has_more = np.logical_or.accumulate(is_known[::-1])[::-1]
    return np.where(has_begun & has_more, total, np.nan)


def _dates(days: Sequence[date]) -> DateArray:
    return np.array(days, "datetime64[D]")


def _facts(report: MonitorReport) -> Facts:
    shifted = [each.model for each in report.models if each.drift == "shifted"]
    return Facts(
        pairs=(
            ("market", report.market_label),
            ("models", str(len(report.models))),
            ("scores have shifted", ", ".join(shifted) or "of none"),
        )
    )


def _reading() -> Note:
    return Note(
        f"A band holds the true value in about {_SHARE} of windows like this; where it reaches over"
        " 0, the test window alone does not tell the model from chance, and where the bands of two"
        " models overlap widely, neither is shown to be better. The deviation over seeds is another"
        " source of chance, and comes on top. A PSI is a warning only above what is usual for the"
        " model, which its validation window tells."
    )


def _table(models: Sequence[WatchedModel]) -> Table:
    # What is asked first stands left, since the table may be wider than the window.
    columns = (
        Column("model"),
        Column("trained at", kind="date"),
        Column("age in days", kind="integer"),
        Column("rank IC", kind="number", digits=4),
        Column("band of rank IC"),
        Column("± over seeds", kind="number", digits=4),
        Column("PSI", kind="number"),
        Column("usual up to", kind="number"),
        Column("drift"),
        Column("IC", kind="number", digits=4),
        Column("band of IC"),
        Column("rank ICIR", kind="number", digits=3),
        Column("band of rank ICIR"),
        Column("days", kind="integer"),
    )
    rows = tuple(
        (
            each.model,
            each.trained_at,
            each.age_days,
            each.rank_ic,
            _band(each.rank_ic_band, 4),
            each.rank_ic_seeds_std,
            each.psi,
            each.psi_usual,
            each.drift or ("unknown" if each.psi is None else "none"),
            each.ic,
            _band(each.ic_band, 4),
            each.rank_icir,
            _band(each.rank_icir_band, 3),
            each.n_ic_days,
        )
        for each in models
    )
    marked = frozenset(row for row, each in enumerate(models) if each.drift == "shifted")
    return Table(columns=columns, rows=rows, marked=marked)


def _band(band: tuple[float, float] | None, digits: int) -> str:
    return "" if band is None else f"{band[0]:.{digits}f} to {band[1]:.{digits}f}"
