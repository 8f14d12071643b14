"""What the workspace's files show of the books: state keys, trade logs, holding log, daily log.

Every projection is a function of the journal alone, so it can be made again byte for byte. Amounts
are text with two decimals, rates have five, dates are ISO. ``证券代码`` is the instrument
(``SZ000001``), as everywhere else in the workspace, so no program can take it for a number and lose
its zeros; lines without an instrument keep the broker's text.

Conventions of the daily log: 收盘价值 is the NAV, with the cash and what is paid or lent and not
held, and 持仓成本 counts those too, so 当前浮盈 is their difference; CSI300 is the close of the
configured benchmark, whichever it is, and empty where the market data have none; CASHFLOW is what
came from outside the account on that day: deposits, withdrawals and adopted differences, at cost.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quantpits.post_trade.fold import DayBooks, daily_books, value_fen
from quantpits.post_trade.live import session_lines
from quantpits.post_trade.money import cny_text, divide_half_up, rate_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from quantpits.post_trade.fold import Books
    from quantpits.post_trade.journal import Journal
    from quantpits.post_trade.live import SessionLines

__all__ = [
    "DAILY_LOG",
    "HOLDING_LOG",
    "TRADE_LOG",
    "csv_text",
    "log_texts",
    "state_keys",
    "trade_detail_name",
    "trade_detail_text",
    "updated_config",
]

TRADE_LOG = "trade_log_full.csv"
HOLDING_LOG = "holding_log_full.csv"
DAILY_LOG = "daily_amount_log_full.csv"

_HOLDING_HEADER = (
    "证券代码",
    "持仓数量",
    "持仓成本",
    "成交日期",
    "持仓均价",
    "收盘价格",
    "收盘价值",
    "当前浮盈",
    "浮盈收益率",
)
_DAILY_HEADER = (
    "成交日期",
    "持仓成本",
    "收盘价值",
    "当前浮盈",
    "当前浮盈率",
    "CSI300",
    "CASHFLOW",
)
_CODE = "证券代码"
_MODEL = "model"
_TRADE_DATE = "成交日期"
_OWN_COLUMNS = (_MODEL, _TRADE_DATE)
# Header of a session that had no file: the columns that every file has.
_PLAIN_COLUMNS = (
    "交收日期",
    "证券代码",
    "证券名称",
    "交易类别",
    "成交价格",
    "成交数量",
    "成交金额",
    "资金发生数",
)
_CASH_ROW = "CASH"
_AVERAGE_DECIMALS = 4


def state_keys(books: Books, last_date: date) -> dict[str, Any]:
    """Return the keys of ``prod_config.json`` that belong to the ledger.

    Parameters
    ----------
    books : Books
        Balances now.
    last_date : date
        Last day in the books.

    Returns
    -------
    dict
        ``current_date`` and ``last_processed_date`` (the same day), ``current_cash`` as a number
        [CNY], and ``current_holding`` with shares and cost as text.
    """
    day = last_date.isoformat()
    return {
        "current_date": day,
        "last_processed_date": day,
        # A float of at most 15 digits is written as the decimal it came from.
        "current_cash": float(Decimal(books.cash_fen).scaleb(-2)),
        "current_holding": [
            {
                "instrument": instrument,
                "value": str(position.shares),
                "amount": cny_text(position.cost_fen),
            }
            for instrument, position in books.positions.items()
        ],
    }


def updated_config(data: Mapping[str, Any], books: Books, *, last_date: date) -> dict[str, Any]:
    """Return ``prod_config.json`` with the state of the books.

    Parameters
    ----------
    data : mapping
        The file as it is, parsed; it is not changed.
    books : Books
        Balances now.
    last_date : date
        Last day in the books.

    Returns
    -------
    dict
        The user's keys with their values and in their order; state keys that were absent come last.
    """
    return {**data, **state_keys(books, last_date)}


def log_texts(journal: Journal) -> dict[str, str]:
    """Return the cumulative logs.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Returns
    -------
    dict of str to str
        File name to the whole text of the file.
    """
    holdings: list[Sequence[str]] = []
    days: list[Sequence[str]] = []
    for day in daily_books(journal):
        holdings += _holding_rows(day)
        days.append(_daily_row(day))
    return {
        TRADE_LOG: _trade_log_text(journal),
        HOLDING_LOG: csv_text(_HOLDING_HEADER, holdings),
        DAILY_LOG: csv_text(_DAILY_HEADER, days),
    }


def trade_detail_name(day: date) -> str:
    """Return the file name of a session's trade detail.

    Parameters
    ----------
    day : date
        The session.

    Returns
    -------
    str
        For example ``"trade_detail_2026-01-05.csv"``.
    """
    return f"trade_detail_{day.isoformat()}.csv"


def trade_detail_text(session: SessionLines) -> str:
    """Return the trade detail of a session: the broker's table, with model and date.

    Parameters
    ----------
    session : SessionLines
        A session and its lines that count.

    Returns
    -------
    str
        The whole text of the file; a header alone where nothing happened.
    """
    columns = _columns(session)
    rows = _trade_rows(session)
    return csv_text(columns, [[row.get(column, "") for column in columns] for row in rows])


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return a table as CSV text.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        As many cells as the header each.

    Returns
    -------
    str
        Lines that end in ``\n``.

    Examples
    --------
    >>> csv_text(["a", "b"], [["1", "x,y"]])
    'a,b\n1,"x,y"\n'
    """
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return "".join(lines)


