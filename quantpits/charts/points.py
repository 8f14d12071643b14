"""Which points of a scatter are drawn one by one, and how the others are counted in cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from quantpits.charts.kinds import FloatArray, ScatterChart

__all__ = [
    "MOST_POINTS",
    "Bins",
    "color_ticks",
    "density",
    "finite_points",
    "is_binned",
    "square_range",
]

# More points than this are counted in cells: a million dots are a blot, and a page of 100 MB.
MOST_POINTS: Final = 5_000
_CELLS: Final = (90, 60)
_MOST_TICKS: Final = 9

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Points counted in cells.

    Attributes
    ----------
    x_edges, y_edges : float64 [C + 1], [R + 1]
        Edges of the cells.
    counts : float64 [R, C]
        Points in each cell; NaN where there is none, so that nothing is drawn there.
    """

    x_edges: FloatArray
    y_edges: FloatArray
    counts: FloatArray


def finite_points(chart: ScatterChart) -> IntArray:
    """Return the numbers of the points that have both coordinates."""
    return np.flatnonzero(np.isfinite(chart.x) & np.isfinite(chart.y)).astype(np.int64)


def is_binned(chart: ScatterChart) -> bool:
    """Return whether the chart has too many points to draw each."""
    return len(finite_points(chart)) > MOST_POINTS


def density(chart: ScatterChart) -> Bins:
    """Return how many points lie in each cell of a grid over all of them.

    Parameters
    ----------
    chart : ScatterChart
        At least one point with both coordinates.

    Returns
    -------
    Bins
        The grid; its cells hold all points.
    """
    points = finite_points(chart)
    counts, x_edges, y_edges = np.histogram2d(chart.x[points], chart.y[points], bins=_CELLS)
    return Bins(x_edges, y_edges, np.where(counts.T > 0, counts.T, np.nan))


def color_ticks(chart: ScatterChart) -> tuple[float, ...]:
    """Return the ticks of the colour scale: round numbers, and whole ones where it counts.

    Parameters
    ----------
    chart : ScatterChart
        The points.

    Returns
    -------
    tuple of float
        Within the range of the colours; none where all are equal.
    """
    points = finite_points(chart)
    colors = np.empty(0) if chart.color is None else chart.color[points]
    colors = colors[np.isfinite(colors)]
    if not len(colors) or colors.min() == colors.max():
        return ()
    low, high = float(colors.min()), float(colors.max())
    rough = (high - low) / _MOST_TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= rough)
    if chart.color_axis is not None and chart.color_axis.kind == "integer":
        step = max(step, 1.0)
    ticks = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step
    return tuple(float(tick) for tick in ticks)


def square_range(chart: ScatterChart) -> tuple[float, float]:
    """Return the range that both axes share, for the line where they are equal."""
    points = finite_points(chart)
    if not len(points):
        return 0.0, 1.0
    both = np.concatenate([chart.x[points], chart.y[points]])
    return float(both.min()), float(both.max())
