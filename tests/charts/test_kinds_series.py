"""Numbers over time fit their dates."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.errors import ShapeError
from tests.charts.chart_samples import series_chart, sessions

BAND = np.zeros(120)


def test_a_chart_of_series_takes_a_band_around_one():
    chart = series_chart(1, low=BAND - 1, high=BAND + 1)
    assert ["model_00"] == list(chart.series)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"series": {}}, "nothing to draw"),
        ({"dates": sessions(119)}, "do not fit"),
        ({"dates": sessions(120)[::-1]}, "do not rise"),
        ({"low": BAND, "high": BAND}, "a single series"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ShapeError, match=message):
        series_chart(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": BAND}, "both ends"),
        ({"low": BAND, "high": BAND[1:]}, "do not fit"),
    ],
)
def test_a_band_has_two_ends_of_the_same_length(options, message):
    with pytest.raises(ShapeError, match=message):
        series_chart(1, **options)
