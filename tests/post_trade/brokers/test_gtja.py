from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import BrokerFileError, UnknownTradeTypeError, UsageError
from quantpits.post_trade.brokers import adapter_for, gtja
from quantpits.post_trade.brokers.contract import Effect, TradeRule
from quantpits.post_trade.brokers.effects import BUILT_IN_RULES

NAME = "2026-01-05-table.xlsx"


def parse(content, rules=BUILT_IN_RULES):
    return gtja.parse(content, source=NAME, rules=rules)


def test_a_line_is_read_exactly(make_table, buy_row) -> None:
    statement = parse(make_table([buy_row]))
    (line,) = statement.lines
    assert (7, 1) == (line.key.row, line.key.ordinal)
    assert "2026-01-05-table.xlsx:7" == line.where
    assert date(2026, 1, 5) == line.settle_date
    assert ("SH600000", "浦发银行", Effect.BUY) == (line.instrument, line.name, line.effect)
    assert (Decimal("10.25"), 1000) == (line.price, line.shares)
    assert (1_025_000, -1_025_510, 510) == (line.gross_fen, line.net_cash_fen, line.fee_fen)
    assert (8_974_490, None) == (line.cash_balance_fen, line.position_balance)
    assert "C1" == dict(zip(statement.columns, line.cells, strict=True))["合同号"]
    assert ("Sheet1", NAME) == (statement.sheet, statement.source_name)


def test_a_header_without_rows_is_a_day_without_trades(make_table) -> None:
    assert () == parse(make_table([])).lines


@pytest.mark.parametrize("preamble", [0, 5, 6, 19])
def test_the_header_is_found_by_its_names(make_table, buy_row, preamble: int) -> None:
    (line,) = parse(make_table([buy_row], preamble=preamble)).lines
    assert preamble + 2 == line.key.row


def test_the_order_of_the_columns_does_not_matter(make_table, buy_row) -> None:
    (line,) = parse(make_table([buy_row], columns=list(reversed(list(buy_row))))).lines
    assert -1_025_510 == line.net_cash_fen


def test_the_first_sheet_is_read_where_none_is_called_sheet1(make_table, buy_row) -> None:
    assert "合并对账单" == parse(make_table([buy_row], sheet="合并对账单")).sheet


def test_sheet1_is_read_wherever_it_stands(make_table, buy_row) -> None:
    assert "Sheet1" == parse(make_table([buy_row], other_sheets=["说明"])).sheet


@pytest.mark.parametrize(
    "changes",
    [
        {"证券代码": "\t600000", "交易类别": "\t上海A股普通股票竞价买入"},
        {"证券代码": '="600000"'},
        {"证券代码": 600000},
        {"证券代码": "600000.SH"},
        {"证券代码": "６０００００"},  # noqa: RUF001 - full-width digits
        {"交收日期": 20260105},
        {"交收日期": "2026-01-05"},
        {"成交金额": "10,250.00", "资金发生数": "\t-10255.10", "成交数量": "1000"},
        {"币种": "人民币"},
    ],
)
def test_every_form_of_a_cell_gives_the_same_line(make_table, buy_row, changes) -> None:
    columns = [*buy_row, "币种"]
    (plain,) = parse(make_table([buy_row], columns=columns)).lines
    (varied,) = parse(make_table([{**buy_row, **changes}], columns=columns)).lines
    facts = ("settle_date", "instrument", "effect", "price", "shares", "net_cash_fen")
    assert [getattr(plain, name) for name in facts] == [getattr(varied, name) for name in facts]
    assert plain.content_sha256 == varied.content_sha256


def test_a_code_without_its_zeros_gets_them_back_in_the_logs(make_table, buy_row) -> None:
    row = {**buy_row, "证券代码": 1, "交易类别": "深圳A股普通股票竞价买入"}
    statement = parse(make_table([row]))
    cells = dict(zip(statement.columns, statement.lines[0].cells, strict=True))
    assert ("000001", "20260105") == (cells["证券代码"], cells["交收日期"])


def test_equal_fills_are_all_kept(make_table, buy_row) -> None:
    statement = parse(make_table([buy_row, buy_row, {**buy_row, "成交价格": 10.26}]))
    assert [(7, 1), (8, 2), (9, 1)] == [
        (line.key.row, line.key.ordinal) for line in statement.lines
    ]


def test_empty_rows_are_passed_over(make_table, buy_row) -> None:
    statement = parse(make_table([{}, buy_row, {}]))
    assert [8] == [line.key.row for line in statement.lines]


