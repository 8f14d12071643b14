"""The basket: a session's orders as a broker's terminal imports them.

``config/basket.yaml`` says what the file looks like; without it the basket has a neutral form.
Sales come first, as they pay for the purchases. Alternates are left out unless the template wants
them, since a terminal places every row it is given.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from quantpits.errors import OrderError
from quantpits.trading import fen_to_cny

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.config import BasketConfig, BasketValue
    from quantpits.orders.planned import PlannedOrder
    from quantpits.orders.request import OrderReport

__all__ = ["basket_bytes", "basket_path", "exchange_of", "styled_code"]

_LETTERS = 2  # SH, SZ and BJ stand before the number


def basket_path(folder: Path, *, label: str, trade_date: date) -> Path:
    """Return where the basket lies.

    Parameters
    ----------
    folder : Path
        The output folder.
    label : str
        Whose scores the orders follow.
    trade_date : date
        The session they are for.

    Returns
    -------
    Path
        It may not exist.
    """
    return folder / f"order_basket_{label}_{trade_date.isoformat()}.csv"


def basket_bytes(report: OrderReport, template: BasketConfig) -> bytes:
    """Return the file.

    Parameters
    ----------
    report : OrderReport
        The orders.
    template : BasketConfig
        What the terminal wants.

    Returns
    -------
    bytes
        In the template's encoding.

    Raises
    ------
    OrderError
        If a cell cannot be written in that encoding.
    """
    orders = [each for each in report.orders if each.role == "primary" or template.alternates]
    table = [[column.header for column in template.columns]] if template.header else []
    for number, order in enumerate(orders, start=1):
        table.append(
            [
                column.text or ""
                if column.value is None
                else _cell(column.value, order, report, template=template, number=number)
                for column in template.columns
            ]
        )
    lines = _Lines()
    newline = "\r\n" if template.newline == "windows" else "\n"
    csv.writer(lines, delimiter=template.delimiter, lineterminator=newline).writerows(table)
    try:
        return "".join(lines).encode(template.encoding)
    except UnicodeEncodeError as error:
        raise OrderError(
            "The basket cannot be written in the encoding of the terminal.",
            where="config/basket.yaml: encoding",
            expected=template.encoding,
            found=repr(error.object[error.start : error.end]),
        ) from error


def styled_code(instrument: str, style: str) -> str:
    """Return an instrument as a terminal writes it.

    Parameters
    ----------
    instrument : str
        Such as ``"SZ000001"``; others than those of the Chinese exchanges stay as they are.
    style : str
        By the example of ``SH600000``.

    Returns
    -------
    str
        Text, with its zeros.

    Examples
    --------
    >>> [styled_code("SZ000001", s) for s in ("600000", "sh600000", "600000.SH")]
    ['000001', 'sz000001', '000001.SZ']
    >>> styled_code("AAPL", "600000.SH")
    'AAPL'
    """
    exchange, number = exchange_of(instrument), instrument[_LETTERS:]
    if not exchange:
        return instrument
    styles = {
        "600000": number,
        "SH600000": f"{exchange}{number}",
        "sh600000": f"{exchange.lower()}{number}",
        "600000.SH": f"{number}.{exchange}",
        "600000.sh": f"{number}.{exchange.lower()}",
    }
    return styles[style]


def exchange_of(instrument: str) -> str:
    """Return the letters of a Chinese exchange, or nothing.

    Examples
    --------
    >>> exchange_of("BJ430047"), exchange_of("AAPL")
    ('BJ', '')
    """
    letters, number = instrument[:_LETTERS], instrument[_LETTERS:]
    return letters if letters in {"SH", "SZ", "BJ"} and number.isdecimal() else ""


class _Lines(list[str]):
    """What `csv` needs of a file."""

    write = list.append


def _cell(
    value: BasketValue,
    order: PlannedOrder,
    report: OrderReport,
    *,
    template: BasketConfig,
    number: int,
) -> str:
    exchange = exchange_of(order.instrument)
    price_fen = order.limit_price_fen if template.price == "limit" else order.close_fen
    cells: dict[BasketValue, str] = {
        "code": styled_code(order.instrument, template.code_style),
        "exchange": template.exchanges.get(exchange, exchange),
        "side": template.buy if order.side == "buy" else template.sell,
        "shares": str(order.shares),
        "price": str(fen_to_cny(price_fen)),
        "amount": str(fen_to_cny(order.amount_fen)),
        "role": order.role,
        "rank": "" if order.rank is None else str(order.rank),
        "number": str(number),
        "date": report.trade_date.isoformat(),
    }
    return cells[value]
