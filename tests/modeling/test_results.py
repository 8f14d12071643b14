"""How models are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from quantpits.modeling.results import (
    ModelResult,
    banded_text,
    drift_findings,
    model_result,
    result_lines,
)
from quantpits.modeling.spread import Spread
from quantpits.records import ModelRecord

RECORD = ModelRecord(
    experiment="E", run_id="r1", anchor_date=date(2026, 2, 6), ic=0.0, icir=-0.25, rank_ic=0.031
)


def test_a_result_carries_the_metrics_of_its_record():
    expected = ModelResult(
        model="a",
        status="done",
        run_id="r1",
        ic=0.0,
        icir=-0.25,
        rank_ic=0.031,
        rank_icir=None,
        seconds=1.235,
    )
    assert expected == model_result("a", "done", record=RECORD, seconds=1.2349)


def test_a_result_without_a_record_has_no_metrics():
    assert ModelResult(model="a", status="planned") == model_result("a", "planned")


def test_lines_for_a_person():
    results = [
        model_result("a", "done", record=RECORD, seconds=1.25),
        model_result("b", "reused", record=RECORD),
        model_result("c", "planned"),
        ModelResult(model="d", status="failed", message="no columns"),
        replace(
            model_result("e", "done", seconds=2.0),
            peak_mib=812,
            ic_seeds=Spread(3, 0.05, 0.01, 0.04, 0.06),
        ),
    ]
    metrics = "IC 0.0000, ICIR -0.250, Rank IC 0.0310, Rank ICIR undefined"
    undefined = "IC undefined, ICIR undefined, Rank IC undefined, Rank ICIR undefined"
    expected = [
        f"a: done in 1.2 s, {metrics}",
        f"b: reused, {metrics}",
        "c: planned",
        "d: FAILED: no columns",
        f"e: done in 2.0 s with 812 MiB, {undefined}",
        "  IC over 3 seeds 0.0500 ± 0.0100 (0.0400 to 0.0600)",
    ]
    assert expected == result_lines(results)


def test_a_line_shows_bands_and_drift_where_they_are_known():
    record = replace(RECORD, ic=0.0718, ic_band=(0.05, 0.09), psi=0.128, psi_usual=0.05)
    line = result_lines([model_result("a", "reused", record=record)])[0]
    assert "IC 0.0718 (0.0500 to 0.0900), ICIR -0.250, Rank IC 0.0310, " in line
    assert line.endswith(", PSI 0.13")


def test_a_band_follows_its_value():
    assert "-0.250 (-1.000 to 0.500)" == banded_text(-0.25, (-1.0, 0.5), digits=3)
    assert "undefined" == banded_text(None, (0.0, 1.0), digits=3)


def test_shifted_scores_are_a_warning_and_moving_ones_are_told():
    drifts = {"a": (0.3, 0.1), "b": (0.3, 0.4), "c": (0.15, None), "d": (None, None), "e": (0, 0)}
    results = [
        replace(model_result(name, "done", record=RECORD), psi=psi, psi_usual=usual)
        for name, (psi, usual) in drifts.items()
    ]
    found = drift_findings(results, source="prediction")
    assert [("MON001", "warning", "a"), ("MON002", "info", "c")] == [
        (each.code, each.severity, each.subject) for each in found
    ]
    assert "PSI 0.30, usual is up to 0.10" in found[0].message
    assert "(PSI 0.15)" in found[1].message
