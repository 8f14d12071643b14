"""Pictures of what changes: weights and numbers over time, learning, ranks across models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.charts.canvas import (
    GRID,
    LABEL_ROOM,
    LABEL_SIZE,
    LINE_STYLES,
    QUIET,
    Frame,
    fitted_all,
    format_axis,
    format_dates,
    new_frame,
    text_width,
    widest_label,
)
from quantpits.charts.curves import rank_styles, weight_bands
from quantpits.charts.kinds import Axis
from quantpits.charts.labels import spread
from quantpits.charts.palette import OTHERS, WARNING, dash_of, series_color
from quantpits.charts.ticks import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from quantpits.charts.kinds import FloatArray, RanksChart, TrainingChart, WeightsChart
    from quantpits.charts.kinds_series import SeriesChart

__all__ = ["ranks_figure", "series_figure", "training_figure", "weights_figure"]

_MOST_DOTS: Final = 2


def weights_figure(chart: WeightsChart) -> Figure:
    """Return the weights of a combo's members over time, stacked.

    Parameters
    ----------
    chart : WeightsChart
        What to draw.

    Returns
    -------
    Figure
        Bands are named at the right, at the height they end at, with their last weight.
    """
    bands = weight_bands(chart)
    names = fitted_all((band.name for band in bands), LABEL_ROOM - 0.6, size=LABEL_SIZE)
    texts = [
        f"{name} {number_text(float(band.weights[-1]), 'percent')}"
        for name, band in zip(names, bands, strict=True)
    ]
    frame = new_frame(chart.title, chart.subtitle, height=4.6)
    right = frame.width - 0.35 - widest_label(texts)
    axes = frame.axes(0.75, 0.45, right=right, top=frame.top - 0.05)
    days = chart.dates.astype("datetime64[D]").astype(np.float64)
    if len(days) == 1:
        days = np.array([days[0] - 0.4, days[0] + 0.4])
    heights = np.array([np.resize(band.weights, len(days)) for band in bands])
    tops = np.cumsum(heights, axis=0)
    for band, top, part in zip(bands, tops, heights, strict=True):
        axes.fill_between(
            days,
            top - part,
            top,
            facecolor=band.color,
            edgecolor="white",
            linewidth=0.4,
            hatch="///" if band.dash == "dash" else None,
        )
    axes.set_ylim(0.0, max(float(tops[-1].max()), 1e-9))
    format_dates(axes, chart.dates)
    axes.set_xlim(days[0], days[-1] if days[-1] > days[0] else days[0] + 1)
    format_axis(axes, Axis("weight", "percent"), which="y")
    inches = axes.get_position().height * frame.height
    middles = (tops[:, -1] - heights[:, -1] / 2) / axes.get_ylim()[1] * inches
    spots = spread(middles, 1.35 * LABEL_SIZE / 72, low=0.05, high=inches - 0.05)
    for text, spot, band in zip(texts, spots, bands, strict=True):
        color = QUIET if band.color == OTHERS else band.color
        _write_right(axes, text, spot / inches, color=color)
    return frame.figure


def _write_right(axes: Axes, text: str, height: float, *, color: str) -> None:
    axes.annotate(
        text,
        xy=(1.012, height),
        xycoords="axes fraction",
        color=color,
        fontsize=LABEL_SIZE,
        va="center",
        annotation_clip=False,
    )


def training_figure(chart: TrainingChart) -> Figure:
    """Return how a model learned, epoch by epoch.

    Parameters
    ----------
    chart : TrainingChart
        What to draw.

    Returns
    -------
    Figure
        Curves are named at their ends; the epoch that was kept is marked.
    """
    frame = new_frame(chart.title, chart.subtitle, height=4.4)
    names = fitted_all(chart.curves, LABEL_ROOM - 0.6, size=LABEL_SIZE)
    right = frame.width - 0.35 - widest_label(names)
    axes = frame.axes(0.85, 0.6, right=right, top=frame.top - 0.05)
    ends = []
    for place, curve in enumerate(chart.curves.values()):
        epochs = np.arange(1, len(curve) + 1)
        axes.plot(
            epochs,
            curve,
            color=series_color(place),
            linestyle=LINE_STYLES[dash_of(place)],
            linewidth=1.6,
            marker="o" if len(curve) <= _MOST_DOTS else "",
            markersize=4,
        )
        finite = curve[np.isfinite(curve)]
        ends.append(float(finite[-1]) if len(finite) else np.nan)
    format_axis(axes, chart.axis, which="y")
    axes.set_xlim(0.5, max(len(curve) for curve in chart.curves.values()) + 0.5)
    format_axis(axes, Axis(chart.step_name, "integer"), which="x", n_max=10)
    if chart.best is not None:
        _mark_epoch(axes, chart.best, text=f"{chart.best_name}: {chart.step_name} {chart.best}")
    axes.grid(visible=False, axis="x")
    low, high = axes.get_ylim()
    inches = axes.get_position().height * frame.height
    wanted = (np.nan_to_num(np.array(ends), nan=low) - low) / (high - low) * inches
    spots = spread(wanted, 1.35 * LABEL_SIZE / 72, low=0.05, high=inches - 0.05)
    for place, (name, spot) in enumerate(zip(names, spots, strict=True)):
        _write_right(axes, name, spot / inches, color=series_color(place))
    return frame.figure


def _mark_epoch(axes: Axes, best: int, *, text: str) -> None:
    axes.axvline(best, color=WARNING, linewidth=1.0, linestyle=(0, (2, 2)))
    low, high = axes.get_xlim()
    # On the side of the line that has more room.
    is_left = best - low > high - best
    axes.annotate(
        text,
        xy=(best, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if is_left else 4, -10),
        textcoords="offset points",
        ha="right" if is_left else "left",
        fontsize=LABEL_SIZE,
        color=WARNING,
    )


def series_figure(chart: SeriesChart) -> Figure:
    """Return numbers over time, one line for each series.

    Parameters
    ----------
    chart : SeriesChart
        What to draw.

    Returns
    -------
    Figure
        Lines are named at their ends, with their last value; levels are dashed and named.
    """
    frame = new_frame(chart.title, chart.subtitle, height=4.6)
    known = [values[np.isfinite(values)] for values in chart.series.values()]
    ends = np.array([values[-1] if len(values) else np.nan for values in known])
    names = fitted_all(chart.series, LABEL_ROOM - 0.6, size=LABEL_SIZE)
    texts = [
        f"{name} {number_text(float(end), chart.axis.kind, digits=2)}" if np.isfinite(end) else name
        for name, end in zip(names, ends, strict=True)
    ]
    right = frame.width - 0.35 - widest_label(texts)
    axes = frame.axes(0.85, 0.45, right=right, top=frame.top - 0.05)
    days = chart.dates.astype("datetime64[D]").astype(np.float64)
    if chart.low is not None and chart.high is not None:
        axes.fill_between(days, chart.low, chart.high, color=series_color(0), alpha=0.18, lw=0)
    for place, (values, finite) in enumerate(zip(chart.series.values(), known, strict=True)):
        axes.plot(
            days,
            values,
            color=series_color(place),
            linestyle=LINE_STYLES[dash_of(place)],
            linewidth=1.4,
            marker="o" if len(finite) <= _MOST_DOTS else "",
            markersize=4,
        )
    for name, level in (chart.levels or {}).items():
        _mark_level(axes, name, level)
    format_axis(axes, chart.axis, which="y")
    format_dates(axes, chart.dates)
    low, high = axes.get_ylim()
    inches = axes.get_position().height * frame.height
    wanted = (np.nan_to_num(ends, nan=low) - low) / (high - low) * inches
    spots = spread(wanted, 1.35 * LABEL_SIZE / 72, low=0.05, high=inches - 0.05)
    for place, (text, spot) in enumerate(zip(texts, spots, strict=True)):
        _write_right(axes, text, spot / inches, color=series_color(place))
    return frame.figure


def _mark_level(axes: Axes, name: str, level: float) -> None:
    axes.axhline(level, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
    axes.annotate(
        name,
        xy=(0.0, level),
        xycoords=("axes fraction", "data"),
        xytext=(3, 3),
        textcoords="offset points",
        fontsize=LABEL_SIZE,
        color=QUIET,
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
    )


def ranks_figure(chart: RanksChart) -> Figure:
    """Return one line for each instrument through its rank in every model and combo.

    Parameters
    ----------
    chart : RanksChart
        What to draw.

    Returns
    -------
    Figure
        Rank 1 on top; the instruments are named where their line ends. Of many instruments those
        that rank best in the first column are coloured, the others grey.
    """
    n_rows, n_columns = chart.ranks.shape
    height = float(np.clip(0.24 * n_rows + 1.8, 3.2, 14))
    frame = new_frame(chart.title, chart.subtitle, height=height)
    names = fitted_all(chart.instruments, 1.6, size=LABEL_SIZE)
    columns = fitted_all(chart.columns, 1.6)
    widest = max(text_width(name) for name in columns)
    right = frame.width - 0.35 - widest_label(names)
    is_level = widest < (right - 0.75) / max(n_columns - 1, 1) * 0.95
    bottom = 0.45 if is_level else 0.35 + widest * 0.7
    left = 0.75 if is_level else max(0.75, 0.2 + widest * 0.77)
    axes = frame.axes(left, bottom, right=right, top=frame.top - 0.05)
    styles = rank_styles(chart)
    for row, (color, dash) in enumerate(styles):
        axes.plot(
            np.arange(n_columns),
            chart.ranks[row],
            color=color,
            linestyle=LINE_STYLES[dash],
            linewidth=1.4 if color != OTHERS else 0.9,
            marker="o",
            markersize=4,
            zorder=2 if color != OTHERS else 1.5,
        )
    worst = float(np.nanmax(chart.ranks)) if np.isfinite(chart.ranks).any() else 1.0
    axes.set_xlim(-0.15, max(n_columns - 0.85, 0.15))
    axes.set_ylim(max(worst, 1.0) + 0.5, 0.5)
    format_axis(axes, Axis("rank", "integer"), which="y", n_max=10)
    _name_columns(axes, columns, is_level=is_level)
    _name_ends(frame, axes, names=names, styles=styles, ranks=chart.ranks)
    return frame.figure


def _name_columns(axes: Axes, columns: Sequence[str], *, is_level: bool) -> None:
    axes.set_xticks(np.arange(len(columns)))
    axes.set_xticklabels(
        columns,
        rotation=0 if is_level else 40,
        ha="center" if is_level else "right",
        rotation_mode="anchor",
    )
    axes.grid(visible=True, axis="x", color=GRID)


def _name_ends(
    frame: Frame,
    axes: Axes,
    *,
    names: Sequence[str],
    styles: Sequence[tuple[str, str]],
    ranks: FloatArray,
) -> None:
    """Name each line at the right, at the height it ends at; one without a rank has no name."""
    inches = axes.get_position().height * frame.height
    bottom, top = axes.get_ylim()
    drawn = [row for row in range(len(names)) if np.isfinite(ranks[row]).any()]
    finals = np.array([ranks[row][np.isfinite(ranks[row])][-1] for row in drawn])
    wanted = (finals - bottom) / (top - bottom) * inches
    spots = spread(wanted, 1.2 * LABEL_SIZE / 72, low=0.0, high=inches)
    for row, spot in zip(drawn, spots, strict=True):
        color = styles[row][0]
        _write_right(axes, names[row], spot / inches, color=QUIET if color == OTHERS else color)