@pytest.mark.parametrize(
    ("trade_type", "cells", "effect"),
    [
        ("上海A股红利入账", {"证券代码": "600000", "资金发生数": 100}, Effect.DIVIDEND),
        ("上海A股红利税补缴", {"证券代码": "600000", "资金发生数": -10}, Effect.DIVIDEND_TAX),
        ("利息归本", {"资金发生数": 1.23}, Effect.INTEREST),
        ("利息税代扣", {"资金发生数": -0.12}, Effect.INTEREST_TAX),
        ("银行转证券", {"资金发生数": 5000, "证券代码": "0"}, Effect.DEPOSIT),
        ("证券转银行", {"资金发生数": -5000}, Effect.WITHDRAWAL),
        (
            "上海A股红股上市入账",
            {"证券代码": "600000", "成交数量": 100, "资金发生数": 0},
            Effect.BONUS_SHARES,
        ),
    ],
)
def test_lines_that_are_no_trades(make_table, trade_type: str, cells, effect: Effect) -> None:
    row = {"交收日期": "20260105", "交易类别": trade_type, **cells}
    (line,) = parse(make_table([row])).lines
    assert effect == line.effect
    assert round(100 * cells["资金发生数"]) == line.net_cash_fen
    assert ("SH600000" if cells.get("证券代码") == "600000" else "") == line.instrument


@pytest.mark.parametrize("column", gtja.REQUIRED_COLUMNS)
def test_a_missing_column_is_named(make_table, buy_row, column: str) -> None:
    columns = [name for name in buy_row if name != column]
    with pytest.raises(
        BrokerFileError, match=rf"lacks '{column}'[\s\S]*row 6[\s\S]*found: columns"
    ) as error:
        parse(make_table([buy_row], columns=columns))
    assert NAME in str(error.value)
    assert 3 == error.value.exit_code


def test_a_file_without_the_fee_column_is_fine(make_table, buy_row) -> None:
    columns = [
        name for name in buy_row if name not in ("费用合计", "资金余额", "证券名称", "合同号")
    ]
    (line,) = parse(make_table([buy_row], columns=columns)).lines
    assert (None, None, "") == (line.fee_fen, line.cash_balance_fen, line.name)


def test_a_file_without_a_header_is_refused(make_table, buy_row) -> None:
    with pytest.raises(BrokerFileError, match="no header row"):
        parse(make_table([buy_row], columns=["a", "b"]))
    with pytest.raises(BrokerFileError, match="no header row"):
        parse(make_table([buy_row], preamble=20))


def test_a_column_that_stands_twice_is_refused(make_table, buy_row) -> None:
    with pytest.raises(BrokerFileError, match="two columns '成交数量'"):
        parse(make_table([buy_row], columns=[*buy_row, "成交数量"]))


def test_a_file_without_sheets_is_refused(make_table, monkeypatch) -> None:
    monkeypatch.setattr(gtja, "workbook_sheets", lambda _content, _source: [])
    with pytest.raises(BrokerFileError, match="has no sheet"):
        parse(b"")


