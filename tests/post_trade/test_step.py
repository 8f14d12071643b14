from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from datetime import date

import pytest

from quantpits.errors import (
    BooksMismatchError,
    BrokerFileError,
    ConfigError,
    MissingArtifactError,
    MissingDataError,
    NegativePositionError,
    UnknownTradeTypeError,
    UsageError,
    WorkspaceLockedError,
)
from quantpits.market import load_quotes
from quantpits.post_trade import prices
from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.correct import run as correct
from quantpits.post_trade.ledger import load_content, load_journal
from quantpits.post_trade.pnl import profit_rows
from quantpits.post_trade.rebuild import run as rebuild
from quantpits.post_trade.request import CorrectRequest, RebuildRequest
from quantpits.workspace import writer_lock

MON, TUE, WED, THU, FRI = (date(2026, 1, day) for day in (5, 6, 7, 8, 9))
SPDB, PAB = "SH600000", "SZ000001"


def codes(report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_an_empty_portfolio_processes_its_first_days(account) -> None:
    account.settle_all()
    report = account.run()
    assert [MON, TUE, WED, THU, FRI] == [day.settle_date for day in report.days]
    assert (True, 10_000_000, FRI) == (report.changed, report.cash_fen, report.last_date)
    assert "2026-01-09" == account.config["last_processed_date"]
    assert (100000.0, []) == (account.config["current_cash"], account.config["current_holding"])
    assert () == check_ledger(account.workspace)


def test_a_first_day_with_trades_by_hand(account, trade) -> None:
    """Buy 1,000 SH600000 at 10.20 with a fee of 5.00: cash 89,795.00; close 10.25: NAV
    100,045.00."""
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    report = account.run(end_date=MON)
    (day,) = report.days
    assert (1, 1, 10_000_000, 8_979_500) == (
        day.n_lines,
        day.n_positions,
        day.cash_before_fen,
        day.cash_after_fen,
    )
    assert (10_004_500, 0) == (day.nav_fen, day.flow_fen)
    assert () == report.findings
    assert [{"instrument": SPDB, "value": "1000", "amount": "10205.00"}] == account.config[
        "current_holding"
    ]
    assert ("equal", 20, "csi300") == tuple(
        account.config[key] for key in ("model", "TopK", "market")
    )
    with (account.data / "daily_amount_log_full.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert ("2026-01-05", "100045.00", "3510.10", "0.00") == (
        row["成交日期"],
        row["收盘价值"],
        row["CSI300"],
        row["CASHFLOW"],
    )
    assert {
        "data/ledger.db",
        "data/trade_log_full.csv",
        "data/holding_log_full.csv",
        "data/daily_amount_log_full.csv",
        "data/trade_detail_2026-01-05.csv",
        "data/ledger_chronicle.jsonl",
        "data/trade_classification.csv",
        "config/prod_config.json",
        "output/manifests/post_trade_2026-01-05.json",
    } == {account.workspace.relative(path) for path in report.outputs}


def test_a_second_run_changes_no_byte(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.settle_all()
    account.write("cashflow.json", {"cashflows": {"2026-01-06": 500}})
    account.run()
    before = account.files()
    report = account.run()
    assert (False, (), ()) == (report.changed, report.outputs, report.days)
    assert "The books are up to date (2026-01-09); nothing was written." in report.summary()
    assert before == account.files()


def test_days_one_by_one_give_the_same_books_as_all_at_once(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2), trade("buy", PAB, 100, 12.2)])
    account.settle(WED, [trade("sell", SPDB, 400, 10.1)])
    account.settle_all()
    account.write("cashflow.json", {"cashflows": {"2026-01-06": 500, "2026-01-07": -100}})
    other = account.twin()
    account.run()
    for day in (MON, TUE, WED, THU, FRI):
        other.run(end_date=day)
    whole, stepwise = (load_journal(each.workspace.ledger_path) for each in (account, other))
    assert whole.digests == stepwise.digests
    assert whole.transactions == stepwise.transactions
    assert ((6,), (2, 3, 4, 5, 6)) == (whole.run_ends, stepwise.run_ends)
    names = ["holding_log_full.csv", "daily_amount_log_full.csv", "trade_log_full.csv"]
    assert [(account.data / name).read_bytes() for name in names] == [
        (other.data / name).read_bytes() for name in names
    ]
    assert account.config == other.config
    assert account.cashflow == other.cashflow


