"""The paper broker's file: read as a real export is, marked as paper, always the same bytes."""

import time
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from quantpits.errors import UsageError
from quantpits.routine.gtja_export import (
    PAPER_MARK,
    SettlementLine,
    is_paper_settlement,
    settlement_bytes,
    trade_type,
)

SESSION = date(2026, 11, 9)
BUY = SettlementLine(
    instrument="SH600000",
    name="合成001",
    event="buy",
    price_cny=12.34,
    shares=300,
    notional_fen=370_200,
    cash_effect_fen=-370_704,
    cash_after_fen=99_629_296,
    commission_fen=500,
    transfer_fee_fen=4,
)


def rows_of(content: bytes) -> list[tuple[object, ...]]:
    sheet = load_workbook(BytesIO(content))["Sheet1"]
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize(
    ("instrument", "event", "expected"),
    [
        ("SH600000", "buy", "上海A股普通股票竞价买入"),
        ("SH688001", "sell", "上海A股科创板股票竞价卖出"),
        ("SZ000001", "sell", "深圳A股普通股票竞价卖出"),
        ("SZ300001", "buy", "深圳A股创业板股票竞价买入"),
        ("BJ920001", "buy", "北京A股普通股票竞价买入"),
        ("SH688001", "dividend", "上海A股红利入账"),
        ("SZ300001", "bonus", "深圳A股红股上市入账"),
    ],
)
def test_trade_type_is_the_brokers_word(instrument, event, expected):
    assert expected == trade_type(instrument, event)


def test_trade_type_of_another_country_is_refused():
    with pytest.raises(UsageError, match="Chinese exchanges only"):
        trade_type("AAPL", "buy")


def test_header_stands_on_row_six():
    rows = rows_of(settlement_bytes(SESSION, [BUY], market="synthetic"))
    assert "交收日期" == rows[5][0]
    assert "合同号" == rows[5][13]


def test_line_is_written_in_cny_with_signs_of_the_broker():
    rows = rows_of(settlement_bytes(SESSION, [BUY], market="synthetic"))
    expected = (
        "20261109",
        "600000",
        "合成001",
        "上海A股普通股票竞价买入",
        12.34,
        300,
        3702,
        -3707.04,
        5.04,
        5,
        0,
        0.04,
        996292.96,
        "P202611090001",
    )
    assert expected == rows[6]


def test_first_row_says_that_it_is_paper():
    rows = rows_of(settlement_bytes(SESSION, [], market="SYNTHETIC market, seed 7"))
    assert str(rows[0][0]).startswith(PAPER_MARK)
    assert "Market: SYNTHETIC market, seed 7" == rows[1][0]


def test_session_without_lines_has_a_header_and_no_rows():
    assert 6 == len(rows_of(settlement_bytes(SESSION, [], market="synthetic")))


def test_equal_content_gives_equal_bytes():
    before = settlement_bytes(SESSION, [BUY], market="synthetic")
    time.sleep(2.1)  # a zip entry's time has a resolution of two seconds
    assert before == settlement_bytes(SESSION, [BUY], market="synthetic")


def test_no_entry_has_a_time():
    content = settlement_bytes(SESSION, [BUY], market="synthetic")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in archive.infolist()}
        assert b"1980-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_own_file_is_recognised(tmp_path: Path):
    path = tmp_path / "2026-11-09-table.xlsx"
    path.write_bytes(settlement_bytes(SESSION, [BUY], market="synthetic"))
    assert is_paper_settlement(path)


def test_file_of_a_real_broker_is_not_taken_for_paper(tmp_path: Path):
    path = tmp_path / "2026-11-09-table.xlsx"
    book = Workbook()
    book.active.append(["国泰君安 交割单"])
    book.save(path)
    assert not is_paper_settlement(path)


def test_text_with_the_name_of_a_workbook_is_not_taken_for_paper(tmp_path: Path):
    path = tmp_path / "2026-11-09-table.xlsx"
    path.write_text(PAPER_MARK, encoding="utf-8")
    assert not is_paper_settlement(path)
