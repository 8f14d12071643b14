"""Any chart as a picture: the same bytes, and no trace of the user's own settings."""

from __future__ import annotations

import matplotlib as mpl
import pytest
from matplotlib import _pylab_helpers

from quantpits.charts import figure, png_bytes
from quantpits.charts.pictures import png
from tests.charts.chart_samples import bars_chart, every_chart

CHARTS = every_chart()


@pytest.mark.parametrize("kind", CHARTS)
def test_every_chart_is_a_png_file_without_metadata(kind):
    data = png_bytes(CHARTS[kind])
    assert data.startswith(b"\x89PNG\r\n")
    assert b"tEXt" not in data
    assert b"tIME" not in data


@pytest.mark.parametrize("kind", CHARTS)
def test_the_same_chart_gives_the_same_bytes(kind):
    assert png(CHARTS[kind]) == png(every_chart()[kind])


def test_the_users_settings_neither_change_a_picture_nor_are_changed(monkeypatch):
    chart = bars_chart()
    expected = png(chart)
    monkeypatch.setitem(mpl.rcParams, "font.size", 30.0)
    monkeypatch.setitem(mpl.rcParams, "axes.facecolor", "red")
    monkeypatch.setitem(mpl.rcParams, "savefig.bbox", "tight")
    assert expected == png(chart)
    assert 30.0 == mpl.rcParams["font.size"]


def test_figures_are_unknown_to_pyplot():
    figure(bars_chart())
    assert {} == _pylab_helpers.Gcf.figs
