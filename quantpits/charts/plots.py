"""Any chart as an interactive one."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from quantpits.charts.plots_bars import bars_plot, histogram_plot
from quantpits.charts.plots_cells import heatmap_plot, opinions_plot
from quantpits.charts.plots_lines import (
    nav_plot,
    ranks_plot,
    series_plot,
    training_plot,
    weights_plot,
)
from quantpits.charts.plots_points import dendrogram_plot, scatter_plot

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from quantpits.charts.kinds import Chart
    from quantpits.charts.plot import Plot

__all__ = ["plot"]

_MAKERS: dict[type, Callable[[Any], Plot]] = {
    NavChart: nav_plot,
    WeightsChart: weights_plot,
    HeatmapChart: heatmap_plot,
    ScatterChart: scatter_plot,
    DendrogramChart: dendrogram_plot,
    BarsChart: bars_plot,
    HistogramChart: histogram_plot,
    OpinionsChart: opinions_plot,
    RanksChart: ranks_plot,
    TrainingChart: training_plot,
    SeriesChart: series_plot,
}


def plot(chart: Chart) -> Plot:
    """Return a chart as the chart library takes it.

    Parameters
    ----------
    chart : Chart
        What to draw.

    Returns
    -------
    Plot
        For a page.
    """
    return _MAKERS[type(chart)](chart)
