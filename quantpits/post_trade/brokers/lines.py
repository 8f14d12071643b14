"""From the facts of a row to a line: what it must satisfy, whichever broker wrote it.

A shifted or misread column must not become a wrong book. A purchase pays its amount and its fees, a
sale brings its amount less its fees, and the amount is price times shares to the accuracy of the
price; no fee is a tenth of what is traded; a dividend or interest does not cost, a tax does not
pay; bonus and listed shares move no cash; money that is lent leaves, and comes back.

Where a form has no column of the amount before fees, it is price times shares. Hong Kong shares
have a price in another currency than their cash, so their amount is the cash without the fees.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from quantpits.errors import BrokerFileError, UnknownTradeTypeError, name_list
from quantpits.post_trade.brokers.contract import BrokerLine, Effect, LineKey, content_digest
from quantpits.post_trade.money import round_fen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from quantpits.post_trade.brokers.contract import TradeRule
    from quantpits.post_trade.brokers.grid import GridRow

__all__ = ["ColumnWords", "Facts", "LineMaker", "cash_direction", "every_line", "rule_of"]

_CASH_IN = frozenset(
    (Effect.SELL, Effect.DIVIDEND, Effect.INTEREST, Effect.DEPOSIT, Effect.REPO_RETURN)
)
_CASH_OUT = frozenset(
    (
        Effect.BUY,
        Effect.DIVIDEND_TAX,
        Effect.INTEREST_TAX,
        Effect.WITHDRAWAL,
        Effect.FEE,
        Effect.SHARES_IN,
        Effect.SHARES_OUT,
        Effect.SUBSCRIPTION,
        Effect.REPO_LEND,
    )
)
_NO_CASH = frozenset((Effect.BONUS_SHARES, Effect.LISTING, Effect.NONE))
_PRICED = frozenset((Effect.BUY, Effect.SELL, Effect.SUBSCRIPTION))
_LOANS = frozenset((Effect.REPO_LEND, Effect.REPO_RETURN))
_SHARES_ONLY = {
    Effect.BONUS_SHARES: "Bonus shares",
    Effect.LISTING: "A listing",
    Effect.SHARES_IN: "A transfer",
    Effect.SHARES_OUT: "A transfer",
}
_PRICE_DECIMALS = 2
# No schedule of fees comes near it, and a lost digit does not stay below it.
_LARGEST_FEE_PART = 10
_LARGEST_SMALL_FEE_FEN = 100_00
_LARGEST_SHARES = 10**11
_SHOWN_PROBLEMS = 10
# A file of which this many rows are wrong is another file; no need to keep them all.
_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """What the columns of a form are called, for messages.

    Attributes
    ----------
    price, shares, gross, net : str
        Names of the columns.
    """

    price: str
    shares: str
    gross: str
    net: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a row says, read exactly.

    Attributes
    ----------
    settle_date, trade_type, rule, instrument, name, price, shares : date, str, TradeRule, ...
        As in `BrokerLine`.
    gross_fen : int or None
        Amount before fees; None where the form has no such column [fen].
    net_fen : int or None
        Signed cash; None for an empty cell [fen].
    fee_fen, cash_balance_fen : int or None
        If the form has them [fen].
    position_balance : int or None
        If the form has it [shares].
    cells : tuple of str
        The cleaned text of every column.
    """

    settle_date: date
    trade_type: str
    rule: TradeRule
    instrument: str
    name: str
    price: Decimal
    shares: int
    gross_fen: int | None
    net_fen: int | None
    fee_fen: int | None
    cash_balance_fen: int | None
    position_balance: int | None
    cells: tuple[str, ...]


@dataclass(slots=True)
class LineMaker:
    """Makes the lines of one file, in file order, and numbers those of equal content.

    Attributes
    ----------
    source_name, source_sha256, sheet : str
        Where the lines stand.
    words : ColumnWords
        Names of the columns.
    """

    source_name: str
    source_sha256: str
    sheet: str
    words: ColumnWords
    _seen: Counter[str] = field(default_factory=Counter)

    def line(self, row: GridRow, facts: Facts) -> BrokerLine:
        """Return the line of a row.

        Parameters
        ----------
        row : GridRow
            Where it stands.
        facts : Facts
            What it says.

        Returns
        -------
        BrokerLine
            Checked.

        Raises
        ------
        BrokerFileError
            If it contradicts itself or lacks what its effect needs.
        """
        net = facts.net_fen
        if net is None:
            raise row.refusal(
                "A line does not say what it does to the cash.",
                expected=self.words.net,
                found="empty",
            )
        gross = _checked_gross(row, facts, net=net, words=self.words)
        digest = content_digest(
            facts.settle_date,
            facts.instrument,
            facts.trade_type,
            # Plain notation without trailing zeros, so that 10.20 and 10.2 are one price.
            format(facts.price.normalize(), "f"),
            facts.shares,
            net,
        )
        self._seen[digest] += 1
        return BrokerLine(
            key=LineKey(self.source_sha256, self.sheet, row.number, self._seen[digest]),
            source_name=self.source_name,
            settle_date=facts.settle_date,
            trade_type=facts.trade_type,
            effect=facts.rule.effect,
            is_same_day=facts.rule.is_same_day,
            instrument=facts.instrument,
            name=facts.name,
            price=facts.price,
            shares=facts.shares,
            gross_fen=gross,
            net_cash_fen=net,
            fee_fen=facts.fee_fen,
            cash_balance_fen=facts.cash_balance_fen,
            position_balance=facts.position_balance,
            content_sha256=digest,
            cells=facts.cells,
        )


