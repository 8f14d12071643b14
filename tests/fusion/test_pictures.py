"""Charts and page: what they show, not how."""

import dataclasses

import numpy as np
import pytest

from quantpits.charts import Facts, Heading, HeatmapChart, NavChart, Note, Table, WeightsChart
from quantpits.errors import Finding
from quantpits.fusion.pictures import (
    comparison_chart,
    correlation_chart,
    fusion_page,
    nav_chart,
    sharpe_chart,
    weights_chart,
)
from tests.fusion.conftest import traded_combo


def named(backtest, name, *, is_default=False, missing=None):
    plan = dataclasses.replace(backtest.fusion.plan, combo=name, label=f"ensemble_{name}")
    plan = dataclasses.replace(plan, is_default=is_default)
    fusion = dataclasses.replace(backtest.fusion, plan=plan, missing=missing or {})
    return dataclasses.replace(backtest, fusion=fusion)


@pytest.fixture
def equal(priced_lab):
    return traded_combo(priced_lab, method="equal")


def test_nav_chart_shows_everyone_and_the_benchmark(traded):
    chart = nav_chart(traded)
    assert ["Ensemble", "Equal_Weight"] == list(chart.navs)[:2]
    assert {"gru", "linear", "mlp"} == set(list(chart.navs)[2:])
    assert ("Ensemble", "SH000300", 1e8) == (
        chart.highlight,
        chart.benchmark_name,
        chart.opening,
    )
    assert "net of costs, week, next_session" == chart.subtitle
    returns = traded.ensemble.performance.benchmark_returns
    np.testing.assert_array_equal(np.cumprod(1 + returns), chart.benchmark)


def test_nav_chart_of_equal_weights_shows_them_once(equal):
    assert "Equal_Weight" not in nav_chart(equal).navs


def test_weights_chart_is_for_weights_that_change(traded, equal):
    chart = weights_chart(traded.fusion)
    assert {"gru", "linear", "mlp"} == set(chart.weights)
    assert len(chart.dates) == len(chart.weights["gru"])
    assert weights_chart(equal.fusion) is None


def test_correlation_chart_names_the_models(traded):
    chart = correlation_chart(traded.fusion)
    assert (("gru", "linear", "mlp"), "correlation") == (chart.rows, chart.scale)


def test_sharpe_chart_has_the_bands(traded):
    chart = sharpe_chart(traded)
    assert [row.name for row in traded.rows] == list(chart.labels)
    assert (chart.low < chart.high).all()


def test_sharpe_chart_leaves_out_what_is_undefined(traded):
    row = dataclasses.replace(traded.ensemble, sharpe_low=None)
    chart = sharpe_chart(dataclasses.replace(traded, rows=(row,)))
    assert np.isnan(chart.low).all()


def test_comparison_chart_marks_the_default_and_begins_each_combo_in_its_time(traded, equal):
    performance = equal.ensemble.performance
    late = dataclasses.replace(
        performance,
        dates=performance.dates[30:],
        nav_cny=performance.nav_cny[30:],
        benchmark_returns=performance.benchmark_returns[30:],
    )
    row = dataclasses.replace(equal.ensemble, performance=late)
    second = dataclasses.replace(named(equal, "B", is_default=True), rows=(row,))
    chart = comparison_chart([named(traded, "A"), second])
    assert ("B", ["A", "B"]) == (chart.highlight, list(chart.navs))
    assert 30 == np.isnan(chart.navs["B"]).sum()
    assert np.isfinite(chart.navs["A"]).all()
    assert np.isfinite(chart.benchmark).all()
    assert comparison_chart([named(traded, "A"), named(equal, "B")]).highlight is None


def kinds(page, kind):
    return [section for section in page.sections if isinstance(section, kind)]


def page_of(*backtests, fusions=None, findings=()):
    fusions = [backtest.fusion for backtest in backtests] if fusions is None else fusions
    return fusion_page(
        "Title", fusions, backtests=backtests, facts=[("Anchor", "2026-01-30")], findings=findings
    )


def test_page_of_one_combo_has_its_board_and_charts(traded):
    page = page_of(traded, findings=[Finding("FUS013", "info", "synthetic", "fusion")])
    assert (1, 1, 1, 1) == tuple(
        len(kinds(page, kind)) for kind in (NavChart, WeightsChart, HeatmapChart, Table)
    )
    assert ("Anchor", "2026-01-30") in kinds(page, Facts)[0].pairs
    assert "FUS013 synthetic" == kinds(page, Note)[0].text
    assert 5 == len(kinds(page, Table)[0].rows)


def test_page_of_several_combos_compares_them_first(traded, equal):
    page = page_of(named(traded, "A"), named(equal, "B", is_default=True))
    assert ["Combos", "A", "B (default)"] == [heading.text for heading in kinds(page, Heading)]
    assert frozenset({1}) == kinds(page, Table)[0].marked


def test_page_says_what_a_combo_lacks(traded):
    backtest = named(traded, "A", missing={"gone": "not trained"})
    page = page_of(backtest)
    assert "A without gone" == kinds(page, Heading)[0].text
    assert any("without gone" in note.text for note in kinds(page, Note))
    assert "A without gone" in nav_chart(backtest).title


def test_page_without_a_backtest_shows_what_was_fused(traded, priced_lab):
    single = traded_combo(priced_lab, ("gru",), "equal").fusion
    page = page_of(fusions=[single])
    assert [] == kinds(page, NavChart) + kinds(page, HeatmapChart) + kinds(page, Table)


def test_page_shows_a_dash_for_what_is_undefined(traded):
    performance = traded.ensemble.performance
    metrics = dataclasses.replace(performance.metrics, max_drawdown=0.0)
    row = dataclasses.replace(
        traded.ensemble,
        sharpe_low=None,
        performance=dataclasses.replace(performance, metrics=metrics),
    )
    backtest = dataclasses.replace(traded, rows=(row, traded.equal_weight))
    first = kinds(page_of(backtest), Table)[0].rows[0]
    assert ("–", "–") == (first[7], first[-1])
