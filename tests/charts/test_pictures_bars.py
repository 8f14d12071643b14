"""Pictures of bars."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts import figure
from tests.charts.chart_samples import bars_chart, cut_texts, histogram_chart, texts_of


def written(chart):
    return [text for text, _, _ in texts_of(figure(chart))]


@pytest.mark.parametrize("count", [1, 3, 12, 60])
def test_any_number_of_bars_is_readable(count):
    assert [] == cut_texts(figure(bars_chart(count)))


def test_a_single_series_has_its_numbers_with_the_same_decimals():
    assert {"0.060", "−0.020"} <= set(written(bars_chart(2)))


def test_several_series_have_a_legend_with_any_name():
    two = {"_hidden": np.ones(4), "other": -np.ones(4)}
    for stacked in (False, True):
        chart = bars_chart(4, series=two, stacked=stacked)
        assert {"_hidden", "other"} <= set(written(chart))
        assert [] == cut_texts(figure(chart))


def test_bands_are_drawn_where_they_exist():
    low, high = np.array([0.0, np.nan]), np.array([0.1, 0.2])
    plain = len(figure(bars_chart(2)).axes[0].lines)
    with_bands = len(figure(bars_chart(2, low=low, high=high)).axes[0].lines)
    assert plain + 1 == with_bands


def test_the_highlighted_label_is_bold():
    labels = figure(bars_chart(2, highlight="model_01")).axes[0].get_yticklabels()
    assert ["normal", "bold"] == [label.get_fontweight() for label in labels]


def test_bars_left_of_the_split_have_the_colour_of_a_warning():
    axes = figure(histogram_chart()).axes[0]
    left = {patch.get_facecolor() for patch in axes.patches if patch.get_x() < -1e-9}
    right = {patch.get_facecolor() for patch in axes.patches if patch.get_x() > 1e-9}
    assert 1 == len(left)
    assert 1 == len(right)
    assert left != right


def test_marks_are_named_with_their_value():
    assert "median 0.50" in written(histogram_chart())


def test_values_that_do_not_exist_are_said_to_be_none():
    chart = histogram_chart(values=np.array([np.nan]), split=None, marks=None)
    assert "no values" in written(chart)
