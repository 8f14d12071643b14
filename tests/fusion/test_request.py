"""The report in words."""

import dataclasses
from datetime import date
from pathlib import Path

from quantpits.fusion import ComboFigures, FusedCombo, FuseReport, FuseRequest

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


FIGURES = ComboFigures(
    execution="next_session",
    frequency="week",
    first_date=date(2025, 1, 3),
    last_date=date(2026, 1, 30),
    annualised_return=0.125,
    equal_weight_return=0.1,
    annualised_excess=-0.015,
    max_drawdown=-0.2,
    sharpe=0.5,
    sharpe_low=-0.25,
    sharpe_high=1.25,
    turnover_annual=8.0,
    cost_annual=0.0125,
    ic=0.03,
    icir=0.25,
)


def test_summary_of_a_backtest_shows_equal_weights_and_the_band():
    combo = dataclasses.replace(COMBO, method="dynamic", figures=FIGURES)
    report = dataclasses.replace(REPORT, combos=(combo,), page=Path("page.html"))
    lines = report.summary()
    assert "A (default): dynamic of gru 0.500, mlp 0.500 (weights of 2026-01-30)" == lines[2]
    assert [
        "  backtest 2025-01-03 to 2026-01-30, week, next_session, net of costs:",
        "    a year +12.50% (equal weights +10.00%, excess -1.50%)",
        "    max drawdown -20.00%",
        "    Sharpe 0.50 (90 % band -0.25 to 1.25), IC 0.0300, ICIR 0.250",
        "    turnover 8.00, costs 1.25% a year",
    ] == lines[6:11]
    assert "Look at: page.html" == lines[-1]


def test_summary_of_a_backtest_says_what_is_undefined():
    bare = dataclasses.replace(
        FIGURES,
        annualised_excess=None,
        sharpe=None,
        sharpe_low=None,
        sharpe_high=None,
        ic=None,
        icir=None,
    )
    report = dataclasses.replace(REPORT, combos=(dataclasses.replace(COMBO, figures=bare),))
    lines = report.summary()
    assert "    a year +12.50% (equal weights +10.00%)" in lines
    assert "    Sharpe undefined, IC undefined, ICIR undefined" in lines
