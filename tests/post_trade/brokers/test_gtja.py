from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import BrokerFileError, UnknownTradeTypeError, UsageError
from quantpits.post_trade.brokers import adapter_for, gtja
from quantpits.post_trade.brokers.contract import Effect, TradeRule
from quantpits.post_trade.brokers.effects import BUILT_IN_RULES
from tests.post_trade.brokers.contract_kit import AdapterContract

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
    monkeypatch.setattr(gtja, "file_sheets", lambda _content, _source: [])
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
    row = {**buy_row, "交易类别": "账户管理费"}
    with pytest.raises(UnknownTradeTypeError, match=f"{NAME}:7") as error:
        parse(make_table([buy_row, buy_row, row][2:]))
    assert 4 == error.value.exit_code
    assert "config/broker_types.yaml" in str(error.value)
    assert "types: {账户管理费: EFFECT}" in str(error.value)


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
        ({"成交金额": None}, "without price, shares or amount"),
        ({"成交金额": 0, "资金发生数": -5.1}, "without price, shares or amount"),
        ({"资金发生数": -10249.99}, "negative fee"),
        ({"资金发生数": -11375.01}, "a fee that no schedule has"),
        ({"资金发生数": -102551}, "a fee that no schedule has"),
        ({"成交数量": 10**12}, "more shares than there are"),
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
@settings(max_examples=50)
@given(
    cents=st.integers(1, 100_000),
    lots=st.integers(1, 500),
    fee_part=st.floats(0, 1),
    text=st.booleans(),
)
def test_every_fen_of_a_trade_is_kept(make_table, buy_row, *, cents, lots, fee_part, text) -> None:
    shares, gross = 100 * lots, cents * 100 * lots
    fee = int(fee_part * (gross // 10 + 10_000))
    cells = {"成交价格": cents / 100, "成交金额": gross / 100, "资金发生数": -(gross + fee) / 100}
    if text:
        cells = {key: f"{value:,.2f}" for key, value in cells.items()}
    (line,) = parse(make_table([{**buy_row, **cells, "成交数量": shares}])).lines
    assert (gross, -gross - fee, shares) == (line.gross_fen, line.net_cash_fen, line.shares)


def test_an_unknown_broker_is_refused() -> None:
    assert gtja is adapter_for("gtja")
    with pytest.raises(UsageError, match="no adapter for the broker 'acme'"):
        adapter_for("acme")
    with pytest.raises(UsageError, match=r"needs a description[\s\S]*broker_table\.yaml"):
        adapter_for("table")


FORMS = [
    (delimiter, encoding, preamble, end)
    for delimiter in ("\t", ",")
    for encoding in ("gbk", "utf-8", "utf-8-sig")
    for preamble, end in ((0, "\r\n"), (5, "\n"), (6, "\r\n"))
]


@pytest.mark.parametrize(("delimiter", "encoding", "preamble", "end"), FORMS)
def test_text_gives_the_same_lines_as_a_workbook(
    make_table, make_text, buy_row, *, delimiter, encoding, preamble, end
) -> None:
    columns = list(buy_row)
    content = make_text(
        [buy_row, buy_row],
        columns=columns,
        delimiter=delimiter,
        encoding=encoding,
        preamble=preamble,
        end=end,
    )
    book = parse(make_table([buy_row, buy_row], columns=columns))
    text = parse(content)
    assert [line.content_sha256 for line in book.lines] == [
        line.content_sha256 for line in text.lines
    ]
    assert [(line.net_cash_fen, line.fee_fen, line.cells[:4]) for line in book.lines] == [
        (line.net_cash_fen, line.fee_fen, line.cells[:4]) for line in text.lines
    ]
    assert [preamble + 2, preamble + 3] == [line.key.row for line in text.lines]


def test_text_needs_no_line_end_after_the_last_row(make_text, buy_row) -> None:
    content = make_text([buy_row], columns=list(buy_row), end="\n")
    assert parse(content).lines[0].cells == parse(content.rstrip()).lines[0].cells


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_terminals_wrap_cells_of_text(make_text, buy_row, delimiter: str) -> None:
    wrapped = {
        "交收日期": '="20260105"',
        "证券代码": '="600000"' if delimiter == "\t" else "\t600000",
        "交易类别": " 上海Ａ股普通股票竞价买入 ",
        "成交金额": "10,250.00" if delimiter == "\t" else '"10,250.00"',
    }
    columns = list(buy_row)
    (plain,) = parse(make_text([buy_row], columns=columns)).lines
    content = make_text([{**buy_row, **wrapped}], columns=columns, delimiter=delimiter)
    assert plain.content_sha256 == parse(content).lines[0].content_sha256


def test_a_trailing_delimiter_is_no_cell(make_text, buy_row) -> None:
    content = make_text([buy_row], columns=[*buy_row, ""])
    assert 1 == len(parse(content).lines)


def test_a_row_that_does_not_fit_the_header_is_refused(make_text, make_table, buy_row) -> None:
    columns = list(buy_row)
    # An unquoted thousands comma shifts everything after it.
    shifted = {**buy_row, "成交金额": "10,250.00"}
    with pytest.raises(BrokerFileError, match=r"does not fit the header[\s\S]*a cell in column 12"):
        parse(make_text([shifted], columns=columns, delimiter=","))
    cut = make_text([buy_row, buy_row], columns=columns)[:-30]
    with pytest.raises(BrokerFileError, match=r"does not fit the header[\s\S]*:3"):
        parse(cut)
    with pytest.raises(BrokerFileError, match="a cell in column 2"):
        parse(make_table([{**buy_row, "": "note"}], columns=["交收日期", "", *columns[1:]]))


def test_rows_that_cannot_be_booked_are_listed_together(make_table, buy_row) -> None:
    rows = [buy_row, {**buy_row, "成交数量": "x"}, buy_row, {**buy_row, "资金发生数": 1}]
    with pytest.raises(BrokerFileError, match="2 rows of the broker's file") as error:
        parse(make_table(rows))
    assert f"{NAME}:8" in str(error.value)
    assert f"{NAME}:10" in str(error.value)
    assert f"{NAME}:9" not in str(error.value)


def test_types_without_an_effect_are_listed_together(make_table, buy_row) -> None:
    rows = [{**buy_row, "交易类别": word} for word in ("甲", "乙", "甲")]
    with pytest.raises(UnknownTradeTypeError, match="'甲', '乙' have no declared effect"):
        parse(make_table(rows))


STATEMENT_COLUMNS = (
    "交收日期",
    "委托/发生日期",
    "合同号",
    "资金账号",
    "股东代码",
    "证券代码",
    "证券名称",
    "交易类别",
    "成交数量",
    "成交价格",
    "发生金额",
    "资金余额",
    "币种",
    "备注",
)


def _statement_row(row):
    kept = {name: row.get(name) for name in STATEMENT_COLUMNS}
    return {**kept, "发生金额": row["资金发生数"], "币种": "人民币", "委托/发生日期": "20260104"}


def test_an_account_statement_gives_the_same_trades(make_table, make_text, buy_row) -> None:
    (settled,) = parse(make_table([buy_row])).lines
    row = _statement_row(buy_row)
    book = parse(make_table([row], columns=STATEMENT_COLUMNS, sheet="合并对账单", preamble=3))
    text = parse(make_text([row], columns=STATEMENT_COLUMNS, preamble=1))
    assert ("合并对账单", "") == (book.sheet, text.sheet)
    for (line,) in (book.lines, text.lines):
        assert settled.content_sha256 == line.content_sha256
        assert (1_025_000, -1_025_510, None) == (line.gross_fen, line.net_cash_fen, line.fee_fen)
        assert 8_974_490 == line.cash_balance_fen
    assert STATEMENT_COLUMNS == book.columns


def test_the_statement_is_chosen_among_the_sheets_of_a_workbook(make_table, buy_row) -> None:
    content = make_table(
        [_statement_row(buy_row)],
        columns=STATEMENT_COLUMNS,
        sheet="合并对账单",
        other_sheets=["资金", "Sheet1"],
    )
    assert "合并对账单" == parse(content).sheet


@pytest.mark.parametrize(
    ("side", "price", "net", "gross"),
    [
        # 1,000 shares at an average of 10.2534 is told as 10.253: no fee is below zero.
        ("买入", 10.253, -10253.0, 1_025_300),
        ("买入", 10.253, -10252.6, 1_025_260),
        ("卖出", 10.253, 10253.4, 1_025_340),
        ("卖出", 10.25, 10243.0, 1_025_000),
    ],
)
def test_a_statement_has_no_amount_so_it_is_price_times_shares(
    make_table, buy_row, *, side, price, net, gross
) -> None:
    row = {**_statement_row(buy_row), "成交价格": price, "发生金额": net}
    row["交易类别"] = f"上海A股普通股票竞价{side}"
    (line,) = parse(make_table([row], columns=STATEMENT_COLUMNS)).lines
    assert (gross, round(net * 100)) == (line.gross_fen, line.net_cash_fen)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"发生金额": -9000.0}, "negative fee"),
        ({"发生金额": -20000.0}, "a fee that no schedule has"),
        ({"成交价格": 0}, "without price, shares or amount"),
        ({"发生金额": None}, "发生金额"),
    ],
)
def test_a_statement_that_contradicts_itself_is_refused(make_table, buy_row, changes, what) -> None:
    row = {**_statement_row(buy_row), **changes}
    with pytest.raises(BrokerFileError, match=what):
        parse(make_table([row], columns=STATEMENT_COLUMNS))


