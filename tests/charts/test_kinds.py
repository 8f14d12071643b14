"""Charts as values: what does not fit is refused when the chart is made."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from quantpits.charts import (
    Axis,
    BarsChart,
    DendrogramChart,
    NavChart,
    OpinionsChart,
    ScatterChart,
    TrainingChart,
    WeightsChart,
)
from quantpits.errors import ShapeError
from tests.charts.chart_samples import (
    bars_chart,
    every_chart,
    heatmap_chart,
    nav_chart,
    ranks_chart,
    sessions,
)


def test_a_chart_can_be_described_without_loading_what_draws_it():
    script = (
        "import sys, quantpits.charts; "
        "print([m for m in ('matplotlib', 'plotly', 'pandas', 'scipy') if m in sys.modules])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "[]" == finished.stdout.strip()


@pytest.mark.parametrize("chart", every_chart().values(), ids=list(every_chart()))
def test_a_chart_cannot_be_changed(chart):
    with pytest.raises(dataclasses.FrozenInstanceError, match="title"):
        chart.title = "other"


def test_accounts_must_have_the_length_of_the_dates():
    with pytest.raises(ShapeError, match=r"(?s)do not fit.*combo.*3 values"):
        NavChart(title="t", dates=sessions(3), navs={"combo": np.ones(2)})


def test_the_benchmark_must_have_it_too():
    with pytest.raises(ShapeError, match=r"(?s)do not fit.*benchmark"):
        NavChart(title="t", dates=sessions(2), navs={"a": np.ones(2)}, benchmark=np.ones(3))


def test_there_must_be_an_account_and_a_date():
    with pytest.raises(ShapeError, match="nothing to draw"):
        NavChart(title="t", dates=sessions(2), navs={})
    with pytest.raises(ShapeError, match="nothing to draw"):
        WeightsChart(title="t", dates=sessions(0), weights={"a": np.ones(0)})


def test_dates_must_rise():
    with pytest.raises(ShapeError, match="do not rise"):
        NavChart(title="t", dates=sessions(2)[::-1], navs={"a": np.ones(2)})


def test_only_an_account_can_be_highlighted():
    with pytest.raises(ShapeError, match=r"(?s)highlight.*found: other"):
        nav_chart(1, 2, highlight="other")


def test_a_matrix_must_fit_its_names():
    with pytest.raises(ShapeError, match="does not fit its names"):
        heatmap_chart(2, rows=["a"])
    with pytest.raises(ShapeError, match="does not fit its names"):
        ranks_chart(2, 2, ranks=np.ones((2, 3)))
    with pytest.raises(ShapeError, match="does not fit its names"):
        OpinionsChart(title="t", instruments=[], columns=[], opinions=[])


def test_points_must_have_both_places_and_a_colour_each():
    axis = Axis("x")
    with pytest.raises(ShapeError, match=r"(?s)do not fit.*y"):
        ScatterChart(title="t", x=np.ones(2), y=np.ones(1), x_axis=axis, y_axis=axis)
    with pytest.raises(ShapeError, match=r"(?s)do not fit.*color"):
        ScatterChart(
            title="t", x=np.ones(2), y=np.ones(2), x_axis=axis, y_axis=axis, color=np.ones(3)
        )


def test_a_marked_point_must_exist():
    axis = Axis("x")
    with pytest.raises(ShapeError, match=r"(?s)does not exist.*best.*0 to 1"):
        ScatterChart(
            title="t", x=np.ones(2), y=np.ones(2), x_axis=axis, y_axis=axis, marked={"best": 2}
        )


def test_a_tree_must_fit_its_leaves():
    with pytest.raises(ShapeError, match="does not fit its labels"):
        DendrogramChart(title="t", linkage=np.ones((2, 4)), labels=["a", "b"])
    with pytest.raises(ShapeError, match="does not fit its labels"):
        DendrogramChart(title="t", linkage=np.empty((0, 4)), labels=["a"])


def test_bars_need_labels_values_and_whole_bands():
    with pytest.raises(ShapeError, match="needs labels"):
        BarsChart(title="t", labels=[], series={"a": np.ones(0)}, axis=Axis("x"))
    with pytest.raises(ShapeError, match="do not fit"):
        bars_chart(2, series={"a": np.ones(3)})
    with pytest.raises(ShapeError, match="both ends"):
        bars_chart(2, low=np.ones(2))
    with pytest.raises(ShapeError, match="both ends"):
        bars_chart(2, series={"a": np.ones(2), "b": np.ones(2)}, low=np.ones(2), high=np.ones(2))
    with pytest.raises(ShapeError, match="do not fit"):
        bars_chart(2, low=np.ones(2), high=np.ones(3))


def test_an_opinion_is_one_of_four_words():
    with pytest.raises(ShapeError, match=r"(?s)known words.*found: wait"):
        OpinionsChart(title="t", instruments=["a"], columns=["m"], opinions=[["wait"]])
    with pytest.raises(ShapeError, match="do not fit"):
        OpinionsChart(title="t", instruments=["a"], columns=["m"], opinions=[["buy", "sell"]])


def test_learning_needs_a_curve():
    with pytest.raises(ShapeError, match="needs a curve"):
        TrainingChart(title="t", curves={})
