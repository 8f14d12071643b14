from __future__ import annotations

import pytest

from quantpits.config import model_from_text
from quantpits.errors import ConfigError
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.brokers.table_config import BrokerTable

SMALLEST = """
columns: {settle_date: D, trade_type: T, instrument: I, price: P, shares: S, net: N}
types: {Buy: buy}
"""


def read(text: str) -> BrokerTable:
    return model_from_text(BrokerTable, text, "broker_table.yaml")


def test_the_smallest_description() -> None:
    table = read(SMALLEST)
    assert ("cn", "CNY", "YYYYMMDD") == (table.market, table.currency, table.date_format)
    assert {"Buy": Effect.BUY} == table.types
    assert [("settle_date", "D"), ("trade_type", "T")] == list(table.columns.named()[:2])
    assert ("auto", "auto", "") == (table.file.encoding, table.file.delimiter, table.file.sheet)


def test_all_problems_are_named_at_once() -> None:
    text = """
    market: hk
    colums: {}
    date_format: MM/DD
    columns: {settle_date: D, trade_type: D, instrument: I, price: P, shares: " S"}
    numbers: {decimal: ",", thousands: ","}
    types: {Buy: purchase}
    """
    with pytest.raises(ConfigError) as error:
        read(text)
    shown = str(error.value)
    for key in ("market", "colums", "date_format", "columns.shares", "columns.net", "numbers"):
        assert key in shown
    assert "types.Buy" in shown


def test_a_column_may_mean_one_thing_only() -> None:
    text = SMALLEST.replace("net: N", "net: P, fees: [F, F]")
    with pytest.raises(ConfigError) as error:
        read(text)
    assert "columns.price: column 'P' is named 2 times" in str(error.value)
    assert "columns.fees: column 'F' is named 2 times" in str(error.value)


@pytest.mark.parametrize(
    "date_format", ["YYYYMMDD", "MM/DD/YYYY", "D.M.YY", "DD-MMM-YYYY", "YYYY年MM月DD日"]
)
def test_date_formats(date_format: str) -> None:
    assert date_format == read(f"{SMALLEST}date_format: {date_format}\n").date_format


@pytest.mark.parametrize("date_format", ["", "YYYY-MM", "YYYY-MM-DD-DD", "%Y%m%d", "YYYYMMDDTHH"])
def test_a_date_format_that_is_none_is_refused(date_format: str) -> None:
    with pytest.raises(ConfigError, match="date_format"):
        read(f"{SMALLEST}date_format: {date_format!r}\n")


@pytest.mark.parametrize(
    "line",
    ["types: {}", "instruments: {a: b c}", "signs: {net: up}", "file: {encoding: latin-1}"],
)
def test_a_wrong_value_is_refused(line: str) -> None:
    text = SMALLEST.replace("types: {Buy: buy}", "") if line.startswith("types") else SMALLEST
    with pytest.raises(ConfigError, match=line.partition(":")[0]):
        read(f"{text}{line}\n")
