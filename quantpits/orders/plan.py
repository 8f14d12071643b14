"""From scores and the book to orders: decide, then size.

Pure: values in, values out. The decision and the sizing are those of `quantpits.trading`; this
module puts one day's facts into arrays for them, and their answers into words.

Everything is known after the close of the anchor: scores, the book, the closes, and which
instruments did not trade. Whether a share will be locked at a limit is not, so orders are sized at
the worst price a limit allows. An instrument without a close on the anchor counts as suspended: it
is neither bought nor sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, Finding, MissingDataError, name_list
from quantpits.orders.planned import OrderTotals, PlannedOrder
from quantpits.signals import rank_scores
from quantpits.trading import Decision, DecisionRule, size_orders, topk_buffer, topk_dropout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from quantpits.trading import RuleBook, SessionRules, Sizing
    from quantpits.trading.kernels import BoolArray, FloatArray, IntArray

__all__ = ["OrderInputs", "OrderPlan", "make_plan", "session_rules"]

_SOURCE = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInputs:
    """What is known after the close of the anchor.

    Attributes
    ----------
    instruments : tuple of str [N]
        Members of the universe and holdings, sorted.
    scores : float64 [N]
        Scores of the members, NaN for none; holdings outside the universe have none.
    is_member : bool [N]
        Whether the universe has it.
    held_shares : int64 [N]
        The whole book [shares].
    close_fen : int64 [N]
        Raw close of the anchor [fen], 0 where it did not trade.
    cash_fen, deposits_fen : int
        Cash in the books, and what is due by the trade date [fen].
    universe : str
        Name of the universe.
    anchor_date, trade_date : date
        The last session, and the one the orders are for.
    rules : RuleBook
        Lots, limits and fees.
    strategy : {"topk_dropout", "topk_buffer"}
        The decision rule.
    decision_rule : DecisionRule
        Its parameters.
    risk_degree : float
        Share of the funds to spend [fraction].
    is_st : bool [N], optional
        Which shares are risk-warned; none by default.
    sessions_listed : int64 [N], optional
        Sessions since listing on the trade date, 1 on the first day; all long listed by default.
    """

    instruments: tuple[str, ...]
    scores: FloatArray
    is_member: BoolArray
    held_shares: IntArray
    close_fen: IntArray
    cash_fen: int
    deposits_fen: int
    universe: str
    anchor_date: date
    trade_date: date
    rules: RuleBook
    strategy: str
    decision_rule: DecisionRule
    risk_degree: float
    is_st: BoolArray | None = None
    sessions_listed: IntArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan:
    """The orders, and what a person should know of them.

    Attributes
    ----------
    orders : tuple of PlannedOrder
        Sales worst first, purchases best first, alternates best first.
    holds : tuple of str
        Positions that stay, best first.
    totals : OrderTotals
        What they come to.
    findings : tuple of Finding
        ORD001 to ORD007.
    """

    orders: tuple[PlannedOrder, ...]
    holds: tuple[str, ...]
    totals: OrderTotals
    findings: tuple[Finding, ...]


def make_plan(inputs: OrderInputs) -> OrderPlan:
    """Decide and size the orders of a session.

    Parameters
    ----------
    inputs : OrderInputs
        What is known.

    Returns
    -------
    OrderPlan
        The orders and findings: ORD001 holdings outside the universe, ORD002 holdings without a
        score, ORD003 suspended holdings, ORD004 a book larger than TopK, ORD005 purchases that the
        budget does not reach, ORD006 members without a score, ORD007 too few candidates.

    Raises
    ------
    DataError
        If the universe has no member, no member has a score, or an instrument has no board.
    MissingDataError
        If no member has a price on the anchor.

    Notes
    -----
    Timing: nothing of the trade date is known. Source: decisions 8, 21 and 25.
    """
    _check_universe(inputs)
    rules = session_rules(inputs)
    is_trading = inputs.close_fen > 0
    decide = {"topk_dropout": topk_dropout, "topk_buffer": topk_buffer}[inputs.strategy]
    wanted = decide(
        inputs.scores,
        inputs.held_shares > 0,
        can_buy=is_trading,
        can_sell=is_trading,
        rule=inputs.decision_rule,
    )
    # Without `corrected` the rule also names what cannot be traded, as Qlib's does.
    decision = Decision(
        sell=wanted.sell[is_trading[wanted.sell]],
        buy=wanted.buy,
        alternates=wanted.alternates[is_trading[wanted.alternates]],
        hold=wanted.hold,
    )
    sizing = size_orders(
        decision,
        rules,
        cash_fen=inputs.cash_fen + inputs.deposits_fen,
        held_shares=inputs.held_shares,
        risk_degree=inputs.risk_degree,
        is_redistributed=inputs.decision_rule.is_corrected,
    )
    orders = tuple(_orders(inputs, rules, decision, sizing))
    sold = {order.instrument for order in orders if order.side == "sell"}
    kept = [*decision.hold, *(name for name in wanted.sell if not is_trading[name])]
    return OrderPlan(
        orders=orders,
        holds=tuple(inputs.instruments[name] for name in kept),
        totals=_totals(inputs, orders, sizing),
        findings=tuple(_findings(inputs, decision, sizing, sold=sold)),
    )


def session_rules(inputs: OrderInputs) -> SessionRules:
    """Return the rules of the trade date, with the anchor's close as the reference price.

    Parameters
    ----------
    inputs : OrderInputs
        What is known.

    Returns
    -------
    SessionRules
        Arrays over the instruments.

    Raises
    ------
    DataError
        If an instrument has no board.
    """
    return inputs.rules.session_rules(
        inputs.instruments,
        inputs.trade_date,
        reference_fen=inputs.close_fen,
        is_st=inputs.is_st,
        sessions_listed=inputs.sessions_listed,
    )


def _check_universe(inputs: OrderInputs) -> None:
    where = f"universe {inputs.universe!r} on {inputs.anchor_date}"
    if not inputs.is_member.any():
        raise DataError(
            "The universe is empty.",
            where=where,
            hint="check `market` in config/prod_config.json and the universe's file",
        )
    if not (inputs.is_member & ~np.isnan(inputs.scores)).any():
        raise DataError(
            "No member of the universe has a score.",
            where=where,
            hint="the prediction and `market` in config/prod_config.json must be the same market",
        )
    if not (inputs.close_fen[inputs.is_member] > 0).any():
        raise MissingDataError(
            "No member of the universe has a price.",
            where=where,
            hint="bring the market data up to date",
        )


def _orders(
    inputs: OrderInputs, rules: SessionRules, decision: Decision, sizing: Sizing
) -> Iterator[PlannedOrder]:
    ranked = rank_scores(inputs.scores, inputs.instruments)
    rank_of = {int(name): place for place, name in enumerate(ranked, start=1)}
    groups = (
        (decision.sell, "sell", "primary", sizing.sell_shares, sizing.sell_net_fen),
        (decision.buy, "buy", "primary", sizing.buy_shares, sizing.buy_cost_fen),
        (
            decision.alternates,
            "buy",
            "alternate",
            sizing.alternate_shares,
            sizing.alternate_cost_fen,
        ),
    )
    for names, side, role, shares, amounts in groups:
        worst = rules.worst_sell_fen if side == "sell" else rules.worst_buy_fen
        for name, count, amount in zip(names.tolist(), shares, amounts, strict=True):
            if count == 0:
                continue
            yield PlannedOrder(
                instrument=inputs.instruments[name],
                side="sell" if side == "sell" else "buy",
                shares=int(count),
                role="primary" if role == "primary" else "alternate",
                rank=rank_of.get(name),
                n_ranked=ranked.size,
                score=float(inputs.scores[name]) if name in rank_of else None,
                close_fen=int(inputs.close_fen[name]),
                limit_price_fen=int(worst[name]),
                amount_fen=int(amount),
                reason=_reason(inputs, name, rank_of),
            )


def _reason(inputs: OrderInputs, name: int, rank_of: Mapping[int, int]) -> str:
    if name in rank_of:
        return f"rank {rank_of[name]} of {len(rank_of)}"
    return "no score" if inputs.is_member[name] else f"not in {inputs.universe}"


def _totals(inputs: OrderInputs, orders: tuple[PlannedOrder, ...], sizing: Sizing) -> OrderTotals:
    sales = [order for order in orders if order.side == "sell"]
    primaries = [order for order in orders if order.side == "buy" and order.role == "primary"]
    n_held = int((inputs.held_shares > 0).sum())
    return OrderTotals(
        cash_fen=inputs.cash_fen,
        deposits_fen=inputs.deposits_fen,
        proceeds_fen=sum(order.amount_fen for order in sales),
        purchases_fen=sum(order.amount_fen for order in primaries),
        budget_fen=sizing.budget_fen,
        n_held=n_held,
        n_sell=len(sales),
        n_buy=len(primaries),
        n_alternates=len(orders) - len(sales) - len(primaries),
        n_hold=n_held - len(sales),
    )


def _findings(
    inputs: OrderInputs, decision: Decision, sizing: Sizing, *, sold: set[str]
) -> Iterator[Finding]:
    is_held = inputs.held_shares > 0
    is_scored = ~np.isnan(inputs.scores)
    topk = inputs.decision_rule.topk
    outside = _named(inputs, is_held & ~inputs.is_member)
    unscored = _named(inputs, is_held & inputs.is_member & ~is_scored)
    suspended = _named(inputs, is_held & (inputs.close_fen == 0))
    if outside:
        yield _note(
            "ORD001",
            f"{name_list(outside)}: held, but not in {inputs.universe}; ranked last, "
            f"sold now: {name_list([name for name in outside if name in sold])}",
        )
    if unscored:
        yield _note(
            "ORD002",
            f"{name_list(unscored)}: held, but without a score; ranked last, "
            f"sold now: {name_list([name for name in unscored if name in sold])}",
        )
    if suspended:
        yield _note(
            "ORD003",
            f"{name_list(suspended)}: did not trade on {inputs.anchor_date} and cannot be sold",
        )
    if is_held.sum() > topk:
        yield _note(
            "ORD004",
            f"{int(is_held.sum())} positions are held and TopK is {topk}; at most "
            f"{inputs.decision_rule.n_drop} are sold a session until the book fits",
        )
    short = [
        inputs.instruments[name]
        for name, shares in zip(decision.buy, sizing.buy_shares, strict=True)
        if shares == 0
    ]
    if short:
        yield _note(
            "ORD005",
            f"{name_list(short)}: to be bought, but not one lot fits the budget"
            + (", which goes to the others" if inputs.decision_rule.is_corrected else ""),
        )
    missing = _named(inputs, inputs.is_member & ~is_scored)
    if missing:
        yield _note(
            "ORD006", f"{len(missing)} members without a score: {name_list(missing)}", "info"
        )
    n_places = topk - (int(is_held.sum()) - len(sold))
    if decision.buy.size < n_places:
        yield _note(
            "ORD007",
            f"{n_places} places are free, but only {decision.buy.size} names can be bought",
        )


def _named(inputs: OrderInputs, mask: BoolArray) -> list[str]:
    return [inputs.instruments[name] for name in np.flatnonzero(mask)]


def _note(code: str, message: str, severity: str = "warning") -> Finding:
    return Finding(code, "info" if severity == "info" else "warning", message, source=_SOURCE)