def cash_direction(effect: Effect) -> int:
    """Return which way the cash of an effect goes.

    Parameters
    ----------
    effect : Effect
        Any.

    Returns
    -------
    int
        1 into the account, -1 out of it, 0 where none moves.
    """
    return int(effect in _CASH_IN) - int(effect in _CASH_OUT)


def rule_of(trade_type: str, rules: Mapping[str, TradeRule], *, place: str, file: str) -> TradeRule:
    """Return the declared effect of a trade type.

    Parameters
    ----------
    trade_type : str
        The broker's word.
    rules : mapping of str to TradeRule
        What is declared.
    place : str
        ``file:row``.
    file : str
        Where a workspace declares one.

    Returns
    -------
    TradeRule
        Its effect.

    Raises
    ------
    UnknownTradeTypeError
        If none is declared.
    """
    rule = rules.get(trade_type)
    if rule is None:
        raise UnknownTradeTypeError(
            f"The trade type {trade_type!r} has no declared effect.",
            where=place,
            expected=f"one of {len(rules)} declared types",
            found=trade_type or "an empty cell",
            hint=(
                f"if you know what it does, declare it in {file} as "
                f"'types: {{{trade_type}: EFFECT}}' where EFFECT is one of "
                f"{', '.join(effect.value for effect in Effect)}"
            ),
        )
    return rule


def every_line(
    rows: Iterable[GridRow], make: Callable[[GridRow], BrokerLine]
) -> tuple[BrokerLine, ...]:
    """Return the lines of all rows, or everything that is wrong with them.

    Parameters
    ----------
    rows : iterable of GridRow
        In file order.
    make : callable
        From a row to its line.

    Returns
    -------
    tuple of BrokerLine
        In file order.

    Raises
    ------
    BrokerFileError
        If rows cannot be read; several are listed together.
    UnknownTradeTypeError
        If the only thing wrong is types without an effect.
    """
    lines: list[BrokerLine] = []
    unread: list[BrokerFileError] = []
    unknown: dict[str, UnknownTradeTypeError] = {}
    for row in rows:
        try:
            lines.append(make(row))
        except BrokerFileError as error:
            unread.append(error)
            if len(unread) == _MOST_PROBLEMS:
                break
        except UnknownTradeTypeError as error:
            unknown.setdefault(str(error.found), error)
    if len(unread) == 1 or (not unread and len(unknown) == 1):
        raise [*unread, *unknown.values()][0]
    if unread:
        shown = "\n".join(
            f"  - {error.where}: {error.what} Found: {error.found}"
            for error in unread[:_SHOWN_PROBLEMS]
        )
        is_more = len(unread) == _MOST_PROBLEMS
        count = f"{len(unread)} or more" if is_more else str(len(unread))
        raise BrokerFileError(
            f"{count} rows of the broker's file cannot be booked:\n{shown}",
            where=str(unread[0].where),
            expected=unread[0].expected,
            found=unread[0].found,
            hint="the details are of the first one; " + str(unread[0].hint),
        ) from unread[0]
    if unknown:
        first = next(iter(unknown.values()))
        raise UnknownTradeTypeError(
            f"The trade types {name_list(tuple(unknown), shown=20)} have no declared effect.",
            where=str(first.where),
            expected=first.expected,
            found=f"{len(unknown)} others",
            hint=first.hint,
        ) from first
    return tuple(lines)


