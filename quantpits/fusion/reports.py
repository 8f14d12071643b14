"""Files of a backtested fusion: leaderboard, weights, charts, comparison, the page of the run.

Names carry the label and the anchor as the predictions do, and the files of the default combo have
plain copies too. A report that an earlier run left under the same name, and that this run does not
make again, is removed when the fusion it stood beside is no longer the same: figures of other
scores are worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.charts import page_html, png_bytes
from quantpits.fusion.leaderboard import (
    COMPARISON_COLUMNS,
    LEADERBOARD_COLUMNS,
    comparison_rows,
    leaderboard_rows,
)
from quantpits.fusion.pictures import (
    comparison_chart,
    correlation_chart,
    nav_chart,
    weights_chart,
)
from quantpits.fusion.plan import TRADABLE_LABEL
from quantpits.workspace.atomic import write_bytes, write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.charts import Page
    from quantpits.fusion.backtests import ComboBacktest
    from quantpits.fusion.compute import Fusion
    from quantpits.fusion.window import Window

__all__ = [
    "Written",
    "combo_pictures",
    "comparison_name",
    "page_name",
    "remove_stale",
    "report_suffix",
    "write_comparison",
    "write_page",
    "write_pictures",
    "write_tables",
]

_KINDS = (
    ("leaderboard", ".csv"),
    ("ensemble_weights", ".csv"),
    ("ensemble_nav", ".png"),
    ("ensemble_weights", ".png"),
    ("correlation_matrix", ".png"),
    ("fusion_report", ".html"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """Files, and whether any byte of them is new.

    Attributes
    ----------
    paths : tuple of Path
        What lies there now.
    changed : bool
        Whether any byte is new.
    """

    paths: tuple[Path, ...] = ()
    changed: bool = False

    def __add__(self, other: Written) -> Written:
        """Return both together."""
        return Written((*self.paths, *other.paths), self.changed or other.changed)


def report_suffix(label: str) -> str:
    """Return what the reports of a prediction carry in their names.

    Parameters
    ----------
    label : str
        ``ensemble``, ``ensemble_{combo}`` and so on.

    Returns
    -------
    str
        Empty for what orders follow.

    Examples
    --------
    >>> report_suffix("ensemble_A"), report_suffix("ensemble")
    ('_A', '')
    """
    return label.removeprefix(TRADABLE_LABEL)


def page_name(label: str, anchor: date) -> str:
    """Return the name of the page of a run with a single result."""
    return f"fusion_report{report_suffix(label)}_{anchor}.html"


def comparison_name(window: Window, anchor: date, *, ending: str) -> str:
    """Return the name of a file about several combos, such as ``combo_comparison_{anchor}.csv``."""
    return f"combo_comparison{window.suffix}_{anchor}.{ending}"


def write_tables(
    fusion: Fusion, backtest: ComboBacktest | None, *, folder: Path, anchor: date
) -> Written:
    """Write the leaderboard of a combo and, where they change, its weights by day.

    Parameters
    ----------
    fusion : Fusion
        The combo.
    backtest : ComboBacktest or None
        Its backtest, if there is one.
    folder : Path
        Where to.
    anchor : date
        Last session the scores know of.

    Returns
    -------
    Written
        The files.

    Raises
    ------
    ArtifactError
        If a file cannot be written.
    """
    written = Written()
    for label in fusion.plan.labels:
        end = f"{report_suffix(label)}_{anchor}.csv"
        if backtest is not None:
            path = folder / f"leaderboard{end}"
            is_new = write_csv(path, LEADERBOARD_COLUMNS, leaderboard_rows(backtest))
            written += Written((path,), is_new)
        if fusion.daily_weights is not None:
            path = folder / f"ensemble_weights{end}"
            days = fusion.panel.dates.astype(str).tolist()
            rows = [
                [day, *weights]
                for day, weights in zip(days, fusion.daily_weights.tolist(), strict=True)
            ]
            is_new = write_csv(path, ["datetime", *fusion.models], rows)
            written += Written((path,), is_new)
    return written


def combo_pictures(fusion: Fusion, backtest: ComboBacktest | None) -> dict[str, bytes]:
    """Draw the charts of a combo.

    Parameters
    ----------
    fusion : Fusion
        The combo.
    backtest : ComboBacktest or None
        Its backtest, if there is one.

    Returns
    -------
    dict of str to bytes
        PNG by the first part of its file's name.
    """
    charts = {
        "ensemble_nav": None if backtest is None else nav_chart(backtest),
        "ensemble_weights": weights_chart(fusion),
        "correlation_matrix": correlation_chart(fusion) if len(fusion.models) > 1 else None,
    }
    return {name: png_bytes(chart) for name, chart in charts.items() if chart is not None}


def write_pictures(
    fusion: Fusion, pictures: Mapping[str, bytes], *, folder: Path, anchor: date
) -> Written:
    """Write the charts of a combo, and their plain copies where orders follow it.

    Parameters
    ----------
    fusion : Fusion
        The combo.
    pictures : mapping of str to bytes
        As `combo_pictures` draws them.
    folder : Path
        Where to.
    anchor : date
        Last session the scores know of.

    Returns
    -------
    Written
        The files.

    Raises
    ------
    ArtifactError
        If a file cannot be written.
    """
    written = Written()
    for label in fusion.plan.labels:
        for name, content in pictures.items():
            path = folder / f"{name}{report_suffix(label)}_{anchor}.png"
            written += Written((path,), write_bytes(path, content))
    return written


def write_comparison(
    backtests: Sequence[ComboBacktest],
    *,
    folder: Path,
    window: Window,
    anchor: date,
    is_drawing: bool,
) -> Written:
    """Write several combos side by side.

    Parameters
    ----------
    backtests : sequence of ComboBacktest
        Two or more.
    folder : Path
        Where to.
    window : Window
        The dates that counted; a cut has its own name.
    anchor : date
        Last session the scores know of.
    is_drawing : bool
        Whether to draw the chart too.

    Returns
    -------
    Written
        The files.

    Raises
    ------
    ArtifactError
        If a file cannot be written.
    """
    table = folder / comparison_name(window, anchor, ending="csv")
    written = Written((table,), write_csv(table, COMPARISON_COLUMNS, comparison_rows(backtests)))
    if is_drawing:
        picture = folder / comparison_name(window, anchor, ending="png")
        content = png_bytes(comparison_chart(backtests))
        written += Written((picture,), write_bytes(picture, content))
    return written


def write_page(page: Page, path: Path) -> Written:
    """Write the page of a run: one file that needs no other and no network.

    Parameters
    ----------
    page : Page
        What it shows.
    path : Path
        Where to.

    Returns
    -------
    Written
        The file.

    Raises
    ------
    ArtifactError
        If it cannot be written.
    """
    return Written((path,), write_bytes(path, page_html(page).encode("utf-8")))


def remove_stale(
    fusion: Fusion, *, folder: Path, anchor: date, kept: Sequence[Path]
) -> tuple[Path, ...]:
    """Remove reports of a combo that belong to what it was before.

    Parameters
    ----------
    fusion : Fusion
        The combo, whose fusion has changed.
    folder : Path
        Where its reports lie.
    anchor : date
        Last session the scores know of.
    kept : sequence of Path
        What this run wrote.

    Returns
    -------
    tuple of Path
        What is gone.
    """
    gone = []
    for label in fusion.plan.labels:
        for name, ending in _KINDS:
            path = folder / f"{name}{report_suffix(label)}_{anchor}{ending}"
            if path not in kept and path.is_file():
                path.unlink()
                gone.append(path)
    return tuple(gone)
