from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from quantpits.orders import (
    OrderProvenance,
    OrderReport,
    OrderRequest,
    OrderTotals,
    PlannedOrder,
)

SALE = PlannedOrder(
    instrument="SZ300001",
    side="sell",
    shares=130,
    role="primary",
    rank=None,
    n_ranked=6,
    score=None,
    close_fen=1_000,
    limit_price_fen=800,
    amount_fen=103_447,
    reason="not in six",
)
PURCHASE = PlannedOrder(
    instrument="SH600000",
    side="buy",
    shares=900,
    role="primary",
    rank=1,
    n_ranked=6,
    score=0.5,
    close_fen=1_000,
    limit_price_fen=1_100,
    amount_fen=99_051_000,
    reason="rank 1 of 6",
)
ALTERNATE = dataclasses.replace(PURCHASE, instrument="SH600001", role="alternate", rank=2)


@pytest.fixture
def totals():
    return OrderTotals(
        cash_fen=100_000_000,
        deposits_fen=-5_050,
        proceeds_fen=103_447,
        purchases_fen=99_051_000,
        budget_fen=99_093_000,
        n_held=3,
        n_sell=1,
        n_buy=1,
        n_alternates=1,
        n_hold=2,
    )


@pytest.fixture
def provenance():
    return OrderProvenance(
        path=Path("/w/output/predictions/ensemble_2026-01-30.csv"),
        csv_sha256="0123456789abcdef",
        label="ensemble",
        has_meta=True,
        combo="A",
        method="manual",
        models=("gru", "mlp"),
        weights={"gru": 0.25, "mlp": 0.75},
        trained_at={"gru": date(2026, 1, 2), "mlp": None},
        last_date=date(2026, 1, 30),
        market_label="SYNTHETIC market",
    )


@pytest.fixture
def report(totals, provenance):
    return OrderReport(
        workspace="Lab",
        outputs=(),
        findings=(),
        changed=False,
        anchor_date=date(2026, 1, 30),
        trade_date=date(2026, 2, 2),
        market="six",
        market_label="SYNTHETIC market",
        strategy="topk_dropout, TopK 3",
        provenance=provenance,
        orders=(SALE, PURCHASE, ALTERNATE),
        holds=("SH600002",),
        totals=totals,
    )


def test_default_request_follows_the_default_ensemble():
    request = OrderRequest()
    assert (None, None, None, None) == (
        request.prediction_file,
        request.model,
        request.combo,
        request.output_dir,
    )
    assert not request.dry_run


def test_summary_of_provenance(provenance):
    assert [
        "Scores of 2026-01-30: ensemble_2026-01-30.csv, sha256 0123456789ab",
        "  combo A, manual of gru 0.250, mlp 0.750",
        "  trained through 2026-01-02 and an unknown day",
    ] == provenance.summary()


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"has_meta": False}, ["  nothing vouches for where they come from"]),
        (
            {"combo": None, "method": None, "weights": {}, "trained_at": {}},
            ["  gru, mlp"],
        ),
        ({"models": (), "trained_at": {}}, ["  combo A, manual of no model named"]),
    ],
)
def test_summary_of_less_provenance(provenance, changes, lines):
    assert lines == dataclasses.replace(provenance, **changes).summary()[1:]


def test_summary_shows_market_rule_and_primaries(report):
    lines = report.summary()
    assert "Orders for 2026-02-02, decided after the close of 2026-01-30." == lines[0]
    assert "Market: SYNTHETIC market; universe six" == lines[1]
    assert "Rule: topk_dropout, TopK 3" == lines[2]
    table = lines[-3:]
    assert "instrument" in table[0]
    assert "  sell      SZ300001        130      8.00       1,034.47  not in six" == table[1]
    assert "SH600000" in table[2]
    assert not any("SH600001" in line for line in lines)


def test_verbose_summary_shows_alternates_and_holds(report):
    lines = dataclasses.replace(report, verbose=True).summary()
    assert any(line.startswith("  alternate SH600001") for line in lines)
    assert "Kept: SH600002" == lines[-1]
    bare = dataclasses.replace(report, verbose=True, holds=())
    assert "Kept: nothing" == bare.summary()[-1]


def test_summary_without_orders(report):
    assert "  nothing to trade" == dataclasses.replace(report, orders=()).summary()[-1]


def test_summary_says_so_when_nothing_is_written(report):
    assert "dry run" in dataclasses.replace(report, dry_run=True).summary()[0]


def test_report_is_plain_data(report):
    facts = dataclasses.asdict(report)
    assert {"workspace", "outputs", "findings", "changed"} <= set(facts)
    assert "SZ300001" == facts["orders"][0]["instrument"]
