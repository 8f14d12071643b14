# ruff: noqa: PLR0917, FBT001 - kernels take no keyword-only arguments
"""Filling: what becomes of a session's orders at the session's price.

Sales first. Then the primary purchases by rank: each in full while the cash lasts, then reduced to
the whole lots it still pays for, then rejected. Alternates come last and only if asked for: they
take the places of primaries that could not be traded, in rank order. A purchase at the upper limit,
a sale at the lower one and anything without a price are rejected; limits are judged at the price
that is traded. Purchases of the session cannot be sold in it, since sales are checked against the
book before the session.

The simulator and the paper broker both fill here. Invariants: cash is never negative; cash changes
by exactly the notionals and fees of the fills; every fill is whole lots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import numpy as np

from quantpits.errors import OrderError, ShapeError
from quantpits.trading.fees import Fees, FeeSchedule, Side, trade_fees
from quantpits.trading.kernels import IntArray, kernel
from quantpits.trading.lots import is_whole_lots, is_whole_lots_sale
from quantpits.trading.sizing import affordable_shares_nb, purchase_cost_fen_nb, sale_net_fen_nb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.trading.rulebook import SessionRules

__all__ = [
    "FILL_REASONS",
    "Fill",
    "FillBuffers",
    "FillReason",
    "Order",
    "Role",
    "SessionFills",
    "SessionMarket",
    "fill_buys_nb",
    "fill_sales_nb",
    "fill_session",
]

Role: TypeAlias = Literal["primary", "alternate"]
FillReason: TypeAlias = Literal[
    "filled", "reduced", "suspended", "limit", "cash", "position_limit", "not_needed"
]
FILL_REASONS: Final[tuple[FillReason, ...]] = (
    "filled",
    "reduced",
    "suspended",
    "limit",
    "cash",
    "position_limit",
    "not_needed",
)
_FILLED, _REDUCED, _SUSPENDED, _LIMIT, _CASH, _POSITION_LIMIT, _NOT_NEEDED = range(7)


class FillBuffers(NamedTuple):
    """Orders of one side as kernels read them, and room for what became of them.

    Attributes
    ----------
    name, wanted : int64 [n]
        Index of the instrument and shares ordered.
    filled, reason : int64 [n]
        Written: shares traded, and the place in `FILL_REASONS`.
    """

    name: IntArray
    wanted: IntArray
    filled: IntArray
    reason: IntArray


@dataclass(frozen=True, slots=True)
class Order:
    """One wanted trade.

    Attributes
    ----------
    instrument : str
        What to trade.
    side : {"buy", "sell"}
        Which way.
    shares : int
        How many.
    role : {"primary", "alternate"}
        Alternates stand by and have no claim on the cash.
    rank : int
        Place of the instrument in the day's ranking, 1 for the best, 0 without a score.
    limit_price_fen : int
        The worst price the order was sized at [fen].
    """

    instrument: str
    side: Side
    shares: int
    role: Role = "primary"
    rank: int = 0
    limit_price_fen: int = 0


@dataclass(frozen=True, slots=True)
class Fill:
    """What became of one order.

    Attributes
    ----------
    order : Order
        The order.
    shares : int
        Shares traded, 0 if rejected.
    price_fen : int
        The session's price, 0 if there is none [fen].
    fees : Fees
        Items of the fee.
    reason : str
        ``filled``, ``reduced``, or why it was rejected.
    """

    order: Order
    shares: int
    price_fen: int
    fees: Fees
    reason: FillReason

    @property
    def notional_fen(self) -> int:
        """Shares times price [fen]."""
        return self.shares * self.price_fen

    @property
    def net_fen(self) -> int:
        """Change of the cash: below zero for a purchase [fen]."""
        sign = 1 if self.order.side == "sell" else -1
        return sign * self.notional_fen - self.fees.total_fen


@dataclass(frozen=True, slots=True)
class SessionMarket:
    """One session's prices and rules.

    Attributes
    ----------
    instruments : tuple of str [N]
        Which instruments the arrays are about.
    price_fen : int64 [N]
        The price that is traded [fen], 0 where the instrument does not trade.
    rules : SessionRules
        Limits, lots and fees of the session.
    """

    instruments: tuple[str, ...]
    price_fen: IntArray
    rules: SessionRules


@dataclass(frozen=True, slots=True)
class SessionFills:
    """A session's fills, in the order in which they happened, and the cash after them.

    Attributes
    ----------
    fills : tuple of Fill
        Sales, primary purchases by rank, alternates by rank.
    cash_fen : int
        Cash after the session [fen].
    """

    fills: tuple[Fill, ...]
    cash_fen: int


@kernel
def fill_sales_nb(
    orders: FillBuffers, n_orders: int, price_fen: IntArray, rules: SessionRules, cash_fen: int
) -> int:
    """Fill sales in their order and return the cash after them.

    Parameters
    ----------
    orders : FillBuffers
        ``filled`` and ``reason`` are written; ``wanted`` is within the book.
    n_orders : int64
        Number of sales.
    price_fen : int64 [N]
        The price that is traded [fen], 0 for none.
    rules : SessionRules
        Limits and fees of the session.
    cash_fen : int64
        Cash before [fen], not negative.

    Returns
    -------
    int64
        Cash after [fen], not negative: a sale whose fees the cash cannot pay is rejected.
    """
    for place in range(n_orders):
        name = orders.name[place]
        price = price_fen[name]
        orders.filled[place] = 0
        if price <= 0:
            orders.reason[place] = _SUSPENDED
            continue
        if price <= rules.limit_down_fen[name]:
            orders.reason[place] = _LIMIT
            continue
        net_fen = sale_net_fen_nb(orders.wanted[place], price, rules.rates[name])
        if cash_fen + net_fen < 0:
            orders.reason[place] = _CASH
            continue
        cash_fen += net_fen
        orders.filled[place] = orders.wanted[place]
        orders.reason[place] = _FILLED
    return cash_fen


@kernel
def fill_buys_nb(
    orders: FillBuffers,
    n_primaries: int,
    n_orders: int,
    price_fen: IntArray,
    rules: SessionRules,
    cash_fen: int,
    n_places: int,
    is_replacing: bool,
) -> int:
    """Fill purchases in their order and return the cash after them.

    Parameters
    ----------
    orders : FillBuffers
        Primaries by rank, then alternates by rank; ``filled`` and ``reason`` are written.
    n_primaries, n_orders : int64
        Number of primaries, and of all purchases.
    price_fen : int64 [N]
        The price that is traded [fen], 0 for none.
    rules : SessionRules
        Limits, lots and fees of the session.
    cash_fen : int64
        Cash before [fen], not negative.
    n_places : int64
        New positions there is room for.
    is_replacing : bool
        Whether alternates take the places of untradable primaries.

    Returns
    -------
    int64
        Cash after [fen], not negative.
    """
    n_open = 0
    for place in range(n_orders):
        is_primary = place < n_primaries
        name = orders.name[place]
        price = price_fen[name]
        orders.filled[place] = 0
        if not is_primary and (n_open == 0 or not is_replacing):
            orders.reason[place] = _NOT_NEEDED
            continue
        is_limited = rules.limit_up_fen[name] > 0 and price >= rules.limit_up_fen[name]
        if price <= 0 or is_limited:
            orders.reason[place] = _LIMIT if is_limited else _SUSPENDED
            n_open += is_primary
            continue
        if n_places <= 0:
            orders.reason[place] = _POSITION_LIMIT
            continue
        shares = min(
            orders.wanted[place],
            affordable_shares_nb(
                cash_fen,
                price,
                rules.minimum_shares[name],
                rules.step_shares[name],
                rules.rates[name],
            ),
        )
        if shares == 0:
            orders.reason[place] = _CASH
            continue
        cash_fen -= purchase_cost_fen_nb(shares, price, rules.rates[name])
        n_places -= 1
        n_open -= not is_primary
        orders.filled[place] = shares
        orders.reason[place] = _FILLED if shares == orders.wanted[place] else _REDUCED
    return cash_fen


def fill_session(
    orders: Sequence[Order],
    market: SessionMarket,
    *,
    cash_fen: int,
    held_shares: Mapping[str, int],
    max_positions: int | None = None,
    is_replacing: bool = False,
) -> SessionFills:
    """Fill a session's orders.

    Parameters
    ----------
    orders : sequence of Order
        Any order; they are filled sales first, then primaries and alternates by rank.
    market : SessionMarket
        The session's prices and rules.
    cash_fen : int
        Cash before the session, deposits included [fen].
    held_shares : mapping of str to int
        The book before the session [shares]; only these can be sold.
    max_positions : int, optional
        Most positions to hold afterwards; a purchase beyond it is rejected. No bound by default.
    is_replacing : bool
        Whether alternates take the places of primaries that could not be traded.

    Returns
    -------
    SessionFills
        One fill for each order, and the cash after the session.

    Raises
    ------
    OrderError
        If the cash is negative, an order is for an instrument without rules, is not whole lots,
        sells more than is held, or an instrument is ordered twice.
    ShapeError
        If the prices do not fit the instruments.

    Notes
    -----
    Source: decision 26. A corporate action of the session is not an order: apply it to the book
    before or after.

    Examples
    --------
    >>> from datetime import date
    >>> from quantpits.trading.regions import CN_RULES
    >>> rules = CN_RULES.session_rules(
    ...     ["SH600000"], date(2024, 1, 2), reference_fen=np.array([1_000])
    ... )
    >>> market = SessionMarket(("SH600000",), np.array([1_010]), rules)
    >>> fills = fill_session(
    ...     [Order("SH600000", "buy", 200, rank=1)], market, cash_fen=250_000, held_shares={}
    ... )
    >>> fills.fills[0].reason, fills.fills[0].net_fen, fills.cash_fen
    ('filled', -202502, 47498)
    """
    index = {name: place for place, name in enumerate(market.instruments)}
    _check_session(orders, market, cash_fen=cash_fen, held_shares=held_shares)
    sales = [order for order in orders if order.side == "sell"]
    buys = sorted(
        (order for order in orders if order.side == "buy"),
        key=lambda order: (order.role == "alternate", order.rank, order.instrument),
    )
    sale_fills, buy_fills = _buffers(sales, index), _buffers(buys, index)
    cash = fill_sales_nb(sale_fills, len(sales), market.price_fen, market.rules, cash_fen)
    n_held = sum(shares > 0 for shares in held_shares.values())
    n_gone = sum(
        int(filled) == held_shares[order.instrument]
        for order, filled in zip(sales, sale_fills.filled, strict=True)
    )
    n_places = len(buys) if max_positions is None else max_positions - n_held + n_gone
    n_primaries = sum(order.role == "primary" for order in buys)
    cash = fill_buys_nb(
        buy_fills,
        n_primaries,
        len(buys),
        market.price_fen,
        market.rules,
        cash,
        n_places,
        is_replacing,
    )
    fills = _fills(sales, sale_fills, market) + _fills(buys, buy_fills, market)
    return SessionFills(fills=fills, cash_fen=int(cash))


def _buffers(orders: Sequence[Order], index: Mapping[str, int]) -> FillBuffers:
    name = np.array([index[order.instrument] for order in orders], dtype=np.int64)
    wanted = np.array([order.shares for order in orders], dtype=np.int64)
    return FillBuffers(name, wanted, np.zeros_like(name), np.zeros_like(name))


def _fills(
    orders: Sequence[Order], buffers: FillBuffers, market: SessionMarket
) -> tuple[Fill, ...]:
    fills = []
    for place, order in enumerate(orders):
        name = int(buffers.name[place])
        shares = int(buffers.filled[place])
        price_fen = int(market.price_fen[name])
        schedule = FeeSchedule(*(int(rate) for rate in market.rules.rates[name]))
        fills.append(
            Fill(
                order=order,
                shares=shares,
                price_fen=price_fen,
                fees=trade_fees(shares * price_fen, order.side, schedule=schedule),
                reason=FILL_REASONS[int(buffers.reason[place])],
            )
        )
    return tuple(fills)


def _check_session(
    orders: Sequence[Order],
    market: SessionMarket,
    *,
    cash_fen: int,
    held_shares: Mapping[str, int],
) -> None:
    count = len(market.instruments)
    if market.price_fen.shape != (count,) or market.rules.rates.shape[0] != count:
        raise ShapeError(
            "The session's arrays do not fit its instruments.",
            expected=(count,),
            found=(market.price_fen.shape, market.rules.rates.shape),
        )
    if cash_fen < 0:
        raise OrderError("The cash before the session is negative.", found=f"{cash_fen} fen")
    index = {name: place for place, name in enumerate(market.instruments)}
    seen: set[str] = set()
    for order in orders:
        if order.instrument not in index or order.instrument in seen:
            raise OrderError(
                "An order is for an instrument without rules, or the second one for it.",
                where=order.instrument,
                found=order,
            )
        seen.add(order.instrument)
        held = held_shares.get(order.instrument, 0)
        if order.side == "sell" and order.shares > held:
            raise OrderError(
                "A sale is larger than the position.",
                where=order.instrument,
                expected=f"at most {held} shares",
                found=order.shares,
            )
        _check_lots(order, held, market.rules, index[order.instrument])


def _check_lots(order: Order, held_shares: int, rules: SessionRules, name: int) -> None:
    minimum, step = int(rules.minimum_shares[name]), int(rules.step_shares[name])
    if order.side == "buy":
        is_whole = is_whole_lots(order.shares, minimum_shares=minimum, step_shares=step)
    else:
        is_whole = is_whole_lots_sale(
            order.shares, held_shares, minimum_shares=minimum, step_shares=step
        )
    if not is_whole:
        raise OrderError(
            "An order is not whole lots.",
            where=order.instrument,
            expected=f"at least {minimum} shares in steps of {step}",
            found=order.shares,
        )
