"""Pictures of bars and of how often values occur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from quantpits.charts.bars import bar_colors, bar_rows, histogram, is_far_right
from quantpits.charts.canvas import (
    FONT_SIZE,
    INK,
    QUIET,
    Frame,
    fitted,
    fitted_all,
    format_axis,
    new_frame,
    text_width,
)
from quantpits.charts.palette import series_color
from quantpits.charts.ticks import common_digits, number_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from quantpits.charts.kinds import BarsChart, FloatArray, HistogramChart

__all__ = ["bars_figure", "histogram_figure"]

_SIZE: Final = FONT_SIZE * 0.92
# From here on rows are set closer.
_MANY_ROWS: Final = 40


def bars_figure(chart: BarsChart) -> Figure:
    """Return horizontal bars, the first label on top.

    Parameters
    ----------
    chart : BarsChart
        What to draw.

    Returns
    -------
    Figure
        A single series has its numbers at the ends of the bars; several have a legend.
    """
    n_rows, n_series = len(chart.labels), len(chart.series)
    lanes = 1 if chart.stacked else n_series
    row = float(np.clip(0.2 + 0.16 * lanes, 0.22, 0.8)) * (0.75 if n_rows > _MANY_ROWS else 1.0)
    size = _SIZE if n_rows <= _MANY_ROWS else _SIZE * 0.8
    names = fitted_all(chart.labels, 3.2, size=size, is_bold=True)
    left = 0.3 + max(text_width(name, size=size, is_bold=True) for name in names)
    head = (0.8 if chart.subtitle else 0.55) + (0.3 if n_series > 1 else 0.0)
    frame = new_frame(chart.title, chart.subtitle, height=n_rows * row + head + 0.75)
    axes = frame.axes(left, 0.6, right=frame.width - 0.75, top=0.6 + n_rows * row)
    axes.set_ylim(n_rows - 0.5, -0.5)
    for bar in bar_rows(chart):
        axes.barh(
            bar.places,
            np.nan_to_num(bar.values),
            height=bar.thickness,
            left=bar.starts,
            color=bar.colors,
        )
    if chart.low is not None and chart.high is not None:
        _draw_bands(axes, chart.low, chart.high)
    axes.axvline(0.0, color="#9aa1a9", linewidth=0.9)
    axes.set_yticks(np.arange(n_rows), names, fontsize=size, color=INK)
    for name, text in zip(chart.labels, axes.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if name == chart.highlight else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)
    format_axis(axes, chart.axis, which="x")
    if n_series > 1:
        _legend(frame, chart)
    elif chart.low is None:
        _write_values(axes, chart, size=size)
    return frame.figure


def _draw_bands(axes: Axes, low: FloatArray, high: FloatArray) -> None:
    for row, (start, stop) in enumerate(zip(low, high, strict=True)):
        if np.isfinite(start) and np.isfinite(stop):
            axes.plot([start, stop], [row, row], color=INK, linewidth=1.2, marker="|", markersize=7)


def _write_values(axes: Axes, chart: BarsChart, *, size: float) -> None:
    (values,) = chart.series.values()
    digits = common_digits(values) if chart.axis.kind == "number" else None
    for row, value in enumerate(values):
        sign = -1 if value < 0 else 1
        axes.annotate(
            number_text(float(value), chart.axis.kind, digits=digits),
            xy=(float(np.nan_to_num(value)), row),
            xytext=(4 * sign, 0),
            textcoords="offset points",
            ha="right" if sign < 0 else "left",
            va="center",
            fontsize=size,
            color=QUIET,
        )


def _legend(frame: Frame, chart: BarsChart) -> None:
    handles = [Patch(color=series_color(place)) for place in range(len(chart.series))]
    legend = frame.figure.legend(
        handles,
        ["."] * len(handles),
        loc="upper left",
        bbox_to_anchor=(0.1 / frame.width, (frame.top + 0.08) / frame.height),
        ncols=len(handles),
        frameon=False,
        fontsize=_SIZE,
        borderaxespad=0,
        handlelength=1.0,
    )
    # A legend treats names with a leading underscore as hidden, so they are written afterwards.
    for text, name in zip(
        legend.get_texts(), fitted_all(chart.series, 2.4, size=_SIZE), strict=True
    ):
        text.set_text(name)


def histogram_figure(chart: HistogramChart) -> Figure:
    """Return how often values occur.

    Parameters
    ----------
    chart : HistogramChart
        What to draw.

    Returns
    -------
    Figure
        Bars at or below `split` have the colour of a warning; marks are lines with their names.
    """
    frame = new_frame(chart.title, chart.subtitle, height=4.4)
    axes = frame.axes(0.9, 0.6, right=frame.width - 0.4, top=frame.top - 0.3)
    edges, counts = histogram(chart)
    axes.bar(
        edges[:-1],
        counts,
        width=np.diff(edges),
        align="edge",
        color=bar_colors(chart, edges),
        edgecolor="white",
        linewidth=0.5,
    )
    for place, (name, value) in enumerate((chart.marks or {}).items()):
        axes.axvline(value, color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
        axes.annotate(
            f"{fitted(name, 2.6, size=_SIZE)} {number_text(value, chart.axis.kind)}",
            xy=(value, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if is_far_right(edges, value) else 4, 4 - 13 * place),
            textcoords="offset points",
            fontsize=_SIZE,
            color=INK,
            ha="right" if is_far_right(edges, value) else "left",
            annotation_clip=False,
        )
    format_axis(axes, chart.axis, which="x")
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("how many")
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(visible=True, axis="y")
    if not counts.sum():
        axes.set_ylim(0.0, 1.0)
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", color=QUIET)
    return frame.figure
