"""Interactive twins of the pictures of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantpits.charts.encoding import array_json, label_text
from quantpits.charts.grids import cell_range, opinion_style
from quantpits.charts.palette import DIVERGING, SEQUENTIAL
from quantpits.charts.plot import LONG_ROW, Plot, category_axis
from quantpits.charts.ticks import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.charts.kinds import AxisKind, HeatmapChart, OpinionsChart

__all__ = ["heatmap_plot", "opinions_plot"]

_MOST_NUMBERS: Final = 16
_WORDS: Final = ("", "buy", "hold", "sell")


def heatmap_plot(chart: HeatmapChart) -> Plot:
    """Return a matrix as coloured cells that say what they are when pointed at.

    Parameters
    ----------
    chart : HeatmapChart
        What to draw.

    Returns
    -------
    Plot
        Numbers stand in the cells while there are few columns.
    """
    low, high, is_diverging = cell_range(chart)
    kind: AxisKind = "percent" if chart.scale == "percent" else "number"
    texts = [[number_text(float(value), kind) for value in row] for row in chart.values]
    is_numbered = len(chart.columns) <= _MOST_NUMBERS
    trace = {
        "type": "heatmap",
        "z": array_json(chart.values),
        "zmin": low,
        "zmax": high,
        "colorscale": [list(stop) for stop in (DIVERGING if is_diverging else SEQUENTIAL)],
        "colorbar": {"thickness": 12, "outlinewidth": 0, "tickformat": _tick_format(kind)},
        "xgap": 1,
        "ygap": 1,
        "text": texts,
        "texttemplate": "%{text}" if is_numbered else "",
        "hovertext": _hover(chart.rows, chart.columns, texts),
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    return _matrix_plot(
        trace, chart.rows, columns=chart.columns, row_height=30 if is_numbered else 16
    )


def _tick_format(kind: AxisKind) -> str:
    return ",.2~%" if kind == "percent" else ""


def opinions_plot(chart: OpinionsChart) -> Plot:
    """Return a cell for each instrument and model: buy, hold or sell.

    Parameters
    ----------
    chart : OpinionsChart
        What to draw.

    Returns
    -------
    Plot
        The column that the orders follow has a star.
    """
    codes = np.array([[_WORDS.index(word) for word in row] for row in chart.opinions], dtype=float)
    steps = [place / len(_WORDS) for place in range(len(_WORDS) + 1)]
    colors = [opinion_style(word)[0] for word in _WORDS]
    scale = [
        [step, color]
        for place, color in enumerate(colors)
        for step in (steps[place], steps[place + 1])
    ]
    texts = [list(row) for row in chart.opinions]
    columns = [f"★ {name}" if name == chart.basis else name for name in chart.columns]
    trace = {
        "type": "heatmap",
        "z": array_json(codes),
        "zmin": -0.5,
        "zmax": len(_WORDS) - 0.5,
        "colorscale": scale,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": texts if len(columns) <= _MOST_NUMBERS else [[w[:1] for w in row] for row in texts],
        "texttemplate": "%{text}",
        "hovertext": _hover(chart.instruments, columns, texts),
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    return _matrix_plot(trace, chart.instruments, columns=columns, row_height=24)


def _hover(
    rows: Sequence[str], columns: Sequence[str], texts: Sequence[Sequence[str]]
) -> list[list[str]]:
    return [
        [
            f"{label_text(row)}<br>{label_text(column)}<br>{text or 'no opinion'}"
            for column, text in zip(columns, cells, strict=True)
        ]
        for row, cells in zip(rows, texts, strict=True)
    ]


def _matrix_plot(
    trace: dict[str, Any], rows: Sequence[str], *, columns: Sequence[str], row_height: int
) -> Plot:
    row_axis = category_axis(rows, longest=LONG_ROW)
    row_axis["range"] = row_axis["range"][::-1]
    layout = {"xaxis": category_axis(columns), "yaxis": row_axis, "hovermode": "closest"}
    return Plot((trace,), layout, height=int(np.clip(row_height * len(rows) + 170, 260, 1600)))
