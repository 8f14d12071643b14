"""``config/broker_table.yaml``: how to read the export of any broker whose file is one table.

The file says which column means what, how dates and numbers are written, which way cash goes, and
what each trade type does. Nothing is guessed from the data: what the file does not say is refused
when a line needs it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from quantpits.config.base import (
    ConfigFile,
    Flag,
    Instrument,
    Problem,
    StrictModel,
    custom_error,
    problems_error,
)
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.brokers.effects import DeclaredType

__all__ = ["BrokerTable", "TableColumns", "TableFile", "TableNumbers", "TableSigns"]

_DATE_PARTS = re.compile(r"(YYYY|YY|MMM|MM|M|DD|D)")
_OTHER_LETTERS = re.compile(r"[A-Za-z0-9%]")
_NEEDED_PARTS = ("Y", "M", "D")


def _check_name(name: str) -> str:
    if not name.strip() or name != name.strip():
        raise custom_error("column", "should be the name of a column, without blanks around it")
    return name


def _check_date_format(text: str) -> str:
    parts = _DATE_PARTS.findall(text)
    rest = _DATE_PARTS.sub("", text)
    if sorted(part[0] for part in parts) != sorted(_NEEDED_PARTS) or _OTHER_LETTERS.search(rest):
        raise custom_error(
            "date_format",
            "should have a year (YYYY or YY), a month (MM, M or MMM) and a day (DD or D) once each",
        )
    return text


Column = Annotated[str, AfterValidator(_check_name)]
DateFormat = Annotated[str, AfterValidator(_check_date_format)]


class TableFile(StrictModel):
    """How the bytes become a table."""

    encoding: Literal["auto", "utf-8", "gbk"] = Field(
        default="auto", description="Encoding of a text file [word]"
    )
    delimiter: Literal["auto", "comma", "tab", "semicolon", "pipe"] = Field(
        default="auto", description="What separates the cells of a text file [word]"
    )
    sheet: str = Field(
        default="", description="Sheet of a workbook; empty: the only one with the columns [name]"
    )


class TableColumns(StrictModel):
    """Which column says what; a column that the broker does not have is left out."""

    settle_date: Column = Field(description="Date the line settles on [column]")
    trade_type: Column = Field(description="The broker's word for what happened [column]")
    instrument: Column = Field(description="Security code or ticker [column]")
    price: Column = Field(description="Price per share [column]")
    shares: Column = Field(description="Number of shares [column]")
    net: Column = Field(description="Effect on the cash, fees included [column]")
    name: Column | None = Field(default=None, description="Name of the security [column]")
    gross: Column | None = Field(
        default=None, description="Amount before fees; without it, price times shares [column]"
    )
    fees: tuple[Column, ...] = Field(
        default=(), description="Fees and taxes of a trade, added up [columns]"
    )
    cash_balance: Column | None = Field(
        default=None, description="Cash after the line, to reconcile with [column]"
    )
    position_balance: Column | None = Field(
        default=None, description="Shares held after the line, to reconcile with [column]"
    )
    currency: Column | None = Field(default=None, description="Currency of the line [column]")

    def named(self) -> tuple[tuple[str, str], ...]:
        """Return every column that is given.

        Returns
        -------
        tuple of (str, str)
            Key and name of the column.
        """
        found: list[tuple[str, str]] = []
        for key in type(self).model_fields:
            value = getattr(self, key)
            names = value if isinstance(value, tuple) else (value,)
            found += [(key, name) for name in names if name is not None]
        return tuple(found)


class TableNumbers(StrictModel):
    """How numbers are written."""

    decimal: Literal[".", ","] = Field(default=".", description="Decimal separator [character]")
    thousands: Literal["", ",", ".", " ", "'"] = Field(
        default=",", description="Thousands separator; empty: none [character]"
    )
    symbols: tuple[Annotated[str, Field(min_length=1, max_length=4)], ...] = Field(
        default=(), description="Currency signs that may stand before a number [texts]"
    )
    parentheses_are_negative: Flag = Field(
        default=False, description="Whether (1.50) means -1.50 [true or false]"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.decimal == self.thousands:
            raise problems_error("TableNumbers", [(("thousands",), "should differ from 'decimal'")])
        return self


class TableSigns(StrictModel):
    """Which way amounts are signed."""

    net: Literal["signed", "inverted", "by_type"] = Field(
        default="signed",
        description="signed: a purchase is negative; inverted: positive; by_type: no sign [word]",
    )
    shares: Literal["unsigned", "signed"] = Field(
        default="unsigned", description="signed: what leaves the account is negative [word]"
    )
    gross: Literal["unsigned", "signed"] = Field(
        default="unsigned", description="signed: its sign is not read, the type says it [word]"
    )
    fees: Literal["positive", "negative"] = Field(
        default="positive", description="Sign of a fee that is paid [word]"
    )


class BrokerTable(ConfigFile):
    """The form of a broker's table."""

    file_names: ClassVar[tuple[str, ...]] = ("broker_table.yaml",)
    is_required: ClassVar[bool] = False

    file: TableFile = Field(default_factory=TableFile, description="How to open the file")
    market: Literal["cn", "us"] = Field(
        default="cn", description="How a code becomes an instrument: SH600000 or AAPL [word]"
    )
    currency: str = Field(
        default="CNY", min_length=1, description="Currency of the account [text in the column]"
    )
    date_format: DateFormat = Field(
        default="YYYYMMDD", description="How dates are written, such as MM/DD/YYYY [pattern]"
    )
    columns: TableColumns = Field(description="Which column says what")
    numbers: TableNumbers = Field(default_factory=TableNumbers, description="How numbers are")
    signs: TableSigns = Field(default_factory=TableSigns, description="How amounts are signed")
    instruments: dict[str, Instrument] = Field(
        default_factory=dict, description="Code of the broker to instrument, where they differ"
    )
    types: dict[str, Effect | DeclaredType] = Field(
        min_length=1, description="Trade type to its effect [word]"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[Problem] = []
        uses = Counter(name for _, name in self.columns.named())
        for key, name in self.columns.named():
            if uses[name] > 1:
                problems.append((("columns", key), f"column {name!r} is named {uses[name]} times"))
        if problems:
            raise problems_error("BrokerTable", problems)
        return self
