from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path

from quantpits.errors import Finding
from quantpits.orders.sheet import order_sheet, sheet_path
from tests.orders.test_request import provenance, report, totals

__all__ = ["provenance", "report", "totals"]  # fixtures


def test_orders_are_numbered_in_the_order_of_placing(report):
    sheet = order_sheet(report, is_synthetic=False)
    assert "Orders for Monday, 2026-02-02" == sheet.title
    assert ["Sell (1)", "Buy (1)", "Alternates (1)"] == [part.title for part in sheet.parts]
    lines = [line for part in sheet.parts for line in part.lines]
    assert [(1, "300001", "SZ"), (2, "600000", "SH"), (3, "600001", "SH")] == [
        (line.number, line.code, line.exchange) for line in lines
    ]
    assert (Decimal("8.00"), Decimal("1034.47")) == (lines[0].limit, lines[0].amount)


def test_totals_are_those_of_the_orders_and_alternates_have_none(report):
    sheet = order_sheet(report, is_synthetic=False)
    assert [Decimal("1034.47"), Decimal("990510.00"), None] == [part.total for part in sheet.parts]


def test_where_the_orders_come_from_is_told(report):
    facts = dict(order_sheet(report, is_synthetic=False).facts)
    assert "combo A, manual; of 2026-01-30" == facts["Scores"]
    assert "gru, mlp" == facts["Models"]
    assert "2026-01-02, unknown" == facts["Trained through"]
    assert "-50.50 CNY" == facts["Deposits due"]
    assert "3 positions, at least 10,473.97 CNY left" == facts["Afterwards"]


def test_without_provenance_nothing_is_made_up(report, provenance):
    bare = dataclasses.replace(
        provenance, combo=None, method=None, models=(), trained_at={}, label="custom"
    )
    totals = dataclasses.replace(report.totals, deposits_fen=0)
    sheet = order_sheet(
        dataclasses.replace(report, provenance=bare, totals=totals), is_synthetic=False
    )
    facts = dict(sheet.facts)
    assert "custom; of 2026-01-30" == facts["Scores"]
    assert ("not told", "not told") == (facts["Models"], facts["Trained through"])
    assert "Deposits due" not in facts


def test_warnings_are_on_it_and_notes_are_not(report):
    findings = (Finding("ORD003", "warning", "stuck"), Finding("ORD006", "info", "few"))
    sheet = order_sheet(dataclasses.replace(report, findings=findings), is_synthetic=True)
    assert ("ORD003: stuck",) == sheet.warnings
    assert "must not be placed" in sheet.banner
    assert "" == order_sheet(report, is_synthetic=False).banner


def test_the_name_carries_label_and_trade_date():
    assert Path("/w/order_sheet_gru_2026-02-02.xlsx") == sheet_path(
        Path("/w"), ".xlsx", label="gru", trade_date=date(2026, 2, 2)
    )
