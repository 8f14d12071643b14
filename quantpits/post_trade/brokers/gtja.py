"""The settlement export of Guotai Junan (国泰君安, ``gtja``).

The table stands on ``Sheet1``, or else on the first sheet, under a preamble of any length; its
header is found by the names of the columns. What public parsers of genuine exports have met is
accepted (see `cells`), and nothing else.

What a line must satisfy, so that a shifted or misread column cannot become a wrong book: a purchase
pays its amount and its fees, a sale brings its amount less its fees, and the amount is price times
shares to the accuracy of the price; a dividend or interest does not cost, a tax does not pay; bonus
shares move no cash.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from quantpits.errors import BrokerFileError, UnknownTradeTypeError, name_list
from quantpits.post_trade.brokers.cells import (
    Cell,
    cell_date,
    cell_decimal,
    cell_instrument,
    cell_shares,
    cell_text,
)
from quantpits.post_trade.brokers.contract import (
    BrokerLine,
    Effect,
    LineKey,
    Statement,
    TradeRule,
    content_digest,
)
from quantpits.post_trade.brokers.files import Sheet, workbook_sheets
from quantpits.post_trade.money import whole_fen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

__all__ = ["NAME", "REQUIRED_COLUMNS", "parse"]

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
"""Columns without which a line cannot be booked; every other column is kept as it is."""

_SHEET = "Sheet1"
_HEADER_ROWS_SEARCHED = 20
# Enough of the header to know that it is one, so that the message can name the columns that are
# missing.
_HEADER_COLUMNS_KNOWN = 3
_OWN_CURRENCY = ("", "人民币", "CNY", "RMB")
_HAS_INSTRUMENT = frozenset(
    (Effect.BUY, Effect.SELL, Effect.DIVIDEND, Effect.DIVIDEND_TAX, Effect.BONUS_SHARES)
)
_CASH_IN = frozenset((Effect.SELL, Effect.DIVIDEND, Effect.INTEREST, Effect.DEPOSIT))
_CASH_OUT = frozenset(
    (Effect.BUY, Effect.DIVIDEND_TAX, Effect.INTEREST_TAX, Effect.WITHDRAWAL, Effect.FEE)
)
_NO_CASH = frozenset((Effect.BONUS_SHARES, Effect.NONE))
_PRICE_DECIMALS = 2

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of a file: where it stands and what its columns are."""

    source: str
    sha256: str
    sheet: str
    columns: tuple[str, ...]
    first_row: int
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the table: cells by column, and its place for messages."""

    place: str
    cells: Mapping[str, Cell]

    def read(self, column: str, reader: Callable[[Cell], Value]) -> Value:
        """Return a cell read exactly, or refuse it with file, row and column."""
        value = self.cells.get(column)
        try:
            return reader(value)
        except ValueError as error:
            raise BrokerFileError(
                f"A cell of column {column!r} cannot be read.",
                where=self.place,
                found=str(error),
                hint="compare the row with the broker's own statement and export the day again",
            ) from error

    def fen(self, column: str) -> int | None:
        """Return an amount [fen]; None for an empty or absent cell."""

        def read_fen(value: Cell) -> int | None:
            amount = cell_decimal(value)
            if amount is None:
                return None
            fen = whole_fen(amount)
            if fen is None:
                raise ValueError(f"{amount} is not a whole number of fen")
            return fen

        return self.read(column, read_fen)

    def refuse(self, what: str, *, expected: object, found: object) -> BrokerFileError:
        """Return the error for a line that contradicts itself."""
        return BrokerFileError(
            what,
            where=self.place,
            expected=expected,
            found=found,
            hint="compare the row with the broker's own statement and export the day again",
        )


def parse(content: bytes, *, source: str, rules: Mapping[str, TradeRule]) -> Statement:
    """Return the lines of one settlement export.

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
    table = _find_table(workbook_sheets(content, source), source=source, sha256=sha256)
    seen: Counter[str] = Counter()
    lines = []
    for offset, cells in enumerate(table.rows):
        if any(cell_text(cell) for cell in cells):
            lines.append(_line(table, offset, rules=rules, seen=seen))
    return Statement(
        source_name=source,
        source_sha256=sha256,
        sheet=table.sheet,
        columns=table.columns,
        lines=tuple(lines),
    )