def test_a_missing_file_stops_and_names_every_missing_day(account) -> None:
    account.settle(TUE)
    (account.data / "emp-table.xlsx").write_bytes(account.settle(MON).read_bytes())
    (account.data / "2026-01-05-table.xlsx").unlink()
    before = account.files()
    with pytest.raises(MissingArtifactError, match=r"2026-01-05-table\.xlsx") as error:
        account.run()
    assert 3 == error.value.exit_code
    for text in ("2026-01-07-table.xlsx", "2026-01-09-table.xlsx", "--assume-empty 2026-01-05"):
        assert text in str(error.value)
    assert "2026-01-06-table.xlsx" not in str(error.value)
    assert before == account.files()


def test_a_day_can_be_said_to_have_been_empty(account) -> None:
    account.settle_all([MON, WED])
    report = account.run(end_date=WED, assume_empty=(TUE,))
    assert ["2026-01-05-table.xlsx", "", "2026-01-07-table.xlsx"] == [
        day.source for day in report.days
    ]
    assert not account.run(end_date=WED, assume_empty=(TUE,)).changed


@pytest.mark.parametrize("day", [date(2026, 1, 4), FRI, date(2025, 12, 31)])
def test_a_day_that_is_not_processed_cannot_be_assumed_empty(account, day) -> None:
    account.settle_all([MON])
    with pytest.raises(UsageError, match=f"'{day}'"):
        account.run(end_date=MON, assume_empty=(day,))


def test_a_day_with_a_file_cannot_be_assumed_empty(account) -> None:
    account.settle(MON)
    with pytest.raises(UsageError, match=r"data/2026-01-05-table\.xlsx"):
        account.run(end_date=MON, assume_empty=(MON,))


def test_an_archived_file_is_found(account, trade) -> None:
    path = account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.workspace.order_history_dir.mkdir()
    path.rename(account.workspace.order_history_dir / path.name)
    assert 1 == account.run(end_date=MON).days[0].n_lines


