"""One small chart of every kind, and what can be asked of a picture without eyes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.text import Annotation, Text

from quantpits.charts import (
    Axis,
    BarsChart,
    DendrogramChart,
    HeatmapChart,
    HistogramChart,
    NavChart,
    OpinionsChart,
    RanksChart,
    ScatterChart,
    SeriesChart,
    TrainingChart,
    WeightsChart,
)

EVIL = "</script><script>alert(1)</script>$x_1$<b>&"


def sessions(count):
    """Return business days."""
    return np.busday_offset("2016-01-04", np.arange(count), roll="forward").astype("datetime64[D]")


def paths(count, n_sessions, *, seed=0, start=1e8):
    """Return {name: account values} that share a market."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0004, 0.01, n_sessions)
    return {
        f"combo_{number:02d}": start
        * np.cumprod(1 + common + rng.normal(0.0002, 0.006, n_sessions))
        for number in range(count)
    }


def nav_chart(count=3, n_sessions=250, **options):
    """Return a chart of accounts with a benchmark."""
    navs = paths(count, n_sessions)
    given = {
        "title": "Combos against the benchmark",
        "subtitle": "net of costs, weekly, next_session",
        "dates": sessions(n_sessions),
        "navs": navs,
        "benchmark": 3000 * np.cumprod(np.full(n_sessions, 1.0003)),
        "benchmark_name": "SH000300",
        "highlight": next(iter(navs)),
        "opening": 1e8,
        "benchmark_opening": 3000.0,
    }
    return NavChart(**{**given, **options})


def weights_chart(count=3, n_sessions=120):
    """Return a chart of weights that sum to 1."""
    weights = np.random.default_rng(0).dirichlet(np.ones(count), size=n_sessions)
    named = {f"model_{number:02d}": weights[:, number] for number in range(count)}
    return WeightsChart(
        title="Weights", dates=sessions(n_sessions), weights=named, subtitle="dynamic"
    )


def heatmap_chart(count=4, **options):
    """Return a chart of correlations."""
    rng = np.random.default_rng(0)
    values = np.atleast_2d(np.corrcoef(rng.normal(size=(count, 50)) + rng.normal(size=50)))
    names = [f"lightgbm_Alpha158_{number:02d}" for number in range(count)]
    given = {"title": "Likeness", "rows": names, "columns": names, "values": values}
    return HeatmapChart(**{**given, "scale": "correlation", **options})


def scatter_chart(count=50, **options):
    """Return a chart of points with a colour and two marks."""
    rng = np.random.default_rng(0)
    y = rng.normal(0.1, 0.05, count)
    given = {
        "title": "Return against risk",
        "subtitle": "net of costs",
        "x": -np.abs(rng.normal(0.2, 0.05, count)),
        "y": y,
        "x_axis": Axis("max drawdown", "percent"),
        "y_axis": Axis("annualised return", "percent"),
        "color": rng.integers(1, 6, count).astype(float),
        "color_axis": Axis("models", "integer"),
        "labels": "combo {}".format,
        "marked": {"best": int(y.argmax()), "all models": 0},
    }
    return ScatterChart(**{**given, **options})


def dendrogram_chart(count=5, threshold=2.5):
    """Return a tree in which each leaf joins the last node, one higher each time."""
    nodes = [0, *range(count, 2 * count - 2)]
    rows = [[node, at + 1, at + 1.0, at + 2.0] for at, node in enumerate(nodes)]
    return DendrogramChart(
        title="Which models are alike",
        subtitle="Ward",
        linkage=np.array(rows),
        labels=[f"catboost_Alpha158_{number:02d}" for number in range(count)],
        threshold=threshold,
    )


def bars_chart(count=4, **options):
    """Return a chart of one series of bars with both signs."""
    values = np.linspace(0.06, -0.02, count)
    given = {
        "title": "IC by model",
        "labels": [f"model_{number:02d}" for number in range(count)],
        "series": {"IC": values},
        "axis": Axis("IC"),
    }
    return BarsChart(**{**given, **options})


def histogram_chart(**options):
    """Return a histogram that is split at 0 and marked."""
    given = {
        "title": "Logits",
        "subtitle": "all splits",
        "values": np.random.default_rng(0).normal(0.5, 1.0, 400),
        "axis": Axis("logit"),
        "split": 0.0,
        "marks": {"median": 0.5},
    }
    return HistogramChart(**{**given, **options})


