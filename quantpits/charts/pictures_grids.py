"""Pictures of matrices: correlations, and what every model would do with every instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from quantpits.charts.canvas import (
    FONT_SIZE,
    INK,
    QUIET,
    fitted_all,
    new_frame,
    text_width,
)
from quantpits.charts.grids import cell_range, opinion_style
from quantpits.charts.palette import DIVERGING, SEQUENTIAL
from quantpits.charts.ticks import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from quantpits.charts.canvas import Frame
    from quantpits.charts.kinds import AxisKind, HeatmapChart, OpinionsChart

__all__ = ["heatmap_figure", "opinions_figure"]

_NAME_ROOM: Final = 2.4
# Cells smaller than this [inch] hold no number.
_CELL_WITH_NUMBER: Final = 0.4
_CELL_WITH_WORD: Final = 0.5
_SLANT: Final = 45
# Luminance below which text on a colour is white.
_DARK: Final = 0.55
_WORDS: Final = ("buy", "hold", "sell")


def heatmap_figure(chart: HeatmapChart) -> Figure:
    """Return a matrix as coloured cells.

    Parameters
    ----------
    chart : HeatmapChart
        What to draw.

    Returns
    -------
    Figure
        Cells large enough hold their number.
    """
    n_rows, n_columns = np.shape(chart.values)
    cell_width = float(np.clip(7.0 / n_columns, 0.13, 1.1))
    cell_height = float(np.clip(min(cell_width * 0.75, 6.5 / n_rows), 0.13, 0.55))
    size = float(np.clip(cell_height * 72 * 0.75, 5.0, FONT_SIZE))
    rows = fitted_all(chart.rows, _NAME_ROOM, size=size)
    columns = fitted_all(chart.columns, _NAME_ROOM, size=size)
    left = 0.3 + max(text_width(name, size=size) for name in rows)
    width_of_names = max(text_width(name, size=size) for name in columns)
    is_level = width_of_names < cell_width * 0.95
    turn = 0 if is_level else 45 if cell_width > size / 72 * 1.8 else 90
    below = 0.4 if is_level else 0.4 + width_of_names * (1.0 if turn > _SLANT else 0.72)
    width = max(left + n_columns * cell_width + 1.2, 6.0)
    frame = new_frame(
        chart.title,
        chart.subtitle,
        height=n_rows * cell_height + below + (0.85 if chart.subtitle else 0.6),
        width=width,
    )
    axes = frame.axes(
        left, below, right=left + n_columns * cell_width, top=below + n_rows * cell_height
    )
    low, high, is_diverging = cell_range(chart)
    colors = LinearSegmentedColormap.from_list(
        "", DIVERGING if is_diverging else SEQUENTIAL, bad="#eeeeee"
    )
    image = axes.imshow(
        np.ma.masked_invalid(chart.values),
        cmap=colors,
        vmin=low,
        vmax=high,
        aspect="auto",
        interpolation="nearest",
    )
    _name_cells(axes, rows, columns, size=size, turn=turn)
    if cell_width >= _CELL_WITH_NUMBER:
        _write_numbers(axes, chart, image=image, size=min(size, cell_width * 72 / 3.6))
    _color_bar(frame.figure, image, chart, edge=(left + n_columns * cell_width) / width)
    return frame.figure


def _name_cells(
    axes: Axes, rows: Sequence[str], columns: Sequence[str], *, size: float, turn: int
) -> None:
    axes.set_yticks(np.arange(len(rows)), rows, fontsize=size, color=INK)
    axes.set_xticks(
        np.arange(len(columns)),
        columns,
        fontsize=size,
        color=INK,
        rotation=turn,
        ha="right" if turn else "center",
        va="center" if turn > _SLANT else "top",
        rotation_mode="anchor",
    )
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _write_numbers(axes: Axes, chart: HeatmapChart, *, image: Any, size: float) -> None:
    kind: AxisKind = "percent" if chart.scale == "percent" else "number"
    for (row, column), value in np.ndenumerate(chart.values):
        if not np.isfinite(value):
            continue
        red, green, blue, _ = image.cmap(image.norm(value))
        is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < _DARK
        axes.text(
            column,
            row,
            number_text(value, kind),
            ha="center",
            va="center",
            fontsize=size,
            color="white" if is_dark else INK,
        )


def _color_bar(figure: Figure, image: Any, chart: HeatmapChart, *, edge: float) -> None:
    box = image.axes.get_position()
    height = min(box.height, 3.0 / figure.get_figheight())
    bar_axes = figure.add_axes(
        (edge + 0.18 / figure.get_figwidth(), box.y1 - height, 0.14 / figure.get_figwidth(), height)
    )
    kind: AxisKind = "percent" if chart.scale == "percent" else "number"
    bar = figure.colorbar(image, cax=bar_axes, format=lambda value, _: number_text(value, kind))
    bar.outline.set_visible(False)
    bar_axes.tick_params(length=0, labelsize=FONT_SIZE * 0.8)


def opinions_figure(chart: OpinionsChart) -> Figure:
    """Return a cell for each instrument and model: buy, hold or sell.

    Parameters
    ----------
    chart : OpinionsChart
        What to draw.

    Returns
    -------
    Figure
        A cell has a colour and a letter; the last column counts the buys and sells of a row.
    """
    n_rows, n_columns = len(chart.instruments), len(chart.columns)
    cell = (float(np.clip(6.6 / n_columns, 0.28, 0.9)), 0.24)
    rows = fitted_all(chart.instruments, _NAME_ROOM)
    columns = fitted_all(chart.columns, _NAME_ROOM)
    left = 0.3 + max(text_width(name) for name in rows)
    above = 0.2 + max(text_width(name, is_bold=True) for name in columns) * 0.72
    width = max(left + n_columns * cell[0] + 1.9, 6.0)
    head = 0.8 if chart.subtitle else 0.55
    frame = new_frame(
        chart.title,
        chart.subtitle,
        height=n_rows * cell[1] + above + head + 0.55,
        width=width,
    )
    axes = frame.axes(left, 0.5, right=left + n_columns * cell[0], top=0.5 + n_rows * cell[1])
    axes.set_xlim(0, n_columns)
    axes.set_ylim(n_rows, 0)
    _draw_opinions(axes, chart, cell_width=cell[0])
    _name_opinions(axes, chart, rows=rows, columns=columns)
    _opinion_legend(frame, left=left)
    return frame.figure


def _draw_opinions(axes: Axes, chart: OpinionsChart, *, cell_width: float) -> None:
    for row, words in enumerate(chart.opinions):
        for column, word in enumerate(words):
            color, ink = opinion_style(word)
            axes.add_patch(
                Rectangle((column, row), 1, 1, facecolor=color, edgecolor="white", linewidth=1)
            )
            axes.text(
                column + 0.5,
                row + 0.5,
                word if cell_width >= _CELL_WITH_WORD else word[:1].upper(),
                ha="center",
                va="center",
                color=ink,
                fontsize=FONT_SIZE * 0.85,
            )
        counts = "  ".join(
            f"{words.count(word)} {word}" for word in ("buy", "sell") if word in words
        )
        axes.annotate(
            counts,
            xy=(1.0, row + 0.5),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=FONT_SIZE * 0.85,
            color=QUIET,
            annotation_clip=False,
        )


def _name_opinions(
    axes: Axes, chart: OpinionsChart, *, rows: Sequence[str], columns: Sequence[str]
) -> None:
    axes.xaxis.tick_top()
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, color=INK)
    axes.set_xticks(
        np.arange(len(columns)) + 0.5, columns, rotation=45, ha="left", rotation_mode="anchor"
    )
    axes.tick_params(length=0)
    for name, text in zip(chart.columns, axes.get_xticklabels(), strict=True):
        text.set_color(INK)
        text.set_fontweight("bold" if name == chart.basis else "normal")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _opinion_legend(frame: Frame, *, left: float) -> None:
    for place, word in enumerate(_WORDS):
        color, _ = opinion_style(word)
        frame.figure.text(
            (left + place * 0.75) / frame.width,
            0.25 / frame.height,
            f"■ {word}",
            color=color if word != "hold" else "#9aa1a9",
            va="center",
        )
