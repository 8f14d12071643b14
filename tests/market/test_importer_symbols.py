"""Codes as vendors write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import DataError
from quantpits.market.importer_symbols import normalise_symbol, normalise_symbols


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("sh.600000", "SH600000"),
        ("SH600000", "SH600000"),
        ("600000.SH", "SH600000"),
        ("600000.ss", "SH600000"),
        ("600000.XSHG", "SH600000"),
        ("000001.XSHE", "SZ000001"),
        ("sz000001", "SZ000001"),
        ("sh000001", "SH000001"),
        ("000001", "SZ000001"),
        ("1", "SZ000001"),
        ("300750", "SZ300750"),
        ("688981", "SH688981"),
        ("430047", "BJ430047"),
        ("832000", "BJ832000"),
        ("920002", "BJ920002"),
        ("510300", "SH510300"),
        ("159915", "SZ159915"),
        (" 600000 ", "SH600000"),
        ("700000", None),
        ("AAPL", None),
        ("6000000", None),
        ("HK.00700", None),
    ],
)
def test_chinese_codes_get_their_exchange(symbol, expected):
    assert expected == normalise_symbol(symbol, "cn")


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [("aapl", "AAPL"), ("BRK.B", "BRK.B"), ("^GSPC", "^GSPC"), ("../x", None), ("a b", None)],
)
def test_american_codes_stay_as_they_are(symbol, expected):
    assert expected == normalise_symbol(symbol, "us")


@pytest.mark.property
@given(digits=st.from_regex(r"[0-68-9]\d{5}", fullmatch=True))
def test_a_normal_code_stays_what_it_is(digits):
    code = normalise_symbol(digits, "cn")
    assert code is not None
    assert code == normalise_symbol(code, "cn")


def test_unknown_codes_are_counted():
    assert ["SH600000"] == normalise_symbols(["600000"], "cn", where="a.csv")
    with pytest.raises(DataError, match=r"'X', 'Y'[\s\S]*region"):
        normalise_symbols(["X", "600000", "Y"], "cn", where="a.csv")
    with pytest.raises(DataError, match="letters"):
        normalise_symbols(["a/b"], "us", where="a.csv")
