"""Interactive charts of what changes over time."""

from __future__ import annotations

import base64

import numpy as np

from quantpits.charts import plots_lines
from quantpits.charts.plots_lines import (
    nav_plot,
    ranks_plot,
    series_plot,
    training_plot,
    weights_plot,
)
from tests.charts.chart_samples import (
    nav_chart,
    ranks_chart,
    series_chart,
    sessions,
    training_chart,
    weights_chart,
)


def numbers(coded):
    return np.frombuffer(base64.b64decode(coded["bdata"]), dtype=coded["dtype"])


def test_dates_travel_once():
    made = nav_plot(nav_chart(12, 40))
    assert [str(day) for day in sessions(40)] == made.shared["dates"]
    assert {"shared"} == {name for trace in made.data for name in trace["x"]}


def test_a_long_history_of_many_accounts_is_thinned_and_keeps_its_ends(monkeypatch):
    monkeypatch.setattr(plots_lines, "_MOST_VALUES", 100)
    monkeypatch.setattr(plots_lines, "_FEWEST_ROWS", 10)
    chart = nav_chart(5, 101, highlight=None)
    made = nav_plot(chart)
    growth = [trace for trace in made.data if "yaxis" not in trace]
    assert len(made.shared["dates"]) <= 10
    assert str(sessions(101)[-1]) == made.shared["dates"][-1]
    last = next(trace for trace in growth if trace["name"] == "combo_03")
    assert np.isclose(chart.navs["combo_03"][-1] / 1e8 - 1, numbers(last["y"])[-1])


def test_the_deepest_fall_survives_thinning(monkeypatch):
    monkeypatch.setattr(plots_lines, "_MOST_VALUES", 20)
    monkeypatch.setattr(plots_lines, "_FEWEST_ROWS", 5)
    values = np.ones(50)
    values[17] = 0.5
    made = nav_plot(nav_chart(1, 50, navs={"a": values}, opening=1.0, highlight="a"))
    fall = next(t for t in made.data if t.get("yaxis") == "y2" and t["name"] == "a")
    assert -0.5 == numbers(fall["y"]).min()


def test_grey_lines_share_one_entry_of_the_legend():
    made = nav_plot(nav_chart(20, 10))
    others = [trace for trace in made.data if trace["legendgroup"] == "others"]
    assert 8 == len(others)
    assert "8 others" == others[0]["name"]
    assert 7 == sum(trace.get("showlegend") is False for trace in others)


def test_great_growth_has_a_logarithmic_axis():
    navs = {"a": np.geomspace(1e8, 1e10, 30)}
    assert "log" == nav_plot(nav_chart(1, 30, navs=navs, highlight="a")).layout["yaxis"]["type"]


def test_the_cutoff_is_a_line_with_its_name():
    layout = nav_plot(nav_chart(1, 30, cutoff=sessions(30)[20])).layout
    assert str(sessions(30)[20]) == layout["shapes"][0]["x0"]
    assert "out of sample →" == layout["annotations"][0]["text"]


def test_weights_are_stacked():
    made = weights_plot(weights_chart(3))
    assert {"weights"} == {trace["stackgroup"] for trace in made.data}


def test_the_epoch_that_was_kept_is_marked():
    assert 12 == training_plot(training_chart()).layout["shapes"][0]["x0"]
    assert "shapes" not in training_plot(training_chart(best=None)).layout


def test_rank_one_is_on_top():
    assert [6.5, 0.5] == ranks_plot(ranks_chart()).layout["yaxis"]["range"]
    nothing = ranks_chart(2, 2, ranks=np.full((2, 2), np.nan))
    assert [1.5, 0.5] == ranks_plot(nothing).layout["yaxis"]["range"]


def test_series_have_a_line_each_and_levels_across():
    made = series_plot(series_chart(2, 40, levels={"shifted <b>": 0.25}))
    assert ["model_00", "model_01"] == [trace["name"] for trace in made.data]
    assert [str(day) for day in sessions(40)] == made.shared["dates"]
    assert [0.25] == [shape["y0"] for shape in made.layout["shapes"]]
    assert "<b>" not in made.layout["annotations"][0]["text"]


def test_a_band_lies_behind_its_series():
    band = np.ones(40)
    made = series_plot(series_chart(1, 40, low=-band, high=band))
    assert ["low", "high", "model_00"] == [trace["name"] for trace in made.data]
    assert "tonexty" == made.data[1]["fill"]


def test_long_series_are_thinned_and_keep_their_ends(monkeypatch):
    monkeypatch.setattr(plots_lines, "_MOST_VALUES", 100)
    monkeypatch.setattr(plots_lines, "_FEWEST_ROWS", 10)
    chart = series_chart(10, 101)
    made = series_plot(chart)
    assert len(made.shared["dates"]) <= 10
    assert np.isclose(chart.series["model_03"][-1], numbers(made.data[3]["y"])[-1])


def test_what_is_counted_names_the_axis_of_learning():
    assert (
        "step" == training_plot(training_chart(step_name="step")).layout["xaxis"]["title"]["text"]
    )
