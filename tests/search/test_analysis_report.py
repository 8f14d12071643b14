"""The text report: complete, aligned, without anything that changes by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.search.analysis import analyse
from quantpits.search.analysis_outside import OutOfSampleSource
from quantpits.search.analysis_report import report_lines
from tests.search.analysis_toys import hand_search, noisy_paths, toy_search


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=4)
    return toy_search(paths, benchmark=market)


@pytest.fixture(scope="module")
def analysis(results):
    source = OutOfSampleSource(results.paths_of, results.benchmark_returns)
    return analyse(results, top_n=5, out_of_sample=source, seeds={"model_a": 1})


@pytest.fixture(scope="module")
def text(results, analysis):
    return "\n".join(report_lines(results, analysis))


def test_the_convention_stands_at_the_head(text, results):
    head = text.splitlines()[:4]
    assert "Analysis of the fast search, anchor 2021-12-31" == head[0]
    assert list(results.description) == head[2:]


def test_the_verdict_comes_before_the_lists(text, analysis):
    flat = " ".join(text.split())
    places = [flat.index(" ".join(sentence.split())) for sentence in analysis.verdict]
    assert sorted(places) == places
    assert places[-1] < flat.index("Best 15 by annualised excess return")
    for sentence in analysis.caveats:
        assert " ".join(sentence.split()) in flat


@pytest.mark.parametrize(
    "part",
    [
        "What this says",
        "What this does not say",
        "by drawdown, of those above 10 % a year",
        "Models in the best and the worst 5 combos by Calmar ratio (disjoint)",
        "Diversity: how unlike members are",
        "Number of models in a combo",
        "Models that earn alike (Ward",
        "Weights of the best single models, from in-sample returns only",
        "out-of-sample, 2021-01-04 to 2021-08-31, 240 sessions:",
        "probability of backtest overfitting",
        "deflated Sharpe ratio of the best",
        "Politis & Romano (1994)",
    ],
)
def test_every_part_is_there(text, part):
    assert part in " ".join(text.split())


def test_lines_are_short_and_end_clean(text):
    assert all(line == line.rstrip() for line in text.splitlines())
    assert max(len(line) for line in text.splitlines()) <= 130


def test_rows_of_a_list_are_aligned(results, analysis):
    lines = report_lines(results, analysis)
    start = lines.index("Best 15 by annualised excess return") + 2
    header = lines[start]
    at = header.index("models")
    for line in lines[start + 1 : start + 16]:
        assert line[at:].startswith("model_")
        assert " " == line[at - 1]


def test_equal_results_make_an_equal_report(results, analysis):
    again = analyse(
        results,
        top_n=5,
        out_of_sample=OutOfSampleSource(results.paths_of, results.benchmark_returns),
        seeds={"model_a": 1},
    )
    assert report_lines(results, analysis) == report_lines(results, again)


def test_what_could_not_be_computed_is_said():
    members = [("x", "y"), ("x", "z")]
    figures = {"Ann_Excess": [0.01, np.nan], "Ann_Ret": [0.02, np.nan], "Max_DD": [-0.1, np.nan]}
    results = hand_search(figures, members=members, kind="exact", n_trials=7)
    results = replace(results, block_rows=np.zeros(16, dtype=np.int64))
    text = "\n".join(report_lines(results, analyse(results)))
    for part in (
        "Analysis of the exact search",
        "No combo earns more than 10 % a year.",
        "so there is no tree",
        "so there are no weights",
        "none stands out",
        "in the best tenth): none",
        "overfitting is unknown",
    ):
        assert part in text, part
    assert "probability of loss" not in text


def test_golden_combos_are_listed_and_long_names_cut():
    names = [f"a_rather_long_model_name_{at}" for at in range(6)]
    members = [tuple(names[:2]), *((names[0], name) for name in names[2:])] * 3
    calmar = [9.0, *np.linspace(2, 1, 14)]
    figures = {"Calmar": calmar, "Ann_Excess": np.linspace(0.3, 0.1, 15)}
    results = hand_search(figures, members=members)
    text = " ".join("\n".join(report_lines(results, analyse(results, top_n=2))).split())
    assert "in the best tenth): 2, first 1 (a_rather_long" in text
    all_six = hand_search({"Ann_Excess": [0.1]}, members=[tuple(names)])
    assert "…" in "\n".join(report_lines(all_six, analyse(all_six)))


def test_a_losing_market_says_why_a_kind_of_weights_is_missing():
    paths, market = noisy_paths(n_models=3)
    results = toy_search({name: path - 0.01 for name, path in paths.items()}, benchmark=market)
    assert "No Max_Sharpe: no model earns the risk-free rate." in "\n".join(
        report_lines(results, analyse(results))
    )
