"""The report in words."""

import dataclasses
from datetime import date
from pathlib import Path

from quantpits.fusion import FusedCombo, FuseReport, FuseRequest

COMBO = FusedCombo(
    label="ensemble_A",
    combo="A",
    is_default=True,
    is_tradable=True,
    method="equal",
    models=("gru", "mlp"),
    weights={"gru": 0.5, "mlp": 0.5},
    missing={},
    first_date=date(2025, 1, 3),
    last_date=date(2026, 1, 30),
    n_days=56,
    n_instruments=300,
    n_rows=16800,
    n_on_last_date=299,
    mean_correlation=0.4,
    best=("SH600000", "SZ000001"),
    path=Path("ensemble_A_2026-01-30.csv"),
)
REPORT = FuseReport(
    workspace="Demo",
    outputs=(),
    findings=(),
    changed=True,
    anchor_date=date(2026, 1, 30),
    market_label="synthetic, seed 1",
    combos=(COMBO,),
    tradable_path=None,
    tradable_source="combo 'A'",
)


def test_request_defaults_are_those_of_the_documents():
    request = FuseRequest()
    assert (None, None, False, False) == (
        request.models,
        request.combo,
        request.from_config,
        request.from_config_all,
    )
    assert (None, 0, 0) == (request.method, request.only_last_years, request.only_last_months)


def test_summary_says_what_was_fused_and_what_orders_follow():
    assert [
        "Fused 1 combo at the anchor 2026-01-30.",
        "Market: synthetic, seed 1",
        "A (default): equal of gru 0.500, mlp 0.500",
        "  16800 scores, 300 instruments, 56 days",
        "  2025-01-03 to 2026-01-30",
        "  mean correlation between its models 0.400",
        "  best on 2026-01-30: SH600000, SZ000001",
        "  ensemble_A_2026-01-30.csv",
        "Orders follow: combo 'A'",
    ] == REPORT.summary()


def test_summary_of_a_dry_run_says_would():
    adhoc = dataclasses.replace(
        COMBO,
        label="ensemble_adhoc",
        combo=None,
        is_default=False,
        missing={"lin": "gone"},
        mean_correlation=None,
    )
    report = dataclasses.replace(REPORT, combos=(adhoc, COMBO), dry_run=True)
    lines = report.summary()
    assert "Would fuse 2 combos at the anchor 2026-01-30." == lines[0]
    assert "ensemble_adhoc: equal of gru 0.500, mlp 0.500" == lines[2]
    assert "  WITHOUT lin" in lines


def test_report_becomes_plain_values():
    plain = dataclasses.asdict(REPORT)
    assert {"gru": 0.5, "mlp": 0.5} == plain["combos"][0]["weights"]