class _Lines(list[str]):
    """What `csv` needs of a file."""

    write = list.append


def _holding_rows(day: DayBooks) -> list[Sequence[str]]:
    date_text = day.settle_date.isoformat()
    rows: list[Sequence[str]] = []
    for instrument, position in day.after.positions.items():
        close = day.marks[instrument].close
        value = value_fen(position.shares, close)
        profit = value - position.cost_fen
        rows.append(
            (
                instrument,
                str(position.shares),
                cny_text(position.cost_fen),
                date_text,
                _average(position.cost_fen, position.shares),
                str(close),
                cny_text(value),
                cny_text(profit),
                rate_text(profit, position.cost_fen),
            )
        )
    cash = cny_text(day.after.cash_fen)
    rows.append((_CASH_ROW, cash, cash, date_text, "1.0000", "1.00", cash, "0.00", "0.00000"))
    return rows


def _daily_row(day: DayBooks) -> Sequence[str]:
    close = day.session.benchmark_close
    cost = day.after.cost_fen + day.after.cash_fen + day.after.pending_fen
    nav = day.nav_fen
    profit = nav - cost
    return (
        day.settle_date.isoformat(),
        cny_text(cost),
        cny_text(nav),
        cny_text(profit),
        rate_text(profit, cost),
        "" if close is None else str(close),
        cny_text(day.flow_fen),
    )


def _average(cost_fen: int, shares: int) -> str:
    scaled = divide_half_up(cost_fen * 10 ** (_AVERAGE_DECIMALS - 2), shares)
    return str(Decimal(scaled).scaleb(-_AVERAGE_DECIMALS))


def _trade_log_text(journal: Journal) -> str:
    sessions = session_lines(journal)
    # Files of different days may have different columns: all of them, in the order they came up.
    columns = dict.fromkeys(
        column
        for session in sessions
        if session.columns
        for column in _columns(session)
        if column not in _OWN_COLUMNS
    )
    header = (*(columns or _PLAIN_COLUMNS), *_OWN_COLUMNS)
    return csv_text(
        header,
        (
            [row.get(column, "") for column in header]
            for session in sessions
            for row in _trade_rows(session)
        ),
    )


def _columns(session: SessionLines) -> tuple[str, ...]:
    columns = session.columns or _PLAIN_COLUMNS
    return (*(column for column in columns if column not in _OWN_COLUMNS), *_OWN_COLUMNS)


def _trade_rows(session: SessionLines) -> list[dict[str, str]]:
    rows = []
    for columns, line in session.lines:
        row = dict(zip(columns, line.cells, strict=True))
        row[_CODE] = line.instrument or row.get(_CODE, "")
        row[_MODEL] = session.session.model
        row[_TRADE_DATE] = line.settle_date.isoformat()
        rows.append(row)
    return rows
