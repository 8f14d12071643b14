"""Any chart as an interactive one: the chart library's own validation accepts it."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from plotly import graph_objects

from quantpits.charts import figure, pictures, plots
from quantpits.charts.encoding import script_json
from quantpits.charts.kinds import Chart
from quantpits.charts.plots import plot
from tests.charts.chart_samples import (
    EVIL,
    bars_chart,
    dendrogram_chart,
    every_chart,
    heatmap_chart,
    histogram_chart,
    nav_chart,
    opinions_chart,
    ranks_chart,
    scatter_chart,
    training_chart,
    weights_chart,
)

CHARTS = every_chart() | {
    "nav_many": nav_chart(60, 30, cutoff=np.datetime64("2016-01-20")),
    "nav_log": nav_chart(1, 9, navs={"a": np.geomspace(1e8, 1e10, 9)}, highlight=None),
    "nav_day": nav_chart(1, 1),
    "weights_many": weights_chart(30),
    "heatmap_many": heatmap_chart(30),
    "heatmap_percent": heatmap_chart(3, scale="percent"),
    "scatter_many": scatter_chart(6000),
    "scatter_plain": scatter_chart(9, color=None, color_axis=None, labels=None, diagonal=True),
    "scatter_unnamed": scatter_chart(9, color_axis=None),
    "tree_plain": dendrogram_chart(3, threshold=None),
    "bars_stacked": bars_chart(4, series={"a": np.ones(4), "b": -np.ones(4)}, stacked=True),
    "bars_band": bars_chart(2, low=np.zeros(2), high=np.array([0.1, np.nan]), highlight="model_00"),
    "histogram_plain": histogram_chart(marks=None, split=None),
    "opinions_many": opinions_chart(5, 20),
    "ranks_many": ranks_chart(40, 12),
    "training_one": training_chart(curves={"train": np.array([1.0])}, best=None),
}


def resolved(made):
    """Return traces with their shared arrays in place, as the page's script puts them."""

    def value(given):
        is_shared = isinstance(given, dict) and "shared" in given
        return made.shared[given["shared"]] if is_shared else given

    return [{name: value(given) for name, given in trace.items()} for trace in made.data]


@pytest.mark.parametrize("kind", CHARTS)
def test_the_library_accepts_it(kind):
    made = plot(CHARTS[kind])
    graph_objects.Figure({"data": resolved(made), "layout": made.layout})
    assert made.height >= 200


@pytest.mark.parametrize("kind", CHARTS)
def test_it_is_json_and_the_same_each_time(kind):
    made = plot(CHARTS[kind])
    text = script_json([list(made.data), made.layout, made.shared])
    assert text == script_json([list(made.data), made.layout, made.shared])
    json.loads(text)


def test_there_is_a_maker_for_every_kind_of_chart():
    kinds = set(Chart.__args__)
    assert kinds == set(plots._MAKERS)
    assert kinds == set(pictures._PAINTERS)


@pytest.mark.parametrize(
    "chart",
    [
        nav_chart(1, 2, navs={EVIL: np.ones(2)}, highlight=EVIL, benchmark_name=EVIL),
        heatmap_chart(2, rows=[EVIL, "b"], columns=["a", EVIL]),
        scatter_chart(3, labels=lambda _: EVIL, marked={EVIL: 0}),
        bars_chart(2, labels=[EVIL, "b"], series={EVIL: np.ones(2)}),
        ranks_chart(2, 2, instruments=[EVIL, "b"], columns=[EVIL, "b"]),
        histogram_chart(marks={EVIL: 0.0}),
        training_chart(curves={EVIL: np.ones(3)}),
    ],
)
def test_names_carry_no_markup_and_no_formula(chart):
    made = plot(chart)
    text = json.dumps([list(made.data), made.layout])
    for part in ("<script", "<b>", "</b", "$"):
        assert part not in text


def numbers(coded):
    return np.frombuffer(base64.b64decode(coded["bdata"]), dtype=coded["dtype"])


def test_both_twins_show_the_same_numbers():
    chart = nav_chart(1, 30, benchmark=None)
    (trace, *_) = plot(chart).data
    (line, *_) = figure(chart).axes[1].lines
    assert np.allclose(numbers(trace["y"]), line.get_ydata(), atol=1e-7)
