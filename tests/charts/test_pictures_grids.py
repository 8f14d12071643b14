"""Pictures of matrices."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts import HeatmapChart, figure
from tests.charts.chart_samples import cut_texts, heatmap_chart, opinions_chart, texts_of


def written(chart):
    return [text for text, _, _ in texts_of(figure(chart))]


@pytest.mark.parametrize("count", [1, 3, 12, 60])
def test_matrices_of_any_size_are_readable(count):
    assert [] == cut_texts(figure(heatmap_chart(count)))


def test_few_columns_have_numbers_and_many_have_none():
    assert 4 + 1 <= written(heatmap_chart(4)).count("1.00")  # the diagonal and the scale
    assert 1 == written(heatmap_chart(60)).count("1.00")


def test_a_missing_cell_has_no_number():
    values = np.array([[1.0, np.nan], [np.nan, 1.0]])
    names = ["a", "b"]
    chart = HeatmapChart(title="m", rows=names, columns=names, values=values, scale="percent")
    assert 2 <= written(chart).count("100%")
    assert "–" not in written(chart)


def test_short_names_lie_flat():
    chart = heatmap_chart(2, rows=["a", "b"], columns=["a", "b"])
    assert {0.0} == {text.get_rotation() for text in figure(chart).axes[0].get_xticklabels()}


@pytest.mark.parametrize(("n_rows", "n_columns"), [(1, 1), (6, 4), (40, 20)])
def test_opinions_of_any_size_are_readable(n_rows, n_columns):
    assert [] == cut_texts(figure(opinions_chart(n_rows, n_columns)))


def test_wide_cells_hold_words_and_narrow_ones_letters():
    assert "buy" in written(opinions_chart(6, 4))
    assert {"B", "H", "S"} <= set(written(opinions_chart(6, 20)))


def test_a_row_counts_its_buys_and_sells():
    assert "1 buy  1 sell" in written(opinions_chart(1, 4))


def test_the_column_that_orders_follow_is_bold():
    labels = figure(opinions_chart()).axes[0].get_xticklabels()
    assert ["bold", "normal", "normal", "normal"] == [label.get_fontweight() for label in labels]
