"""Any chart as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.charts.canvas import drawing, encode_png
from quantpits.charts.kinds import (
    BarsChart,
    DendrogramChart,
    HeatmapChart,
    HistogramChart,
    NavChart,
    OpinionsChart,
    RanksChart,
    ScatterChart,
    TrainingChart,
    WeightsChart,
)
from quantpits.charts.kinds_series import SeriesChart
from quantpits.charts.pictures_bars import bars_figure, histogram_figure
from quantpits.charts.pictures_grids import heatmap_figure, opinions_figure
from quantpits.charts.pictures_lines import (
    ranks_figure,
    series_figure,
    training_figure,
    weights_figure,
)
from quantpits.charts.pictures_nav import nav_figure
from quantpits.charts.pictures_points import dendrogram_figure, scatter_figure

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from matplotlib.figure import Figure

    from quantpits.charts.kinds import Chart

__all__ = ["figure", "png"]

_PAINTERS: dict[type, Callable[[Any], Figure]] = {
    NavChart: nav_figure,
    WeightsChart: weights_figure,
    HeatmapChart: heatmap_figure,
    ScatterChart: scatter_figure,
    DendrogramChart: dendrogram_figure,
    BarsChart: bars_figure,
    HistogramChart: histogram_figure,
    OpinionsChart: opinions_figure,
    RanksChart: ranks_figure,
    TrainingChart: training_figure,
    SeriesChart: series_figure,
}


def figure(chart: Chart) -> Figure:
    """Return a chart as a Matplotlib figure with an Agg canvas.

    Parameters
    ----------
    chart : Chart
        What to draw.

    Returns
    -------
    Figure
        Not known to `pyplot`.
    """
    with drawing():
        return _PAINTERS[type(chart)](chart)


def png(chart: Chart) -> bytes:
    """Return a chart as the bytes of a PNG file.

    Parameters
    ----------
    chart : Chart
        What to draw.

    Returns
    -------
    bytes
        The same for the same chart on the same fonts.
    """
    return encode_png(figure(chart))