def test_a_changed_file_is_refused(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.run(end_date=MON)
    account.settle(MON, [trade("buy", SPDB, 200, 10)])
    account.settle(TUE)
    with pytest.raises(
        BooksMismatchError, match=r"changed after it was imported[\s\S]*01-05"
    ) as error:
        account.run(end_date=TUE)
    assert 4 == error.value.exit_code
    assert MON == load_journal(account.workspace.ledger_path).last_date


def test_a_file_that_comes_for_a_day_assumed_empty_is_refused(account, trade) -> None:
    account.run(end_date=MON, assume_empty=(MON,))
    account.settle(MON)
    assert not account.run(end_date=MON).changed
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    with pytest.raises(BooksMismatchError, match="processed as empty"):
        account.run(end_date=MON)


def test_the_imported_bytes_are_archived(account, trade) -> None:
    path = account.settle(MON, [trade("buy", SPDB, 100, 10)])
    content = path.read_bytes()
    account.run(end_date=MON)
    path.unlink()
    # what the workspace no longer has is written aside, so the books can be made again
    (kept,) = account.run(end_date=MON).outputs
    assert "imported" == kept.parent.name
    assert content == kept.read_bytes()
    assert not account.run(end_date=MON).changed
    (session,) = load_journal(account.workspace.ledger_path).sessions
    assert session.source is not None
    assert content == load_content(account.workspace.ledger_path, session.source.sha256)


@pytest.mark.parametrize(
    ("rows", "error", "match"),
    [
        ([("sell", SPDB, 1100, 10.0)], NegativePositionError, r"01-07-table\.xlsx:7"),
        ([("sell", PAB, 100, 10.0)], NegativePositionError, "at most 0 shares"),
        ([("buy", PAB, 100, 10.0), ("sell", PAB, 100, 10.0)], NegativePositionError, r"T\+1"),
        ([("buy", PAB, 100_000, 10.0)], NegativePositionError, "cash does not suffice"),
        ([("buy", "SH601398", 100, 10.0)], MissingDataError, "SH601398 on 2026-01-07"),
        ([("buy", "SH601111", 100, 10.0)], MissingDataError, "SH601111 on 2026-01-07"),
    ],
)
def test_a_bad_later_day_leaves_everything_as_it_was(account, trade, *, rows, error, match) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.settle(WED, [trade(*row) for row in rows])
    account.settle_all()
    before = account.files()
    with pytest.raises(error, match=match):
        account.run()
    assert before == account.files()


def test_an_unknown_trade_type_stops_until_it_is_declared(account) -> None:
    account.settle(MON, [{"交易类别": "账户管理费", "资金发生数": -30}])
    with pytest.raises(UnknownTradeTypeError, match=r"2026-01-05-table\.xlsx:7"):
        account.run(end_date=MON)
    assert not account.workspace.ledger_path.exists()
    account.write("broker_types.yaml", "types: {账户管理费: fee}\n")
    assert 9_997_000 == account.run(end_date=MON).cash_fen


def test_a_settlement_date_that_contradicts_the_name_is_refused(account, trade) -> None:
    account.settle(MON, [{**trade("buy", SPDB, 100, 10), "交收日期": "20260106"}])
    with pytest.raises(BrokerFileError, match=r"contradicts[\s\S]*2026-01-05-table\.xlsx:7"):
        account.run(end_date=MON)


def test_an_unreadable_file_is_no_empty_day(account) -> None:
    account.settle(MON).write_bytes(b"")
    with pytest.raises(BrokerFileError, match=r"cannot be read|no header"):
        account.run(end_date=MON)


def test_every_config_problem_is_reported_at_once(account) -> None:
    account.write("cashflow.json", {"cashflow": {}})
    account.write("prod_config.json", {"current_cash": "a"})
    with pytest.raises(ConfigError, match=r"prod_config[\s\S]*cashflow"):
        account.run()


def test_dividends_taxes_interest_and_bonus_shares(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2), trade("buy", PAB, 100, 12.2)])
    account.settle(
        TUE,
        [
            {"交易类别": "上海A股红利入账", "证券代码": "600000", "资金发生数": 500},
            {"交易类别": "上海A股红利税补缴", "证券代码": "600000", "资金发生数": -50},
            {
                "交易类别": "深圳A股红股上市入账",
                "证券代码": "000001",
                "成交数量": 30,
                "资金发生数": 0,
            },
            {"交易类别": "利息归本", "资金发生数": 1.23},
            {"交易类别": "利息税代扣", "资金发生数": -0.12},
        ],
    )
    report = account.run(end_date=TUE)
    before = 10_000_000 - 1_020_500 - 122_500
    assert before + 50_000 - 5_000 + 123 - 12 == report.cash_fen
    holding = {each["instrument"]: each for each in account.config["current_holding"]}
    assert {"instrument": PAB, "value": "130", "amount": "1225.00"} == holding[PAB]
    # SZ000001 does not trade on Tuesday: 130 shares at Monday's 12.20
    assert before + 45_111 + 1_050_000 + 158_600 == report.days[1].nav_fen
    assert ["PTR003"] == codes(report)


def test_a_dividend_that_is_due_and_not_booked_is_reported_until_it_comes(account, trade) -> None:
    account.settle(MON, [trade("buy", "SH600104", 1000, 14)])
    account.settle(TUE)
    (finding,) = account.run(end_date=TUE).findings
    assert ("PTR004", "warning", "SH600104") == (
        finding.code,
        finding.severity,
        finding.subject,
    )
    assert "1000 shares × 0.5 CNY = 500.00 are due" in finding.message
    account.settle(WED)
    assert (finding,) == account.run(end_date=WED).findings
    assert (finding,) == check_ledger(account.workspace)
    paid = {"证券代码": "600104", "交易类别": "上海A股红利入账", "资金发生数": 450.0}
    account.settle(THU, [paid])  # less a tenth of tax
    assert () == account.run(end_date=THU).findings
    assert () == check_ledger(account.workspace)


