"""Pictures of weights, of learning and of ranks."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts import TrainingChart, WeightsChart, figure
from tests.charts.chart_samples import (
    covered_labels,
    cut_texts,
    ranks_chart,
    series_chart,
    sessions,
    texts_of,
    training_chart,
    weights_chart,
)


def written(chart):
    return [text for text, _, _ in texts_of(figure(chart))]


@pytest.mark.parametrize("count", [1, 3, 12, 30])
def test_weights_of_any_number_of_models_are_readable(count):
    drawn = figure(weights_chart(count))
    assert [] == cut_texts(drawn)
    assert [] == covered_labels(drawn)


def test_weights_fill_the_height():
    assert 1.0 == pytest.approx(figure(weights_chart(3)).axes[0].get_ylim()[1])


def test_a_band_is_named_with_its_last_weight():
    weights = {"a": np.array([1.0, 0.25]), "b": np.array([np.nan, 0.75])}
    chart = WeightsChart(title="w", dates=sessions(2), weights=weights)
    assert {"a 25.0%", "b 75.0%"} <= set(written(chart))


def test_many_models_share_the_last_band():
    assert any(text.startswith("19 others ") for text in written(weights_chart(30)))


def test_weights_of_one_session_are_a_block():
    chart = WeightsChart(title="w", dates=sessions(1), weights={"a": np.array([1.0])})
    assert [] == cut_texts(figure(chart))
    assert "a 100%" in written(chart)


def test_learning_marks_the_epoch_that_was_kept():
    texts = written(training_chart())
    assert "kept: epoch 12" in texts
    assert {"train", "valid"} <= set(texts)


def test_one_epoch_is_a_point_with_one_tick():
    chart = TrainingChart(title="t", curves={"train": np.array([1.0])})
    axes = figure(chart).axes[0]
    low, high = axes.get_xlim()
    shown = [
        label.get_text()
        for label in axes.get_xticklabels()
        if low <= label.get_position()[0] <= high
    ]
    assert ["1"] == shown


def test_a_curve_without_values_still_has_its_name():
    curves = {"train": np.array([1.0, 0.5]), "valid": np.array([np.nan, np.nan])}
    assert "valid" in written(training_chart(curves=curves, best=None))


@pytest.mark.parametrize(("n_rows", "n_columns"), [(1, 1), (6, 4), (40, 12)])
def test_ranks_of_any_size_are_readable(n_rows, n_columns):
    chart = ranks_chart(max(n_rows, 2), n_columns)
    drawn = figure(chart)
    assert [] == cut_texts(drawn)


def test_rank_one_is_on_top():
    bottom, top = figure(ranks_chart()).axes[0].get_ylim()
    assert bottom > top


def test_an_instrument_without_any_rank_has_no_line_and_no_name():
    ranks = np.array([[1.0, 2.0], [np.nan, np.nan]])
    chart = ranks_chart(2, 2, instruments=["SH600000", "SZ000001"], ranks=ranks)
    assert "SH600000" in written(chart)
    assert "SZ000001" not in written(chart)


def test_no_ranks_at_all_are_drawn_too():
    assert [] == cut_texts(figure(ranks_chart(2, 2, ranks=np.full((2, 2), np.nan))))


@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("n_sessions", [1, 2, 250])
def test_series_are_named_at_their_ends_and_no_text_is_cut(count, n_sessions):
    chart = series_chart(count, n_sessions, levels={"shifted": 0.25})
    drawn = figure(chart)
    assert [] == cut_texts(drawn)
    assert [] == covered_labels(drawn)
    texts = [text for text, _, _ in texts_of(drawn)]
    assert count == sum(text.startswith("model_") for text in texts)
    assert "shifted" in texts


def test_a_band_is_drawn_around_a_series():
    band = np.ones(120)
    axes = figure(series_chart(1, low=-band, high=band)).axes[0]
    assert 1 == len(axes.collections)


def test_the_marked_epoch_is_called_what_it_is():
    texts = [text for text, _, _ in texts_of(figure(training_chart(best_name="best")))]
    assert "best: epoch 12" in texts