@pytest.mark.parametrize("column", gtja.STATEMENT_COLUMNS[:-1])
def test_a_missing_column_of_a_statement_is_named(make_table, buy_row, column: str) -> None:
    columns = [name for name in STATEMENT_COLUMNS if name != column]
    with pytest.raises(BrokerFileError, match=f"lacks '{column}'"):
        parse(make_table([_statement_row(buy_row)], columns=columns))


def test_a_file_of_many_dates_gives_its_lines_by_date(make_table, buy_row) -> None:
    days = ["20260107", "20260105", "20260107", "20260106"]
    statement = parse(make_table([{**buy_row, "交收日期": day} for day in days]))
    assert [date(2026, 1, day) for day in (5, 6, 7)] == list(statement.dates)
    assert [[8], [10], [7, 9]] == [
        [line.key.row for line in lines] for lines in statement.lines_by_date.values()
    ]


HK_BUY = {
    "交收日期": "20260107",
    "证券代码": "00700",
    "证券名称": "腾讯控股",
    "交易类别": "沪港通港股买入交收",
    "成交价格": 400.2,
    "成交数量": 100,
    "成交金额": 40020,
    "资金发生数": -36820.35,
    "费用合计": 80.35,
    "币种": "人民币",
}


@pytest.mark.parametrize("code", ["00700", 700, "HK00700", "00700.HK"])
def test_a_hong_kong_purchase_moves_cash_when_it_settles(make_table, code) -> None:
    dealt = {**HK_BUY, "证券代码": code, "交易类别": "沪港通港股买入成交", "币种": "港币"}
    dealt |= {"资金发生数": 0, "交收日期": "20260105"}
    rows = [dealt, {**HK_BUY, "证券代码": code}]
    first, second = parse(make_table(rows, columns=list(HK_BUY))).lines
    assert (Effect.NONE, 0) == (first.effect, first.net_cash_fen)
    assert (Effect.BUY, -3_682_035, 3_674_000) == (
        second.effect,
        second.net_cash_fen,
        second.gross_fen,
    )
    assert ["HK00700"] * 2 == [first.instrument, second.instrument]
    assert {"HK00700", "00700.HK", "00700"} >= {first.cells[1], second.cells[1]}


