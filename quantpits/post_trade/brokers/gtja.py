"""The settlement export of Guotai Junan (国泰君安, ``gtja``).

Two forms: the settlement (交割单, on ``Sheet1``) and the account statement (对账单, on 合并对账单),
which has 发生金额 in place of 成交金额 and 资金发生数. Either is a workbook, or text in GBK or
UTF-8 separated by commas or TABs, whatever its name ends in. The table stands under a preamble of
any length, and its header is found by the names of the columns. A file may cover one date or many.
What public parsers of genuine exports have met is accepted (see `cells`), and nothing else.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING

from quantpits.post_trade.brokers.cells import (
    Cell,
    cell_date,
    cell_decimal,
    cell_shares,
    cell_text,
)
from quantpits.post_trade.brokers.codes import code_reader
from quantpits.post_trade.brokers.contract import BrokerLine, Effect, Statement
from quantpits.post_trade.brokers.files import file_sheets
from quantpits.post_trade.brokers.grid import (
    GridRow,
    GridWish,
    check_whole,
    find_grid,
    whole_amount,
)
from quantpits.post_trade.brokers.lines import ColumnWords, Facts, LineMaker, every_line, rule_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.post_trade.brokers.contract import TradeRule

__all__ = ["NAME", "REQUIRED_COLUMNS", "STATEMENT_COLUMNS", "parse"]

NAME = "gtja"

REQUIRED_COLUMNS = (
    "交收日期",
    "证券代码",
    "交易类别",
    "成交价格",
    "成交数量",
    "成交金额",
    "资金发生数",
)
"""Columns without which a line of a settlement cannot be booked; all others are only kept."""

_STATEMENT_NET = "发生金额"
STATEMENT_COLUMNS = (*REQUIRED_COLUMNS[:5], _STATEMENT_NET)
"""The same for an account statement."""

_BOOKED = frozenset((*REQUIRED_COLUMNS, _STATEMENT_NET, "费用合计"))
_OWN_CURRENCY = ("", "人民币", "CNY", "RMB")


def parse(content: bytes, *, source: str, rules: Mapping[str, TradeRule]) -> Statement:
    """Return the lines of one settlement export or account statement.

    Parameters
    ----------
    content : bytes
        The file.
    source : str
        Its name, for messages.
    rules : mapping of str to TradeRule
        The effect of every trade type.

    Returns
    -------
    Statement
        Every line of the table, in file order; none if the table has a header and no rows.

    Raises
    ------
    BrokerFileError
        If the file, its header or one of its cells cannot be read exactly, or a line contradicts
        itself.
    UnknownTradeTypeError
        If a line has a type without a declared effect.

    Notes
    -----
    Source: the columns and cell forms that public parsers of genuine exports accept.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    grid = find_grid(file_sheets(content, source), _WISH, source=source)
    check_whole(grid, content, booked=_BOOKED)
    net_column = _net_column(grid.columns)
    words = ColumnWords("成交价格", "成交数量", "成交金额", net_column)
    maker = LineMaker(source, sha256, grid.sheet, words)

    def make(row: GridRow) -> BrokerLine:
        return maker.line(row, _facts(row, rules, net_column=net_column))

    return Statement(
        source_name=source,
        source_sha256=sha256,
        sheet=grid.sheet,
        columns=grid.columns,
        lines=every_line(grid.filled_rows(), make),
    )


def _net_column(columns: Sequence[str]) -> str:
    gross, plain = REQUIRED_COLUMNS[-2:]
    is_statement = plain not in columns and (_STATEMENT_NET in columns or gross not in columns)
    return _STATEMENT_NET if is_statement else plain


def _missing(columns: Sequence[str]) -> list[str]:
    is_statement = _net_column(columns) == _STATEMENT_NET
    needed = STATEMENT_COLUMNS if is_statement else REQUIRED_COLUMNS
    return [name for name in needed if name not in columns]


_WISH = GridWish(
    names=(*REQUIRED_COLUMNS, _STATEMENT_NET),
    missing=_missing,
    sheets=("Sheet1", "合并对账单"),
    hint="export the settlement (交割单) of the day from the broker's terminal",
)


def _facts(row: GridRow, rules: Mapping[str, TradeRule], *, net_column: str) -> Facts:
    trade_type = row.read("交易类别", cell_text)
    rule = rule_of(trade_type, rules, place=row.place, file="config/broker_types.yaml")
    _check_currency(row, rule.effect)
    reader = code_reader(rule)
    instrument = "" if reader is None else row.read("证券代码", reader)
    return Facts(
        settle_date=row.read("交收日期", cell_date),
        trade_type=trade_type,
        rule=rule,
        instrument=instrument,
        name=row.read("证券名称", cell_text),
        price=row.read("成交价格", cell_decimal) or Decimal(0),
        shares=row.read("成交数量", cell_shares) or 0,
        # An empty cell is no missing column: a trade without its amount is refused, not computed.
        gross_fen=(row.read("成交金额", _fen) or 0) if "成交金额" in row.cells else None,
        net_fen=row.read(net_column, _fen),
        fee_fen=row.read("费用合计", _fen),
        cash_balance_fen=row.read("资金余额", _fen),
        position_balance=row.read("证券余额", cell_shares),
        cells=_cell_texts(row, instrument),
    )


def _fen(cell: Cell) -> int | None:
    return whole_amount(cell_decimal(cell))


def _cell_texts(row: GridRow, instrument: str) -> tuple[str, ...]:
    texts = {column: cell_text(cell) for column, cell in row.cells.items()}
    texts["交收日期"] = row.read("交收日期", cell_date).strftime("%Y%m%d")
    code = texts["证券代码"]
    # A code that was stored as a number gets its zeros back in the logs too.
    if code.isdecimal():
        texts["证券代码"] = instrument[2:] if instrument.startswith("HK") else code.zfill(6)
    return tuple(texts.values())


def _check_currency(row: GridRow, effect: Effect) -> None:
    currency = row.read("币种", cell_text)
    # What moves nothing may be in any currency: a trade in Hong Kong before it settles.
    if effect is not Effect.NONE and currency.upper() not in _OWN_CURRENCY:
        raise row.refusal("A line is in another currency.", expected="人民币", found=currency)
