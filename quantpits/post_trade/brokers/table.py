"""The export of any broker whose file is one table, read as ``config/broker_table.yaml`` says.

A line satisfies the same rules as any other (see `lines`); what differs is only where its facts
stand and how they are written. In a ``us`` account a fen is a cent.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from quantpits.post_trade.brokers.cells import (
    Cell,
    cell_date,
    cell_decimal,
    cell_shares,
    cell_text,
)
from quantpits.post_trade.brokers.codes import cell_ticker, code_reader
from quantpits.post_trade.brokers.contract import BrokerLine, Effect, Statement, TradeRule
from quantpits.post_trade.brokers.effects import rule_from
from quantpits.post_trade.brokers.files import file_sheets
from quantpits.post_trade.brokers.grid import (
    GridRow,
    GridWish,
    check_whole,
    find_grid,
    whole_amount,
)
from quantpits.post_trade.brokers.lines import (
    ColumnWords,
    Facts,
    LineMaker,
    cash_direction,
    every_line,
    rule_of,
)
from quantpits.post_trade.brokers.texts import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.post_trade.brokers.effects import DeclaredType
    from quantpits.post_trade.brokers.table_config import BrokerTable, TableNumbers

__all__ = ["NAME", "TableAdapter", "read_date", "read_number"]

NAME = "table"

_CONFIG = "config/broker_table.yaml"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short_year>\d{2})",
    "MMM": r"(?P<word>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
}
_DATE_PART = re.compile("YYYY|YY|MMM|MM|M|DD|D")
_CENTURY = 2000
_OUTGOING = (Effect.SELL, Effect.REPO_RETURN)


@dataclass(frozen=True, slots=True)
class TableAdapter:
    """Reads the tables that one config file describes.

    Attributes
    ----------
    table : BrokerTable
        The description.
    NAME : str
        ``"table"``.
    """

    table: BrokerTable
    NAME: str = NAME

    def parse(self, content: bytes, *, source: str, rules: Mapping[str, TradeRule]) -> Statement:
        """Return the lines of one export.

        Parameters
        ----------
        content : bytes
            The file.
        source : str
            Its name, for messages.
        rules : mapping of str to TradeRule
            Effects of types that the description does not name; it wins.

        Returns
        -------
        Statement
            Every line of the table, in file order.

        Raises
        ------
        BrokerFileError
            If the file, its header or one of its cells cannot be read exactly, or a line
            contradicts itself.
        UnknownTradeTypeError
            If a line has a type without a declared effect.
        """
        table = self.table
        columns = table.columns
        delimiter = table.file.delimiter
        sheets = file_sheets(
            content,
            source,
            encoding=table.file.encoding,
            delimiters=tuple(DELIMITERS.values())
            if delimiter == "auto"
            else (DELIMITERS[delimiter],),
        )
        grid = find_grid(sheets, _wish(table), source=source)
        balances = (columns.cash_balance, columns.position_balance, columns.name)
        booked = {name for _, name in columns.named() if name not in balances}
        check_whole(grid, content, booked=booked)
        words = ColumnWords(columns.price, columns.shares, columns.gross or "amount", columns.net)
        sha256 = hashlib.sha256(content).hexdigest()
        maker = LineMaker(source, sha256, grid.sheet, words)
        declared = {name: self._rule(value) for name, value in table.types.items()}
        known = MappingProxyType({**rules, **declared})

        def make(row: GridRow) -> BrokerLine:
            return maker.line(row, self._facts(row, known))

        return Statement(
            source_name=source,
            source_sha256=sha256,
            sheet=grid.sheet,
            columns=grid.columns,
            lines=every_line(grid.filled_rows(), make),
        )

    def _rule(self, value: Effect | DeclaredType) -> TradeRule:
        rule = rule_from(value)
        # Shares may be sold on the day they are bought; the cn rule is T+1.
        if self.table.market == "us" and rule.effect is Effect.SELL:
            return TradeRule(rule.effect, is_same_day=True)
        return rule

    def _facts(self, row: GridRow, rules: Mapping[str, TradeRule]) -> Facts:
        columns = self.table.columns
        trade_type = row.read(columns.trade_type, cell_text)
        rule = rule_of(trade_type, rules, place=row.place, file=_CONFIG)
        self._check_currency(row)
        settle_date = row.read(columns.settle_date, self._date)
        return Facts(
            settle_date=settle_date,
            trade_type=trade_type,
            rule=rule,
            instrument=self._instrument(row, rule),
            name=self._text(row, columns.name),
            price=row.read(columns.price, self._number) or Decimal(0),
            shares=self._shares(row, rule.effect),
            gross_fen=self._gross(row),
            net_fen=self._net(row, rule.effect),
            fee_fen=self._fee(row),
            cash_balance_fen=self._optional_fen(row, columns.cash_balance),
            position_balance=self._optional_shares(row, columns.position_balance),
            cells=tuple(cell_text(cell) for cell in row.cells.values()),
        )

    def _number(self, cell: Cell) -> Decimal | None:
        return read_number(cell, self.table.numbers)

    def _fen(self, cell: Cell) -> int | None:
        return whole_amount(self._number(cell))

    def _whole(self, cell: Cell) -> int | None:
        number = self._number(cell)
        return None if number is None else cell_shares(format(number, "f"))

    def _date(self, cell: Cell) -> date:
        return read_date(cell, self.table.date_format)

    def _text(self, row: GridRow, column: str | None) -> str:
        return "" if column is None else row.read(column, cell_text)

    def _optional_fen(self, row: GridRow, column: str | None) -> int | None:
        return None if column is None else row.read(column, self._fen)

    def _optional_shares(self, row: GridRow, column: str | None) -> int | None:
        return None if column is None else row.read(column, self._whole)

    def _instrument(self, row: GridRow, rule: TradeRule) -> str:
        reader = code_reader(rule)
        if reader is None:
            return ""
        column = self.table.columns.instrument
        listed = self.table.instruments.get(row.read(column, cell_text))
        if listed is not None:
            return listed
        return row.read(column, cell_ticker if self.table.market == "us" else reader)

    def _shares(self, row: GridRow, effect: Effect) -> int:
        column = self.table.columns.shares
        shares = row.read(column, self._whole) or 0
        if self.table.signs.shares == "unsigned":
            return shares
        if shares * (-1 if effect in _OUTGOING else 1) < 0:
            raise row.refusal(
                f"The shares of a line go the wrong way for its effect {effect.value!r}.",
                expected=f"{column} negative for what leaves the account",
                found=shares,
            )
        return abs(shares)

    def _gross(self, row: GridRow) -> int | None:
        column = self.table.columns.gross
        if column is None:
            return None
        # An empty cell is no missing column: a trade without its amount is refused, not computed.
        gross = row.read(column, self._fen) or 0
        return abs(gross) if self.table.signs.gross == "signed" else gross

    def _net(self, row: GridRow, effect: Effect) -> int | None:
        column = self.table.columns.net
        net = row.read(column, self._fen)
        if net is None or self.table.signs.net == "signed":
            return net
        if self.table.signs.net == "inverted":
            return -net
        if net < 0:
            raise row.refusal(
                "An amount has a sign where none is expected.",
                expected=f"{column} of 0 or more, since signs.net is by_type",
                found=f"{net} fen",
            )
        return net * (cash_direction(effect) or 1)

    def _fee(self, row: GridRow) -> int | None:
        fees = [row.read(column, self._fen) for column in self.table.columns.fees]
        given = [fee for fee in fees if fee is not None]
        if not given:
            return None
        return sum(given) * (-1 if self.table.signs.fees == "negative" else 1)

    def _check_currency(self, row: GridRow) -> None:
        currency = self._text(row, self.table.columns.currency)
        if currency not in ("", self.table.currency):
            raise row.refusal(
                "A line is in another currency.", expected=self.table.currency, found=currency
            )


def read_number(cell: Cell, numbers: TableNumbers) -> Decimal | None:
    """Return the exact number in a cell.

    Parameters
    ----------
    cell : cell
        A number, or text of one.
    numbers : TableNumbers
        How it is written.

    Returns
    -------
    Decimal or None
        None for an empty cell.

    Raises
    ------
    ValueError
        If the cell holds something else.
    """
    if not isinstance(cell, str):
        return cell_decimal(cell)
    text = cell_text(cell)
    body, is_negative = text, False
    if numbers.parentheses_are_negative and text.startswith("(") and text.endswith(")"):
        body, is_negative = text[1:-1].strip(), True
    elif text.startswith("-"):
        body, is_negative = text[1:].strip(), True
    symbol = next((each for each in numbers.symbols if body.startswith(each)), "")
    body = body.removeprefix(symbol).strip()
    if not text:
        return None
    whole, mark, fraction = body.partition(numbers.decimal)
    # Only now may a comma be put for the separator: no other mark is left that it could be.
    if not _is_digits(whole.replace(numbers.thousands, "") if numbers.thousands else whole):
        raise ValueError(f"{text!r} is not a number")
    if mark and not _is_digits(fraction):
        raise ValueError(f"{text!r} is not a number")
    plain = whole.replace(numbers.thousands, ",") if numbers.thousands else whole
    number = cell_decimal(f"{plain}.{fraction}" if mark else plain) or Decimal(0)
    return -number if is_negative else number


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def read_date(cell: Cell, date_format: str) -> date:
    """Return the date in a cell.

    Parameters
    ----------
    cell : cell
        A date cell of a workbook, or text.
    date_format : str
        How text is written, such as ``"MM/DD/YYYY"``.

    Returns
    -------
    date
        The day; a year of two digits is of this century.

    Raises
    ------
    ValueError
        If the cell holds something else.

    Examples
    --------
    >>> read_date("1/5/2026", "M/D/YYYY")
    datetime.date(2026, 1, 5)
    >>> read_date("05-Jan-26", "DD-MMM-YY")
    datetime.date(2026, 1, 5)
    """
    if isinstance(cell, date):
        return cell_date(cell)
    text = cell_text(cell)
    pieces = re.split(f"({_DATE_PART.pattern})", date_format)
    pattern = "".join(_DATE_PARTS.get(piece, re.escape(piece)) for piece in pieces)
    parts = re.fullmatch(pattern, text, re.ASCII)
    if parts is None:
        raise ValueError(f"{text!r} is not a date such as {date_format}")
    found = parts.groupdict()
    word = (found.get("word") or "").upper()
    if word and word not in _MONTHS:
        raise ValueError(f"{text!r} is not a date such as {date_format}")
    month = _MONTHS.index(word) + 1 if word else int(found["month"])
    year = int(found["year"]) if "year" in found else _CENTURY + int(found["short_year"])
    try:
        return date(year, month, int(found["day"]))
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar") from None


def _wish(table: BrokerTable) -> GridWish:
    names = tuple(name for _, name in table.columns.named())

    def missing(columns: Sequence[str]) -> list[str]:
        return [name for name in names if name not in columns]

    return GridWish(
        names=names,
        missing=missing,
        sheets=(table.file.sheet,) if table.file.sheet else (),
        hint=f"compare the columns in {_CONFIG} with the header of the file",
    )
