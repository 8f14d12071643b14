"""Pictures of accounts: named at their ends, nothing cut, nothing covered."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts import figure
from tests.charts.chart_samples import covered_labels, cut_texts, nav_chart, sessions, texts_of


def written(chart):
    return [text for text, _, _ in texts_of(figure(chart))]


@pytest.mark.parametrize("n_sessions", [1, 5, 250, 2500])
@pytest.mark.parametrize("count", [1, 3, 12, 60])
def test_every_size_is_readable(count, n_sessions):
    drawn = figure(nav_chart(count, n_sessions))
    assert [] == cut_texts(drawn)
    assert [] == covered_labels(drawn)


def test_the_highlighted_account_has_a_star_and_its_return():
    chart = nav_chart(3)
    final = chart.navs["combo_00"][-1] / 1e8 - 1
    assert f"★ combo_00 {final:+.1%}".replace("-", "−") in written(chart)


def test_the_benchmark_is_dashed():
    above = figure(nav_chart(1)).axes[1]
    dashed = [line for line in above.lines if line.is_dashed()]
    assert 1 == len(dashed)


def test_many_accounts_are_counted_in_grey():
    assert "48 more in grey" in written(nav_chart(60, 30))


def test_drawdowns_stand_below_zero_and_count_the_first_session():
    chart = nav_chart(1, 3, navs={"a": np.array([0.9e8, 1e8, 1.1e8])}, highlight=None)
    below = figure(chart).axes[0]
    assert -0.1 == pytest.approx(min(line.get_ydata().min() for line in below.lines))
    assert 0.0 == below.get_ylim()[1]


def test_growth_of_many_times_is_drawn_in_factors():
    chart = nav_chart(1, 500, navs={"a": 1e8 * np.exp(np.linspace(0, 6, 500))}, highlight="a")
    above = figure(chart).axes[1]
    assert "log" == above.get_yscale()
    assert "×100" in [text.get_text() for text in above.get_yticklabels()]


def test_small_growth_in_factors_has_fine_ticks():
    chart = nav_chart(1, 500, navs={"a": 1e8 * np.exp(np.linspace(0, 2, 500))}, highlight="a")
    ticks = [text.get_text() for text in figure(chart).axes[1].get_yticklabels()]
    assert "×2" in ticks
    assert "×5" in ticks


def test_the_cutoff_is_marked_in_both_parts():
    chart = nav_chart(2, 100, cutoff=sessions(100)[60])
    drawn = figure(chart)
    assert "out of sample →" in [text for text, _, _ in texts_of(drawn)]
    day = float(sessions(100)[60].astype(np.int64))
    assert all(any(line.get_xdata()[0] == day for line in axes.lines) for axes in drawn.axes)


def test_an_account_that_ends_early_and_one_without_values_are_drawn():
    navs = {
        "early": np.array([1.0, 1.1, np.nan]),
        "none": np.full(3, np.nan),
        "whole": np.array([1.0, 0.9, 1.0]),
    }
    chart = nav_chart(3, 3, navs=navs, opening=None, highlight=None)
    texts = written(chart)
    assert "early +10.0%" in texts
    assert "none –" in texts


def test_nothing_but_gaps_is_drawn_too():
    navs = {"none": np.full(3, np.nan)}
    chart = nav_chart(1, 3, navs=navs, benchmark=None, opening=None, highlight=None)
    assert [] == cut_texts(figure(chart))


def test_long_names_are_shortened_and_dollars_are_no_formula():
    navs = {"gru_Alpha158," * 12: np.array([1.0, 1.1]), "_$a_b$": np.array([1.0, 1.2])}
    chart = nav_chart(2, 2, navs=navs, highlight=None, opening=None)
    drawn = figure(chart)
    assert [] == cut_texts(drawn)
    assert "_$a_b$ +20.0%" in [text for text, _, _ in texts_of(drawn)]
