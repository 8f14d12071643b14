"""Interactive twins of the pictures of bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantpits.charts.bars import bar_colors, bar_rows, histogram, is_far_right
from quantpits.charts.encoding import array_json, label_text
from quantpits.charts.plot import LONG_ROW, Plot, axis_layout, category_axis
from quantpits.charts.ticks import number_text

if TYPE_CHECKING:
    from quantpits.charts.bars import BarRow
    from quantpits.charts.kinds import BarsChart, HistogramChart

__all__ = ["bars_plot", "histogram_plot"]


def bars_plot(chart: BarsChart) -> Plot:
    """Return horizontal bars, the first label on top.

    Parameters
    ----------
    chart : BarsChart
        What to draw.

    Returns
    -------
    Plot
        A bar says its number when it is pointed at.
    """
    rows = bar_rows(chart)
    data = [_bar_trace(chart, row) for row in rows]
    if chart.low is not None and chart.high is not None:
        (values,) = (row.values for row in rows)
        data[0]["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": array_json(chart.high - values),
            "arrayminus": array_json(values - chart.low),
            "color": "#7a7a7a",
            "thickness": 1.5,
        }
    labels = category_axis(
        [f"★ {name}" if name == chart.highlight else name for name in chart.labels],
        longest=LONG_ROW,
    )
    labels["range"] = labels["range"][::-1]
    layout = {
        "xaxis": axis_layout(chart.axis.name, chart.axis.kind),
        "yaxis": labels,
        "hovermode": "closest",
        "barmode": "overlay",
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    }
    lanes = 1 if chart.stacked else len(chart.series)
    height = np.clip((18 + 8 * lanes) * len(chart.labels) + 130, 220, 1600)
    return Plot(tuple(data), layout, height=int(height))


def _bar_trace(chart: BarsChart, row: BarRow) -> dict[str, Any]:
    is_single = len(chart.series) == 1
    return {
        "type": "bar",
        "orientation": "h",
        "name": label_text(row.name),
        "y": array_json(row.places),
        "x": array_json(row.values),
        "base": array_json(row.starts),
        "width": row.thickness,
        "marker": {"color": row.colors if is_single else row.colors[0]},
        "showlegend": not is_single,
        "text": [number_text(float(value), chart.axis.kind) for value in row.values],
        "textposition": "none",
        "hovertext": [label_text(name) for name in chart.labels],
        "hovertemplate": "%{hovertext}<br>%{fullData.name} %{text}<extra></extra>",
    }


def histogram_plot(chart: HistogramChart) -> Plot:
    """Return how often values occur.

    Parameters
    ----------
    chart : HistogramChart
        What to draw.

    Returns
    -------
    Plot
        Marks are lines with their names.
    """
    edges, counts = histogram(chart)
    trace = {
        "type": "bar",
        "x": array_json((edges[1:] + edges[:-1]) / 2),
        "y": array_json(counts),
        "width": float(edges[1] - edges[0]) * 0.97,
        "marker": {"color": bar_colors(chart, edges)},
        "showlegend": False,
        "hovertemplate": "%{y:,d} around %{x:.3g}<extra></extra>",
    }
    marks = list((chart.marks or {}).items())
    layout = {
        "xaxis": axis_layout(chart.axis.name, chart.axis.kind),
        "yaxis": axis_layout("how many", "integer"),
        "hovermode": "closest",
        "margin": {"t": 50},
        "shapes": [
            {
                "type": "line",
                "yref": "paper",
                "x0": value,
                "x1": value,
                "y0": 0,
                "y1": 1,
                "line": {"color": "#7a7a7a", "dash": "dash", "width": 1.5},
            }
            for _, value in marks
        ],
        "annotations": [
            {
                "x": value,
                "y": 1,
                "yref": "paper",
                "xanchor": "right" if is_far_right(edges, value) else "left",
                "yanchor": "bottom",
                "yshift": -16 * place,
                "xshift": -3 if is_far_right(edges, value) else 3,
                "showarrow": False,
                "text": f"{label_text(name)} {number_text(value, chart.axis.kind)}",
            }
            for place, (name, value) in enumerate(marks)
        ],
    }
    return Plot((trace,), layout, height=360)