def opinions_chart(n_rows=6, n_columns=4):
    """Return opinions of every kind."""
    words = ("buy", "hold", "sell", "")
    return OpinionsChart(
        title="What each model would do",
        subtitle="TopK 20",
        instruments=[f"SH60{number:04d}" for number in range(n_rows)],
        columns=["ensemble_default", *(f"model_{at:02d}" for at in range(1, n_columns))],
        opinions=[[words[(row + at) % 4] for at in range(n_columns)] for row in range(n_rows)],
        basis="ensemble_default",
    )


def ranks_chart(n_rows=6, n_columns=4, **options):
    """Return ranks; the last column of the second row has none."""
    rng = np.random.default_rng(0)
    ranks = np.argsort(np.argsort(rng.normal(size=(n_rows, n_columns)), axis=0), axis=0) + 1.0
    ranks[1, -1] = np.nan
    given = {
        "title": "Ranks",
        "instruments": [f"SH60{number:04d}" for number in range(n_rows)],
        "columns": [f"lightgbm_Alpha158_{at:02d}" for at in range(n_columns)],
        "ranks": ranks,
    }
    return RanksChart(**{**given, **options})


def training_chart(**options):
    """Return the losses of a training."""
    given = {
        "title": "gru learns",
        "curves": {"train": 1 / np.arange(1.0, 21), "valid": 1.1 / np.arange(1.0, 21)},
        "best": 12,
    }
    return TrainingChart(**{**given, **options})


def series_chart(count=3, n_sessions=120, **options):
    """Return sums over time; the first series begins later."""
    rng = np.random.default_rng(0)
    series = {
        f"model_{number:02d}": np.cumsum(rng.normal(0.02, 0.1, n_sessions))
        for number in range(count)
    }
    series["model_00"][: n_sessions // 4] = np.nan
    given = {
        "title": "Cumulative IC",
        "subtitle": "sum of the daily ICs",
        "dates": sessions(n_sessions),
        "series": series,
        "axis": Axis("sum"),
        "levels": {"nothing": 0.0},
    }
    return SeriesChart(**{**given, **options})


def every_chart():
    """Return {kind: chart}."""
    return {
        "nav": nav_chart(),
        "weights": weights_chart(),
        "heatmap": heatmap_chart(),
        "scatter": scatter_chart(),
        "dendrogram": dendrogram_chart(),
        "bars": bars_chart(),
        "histogram": histogram_chart(),
        "opinions": opinions_chart(),
        "ranks": ranks_chart(),
        "training": training_chart(),
        "series": series_chart(),
    }


def texts_of(figure):
    """Return text, box in pixels and artist of everything written in a figure."""
    renderer = figure.canvas.get_renderer()
    figure.draw_without_rendering()
    return [
        (artist.get_text(), artist.get_window_extent(renderer), artist)
        for artist in figure.findobj(Text)
        if artist.get_visible() and artist.get_text().strip()
    ]


def cut_texts(figure):
    """Return the texts that reach beyond the edge of the figure by more than two pixels."""
    width, height = figure.canvas.get_width_height()
    hidden = _hidden_tick_labels(figure)
    return [
        text
        for text, box, artist in texts_of(figure)
        if artist not in hidden
        and (box.x0 < -2 or box.y0 < -2 or box.x1 > width + 2 or box.y1 > height + 2)
    ]


def _hidden_tick_labels(figure):
    """Return the labels of ticks outside the view, which exist but are not drawn."""
    figure.draw_without_rendering()
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            drawn = set(axis._update_ticks())
            for tick in {*axis.majorTicks, *axis.minorTicks} - drawn:
                hidden |= {tick.label1, tick.label2}
    return hidden


def covered_labels(figure):
    """Return pairs of annotations of the same axes that cover one another."""
    # The box of an annotation with a thread holds the thread too; only the text counts.
    renderer = figure.canvas.get_renderer()
    boxes = [
        (text, Text.get_window_extent(artist, renderer).shrunk(0.96, 0.75), artist.axes)
        for text, _, artist in texts_of(figure)
        if isinstance(artist, Annotation)
    ]
    return [
        (one, other)
        for (one, first, axes), (other, second, other_axes) in combinations(boxes, 2)
        if axes is other_axes and first.overlaps(second)
    ]
