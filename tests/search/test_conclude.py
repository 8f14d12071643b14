"""What a finished run leaves behind; figures are tested in test_step."""

from __future__ import annotations

import json
from dataclasses import replace

from quantpits.search import SearchRequest
from quantpits.search.step import run
from tests.search.search_lab import ANCHOR


def test_every_documented_file_is_written_and_again_the_same(search_lab):
    """FORMATS 6.6: the names of the earlier system, an HTML report, and nothing half-done."""
    request = SearchRequest(top_n=5, exclude_last_months=2, auto_test_top=3)
    report = run(search_lab.workspace, request)
    files = search_lab.files()
    assert {
        f"brute_force_fast_results_{ANCHOR}.csv",
        f"oos_validation_{ANCHOR}.csv",
        f"correlation_matrix_{ANCHOR}.csv",
        f"model_attribution_{ANCHOR}.csv",
        f"model_attribution_{ANCHOR}.png",
        f"risk_return_scatter_{ANCHOR}.png",
        f"optimization_weights_{ANCHOR}.csv",
        f"analysis_report_fast_{ANCHOR}.txt",
        "leaderboard.csv",
    } <= set(files)
    assert any(name.endswith(".html") for name in files)
    assert set(files) == {
        path.name for path in report.outputs if path.parent.name == "brute_force_fast"
    }
    again = run(search_lab.workspace, replace(request, analysis_only=True))
    assert (files, False) == (search_lab.files(), again.changed)


def test_what_still_belongs_to_the_ranking_stays(search_lab):
    request = SearchRequest(max_combo_size=2, top_n=5, exclude_last_months=2, auto_test_top=3)
    run(search_lab.workspace, request)
    files = search_lab.files()
    again = replace(request, auto_test_top=0, skip_analysis=True)
    report = run(search_lab.workspace, again)
    assert files == search_lab.files()
    assert "SEA008" not in {finding.code for finding in report.findings}
    report = run(search_lab.workspace, replace(again, exclude_last_months=1))
    assert 2 == len(search_lab.files()), "the ranking and its description"
    assert "SEA008" in {finding.code for finding in report.findings}


def test_the_manifest_names_predictions_and_results(search_lab):
    run(search_lab.workspace, SearchRequest(skip_analysis=True))
    path = search_lab.workspace.manifests_dir / f"search_fast_{ANCHOR}.json"
    manifest = json.loads(path.read_text())
    assert ["ada", "bo", "cy", "dee", "eve"] == sorted(manifest["inputs"])
    name = f"output/brute_force_fast/brute_force_fast_results_{ANCHOR}.csv"
    assert name in manifest["outputs"]


def test_few_sessions_and_a_synthetic_market_are_told(search_lab):
    start = search_lab.sessions[-15]
    report = run(search_lab.workspace, SearchRequest(skip_analysis=True, start_date=start))
    codes = {finding.code for finding in report.findings}
    assert "SEA007" in codes, "no cross-validation"
    assert "SEA009" in codes, "synthetic"
    report = run(search_lab.workspace, SearchRequest(start_date=start, restart=True))
    assert report.top, "the analysis says what it could not do"