@pytest.mark.parametrize(
    ("column", "cell", "found"),
    [
        ("交收日期", "soon", "'soon' is not a date"),
        ("交收日期", None, "'' is not a date"),
        ("证券代码", "ABC", "'ABC' is not a security code"),
        ("证券代码", None, "'' is not a security code"),
        ("成交价格", "ten", "'ten' is not a number"),
        ("成交数量", 1000.5, "is not a whole number"),
        ("成交金额", 10250.001, "is not a whole number of fen"),
        ("资金发生数", "?", "is not a number"),
        ("资金余额", "?", "is not a number"),
        ("费用合计", True, "is not a number"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_with_row_and_column(
    make_table, buy_row, *, column: str, cell, found: str
) -> None:
    with pytest.raises(BrokerFileError, match=rf"column '{column}'[\s\S]*{NAME}:7[\s\S]*{found}"):
        parse(make_table([{**buy_row, column: cell}]))


def test_a_line_without_its_cash_is_refused(make_table, buy_row) -> None:
    with pytest.raises(BrokerFileError, match="does not say what it does to the cash"):
        parse(make_table([{**buy_row, "资金发生数": None}]))


def test_another_currency_is_refused(make_table, buy_row) -> None:
    with pytest.raises(BrokerFileError, match=r"in another currency[\s\S]*港币"):
        parse(make_table([{**buy_row, "币种": "港币"}], columns=[*buy_row, "币种"]))


def test_an_unknown_trade_type_stops_and_says_how_to_declare_it(make_table, buy_row) -> None:
    row = {**buy_row, "交易类别": "配售缴款"}
    with pytest.raises(UnknownTradeTypeError, match=f"{NAME}:7") as error:
        parse(make_table([buy_row, buy_row, row][2:]))
    assert 4 == error.value.exit_code
    assert "config/broker_types.yaml" in str(error.value)
    assert "types: {配售缴款: EFFECT}" in str(error.value)


def test_a_declared_trade_type_is_booked_as_declared(make_table) -> None:
    row = {"交收日期": "20260105", "交易类别": "账户管理费", "资金发生数": -30}
    rules = {"账户管理费": TradeRule(Effect.FEE)}
    (line,) = parse(make_table([row]), rules).lines
    assert (Effect.FEE, -3000) == (line.effect, line.net_cash_fen)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"资金发生数": 10255.1}, "goes the wrong way"),
        ({"成交数量": -1000}, "negative price or number of shares"),
        ({"成交价格": -10.25}, "negative price or number of shares"),
        ({"成交数量": 0}, "without price, shares or amount"),
        ({"成交价格": None}, "without price, shares or amount"),
        ({"成交金额": 0, "资金发生数": -5.1}, "without price, shares or amount"),
        ({"资金发生数": -10249.99}, "negative fee"),
        ({"成交数量": 100}, "not its price times its shares"),
        ({"成交价格": 10.27}, "not its price times its shares"),
    ],
)
def test_a_trade_that_contradicts_itself_is_refused(make_table, buy_row, changes, what) -> None:
    with pytest.raises(BrokerFileError, match=rf"{what}[\s\S]*:7"):
        parse(make_table([{**buy_row, **changes}]))


@pytest.mark.parametrize(
    ("trade_type", "net", "what"),
    [
        ("上海A股普通股票竞价卖出", -1, "goes the wrong way"),
        ("上海A股普通股票竞价卖出", 10250.01, "negative fee"),
        ("上海A股红利入账", -1, "goes the wrong way"),
        ("上海A股红利税补缴", 1, "goes the wrong way"),
        ("证券转银行", 1, "goes the wrong way"),
        ("上海A股红股上市入账", 1, "goes the wrong way"),
    ],
)
def test_cash_that_goes_the_wrong_way_is_refused(
    make_table, buy_row, *, trade_type, net, what
) -> None:
    with pytest.raises(BrokerFileError, match=what):
        parse(make_table([{**buy_row, "交易类别": trade_type, "资金发生数": net}]))


def test_bonus_shares_without_shares_are_refused(make_table, buy_row) -> None:
    row = {**buy_row, "交易类别": "上海A股红股上市入账", "成交数量": 0, "资金发生数": 0}
    with pytest.raises(BrokerFileError, match="Bonus shares without shares"):
        parse(make_table([row]))


def test_a_rounded_average_price_is_accepted(make_table, buy_row) -> None:
    # 700 at 10.25 and 300 at 10.26 is 10.253 on average
    row = {**buy_row, "成交价格": 10.253, "成交金额": 10253, "资金发生数": -10258.1}
    assert 1_025_300 == parse(make_table([row])).lines[0].gross_fen
    row = {**buy_row, "成交价格": 10.25, "成交金额": 10253, "资金发生数": -10258.1}
    assert Decimal("10.25") == parse(make_table([row])).lines[0].price


@pytest.mark.property
@given(
    cents=st.integers(1, 100_000),
    lots=st.integers(1, 500),
    fee=st.integers(0, 10**6),
    text=st.booleans(),
)
def test_every_fen_of_a_trade_is_kept(make_table, buy_row, *, cents, lots, fee, text) -> None:
    shares, gross = 100 * lots, cents * 100 * lots
    cells = {"成交价格": cents / 100, "成交金额": gross / 100, "资金发生数": -(gross + fee) / 100}
    if text:
        cells = {key: f"{value:,.2f}" for key, value in cells.items()}
    (line,) = parse(make_table([{**buy_row, **cells, "成交数量": shares}])).lines
    assert (gross, -gross - fee, shares) == (line.gross_fen, line.net_cash_fen, line.shares)


def test_an_unknown_broker_is_refused() -> None:
    assert gtja is adapter_for("gtja")
    with pytest.raises(UsageError, match="no adapter for the broker 'acme'"):
        adapter_for("acme")