def test_a_dividend_of_another_amount_is_a_contradiction(account, trade) -> None:
    account.settle(MON, [trade("buy", "SH600104", 1000, 14)])
    paid = {"证券代码": "600104", "交易类别": "上海A股红利入账", "资金发生数": 50.0}
    account.settle(TUE, [paid])
    (finding,) = account.run(end_date=TUE).findings
    assert ("PTR012", "SH600104") == (finding.code, finding.subject)
    assert "2026-01-06-table.xlsx:7 50.00" in finding.message
    account.settle(WED)
    assert () == account.run(end_date=WED).findings  # it was told on its day
    assert (finding,) == check_ledger(account.workspace)


@pytest.mark.parametrize(
    ("row", "codes_found"),
    [
        (None, ["PTR004"]),
        ({"交易类别": "深圳A股红利入账", "资金发生数": 2000.0}, []),
        ({"交易类别": "深圳A股红股上市入账", "成交数量": 250, "资金发生数": 0}, []),
        ({"交易类别": "深圳A股红股上市入账", "成交数量": 500, "资金发生数": 0}, ["PTR012"]),
    ],
)
def test_a_jump_of_the_factor_is_due_in_cash_or_in_shares(account, trade, row, codes_found) -> None:
    account.settle(MON, [trade("buy", "SZ000002", 1000, 10)])
    account.settle(TUE, [{"证券代码": "000002", **row}] if row else [])
    report = account.run(end_date=TUE)
    assert codes_found == codes(report)
    if codes_found == ["PTR004"]:
        assert "1000 shares × 2.0000 CNY = 2000.00, or as much" in report.findings[0].message


def test_what_was_sold_after_its_ex_date_is_still_waited_for(account, trade) -> None:
    account.settle(MON, [trade("buy", "SH600104", 1000, 14)])
    account.settle(TUE, [trade("sell", "SH600104", 1000, 13.5)])
    account.settle(WED)
    account.run(end_date=TUE)
    assert ["PTR004"] == codes(account.run(end_date=WED))


def test_a_fund_is_valued_to_the_tenth_of_a_fen(account) -> None:
    row = {
        "证券代码": "510300",
        "交易类别": "上海跨市场股票ETF竞价买入",
        "成交价格": 4.111,
        "成交数量": 1100,
        "成交金额": 4522.1,
        "资金发生数": -4522.6,
    }
    account.settle(MON, [row])
    account.settle(TUE)
    report = account.run(end_date=TUE)
    assert 453_530 == report.days[0].nav_fen - report.days[0].cash_after_fen  # 1100 × 4.123
    assert 455_070 == report.days[1].nav_fen - report.days[1].cash_after_fen  # 1100 × 4.137
    assert ",4.137,4550.70," in (account.data / "holding_log_full.csv").read_text("utf-8")
    assert "4.111" in (account.data / "trade_log_full.csv").read_text("utf-8")
    assert () == check_ledger(account.workspace)


@pytest.mark.parametrize(
    ("basis", "costs"),
    [
        ("average", (["6123.00"], ["4082.00"], [])),
        ("diluted", (["6210.00"], ["3710.00"], [])),
    ],
)
def test_the_cost_basis_is_that_of_the_configuration(account, trade, basis, costs) -> None:
    account.write("prod_config.json", {**account.config, "cost_basis": basis})
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.settle(TUE, [trade("sell", SPDB, 400, 10)])
    account.settle(WED, [trade("sell", SPDB, 200, 12.525)])
    account.settle(THU, [trade("sell", SPDB, 400, 10.5)])
    for day, expected in zip((TUE, WED, THU), costs, strict=True):
        account.run(end_date=day)
        assert expected == [each["amount"] for each in account.config["current_holding"]]
    assert [] == [each for each in check_ledger(account.workspace) if each.severity == "error"]
    journal = load_journal(account.workspace.ledger_path)
    (row,) = profit_rows(journal)
    assert 399_500 + 250_000 + 419_500 - 1_020_500 == row.net_fen  # on either basis
    account.workspace.ledger_path.unlink()
    rebuild(account.workspace, RebuildRequest())
    assert journal.digests == load_journal(account.workspace.ledger_path).digests


