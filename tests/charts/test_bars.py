"""Where bars stand, and how values are counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.charts import Axis, HistogramChart
from quantpits.charts.bars import bar_rows, histogram, is_far_right
from tests.charts.chart_samples import bars_chart


def test_series_share_the_height_of_a_row():
    first, second = bar_rows(bars_chart(2, series={"a": np.ones(2), "b": np.ones(2)}))
    assert first.places[0] < 0 < second.places[0]
    assert second.places[0] - first.places[0] == pytest.approx(first.thickness)


def test_stacked_bars_follow_one_another_on_their_side():
    series = {"a": np.array([1.0]), "b": np.array([-2.0]), "c": np.array([3.0])}
    rows = bar_rows(bars_chart(1, series=series, stacked=True))
    assert [0.0, 0.0, 1.0] == [row.starts[0] for row in rows]


def test_nan_is_no_bar():
    (row,) = bar_rows(bars_chart(2, series={"a": np.array([np.nan, 1.0])}))
    assert [0.0, 1.0] == row.values.tolist()


def count(values, split=None):
    chart = HistogramChart(title="t", values=np.array(values), axis=Axis("x"), split=split)
    return histogram(chart)


@pytest.mark.property
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=200), st.none() | st.floats(-6, 6))
def test_every_value_is_counted_on_its_side_of_the_split(values, split):
    edges, counts = count(values, split)
    assert len(values) == counts.sum()
    assert len(edges) == len(counts) + 1
    if split is not None:
        middles = (edges[1:] + edges[:-1]) / 2
        assert (np.array(values) <= split).sum() == counts[middles <= split].sum()


def test_no_values_have_one_empty_bar():
    assert [0.0] == count([np.nan])[1].tolist()


def test_equal_values_stand_in_one_bar():
    assert 2 == count([1.0, 1.0])[1].max()


def test_a_mark_in_the_right_half_has_its_name_on_its_left():
    edges = np.array([0.0, 1.0, 2.0])
    assert not is_far_right(edges, 0.9)
    assert is_far_right(edges, 1.1)
