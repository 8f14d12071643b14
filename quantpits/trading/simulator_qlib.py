# ruff: noqa: PLR0917 - kernels take no keyword-only arguments
"""The simulator in Qlib's timing: step by step what its executor, exchange and account do.

It equals ``TopkDropoutStrategy`` on ``SimulatorExecutor`` and ``Exchange`` of pyqlib 0.9.7 in
adjusted prices and shares, unrounded: sales at the step's price, `risk_degree` of the cash then
left spread over the purchases whether or not they can be done, lots by the adjustment factor, each
purchase clipped to the cash, and values at the step's last close. With ``is_corrected`` false the
decision repeats Qlib's too; see `quantpits.trading.dropout`.

This timing sizes orders at the price they trade at and so knows what nobody can know. It is for
parity; `quantpits.trading.simulator_session` is for choosing.

Not repeated: volume limits, market impact, tuples of prices or limits, random selection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantpits.trading.buffer import topk_buffer_nb
from quantpits.trading.dropout import topk_dropout_nb
from quantpits.trading.kernels import BoolArray, FloatArray, IntArray, kernel
from quantpits.trading.simulator_kernels import (
    has_score_nb,
    renew_names_nb,
    sort_ascending_nb,
    value_nb,
)

if TYPE_CHECKING:
    from quantpits.trading.selection import DecisionBuffers, DecisionRule

__all__ = [
    "QlibBook",
    "QlibPaths",
    "QlibTables",
    "QlibTerms",
    "lot_amount_nb",
    "simulate_qlib_nb",
]

_NOTHING = 1e-5  # what Qlib takes for no trade at all
_LOT_SLACK = 0.1  # what Qlib adds before it rounds down to lots


class QlibTables(NamedTuple):
    """The market of a backtest, one row a step; shared by every simulation on it.

    Attributes
    ----------
    price, factor : float64 [S, N]
        Adjusted price that is traded and its factor; NaN without trading.
    mark : float64 [S, N]
        Last adjusted close known at the end of the step; NaN before the first.
    can_buy, can_sell : bool [S, N]
        Whether the instrument trades and is not at the limit of that side.
    """

    price: FloatArray
    factor: FloatArray
    mark: FloatArray
    can_buy: BoolArray
    can_sell: BoolArray


class QlibTerms(NamedTuple):
    """The numbers of Qlib's exchange, strategy and account.

    Attributes
    ----------
    open_cost, close_cost : float
        Cost of a purchase and of a sale [fraction of the notional].
    min_cost : float
        Smallest cost of a trade [CNY].
    trade_unit : float
        Raw shares of a lot [shares], 0 for none.
    risk_degree : float
        Share of the cash that purchases may spend [fraction].
    hold_thresh : int
        Steps a position must have been held before its sale.
    is_buffer : bool
        Whether `topk_buffer` decides in the place of Qlib's rule.
    """

    open_cost: float
    close_cost: float
    min_cost: float
    trade_unit: float
    risk_degree: float
    hold_thresh: int
    is_buffer: bool


class QlibBook(NamedTuple):
    """The book of one simulation: written at every step, made once by the caller.

    Attributes
    ----------
    shares : float64 [N]
        Adjusted shares; read where `is_held`.
    since : int64 [N]
        Step of the purchase, below 0 for an opening position.
    is_held, is_free : bool [N]
        Which instruments are held; which may be sold now.
    names : int64 [N]
        The held instruments, filled from the front.
    work : DecisionBuffers
        Room for the decision; its ``held`` is `names`.
    """

    shares: FloatArray
    since: IntArray
    is_held: BoolArray
    is_free: BoolArray
    names: IntArray
    work: DecisionBuffers


class QlibPaths(NamedTuple):
    """What a simulation writes, one row a step.

    Attributes
    ----------
    nav, cash : float64 [S]
        Account value and cash at the end of the step [CNY].
    turnover, cost : float64 [S]
        Notional traded and cost paid in the step [CNY].
    n_held : int64 [S]
        Positions at the end of the step.
    shares : float64 [S, N] or [0, 0]
        Adjusted shares held at the end of the step; not written if it has no rows.
    """

    nav: FloatArray
    cash: FloatArray
    turnover: FloatArray
    cost: FloatArray
    n_held: IntArray
    shares: FloatArray


@kernel
def lot_amount_nb(amount: float, factor: float, trade_unit: float) -> float:
    """Return an adjusted number of shares rounded down to whole lots of raw shares.

    Equals ``(amount * factor + 0.1) // unit * unit / factor``, in that order of operations.

    Parameters
    ----------
    amount : float64
        Adjusted shares.
    factor : float64
        Adjustment factor, a positive number.
    trade_unit : float64
        Raw shares of a lot, a whole number; 0 for no rounding.

    Returns
    -------
    float64
        Adjusted shares.
    """
    if trade_unit == 0:
        return amount
    # ``//`` goes through a slow remainder. A number below a whole multiple of the lot is at least
    # one unit in the last place below it, and its quotient then never rounds up to the multiple.
    lots = np.floor((amount * factor + _LOT_SLACK) / trade_unit)
    return float(lots * trade_unit / factor)


@kernel
def affordable_amount_nb(price: float, cash: float, terms: QlibTerms) -> float:
    """Return the adjusted shares that the cash pays for, costs included, before lots.

    Parameters
    ----------
    price, cash : float64
        Adjusted price and cash [CNY].
    terms : QlibTerms
        Costs.

    Returns
    -------
    float64
        Adjusted shares, 0 if the cash does not even pay the smallest cost.
    """
    if cash < terms.min_cost:
        return 0.0
    if terms.open_cost == 0 or cash < terms.min_cost / terms.open_cost + terms.min_cost:
        return (cash - terms.min_cost) / price
    return cash / (1 + terms.open_cost) / price


@kernel
def buy_amount_nb(
    value: float, price: float, factor: float, cash: float, terms: QlibTerms
) -> float:
    """Return the adjusted shares that Qlib's strategy orders and its exchange then deals.

    Parameters
    ----------
    value : float64
        Budget of the purchase [CNY].
    price, factor : float64
        Adjusted price and factor of the step.
    cash : float64
        Cash when the order is dealt [CNY].
    terms : QlibTerms
        Costs and lots.

    Returns
    -------
    float64
        Adjusted shares, 0 for none.
    """
    amount = lot_amount_nb(value / price, factor, terms.trade_unit)
    notional = amount * price
    cost = max(notional * terms.open_cost, terms.min_cost)
    if cash < cost:
        return 0.0
    if cash < notional + cost:
        amount = min(affordable_amount_nb(price, cash, terms), amount)
    return lot_amount_nb(amount, factor, terms.trade_unit)


@kernel
def decide_step_nb(
    scores: FloatArray,
    can_buy: BoolArray,
    can_sell: BoolArray,
    rule: DecisionRule,
    terms: QlibTerms,
    book: QlibBook,
    n_held: int,
    step: int,
) -> tuple[int, int]:
    """Decide one step into ``book.work`` and return how many sales and purchases there are.

    Parameters
    ----------
    scores : float64 [N]
        Scores of the step before, NaN for none.
    can_buy, can_sell : bool [N]
        Tradability of the step.
    rule : DecisionRule
        Parameters of the decision.
    terms : QlibTerms
        `hold_thresh` and which rule decides.
    book : QlibBook
        ``work`` and ``is_free`` are written.
    n_held : int64
        Filled entries of ``book.names``.
    step : int64
        Which step it is.

    Returns
    -------
    n_sell, n_buy : int64
        Filled entries of ``work.sell`` and ``work.buy``.
    """
    free = can_sell
    if rule.is_corrected and terms.hold_thresh > 1:
        free = book.is_free
        for name in range(free.size):
            free[name] = can_sell[name]
        for place in range(n_held):
            name = book.names[place]
            if step - book.since[name] < terms.hold_thresh:
                free[name] = False
    if terms.is_buffer:
        counts = topk_buffer_nb(scores, book.is_held, can_buy, free, rule, book.work, n_held)
    else:
        counts = topk_dropout_nb(scores, book.is_held, can_buy, free, rule, book.work, n_held)
    return counts[1], counts[2]


@kernel
def sell_step_nb(
    n_sell: int,
    tables: QlibTables,
    step: int,
    terms: QlibTerms,
    book: QlibBook,
    cash: float,
) -> tuple[float, float, float]:
    """Sell whole positions as Qlib's exchange does; return cash, turnover and cost.

    Parameters
    ----------
    n_sell : int64
        Filled entries of ``work.sell``.
    tables : QlibTables
        The market.
    step : int64
        Row of the market.
    terms : QlibTerms
        Costs and `hold_thresh`.
    book : QlibBook
        ``is_held`` is cleared for what was sold.
    cash : float64
        Cash before [CNY].

    Returns
    -------
    cash, turnover, cost : float64
        Cash after, notional and cost [CNY]. A sale that cannot pay its cost is not done.
    """
    turnover, costs = 0.0, 0.0
    for place in range(n_sell):
        name = book.work.sell[place]
        is_young = step - book.since[name] < terms.hold_thresh
        if is_young or not tables.can_sell[step, name]:
            continue
        notional = book.shares[name] * tables.price[step, name]
        cost = max(notional * terms.close_cost, terms.min_cost)
        if cash + notional < cost or notional <= _NOTHING:
            continue
        book.is_held[name] = False
        cash += notional - cost
        turnover += notional
        costs += cost
    return cash, turnover, costs


@kernel
def buy_step_nb(
    n_buy: int,
    tables: QlibTables,
    step: int,
    terms: QlibTerms,
    book: QlibBook,
    cash: float,
) -> tuple[float, float, float]:
    """Buy as Qlib's strategy sizes and its exchange deals; return cash, turnover and cost.

    Parameters
    ----------
    n_buy : int64
        Filled entries of ``work.buy``; each has an equal share of the budget, done or not.
    tables : QlibTables
        The market.
    step : int64
        Row of the market.
    terms : QlibTerms
        Costs, lots and risk degree.
    book : QlibBook
        ``shares``, ``since`` and ``is_held`` are written.
    cash : float64
        Cash before [CNY].

    Returns
    -------
    cash, turnover, cost : float64
        Cash after, notional and cost [CNY].
    """
    turnover, costs = 0.0, 0.0
    value = cash * terms.risk_degree / max(n_buy, 1)
    for place in range(n_buy):
        name = book.work.buy[place]
        if not tables.can_buy[step, name]:
            continue
        price = tables.price[step, name]
        amount = buy_amount_nb(value, price, tables.factor[step, name], cash, terms)
        notional = amount * price
        if notional <= _NOTHING:
            continue
        cost = max(notional * terms.open_cost, terms.min_cost)
        # Qlib's account divides the notional by the price again.
        book.shares[name] = notional / price
        book.since[name] = step
        book.is_held[name] = True
        cash -= notional + cost
        turnover += notional
        costs += cost
    return cash, turnover, costs


@kernel
def simulate_qlib_nb(
    scores: FloatArray,
    tables: QlibTables,
    rule: DecisionRule,
    terms: QlibTerms,
    cash: float,
    book: QlibBook,
    paths: QlibPaths,
) -> float:
    """Run all steps and return the last account value.

    Parameters
    ----------
    scores : float64 [S, N]
        Scores that each step trades on, NaN for none; a step without any does not trade.
    tables : QlibTables
        The market.
    rule : DecisionRule
        Parameters of the decision.
    terms : QlibTerms
        Numbers of the exchange.
    cash : float64
        Cash before the first step [CNY].
    book : QlibBook
        The opening book; holds the closing book afterwards.
    paths : QlibPaths
        Written.

    Returns
    -------
    float64
        Account value after the last step [CNY].
    """
    n_held = 0
    for name in range(book.is_held.size):
        if book.is_held[name]:
            book.names[n_held] = name
            n_held += 1
    value = 0.0
    for step in range(scores.shape[0]):
        turnover, cost = 0.0, 0.0
        if has_score_nb(scores[step]):
            n_sell, n_buy = decide_step_nb(
                scores[step],
                tables.can_buy[step],
                tables.can_sell[step],
                rule,
                terms,
                book,
                n_held,
                step,
            )
            if not rule.is_corrected:
                # Qlib sells in the order of a Python set, which is random; here it is sorted. It
                # matters only where the cash cannot pay the smallest cost of a sale.
                sort_ascending_nb(book.work.sell, n_sell)
            cash, turnover, cost = sell_step_nb(n_sell, tables, step, terms, book, cash)
            cash, bought, buy_cost = buy_step_nb(n_buy, tables, step, terms, book, cash)
            turnover += bought
            cost += buy_cost
            n_held = renew_names_nb(book.is_held, book.names, book.work.buy, (n_held, n_buy))
        value = value_nb(book.shares, tables.mark[step], book.names, n_held)
        paths.nav[step] = value + cash
        paths.cash[step] = cash
        paths.turnover[step] = turnover
        paths.cost[step] = cost
        paths.n_held[step] = n_held
        if paths.shares.shape[0] > 0:
            paths.shares[step, :] = 0.0
            for place in range(n_held):
                paths.shares[step, book.names[place]] = book.shares[book.names[place]]
    return value + cash