def test_a_correction_keeps_the_cost_basis_of_every_session(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.settle(TUE, [trade("sell", SPDB, 500, 10)])
    account.run(end_date=TUE)
    account.write("prod_config.json", {**account.config, "cost_basis": "diluted"})
    account.settle(WED, [trade("sell", SPDB, 100, 10)])
    account.run(end_date=WED)
    assert "4107.50" == account.config["current_holding"][0]["amount"]  # 5102.50 - 995
    account.settle(MON, [trade("buy", SPDB, 1000, 10.4)])
    correct(account.workspace, CorrectRequest(day=MON, reason="another price"))
    assert "4207.50" == account.config["current_holding"][0]["amount"]
    assert () == check_ledger(account.workspace)


def test_custody_a_new_code_and_a_delisting_are_declared_and_booked(account, trade) -> None:
    """Shares that come or go without a trade: at the amount stated, or at what they cost."""
    account.write(
        "broker_types.yaml",
        "types: {转托管转入: shares_in, 转托管转出: shares_out, 代码变更转出: shares_out, "
        "代码变更转入: shares_in, 退市注销: shares_out}",
    )
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2), trade("buy", "SH600104", 100, 14)])
    held = {"证券代码": "600000", "交易类别": "转托管转出", "成交数量": 400, "资金发生数": -30}
    came = {"证券代码": "000001", "交易类别": "转托管转入", "成交数量": 300, "成交价格": 11.5}
    account.settle(TUE, [held, {**came, "资金发生数": 0}])
    gone = {"证券代码": "600104", "交易类别": "代码变更转出", "成交数量": 100, "资金发生数": 0}
    new = {"证券代码": "000002", "交易类别": "代码变更转入", "成交数量": 100, "资金发生数": 0}
    account.settle(WED, [gone, {**new, "成交金额": 1405}])
    account.settle(THU, [{**gone, "证券代码": "000001", "交易类别": "退市注销"}])
    report = account.run(end_date=THU)
    assert [each.cash_after_fen for each in report.days] == [
        10_000_000 - 1_020_500 - 140_500,
        *(10_000_000 - 1_020_500 - 140_500 - 3_000,) * 3,
    ]
    assert [
        ("SH600000", "600", "6123.00"),  # 10205.00 less 400 of 1000
        ("SZ000001", "200", "2300.00"),  # 300 at 11.50 less 100
        ("SZ000002", "100", "1405.00"),
    ] == [tuple(each.values()) for each in account.config["current_holding"]]
    log = (account.data / "daily_amount_log_full.csv").read_text("utf-8").splitlines()
    # -4082.00 + 3450.00; -1405.00 + 1405.00; -1150.00: flows, and no performance
    assert ["0.00", "-632.00", "0.00", "-1150.00"] == [each.split(",")[-1] for each in log[1:]]
    assert [] == [each for each in check_ledger(account.workspace) if each.severity == "error"]
    journal = load_journal(account.workspace.ledger_path)
    rows = {row.instrument: row for row in profit_rows(journal)}
    assert (3_500, 500, -3_000) == (
        rows[SPDB].fees_fen,
        rows[SPDB].fees_in_cost_fen,
        rows[SPDB].net_fen,
    )
    account.settle(FRI, [{**gone, "证券代码": "000001", "成交数量": 201}])
    with pytest.raises(NegativePositionError, match="A transfer of more than is held"):
        account.run()


def test_only_what_is_held_is_priced_and_once_a_run(account, trade, monkeypatch) -> None:
    """Fault 46: not the whole market, and not again for every day."""
    asked = []

    def counted(source, instruments, start, end, *, fields):
        asked.append((*instruments, start, end))
        return load_quotes(source, instruments, start, end, fields=fields)

    monkeypatch.setattr(prices, "load_quotes", counted)
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.settle_all()
    account.run()
    before = date(2025, 12, 30)  # as far back as an ex-date may wait
    assert [(SPDB, before, FRI), (SPDB, MON, FRI)] == asked


def test_a_suspension_is_reported_once(account, trade) -> None:
    account.settle(MON, [trade("buy", PAB, 100, 12.2)])
    account.settle_all()
    report = account.run()
    assert ["PTR003"] == codes(report)
    navs = [day.nav_fen - day.cash_after_fen for day in report.days]
    assert [122_000, 122_000, 122_000, 125_000, 126_000] == navs


