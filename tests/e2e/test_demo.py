"""The demo: the whole loop on the synthetic market, and books that can be followed by hand."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from openpyxl import load_workbook

from quantpits.errors import UsageError, WorkspaceError
from quantpits.market import load_calendar, load_quotes, load_universe, resolve_market
from quantpits.routine import DemoRequest
from quantpits.routine import demo as demo_routine
from quantpits.workspace import open_workspace

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

FEN = Decimal("0.01")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def settlement_lines(path: Path) -> list[dict[str, object]]:
    rows = list(load_workbook(path)["Sheet1"].iter_rows(values_only=True))
    return [dict(zip(rows[5], row, strict=True)) for row in rows[6:]]


def fen(amount: Decimal) -> Decimal:
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


def fees(notional: Decimal, *, is_sale: bool) -> Decimal:
    """The fee of a trade in late 2026, item by item, from the published rates."""
    commission = max(Decimal(5), fen(notional * Decimal("0.00025")))
    transfer = fen(notional * Decimal("0.00001"))
    stamp_duty = fen(notional * Decimal("0.0005")) if is_sale else Decimal(0)
    return commission + transfer + stamp_duty


def is_whole_lots(instrument: str, shares: int) -> bool:
    if instrument.startswith("SH68"):
        return shares >= 200
    if instrument.startswith("BJ"):
        return shares >= 100
    return shares % 100 == 0


@pytest.fixture(scope="module")
def order_files(demo):
    return sorted(demo.workspace.output_dir.glob("*_suggestion_ensemble_*.csv"))


@pytest.fixture(scope="module")
def settlements(demo):
    return sorted(demo.workspace.data_dir.glob("*-table.xlsx"))


def test_demo_says_what_it_did_and_that_it_is_synthetic(demo):
    assert demo.report["changed"]
    assert "2026-11-20" == demo.report["anchor_date"]
    titles = [stage["title"] for stage in demo.report["stages"]]
    for week in ("week 1", "week 2"):
        assert f"{week}: the paper broker settles" in titles
        assert f"{week}: orders" in titles
    report = demo_routine.run(DemoRequest(demo.workspace.root))
    assert "SYNTHETIC" in report.summary()[0]


def test_demo_fits_into_four_gibibytes(demo):
    assert 0 < demo.report["peak_rss_mib"] < 4096


def test_every_enabled_model_has_an_ic(demo):
    enabled = {name for name, entry in demo.workspace.registry().models.items() if entry.enabled}
    assert enabled == set(demo.report["ic"])
    assert all(-1 < ic < 1 for ic in demo.report["ic"].values())


def test_there_are_two_order_files_for_each_of_three_weeks(order_files):
    dates = Counter(path.stem.rpartition("_")[2] for path in order_files)
    assert {"2026-11-09": 2, "2026-11-16": 2, "2026-11-23": 2} == dates


def test_every_order_is_whole_lots(order_files):
    purchases = [row for path in order_files if "buy_" in path.name for row in rows_of(path)]
    assert purchases
    odd = [row for row in purchases if not is_whole_lots(row["instrument"], int(row["value"]))]
    assert [] == odd


def test_every_order_is_for_the_day_of_its_file(order_files):
    for path in order_files:
        day = path.stem.rpartition("_")[2]
        assert {day} >= {row["datetime"] for row in rows_of(path)}


def test_every_order_is_for_something_that_trades(demo, order_files):
    source = resolve_market(demo.workspace)
    calendar = load_calendar(source)
    for path in order_files:
        rows = rows_of(path)
        anchor = calendar.previous_session(date.fromisoformat(path.stem.rpartition("_")[2]))
        names = [row["instrument"] for row in rows]
        quotes = load_quotes(source, names, anchor, anchor, fields=("close",))
        assert quotes.is_traded.all()
        if "buy_" in path.name:
            universe = load_universe(source, demo.workspace.prod_config().market, anchor)
            assert set(universe) >= set(names)


def test_purchases_are_payable_at_their_worst_price_with_fees(demo, order_files):
    newest = [path for path in order_files if path.stem.endswith("2026-11-23")]
    buys, sales = [], []
    for path in newest:
        primaries = [row for row in rows_of(path) if row["role"] == "primary"]
        (buys if "buy_" in path.name else sales).extend(primaries)
    assert buys

    def notional(row: dict[str, str]) -> Decimal:
        return int(row["value"]) * Decimal(row["limit_price"])

    cash = demo.workspace.prod_config().current_cash
    proceeds = sum(notional(row) - fees(notional(row), is_sale=True) for row in sales)
    costs = sum(notional(row) + fees(notional(row), is_sale=False) for row in buys)
    assert costs <= cash + proceeds


def test_sales_are_of_what_is_held(demo, order_files):
    held = {each.instrument: each.value for each in demo.workspace.prod_config().current_holding}
    newest = next(path for path in order_files if path.name.endswith("2026-11-23.csv"))
    sales = rows_of(newest.with_name("sell_suggestion_ensemble_2026-11-23.csv"))
    assert all(int(row["value"]) == held[row["instrument"]] for row in sales)


def test_every_session_of_two_weeks_was_settled(demo, settlements):
    calendar = load_calendar(resolve_market(demo.workspace))
    sessions = calendar.sessions_in(date(2026, 11, 7), date(2026, 11, 20))
    assert [f"{day}-table.xlsx" for day in sessions] == [path.name for path in settlements]


def test_settlements_say_that_they_are_paper(settlements):
    for path in settlements:
        rows = load_workbook(path)["Sheet1"].iter_rows(max_row=2, values_only=True)
        first, second = (str(row[0]) for row in rows)
        assert "PAPER" in first
        assert "SYNTHETIC" in second


def test_purchases_were_filled_at_the_open_with_the_published_fees(demo, settlements):
    source = resolve_market(demo.workspace)
    for path in settlements:
        day = date.fromisoformat(path.name[:10])
        for line in settlement_lines(path):
            if "竞价" not in line["交易类别"]:
                continue
            instrument = next(
                prefix + line["证券代码"]
                for prefix, words in (("SH", "上海"), ("SZ", "深圳"), ("BJ", "北京"))
                if line["交易类别"].startswith(words)
            )
            quotes = load_quotes(source, [instrument], day, day, fields=("open",))
            assert float(quotes.open[0, 0]) == line["成交价格"]
            notional = Decimal(str(line["成交价格"])) * line["成交数量"]
            assert notional == Decimal(str(line["成交金额"]))
            is_sale = line["交易类别"].endswith("卖出")
            assert fees(notional, is_sale=is_sale) == Decimal(str(line["费用合计"]))


def test_settlement_lines_add_up_to_cash_and_holdings(demo, settlements):
    config = demo.workspace.prod_config()
    cash, shares = config.initial_cash, Counter()
    for path in settlements:
        for line in settlement_lines(path):
            cash += Decimal(str(line["资金发生数"]))
            sign = {"买入": 1, "卖出": -1, "上市入账": 1}.get(line["交易类别"][-2:], 0)
            sign = 1 if line["交易类别"].endswith("红股上市入账") else sign
            shares[line["证券代码"]] += sign * line["成交数量"]
    assert cash == config.current_cash
    held = {each.instrument[2:]: each.value for each in config.current_holding}
    assert held == {code: count for code, count in shares.items() if count}


def test_net_asset_value_is_cash_and_holdings_at_the_raw_close(demo):
    config = demo.workspace.prod_config()
    source = resolve_market(demo.workspace)
    names = [each.instrument for each in config.current_holding]
    quotes = load_quotes(source, names, date(2026, 9, 1), date(2026, 11, 20), fields=("close",))
    value = config.current_cash
    for each in config.current_holding:
        closes = quotes.close[:, quotes.column(each.instrument)]
        last = closes[~np.isnan(closes)][-1]  # a suspended share counts at its last close
        value += each.value * Decimal(str(round(float(last), 2)))
    (row,) = rows_of(demo.workspace.data_dir / "daily_amount_log_full.csv")[-1:]
    assert ("2026-11-20", value) == (row["成交日期"], Decimal(row["收盘价值"]))
    assert float(value) == demo.report["nav_cny"]["2026-11-20"]


def test_ledger_check_finds_nothing(demo, command):
    outcome = command("ledger check --json", demo.workspace)
    assert (0, []) == (outcome.exit_code, outcome.report["findings"])


def test_demo_that_is_done_stays(demo):
    report = demo_routine.run(DemoRequest(demo.workspace.root))
    assert not report.changed
    assert demo.report["stages"] == [
        {"title": each.title, "seconds": each.seconds, "lines": list(each.lines)}
        for each in report.stages
    ]


def test_demo_with_other_models_is_another_demo(demo):
    with pytest.raises(UsageError, match="start over with --fresh"):
        demo_routine.run(DemoRequest(demo.workspace.root, nn=True))


@pytest.mark.parametrize("fresh", [False, True])
def test_demo_touches_no_workspace_of_the_users(demo, copy_of, fresh):
    workspace = copy_of(demo)
    (workspace.data_dir / "demo_state.json").unlink()
    with pytest.raises(WorkspaceError, match="demo made"):
        demo_routine.run(DemoRequest(workspace.root, fresh=fresh))
    assert open_workspace(workspace.root)
