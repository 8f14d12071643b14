"""One session on paper: what orders and corporate actions do to a book, as settlement lines.

Pure: values in, values out. The filling itself is `quantpits.trading.fill_session`, which the
simulator shares.

Conventions, which are the simulator's: entitlements count what was held before the session. A
dividend's cash is there before the session trades; bonus shares are booked after it, so they cannot
be sold on the day they arrive; a consolidation comes first of all, and an order to sell what it
took away is an order to sell what is left. Deposits of the session are in the cash before its first
line. A fraction of a bonus share is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantpits.routine.gtja_export import SettlementLine
from quantpits.routine.slippage import NO_SLIPPAGE, Slippage
from quantpits.routine.slippage_filling import slip
from quantpits.trading import Fill, Order, SessionMarket, fill_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.market import FloatArray
    from quantpits.routine.gtja_export import SettlementEvent

__all__ = ["CorporateAction", "PaperBook", "SettledSession", "settle_session"]

_E6 = 1_000_000
_E6_A_FEN = 10_000  # a fen is 1e-2 CNY, terms are 1e-6 CNY


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
    dividend_e6 : int
        Cash per share [1e-6 CNY], 0 for none.
    bonus_e6 : int
        New shares per old share [1e-6], 0 for none; below zero where shares are consolidated.
    """

    dividend_e6: int = 0
    bonus_e6: int = 0

    def cash_fen(self, shares: int) -> int:
        """Return the cash that a holding receives, rounded half up [fen]."""
        return (shares * self.dividend_e6 + _E6_A_FEN // 2) // _E6_A_FEN

    def new_shares(self, shares: int) -> int:
        """Return the shares that a holding receives, below zero for those it loses [shares]."""
        return shares * self.bonus_e6 // _E6


@dataclass(frozen=True, slots=True)
class SettledSession:
    """One session's settlement.

    Attributes
    ----------
    lines : tuple of SettlementLine
        In the order of the file: dividends, bonus shares and consolidations, sales, purchases.
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
    max_positions: int | None = None,
    slippage: tuple[Slippage, FloatArray] | None = None,
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
    max_positions : int, optional
        Most positions to hold afterwards.
    slippage : (Slippage, float64 [N]), optional
        How trading moves prices, and the traded shares of the instruments of `market` [shares]; by
        default every order trades at the market's price.

    Returns
    -------
    SettledSession
        Lines, book and fills; the lines have no display names.

    Raises
    ------
    OrderError
        If an order is not payable: no whole lots, more than is held, or an instrument twice.
    ShapeError
        If the prices do not fit the instruments.
    """
    received, lines = _entitlements(book, actions)
    cash_fen = book.cash_fen + sum(line.cash_effect_fen for line in lines)
    shares = {name: count + min(received.get(name, 0), 0) for name, count in book.shares.items()}
    fills: tuple[Fill, ...] = ()
    if market is not None:
        payable = _payable(orders, before=book.shares, after=shares)
        model, volume = slippage or (NO_SLIPPAGE, None)
        slipped = slip(payable, market, held_shares=shares, slippage=model, volume=volume)
        fills = fill_session(
            slipped.orders,
            slipped.market,
            cash_fen=cash_fen,
            held_shares=shares,
            max_positions=max_positions,
        ).fills
        fills = slipped.restored(fills)
    for fill in fills:
        if fill.shares:
            instrument = fill.order.instrument
            sign = 1 if fill.order.side == "buy" else -1
            shares[instrument] = shares.get(instrument, 0) + sign * fill.shares
            lines.append(_fill_line(fill))
    for instrument, count in received.items():
        shares[instrument] += max(count, 0)
    held = {instrument: count for instrument, count in sorted(shares.items()) if count}
    numbered = _with_balances(lines, book.cash_fen)
    cash_after = numbered[-1].cash_after_fen if numbered else book.cash_fen
    return SettledSession(numbered, PaperBook(cash_after, held), fills)


def _entitlements(
    book: PaperBook, actions: Mapping[str, CorporateAction]
) -> tuple[dict[str, int], list[SettlementLine]]:
    """Return the shares to come or to go by instrument, and the lines."""
    received: dict[str, int] = {}
    lines: list[SettlementLine] = []
    for instrument in sorted(set(book.shares) & set(actions)):
        action, held = actions[instrument], book.shares[instrument]
        cash, new = action.cash_fen(held), action.new_shares(held)
        if cash:
            price = action.dividend_e6 / _E6
            lines.append(_event_line(instrument, "dividend", shares=held, price=price, cash=cash))
        if new:
            event: SettlementEvent = "bonus" if new > 0 else "consolidation"
            lines.append(_event_line(instrument, event, shares=abs(new), price=0.0, cash=0))
            received[instrument] = new
    return received, lines


def _event_line(
    instrument: str, event: SettlementEvent, *, shares: int, price: float, cash: int
) -> SettlementLine:
    return SettlementLine(
        instrument=instrument,
        name="",
        event=event,
        price_cny=price,
        shares=shares,
        notional_fen=cash,
        cash_effect_fen=cash,
        cash_after_fen=0,
    )


def _payable(
    orders: Sequence[Order], *, before: Mapping[str, int], after: Mapping[str, int]
) -> list[Order]:
    """Return the orders as a consolidation leaves them: an order to sell all still sells all."""
    changed = []
    for order in orders:
        held = after.get(order.instrument, 0)
        is_short = order.side == "sell" and held < order.shares <= before.get(order.instrument, 0)
        if is_short and held == 0:
            continue
        changed.append(replace(order, shares=held) if is_short else order)
    return changed


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


def _with_balances(lines: Sequence[SettlementLine], cash_fen: int) -> tuple[SettlementLine, ...]:
    balanced = []
    for line in lines:
        cash_fen += line.cash_effect_fen
        balanced.append(replace(line, cash_after_fen=cash_fen))
    return tuple(balanced)
