from __future__ import annotations

import csv
import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from quantpits.config import BasketConfig
from quantpits.errors import Finding, OrderError
from quantpits.orders import files
from quantpits.orders.files import ORDER_COLUMNS, order_path, plan_path
from quantpits.post_trade import classification
from quantpits.trading import DecisionRule
from quantpits.workspace import Workspace, sha256_file
from tests.orders.test_request import ALTERNATE, PURCHASE, SALE, provenance, report, totals

__all__ = ["provenance", "report", "totals"]  # fixtures

DAY = date(2026, 2, 2)


def write_orders(folder, report):
    return files.write_orders(
        folder, report, template=BasketConfig(), rule=DecisionRule(3, 1), is_synthetic=False
    )


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_names_carry_side_label_and_trade_date():
    folder = Path("/w/output")
    assert folder / "buy_suggestion_gru_2026-02-02.csv" == order_path(
        folder, "buy", label="gru", trade_date=DAY
    )
    assert folder / "order_plan_gru_2026-02-02.json" == plan_path(
        folder, label="gru", trade_date=DAY
    )


def test_rows_have_the_documented_columns(tmp_path, report):
    written = write_orders(tmp_path, report)
    sell, buy, *_ = written.paths
    assert [
        list(ORDER_COLUMNS),
        [
            "SZ300001",
            "2026-02-02",
            "130",
            "1034.47",
            "",
            "10.00",
            "primary",
            "",
            "8.00",
            "not in six",
        ],
    ] == rows_of(sell)
    assert [
        "SH600000",
        "2026-02-02",
        "900",
        "990510.00",
        "0.500000",
        "10.00",
        "primary",
        "1",
        "11.00",
        "rank 1 of 6",
    ] == rows_of(buy)[1]
    assert ["primary", "alternate"] == [row[6] for row in rows_of(buy)[1:]]


def test_first_columns_are_those_of_the_earlier_system():
    earlier = "instrument,datetime,value,estimated_amount,score,current_close"
    assert earlier == ",".join(ORDER_COLUMNS[:6])


@pytest.mark.parametrize(("orders", "side"), [((PURCHASE,), "sell"), ((SALE,), "buy")])
def test_an_empty_side_replaces_a_stale_file_by_its_header(tmp_path, report, orders, side):
    """Fault 35: the side was not written, so the file of an earlier run survived."""
    write_orders(tmp_path, report)
    write_orders(tmp_path, dataclasses.replace(report, orders=orders))
    path = order_path(tmp_path, side, label="ensemble", trade_date=DAY)
    assert ",".join(ORDER_COLUMNS) + "\n" == path.read_text(encoding="utf-8")


def test_plan_holds_everything_and_names_every_file(tmp_path, report):
    finding = Finding("ORD001", "warning", "outside", "orders")
    written = write_orders(tmp_path, dataclasses.replace(report, findings=(finding,)))
    plan = json.loads(written.paths[-1].read_text(encoding="utf-8"))
    assert 1 == plan["schema_version"]
    assert "ensemble_2026-01-30.csv" == plan["provenance"]["path"]
    assert {"gru": 0.25, "mlp": 0.75} == plan["provenance"]["weights"]
    assert 1_047_397 == plan["totals"]["reserve_fen"]
    assert ["SZ300001", "SH600000", "SH600001"] == [row["instrument"] for row in plan["orders"]]
    assert ["ORD001"] == [row["code"] for row in plan["findings"]]
    assert {path.name: sha256_file(path) for path in written.paths[:-1]} == plan["files"]
    assert [
        "sell_suggestion_ensemble_2026-02-02.csv",
        "buy_suggestion_ensemble_2026-02-02.csv",
        "order_sheet_ensemble_2026-02-02.xlsx",
        "order_sheet_ensemble_2026-02-02.html",
        "order_basket_ensemble_2026-02-02.csv",
    ] == list(plan["files"])


def test_writing_twice_changes_nothing(tmp_path, report):
    assert write_orders(tmp_path, report).changed
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    assert not write_orders(tmp_path, report).changed
    assert before == {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()
    }


def test_post_trade_finds_and_reads_the_files_by_their_names(tmp_path, report):
    """Fault 36: the readers looked for another name, so every trade was called manual."""
    written = write_orders(tmp_path / "output", report)
    texts = classification._texts(Workspace(tmp_path))
    assert {("sell", "2026-02-02", "ensemble"), ("buy", "2026-02-02", "ensemble")} == set(texts)
    found = classification.suggestions_of(texts, buy_factor=3)
    assert "S" == found["BUY", "2026-02-02"]["SH600000"].trade_class
    assert "A" == found["BUY", "2026-02-02"]["SH600001"].trade_class
    assert "S" == found["SELL", "2026-02-02"]["SZ300001"].trade_class
    assert written.changed


def test_a_basket_that_cannot_be_written_leaves_nothing(tmp_path, report):
    greek = dataclasses.replace(PURCHASE, instrument="SHΩ")
    with pytest.raises(OrderError, match="encoding of the terminal"):
        files.write_orders(
            tmp_path,
            dataclasses.replace(report, orders=(greek,)),
            template=BasketConfig(encoding="ascii"),
            rule=DecisionRule(3, 1),
            is_synthetic=False,
        )
    assert [] == list(tmp_path.iterdir())


def test_alternates_are_marked(tmp_path, report):
    only = dataclasses.replace(report, orders=(ALTERNATE,))
    path = write_orders(tmp_path, only).paths[1]
    assert "alternate" == rows_of(path)[1][6]
