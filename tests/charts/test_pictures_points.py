"""Pictures of points and trees."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts import Axis, figure
from tests.charts.chart_samples import (
    covered_labels,
    cut_texts,
    dendrogram_chart,
    scatter_chart,
    texts_of,
)


def written(chart):
    return [text for text, _, _ in texts_of(figure(chart))]


@pytest.mark.parametrize("count", [1, 3, 255, 6000])
def test_any_number_of_points_is_readable(count):
    drawn = figure(scatter_chart(count))
    assert [] == cut_texts(drawn)
    assert [] == covered_labels(drawn)


def test_many_points_are_counted_in_cells():
    texts = written(scatter_chart(6000))
    assert "points in a cell" in texts
    assert {"1", "2", "5", "10"} <= set(texts)


def test_very_many_points_have_powers_of_ten_on_the_scale():
    x = np.concatenate([np.zeros(9000), np.linspace(0, 1, 10)])
    chart = scatter_chart(9010, x=x, y=x, marked=None)
    assert "1,000" in written(chart)
    assert "500" not in written(chart)


def test_marked_points_are_named():
    assert {"best", "all models"} <= set(written(scatter_chart()))


def test_a_marked_point_without_a_place_is_not_named():
    chart = scatter_chart(3, x=np.array([np.nan, 1.0, 2.0]), marked={"gone": 0, "there": 1})
    assert "gone" not in written(chart)
    assert "there" in written(chart)


def test_the_colour_scale_has_whole_numbers_once():
    bar = figure(scatter_chart(50)).axes[-1]
    assert ["1", "2", "3", "4", "5"] == [text.get_text() for text in bar.get_yticklabels()]


def test_one_colour_needs_no_scale():
    assert 1 == len(figure(scatter_chart(20, color=np.ones(20))).axes)
    assert 1 == len(figure(scatter_chart(20, color=None, color_axis=None)).axes)


def test_a_scale_without_a_name_has_numbers():
    drawn = figure(scatter_chart(20, color=np.linspace(0, 1, 20), color_axis=None))
    assert 2 == len(drawn.axes)


def test_the_diagonal_lies_within_the_axes():
    chart = scatter_chart(20, diagonal=True, y_axis=Axis("y"), marked=None)
    axes = figure(chart).axes[0]
    ends = axes.lines[0].get_xdata()
    assert axes.get_xlim()[0] < ends[0] < ends[1] < axes.get_xlim()[1]


def test_no_points_are_said_to_be_none():
    assert "no points" in written(scatter_chart(3, x=np.full(3, np.nan)))


@pytest.mark.parametrize("count", [2, 3, 12, 60])
def test_trees_of_any_size_are_readable(count):
    assert [] == cut_texts(figure(dendrogram_chart(count)))


def test_a_tree_without_a_threshold_has_no_line_across():
    with_line = len(figure(dendrogram_chart(5)).axes[0].lines)
    assert with_line - 1 == len(figure(dendrogram_chart(5, threshold=None)).axes[0].lines)