def test_a_hong_kong_sale_may_follow_on_the_same_day(make_table) -> None:
    row = {**HK_BUY, "交易类别": "沪港通港股卖出交收", "资金发生数": 36600.0, "费用合计": None}
    (line,) = parse(make_table([row], columns=list(HK_BUY))).lines
    assert line.is_same_day
    assert (3_660_000, 3_660_000) == (line.gross_fen, line.net_cash_fen)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"币种": "港币"}, "in another currency"),
        ({"证券代码": "600000"}, "Hong Kong code"),
        ({"交易类别": "沪港通港股买入成交"}, "the wrong way"),
        ({"费用合计": 9000}, "a fee that no schedule has"),
    ],
)
def test_a_hong_kong_line_that_cannot_be_booked_is_refused(make_table, changes, what) -> None:
    with pytest.raises(BrokerFileError, match=what):
        parse(make_table([{**HK_BUY, **changes}], columns=list(HK_BUY)))


@pytest.mark.parametrize(
    ("trade_type", "cells", "expected"),
    [
        (
            "配售缴款",
            {"证券代码": "780138", "成交价格": 13.77, "成交数量": 1000, "成交金额": 13770},
            (Effect.SUBSCRIPTION, "SH601138", 1000, 1_377_000, -1_377_000),
        ),
        (
            "新股入账",
            {"证券代码": "601138", "成交价格": 13.77, "成交数量": 1000, "资金发生数": 0},
            (Effect.LISTING, "SH601138", 1000, 0, 0),
        ),
        (
            "深圳A股配股缴款",
            {"证券代码": "080001", "成交价格": 4.2, "成交数量": 300, "成交金额": 1260},
            (Effect.SUBSCRIPTION, "SZ000001", 300, 126_000, -126_000),
        ),
        (
            "融券回购",
            {"证券代码": "204001", "成交价格": 2.1, "成交数量": 1000, "成交金额": 100000}
            | {"资金发生数": -100001},
            (Effect.REPO_LEND, "SH204001", 1000, 10_000_000, -10_000_100),
        ),
        (
            "融券购回",
            {"证券代码": "131810", "成交价格": 0, "成交数量": 1000, "成交金额": 100005.75}
            | {"资金发生数": 100005.75},
            (Effect.REPO_RETURN, "SZ131810", 1000, 10_000_575, 10_000_575),
        ),
    ],
)
def test_what_takes_two_lines(make_table, trade_type, cells, expected) -> None:
    row = {"交收日期": "20260105", "交易类别": trade_type, **cells}
    row.setdefault("资金发生数", -row.get("成交金额", 0))
    (line,) = parse(make_table([row])).lines
    assert expected == (
        line.effect,
        line.instrument,
        line.shares,
        line.gross_fen,
        line.net_cash_fen,
    )


