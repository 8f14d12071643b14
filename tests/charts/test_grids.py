"""Ranges and colours of cells."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts import HeatmapChart
from quantpits.charts.grids import cell_range, opinion_style


@pytest.mark.parametrize(
    ("values", "scale", "expected"),
    [
        ([0.2, 0.3], "correlation", (-1.0, 1.0, True)),
        ([1.0, 3.0], "number", (1.0, 3.0, False)),
        ([-1.0, 3.0], "percent", (-3.0, 3.0, True)),
        ([2.0, 2.0], "number", (1.5, 2.5, False)),
        ([np.nan, np.nan], "number", (0.0, 1.0, False)),
    ],
)
def test_the_range_of_the_colours(values, scale, expected):
    chart = HeatmapChart(
        title="t", rows=["r"], columns=["a", "b"], values=np.array([values]), scale=scale
    )
    assert expected == cell_range(chart)


def test_each_opinion_looks_different():
    assert 4 == len({opinion_style(word)[0] for word in ("buy", "hold", "sell", "")})
