"""The charts of a search: what they show, whom they mark, and when there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.search import pictures
from quantpits.search.analysis import analyse
from quantpits.search.analysis_outside import OutOfSampleSource
from quantpits.search.pictures import (
    PICTURES,
    all_models_row,
    attribution_chart,
    best_single_row,
    combo_name,
    correlation_chart,
    dendrogram_chart,
    diversity_chart,
    picture_charts,
    risk_return_chart,
    top_equity_chart,
    weights_equity_chart,
)
from tests.search.analysis_toys import noisy_paths, toy_search


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=4)
    return toy_search(paths, benchmark=market)


@pytest.fixture(scope="module")
def analysis(results):
    return analyse(results)


@pytest.fixture(scope="module")
def lonely():
    """One model, no benchmark."""
    paths, _ = noisy_paths(n_models=1, n_sessions=40)
    return toy_search(paths, correlation=np.eye(1))


def test_a_search_of_several_models_has_every_picture(results, analysis):
    assert set(PICTURES) == set(picture_charts(results, analysis))


def test_a_search_of_one_model_has_what_can_be_drawn(lonely):
    assert {"risk_return", "top_equity"} == set(picture_charts(lonely, analyse(lonely)))


def test_a_combo_is_named_by_its_place(results):
    assert f"#1 {results.label_of(0)}" == combo_name(results, 0)


def test_the_combo_of_all_models_and_the_best_single_one_are_found(results):
    assert results.models == results.models_of(all_models_row(results))
    single = best_single_row(results)
    assert 1 == results.sizes[single]
    assert min(results.single_rows.values()) == single


def test_a_search_without_them_has_none():
    paths, market = noisy_paths(n_models=3)
    pairs = [("model_a", "model_b"), ("model_b", "model_c")]
    results = toy_search(paths, members=pairs, benchmark=market)
    assert all_models_row(results) is None
    assert best_single_row(results) is None
    assert {f"best: {combo_name(results, 0)}"} == {
        name
        for name in risk_return_chart(results, analyse(results)).marked
        if name.startswith("best")
    }


def test_attribution_shows_the_best_to_the_right_and_the_worst_to_the_left(analysis):
    chart = attribution_chart(analysis)
    best, worst = chart.series.values()
    assert list(analysis.attribution.models) == list(chart.labels)
    assert analysis.attribution.top_count.tolist() == best.tolist()
    assert (-analysis.attribution.bottom_count).tolist() == worst.tolist()


def test_of_many_models_both_ends_are_shown(analysis, monkeypatch):
    monkeypatch.setattr(pictures, "_SHOWN_MODELS", 2)
    models = analysis.attribution.models
    assert [models[0], models[-1]] == attribution_chart(analysis).labels


def test_every_combo_is_a_point_with_its_name(results, analysis):
    chart = risk_return_chart(results, analysis)
    assert results.n_combos == len(chart.x)
    assert combo_name(results, 3) == chart.labels(3)
    assert 0 == chart.marked[f"best: {combo_name(results, 0)}"]
    assert f"all 4 models (#{all_models_row(results) + 1})" in chart.marked


def test_no_combo_is_marked_twice(results, analysis):
    rows = list(risk_return_chart(results, analysis).marked.values())
    assert len(set(rows)) == len(rows)


def test_unlike_models_are_compared_only_where_there_are_several(results, analysis):
    chart = diversity_chart(results, analysis)
    assert np.isnan(chart.x[results.sizes == 1]).all()
    assert combo_name(results, 2) == chart.labels(2)
    assert "correlate" in chart.subtitle


def test_golden_combos_are_marked_and_an_unknown_correlation_is_not_told(results, analysis):
    row = int(np.flatnonzero(results.sizes == 2)[0])
    gold = replace(analysis.diversity, golden=np.array([row]), corr_excess=None)
    chart = diversity_chart(results, replace(analysis, diversity=gold))
    assert {f"golden: {combo_name(results, row)}": row} == chart.marked
    assert "correlate" not in chart.subtitle


def test_the_best_paths_start_at_the_opening_and_name_all_models(results, analysis):
    chart = top_equity_chart(results, analysis)
    names = list(chart.navs)
    assert combo_name(results, 0) == names[0] == chart.highlight
    assert any("all 4 models" in name for name in names)
    assert 1.0 == chart.opening
    assert np.allclose(np.cumprod(1 + results.benchmark_returns), chart.benchmark)
    assert "The best 5 combos against the benchmark" == chart.title


def test_without_a_benchmark_none_is_promised(lonely):
    chart = top_equity_chart(lonely, analyse(lonely))
    assert chart.benchmark is None
    assert "The best combo" == chart.title


def test_like_models_stand_side_by_side(results, analysis):
    groups = (("model_d", "model_b"), ("model_a",))
    clusters = replace(analysis.clusters, groups=groups)
    chart = correlation_chart(results, replace(analysis, clusters=clusters))
    assert ["model_d", "model_b", "model_a", "model_c"] == list(chart.rows)
    assert results.correlation[3, 1] == chart.values[0, 1]


def test_the_tree_is_that_of_the_analysis(analysis):
    chart = dendrogram_chart(analysis)
    assert analysis.clusters.labels == chart.labels
    assert analysis.clusters.threshold == chart.threshold


def test_weights_go_on_out_of_sample_from_where_they_ended():
    paths, market = noisy_paths(n_models=3, n_sessions=240)
    early = toy_search({name: path[:160] for name, path in paths.items()}, benchmark=market[:160])
    late = toy_search({name: path[160:] for name, path in paths.items()}, benchmark=market[160:])

    def later(rows):
        found = late.paths_of(np.array([late.row_of(early.models_of(int(row))) for row in rows]))
        return replace(found, dates=found.dates + np.timedelta64(160, "D"))

    analysis = analyse(early, out_of_sample=OutOfSampleSource(later, market[160:]))
    chart = weights_equity_chart(analysis)
    weights = analysis.weights
    assert weights.out_of_sample.dates[0] == chart.cutoff
    inside, outside = weights.in_sample.navs["Equal_Weight"], weights.out_of_sample.navs
    expected = inside[-1] * outside["Equal_Weight"][-1]
    assert expected == pytest.approx(chart.navs["Equal Weight"][-1])
    assert 240 == len(chart.benchmark)


def test_weights_without_a_benchmark_have_none():
    paths, _ = noisy_paths(n_models=3)
    chart = weights_equity_chart(analyse(toy_search(paths)))
    assert chart.benchmark is None
    assert chart.cutoff is None
