"""The lines of a dendrogram."""

from __future__ import annotations

import numpy as np
from scipy.cluster import hierarchy

from quantpits.charts import DendrogramChart
from quantpits.charts.trees import STEM, branches, leaf_order
from tests.charts.chart_samples import dendrogram_chart


def random_tree(count, *, seed, threshold=None):
    points = np.random.default_rng(seed).normal(size=(count, 3))
    linkage = hierarchy.linkage(points, "ward")
    labels = [str(number) for number in range(count)]
    return DendrogramChart(title="t", linkage=linkage, labels=labels, threshold=threshold)


def test_leaves_stand_as_scipy_puts_them():
    for seed in range(5):
        chart = random_tree(17, seed=seed)
        expected = hierarchy.dendrogram(chart.linkage, no_plot=True, distance_sort=False)["leaves"]
        assert tuple(expected) == leaf_order(chart)


def test_branches_are_those_of_scipy():
    chart = random_tree(17, seed=1)
    drawn = hierarchy.dendrogram(chart.linkage, no_plot=True)
    expected = sorted(
        (tuple(x), tuple(y)) for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True)
    )
    found = sorted(
        (tuple(branch.places * 10 + 5), tuple(branch.heights)) for branch in branches(chart)
    )
    assert np.allclose(expected, found)


def test_clusters_are_those_of_scipy():
    chart = random_tree(30, seed=2, threshold=2.0)
    numbers = hierarchy.fcluster(chart.linkage, 2.0, criterion="distance")
    shared = np.bincount(numbers)
    colors = {branch.color for branch in branches(chart)} - {STEM}
    assert min((shared > 1).sum(), 6) == len(colors)
    below = [branch for branch in branches(chart) if branch.heights.max() < 2.0]
    assert STEM not in {branch.color for branch in below}


def test_without_a_threshold_all_is_stem():
    assert {STEM} == {branch.color for branch in branches(dendrogram_chart(4, threshold=None))}