def _find_table(sheets: Sequence[Sheet], *, source: str, sha256: str) -> _Table:
    if not sheets:
        raise BrokerFileError("The broker's file has no sheet.", where=source)
    sheet, rows = next((each for each in sheets if each[0] == _SHEET), sheets[0])
    texts = [[cell_text(cell) for cell in row] for row in rows[:_HEADER_ROWS_SEARCHED]]
    found = [sum(column in row for column in REQUIRED_COLUMNS) for row in texts]
    best = max(found, default=0)
    where = f"{source}, sheet {sheet!r}"
    wanted = f"columns {name_list(REQUIRED_COLUMNS, shown=9)}"
    if best < _HEADER_COLUMNS_KNOWN:
        raise BrokerFileError(
            "The broker's file has no header row.",
            where=where,
            expected=f"{wanted} in one of the first {_HEADER_ROWS_SEARCHED} rows",
            found=f"{len(rows)} rows, none with these names",
            hint="export the settlement (交割单) of the day from the broker's terminal",
        )
    at = found.index(best)
    columns = tuple(name for name in texts[at] if name)
    missing = [column for column in REQUIRED_COLUMNS if column not in columns]
    if missing:
        raise BrokerFileError(
            f"The broker's file lacks {name_list(missing, shown=9)}.",
            where=f"{where}, row {at + 1}",
            expected=wanted,
            found=f"columns {name_list(columns, shown=40)}",
            hint="export the settlement again with these columns switched on",
        )
    repeated = [name for name, count in Counter(columns).items() if count > 1]
    if repeated:
        raise BrokerFileError(
            f"The broker's file has two columns {name_list(repeated)}.",
            where=f"{where}, row {at + 1}",
            expected="column names that are all different",
        )
    kept = [index for index, name in enumerate(texts[at]) if name]
    body = [[row[index] for index in kept] for row in rows[at + 1 :]]
    return _Table(source, sha256, sheet, columns, at + 2, body)


def _line(
    table: _Table, offset: int, *, rules: Mapping[str, TradeRule], seen: Counter[str]
) -> BrokerLine:
    cells = table.rows[offset]
    number = table.first_row + offset
    row = _Row(f"{table.source}:{number}", dict(zip(table.columns, cells, strict=True)))
    trade_type = row.read("交易类别", cell_text)
    rule = _rule(trade_type, rules, row.place)
    settle_date = row.read("交收日期", cell_date)
    instrument = row.read("证券代码", cell_instrument) if rule.effect in _HAS_INSTRUMENT else ""
    price = row.read("成交价格", cell_decimal) or Decimal(0)
    shares = row.read("成交数量", cell_shares) or 0
    gross = row.fen("成交金额") or 0
    net = row.fen("资金发生数")
    if net is None:
        raise row.refuse(
            "A line does not say what it does to the cash.", expected="资金发生数", found="empty"
        )
    _check_currency(row)
    _check_line(row, rule.effect, price=price, shares=shares, amounts=(gross, net))
    contract = row.read("合同号", cell_text)
    fee = row.fen("费用合计")
    digest = content_digest(
        settle_date, instrument, trade_type, price.normalize(), shares, gross, net, fee, contract
    )
    seen[digest] += 1
    return BrokerLine(
        key=LineKey(table.sha256, table.sheet, number, seen[digest]),
        source_name=table.source,
        settle_date=settle_date,
        trade_type=trade_type,
        effect=rule.effect,
        is_same_day=rule.is_same_day,
        instrument=instrument,
        name=row.read("证券名称", cell_text),
        price=price,
        shares=shares,
        gross_fen=gross,
        net_cash_fen=net,
        fee_fen=fee,
        cash_balance_fen=row.fen("资金余额"),
        position_balance=row.read("证券余额", cell_shares),
        content_sha256=digest,
        cells=_cell_texts(table.columns, cells, settle_date),
    )


