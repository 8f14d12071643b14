"""From account values to lines: growth, drawdown, and who is told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.charts.curves import (
    bucket_ends,
    drawdown,
    growth,
    is_logarithmic,
    nav_lines,
    rank_styles,
    told_apart,
    weight_bands,
    with_drawdown,
)
from quantpits.charts.palette import N_TOLD_APART, OTHERS
from quantpits.trading.metrics import drawdowns
from tests.charts.chart_samples import nav_chart, ranks_chart, weights_chart


def test_growth_starts_at_the_first_value_or_at_the_opening():
    values = np.array([np.nan, 2.0, 3.0])
    assert [1.0, 1.5] == growth(values)[1:].tolist()
    assert [0.5, 0.75] == growth(values, 4.0)[1:].tolist()


@pytest.mark.parametrize("values", [[np.nan, np.nan], [0.0, 1.0]])
def test_growth_without_a_base_is_nothing(values):
    assert np.isnan(growth(np.array(values))).all()


@pytest.mark.property
@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=50).map(np.array))
def test_drawdown_is_that_of_the_metrics(path):
    assert np.allclose(drawdowns(path, 1.0), drawdown(path, has_opening=True), atol=1e-12)


def test_a_gap_in_a_path_is_a_gap_in_its_drawdown():
    found = drawdown(np.array([2.0, np.nan, 1.0]))
    assert [True] == np.isnan(found[1:2]).tolist()
    assert -0.5 == found[2]


def test_few_are_all_told_apart_in_their_order():
    assert ("b", "a") == told_apart({"b": 1.0, "a": 2.0})


def test_of_many_the_first_and_the_highest_are():
    final = {f"m{number:02d}": float(number) for number in range(30)} | {"none": np.nan}
    found = told_apart(final, first="m03")
    assert N_TOLD_APART == len(found)
    assert ("m03", "m29", "m28") == found[:3]


def test_the_highlighted_line_is_drawn_last_and_solid():
    *_, last = nav_lines(nav_chart(12, 5, highlight="combo_11"))
    assert ("combo_11", "highlight", "solid") == (last.name, last.role, last.dash)


def test_an_account_may_have_the_name_of_the_benchmark():
    lines = nav_lines(nav_chart(1, 2, navs={"SH000300": np.ones(2)}, highlight=None))
    assert ["benchmark", "named"] == [line.role for line in lines]


def test_a_line_without_values_ends_nowhere():
    lines = nav_lines(nav_chart(1, 2, navs={"a": np.full(2, np.nan)}, highlight=None))
    assert np.isnan(lines[-1].final)


@pytest.mark.parametrize(
    ("path", "expected"),
    [([1.0, 4.9], False), ([1.0, 5.1], True), ([0.0, 9.0], False), ([np.nan, np.nan], False)],
)
def test_only_great_growth_is_logarithmic(path, expected):
    chart = nav_chart(1, 2, navs={"a": np.array(path)}, benchmark=None, opening=1.0, highlight=None)
    assert expected is is_logarithmic(nav_lines(chart))


def test_few_lines_all_show_their_drawdown():
    assert 4 == len(with_drawdown(nav_lines(nav_chart(3, 5))))


@pytest.mark.parametrize("highlight", [None, "combo_03"])
def test_of_many_lines_one_and_the_benchmark_do(highlight):
    lines = nav_lines(nav_chart(12, 5, highlight=highlight))
    found = with_drawdown(lines)
    best = max((line for line in lines if line.role == "named"), key=lambda line: line.final)
    assert [line.name for line in found] == ["SH000300", highlight or best.name]


def test_bands_hold_all_the_weight():
    bands = weight_bands(weights_chart(30))
    assert N_TOLD_APART == len(bands)
    assert ("19 others", OTHERS) == (bands[-1].name, bands[-1].color)
    assert np.allclose(1.0, np.sum([band.weights for band in bands], axis=0))


def test_of_many_instruments_the_best_of_the_first_column_are_coloured():
    chart = ranks_chart(40, 3)
    colors = [color for color, _ in rank_styles(chart)]
    colored = [row for row, color in enumerate(colors) if color != OTHERS]
    assert sorted(np.argsort(chart.ranks[:, 0])[:N_TOLD_APART].tolist()) == colored
    assert OTHERS not in [color for color, _ in rank_styles(ranks_chart(6, 3))]


@pytest.mark.property
@given(st.integers(1, 5000), st.integers(1, 500))
def test_buckets_cover_all_rows_once(count, most):
    ends = list(bucket_ends(count, most=most))
    assert count == ends[-1]
    assert len(ends) <= most
    assert sorted(set(ends)) == ends
