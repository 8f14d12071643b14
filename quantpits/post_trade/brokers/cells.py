"""Cells of a broker's export as exact values: text, decimals, dates and security codes.

Exports carry what spreadsheets and trading terminals leave behind: leading TABs, ``="600000"``,
full-width digits, codes stored as numbers, dates as ``20260105``. Each reader here accepts those
and refuses everything else with a `ValueError` that says what it found; the adapter adds file, row
and column.

A number cell is a binary float; it is read at 15 significant digits, which is what a spreadsheet
itself shows, so ``0.1 + 0.2`` is exactly 0.3 and no artefact reaches the books.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

__all__ = ["Cell", "cell_date", "cell_decimal", "cell_instrument", "cell_shares", "cell_text"]

Cell = str | int | float | bool | date | datetime | time | timedelta | None

# Larger than any account; keeps sums of fen far inside SQLite's 64 bits.
_LARGEST = Decimal(10) ** 13
# Full-width forms only: Unicode's own compatibility forms would read a superscript or a circled
# digit as a digit of the number.
_ORDINARY = {0x3000: " ", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_WRAPPED = re.compile(r'="(.*)"', re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d{1,20}|\d{1,3}(?:,\d{3}){1,6})(?:\.\d{1,12})?", re.ASCII)
_DATE = re.compile(r"(\d{4})([-/]?)(\d{2})\2(\d{2})", re.ASCII)
_CODE = re.compile(r"(SH|SZ|BJ)?(\d{1,6})(?:\.(SH|SZ|BJ))?", re.ASCII)
_CODE_DIGITS = 6

# Source: numbering of the exchanges; shares and funds in CNY only. B shares (900, 200) settle in
# another currency.
_EXCHANGE_OF_PREFIX = (
    ("SH", ("60", "68", "50", "51", "52", "53", "55", "56", "58")),
    ("SZ", ("00", "30", "15", "16", "18")),
    ("BJ", ("43", "83", "87", "88", "92")),
)


def cell_text(value: Cell) -> str:
    r"""Return the text of a cell without what terminals and spreadsheets wrap around it.

    Parameters
    ----------
    value : cell
        As the workbook reader gives it.

    Returns
    -------
    str
        Full-width characters as ordinary ones, no surrounding blanks, no ``="…"``; ``""`` for an
        empty cell. A whole number has no decimal point.

    Examples
    --------
    >>> cell_text("\t600000 ")
    '600000'
    >>> cell_text('="000001"')
    '000001'
    >>> cell_text(600000.0)
    '600000'
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return _float_text(value)
    if not isinstance(value, str):
        return str(value)
    text = _strip(value)
    wrapped = _WRAPPED.fullmatch(text) if text.startswith("=") else None
    return _strip(wrapped.group(1)) if wrapped else text


def cell_decimal(value: Cell) -> Decimal | None:
    """Return the exact number in a cell.

    Parameters
    ----------
    value : cell
        A number, or text of one, with or without thousands commas.

    Returns
    -------
    Decimal or None
        None for an empty cell.

    Raises
    ------
    ValueError
        If the cell holds something else, or a number of more digits than money has.

    Examples
    --------
    >>> cell_decimal(0.1 + 0.2)
    Decimal('0.3')
    >>> cell_decimal("1,234.50")
    Decimal('1234.50')
    """
    text = cell_text(value)
    if not text:
        return None
    if isinstance(value, (bool, date, time, timedelta)) or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    number = Decimal(text.replace(",", ""))
    if abs(number) >= _LARGEST:
        raise ValueError(f"{text!r} is too large")
    return number


def cell_shares(value: Cell) -> int | None:
    """Return the whole number of shares in a cell.

    Parameters
    ----------
    value : cell
        A whole number, or text of one.

    Returns
    -------
    int or None
        None for an empty cell [shares].

    Raises
    ------
    ValueError
        If the cell holds something else.

    Examples
    --------
    >>> cell_shares("1,200.00")
    1200
    """
    number = cell_decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError(f"{cell_text(value)!r} is not a whole number")
    return int(number)


def cell_date(value: Cell) -> date:
    """Return the date in a cell.

    Parameters
    ----------
    value : cell
        ``20260105`` as text or number, ``2026-01-05``, ``2026/01/05``, or a date cell.

    Returns
    -------
    date
        The day.

    Raises
    ------
    ValueError
        If the cell holds something else.

    Examples
    --------
    >>> cell_date(20260105.0)
    datetime.date(2026, 1, 5)
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = cell_text(value)
    parts = _DATE.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not a date such as 20260105")
    try:
        return date(int(parts.group(1)), int(parts.group(3)), int(parts.group(4)))
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar") from None


def cell_instrument(value: Cell) -> str:
    r"""Return the instrument that a security code stands for.

    Parameters
    ----------
    value : cell
        Six digits, with or without ``SH``/``SZ``/``BJ`` before or ``.SH``/``.SZ``/``.BJ`` after
        them; a number has lost its leading zeros and gets them back.

    Returns
    -------
    str
        For example ``"SH600000"``.

    Raises
    ------
    ValueError
        If the code is empty, malformed, of no known exchange, or contradicts the exchange written
        with it.

    Examples
    --------
    >>> cell_instrument(1.0)
    'SZ000001'
    >>> cell_instrument("\t600000.SH")
    'SH600000'
    """
    text = cell_text(value).upper()
    parts = _CODE.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not a security code of six digits")
    before, digits, after = parts.groups()
    if len(digits) < _CODE_DIGITS and digits.startswith("0") and len(digits) > 1:
        # Text that kept its zeros is no shortened code: five digits are a Hong Kong code.
        raise ValueError(f"{text!r} is not a security code of six digits")
    code = digits.zfill(_CODE_DIGITS)
    exchange = _exchange(code)
    if exchange is None:
        raise ValueError(f"{code!r} is a code of no exchange and currency that the books can hold")
    if {before, after} - {None, exchange}:
        raise ValueError(f"{text!r} names another exchange than its number, which is {exchange}")
    return f"{exchange}{code}"


def _exchange(code: str) -> str | None:
    for exchange, prefixes in _EXCHANGE_OF_PREFIX:
        if code.startswith(prefixes):
            return exchange
    return None


def _strip(text: str) -> str:
    if text.isascii():
        return text.strip()
    return text.translate(_ORDINARY).strip().strip(_INVISIBLE).strip()


def _float_text(value: float) -> str:
    # Plain notation: format() alone would give "1e+20", which is no number of a broker's export.
    text = format(value, ".15g")
    return format(Decimal(text), "f") if "e" in text else text
