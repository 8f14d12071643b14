# ruff: noqa: PLR0917, FBT001 - kernels take no keyword-only arguments
"""Order sizing before the session: whole lots that are payable whatever the session brings.

The share count is fixed after the close of the signal day. Sales are reckoned at the lowest price
the session allows, net of fees; purchases at the highest, fees included. With funds = cash +
deposits due + those proceeds, each of n purchases may cost ``floor(funds * risk_degree) // n``, and
gets the largest whole lots within it.

A name of which not even the smallest lot fits is left out, and its budget goes to the others: the
dearest smallest lot first, among equal ones the lower rank, until all that remain fit. That order
keeps the most names.

Invariant: the purchases together, fees included, never exceed the funds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ShapeError
from quantpits.trading.fees import fee_fen_nb
from quantpits.trading.kernels import IntArray, kernel
from quantpits.trading.lots import floor_to_lots_nb
from quantpits.trading.money import RATE_UNIT, rate_to_e8, share_of_amount_floor_nb

if TYPE_CHECKING:
    from quantpits.trading.decision import Decision
    from quantpits.trading.rulebook import SessionRules

__all__ = [
    "Sizing",
    "affordable_shares_nb",
    "purchase_cost_fen_nb",
    "sale_net_fen_nb",
    "size_buys_nb",
    "size_orders",
]

_LEFT_OUT = -1


@dataclass(frozen=True, slots=True)
class Sizing:
    """How many shares each order of a decision gets, and what that is worth at worst.

    Attributes
    ----------
    sell_shares, sell_net_fen : int64 [n_sell]
        Whole positions [shares], and what they bring at worst, net of fees [fen].
    buy_shares, buy_cost_fen : int64 [n_buy]
        Whole lots [shares], and what they cost at worst, fees included [fen]; 0 where no lot fits.
    alternate_shares, alternate_cost_fen : int64 [n_alternates]
        The same for one alternate in the place of one purchase; never to be summed.
    funds_fen : int
        Cash, deposits due and proceeds at worst [fen].
    investable_fen : int
        Share of the funds that may be spent [fen].
    budget_fen : int
        What one purchase may cost [fen].
    """

    sell_shares: IntArray
    sell_net_fen: IntArray
    buy_shares: IntArray
    buy_cost_fen: IntArray
    alternate_shares: IntArray
    alternate_cost_fen: IntArray
    funds_fen: int
    investable_fen: int
    budget_fen: int


@kernel
def sale_net_fen_nb(shares: int, price_fen: int, rates: IntArray) -> int:
    """Return what a sale brings: notional less fees, below zero if the fees are larger.

    Parameters
    ----------
    shares, price_fen : int64
        The sale [shares, fen].
    rates : int64 [5]
        Fee schedule, in the order of `FEE_COLUMNS`.

    Returns
    -------
    int64
        Net proceeds [fen].
    """
    notional_fen = shares * price_fen
    is_sale = True
    return notional_fen - fee_fen_nb(notional_fen, is_sale, rates)


@kernel
def purchase_cost_fen_nb(shares: int, price_fen: int, rates: IntArray) -> int:
    """Return what a purchase costs: notional plus fees.

    Parameters
    ----------
    shares, price_fen : int64
        The purchase [shares, fen].
    rates : int64 [5]
        Fee schedule, in the order of `FEE_COLUMNS`.

    Returns
    -------
    int64
        Cost [fen].
    """
    notional_fen = shares * price_fen
    is_sale = False
    return notional_fen + fee_fen_nb(notional_fen, is_sale, rates)


@kernel
def affordable_shares_nb(
    budget_fen: int, price_fen: int, minimum_shares: int, step_shares: int, rates: IntArray
) -> int:
    """Return the largest whole lots whose cost, fees included, is within the budget.

    Equals the largest allowed n with ``purchase_cost_fen_nb(n) <= budget``. The cost grows with n,
    so the search starts just above the answer and walks down.

    Parameters
    ----------
    budget_fen, price_fen : int64
        What may be spent and the price of a share [fen].
    minimum_shares, step_shares : int64
        Lot rule [shares].
    rates : int64 [5]
        Fee schedule, in the order of `FEE_COLUMNS`.

    Returns
    -------
    int64
        Whole lots [shares]; 0 if none fits or there is no price.
    """
    if price_fen <= 0 or budget_fen < price_fen:
        return 0
    rate = (rates[0] + rates[4]) / RATE_UNIT
    by_rate = int(budget_fen / (price_fen * (1.0 + rate))) + 2
    by_minimum = (budget_fen - rates[2]) // price_fen
    # A float guess may be a few parts in 1e16 off, hence the two shares more; the cost is compared
    # in whole fen.
    shares = floor_to_lots_nb(max(min(by_rate, by_minimum), 0), minimum_shares, step_shares)
    while shares > 0 and purchase_cost_fen_nb(shares, price_fen, rates) > budget_fen:
        shares = floor_to_lots_nb(shares - step_shares, minimum_shares, step_shares)
    return shares


@kernel
def size_buys_nb(
    buy: IntArray,
    n_buy: int,
    investable_fen: int,
    rules: SessionRules,
    is_redistributed: bool,
    shares: IntArray,
) -> int:
    """Write the shares of each purchase and return the budget of one.

    Equals ``affordable_shares_nb(investable // n)`` for each of the n names that remain; see the
    module for who is left out. Without redistribution n is always `n_buy`.

    Parameters
    ----------
    buy : int64 [N]
        Indices of the purchases by rank, filled to `n_buy`.
    n_buy : int64
        Number of purchases.
    investable_fen : int64
        What all of them may cost [fen].
    rules : SessionRules
        Worst prices, lots and fees of the session.
    is_redistributed : bool
        Whether the budget of a name that cannot be bought goes to the others.
    shares : int64 [N]
        Written to `n_buy`: whole lots [shares], 0 for a name that is left out.

    Returns
    -------
    int64
        Budget of one purchase [fen], 0 if there is none.
    """
    n_left = n_buy
    shares[:n_buy] = 0
    while is_redistributed and n_left > 0:
        budget_fen = investable_fen // n_left
        dearest, dearest_fen = -1, budget_fen
        for place in range(n_buy):
            if shares[place] == _LEFT_OUT:
                continue
            name = buy[place]
            lot_fen = purchase_cost_fen_nb(
                rules.minimum_shares[name], rules.worst_buy_fen[name], rules.rates[name]
            )
            if lot_fen == 0:  # no price: it can never be bought
                dearest = place
                break
            if lot_fen > budget_fen and lot_fen >= dearest_fen:
                dearest, dearest_fen = place, lot_fen
        if dearest < 0:
            break
        shares[dearest] = _LEFT_OUT
        n_left -= 1
    budget_fen = investable_fen // n_left if n_left > 0 else 0
    for place in range(n_buy):
        name = buy[place]
        if shares[place] == _LEFT_OUT:
            shares[place] = 0
        else:
            shares[place] = affordable_shares_nb(
                budget_fen,
                rules.worst_buy_fen[name],
                rules.minimum_shares[name],
                rules.step_shares[name],
                rules.rates[name],
            )
    return budget_fen


def size_orders(
    decision: Decision,
    rules: SessionRules,
    *,
    cash_fen: int,
    held_shares: IntArray,
    risk_degree: float = 0.95,
    is_redistributed: bool = True,
) -> Sizing:
    """Return how many shares each order of a decision gets.

    Parameters
    ----------
    decision : Decision
        Sales, purchases and alternates.
    rules : SessionRules
        Worst prices, lots and fees of the coming session, N instruments.
    cash_fen : int
        Cash and deposits due before the session, less withdrawals due [fen].
    held_shares : int64 [N]
        The whole book [shares].
    risk_degree : float
        Share of the funds to spend [fraction in (0, 1]].
    is_redistributed : bool
        Whether the budget of a name that cannot be bought goes to the others.

    Returns
    -------
    Sizing
        Shares and worst-case amounts, in the order of the decision.

    Raises
    ------
    ShapeError
        If `held_shares` does not fit the rules, or the decision names an instrument beyond them.
    NonFiniteError
        If the risk degree is not a fraction.

    Notes
    -----
    Timing: everything is known after the close of the signal day. Source: decision 25.

    Examples
    --------
    >>> from datetime import date
    >>> from quantpits.trading.decision import Decision
    >>> from quantpits.trading.regions import CN_RULES
    >>> rules = CN_RULES.session_rules(
    ...     ["SH600000"], date(2024, 1, 2), reference_fen=np.array([1_000])
    ... )
    >>> none = np.array([], dtype=np.int64)
    >>> decision = Decision(sell=none, buy=np.array([0]), alternates=none, hold=none)
    >>> sizing = size_orders(
    ...     decision, rules, cash_fen=1_000_000, held_shares=np.array([0]), risk_degree=1.0
    ... )
    >>> int(sizing.buy_shares[0]), int(sizing.buy_cost_fen[0])
    (900, 990510)
    """
    _check_sizes(decision, rules, held_shares)
    sell_shares = held_shares[decision.sell]
    sell_net = _worst_net(decision.sell, sell_shares, rules)
    funds_fen = cash_fen + int(sell_net.sum())
    investable_fen = int(share_of_amount_floor_nb(max(funds_fen, 0), rate_to_e8(risk_degree)))
    buy_shares = np.zeros(decision.buy.size, dtype=np.int64)
    budget_fen = int(
        size_buys_nb(
            decision.buy, decision.buy.size, investable_fen, rules, is_redistributed, buy_shares
        )
    )
    alternate_shares = np.array(
        [
            affordable_shares_nb(
                budget_fen,
                rules.worst_buy_fen[name],
                rules.minimum_shares[name],
                rules.step_shares[name],
                rules.rates[name],
            )
            for name in decision.alternates
        ],
        dtype=np.int64,
    )
    return Sizing(
        sell_shares=sell_shares,
        sell_net_fen=sell_net,
        buy_shares=buy_shares,
        buy_cost_fen=_worst_cost(decision.buy, buy_shares, rules),
        alternate_shares=alternate_shares,
        alternate_cost_fen=_worst_cost(decision.alternates, alternate_shares, rules),
        funds_fen=funds_fen,
        investable_fen=investable_fen,
        budget_fen=budget_fen,
    )


def _worst_net(names: IntArray, shares: IntArray, rules: SessionRules) -> IntArray:
    nets = [
        sale_net_fen_nb(count, rules.worst_sell_fen[name], rules.rates[name])
        for name, count in zip(names, shares, strict=True)
    ]
    return np.array(nets, dtype=np.int64)


def _worst_cost(names: IntArray, shares: IntArray, rules: SessionRules) -> IntArray:
    costs = [
        purchase_cost_fen_nb(count, rules.worst_buy_fen[name], rules.rates[name])
        for name, count in zip(names, shares, strict=True)
    ]
    return np.array(costs, dtype=np.int64)


def _check_sizes(decision: Decision, rules: SessionRules, held_shares: IntArray) -> None:
    count = rules.worst_buy_fen.size
    if held_shares.shape != (count,):
        raise ShapeError(
            "The book does not fit the rules of the session.",
            expected=(count,),
            found=held_shares.shape,
        )
    named = np.concatenate([decision.sell, decision.buy, decision.alternates])
    if named.size and not 0 <= named.min() <= named.max() < count:
        raise ShapeError(
            "A decision names an instrument that the rules do not have.",
            expected=f"indices below {count}",
            found=int(named.max()),
        )
