from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from quantpits.config import BasketConfig
from quantpits.errors import OrderError
from quantpits.orders.basket import basket_bytes, basket_path, exchange_of, styled_code
from tests.orders.test_request import PURCHASE, provenance, report, totals

__all__ = ["provenance", "report", "totals"]  # fixtures


def columns(*values):
    return [{"header": value, "value": value} for value in values]


def test_the_neutral_basket_has_primaries_only_and_sales_first(report):
    data = basket_bytes(report, BasketConfig())
    assert data.startswith(b"\xef\xbb\xbf")
    assert [
        "code,exchange,side,price,shares",
        "300001,SZ,sell,8.00,130",
        "600000,SH,buy,11.00,900",
        "",
    ] == data.decode("utf-8-sig").split("\r\n")


def test_a_terminal_gets_its_own_words_encoding_and_codes(report):
    template = BasketConfig(
        columns=[
            {"header": "委托", "value": "side"},
            {"header": "代码", "value": "code"},
            {"header": "市场", "value": "exchange"},
            {"header": "价格", "value": "price"},
            {"header": "备注", "text": "week"},
        ],
        encoding="gbk",
        delimiter="|",
        newline="unix",
        code_style="600000.SH",
        price="close",
        buy="买入",
        sell="卖出",
        exchanges={"SZ": "深A"},
    )
    assert [
        "委托|代码|市场|价格|备注",
        "卖出|300001.SZ|深A|10.00|week",
        "买入|600000.SH|SH|10.00|week",
        "",
    ] == basket_bytes(report, template).decode("gbk").split("\n")


def test_every_value_and_alternates_that_say_so(report):
    names = ("number", "date", "code", "role", "rank", "amount", "shares")
    template = BasketConfig(columns=columns(*names), alternates=True, header=False)
    assert [
        "1,2026-02-02,300001,primary,,1034.47,130",
        "2,2026-02-02,600000,primary,1,990510.00,900",
        "3,2026-02-02,600001,alternate,2,990510.00,900",
        "",
    ] == basket_bytes(report, template).decode("utf-8-sig").split("\r\n")


def test_no_orders_give_a_header_alone(report):
    data = basket_bytes(dataclasses.replace(report, orders=()), BasketConfig())
    assert "code,exchange,side,price,shares\r\n" == data.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("600000", "000001"),
        ("SH600000", "SZ000001"),
        ("sh600000", "sz000001"),
        ("600000.SH", "000001.SZ"),
        ("600000.sh", "000001.sz"),
    ],
)
def test_codes_keep_their_zeros_in_every_style(style, expected):
    assert expected == styled_code("SZ000001", style)
    assert "SHOP" == styled_code("SHOP", style)


def test_exchanges_are_told_by_letters_and_numbers():
    assert ["SH", "BJ", "", ""] == [
        exchange_of(name) for name in ("SH600000", "BJ430047", "SHOP", "AAPL")
    ]


def test_what_the_encoding_does_not_have_is_refused(report):
    strange = dataclasses.replace(PURCHASE, instrument="SHΩ")
    with pytest.raises(OrderError, match="cannot be written in the encoding"):
        basket_bytes(dataclasses.replace(report, orders=(strange,)), BasketConfig(encoding="ascii"))


def test_the_name_carries_label_and_trade_date():
    assert Path("/w/order_basket_gru_2026-02-02.csv") == basket_path(
        Path("/w"), label="gru", trade_date=date(2026, 2, 2)
    )
