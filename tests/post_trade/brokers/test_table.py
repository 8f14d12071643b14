from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from quantpits.config import model_from_text
from quantpits.errors import BrokerFileError, UnknownTradeTypeError
from quantpits.post_trade.brokers import adapter_for
from quantpits.post_trade.brokers.contract import Effect, TradeRule
from quantpits.post_trade.brokers.table import TableAdapter, read_date, read_number
from quantpits.post_trade.brokers.table_config import BrokerTable, TableNumbers
from tests.post_trade.brokers.contract_kit import AdapterContract

CN = """
columns:
  settle_date: 日期
  trade_type: 业务
  instrument: 代码
  name: 名称
  price: 价格
  shares: 数量
  gross: 金额
  fees: [佣金, 印花税]
  net: 发生额
  cash_balance: 余额
  position_balance: 持仓
  currency: 币种
types: {买: buy, 卖: sell, 派息: dividend, 管理费: fee}
"""
COLUMNS = (
    "日期", "业务", "代码", "名称", "价格", "数量", "金额", "佣金", "印花税", "发生额", "余额",
    "持仓", "币种",
)  # fmt: skip
BUY = {
    "日期": "20260105",
    "业务": "买",
    "代码": "600000",
    "名称": "浦发银行",
    "价格": "10.25",
    "数量": "1000",
    "金额": "10250.00",
    "佣金": "5.10",
    "发生额": "-10255.10",
    "余额": "89744.90",
    "持仓": "1000",
    "币种": "CNY",
}


def adapter(text: str = CN) -> TableAdapter:
    return TableAdapter(model_from_text(BrokerTable, text, "broker_table.yaml"))


def parse(content: bytes, text: str = CN, rules=None):
    return adapter(text).parse(content, source="a.csv", rules=rules or {})


def changed(**sections: str) -> str:
    """The description with other sections added."""
    return CN + "".join(f"{key}: {value}\n" for key, value in sections.items())


def test_the_description_is_what_adapter_for_needs() -> None:
    table = adapter().table
    found = adapter_for("table", table)
    assert TableAdapter(table) == found
    assert "table" == found.NAME


def test_a_line_is_read_as_described(make_text) -> None:
    (line,) = parse(make_text([BUY], columns=COLUMNS, delimiter=";", preamble=2)).lines
    assert (date(2026, 1, 5), "SH600000", Effect.BUY) == (
        line.settle_date,
        line.instrument,
        line.effect,
    )
    assert (Decimal("10.25"), 1000, "浦发银行") == (line.price, line.shares, line.name)
    assert (1_025_000, -1_025_510, 510) == (line.gross_fen, line.net_cash_fen, line.fee_fen)
    assert (8_974_490, 1000, 4) == (line.cash_balance_fen, line.position_balance, line.key.row)


def test_a_workbook_is_read_too(make_table) -> None:
    row = {**BUY, "日期": datetime(2026, 1, 5), "价格": 10.25, "数量": 1000}  # noqa: DTZ001
    content = make_table([row], columns=COLUMNS, sheet="流水", other_sheets=["说明"])
    statement = parse(content, changed(file="{sheet: 流水}"))
    assert ("流水", 1) == (statement.sheet, len(statement.lines))
    assert date(2026, 1, 5) == statement.lines[0].settle_date


def test_columns_that_the_broker_lacks_are_left_out(make_text) -> None:
    text = """
columns:
  {settle_date: 日期, trade_type: 业务, instrument: 代码, price: 价格, shares: 数量, net: 发生额}
types: {买: buy}
"""
    (line,) = parse(make_text([BUY], columns=COLUMNS), text).lines
    assert (1_025_000, None, None, None, "") == (
        line.gross_fen,
        line.fee_fen,
        line.cash_balance_fen,
        line.position_balance,
        line.name,
    )


def test_types_of_the_workspace_count_and_the_description_wins(make_text) -> None:
    rules = {"买": TradeRule(Effect.FEE), "利息": TradeRule(Effect.INTEREST)}
    interest = {"日期": "20260105", "业务": "利息", "发生额": "1.00", "币种": ""}
    lines = parse(make_text([BUY, interest], columns=COLUMNS), rules=rules).lines
    assert [Effect.BUY, Effect.INTEREST] == [line.effect for line in lines]


