"""Interactive points and trees."""

from __future__ import annotations

import base64

import numpy as np

from quantpits.charts import Axis
from quantpits.charts.plots_points import dendrogram_plot, scatter_plot
from tests.charts.chart_samples import dendrogram_chart, scatter_chart


def numbers(coded):
    return np.frombuffer(base64.b64decode(coded["bdata"]), dtype=coded["dtype"])


def test_points_carry_their_labels():
    dots = scatter_plot(scatter_chart(5)).data[0]
    assert ["combo 0", "combo 1", "combo 2", "combo 3", "combo 4"] == dots["text"]
    assert "%{text}<br>max drawdown %{x:.2%}" in dots["hovertemplate"]


def test_points_without_a_place_are_left_out_with_their_labels():
    chart = scatter_chart(3, x=np.array([1.0, np.nan, 2.0]), marked={"gone": 1, "there": 2})
    made = scatter_plot(chart)
    assert ["combo 0", "combo 2"] == made.data[0]["text"]
    assert ["there"] == [trace["name"] for trace in made.data[1:]]


def test_many_points_are_counted_and_the_marked_ones_stay():
    made = scatter_plot(scatter_chart(6000))
    cells, *marks = made.data
    assert "heatmap" == cells["type"]
    assert 6000 == np.nansum(numbers(cells["customdata"]))
    assert ["best", "all models"] == [trace["name"] for trace in marks]


def test_the_name_of_an_axis_is_no_field():
    chart = scatter_chart(3, x_axis=Axis("{y}"), labels=None)
    assert "{y}" not in scatter_plot(chart).data[0]["hovertemplate"].replace("%{y", "")


def test_a_mark_without_labels_says_its_name():
    made = scatter_plot(scatter_chart(3, labels=None, marked={"best": 1}))
    assert ["best"] == made.data[1]["text"]


def test_the_diagonal_is_a_line():
    assert "line" == scatter_plot(scatter_chart(3, diagonal=True)).layout["shapes"][0]["type"]


def test_joins_of_a_cluster_are_one_trace():
    made = dendrogram_plot(dendrogram_chart(5, threshold=2.5))
    assert 2 == len(made.data)
    assert 2 == np.isnan(numbers(made.data[0]["x"])).sum()


def test_leaves_stand_in_the_order_of_the_tree():
    made = dendrogram_plot(dendrogram_chart(3, threshold=None))
    names = ["catboost_Alpha158_00", "catboost_Alpha158_01", "catboost_Alpha158_02"]
    assert sorted(names) == sorted(made.layout["yaxis"]["ticktext"])
    assert "shapes" not in made.layout