@pytest.mark.parametrize(
    ("trade_type", "cells", "what"),
    [
        ("配售缴款", {"资金发生数": 100}, "the wrong way"),
        ("配售缴款", {"成交数量": 0}, "without price, shares or amount"),
        ("新股入账", {}, "the wrong way"),
        ("新股入账", {"资金发生数": 0, "成交数量": 0}, "A listing without shares"),
        ("融券回购", {}, "not the code of a repo"),
        ("融券回购", {"证券代码": "204001", "成交数量": 0}, "loan without units"),
        ("融券回购", {"证券代码": "204001", "资金发生数": -99}, "negative fee"),
        ("融券购回", {"证券代码": "204001"}, "the wrong way"),
        ("融券购回", {"证券代码": "204001", "资金发生数": 9}, "a fee that no schedule has"),
        ("融券购回", {"证券代码": "204001", "资金发生数": 0}, "loan without units"),
    ],
)
def test_what_takes_two_lines_may_not_contradict_itself(
    make_table, buy_row, *, trade_type, cells, what
) -> None:
    with pytest.raises(BrokerFileError, match=what):
        parse(make_table([{**buy_row, "交易类别": trade_type, **cells}]))


class TestWorkbookContract(AdapterContract):
    """The contract, for a workbook."""

    @pytest.fixture(autouse=True)
    def _makers(self, make_table, make_text, buy_row) -> None:
        self.make_table, self.make_text, self.buy_row = make_table, make_text, buy_row

    def adapter(self):
        return gtja

    def rules(self):
        return BUILT_IN_RULES

    def columns(self):
        return list(self.buy_row)

    def rows(self):
        sale = {"交易类别": "上海A股普通股票竞价卖出", "资金发生数": 10244.9}
        later = {"交收日期": "20260106", "证券代码": "000001"}
        later["交易类别"] = "深圳A股普通股票竞价买入"
        return [self.buy_row, {**self.buy_row, **sale}, {**self.buy_row, **later}]

    def write(self, columns, rows):
        return self.make_table(rows, columns=columns)

    def mistakes(self):
        return {
            "交收日期": "20261305",
            "证券代码": "12x",
            "成交价格": "1O.25",
            "成交数量": "1000.5",
            "成交金额": "10250.001",
            "资金发生数": "=1+1",
        }


