"""Interactive matrices."""

from __future__ import annotations

from quantpits.charts.plots_cells import heatmap_plot, opinions_plot
from tests.charts.chart_samples import heatmap_chart, opinions_chart


def test_correlations_run_from_minus_one_to_one():
    (trace,) = heatmap_plot(heatmap_chart()).data
    assert (-1.0, 1.0) == (trace["zmin"], trace["zmax"])
    assert "4, 4" == trace["z"]["shape"]


def test_a_cell_says_its_row_its_column_and_its_number():
    (trace,) = heatmap_plot(heatmap_chart()).data
    assert "lightgbm_Alpha158_00<br>lightgbm_Alpha158_00<br>1.00" == trace["hovertext"][0][0]


def test_many_columns_have_no_numbers_in_their_cells():
    assert "" == heatmap_plot(heatmap_chart(30)).data[0]["texttemplate"]
    assert "%{text}" == heatmap_plot(heatmap_chart(4)).data[0]["texttemplate"]


def test_opinions_are_words_while_there_is_room():
    assert "buy" == opinions_plot(opinions_chart()).data[0]["text"][0][0]
    assert "b" == opinions_plot(opinions_chart(3, 20)).data[0]["text"][0][0]


def test_the_column_that_orders_follow_has_a_star():
    assert "★ ensemble_default" == opinions_plot(opinions_chart()).layout["xaxis"]["ticktext"][0]


def test_the_first_row_is_on_top():
    low, high = opinions_plot(opinions_chart()).layout["yaxis"]["range"]
    assert low > high


def test_each_opinion_has_its_colour():
    (trace,) = opinions_plot(opinions_chart()).data
    colors = dict(trace["colorscale"])
    assert 4 == len(set(colors.values()))
    assert (0.0, 1.0) == (trace["colorscale"][0][0], trace["colorscale"][-1][0])
