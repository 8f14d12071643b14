"""Slippage of the paper broker at work: what trading costs beyond the price, and how much trades.

Pure: values in, values out. A purchase trades above the session's price and a sale below it, by
half the spread and by an impact that grows with the square root of the order's share of the
session's volume; at most a given share of the volume trades, in whole lots. Prices are moved away
from the account to the next tick, and stop one tick before a limit: whether a limit is reached is
the market's doing, not this model's.

Without slippage every order trades at the market's own price, which is when live equals backtest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantpits.trading import Fill, Order, SessionMarket, is_whole_lots_sale
from quantpits.trading.fees import Fees
from quantpits.trading.lots import floor_to_lots_nb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.market import FloatArray
    from quantpits.routine.slippage import Slippage
    from quantpits.trading import SessionRules
    from quantpits.trading.kernels import IntArray

__all__ = ["Slipped", "slip"]

_BPS = 10_000.0
_NO_FEES = Fees(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Slipped:
    """What is filled in the place of the orders.

    Attributes
    ----------
    orders : tuple of Order
        The orders, some of them smaller; what cannot trade a single lot is left out.
    market : SessionMarket
        The session with the prices that these orders trade at.
    wanted : mapping of str to Order
        Every order as it was, by instrument.
    """

    orders: tuple[Order, ...]
    market: SessionMarket
    wanted: Mapping[str, Order]

    def restored(self, fills: Sequence[Fill]) -> tuple[Fill, ...]:
        """Return the fills of the orders as they were: smaller ones are ``reduced``.

        Parameters
        ----------
        fills : sequence of Fill
            Of `orders`.

        Returns
        -------
        tuple of Fill
            One for each order that was wanted; those left out come last.
        """
        restored = []
        for fill in fills:
            order = self.wanted[fill.order.instrument]
            is_less = fill.reason == "filled" and fill.shares < order.shares
            reason = "reduced" if is_less else fill.reason
            restored.append(replace(fill, order=order, reason=reason))
        kept = {order.instrument for order in self.orders}
        left_out = [order for name, order in self.wanted.items() if name not in kept]
        return (*restored, *(Fill(order, 0, 0, _NO_FEES, "reduced") for order in left_out))


def slip(
    orders: Sequence[Order],
    market: SessionMarket,
    *,
    held_shares: Mapping[str, int],
    slippage: Slippage,
    volume: FloatArray | None,
) -> Slipped:
    """Return what is filled in the place of some orders.

    Parameters
    ----------
    orders : sequence of Order
        The orders of a session, one for each instrument.
    market : SessionMarket
        The session's own prices.
    held_shares : mapping of str to int
        The book before the session [shares].
    slippage : Slippage
        The model.
    volume : float64 [N] or None
        Traded shares of the instruments of `market`; where it is NaN nothing bounds an order and
        its impact is nothing [shares].

    Returns
    -------
    Slipped
        The same orders and market where there is no slippage.
    """
    wanted = {order.instrument: order for order in orders}
    if slippage.is_none or volume is None:
        return Slipped(tuple(orders), market, wanted)
    column_of = {name: column for column, name in enumerate(market.instruments)}
    price_fen = market.price_fen.copy()
    kept = []
    for order in orders:
        column = column_of[order.instrument]
        traded = float(volume[column])
        shares = order.shares
        if math.isfinite(traded):
            most = int(traded * slippage.max_volume_share)
            held = held_shares.get(order.instrument, 0)
            shares = _within(order, most, held=held, rules=market.rules, column=column)
        if shares == 0 and price_fen[column] > 0:
            continue
        kept.append(replace(order, shares=shares or order.shares))
        share = shares / traded if math.isfinite(traded) and traded > 0 else 0.0
        bps = slippage.half_spread_bps + slippage.impact_bps * math.sqrt(min(share, 1.0))
        price_fen[column] = _moved(price_fen, market.rules, order, column=column, bps=bps)
    return Slipped(tuple(kept), replace(market, price_fen=price_fen), wanted)


def _within(order: Order, most: int, *, held: int, rules: SessionRules, column: int) -> int:
    """Return how much of an order is within a number of shares, in whole lots."""
    if order.shares <= most:
        return order.shares
    minimum, step = int(rules.minimum_shares[column]), int(rules.step_shares[column])
    shares = int(floor_to_lots_nb(most, minimum, step))
    if order.side == "sell" and not is_whole_lots_sale(
        shares, held, minimum_shares=minimum, step_shares=step
    ):
        return 0
    return shares


def _moved(
    price_fen: IntArray, rules: SessionRules, order: Order, *, column: int, bps: float
) -> int:
    """Return the price that an order trades at: away from the account, short of a limit."""
    price = int(price_fen[column])
    down, up = int(rules.limit_down_fen[column]), int(rules.limit_up_fen[column])
    if price <= 0:
        return price
    # The product is rounded to a thousandth of a fen first: 10.00 x 10 bp is one fen, not two.
    move = math.ceil(round(price * bps / _BPS, 3))
    if order.side == "buy":
        is_open = up == 0 or price < up
        highest = up - 1 if up > 0 else price + move
        return max(price, min(price + move, highest)) if is_open else price
    return min(price, max(price - move, down + 1, 1)) if price > down else price
