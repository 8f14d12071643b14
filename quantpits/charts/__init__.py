"""Pictures and pages: figures for PNG files, and self-contained interactive HTML.

What this room is for: drawing values that are handed in, the same way everywhere: account values
with drawdowns, weights over time, correlations, comparisons, trees, scatter plots; and putting
tables and interactive charts on one page that needs no network.

What may be imported from it: the names below, by steps and by the routine.

What must never be here: computing what is drawn, reading files, deciding where a picture goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.charts.kinds import (
    Axis,
    BarsChart,
    Chart,
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
from quantpits.charts.sections import (
    Code,
    Column,
    Facts,
    Fold,
    Heading,
    Note,
    Page,
    Paragraph,
    Section,
    Table,
    Tone,
)
from quantpits.charts.ticks import number_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "Axis",
    "BarsChart",
    "Chart",
    "Code",
    "Column",
    "DendrogramChart",
    "Facts",
    "Fold",
    "Heading",
    "HeatmapChart",
    "HistogramChart",
    "NavChart",
    "Note",
    "OpinionsChart",
    "Page",
    "Paragraph",
    "RanksChart",
    "ScatterChart",
    "Section",
    "SeriesChart",
    "Table",
    "Tone",
    "TrainingChart",
    "WeightsChart",
    "figure",
    "number_text",
    "page_html",
    "png_bytes",
]


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
    from quantpits.charts import pictures  # noqa: PLC0415 - Matplotlib loads when drawing starts

    return pictures.figure(chart)


def png_bytes(chart: Chart) -> bytes:
    """Return a chart as the bytes of a PNG file.

    Parameters
    ----------
    chart : Chart
        What to draw.

    Returns
    -------
    bytes
        Without time or program in it: the same for the same chart on the same fonts.
    """
    from quantpits.charts import pictures  # noqa: PLC0415 - Matplotlib loads when drawing starts

    return pictures.png(chart)


def page_html(page: Page) -> str:
    """Return a page as one HTML text that needs no network.

    Parameters
    ----------
    page : Page
        What is on it.

    Returns
    -------
    str
        Styles, data and the chart library are in it; the same for the same page.
    """
    from quantpits.charts.page import html  # noqa: PLC0415 - the chart library is large

    return html(page)