def test_another_type_stops_and_says_where_to_declare_it(make_text) -> None:
    with pytest.raises(UnknownTradeTypeError, match=r"config/broker_table\.yaml"):
        parse(make_text([{**BUY, "业务": "送"}], columns=COLUMNS))


def test_all_columns_that_are_missing_are_named(make_text) -> None:
    columns = [name for name in COLUMNS if name not in ("佣金", "发生额")]
    with pytest.raises(BrokerFileError, match=r"lacks '发生额', '佣金'|lacks '佣金', '发生额'"):
        parse(make_text([BUY], columns=columns))


@pytest.mark.parametrize(
    ("sections", "row", "net"),
    [
        ({"signs": "{net: inverted}"}, {"发生额": "10255.10"}, -1_025_510),
        ({"signs": "{net: by_type}"}, {"发生额": "10255.10"}, -1_025_510),
        ({"signs": "{net: by_type}"}, {"业务": "卖", "发生额": "10244.90"}, 1_024_490),
        ({"signs": "{shares: signed}"}, {"业务": "卖", "数量": -1000, "发生额": 10240}, 1_024_000),
        ({"signs": "{gross: signed}"}, {"金额": "-10250"}, -1_025_510),
        ({"signs": "{fees: negative}"}, {"佣金": "-5.10"}, -1_025_510),
        ({"instruments": "{pfyh: SH600000}"}, {"代码": "pfyh"}, -1_025_510),
        (
            {"numbers": '{decimal: ",", thousands: "."}'},
            {
                "价格": "10,25",
                "金额": "10.250,00",
                "发生额": "-10.255,10",
                "佣金": "5,10",
                "余额": "89744,9",
            },
            -1_025_510,
        ),
    ],
)
def test_every_way_of_writing(make_text, sections, row, net) -> None:
    content = make_text([{**BUY, **row}], columns=COLUMNS, delimiter="\t")
    (line,) = parse(content, changed(**sections)).lines
    assert (net, "SH600000", 1000) == (line.net_cash_fen, line.instrument, line.shares)
    assert line.gross_fen == 1_025_000
    assert line.fee_fen in (510, None)


@pytest.mark.parametrize(
    ("sections", "row", "what"),
    [
        ({"signs": "{net: by_type}"}, {}, "a sign where none is expected"),
        ({"signs": "{net: inverted}"}, {}, "the wrong way"),
        ({"signs": "{shares: signed}"}, {"数量": "-1000"}, "shares of a line go the wrong way"),
        ({}, {"币种": "USD"}, "in another currency"),
        ({}, {"数量": "10.5"}, "is not a whole number"),
        ({}, {"代码": "AAPL"}, "is not a security code"),
        ({"market": "us"}, {}, "is not a ticker"),
        ({"date_format": "MM/DD/YYYY"}, {}, "is not a date such as MM/DD/YYYY"),
        ({}, {"金额": "10250.001"}, "is not a whole number of fen"),
        ({}, {"余额": "x"}, "is not a number"),
        ({}, {"佣金": "x"}, "is not a number"),
        ({}, {"金额": ""}, "without price, shares or amount"),
        ({}, {"发生额": ""}, "does not say what it does to the cash"),
        ({}, {"发生额": "-20000"}, "a fee that no schedule has"),
    ],
)
def test_what_cannot_be_booked_is_refused(make_text, sections, row, what: str) -> None:
    with pytest.raises(BrokerFileError, match=what):
        parse(make_text([{**BUY, **row}], columns=COLUMNS), changed(**sections))


def test_shares_bought_today_may_be_sold_in_the_us(make_text) -> None:
    sale = {**BUY, "业务": "卖", "代码": "AAPL", "发生额": "10244.90"}
    (line,) = parse(make_text([sale], columns=COLUMNS), changed(market="us")).lines
    assert ("AAPL", True) == (line.instrument, line.is_same_day)
    (line,) = parse(make_text([{**sale, "代码": "600000"}], columns=COLUMNS)).lines
    assert not line.is_same_day


