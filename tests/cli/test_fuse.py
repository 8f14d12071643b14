from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from quantpits.fusion.request import ExplainRequest, FuseRequest


@pytest.mark.parametrize(
    ("line", "request_", "text"),
    [
        ("--models gru,mlp", FuseRequest(models=("gru", "mlp")), "fuse gru, mlp"),
        ("--models gru mlp,cat", FuseRequest(models=("gru", "mlp", "cat")), "fuse gru, mlp, cat"),
        ("--combo A", FuseRequest(combo="A"), "fuse the combo A"),
        ("--from-config-all", FuseRequest(from_config_all=True), "fuse every enabled combo"),
        ("--from-config", FuseRequest(from_config=True), "fuse the default combo"),
    ],
)
def test_what_to_fuse(ask, line, request_, text):
    asked = ask(f"fuse {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.fusion.step:run"
    assert text == asked.plan.text
    assert asked.plan.is_writing


def test_every_other_flag(ask):
    asked = ask(
        "fuse --combo A --method manual --weights gru:0.6,mlp:0.4 --freq week"
        " --record-file old.json --output-dir out --no-backtest --no-charts"
        " --start-date 2025-01-02 --end-date 2025-12-31 --only-last-years 1 --only-last-months 6"
        " --publish --allow-missing --dry-run"
    )
    assert asked.exit_code == 0
    assert not asked.plan.is_writing
    assert asked.request == FuseRequest(
        combo="A",
        method="manual",
        weights="gru:0.6,mlp:0.4",
        freq="week",
        record_file=Path("old.json"),
        output_dir=Path("out"),
        no_backtest=True,
        no_charts=True,
        start_date=date(2025, 1, 2),
        end_date=date(2025, 12, 31),
        only_last_years=1,
        only_last_months=6,
        publish=True,
        allow_missing=True,
        dry_run=True,
    )


def test_explain_takes_a_date_and_an_instrument(ask):
    asked = ask("fuse --combo A --explain 2026-01-30 SH600000 --start-date 2025-01-02")
    assert asked.exit_code == 0
    assert asked.target == "quantpits.fusion.explain:run"
    assert not asked.plan.is_writing
    assert asked.plan.text == "explain the score of SH600000 on 2026-01-30 in the combo A"
    assert asked.request == ExplainRequest(
        fuse=FuseRequest(combo="A", start_date=date(2025, 1, 2)),
        day=date(2026, 1, 30),
        instrument="SH600000",
    )


@pytest.mark.parametrize("line", ["2026-01-30", "today SH600000"])
def test_explain_wants_both(ask, line):
    assert ask(f"fuse --from-config --explain {line}").exit_code == 2


def test_nothing_to_fuse_is_wrong_usage(ask, capsys):
    asked = ask("fuse --method equal")
    assert asked.exit_code == 2
    assert "quantpits fuse --from-config-all" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["--only-last-years -1", "--method best", "--freq month"])
def test_values_out_of_range_are_wrong_usage(ask, line):
    assert ask(f"fuse --from-config {line}").exit_code == 2
