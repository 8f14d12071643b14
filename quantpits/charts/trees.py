"""The lines of a dendrogram, from the linkage alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.charts.palette import series_color

if TYPE_CHECKING:
    from quantpits.charts.kinds import DendrogramChart, FloatArray

__all__ = ["STEM", "Branch", "branches", "leaf_order"]

STEM: Final = "#8a9099"


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One join: a line from one part up to the height of the join, across, and down to the other.

    Attributes
    ----------
    places : float64 [4]
        Along the leaves, 0 for the first leaf.
    heights : float64 [4]
        Distance.
    color : str
        Of its cluster, or of the stem above the threshold.
    """

    places: FloatArray
    heights: FloatArray
    color: str


def leaf_order(chart: DendrogramChart) -> tuple[int, ...]:
    """Return the leaves in the order they are drawn, so that no lines cross.

    Parameters
    ----------
    chart : DendrogramChart
        The tree.

    Returns
    -------
    tuple of int
        Numbers of the leaves.
    """
    count = len(chart.labels)
    waiting = [2 * count - 2]
    order = []
    while waiting:
        node = waiting.pop()
        if node < count:
            order.append(node)
        else:
            first, second = chart.linkage[node - count, :2]
            waiting += [int(second), int(first)]
    return tuple(order)


def branches(chart: DendrogramChart) -> tuple[Branch, ...]:
    """Return the joins of a tree, the lowest first.

    Parameters
    ----------
    chart : DendrogramChart
        The tree.

    Returns
    -------
    tuple of Branch
        One a row of the linkage.
    """
    count = len(chart.labels)
    place = dict(enumerate(np.argsort(leaf_order(chart)).astype(float).tolist()))
    height = dict.fromkeys(range(count), 0.0)
    colors = _cluster_colors(chart)
    found = []
    for row, (first, second, distance, _) in enumerate(chart.linkage):
        one, two = sorted((int(first), int(second)), key=place.__getitem__)
        places = np.array([place[one], place[one], place[two], place[two]])
        heights = np.array([height[one], distance, distance, height[two]])
        found.append(Branch(places, heights, colors[row]))
        place[count + row] = (place[one] + place[two]) / 2
        height[count + row] = float(distance)
    return tuple(found)


def _cluster_colors(chart: DendrogramChart) -> list[str]:
    """Return the colour of each join: one for all joins of a cluster below the threshold."""
    count = len(chart.labels)
    colors = [STEM] * len(chart.linkage)
    if chart.threshold is None:
        return colors
    number = 0
    # From the top: a join below the threshold hands its colour down to the joins it is made of.
    for row in range(len(chart.linkage) - 1, -1, -1):
        if chart.linkage[row, 2] >= chart.threshold:
            continue
        if colors[row] == STEM:
            colors[row] = series_color(number)
            number += 1
        for child in chart.linkage[row, :2].astype(int):
            if child >= count:
                colors[child - count] = colors[row]
    return colors
