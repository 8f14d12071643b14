"""Where the bars of a chart stand, and how values are counted in a histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.charts.palette import GOOD, WARNING, series_color

if TYPE_CHECKING:
    from quantpits.charts.kinds import BarsChart, FloatArray, HistogramChart

__all__ = ["BarRow", "bar_colors", "bar_rows", "histogram", "is_far_right"]


@dataclass(frozen=True, slots=True, eq=False)
class BarRow:
    """The bars of one series.

    Attributes
    ----------
    name : str
        The series.
    places : float64 [n]
        Middle of each bar across the rows; row i is at i.
    starts, values : float64 [n]
        Where a bar begins and how long it is, with its sign.
    thickness : float
        Of each bar, in rows.
    colors : list of str [n]
        One series is coloured by sign, several by series.
    """

    name: str
    places: FloatArray
    starts: FloatArray
    values: FloatArray
    thickness: float
    colors: list[str]


def bar_rows(chart: BarsChart) -> tuple[BarRow, ...]:
    """Return the bars of a chart.

    Parameters
    ----------
    chart : BarsChart
        The values.

    Returns
    -------
    tuple of BarRow
        One a series. Stacked bars follow one another, those above 0 to the right and those below
        to the left; otherwise the series share a row's height.
    """
    count = len(chart.labels)
    rows = np.arange(count, dtype=float)
    lanes = 1 if chart.stacked else len(chart.series)
    thickness = 0.74 / lanes
    right, left = np.zeros(count), np.zeros(count)
    found = []
    for place, (name, given) in enumerate(chart.series.items()):
        values = np.nan_to_num(np.asarray(given, dtype=float))
        starts = np.zeros(count)
        shift = 0.0
        if chart.stacked:
            starts = np.where(values >= 0, right, left)
            right = right + np.maximum(values, 0)
            left = left + np.minimum(values, 0)
        else:
            shift = (place - (lanes - 1) / 2) * thickness
        colors = [series_color(place)] * count
        if len(chart.series) == 1:
            colors = [GOOD if value >= 0 else WARNING for value in values]
        found.append(BarRow(name, rows + shift, starts, values, thickness, colors))
    return tuple(found)


def histogram(chart: HistogramChart) -> tuple[FloatArray, FloatArray]:
    """Return the edges of the bars and how many values each holds.

    Parameters
    ----------
    chart : HistogramChart
        The values.

    Returns
    -------
    edges : float64 [k + 1]
        Rising. Where the chart is split, the split is an edge.
    counts : float64 [k]
        Values from an edge, not included, to the next, included: a value equal to the split
        counts as not above it.
    """
    values = chart.values[np.isfinite(chart.values)]
    if not len(values):
        return np.array([0.0, 1.0]), np.zeros(1)
    low, high = float(values.min()), float(values.max())
    if chart.split is not None:
        low, high = min(low, chart.split), max(high, chart.split)
    if high == low:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / int(np.clip(np.sqrt(len(values)) * 1.5, 5, 60))
    origin = low if chart.split is None else chart.split
    first = np.floor((low - origin) / width - 1e-9)
    last = np.ceil((high - origin) / width + 1e-9)
    edges = origin + np.arange(first, last + 1) * width
    which = np.searchsorted(edges, values, side="left") - 1
    counts = np.bincount(np.clip(which, 0, len(edges) - 2), minlength=len(edges) - 1)
    return edges, counts.astype(float)


def bar_colors(chart: HistogramChart, edges: FloatArray) -> list[str]:
    """Return the color of each bar of a histogram.

    Parameters
    ----------
    chart : HistogramChart
        Says where it is split.
    edges : float64 [k + 1]
        Of the bars.

    Returns
    -------
    list of str [k]
        At or below the split that of a warning.
    """
    middles = (edges[1:] + edges[:-1]) / 2
    is_warning = middles <= (-np.inf if chart.split is None else chart.split)
    return [WARNING if warns else GOOD for warns in is_warning]


def is_far_right(edges: FloatArray, value: float) -> bool:
    """Return whether a mark stands so far to the right that its name belongs on its left.

    Parameters
    ----------
    edges : float64 [k + 1]
        Edges of the bars.
    value : float
        Where the mark stands.

    Returns
    -------
    bool
        True in the right half of the bars and beyond.
    """
    return bool(value > (edges[0] + edges[-1]) / 2)
