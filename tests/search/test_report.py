"""The page and the pictures of a search as files."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from quantpits.charts import Note
from quantpits.search.analysis import analyse
from quantpits.search.pictures import PICTURES, all_models_row, picture_charts
from quantpits.search.report import REPORT_NAME, report_files, report_page
from quantpits.search.results import COLUMNS
from tests.search.analysis_toys import hand_search, noisy_paths, toy_search


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=4)
    return toy_search(paths, benchmark=market)


@pytest.fixture(scope="module")
def analysis(results):
    return analyse(results, top_n=12)


@pytest.fixture(scope="module")
def html(results, analysis):
    page = report_files(results, analysis)[REPORT_NAME].decode("utf-8")
    return re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)


def test_files_carry_the_anchor(results, analysis):
    files = report_files(results, analysis)
    expected = {f"{stem}_2021-12-31.png" for stem in PICTURES.values()} | {"report.html"}
    assert expected == set(files)
    pictures = [data for name, data in files.items() if name.endswith(".png")]
    assert all(data.startswith(b"\x89PNG") for data in pictures)


def test_the_same_search_gives_the_same_bytes(results, analysis):
    assert report_files(results, analysis) == report_files(results, analysis)


def test_the_page_begins_with_the_verdict(html, analysis):
    assert html.index("Can this ranking be trusted?") < html.index("What was searched")
    assert html.index("What was searched") < html.index("The ranking")
    first = analysis.verdict[0].split(",")[0]
    assert first in html


def test_the_page_says_what_was_searched(html, results):
    for text in (
        "2021-12-31",
        "15, of 1 to 4 models",
        "240 sessions",
        "net of costs, daily values, 252 periods a year",
        "net of costs, in sample, 2021-01-04 to 2021-08-31",
        "the fast search",
        *results.models,
    ):
        assert text in html


def test_every_combo_of_the_ranking_has_its_band_and_its_deflated_ratio(html, analysis):
    trust = analysis.overfit.at(0)
    assert f'data-v="{trust.low!r}"' in html
    assert f'data-v="{trust.high!r}"' in html
    assert f'data-v="{trust.deflated!r}"' in html


def test_the_page_says_what_to_do_next(html):
    assert "quantpits search promote --rank " in html
    assert "brute_force_fast.py --exclude-last-months 2 --auto-test-top 20" in html
    assert "brute_force_fast_results_2021-12-31.csv --top 20" in html


@pytest.mark.parametrize(("deflated", "which"), [(0.99, "the first"), (0.1, "all models together")])
def test_the_first_is_proposed_only_where_it_is_better_than_luck(
    results, analysis, deflated, which
):
    first = np.concatenate([[deflated], analysis.overfit.deflated[1:]])
    overfit = replace(analysis.overfit, deflated=first, pbo=None, active=None)
    found = replace(analysis, overfit=overfit)
    texts = str(report_page(results, found, charts=picture_charts(results, found)).sections)
    row = 0 if deflated > 0.5 else all_models_row(results)
    assert f"here {which}, and fuse it" in texts
    assert f"--rank {row + 1} " in texts


def page(results, **options):
    analysis = analyse(results, **options)
    return report_page(results, analysis, charts=picture_charts(results, analysis))


def test_a_line_of_the_description_that_has_a_name_keeps_it(results):
    named = replace(results, description=("Strategy: topk_dropout, TopK 20",))
    assert "('strategy', 'topk_dropout, TopK 20')" in str(page(named).sections)


def test_an_exact_search_needs_no_confirmation_by_itself(results):
    texts = str(page(replace(results, kind="exact")).sections)
    assert "the exact search" in texts
    assert "brute_force_ensemble.py --exclude-last-months" in texts
    assert "--candidates" not in texts


def test_of_a_long_history_a_year_is_kept_away():
    paths, market = noisy_paths(n_models=2, n_sessions=520)
    texts = str(page(toy_search(paths, benchmark=market)).sections)
    assert "--exclude-last-years 1" in texts


def test_a_synthetic_market_is_said_first(results):
    first, *_ = page(replace(results, is_synthetic=True)).sections
    assert isinstance(first, Note)
    assert "synthetic" in first.text


def test_rows_beyond_the_main_list_can_be_opened():
    paths, market = noisy_paths(n_models=5)
    found = str(page(toy_search(paths, benchmark=market), top_n=30).sections)
    assert "The ranking to row 30" in found


def test_a_row_that_is_only_there_to_compare_has_no_band():
    figures = {name: np.linspace(1.0, 0.1, 40) for name in COLUMNS}
    members = [*[("a", "b")] * 38, ("a",), ("a", "b", "c")]
    found = str(page(hand_search(figures, members=members), top_n=5).sections)
    assert "For comparison: best single model and all models together" in found


def test_one_model_makes_a_page_too():
    paths, _ = noisy_paths(n_models=1, n_sessions=40)
    results = toy_search(paths, correlation=np.eye(1))
    files = report_files(results, analyse(results))
    assert REPORT_NAME in files
    assert "model_attribution_2021-12-31.png" not in files


def test_a_name_cannot_break_out(results):
    names = ("<script>alert(1)</script>", *results.models[1:])
    evil = replace(results, models=names)
    text = report_files(evil, analyse(evil))[REPORT_NAME].decode("utf-8")
    assert "<script>alert(1)" not in text


def test_many_combos_are_named_one_at_a_time():
    count = 20_000
    rng = np.random.default_rng(0)
    figures = {name: np.sort(rng.normal(0.5, 0.2, count))[::-1] for name in COLUMNS}
    figures["Sharpe"] = rng.normal(0.5, 0.2, count)
    members = [("a", "b")] * (count - 1) + [("a",)]
    results = hand_search_of_many(figures, members)
    charts = picture_charts(results, analyse(results, top_n=5))
    assert charts["risk_return"].labels(count - 1).endswith(" a")


def hand_search_of_many(figures, members):
    """Return many combos with the paths of a few; only the first are ever asked for."""
    few = hand_search({name: values[:2] for name, values in figures.items()}, members=members[:2])
    names = ("a", "b")
    flat = np.array([names.index(name) for combo in members for name in combo], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum([len(combo) for combo in members])])

    def paths_of(rows):
        return few.paths_of(np.zeros(len(rows), dtype=np.int64))

    return replace(
        few,
        models=names,
        members=flat,
        starts=starts,
        table=figures,
        correlation=np.eye(2),
        n_trials=len(members),
        moments=np.repeat(few.moments[:1], len(members), axis=0),
        first_rows=np.zeros(len(members), dtype=np.int64),
        stop_rows=np.full(len(members), 16),
        paths_of=paths_of,
    )