class TestTextContract(TestWorkbookContract):
    """The contract, for text with the name of a workbook."""

    def write(self, columns, rows):
        return self.make_text(rows, columns=columns, preamble=5)


class TestStatementContract(TestWorkbookContract):
    """The contract, for an account statement."""

    def columns(self):
        return list(STATEMENT_COLUMNS)

    def rows(self):
        return [_statement_row(row) for row in super().rows()]

    def mistakes(self):
        wrong = {**super().mistakes(), "发生金额": "--"}
        return {name: cell for name, cell in wrong.items() if name in gtja.STATEMENT_COLUMNS}


CUT_COLUMNS = ("证券名称", *gtja.REQUIRED_COLUMNS)


def test_a_text_that_is_still_being_written_is_never_booked_wrongly(buy_row) -> None:
    """Whatever part of an export lies there, its lines are whole lines of the export."""
    rows = [{**buy_row, "成交数量": count} for count in (1000, 1000)]
    lines = [",".join(str(row[column]) for column in CUT_COLUMNS) for row in rows]
    whole = "\r\n".join((",".join(CUT_COLUMNS), *lines, "")).encode("gbk")
    right = gtja.parse(whole, source="a.csv", rules=BUILT_IN_RULES).lines
    n_read = 0
    for length in range(len(whole)):
        try:
            found = gtja.parse(whole[:length], source="a.csv", rules=BUILT_IN_RULES).lines
        except BrokerFileError:
            continue
        n_read += 1
        assert [each.content_sha256 for each in found] == [
            each.content_sha256 for each in right[: len(found)]
        ]
        assert whole[length - 1 : length] in (b"\r", b"\n") or not found
    assert 4 < n_read < 12


def test_a_last_line_without_an_end_is_read_where_nothing_can_be_missing(buy_row) -> None:
    columns = (*CUT_COLUMNS, "合同号")
    line = ",".join(str(buy_row[column]) for column in columns)
    text = f"{','.join(columns)}\n{line}".encode()
    (found,) = gtja.parse(text, source="a.csv", rules=BUILT_IN_RULES).lines
    assert -1_025_510 == found.net_cash_fen
    cut = f"{','.join(CUT_COLUMNS)}\n{line.rpartition(',')[0]}".encode()
    with pytest.raises(BrokerFileError, match=r"middle of a line[\s\S]*a\.csv:2"):
        gtja.parse(cut, source="a.csv", rules=BUILT_IN_RULES)


def test_a_workbook_that_is_still_being_written_is_refused(make_table, buy_row) -> None:
    whole = make_table([buy_row])
    for length in (*range(1, 64), *range(64, len(whole), 97)):
        with pytest.raises(BrokerFileError):
            gtja.parse(whole[:length], source="a.xlsx", rules=BUILT_IN_RULES)
