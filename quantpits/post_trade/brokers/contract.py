"""What an adapter for a broker's export gives to the books, whatever the export looks like.

An adapter turns the bytes of one file into a `Statement`: lines with exact prices, whole fen and
whole shares, each with the place it came from and the declared effect of its type. It guesses
nothing: what it cannot read exactly it refuses with file and row, and a type without an effect
stops the run. It touches no ledger, market or workspace.

Identity: the same trade in two files has the same `content_sha256` and ordinal. Trades of equal
content on one day are told apart by their ordinal alone, so a day that a file covers must stand in
it completely.

Signs: `net_cash_fen` is what the line does to the cash account (a purchase is negative); `shares`
is never negative, the effect says which way they go.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

__all__ = ["Adapter", "BrokerLine", "Effect", "LineKey", "Statement", "TradeRule", "content_digest"]


class Effect(StrEnum):
    """What a line does to the books; every trade type is declared as one of these."""

    BUY = "buy"
    SELL = "sell"
    DIVIDEND = "dividend"
    DIVIDEND_TAX = "dividend_tax"
    INTEREST = "interest"
    INTEREST_TAX = "interest_tax"
    BONUS_SHARES = "bonus_shares"
    SHARES_IN = "shares_in"
    SHARES_OUT = "shares_out"
    SUBSCRIPTION = "subscription"
    LISTING = "listing"
    REPO_LEND = "repo_lend"
    REPO_RETURN = "repo_return"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    FEE = "fee"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TradeRule:
    """The declared effect of one trade type.

    Attributes
    ----------
    effect : Effect
        What lines of the type do.
    is_same_day : bool
        For ``sell``: whether shares bought today may be sold today (T+0, cross-border ETFs).
    is_hk_connect : bool
        Whether the line is about Hong Kong shares held through Stock Connect: a code of five
        digits, a price in HKD, and cash in CNY.
    share_codes : tuple of (str, str)
        For ``subscription``: beginnings of codes and what the share's own code has in their place,
        besides those that are known; the longest that fits counts.
    """

    effect: Effect
    is_same_day: bool = False
    is_hk_connect: bool = False
    share_codes: tuple[tuple[str, str], ...] = ()


class LineKey(NamedTuple):
    """Where a line came from: the identity of a trade.

    Attributes
    ----------
    source_sha256 : str
        Hash of the file.
    sheet : str
        Sheet in the file.
    row : int
        Row in the sheet, from 1, as a spreadsheet shows it.
    ordinal : int
        Number of the line among those of equal content, from 1, so that equal fills are all kept.
    """

    source_sha256: str
    sheet: str
    row: int
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLine:
    """One line of a broker's export, read exactly.

    Attributes
    ----------
    key : LineKey
        Where it came from.
    source_name : str
        Name of the file.
    settle_date : date
        Session that it settles in.
    trade_type : str
        The broker's word for it.
    effect : Effect
        What it does to the books.
    is_same_day : bool
        For a sale: whether shares bought today may be sold today.
    instrument : str
        For example ``"SH600000"``; ``""`` where the line is about cash only.
    name : str
        The broker's name of the instrument.
    price : Decimal
        Price per share [CNY; HKD for Hong Kong shares], as exact as the file has it; zero where the
        line has none.
    shares : int
        Shares the line is about, never negative [shares].
    gross_fen : int
        Amount before fees [fen].
    net_cash_fen : int
        Signed effect on the cash account, fees included [fen].
    fee_fen : int or None
        Total of fees, if the file says it [fen].
    cash_balance_fen : int or None
        Cash after the line, if the file says it [fen].
    position_balance : int or None
        Shares held after the line, if the file says it [shares].
    content_sha256 : str
        Hash of what happened, whichever file and row report it (see `content_digest`).
    cells : tuple of str
        The cleaned text of every column of the file, in the order of `Statement.columns`.
    """

    key: LineKey
    source_name: str
    settle_date: date
    trade_type: str
    effect: Effect
    is_same_day: bool
    instrument: str
    name: str
    price: Decimal
    shares: int
    gross_fen: int
    net_cash_fen: int
    fee_fen: int | None
    cash_balance_fen: int | None
    position_balance: int | None
    content_sha256: str
    cells: tuple[str, ...]

    @property
    def where(self) -> str:
        """Return ``file:row`` for messages."""
        return f"{self.source_name}:{self.key.row}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One export, read exactly; no lines means that nothing happened.

    Attributes
    ----------
    source_name, source_sha256 : str
        The file and the hash of its bytes.
    sheet : str
        Sheet that was read.
    columns : tuple of str
        Every column of the table, in file order, all different.
    lines : tuple of BrokerLine
        In file order.
    """

    source_name: str
    source_sha256: str
    sheet: str
    columns: tuple[str, ...]
    lines: tuple[BrokerLine, ...]

    @property
    def lines_by_date(self) -> dict[date, tuple[BrokerLine, ...]]:
        """The lines of each settlement date, oldest date first, in file order within a date."""
        days: dict[date, list[BrokerLine]] = {}
        for line in self.lines:
            days.setdefault(line.settle_date, []).append(line)
        return {day: tuple(days[day]) for day in sorted(days)}

    @property
    def dates(self) -> tuple[date, ...]:
        """Every settlement date of the lines, oldest first; more than one in an interval file."""
        return tuple(self.lines_by_date)


class Adapter(Protocol):
    """What a broker's adapter must be able to do; a module with these names is one.

    Besides the signature, the contract that ``tests/post_trade/brokers/contract_kit.py`` holds
    every adapter to: equal bytes give equal statements; lines come in file order, each with the row
    a person sees; lines of equal content get ordinals 1, 2, 3 … whatever stands between them; the
    order of rows and columns changes no content; a cell that cannot be read exactly, a type without
    an effect, a line that contradicts itself and bytes that are no export are refused with file and
    row; nothing but `quantpits.errors` errors ever leaves `parse`.

    Attributes
    ----------
    NAME : str
        As in ``prod_config.json`` and ``--broker``.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant where a module is the adapter
        """Name of the broker."""
        ...

    def parse(self, content: bytes, *, source: str, rules: Mapping[str, TradeRule]) -> Statement:
        """Return the lines of one export.

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
            Every line of the table.

        Raises
        ------
        BrokerFileError
            If the file or one of its cells cannot be read exactly.
        UnknownTradeTypeError
            If a line has a type without an effect.
        """
        ...


def content_digest(*facts: object) -> str:
    """Return a hash of what a line says happened.

    Parameters
    ----------
    *facts : object
        Date, instrument, type, price, shares and cash, in a fixed order: what every form of a
        broker's export says, so that the same trade is known in each of them. Balances stay out
        (they depend on the other lines of the day), and so does what only some forms have.

    Returns
    -------
    str
        sha256 in hexadecimal; equal for lines of equal content, in whichever file and row they
        stand.
    """
    text = "\x1f".join(str(fact) for fact in facts)
    return hashlib.sha256(text.encode()).hexdigest()
