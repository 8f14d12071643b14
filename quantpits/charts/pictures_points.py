"""Pictures of points and trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.ticker import FuncFormatter

from quantpits.charts.canvas import (
    FONT_SIZE,
    INK,
    QUIET,
    fitted_all,
    format_axis,
    new_frame,
    safe_text,
    text_width,
)
from quantpits.charts.labels import spread
from quantpits.charts.palette import SEQUENTIAL, WARNING, series_color
from quantpits.charts.points import color_ticks, density, finite_points, is_binned, square_range
from quantpits.charts.ticks import number_text
from quantpits.charts.trees import branches, leaf_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from quantpits.charts.canvas import Frame
    from quantpits.charts.kinds import Axis, DendrogramChart, ScatterChart

__all__ = ["dendrogram_figure", "scatter_figure"]

_LABEL_SIZE: Final = FONT_SIZE * 0.92
_MARK_ROOM: Final = 2.2
_MANY_COUNTS: Final = 1_000.0
# The palest end of the scale would vanish on white.
_DOTS: Final = LinearSegmentedColormap.from_list("", ["#b9d9ea", "#3c8dc0", "#083a66"])
_CELLS: Final = LinearSegmentedColormap.from_list("", [color for _, color in SEQUENTIAL])


def scatter_figure(chart: ScatterChart) -> Figure:
    """Return points in a plane, or how many lie in each cell where there are many.

    Parameters
    ----------
    chart : ScatterChart
        What to draw.

    Returns
    -------
    Figure
        Marked points are ringed and named at the right.
    """
    frame = new_frame(chart.title, chart.subtitle, height=6.0)
    marked = _marked(chart)
    names = dict(zip(marked, fitted_all(marked, _MARK_ROOM, size=_LABEL_SIZE), strict=True))
    has_scale = is_binned(chart) or len(color_ticks(chart)) > 1
    widest = max((text_width(name, size=_LABEL_SIZE) for name in names.values()), default=0.0)
    right = frame.width - 0.35 - (widest + 0.35 if names else 0.0) - (0.85 if has_scale else 0.0)
    axes = frame.axes(0.9, 0.6, right=right, top=frame.top - 0.05)
    if chart.diagonal:
        ends = square_range(chart)
        axes.plot(ends, ends, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    image = _draw_cells(axes, chart) if is_binned(chart) else _draw_dots(axes, chart)
    for place, point in enumerate(marked.values()):
        axes.scatter(
            chart.x[point],
            chart.y[point],
            s=70,
            facecolor="none",
            edgecolor=series_color(place) if len(marked) > 1 else WARNING,
            linewidth=1.8,
            zorder=4,
        )
    _finish_axes(axes, chart)
    _name_marked(axes, frame, chart, names=names)
    if image is not None and has_scale:
        _scale(frame, image, chart)
    return frame.figure


def _marked(chart: ScatterChart) -> dict[str, int]:
    """Return the points to mark that have a place."""
    shown = set(finite_points(chart).tolist())
    return {name: point for name, point in (chart.marked or {}).items() if point in shown}


def _draw_dots(axes: Axes, chart: ScatterChart) -> Any:
    points = finite_points(chart)
    size = float(np.clip(9000 / max(len(points), 1), 12, 55))
    color = None if chart.color is None else np.ma.masked_invalid(chart.color[points])
    return axes.scatter(
        chart.x[points],
        chart.y[points],
        s=size,
        c=series_color(0) if color is None else color,
        cmap=None if color is None else _DOTS,
        alpha=0.75,
        linewidth=0,
        zorder=2,
    )


def _draw_cells(axes: Axes, chart: ScatterChart) -> Any:
    cells = density(chart)
    most = max(float(np.nanmax(cells.counts)), 2.0)
    return axes.pcolormesh(
        cells.x_edges,
        cells.y_edges,
        np.ma.masked_invalid(cells.counts),
        cmap=_CELLS,
        norm=LogNorm(1.0, most),
        zorder=2,
    )


def _finish_axes(axes: Axes, chart: ScatterChart) -> None:
    if len(finite_points(chart)):
        _leave_room(axes, chart)
    else:
        axes.text(0.5, 0.5, "no points", transform=axes.transAxes, ha="center", color=QUIET)
    for which, axis in (("x", chart.x_axis), ("y", chart.y_axis)):
        format_axis(axes, axis, which=which)


def _leave_room(axes: Axes, chart: ScatterChart) -> None:
    """Set limits a little beyond the points, so that no mark is cut at the edge."""
    points = finite_points(chart)
    both = square_range(chart) if chart.diagonal else ()
    for values, set_limits in ((chart.x, axes.set_xlim), (chart.y, axes.set_ylim)):
        low, high = min([*values[points], *both]), max([*values[points], *both])
        pad = (high - low) * 0.05 or max(abs(high) * 0.05, 0.01)
        set_limits(low - pad, high + pad)


def _name_marked(axes: Axes, frame: Frame, chart: ScatterChart, *, names: dict[str, str]) -> None:
    """Name the marked points beside the axes, in the order of their height."""
    if not names:
        return
    points = _marked(chart)
    inches = axes.get_position().height * frame.height
    low, high = axes.get_ylim()
    wanted = np.array([(chart.y[points[name]] - low) / (high - low) * inches for name in names])
    spots = spread(wanted, 1.5 * _LABEL_SIZE / 72, low=0.05, high=inches - 0.05)
    for place, (name, spot) in enumerate(zip(names, spots, strict=True)):
        color = series_color(place) if len(names) > 1 else WARNING
        axes.annotate(
            names[name],
            xy=(chart.x[points[name]], chart.y[points[name]]),
            xytext=(1.02, spot / inches),
            textcoords="axes fraction",
            color=color,
            fontsize=_LABEL_SIZE,
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "linewidth": 0.7,
                "alpha": 0.55,
                "shrinkA": 1,
                "shrinkB": 4,
            },
            zorder=3,
        )


def _scale(frame: Frame, image: Any, chart: ScatterChart) -> None:
    axis: Axis | None = chart.color_axis
    edge = frame.width - 1.0
    bar_axes = frame.axes(edge, 1.6, right=edge + 0.5, top=frame.top - 0.5)
    box = bar_axes.get_position()
    bar_axes.set_position((box.x0, box.y0, 0.14 / frame.width, box.height))
    bar = frame.figure.colorbar(image, cax=bar_axes)
    bar.outline.set_visible(False)
    is_count = is_binned(chart)
    if is_count:
        bar.set_ticks(_count_ticks(float(image.norm.vmax)))
    else:
        bar.set_ticks(list(color_ticks(chart)))
    bar.minorticks_off()
    kind = "integer" if is_count or axis is None else axis.kind
    bar_axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value, kind)))
    bar_axes.tick_params(length=0, labelsize=FONT_SIZE * 0.85)
    name = "points in a cell" if is_count else axis.name if axis else ""
    bar_axes.set_title(safe_text(name), fontsize=FONT_SIZE * 0.85, color=QUIET, loc="center", pad=8)


def _count_ticks(most: float) -> list[float]:
    """Return 1, 2, 5, 10, ... up to `most`; only the powers of ten where these would be many."""
    steps = (1.0, 2.0, 5.0) if most <= _MANY_COUNTS else (1.0,)
    return [
        step * 10.0**power for power in range(8) for step in steps if step * 10.0**power <= most
    ]


def dendrogram_figure(chart: DendrogramChart) -> Figure:
    """Return a tree of which things are alike, the leaves at the left with their names.

    Parameters
    ----------
    chart : DendrogramChart
        What to draw.

    Returns
    -------
    Figure
        Joins below the threshold share the colour of their cluster.
    """
    count = len(chart.labels)
    row = float(np.clip(9.0 / count, 0.16, 0.4))
    size = float(np.clip(row * 72 * 0.7, 6.0, FONT_SIZE))
    names = fitted_all((chart.labels[leaf] for leaf in leaf_order(chart)), 3.2, size=size)
    left = 0.3 + max(text_width(name, size=size) for name in names)
    head = 0.8 if chart.subtitle else 0.55
    frame = new_frame(chart.title, chart.subtitle, height=count * row + head + 0.85)
    axes = frame.axes(left, 0.6, right=frame.width - 0.4, top=0.6 + count * row)
    for branch in branches(chart):
        axes.plot(branch.heights, branch.places, color=branch.color, linewidth=1.7)
    axes.set_ylim(count - 0.5, -0.5)
    highest = max(float(chart.linkage[:, 2].max()), chart.threshold or 0.0)
    axes.set_xlim(0.0, max(highest * 1.04, 1e-9))
    axes.set_yticks(np.arange(count), names, fontsize=size, color=INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if chart.threshold is not None:
        axes.axvline(chart.threshold, color=WARNING, linewidth=0.9, linestyle=(0, (2, 2)))
    format_axis(axes, chart.axis, which="x")
    return frame.figure