def _cell_texts(
    columns: Sequence[str], cells: Sequence[Cell], settle_date: date
) -> tuple[str, ...]:
    texts = dict(zip(columns, map(cell_text, cells), strict=True))
    texts["交收日期"] = settle_date.strftime("%Y%m%d")
    code = texts["证券代码"]
    # A code that was stored as a number gets its zeros back in the logs too.
    texts["证券代码"] = code.zfill(6) if code.isdecimal() else code
    return tuple(texts.values())


def _rule(trade_type: str, rules: Mapping[str, TradeRule], place: str) -> TradeRule:
    rule = rules.get(trade_type)
    if rule is None:
        raise UnknownTradeTypeError(
            f"The trade type {trade_type!r} has no declared effect.",
            where=place,
            expected=f"one of {len(rules)} declared types",
            found=trade_type or "an empty cell",
            hint=(
                f"if you know what it does, declare it in config/broker_types.yaml as "
                f"'types: {{{trade_type}: EFFECT}}' where EFFECT is one of "
                f"{', '.join(effect.value for effect in Effect)}"
            ),
        )
    return rule


def _check_currency(row: _Row) -> None:
    currency = row.read("币种", cell_text)
    if currency.upper() not in _OWN_CURRENCY:
        raise row.refuse("A line is in another currency.", expected="人民币", found=currency)


def _check_line(
    row: _Row, effect: Effect, *, price: Decimal, shares: int, amounts: tuple[int, int]
) -> None:
    net = amounts[1]
    if shares < 0 or price < 0:
        raise row.refuse(
            "A line has a negative price or number of shares.",
            expected="成交价格 and 成交数量 of 0 or more; the type says which way they go",
            found=f"{price} and {shares}",
        )
    if (
        (effect in _CASH_IN and net < 0)
        or (effect in _CASH_OUT and net > 0)
        or (effect in _NO_CASH and net != 0)
    ):
        raise row.refuse(
            f"The cash of a line goes the wrong way for its effect {effect.value!r}.",
            expected=_expected_sign(effect),
            found=f"资金发生数 {net} fen",
        )
    if effect is Effect.BONUS_SHARES and shares == 0:
        raise row.refuse("Bonus shares without shares.", expected="成交数量 above 0", found=shares)
    if effect in (Effect.BUY, Effect.SELL):
        _check_trade(row, effect, price=price, shares=shares, amounts=amounts)


def _expected_sign(effect: Effect) -> str:
    if effect in _CASH_IN:
        return "资金发生数 of 0 or more"
    return "资金发生数 of 0 or less" if effect in _CASH_OUT else "资金发生数 of 0"


def _check_trade(
    row: _Row, effect: Effect, *, price: Decimal, shares: int, amounts: tuple[int, int]
) -> None:
    gross, net = amounts
    if price <= 0 or shares <= 0 or gross <= 0:
        raise row.refuse(
            "A trade without price, shares or amount.",
            expected="成交价格, 成交数量 and 成交金额 above 0",
            found=f"{price}, {shares} and {gross} fen",
        )
    implied_fee = -net - gross if effect is Effect.BUY else gross - net
    if implied_fee < 0:
        raise row.refuse(
            "A trade has a negative fee.",
            expected="成交金额 and 资金发生数 that leave a fee of 0 or more",
            found=f"{implied_fee} fen",
        )
    # An average price is rounded to its last decimal, so the amount may differ by that much a
    # share.
    exponent = price.as_tuple().exponent
    decimals = max(_PRICE_DECIMALS, -exponent if isinstance(exponent, int) else 0)
    allowed = shares * Decimal(1).scaleb(-decimals) + Decimal("0.01")
    difference = abs(price * shares - Decimal(gross).scaleb(-2))
    if difference > allowed:
        raise row.refuse(
            "The amount of a trade is not its price times its shares.",
            expected=f"成交金额 near {price * shares}",
            found=Decimal(gross).scaleb(-2),
        )
