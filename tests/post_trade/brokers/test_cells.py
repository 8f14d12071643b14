from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.post_trade.brokers.cells import (
    Cell,
    cell_date,
    cell_decimal,
    cell_instrument,
    cell_shares,
    cell_text,
)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("", ""),
        ("\t\t600000 ", "600000"),
        ('="600000"', "600000"),
        ('=" 600000"', "600000"),
        ("６０００００", "600000"),  # noqa: RUF001 - full-width digits are the case
        ("上海Ａ股", "上海A股"),
        ("\ufeff\u200b600000", "600000"),
        (600000.0, "600000"),
        (10.25, "10.25"),
        (1e15, "1000000000000000"),
        (1e20, "100000000000000000000"),
        (7, "7"),
        (True, "True"),
    ],
)
def test_cell_text(cell: Cell, text: str) -> None:
    assert text == cell_text(cell)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (0.1 + 0.2, "0.3"),
        (10255.1, "10255.1"),
        (-10255.1, "-10255.1"),
        ("10,255.10", "10255.10"),
        ("+3", "3"),
        ("-0.005", "-0.005"),
        ("１２.５", "12.5"),  # noqa: RUF001 - full-width digits
        (12, "12"),
    ],
)
def test_cell_decimal(cell: Cell, number: str) -> None:
    assert Decimal(number) == cell_decimal(cell)


@pytest.mark.parametrize("cell", [None, "", " \t", '=""'])
def test_an_empty_cell_is_no_number(cell: Cell) -> None:
    assert cell_decimal(cell) is None
    assert cell_shares(cell) is None


@pytest.mark.parametrize(
    "cell", ["abc", "1e5", "1,23", "--", "NaN", "inf", "1.2.3", True, date(2026, 1, 5), time(1)]
)
def test_what_is_no_number_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        cell_decimal(cell)


@pytest.mark.parametrize("cell", ["10000000000000", 1e14])
def test_a_number_no_account_holds_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="is too large"):
        cell_decimal(cell)


def test_a_number_of_endless_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a number"):
        cell_decimal("9" * 400)


def test_cell_shares() -> None:
    assert 1200 == cell_shares("1,200.00")
    assert 100 == cell_shares(100.0)


def test_half_a_share_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        cell_shares(100.5)


@pytest.mark.parametrize(
    "cell",
    [
        "20260105",
        20260105.0,
        20260105,
        "\t20260105",
        '="20260105"',
        "2026-01-05",
        "2026/01/05",
        date(2026, 1, 5),
        datetime(2026, 1, 5, 15, 0),  # noqa: DTZ001 - a workbook's times have no zone
    ],
)
def test_cell_date(cell: Cell) -> None:
    assert date(2026, 1, 5) == cell_date(cell)


@pytest.mark.parametrize("cell", ["", "46027", "2026-0105", "05.01.2026", 46027.0, None])
def test_what_is_no_date_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="is not a date such as 20260105"):
        cell_date(cell)


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'20260230' is not a day of the calendar"):
        cell_date("20260230")


@pytest.mark.parametrize(
    ("cell", "instrument"),
    [
        ("600000", "SH600000"),
        ("688001", "SH688001"),
        ("510300", "SH510300"),
        ("000001", "SZ000001"),
        (1.0, "SZ000001"),
        ("1", "SZ000001"),
        (2594, "SZ002594"),
        ("300750", "SZ300750"),
        ("159915", "SZ159915"),
        ("920001", "BJ920001"),
        ("\t600000.SH", "SH600000"),
        ("sz000001", "SZ000001"),
        ('="000001"', "SZ000001"),
    ],
)
def test_cell_instrument(cell: Cell, instrument: str) -> None:
    assert instrument == cell_instrument(cell)


@pytest.mark.parametrize("cell", ["", None, "6000000", "ABC", "600000.HK", "00700", "0700", -1.0])
def test_what_is_no_code_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="is not a security code of six digits"):
        cell_instrument(cell)


@pytest.mark.parametrize("cell", ["900901", "200002", "131810", "799999"])
def test_a_code_of_no_known_exchange_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="is a code of no exchange and currency"):
        cell_instrument(cell)


@pytest.mark.parametrize("cell", ["600000.SZ", "SZ600000", "SH600000.SZ"])
def test_a_code_that_contradicts_its_exchange_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="names another exchange"):
        cell_instrument(cell)


@pytest.mark.property
@given(st.integers(-(10**13) + 1, 10**13 - 1))
def test_an_amount_of_fen_survives_the_float_of_a_cell(fen: int) -> None:
    assert Decimal(fen).scaleb(-2) == cell_decimal(fen / 100)


@pytest.mark.property
@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_as_a_value_error(text: str) -> None:
    for reader in (cell_decimal, cell_shares, cell_date, cell_instrument):
        try:
            reader(text)
        except ValueError:
            continue


@pytest.mark.parametrize("cell", ["10²", "①00", "½", "१२", "10\u20dd"])
def test_digits_of_other_kinds_are_no_number(cell: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        cell_decimal(cell)
