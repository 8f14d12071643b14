"""Pictures of accounts over time, with their drawdowns underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter

from quantpits.charts.canvas import (
    INK,
    LABEL_ROOM,
    LABEL_SIZE,
    LINE_STYLES,
    QUIET,
    Frame,
    fitted,
    format_axis,
    format_dates,
    new_frame,
    text_width,
    widest_label,
)
from quantpits.charts.curves import is_logarithmic, nav_lines, with_drawdown
from quantpits.charts.kinds import Axis
from quantpits.charts.labels import spread
from quantpits.charts.palette import N_TOLD_APART
from quantpits.charts.ticks import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from quantpits.charts.curves import Line
    from quantpits.charts.kinds import FloatArray, NavChart

__all__ = ["nav_figure"]

# From this ratio on, ticks of a logarithmic axis are further apart.
_COARSE_FROM: Final = 100.0
# A label this far from its line [inch] is tied to it by a thin line.
_MOVED: Final = 0.12
# Sessions from which lines are drawn thinner, so that they do not fill up.
_LONG: Final = 750
_WIDTHS: Final = {"highlight": 2.6, "named": 1.4, "benchmark": 1.6, "other": 0.7}


def nav_figure(chart: NavChart) -> Figure:
    """Return cumulative returns with the drawdowns underneath.

    Parameters
    ----------
    chart : NavChart
        What to draw.

    Returns
    -------
    Figure
        Lines are named at their ends; the highlighted one is thick and starred, the benchmark
        dashed.
    """
    lines = nav_lines(chart)
    labels = _end_labels(lines)
    height = 6.6 if len(labels) <= N_TOLD_APART else 7.2
    frame = new_frame(chart.title, chart.subtitle, height=height)
    right = frame.width - 0.35 - widest_label(text for text, _ in labels.values())
    split = 0.45 + (frame.top - 0.45) * 0.3
    below = frame.axes(0.75, 0.45, right=right, top=split - 0.12)
    above = frame.axes(0.75, split, right=right, top=frame.top - 0.05)
    is_log = _draw_growth(above, chart, lines)
    _draw_drawdowns(below, chart, lines)
    format_dates(above, chart.dates, has_labels=False)
    format_dates(below, chart.dates)
    _write_end_labels(frame, above, chart=chart, lines=lines, labels=labels, is_log=is_log)
    _mark_cutoff(chart, above, below)
    return frame.figure


def _draw_growth(axes: Axes, chart: NavChart, lines: Sequence[Line]) -> bool:
    is_log = is_logarithmic(lines)
    days = chart.dates.astype("datetime64[D]").astype(np.float64)
    for line in lines:
        shown = line.growth if is_log else line.growth - 1.0
        _plot(axes, days, shown, line=line)
    if is_log:
        axes.set_yscale("log")
        _format_factors(axes)
    else:
        format_axis(axes, Axis("cumulative return", "percent"), which="y")
    axes.axhline(1.0 if is_log else 0.0, color="#9aa1a9", linewidth=0.8, zorder=1)
    axes.tick_params(axis="x", length=0)
    return is_log


def _format_factors(axes: Axes) -> None:
    low, high = axes.get_ylim()
    marks = [base * 10.0**power for power in range(-3, 7) for base in (1.0, 1.5, 2.0, 3.0, 5.0)]
    if high / low > _COARSE_FROM:
        marks = [base * 10.0**power for power in range(-3, 7) for base in (1.0, 3.0)]
    marks = [mark for mark in marks if low <= mark <= high]
    axes.yaxis.set_major_locator(FixedLocator(marks))
    axes.yaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"×{value:g}"))
    axes.set_ylabel("growth, logarithmic")
    axes.grid(visible=True, axis="y")


def _plot(axes: Axes, days: FloatArray, values: FloatArray, *, line: Line) -> None:
    is_single = np.count_nonzero(np.isfinite(values)) == 1
    axes.plot(
        days,
        values,
        color=line.color,
        linestyle=LINE_STYLES[line.dash],
        linewidth=_WIDTHS[line.role] * (1.0 if len(days) <= _LONG else 0.7),
        marker="o" if is_single or len(days) == 1 else "",
        markersize=4,
        alpha=0.75 if line.role == "other" else 1.0,
        solid_capstyle="round",
    )


def _draw_drawdowns(axes: Axes, chart: NavChart, lines: Sequence[Line]) -> None:
    days = chart.dates.astype("datetime64[D]").astype(np.float64)
    shown = with_drawdown(lines)
    for line in shown:
        _plot(axes, days, line.drawdown, line=line)
        if line.role == "highlight" or (len(chart.navs) == 1 and line.role == "named"):
            filled = np.nan_to_num(line.drawdown)
            axes.fill_between(days, filled, 0.0, color=line.color, alpha=0.16, linewidth=0)
    lowest = min((float(np.nanmin(line.drawdown)) for line in shown if _has_any(line)), default=0.0)
    axes.set_ylim(min(lowest * 1.08, -0.005), 0.0)
    format_axis(axes, Axis("drawdown", "percent"), which="y", n_max=4)


def _has_any(line: Line) -> bool:
    return bool(np.isfinite(line.drawdown).any())


def _end_labels(lines: Sequence[Line]) -> dict[str, tuple[str, str]]:
    """Return name to text and colour, for the lines that are named at their end."""
    labels = {}
    for line in lines:
        if line.role == "other":
            continue
        value = number_text(line.final - 1.0, "percent")
        value = value if value.startswith(("−", "–")) else f"+{value}"
        star = "★ " if line.role == "highlight" else ""
        room = LABEL_ROOM - text_width(f"{star} {value}", size=LABEL_SIZE, is_bold=bool(star))
        name = fitted(line.name, room, size=LABEL_SIZE, is_bold=bool(star))
        labels[line.role + line.name] = (f"{star}{name} {value}", line.color)
    n_others = sum(line.role == "other" for line in lines)
    if n_others:
        labels["other"] = (f"{n_others} more in grey", QUIET)
    return labels


def _write_end_labels(
    frame: Frame,
    axes: Axes,
    *,
    chart: NavChart,
    lines: Sequence[Line],
    labels: dict[str, tuple[str, str]],
    is_log: bool,
) -> None:
    """Write each line's name beside its end, moved apart where they would cover one another."""
    keyed = {line.role + line.name: line for line in lines}
    inches = axes.get_position().height * frame.height
    shown = np.array([_height_of(axes, keyed.get(key), is_log=is_log) for key in labels]) * inches
    spots = spread(shown, 1.35 * LABEL_SIZE / 72, low=0.05, high=inches - 0.05)
    for key, spot, true in zip(labels, spots, shown, strict=True):
        text, color = labels[key]
        line = keyed.get(key)
        is_moved = line is not None and abs(spot - true) > _MOVED and np.isfinite(line.final)
        thread = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "alpha": 0.6}
        axes.annotate(
            text,
            xy=(_last_day(chart, line), true / inches),
            xycoords=("data", "axes fraction"),
            xytext=(1.012, spot / inches),
            textcoords="axes fraction",
            color=color,
            fontsize=LABEL_SIZE,
            fontweight="bold" if text.startswith("★") else "normal",
            va="center",
            annotation_clip=False,
            arrowprops={**thread, "shrinkA": 0, "shrinkB": 1} if is_moved else None,
        )


def _height_of(axes: Axes, line: Line | None, *, is_log: bool) -> float:
    """Return how high in the axes a line ends, from 0 to 1; at the bottom for no line."""
    if line is None or not np.isfinite(line.final):
        return 0.0
    low, high = axes.get_ylim()
    if is_log:
        return float(np.log(line.final / low) / np.log(high / low))
    return (line.final - 1.0 - low) / (high - low)


def _last_day(chart: NavChart, line: Line | None) -> float:
    row = -1 if line is None else int(np.flatnonzero(np.isfinite(line.growth))[-1:].sum())
    return float(chart.dates[row].astype("datetime64[D]").astype(np.int64))


def _mark_cutoff(chart: NavChart, above: Axes, below: Axes) -> None:
    if chart.cutoff is None:
        return
    day = float(chart.cutoff.astype("datetime64[D]").astype(np.int64))
    for axes in (above, below):
        axes.axvline(day, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
    above.annotate(
        "out of sample →",
        xy=(day, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, -10),
        textcoords="offset points",
        fontsize=LABEL_SIZE,
        color=QUIET,
    )
