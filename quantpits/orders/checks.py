"""The last look before orders are written: every line would be accepted and can be paid.

This is a second opinion. It uses the dated tables of the rule book and Python's whole numbers, and
none of the kernels that made the orders. A breach is a bug or a book that cannot be, and stops the
step: nothing is written, nothing is to be traded.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from quantpits.errors import OrderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantpits.orders.plan import OrderInputs, OrderPlan
    from quantpits.orders.planned import PlannedOrder
    from quantpits.trading import FeeSchedule

__all__ = ["ORDER_CHECKS", "check_orders", "order_breaches"]

_RATE_UNIT = 100_000_000


def check_orders(inputs: OrderInputs, plan: OrderPlan) -> None:
    """Refuse orders that break an invariant.

    Parameters
    ----------
    inputs : OrderInputs
        What was known.
    plan : OrderPlan
        The orders.

    Raises
    ------
    OrderError
        If any order is not whole lots, not tradable, larger than the position, not payable, or an
        instrument is ordered twice.
    """
    breaches = order_breaches(inputs, plan.orders)
    if breaches:
        raise OrderError(
            f"The orders break {len(breaches)} invariants: do not trade.",
            where="; ".join(breaches[:5]),
            hint="nothing was written; please report this with the files of the workspace",
        )


def order_breaches(inputs: OrderInputs, orders: Sequence[PlannedOrder]) -> tuple[str, ...]:
    """Return what is wrong with the orders, in words; nothing for orders that are right.

    Parameters
    ----------
    inputs : OrderInputs
        What was known.
    orders : sequence of PlannedOrder
        The orders.

    Returns
    -------
    tuple of str
        One line per breach.
    """
    return tuple(breach for check in ORDER_CHECKS for breach in check(inputs, orders))


def _known(inputs: OrderInputs, orders: Sequence[PlannedOrder]) -> Iterator[str]:
    counts = Counter(order.instrument for order in orders)
    yield from (f"{name} is ordered {count} times" for name, count in counts.items() if count > 1)
    for order in orders:
        if _close_fen(inputs, order) <= 0:
            yield f"{order.instrument} does not trade"
        if order.shares <= 0:
            yield f"{order.instrument}: {order.shares} shares"


def _lots(inputs: OrderInputs, orders: Sequence[PlannedOrder]) -> Iterator[str]:
    for order in orders:
        rule = inputs.rules.lot_rule(order.instrument, inputs.trade_date)
        is_whole = (
            order.shares >= rule.minimum_shares
            and (order.shares - rule.minimum_shares) % rule.step_shares == 0
        )
        if order.side == "buy" and not is_whole:
            yield f"{order.instrument}: {order.shares} shares are not whole lots"


def _positions(inputs: OrderInputs, orders: Sequence[PlannedOrder]) -> Iterator[str]:
    for order in orders:
        held = int(inputs.held_shares[inputs.instruments.index(order.instrument)])
        if order.side == "sell" and order.shares != held:
            yield f"{order.instrument}: {order.shares} shares sold of {held}"
        if order.side == "buy" and held:
            yield f"{order.instrument} is bought and already held"


def _prices(inputs: OrderInputs, orders: Sequence[PlannedOrder]) -> Iterator[str]:
    for order in orders:
        close = _close_fen(inputs, order)
        at = inputs.instruments.index(order.instrument)
        limits = inputs.rules.price_limits(
            order.instrument,
            inputs.trade_date,
            reference_fen=close,
            is_st=inputs.is_st is not None and bool(inputs.is_st[at]),
            sessions_listed=(
                None if inputs.sessions_listed is None else int(inputs.sessions_listed[at])
            ),
        )
        limit = limits.up_fen if order.side == "buy" else limits.down_fen
        is_wrong_way = order.limit_price_fen < close
        if order.side == "sell":
            is_wrong_way = order.limit_price_fen > close
        if is_wrong_way or (limit is not None and order.limit_price_fen != limit):
            yield f"{order.instrument}: limit price {order.limit_price_fen} fen, close {close} fen"


def _cash(inputs: OrderInputs, orders: Sequence[PlannedOrder]) -> Iterator[str]:
    funds = inputs.cash_fen + inputs.deposits_fen
    cost = 0
    for order in orders:
        schedule = inputs.rules.fee_schedule(order.instrument, inputs.trade_date)
        notional = order.shares * order.limit_price_fen
        fee = _fee_fen(notional, schedule, is_sale=order.side == "sell")
        amount = notional - fee if order.side == "sell" else notional + fee
        if amount != order.amount_fen:
            yield f"{order.instrument}: amount {order.amount_fen} fen, reckoned {amount} fen"
        if order.side == "sell":
            funds += amount
        elif order.role == "primary":
            cost += amount
    if cost > max(funds, 0):
        yield f"the purchases cost {cost} fen of {funds} fen"


def _book_size(inputs: OrderInputs, orders: Sequence[PlannedOrder]) -> Iterator[str]:
    n_held = int((inputs.held_shares > 0).sum())
    n_sold = sum(order.side == "sell" for order in orders)
    n_bought = sum(order.side == "buy" and order.role == "primary" for order in orders)
    rule = inputs.decision_rule
    n_after = n_held - n_sold + n_bought
    if rule.is_corrected and n_bought and n_after > rule.topk:
        yield f"{n_after} positions afterwards, TopK is {rule.topk}"


ORDER_CHECKS: tuple[Callable[[OrderInputs, Sequence[PlannedOrder]], Iterator[str]], ...] = (
    _known,
    _lots,
    _positions,
    _prices,
    _cash,
    _book_size,
)
"""Every check, in the order in which breaches are told."""


def _close_fen(inputs: OrderInputs, order: PlannedOrder) -> int:
    return int(inputs.close_fen[inputs.instruments.index(order.instrument)])


def _fee_fen(notional_fen: int, schedule: FeeSchedule, *, is_sale: bool) -> int:
    if notional_fen == 0:
        return 0
    commission = schedule.sell_commission_e8 if is_sale else schedule.buy_commission_e8
    fee = max(schedule.minimum_commission_fen, _half_up(notional_fen * commission))
    fee += _half_up(notional_fen * schedule.transfer_e8)
    return fee + (_half_up(notional_fen * schedule.stamp_duty_e8) if is_sale else 0)


def _half_up(product: int) -> int:
    return (2 * product + _RATE_UNIT) // (2 * _RATE_UNIT)
