"""What a search is asked for and answers, in words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from quantpits.search import (
    Confirmation,
    OosRow,
    PromoteReport,
    RankedCombo,
    SearchReport,
)

FACTS = {
    "workspace": "Demo",
    "kind": "exact",
    "outputs": (Path("out.csv"),),
    "findings": (),
    "changed": True,
    "anchor_date": date(2026, 1, 30),
    "market_label": "made",
    "description": ("Timing: next_session",),
    "window": "in-sample",
    "models": ("a", "b"),
    "n_combos": 3,
    "n_done": 3,
    "tolerance": 1e-6,
}


def confirmation(deviation):
    return Confirmation(rank=1, models=("a",), deviation=deviation, where="costs in June")


def test_a_whole_report():
    report = SearchReport(
        **FACTS,
        n_simulated=3,
        seconds=0.3,
        top=(
            RankedCombo(rank=1, models=("a", "b"), figures={"Ann_Excess": 0.125, "Max_DD": -0.1}),
        ),
        verdict=("Be careful.", "Very."),
        oos=(OosRow(rank=1, models=("a", "b"), in_sample=0.125, out_of_sample=None),),
        confirmations=(confirmation(1e-15),),
    )
    assert [
        "Searched 3 combos of 2 models (3 simulated in 0.3 s) at the anchor 2026-01-30.",
        "Window: in-sample",
        "Timing: next_session",
        "Best by annual excess over the benchmark, net of costs (simulated exactly):",
        "    1. +12.50 % a year, drawdown -10.00 %, Sharpe undefined  a,b",
        "Trust: Be careful.",
        "  Very.",
        "Out-of-sample, annual excess in the order of the in-sample ranking:",
        "    1. +12.50 % became undefined  a,b",
        (
            "Qlib's own backtest against the simulator in Qlib's timing, largest relative "
            "deviation 1.0e-15 (allowed 1e-06):"
        ),
        "    1. 1.0e-15  a",
        "  out.csv",
    ] == report.summary()
    assert 0 == report.exit_code


def test_a_deviation_from_qlib_is_exit_code_4_and_says_where():
    report = SearchReport(**FACTS, confirmations=(confirmation(1e-15), confirmation(2e-6)))
    assert (4, 2e-6) == (report.exit_code, report.largest_deviation)
    assert "    1. 2.0e-06  a  (costs in June)" in report.summary()


def test_a_stopped_report_is_exit_code_130_and_says_how_to_go_on():
    facts = {**FACTS, "n_done": 2}
    report = SearchReport(**facts, is_interrupted=True, resume_hint="Go on with --resume")
    assert 130 == report.exit_code
    assert "Stopped after 2 of 3 combos at the anchor 2026-01-30." == report.summary()[0]
    assert "Go on with --resume" == report.summary()[-1]


def test_a_dry_report_says_what_it_would_take():
    report = SearchReport(**FACTS, dry_run=True, expected_seconds=83.2, expected_bytes=3.0 * 2**20)
    assert "Would search 3 combos of 2 models" in report.summary()[0]
    assert (
        "Expected: about 1 min 23 s to simulate, measured on a sample of them; about 3 MiB of "
        "memory." == report.summary()[-1]
    )
    assert [] == SearchReport(**FACTS, dry_run=True).summary()[3:]


def test_what_was_promoted():
    report = PromoteReport(
        workspace="Demo",
        outputs=(Path("config.json"),),
        findings=(),
        changed=True,
        name="best",
        models=("a", "b"),
        rank=2,
        source="results.csv",
        is_default=True,
        description="Row 2",
    )
    assert [
        "Promoted row 2 of results.csv as combo 'best' (the default, which orders follow).",
        "  a, b",
        "  Row 2",
        "  config.json",
        "Next: quantpits fuse --combo best",
    ] == report.summary()
