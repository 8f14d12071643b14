"""One session on paper: what orders and corporate actions do to a book, as settlement lines.

Pure: values in, values out. The filling itself is `quantpits.trading.fill_session`, which the
simulator shares.

Conventions: entitlements count what was held before the session. A dividend's cash is there before
the session trades; bonus shares are booked after it, so they cannot be sold on the day they arrive.
Deposits of the session are in the cash before its first line. A fraction of a bonus share is
dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from quantpits.routine.gtja_export import SettlementLine
from quantpits.trading import Fill, Order, SessionMarket, cny_to_fen, fill_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CorporateAction", "PaperBook", "SettledSession", "settle_session"]

# What a data file says per share has passed through 32-bit floats; published terms have fewer
# decimals.
_TERM_DECIMALS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class PaperBook:
    """Cash and shares of the paper account.

    Attributes
    ----------
    cash_fen : int
        Cash [fen].
    shares : mapping of str to int
        Positions, all positive [shares].
    """

    cash_fen: int
    shares: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """What one share of an instrument receives on its ex-date.

    Attributes
    ----------
    dividend_cny : float
        Cash per share [CNY], 0 for none.
    bonus : float
        New shares per old share, 0 for none.
    """

    dividend_cny: float = 0.0
    bonus: float = 0.0


@dataclass(frozen=True, slots=True)
class SettledSession:
    """One session's settlement.

    Attributes
    ----------
    lines : tuple of SettlementLine
        In the order of the file: dividends, bonus shares, sales, purchases.
    book : PaperBook
        After the session.
    fills : tuple of Fill
        What became of every order, also of those that were not filled.
    """

    lines: tuple[SettlementLine, ...]
    book: PaperBook
    fills: tuple[Fill, ...]


def settle_session(
    book: PaperBook,
    orders: Sequence[Order],
    *,
    market: SessionMarket | None,
    actions: Mapping[str, CorporateAction],
    names: Mapping[str, str],
    max_positions: int | None = None,
) -> SettledSession:
    """Settle one session.

    Parameters
    ----------
    book : PaperBook
        Before the session, its deposits included.
    orders : sequence of Order
        The orders of the session.
    market : SessionMarket or None
        Prices and rules of the ordered instruments; None if nothing is ordered.
    actions : mapping of str to CorporateAction
        Corporate actions of the session, by instrument.
    names : mapping of str to str
        Display names.
    max_positions : int, optional
        Most positions to hold afterwards.

    Returns
    -------
    SettledSession
        Lines, book and fills.

    Raises
    ------
    OrderError
        If an order is not payable: no whole lots, more than is held, or an instrument twice.
    ShapeError
        If the prices do not fit the instruments.
    """
    lines: list[SettlementLine] = []
    cash_fen = book.cash_fen
    shares = dict(book.shares)
    received: dict[str, int] = {}
    for instrument in sorted(set(shares) & set(actions)):
        for line in _action_lines(instrument, shares[instrument], action=actions[instrument]):
            cash_fen += line.cash_effect_fen
            lines.append(_named(line, names, cash_fen))
            if line.event == "bonus":
                received[instrument] = line.shares
    fills: tuple[Fill, ...] = ()
    if market is not None:
        fills = fill_session(
            orders, market, cash_fen=cash_fen, held_shares=shares, max_positions=max_positions
        ).fills
    for fill in fills:
        if fill.shares:
            cash_fen += fill.net_fen
            instrument = fill.order.instrument
            sign = 1 if fill.order.side == "buy" else -1
            shares[instrument] = shares.get(instrument, 0) + sign * fill.shares
            lines.append(_named(_fill_line(fill), names, cash_fen))
    for instrument, count in received.items():
        shares[instrument] += count
    held = {instrument: count for instrument, count in sorted(shares.items()) if count}
    return SettledSession(tuple(lines), PaperBook(cash_fen, held), fills)


def _action_lines(
    instrument: str, held_shares: int, *, action: CorporateAction
) -> list[SettlementLine]:
    lines = []
    dividend = Decimal(str(action.dividend_cny)).quantize(_TERM_DECIMALS)
    cash_fen = cny_to_fen(dividend * held_shares)
    if cash_fen:
        line = SettlementLine(
            instrument=instrument,
            name="",
            event="dividend",
            price_cny=float(dividend),
            shares=held_shares,
            notional_fen=cash_fen,
            cash_effect_fen=cash_fen,
            cash_after_fen=0,
        )
        lines.append(line)
    bonus = Decimal(str(action.bonus)).quantize(_TERM_DECIMALS)
    new_shares = int((bonus * held_shares).to_integral_value(rounding=ROUND_DOWN))
    if new_shares:
        line = SettlementLine(
            instrument=instrument,
            name="",
            event="bonus",
            price_cny=0.0,
            shares=new_shares,
            notional_fen=0,
            cash_effect_fen=0,
            cash_after_fen=0,
        )
        lines.append(line)
    return lines


def _fill_line(fill: Fill) -> SettlementLine:
    return SettlementLine(
        instrument=fill.order.instrument,
        name="",
        event=fill.order.side,
        price_cny=fill.price_fen / 100,
        shares=fill.shares,
        notional_fen=fill.notional_fen,
        cash_effect_fen=fill.net_fen,
        cash_after_fen=0,
        commission_fen=fill.fees.commission_fen,
        stamp_duty_fen=fill.fees.stamp_duty_fen,
        transfer_fee_fen=fill.fees.transfer_fen,
    )


def _named(line: SettlementLine, names: Mapping[str, str], cash_after_fen: int) -> SettlementLine:
    name = names.get(line.instrument, line.instrument)
    return replace(line, name=name, cash_after_fen=cash_after_fen)
