"""How far a ranking can be trusted, as the reader sees it first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.charts import BarsChart, Facts, HistogramChart, Note, ScatterChart
from quantpits.search.analysis import analyse
from quantpits.search.analysis_outside import OutOfSampleSource
from quantpits.search.report_trust import headline, outside_sections, trust_sections
from tests.search.analysis_toys import noisy_paths, toy_search


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=3)
    return toy_search(paths, benchmark=market)


@pytest.fixture(scope="module")
def analysis(results):
    return analyse(results)


def believed(analysis, *, deflated, overfit):
    first = np.concatenate([[deflated], analysis.overfit.deflated[1:]])
    pbo = None if overfit is None else replace(analysis.overfit.pbo, probability=overfit)
    overfit = replace(analysis.overfit, deflated=first, pbo=pbo, active=None)
    return replace(analysis, overfit=overfit)


@pytest.mark.parametrize(
    ("deflated", "overfit", "tone"),
    [
        (0.99, 0.05, "good"),
        (0.95, 0.10, "good"),
        (0.94, 0.05, "warning"),
        (0.99, 0.30, "warning"),
        (0.99, 0.50, "bad"),
        (0.30, 0.05, "bad"),
        (0.99, None, "warning"),
        (float("nan"), 0.05, "warning"),
        (float("nan"), None, "warning"),
    ],
)
def test_only_both_statistics_together_convince(analysis, deflated, overfit, tone):
    found, text = headline(believed(analysis, deflated=deflated, overfit=overfit))
    assert tone == found
    assert text.endswith(".")


def test_what_did_not_hold_out_of_sample_is_no_good_news(results):
    later = replace(results.paths_of(np.array([0])), dates=results.dates + np.timedelta64(400, "D"))

    def losses(rows):
        shape = (len(rows), len(results.dates))
        return replace(later, nav=np.ones(shape), returns=np.full(shape, -0.001))

    analysis = analyse(results, out_of_sample=OutOfSampleSource(losses, None))
    tone, text = headline(believed(analysis, deflated=0.99, overfit=0.05))
    assert "warning" == tone
    assert "did not hold out of sample" in text


def test_the_lower_of_the_two_deflated_ratios_counts(analysis):
    sure = believed(analysis, deflated=0.99, overfit=0.05)
    active = replace(analysis.overfit.active, deflated=np.full(len(analysis.overfit.rows), 0.2))
    over = replace(sure, overfit=replace(sure.overfit, active=active))
    assert "good" == headline(sure)[0]
    assert "bad" == headline(over)[0]


def test_luck_and_lots_are_told_apart(analysis):
    assert "luck" in headline(believed(analysis, deflated=0.3, overfit=0.9))[1]
    assert "drawing lots" in headline(believed(analysis, deflated=0.99, overfit=0.9))[1]


def test_nothing_is_known_without_rows(analysis):
    empty = replace(analysis.overfit, rows=np.empty(0, dtype=np.int64), pbo=None)
    assert "warning" == headline(replace(analysis, overfit=empty))[0]


def test_the_verdict_comes_before_any_chart(results, analysis):
    heading, note, facts, *rest = trust_sections(results, analysis)
    assert "Can this ranking be trusted?" == heading.text
    assert isinstance(note, Note)
    assert isinstance(facts, Facts)
    sentences = [section.text for section in rest[: len(analysis.verdict)]]
    assert list(analysis.verdict) == sentences


def test_the_charts_behind_it(results, analysis):
    kinds = [type(section) for section in trust_sections(results, analysis)]
    assert [HistogramChart, HistogramChart, BarsChart, ScatterChart] == kinds[-4:]


def test_key_figures_are_in_words(results, analysis):
    facts = next(s for s in trust_sections(results, analysis) if isinstance(s, Facts))
    pairs = dict(facts.pairs)
    assert pairs["trials"].startswith("7, worth about")
    assert "drawing lots" in pairs["probability of overfitting"]
    assert " to " in pairs["Sharpe ratio of the first"]
    assert "information ratio" in pairs["the same over the benchmark"]


def test_what_is_unknown_is_said_to_be(results, analysis):
    unknown = {"pbo": None, "effective_trials": None, "expected_max": None, "active": None}
    overfit = replace(analysis.overfit, **unknown)
    sections = trust_sections(results, replace(analysis, overfit=overfit))
    facts = dict(next(s for s in sections if isinstance(s, Facts)).pairs)
    assert "7" == facts["trials"]
    assert "the same over the benchmark" not in facts
    assert facts["probability of overfitting"].startswith("unknown")
    kinds = [type(section) for section in sections]
    assert [HistogramChart, BarsChart] == kinds[-2:]


def test_one_combo_without_a_ratio_has_words_only():
    results = toy_search({"a": np.zeros(20)}, correlation=np.eye(1))
    kinds = {type(section) for section in trust_sections(results, analyse(results))}
    assert not kinds & {HistogramChart, ScatterChart}


def test_there_is_nothing_out_of_sample_unless_asked(results, analysis):
    assert () == outside_sections(results, analysis)


@pytest.mark.parametrize("has_benchmark", [True, False])
def test_out_of_sample_has_a_point_for_each_of_the_first(results, has_benchmark):
    _, market = noisy_paths(n_models=3)

    def later(rows):
        found = results.paths_of(rows)
        return replace(found, dates=found.dates + np.timedelta64(400, "D"))

    source = OutOfSampleSource(later, market if has_benchmark else None)
    analysis = analyse(results, out_of_sample=source)
    heading, text, chart = outside_sections(results, analysis)
    assert "Out of sample" == heading.text
    assert ("the benchmark" in text.text) is has_benchmark
    assert len(analysis.outside.rows) == len(chart.x)
    assert f"#1 {results.label_of(0)}" == chart.labels(0)
    assert chart.diagonal
