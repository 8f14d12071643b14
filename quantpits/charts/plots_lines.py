"""Interactive twins of the pictures of what changes over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantpits.charts.curves import (
    bucket_ends,
    is_logarithmic,
    nav_lines,
    rank_styles,
    weight_bands,
    with_drawdown,
)
from quantpits.charts.encoding import array_json, date_texts, label_text
from quantpits.charts.palette import OTHERS, WARNING, dash_of, rgb, series_color
from quantpits.charts.plot import Plot, axis_layout, category_axis, date_axis, short_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.charts.curves import Line
    from quantpits.charts.kinds import (
        FloatArray,
        NavChart,
        RanksChart,
        TrainingChart,
        WeightsChart,
    )
    from quantpits.charts.kinds_series import SeriesChart

__all__ = ["nav_plot", "ranks_plot", "series_plot", "training_plot", "weights_plot"]

# Values on one chart of a page; beyond it, neighbouring sessions share a point.
_MOST_VALUES: Final = 80_000
_FEWEST_ROWS: Final = 250
_DATES: Final = {"shared": "dates"}
_WIDTHS: Final = {"highlight": 3.0, "named": 1.5, "benchmark": 1.8, "other": 0.8}
_MOST_UNIFIED: Final = 13


def nav_plot(chart: NavChart) -> Plot:
    """Return cumulative returns with the drawdowns underneath; a click on a name hides its line.

    Parameters
    ----------
    chart : NavChart
        What to draw.

    Returns
    -------
    Plot
        Long histories of many accounts are thinned: a point is the last of its sessions, and the
        lowest of their drawdowns.
    """
    lines = nav_lines(chart)
    is_log = is_logarithmic(lines)
    most = max(_MOST_VALUES // (2 * len(lines)), _FEWEST_ROWS)
    ends = np.array(bucket_ends(len(chart.dates), most=most))
    n_others = sum(line.role == "other" for line in lines)
    data = [_growth_trace(line, ends, is_log=is_log, n_others=n_others) for line in lines]
    data += [_drawdown_trace(line, ends) for line in with_drawdown(lines)]
    _show_others_once(data)
    growth = axis_layout("cumulative return", "percent") | {"domain": [0.36, 1.0]}
    if is_log:
        growth = {
            "title": {"text": "growth, logarithmic"},
            "type": "log",
            "tickprefix": "×",
            "domain": [0.36, 1.0],
        }
    layout: dict[str, Any] = {
        "xaxis": date_axis(chart.dates) | {"anchor": "y2"},
        "yaxis": growth,
        "yaxis2": axis_layout("drawdown", "percent") | {"domain": [0.0, 0.3], "anchor": "x"},
        "hovermode": "x unified" if len(lines) <= _MOST_UNIFIED else "closest",
        "legend": {"traceorder": "reversed"},
    }
    if chart.cutoff is not None:
        layout |= _cutoff_layout(str(chart.cutoff.astype("datetime64[D]")))
    dates = date_texts(chart.dates[ends - 1])
    return Plot(tuple(data), layout, height=560, shared={"dates": dates})


def _growth_trace(line: Line, ends: Any, *, is_log: bool, n_others: int) -> dict[str, Any]:
    values = line.growth[ends - 1]
    star = "★ " if line.role == "highlight" else ""
    name = (
        f"{n_others} others" if line.role == "other" else star + label_text(short_name(line.name))
    )
    form = "×%{y:.3f}" if is_log else "%{y:+.2%}"
    hover = f"%{{text}} {form}<extra></extra>" if line.role == "other" else form
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) == 1 else "lines",
        "name": name,
        "text": label_text(line.name),
        "x": _DATES,
        "y": array_json(values if is_log else values - 1.0),
        "line": {"color": line.color, "dash": line.dash, "width": _WIDTHS[line.role]},
        "legendgroup": "others" if line.role == "other" else line.role + label_text(line.name),
        "hovertemplate": hover,
    }


def _drawdown_trace(line: Line, ends: Any) -> dict[str, Any]:
    starts = np.concatenate([[0], ends[:-1]])
    filled = np.where(np.isfinite(line.drawdown), line.drawdown, np.inf)
    lowest = np.minimum.reduceat(filled, starts)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label_text(short_name(line.name)),
        "x": _DATES,
        "y": array_json(lowest),
        "yaxis": "y2",
        "line": {"color": line.color, "dash": line.dash, "width": 1.2},
        "fill": "tozeroy" if line.role == "highlight" else "none",
        "fillcolor": f"rgba{(*rgb(line.color), 0.18)}",
        "legendgroup": line.role + label_text(line.name),
        "showlegend": False,
        "hovertemplate": "drawdown %{y:.2%}",
    }


def _show_others_once(data: Sequence[dict[str, Any]]) -> None:
    """Let all grey lines share one entry of the legend."""
    others = [trace for trace in data if trace["legendgroup"] == "others"]
    for trace in others[1:]:
        trace["showlegend"] = False


def _cutoff_layout(day: str) -> dict[str, Any]:
    line = {"color": "#7a7a7a", "dash": "dot", "width": 1.5}
    ends = {"x0": day, "x1": day, "y0": 0, "y1": 1}
    return {
        "shapes": [{"type": "line", "xref": "x", "yref": "paper", "line": line} | ends],
        "annotations": [
            {
                "x": day,
                "y": 1,
                "xref": "x",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "bottom",
                "text": "out of sample →",
                "showarrow": False,
            }
        ],
    }


def weights_plot(chart: WeightsChart) -> Plot:
    """Return the weights of a combo's members over time, stacked.

    Parameters
    ----------
    chart : WeightsChart
        What to draw.

    Returns
    -------
    Plot
        One area for each member.
    """
    bands = weight_bands(chart)
    most = max(_MOST_VALUES // len(bands), _FEWEST_ROWS)
    ends = np.array(bucket_ends(len(chart.dates), most=most))
    data = tuple(
        {
            "type": "scatter",
            "mode": "lines",
            "name": label_text(short_name(band.name)),
            "x": _DATES,
            "y": array_json(band.weights[ends - 1]),
            "stackgroup": "weights",
            "line": {"color": band.color, "width": 0.5},
            "fillcolor": band.color,
            "fillpattern": {"shape": "/" if band.dash == "dash" else "", "fillmode": "overlay"},
            "hovertemplate": "%{y:.1%}",
        }
        for band in bands
    )
    layout = {
        "xaxis": date_axis(chart.dates),
        "yaxis": axis_layout("weight", "percent") | {"rangemode": "tozero"},
        "hovermode": "x unified",
        "legend": {"traceorder": "reversed"},
    }
    return Plot(data, layout, height=380, shared={"dates": date_texts(chart.dates[ends - 1])})


def training_plot(chart: TrainingChart) -> Plot:
    """Return how a model learned, epoch by epoch.

    Parameters
    ----------
    chart : TrainingChart
        What to draw.

    Returns
    -------
    Plot
        One line for each curve; the epoch that was kept is marked.
    """
    data = tuple(
        {
            "type": "scatter",
            "mode": "lines+markers" if len(curve) == 1 else "lines",
            "name": label_text(name),
            "x": list(range(1, len(curve) + 1)),
            "y": array_json(curve),
            "line": {"color": series_color(place), "dash": dash_of(place), "width": 2},
        }
        for place, (name, curve) in enumerate(chart.curves.items())
    )
    layout: dict[str, Any] = {
        "xaxis": axis_layout(chart.step_name, "integer"),
        "yaxis": axis_layout(chart.axis.name, chart.axis.kind),
        "hovermode": "x unified",
    }
    if chart.best is not None:
        ends = {"x0": chart.best, "x1": chart.best, "y0": 0, "y1": 1}
        line = {"color": WARNING, "dash": "dot", "width": 1.5}
        layout["shapes"] = [{"type": "line", "yref": "paper", "line": line} | ends]
    return Plot(data, layout, height=380)


def series_plot(chart: SeriesChart) -> Plot:
    """Return numbers over time; a click on a name hides its line.

    Parameters
    ----------
    chart : SeriesChart
        What to draw.

    Returns
    -------
    Plot
        Long histories of many series are thinned: a point is the last of its sessions.
    """
    most = max(_MOST_VALUES // len(chart.series), _FEWEST_ROWS)
    ends = np.array(bucket_ends(len(chart.dates), most=most)) - 1
    lines = list(enumerate(chart.series.items()))
    data = [
        {
            "type": "scatter",
            "mode": "lines" if np.isfinite(values).sum() > 1 else "lines+markers",
            "name": label_text(short_name(name)),
            "x": _DATES,
            "y": array_json(values[ends]),
            "line": {"color": series_color(place), "dash": dash_of(place), "width": 1.6},
            "hovertemplate": "%{y:.2%}" if chart.axis.kind == "percent" else "%{y:.4f}",
        }
        for place, (name, values) in lines
    ]
    if chart.low is not None and chart.high is not None:
        data = [*_band_traces(chart.low[ends], chart.high[ends]), *data]
    layout: dict[str, Any] = {
        "xaxis": date_axis(chart.dates),
        "yaxis": axis_layout(chart.axis.name, chart.axis.kind),
        "hovermode": "x unified" if len(lines) <= _MOST_UNIFIED else "closest",
        "shapes": [],
        "annotations": [],
    }
    for name, level in (chart.levels or {}).items():
        across = {"x0": 0, "x1": 1, "y0": level, "y1": level, "xref": "paper", "yref": "y"}
        line = {"color": "#7a7a7a", "dash": "dash", "width": 1.2}
        layout["shapes"].append({"type": "line", "line": line} | across)
        layout["annotations"].append(
            {
                "x": 0,
                "y": level,
                "xref": "paper",
                "yref": "y",
                "xanchor": "left",
                "yanchor": "bottom",
                "text": label_text(name),
                "showarrow": False,
            }
        )
    return Plot(tuple(data), layout, height=420, shared={"dates": date_texts(chart.dates[ends])})


def _band_traces(low: FloatArray, high: FloatArray) -> list[dict[str, Any]]:
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": _DATES,
        "line": {"color": series_color(0), "width": 0},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    fill = {"fill": "tonexty", "fillcolor": f"rgba{(*rgb(series_color(0)), 0.18)}"}
    return [
        {**edge, "name": "low", "y": array_json(low)},
        {**edge, **fill, "name": "high", "y": array_json(high)},
    ]


def ranks_plot(chart: RanksChart) -> Plot:
    """Return one line for each instrument through its rank in every model and combo.

    Parameters
    ----------
    chart : RanksChart
        What to draw.

    Returns
    -------
    Plot
        Rank 1 on top.
    """
    columns = list(range(len(chart.columns)))
    worst = float(np.nanmax(chart.ranks)) if np.isfinite(chart.ranks).any() else 1.0
    data = tuple(
        _rank_trace(chart, row, columns, style=style)
        for row, style in enumerate(rank_styles(chart))
    )
    layout = {
        "xaxis": category_axis(chart.columns),
        "yaxis": axis_layout("rank", "integer") | {"range": [worst + 0.5, 0.5]},
        "hovermode": "closest",
    }
    return Plot(data, layout, height=int(np.clip(22 * len(chart.instruments) + 140, 320, 1200)))


def _rank_trace(
    chart: RanksChart, row: int, columns: list[int], *, style: tuple[str, str]
) -> dict[str, Any]:
    color, dash = style
    ranks: FloatArray = chart.ranks[row]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label_text(chart.instruments[row]),
        "x": columns,
        "y": array_json(ranks),
        "line": {"color": color, "dash": dash, "width": 0.9 if color == OTHERS else 1.6},
        "hovertemplate": "%{fullData.name}: rank %{y}<extra></extra>",
    }
