"""What cells look like, in pictures and on pages alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.charts.palette import GOOD, NEUTRAL, WARNING

if TYPE_CHECKING:
    from quantpits.charts.kinds import HeatmapChart

__all__ = ["cell_range", "opinion_style"]

_OPINIONS: Final = {
    "buy": (GOOD, "#ffffff"),
    "hold": (NEUTRAL, "#22262b"),
    "sell": (WARNING, "#ffffff"),
    "": ("#f3f4f6", "#22262b"),
}


def cell_range(chart: HeatmapChart) -> tuple[float, float, bool]:
    """Return the values at both ends of the colours, and whether the colours part at 0.

    Parameters
    ----------
    chart : HeatmapChart
        The matrix.

    Returns
    -------
    low, high : float
        Never equal.
    is_diverging : bool
        True for correlations and where both signs occur; the ends are then opposite.
    """
    if chart.scale == "correlation":
        return -1.0, 1.0, True
    finite = chart.values[np.isfinite(chart.values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if low < 0 < high:
        end = max(-low, high)
        return -end, end, True
    return (low, high, False) if high > low else (low - 0.5, high + 0.5, False)


def opinion_style(word: str) -> tuple[str, str]:
    """Return the colour of a cell with this opinion, and of the text in it.

    Examples
    --------
    >>> opinion_style("buy")
    ('#0072b2', '#ffffff')
    """
    return _OPINIONS[word]
