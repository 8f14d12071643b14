"""How models are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from quantpits.modeling.results import ModelResult, model_result, result_lines
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