def test_a_holding_suspended_since_before_the_opening_is_priced(account) -> None:
    account.state(0, [("SZ300750", 100, 21_000), (SPDB, 200, 1_900)])
    account.settle(MON)
    report = account.run(end_date=MON)
    assert 100 * 20_000 + 200 * 1_025 == report.days[0].nav_fen
    assert ["PTR003"] == codes(report)


def test_a_holding_that_was_never_priced_stops(account) -> None:
    account.state(0, [("SH601398", 100, 500)])
    account.settle(MON)
    with pytest.raises(MissingDataError, match="SH601398 on 2026-01-05"):
        account.run(end_date=MON)


def test_a_benchmark_without_data_is_left_empty(account) -> None:
    account.write("prod_config.json", {**account.config, "benchmark": "SH000999"})
    account.settle(MON)
    report = account.run(end_date=MON)
    assert ["PTR008"] == codes(report)
    assert (
        (account.data / "daily_amount_log_full.csv")
        .read_text(encoding="utf-8")
        .endswith(",,0.00\n")
    )


@pytest.mark.parametrize(("fee", "n_found"), [(5, 0), (6, 2)])
def test_a_fee_that_does_not_add_up_is_reported(account, trade, fee: int, n_found: int) -> None:
    account.settle(MON, [{**trade("buy", SPDB, 100, 10), "费用合计": fee}])
    account.settle(TUE, [{**trade("sell", SPDB, 100, 10), "费用合计": fee}])
    report = account.run(end_date=TUE)
    assert n_found == codes(report).count("PTR005")
    assert 10_000_000 - 1_000 == report.cash_fen


def test_the_brokers_cash_must_be_that_of_the_books(account, trade) -> None:
    row = trade("buy", SPDB, 1000, 10.2)
    account.settle(MON, [{**row, "资金余额": 89_000}])
    with pytest.raises(
        BooksMismatchError, match=r"expected: 89000\.00[\s\S]*89795\.00 in the books"
    ):
        account.run(end_date=MON)
    account.settle(MON, [{**row, "资金余额": 89_795}])
    assert 8_979_500 == account.run(end_date=MON).cash_fen


def test_deposits_are_applied_once_and_archived(account) -> None:
    listed = {"2026-01-03": 100.5, "2026-01-06": 1000, "2026-02-01": 7, "2025-12-31": 9}
    account.write("cashflow.json", {"cashflows": listed, "processed": {"2025-01-02": 1}})
    account.settle_all([MON, TUE])
    report = account.run(end_date=TUE)
    assert 10_000_000 + 10_050 + 100_000 == report.cash_fen
    assert [10_050, 100_000] == [day.flow_fen for day in report.days]
    assert ["PTR001", "PTR002"] == codes(report)
    assert {
        "cashflows": {"2026-02-01": 7, "2025-12-31": 9},
        "processed": {"2025-01-02": 1, "2026-01-03": 100.5, "2026-01-06": 1000},
    } == account.cashflow
    assert ["PTR001"] == codes(account.run(end_date=TUE))


def test_the_legacy_cashflow_is_applied_to_the_first_day_once(account) -> None:
    account.write("cashflow.json", {"cash_flow_today": 5000})
    account.settle_all([MON, TUE])
    assert [500_000, 0] == [day.flow_fen for day in account.run(end_date=TUE).days]
    assert {"cash_flow_today": 0, "processed": {"2026-01-05": 5000}} == account.cashflow
    assert not account.run(end_date=TUE).changed
    # the same amount again, as the earlier system's users write it
    account.write("cashflow.json", {"cash_flow_today": 5000})
    account.settle(WED)
    assert 11_000_000 == account.run(end_date=WED).cash_fen


def test_a_bank_transfer_is_not_counted_a_second_time(account) -> None:
    account.write("cashflow.json", {"cashflows": {"2026-01-05": 5000}})
    account.settle(MON, [{"交易类别": "银行转证券", "资金发生数": 5000}])
    report = account.run(end_date=MON)
    assert (10_500_000, 500_000) == (report.cash_fen, report.days[0].flow_fen)
    assert {"2026-01-05": 5000} == account.cashflow["processed"]


