"""Interactive bars."""

from __future__ import annotations

import base64

import numpy as np

from quantpits.charts.plots_bars import bars_plot, histogram_plot
from tests.charts.chart_samples import bars_chart, histogram_chart


def numbers(coded):
    return np.frombuffer(base64.b64decode(coded["bdata"]), dtype=coded["dtype"])


def test_the_first_label_is_on_top():
    low, high = bars_plot(bars_chart()).layout["yaxis"]["range"]
    assert low > high


def test_a_band_is_measured_from_the_value():
    chart = bars_chart(1, series={"s": np.array([0.5])}, low=np.array([0.25]), high=np.array([1.0]))
    error = bars_plot(chart).data[0]["error_x"]
    assert [0.5] == numbers(error["array"]).tolist()
    assert [0.25] == numbers(error["arrayminus"]).tolist()


def test_a_single_series_is_coloured_by_sign_and_several_by_series():
    single = bars_plot(bars_chart()).data[0]
    assert 2 == len(set(single["marker"]["color"]))
    assert single["showlegend"] is False
    several = bars_plot(bars_chart(4, series={"a": np.ones(4), "b": np.ones(4)})).data
    assert [True, True] == [trace["showlegend"] for trace in several]


def test_the_highlighted_label_has_a_star():
    axis = bars_plot(bars_chart(2, highlight="model_01")).layout["yaxis"]
    assert ["model_00", "★ model_01"] == axis["ticktext"]


def test_a_histogram_counts_all_values():
    made = histogram_plot(histogram_chart())
    assert 400 == numbers(made.data[0]["y"]).sum()
    assert "median 0.50" == made.layout["annotations"][0]["text"]