@pytest.mark.parametrize(
    ("text", "numbers", "value"),
    [
        ("1,234.50", {}, "1234.50"),
        ("-1,234.50", {}, "-1234.50"),
        ("$1,234.50", {"symbols": ("$",)}, "1234.50"),
        ("-$1.50", {"symbols": ("$",)}, "-1.50"),
        ("(US$ 1.50)", {"symbols": ("US$", "$"), "parentheses_are_negative": True}, "-1.50"),
        ("1.234,50", {"decimal": ",", "thousands": "."}, "1234.50"),
        ("1 234,50", {"decimal": ",", "thousands": " "}, "1234.50"),
        ("1'234.50", {"thousands": "'"}, "1234.50"),
        ("12", {"thousands": ""}, "12"),
        (0.1 + 0.2, {}, "0.3"),
    ],
)
def test_numbers(text, numbers, value: str) -> None:
    assert Decimal(value) == read_number(text, TableNumbers(**numbers))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.5", {"decimal": ",", "thousands": "."}),
        ("1.5", {"decimal": ",", "thousands": ""}),
        ("1,5", {}),
        ("1,234.5", {"thousands": ""}),
        ("1,234", {"decimal": ".", "thousands": " "}),
        ("$1", {}),
        ("$$1", {"symbols": ("$",)}),
        ("(1)", {}),
        ("(-1)", {"parentheses_are_negative": True}),
        ("()", {"parentheses_are_negative": True}),
        ("-(1)", {"parentheses_are_negative": True}),
        ("--1", {}),
        ("1.", {}),
        (".5", {}),
        ("1e5", {}),
        ("-", {}),
        ("1.2.3", {}),
        ("٣", {}),
    ],
)
def test_what_is_no_number_as_described_is_refused(text: str, numbers) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        read_number(text, TableNumbers(**numbers))


def test_an_empty_cell_is_no_number() -> None:
    assert read_number(" ", TableNumbers()) is None
    assert read_number(None, TableNumbers()) is None


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("20260105", "YYYYMMDD"),
        ("01/05/2026", "MM/DD/YYYY"),
        ("5.1.26", "D.M.YY"),
        ("05-JAN-2026", "DD-MMM-YYYY"),
        ("2026年01月05日", "YYYY年MM月DD日"),
        (date(2026, 1, 5), "MM/DD/YYYY"),
    ],
)
def test_dates(text, date_format: str) -> None:
    assert date(2026, 1, 5) == read_date(text, date_format)


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("2026-01-05", "YYYYMMDD"),
        ("1/5/2026", "MM/DD/YYYY"),
        ("05-XXX-2026", "DD-MMM-YYYY"),
        ("", "YYYYMMDD"),
        ("13/05/2026", "MM/DD/YYYY"),
        ("02/30/2026", "MM/DD/YYYY"),
        (46027.0, "YYYYMMDD"),
    ],
)
def test_what_is_no_date_as_described_is_refused(text, date_format: str) -> None:
    with pytest.raises(ValueError, match="is not a d"):
        read_date(text, date_format)


class TestTableContract(AdapterContract):
    """The contract, for a table as the description above has it."""

    @pytest.fixture(autouse=True)
    def _makers(self, make_text) -> None:
        self.make_text = make_text

    def adapter(self):
        return adapter()

    def rules(self):
        return {}

    def columns(self):
        return list(COLUMNS)

    def rows(self):
        sale = {**BUY, "业务": "卖", "发生额": "10239.90", "印花税": "5"}
        return [BUY, sale, {**BUY, "日期": "20260106", "代码": "000001"}]

    def write(self, columns, rows):
        return self.make_text(rows, columns=columns, delimiter=",", encoding="utf-8", preamble=1)

    def mistakes(self):
        return {
            "日期": "2026",
            "代码": "12x",
            "价格": "1O",
            "数量": "0.5",
            "金额": "1.001",
            "发生额": "?",
            "余额": "?",
            "佣金": "--",
        }

    @property
    def type_column(self) -> str:
        return "业务"
