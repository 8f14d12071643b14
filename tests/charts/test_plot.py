"""Axes of interactive charts."""

from __future__ import annotations

from quantpits.charts.plot import Plot, axis_layout, category_axis, date_axis, short_name
from tests.charts.chart_samples import sessions


def test_an_axis_knows_how_its_numbers_are_written():
    assert ",.2~%" == axis_layout("weight", "percent")["tickformat"]
    assert ",d" == axis_layout("epoch", "integer")["tickformat"]
    assert "a &lt;b&gt;" == axis_layout("a <b>", "number")["title"]["text"]


def test_names_are_no_coordinates():
    axis = category_axis(["600000", "600000"])
    assert [0, 1] == axis["tickvals"]
    assert ["600000", "600000"] == axis["ticktext"]


def test_a_few_sessions_have_a_tick_each():
    assert [str(day) for day in sessions(5)] == date_axis(sessions(5))["tickvals"]
    assert "tickvals" not in date_axis(sessions(50))


def test_a_long_name_keeps_both_ends():
    short = short_name("gru_Alpha158,lightgbm_Alpha158,linear_Alpha158", 20)
    assert "gru_Alpha…r_Alpha158" == short
    assert "gru" == short_name("gru")


def test_a_plot_shares_nothing_unless_told():
    assert {} == Plot((), {}, 300).shared
