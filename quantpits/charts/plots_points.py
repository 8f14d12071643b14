"""Interactive twins of the pictures of points and trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantpits.charts.encoding import array_json, label_text
from quantpits.charts.palette import DENSITY, DOTS, WARNING, series_color
from quantpits.charts.plot import LONG_ROW, Plot, axis_layout, category_axis, short_name
from quantpits.charts.points import color_ticks, density, finite_points, is_binned, square_range
from quantpits.charts.trees import branches, leaf_order

if TYPE_CHECKING:
    from quantpits.charts.kinds import DendrogramChart, ScatterChart

__all__ = ["dendrogram_plot", "scatter_plot"]

_LONG_MARK: Final = 60


def scatter_plot(chart: ScatterChart) -> Plot:
    """Return points in a plane, or how many lie in each cell where there are many.

    Parameters
    ----------
    chart : ScatterChart
        What to draw.

    Returns
    -------
    Plot
        A point says its label when it is pointed at; marked ones are in the legend.
    """
    data = [_cells(chart) if is_binned(chart) else _dots(chart)]
    shown = set(finite_points(chart).tolist())
    marked = {name: point for name, point in (chart.marked or {}).items() if point in shown}
    for place, (name, point) in enumerate(marked.items()):
        color = series_color(place) if len(marked) > 1 else WARNING
        data.append(_mark(chart, name, point=point, color=color))
    layout: dict[str, Any] = {
        "xaxis": axis_layout(chart.x_axis.name, chart.x_axis.kind) | {"zeroline": False},
        "yaxis": axis_layout(chart.y_axis.name, chart.y_axis.kind) | {"zeroline": False},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.2},
    }
    if chart.diagonal:
        low, high = square_range(chart)
        line = {"color": "#7a7a7a", "dash": "dash", "width": 1}
        ends = {"x0": low, "x1": high, "y0": low, "y1": high}
        layout["shapes"] = [{"type": "line", "line": line, "layer": "below"} | ends]
    return Plot(tuple(data), layout, height=480)


def _dots(chart: ScatterChart) -> dict[str, Any]:
    points = finite_points(chart)
    size = float(np.clip(110 / max(np.sqrt(len(points)), 1), 4, 11))
    marker: dict[str, Any] = {"size": size, "opacity": 0.8, "color": series_color(0)}
    if chart.color is not None:
        marker |= {
            "color": array_json(chart.color[points]),
            "colorscale": [list(stop) for stop in DOTS],
            "colorbar": _color_bar(chart.color_axis.name if chart.color_axis else "")
            | {"tickvals": list(color_ticks(chart))},
        }
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": array_json(chart.x[points]),
        "y": array_json(chart.y[points]),
        "marker": marker,
        "showlegend": False,
        "hovertemplate": _hover(chart, has_label=chart.labels is not None),
    }
    if chart.labels is not None:
        trace["text"] = [label_text(chart.labels(int(point))) for point in points]
    return trace


def _hover(chart: ScatterChart, *, has_label: bool) -> str:
    formats = {"percent": ".2%", "number": ".4g", "integer": ",d"}
    parts = ["%{text}"] if has_label else []
    for axis, which in ((chart.x_axis, "x"), (chart.y_axis, "y")):
        # A name with braces in it would be read as a field.
        name = label_text(axis.name).replace("{", "(").replace("}", ")")
        parts.append(f"{name} %{{{which}:{formats[axis.kind]}}}")
    return "<br>".join(parts) + "<extra></extra>"


def _color_bar(name: str) -> dict[str, Any]:
    return {"thickness": 12, "outlinewidth": 0, "title": {"text": label_text(name), "side": "top"}}


def _cells(chart: ScatterChart) -> dict[str, Any]:
    cells = density(chart)
    ticks = [10.0**power for power in range(8)]
    return {
        "type": "heatmap",
        "x": array_json(cells.x_edges),
        "y": array_json(cells.y_edges),
        "z": array_json(np.log10(cells.counts)),
        "customdata": array_json(cells.counts),
        "colorscale": [list(stop) for stop in DENSITY],
        "zmin": 0.0,
        "colorbar": _color_bar("points")
        | {"tickvals": list(range(len(ticks))), "ticktext": [f"{tick:,.0f}" for tick in ticks]},
        "hoverongaps": False,
        "hovertemplate": "%{customdata:,d} points<extra></extra>",
    }


def _mark(chart: ScatterChart, name: str, *, point: int, color: str) -> dict[str, Any]:
    text = name if chart.labels is None else f"{name}: {chart.labels(point)}"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label_text(short_name(name, _LONG_MARK)),
        "text": [label_text(text)],
        "x": [float(chart.x[point])],
        "y": [float(chart.y[point])],
        "marker": {"size": 14, "symbol": "circle-open", "color": color, "line": {"width": 2.5}},
        "hovertemplate": _hover(chart, has_label=True),
    }


def dendrogram_plot(chart: DendrogramChart) -> Plot:
    """Return a tree of which things are alike, the leaves at the left with their names.

    Parameters
    ----------
    chart : DendrogramChart
        What to draw.

    Returns
    -------
    Plot
        Joins below the threshold share the colour of their cluster.
    """
    found = branches(chart)
    data = []
    for color in dict.fromkeys(branch.color for branch in found):
        own = [branch for branch in found if branch.color == color]
        # NaN lifts the pen between two joins.
        heights = np.concatenate([np.append(branch.heights, np.nan) for branch in own])
        places = np.concatenate([np.append(branch.places, np.nan) for branch in own])
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": array_json(heights),
                "y": array_json(places),
                "line": {"color": color, "width": 2},
                "showlegend": False,
                "hovertemplate": "joined at %{x:.3f}<extra></extra>",
            }
        )
    leaves = category_axis([chart.labels[leaf] for leaf in leaf_order(chart)], longest=LONG_ROW)
    leaves["range"] = leaves["range"][::-1]
    layout: dict[str, Any] = {
        "xaxis": axis_layout(chart.axis.name, chart.axis.kind) | {"rangemode": "tozero"},
        "yaxis": leaves,
        "hovermode": "closest",
    }
    if chart.threshold is not None:
        line = {"color": WARNING, "dash": "dot", "width": 1.2}
        ends = {"x0": chart.threshold, "x1": chart.threshold, "y0": 0, "y1": 1}
        layout["shapes"] = [{"type": "line", "yref": "paper", "line": line} | ends]
    return Plot(tuple(data), layout, height=int(np.clip(26 * len(chart.labels) + 130, 240, 1400)))