def test_a_bank_transfer_of_another_amount_stops(account) -> None:
    account.write("cashflow.json", {"cashflows": {"2026-01-05": 4000}})
    account.settle(MON, [{"交易类别": "银行转证券", "资金发生数": 5000}])
    with pytest.raises(BooksMismatchError, match="not the broker's bank transfers"):
        account.run(end_date=MON)


def test_a_hand_edit_stops_and_can_be_adopted(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.run(end_date=MON)
    edited = {**account.config, "current_cash": 89_000.5}
    edited["current_holding"] = [{"instrument": PAB, "value": "200", "amount": "2400"}]
    account.write("prod_config.json", edited)
    account.settle(TUE)
    with pytest.raises(BooksMismatchError, match=r"cash: 89795\.00 in the books, 89000\.50 stated"):
        account.run(end_date=TUE)
    report = account.run(end_date=TUE, adopt=True)
    assert "cash: 89795.00 in the books" in report.adjustment
    assert (8_900_050, [PAB]) == (
        report.cash_fen,
        [each["instrument"] for each in account.config["current_holding"]],
    )
    assert () == check_ledger(account.workspace)
    assert not account.run(end_date=TUE, adopt=True).changed


def test_an_edit_can_be_adopted_without_a_new_day(account) -> None:
    account.settle(MON)
    account.run(end_date=MON)
    account.write("prod_config.json", {**account.config, "current_cash": 99_999.99})
    report = account.run(end_date=MON, adopt=True)
    assert (True, (), 9_999_999) == (report.changed, report.days, report.cash_fen)
    with (account.data / "daily_amount_log_full.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert ("99999.99", "-0.01") == (row["收盘价值"], row["CASHFLOW"])


def test_the_users_other_keys_are_no_edit(account) -> None:
    account.settle_all()
    account.run(end_date=MON)
    edited = {"TopK": 5, **account.config, "model": "other"}
    account.write("prod_config.json", json.dumps(edited))
    assert not account.run(end_date=MON).changed
    account.run(end_date=TUE)
    assert ["TopK", "model"] == list(account.config)[:2]
    with (account.data / "trade_detail_2026-01-05.csv").open(encoding="utf-8") as file:
        assert "model" in file.readline()
    assert ["equal", "other"] == [
        each.session.model
        for each in load_journal(account.workspace.ledger_path).sessions
        if each.session
    ]


def test_a_lost_log_is_written_again(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.run(end_date=MON)
    before = account.files()
    for name in ("holding_log_full.csv", "trade_detail_2026-01-05.csv"):
        (account.data / name).unlink()
    assert account.run(end_date=MON).changed
    assert before == account.files()


def test_an_archived_trade_detail_stays_where_it_is(account) -> None:
    account.settle(MON)
    account.run(end_date=MON)
    account.workspace.order_history_dir.mkdir()
    name = "trade_detail_2026-01-05.csv"
    (account.data / name).rename(account.workspace.order_history_dir / name)
    assert not account.run(end_date=MON).changed
    assert not (account.data / name).exists()
    assert () == check_ledger(account.workspace)


def test_logs_of_an_earlier_system_are_kept(account) -> None:
    (account.data / "trade_log_full.csv").write_text("old\n", encoding="utf-8")
    account.settle(MON)
    assert ["PTR009"] == codes(account.run(end_date=MON))
    kept = list(account.workspace.history_dir.glob("trade_log_full_*.csv"))
    assert ["old\n"] == [path.read_text(encoding="utf-8") for path in kept]
    assert 1 == len(list(account.workspace.history_dir.glob("prod_config_*.json")))


def test_the_older_name_of_the_config_is_read_and_kept(account) -> None:
    account.workspace.prod_config_path.rename(account.workspace.config_dir / "weekly_config.json")
    account.settle(MON)
    account.run(end_date=MON)
    assert "2026-01-05" == account.config["current_date"]
    assert not account.run(end_date=MON).changed


def test_a_dry_run_computes_everything_and_writes_nothing(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    before = account.files()
    report = account.run(end_date=MON, dry_run=True, verbose=True)
    assert (True, True, (), 8_979_500) == (
        report.is_dry_run,
        report.changed,
        report.outputs,
        report.cash_fen,
    )
    assert (
        "2026-01-05-table.xlsx:7 上海A股普通股票竞价买入 SH600000 1000 shares at 10.2"
        in (report.days[0].lines[0])
    )
    assert before == account.files()
    account.run(end_date=MON)
    before = account.files()
    assert not account.run(end_date=MON, dry_run=True).changed
    assert before == account.files()


def test_without_a_session_to_process_nothing_is_opened(account) -> None:
    before = account.files()
    report = account.run(end_date=date(2026, 1, 4))
    assert (False, date(2025, 12, 31), 10_000_000) == (
        report.changed,
        report.last_date,
        report.cash_fen,
    )
    assert before == account.files()


def test_an_end_date_beyond_the_market_is_reported(account) -> None:
    account.settle_all()
    report = account.run(end_date=date(2026, 1, 12))
    assert (FRI, ["PTR011"]) == (report.last_date, codes(report))


def test_books_ahead_of_the_market_are_reported(account) -> None:
    account.write("prod_config.json", {**account.config, "current_date": "2026-01-13"})
    assert ["PTR010"] == codes(account.run())


def test_an_altered_ledger_is_refused(account) -> None:
    import sqlite3  # noqa: PLC0415 - only here

    account.settle(MON)
    account.run(end_date=MON)
    connection = sqlite3.connect(account.workspace.ledger_path)
    connection.execute("DROP TRIGGER postings_no_update")
    connection.execute("UPDATE postings SET fen = 2 * fen")
    connection.commit()
    connection.close()
    with pytest.raises(BooksMismatchError, match="altered by something else"):
        account.run(end_date=MON)


def test_a_second_writer_is_turned_away(account) -> None:
    account.settle(MON)
    script = (
        "import sys, pathlib\n"
        "from quantpits.post_trade import PostTradeRequest\n"
        "from quantpits.post_trade.step import run\n"
        "from quantpits.workspace import Workspace\n"
        "run(Workspace(pathlib.Path(sys.argv[1])), PostTradeRequest())\n"
    )
    before = account.files()
    with writer_lock(account.workspace, "test"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(account.workspace.root)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert WorkspaceLockedError.__name__ in done.stderr
    assert before == account.files()


_KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from quantpits.post_trade import PostTradeRequest, files, ledger, step
from quantpits.workspace import Workspace, durable

point, count = sys.argv[2], int(sys.argv[3])

def kill_after(module, name):
    original = getattr(module, name)
    def wrapped(*args, **kwargs):
        global count
        count -= 1
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    setattr(module, name, wrapped)

module = {"append": ledger, "write_and_sync": None, "mark_projected": ledger}.get(point, files)
if point == "replace":
    kill_after(os, "replace")
else:
    kill_after(module, point)
step.run(Workspace(Path(sys.argv[1])), PostTradeRequest(end_date=date(2026, 1, 7)))
"""


@pytest.mark.parametrize(
    ("point", "count"),
    [
        ("back_up_before_opening", 1),
        ("append", 1),
        ("append", 2),
        ("append", 4),
        ("write_logs", 1),
        ("replace", 2),
        ("write_state", 1),
        ("write_cashflow", 1),
        ("mark_projected", 1),
    ],
)
@pytest.mark.parametrize("form", ["dated", "legacy"])
def test_a_kill_anywhere_is_finished_by_running_again(
    account, trade, *, point, count, form
) -> None:
    listed = {"dated": {"cashflows": {"2026-01-06": 500}}, "legacy": {"cash_flow_today": 500}}
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.settle(WED, [trade("sell", SPDB, 400, 10.1)])
    account.settle_all()
    account.write("cashflow.json", listed[form])
    other = account.twin()
    other.run(end_date=WED)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(account.workspace.root), point, str(count)],
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert -signal.SIGKILL == done.returncode
    account.run(end_date=WED)
    journals = [load_journal(each.workspace.ledger_path) for each in (account, other)]
    assert journals[1].transactions == journals[0].transactions
    assert () == journals[0].unfinished
    shown = [
        {
            name: content
            for name, content in each.files().items()
            if "/history/" not in name and "manifests" not in name and "ledger.db" not in name
        }
        for each in (account, other)
    ]
    assert shown[1] == shown[0]
    assert () == check_ledger(account.workspace)
    assert not account.run(end_date=WED).changed