def _checked_gross(row: GridRow, facts: Facts, *, net: int, words: ColumnWords) -> int:
    """Refuse a line that contradicts itself; return its amount before fees."""
    effect = facts.rule.effect
    if facts.shares < 0 or facts.price < 0:
        raise row.refusal(
            "A line has a negative price or number of shares.",
            expected=f"{words.price} and {words.shares} of 0 or more; the type says which way "
            "they go",
            found=f"{facts.price} and {facts.shares}",
        )
    if facts.shares > _LARGEST_SHARES:
        raise row.refusal(
            "A line has more shares than there are.",
            expected=f"{words.shares} of at most {_LARGEST_SHARES}",
            found=facts.shares,
        )
    _check_direction(row, effect, net, word=words.net)
    if effect in _SHARES_ONLY and facts.shares == 0:
        raise row.refusal(
            f"{_SHARES_ONLY[effect]} without shares.",
            expected=f"{words.shares} above 0",
            found=facts.shares,
        )
    if effect in _PRICED:
        return _trade_gross(row, facts, net=net, words=words)
    if effect in _LOANS:
        return _loan_gross(row, facts, net=net, words=words)
    if effect is Effect.SHARES_IN:
        return facts.gross_fen or round_fen(facts.price * facts.shares)
    return facts.gross_fen or 0


def _check_direction(row: GridRow, effect: Effect, net: int, *, word: str) -> None:
    if effect in _CASH_IN:
        is_wrong, expected = net < 0, f"{word} of 0 or more"
    elif effect in _CASH_OUT:
        is_wrong, expected = net > 0, f"{word} of 0 or less"
    else:
        is_wrong, expected = effect in _NO_CASH and net != 0, f"{word} of 0"
    if is_wrong:
        raise row.refusal(
            f"The cash of a line goes the wrong way for its effect {effect.value!r}.",
            expected=expected,
            found=f"{word} {net} fen",
        )


def _trade_gross(row: GridRow, facts: Facts, *, net: int, words: ColumnWords) -> int:
    is_sale = facts.rule.effect is Effect.SELL
    gross = facts.gross_fen
    if facts.rule.is_hk_connect:
        fee = facts.fee_fen or 0
        gross = net + fee if is_sale else -net - fee
    elif gross is None:
        gross = _derived_gross(facts, net=net, is_sale=is_sale)
    if facts.price <= 0 or facts.shares <= 0 or gross <= 0:
        raise row.refusal(
            "A trade without price, shares or amount.",
            expected=f"{words.price}, {words.shares} and {words.gross} above 0",
            found=f"{facts.price}, {facts.shares} and {gross} fen",
        )
    _check_fee(row, gross - net if is_sale else -net - gross, gross=gross, words=words)
    if not facts.rule.is_hk_connect:
        notional = facts.price * facts.shares
        if abs(notional - Decimal(gross).scaleb(-2)) > _rounding_of(facts):
            raise row.refusal(
                "The amount of a trade is not its price times its shares.",
                expected=f"{words.gross} near {notional}",
                found=Decimal(gross).scaleb(-2),
            )
    return gross


def _derived_gross(facts: Facts, *, net: int, is_sale: bool) -> int:
    """Return price times shares, within its rounding such that no fee is negative."""
    gross = round_fen(facts.price * facts.shares)
    limit = net if is_sale else -net
    excess = limit - gross if is_sale else gross - limit
    if 0 < excess <= _rounding_of(facts) * 100:
        return limit
    return gross


def _rounding_of(facts: Facts) -> Decimal:
    # An average price is rounded to its last decimal, so the amount may differ by that much a
    # share.
    exponent = facts.price.as_tuple().exponent
    decimals = max(_PRICE_DECIMALS, -exponent if isinstance(exponent, int) else 0)
    return facts.shares * Decimal(1).scaleb(-decimals) + Decimal("0.01")


def _loan_gross(row: GridRow, facts: Facts, *, net: int, words: ColumnWords) -> int:
    is_return = facts.rule.effect is Effect.REPO_RETURN
    gross = abs(net) if facts.gross_fen is None else facts.gross_fen
    if facts.shares <= 0 or gross <= 0 or net == 0:
        raise row.refusal(
            "A loan without units or amount.",
            expected=f"{words.shares}, {words.gross} and {words.net} that are not 0",
            found=f"{facts.shares}, {gross} fen and {net} fen",
        )
    # The amount of a return may or may not count the interest already.
    _check_fee(row, abs(gross - net) if is_return else -net - gross, gross=gross, words=words)
    return gross


def _check_fee(row: GridRow, fee: int, *, gross: int, words: ColumnWords) -> None:
    if fee < 0:
        raise row.refusal(
            "A trade has a negative fee.",
            expected=f"{words.gross} and {words.net} that leave a fee of 0 or more",
            found=f"{fee} fen",
        )
    if fee > gross // _LARGEST_FEE_PART + _LARGEST_SMALL_FEE_FEN:
        raise row.refusal(
            "A trade has a fee that no schedule has.",
            expected=f"{words.gross} and {words.net} that leave a fee below a tenth of the amount",
            found=f"{fee} fen on {gross} fen",
        )
