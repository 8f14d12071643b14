"""Which points are drawn and how the others are counted."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts import Axis
from quantpits.charts.points import (
    MOST_POINTS,
    color_ticks,
    density,
    finite_points,
    is_binned,
    square_range,
)
from tests.charts.chart_samples import scatter_chart


def test_points_need_both_places():
    chart = scatter_chart(3, x=np.array([np.nan, 1.0, np.inf]), marked=None)
    assert [1] == finite_points(chart).tolist()


def test_only_many_points_are_counted():
    assert not is_binned(scatter_chart(MOST_POINTS))
    assert is_binned(scatter_chart(MOST_POINTS + 1))


def test_the_cells_hold_all_points():
    cells = density(scatter_chart(6000))
    assert 6000 == np.nansum(cells.counts)
    assert (len(cells.y_edges) - 1, len(cells.x_edges) - 1) == cells.counts.shape
    assert not (cells.counts == 0).any()


def test_both_axes_share_their_range():
    chart = scatter_chart(2, x=np.array([0.0, 1.0]), y=np.array([-2.0, 0.5]))
    assert (-2.0, 1.0) == square_range(chart)
    assert (0.0, 1.0) == square_range(scatter_chart(1, x=np.array([np.nan]), marked=None))


@pytest.mark.parametrize(
    ("color", "kind", "expected"),
    [
        ([1.0, 2.0, 3.0], "integer", [1.0, 2.0, 3.0]),
        ([1.0, 20.0, 3.0], "integer", [5.0, 10.0, 15.0, 20.0]),
        ([0.0, 1.0, 0.5], "number", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ([1.0, 1.0, np.nan], "number", []),
    ],
)
def test_the_colour_scale_has_round_ticks(color, kind, expected):
    chart = scatter_chart(3, color=np.array(color), color_axis=Axis("c", kind))
    assert np.allclose(expected, color_ticks(chart))


def test_without_colours_there_is_no_scale():
    assert () == color_ticks(scatter_chart(3, color=None, color_axis=None))
