"""The checks before trading: whether a careful person would place these orders.

`checks` refuses orders that cannot be; these measure orders that can, and may be a mistake all the
same: too much at once, too much of one, more than the market takes, shares that will not be had,
models that do not agree, a book that is not the ledger's. Each check is one number of which more is
worse, against the limits of ``config/pretrade.yaml``. Amounts are reckoned at the last close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from quantpits.errors import Finding, OrderError, UsageError, name_list
from quantpits.orders.request import CheckOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.config import PretradeConfig
    from quantpits.orders.inputs import Evening
    from quantpits.orders.plan import OrderPlan
    from quantpits.orders.planned import PlannedOrder

__all__ = [
    "CHECK_CODES",
    "PretradeFacts",
    "check_overrides",
    "pretrade_checks",
    "pretrade_findings",
    "refuse_stopped",
]

CHECK_CODES = {
    "PRE001": "turnover",
    "PRE002": "position_weight",
    "PRE003": "adv_share",
    "PRE004": "at_limit",
    "PRE005": "suspended",
    "PRE006": "disagreement",
    "PRE007": "books",
}
"""Every check: its code, and its key in ``config/pretrade.yaml``."""

_SOURCE = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class PretradeFacts:
    """What the orders are checked against.

    Attributes
    ----------
    evening : Evening
        Inputs and market facts.
    plan : OrderPlan
        The orders.
    agreement : mapping of str to float
        Share of the single models that would do the same, by instrument; only where models score.
    book_differences : tuple of str
        Where the state differs from the ledger's own log, in words.
    """

    evening: Evening
    plan: OrderPlan
    agreement: Mapping[str, float]
    book_differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Measure:
    """One number, and what it is about; None where it is not known."""

    value: float | None
    text: str


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuse to override what is no check.

    Parameters
    ----------
    overrides : sequence of str
        Codes, such as ``"PRE003"``.

    Raises
    ------
    UsageError
        If a code is not known.
    """
    unknown = [code for code in overrides if code not in CHECK_CODES]
    if unknown:
        raise UsageError(
            f"There is no check {name_list(unknown)}.",
            where="--override",
            expected="one of " + ", ".join(f"{code} {name}" for code, name in CHECK_CODES.items()),
        )


def pretrade_checks(
    facts: PretradeFacts, limits: PretradeConfig, *, overrides: Sequence[str] = ()
) -> tuple[CheckOutcome, ...]:
    """Measure the orders.

    Parameters
    ----------
    facts : PretradeFacts
        The orders, and what they are checked against.
    limits : PretradeConfig
        What warns, and what stops.
    overrides : sequence of str
        Codes of checks that must not stop.

    Returns
    -------
    tuple of CheckOutcome
        One for each check, in the order of their codes.

    Notes
    -----
    NaN: a number that is not known, such as the volume of a market without volumes, is told as
    unknown and stops nothing.
    """
    measures = (
        ("PRE001", "fraction", _turnover(facts)),
        ("PRE002", "fraction", _position_weight(facts)),
        ("PRE003", "fraction", _adv_share(facts, limits)),
        ("PRE004", "count", _at_limit(facts)),
        ("PRE005", "fraction", _suspended(facts)),
        ("PRE006", "fraction", _disagreement(facts)),
        ("PRE007", "count", _books(facts)),
    )
    return tuple(
        _judged(code, unit, measure, limits=_limits(limits, code), is_overridden=code in overrides)
        for code, unit, measure in measures
    )


def pretrade_findings(outcomes: Sequence[CheckOutcome]) -> tuple[Finding, ...]:
    """Return what a person should know of the checks.

    Parameters
    ----------
    outcomes : sequence of CheckOutcome
        From `pretrade_checks`.

    Returns
    -------
    tuple of Finding
        A warning for each check that did not simply pass; information where it is not known.
    """
    return tuple(
        Finding(
            each.code,
            "info" if each.status == "unknown" else "warning",
            each.words(),
            _SOURCE,
            each.name,
        )
        for each in outcomes
        if each.status != "passed"
    )


def refuse_stopped(outcomes: Sequence[CheckOutcome]) -> None:
    """Refuse orders that a limit stops.

    Parameters
    ----------
    outcomes : sequence of CheckOutcome
        From `pretrade_checks`.

    Raises
    ------
    OrderError
        If a check is stopped; nothing may be written then.
    """
    stopped = [each for each in outcomes if each.status == "stopped"]
    if not stopped:
        return
    codes = ",".join(each.code for each in stopped)
    is_books = any(each.code == "PRE007" for each in stopped)
    raise OrderError(
        f"The checks before trading stop these orders: {codes}.",
        where="config/pretrade.yaml",
        expected="every number within its limit",
        found="\n    ".join(each.words() for each in stopped),
        hint=(
            "nothing was written, and what an earlier run wrote for this session is not to be "
            "placed either. "
            + (
                "For PRE007 undo the edit, or quantpits ledger adopt posts the difference. "
                if is_books
                else ""
            )
            + f"To trade on purpose all the same: --override {codes}"
        ),
    )


def _turnover(facts: PretradeFacts) -> _Measure:
    traded = sum(_notional_fen(order) for order in _placed(facts.plan))
    account = _account_fen(facts)
    if not traded:
        return _Measure(0.0, "nothing is traded")
    if account <= 0:
        return _Measure(None, "the account has no value to compare with")
    share = traded / 2 / account
    return _Measure(share, f"half of all trades is {share:.1%} of the account")


def _position_weight(facts: PretradeFacts) -> _Measure:
    inputs = facts.evening.inputs
    sold = {order.instrument for order in facts.plan.orders if order.side == "sell"}
    values = {
        name: int(shares) * int(close)
        for name, shares, close in zip(
            inputs.instruments, inputs.held_shares, facts.evening.facts.last_close_fen, strict=True
        )
        if shares and name not in sold
    }
    for order in _placed(facts.plan):
        if order.side == "buy":
            values[order.instrument] = _notional_fen(order)
    account = _account_fen(facts)
    if not values or account <= 0:
        return _Measure(0.0, "nothing is held afterwards")
    # Among equal ones the lower code, so that the same book gives the same words.
    largest = min(values, key=lambda name: (-values[name], name))
    share = values[largest] / account
    return _Measure(share, f"{largest} would be {share:.1%} of the account, the largest position")


def _adv_share(facts: PretradeFacts, limits: PretradeConfig) -> _Measure:
    adv = facts.evening.facts.adv_fen
    index = {name: at for at, name in enumerate(facts.evening.inputs.instruments)}
    placed = _placed(facts.plan)
    shares = {
        order.instrument: _notional_fen(order) / adv[index[order.instrument]]
        for order in placed
        if np.isfinite(adv[index[order.instrument]])
    }
    if not placed:
        return _Measure(0.0, "nothing is traded")
    if not shares:
        return _Measure(None, "the market does not tell how much is traded")
    largest = min(shares, key=lambda name: (-shares[name], name))
    limit = limits.adv_share.warn if limits.adv_share.warn is not None else limits.adv_share.stop
    large = [] if limit is None else sorted(n for n, share in shares.items() if share > limit)
    also = [name for name in large if name != largest]
    return _Measure(
        shares[largest],
        f"{largest}: the order is {shares[largest]:.2%} of what is traded on an average day"
        + (f"; above the limit too: {name_list(also)}" if also else ""),
    )


def _at_limit(facts: PretradeFacts) -> _Measure:
    market = facts.evening.facts
    index = {name: at for at, name in enumerate(facts.evening.inputs.instruments)}
    placed = _placed(facts.plan)
    bought = [order.instrument for order in placed if order.side == "buy"]
    sold = [order.instrument for order in placed if order.side == "sell"]
    up = [name for name in bought if market.is_limit_up[index[name]]]
    down = [name for name in sold if market.is_limit_down[index[name]]]
    parts = []
    if up:
        parts.append(f"{name_list(up)}: to be bought, and closed limit-up")
    if down:
        parts.append(f"{name_list(down)}: to be sold, and closed limit-down")
    text = "; ".join(parts) or "no order is in a share that closed at its limit"
    return _Measure(float(len(up) + len(down)), text)


def _suspended(facts: PretradeFacts) -> _Measure:
    inputs, market = facts.evening.inputs, facts.evening.facts
    is_stuck = (inputs.held_shares > 0) & (inputs.close_fen == 0)
    names = [inputs.instruments[at] for at in np.flatnonzero(is_stuck)]
    if not names:
        return _Measure(0.0, "every holding trades")
    value = int((inputs.held_shares * market.last_close_fen)[is_stuck].sum())
    account = _account_fen(facts)
    share = value / account if account > 0 else 1.0
    return _Measure(share, f"{name_list(names)}: no trading, {share:.1%} of the account")


def _disagreement(facts: PretradeFacts) -> _Measure:
    placed = _placed(facts.plan)
    known = {
        order.instrument: facts.agreement[order.instrument]
        for order in placed
        if order.instrument in facts.agreement
    }
    if not placed:
        return _Measure(0.0, "nothing is traded")
    if not known:
        return _Measure(None, "no single model has a prediction to compare with")
    value = 1.0 - sum(known.values()) / len(known)
    alone = sorted(name for name, share in known.items() if share == 0)
    return _Measure(
        value,
        f"on average {value:.0%} of the models would do otherwise"
        + (f"; no model alone wants {name_list(alone)}" if alone else ""),
    )


def _books(facts: PretradeFacts) -> _Measure:
    differences = facts.book_differences
    if not differences:
        return _Measure(0.0, "the state is that of the ledger's log, as far as there is one")
    return _Measure(
        float(len(differences)),
        "config/prod_config.json is not what post-trade wrote: " + "; ".join(differences[:5]),
    )


def _limits(config: PretradeConfig, code: str) -> tuple[float | None, float | None]:
    """Return what warns and what stops."""
    if code == "PRE007":
        return {"stop": (None, 0.0), "warn": (0.0, None), "off": (None, None)}[config.books]
    limit = getattr(config, CHECK_CODES[code])
    return limit.warn, limit.stop


def _judged(
    code: str,
    unit: str,
    measure: _Measure,
    *,
    limits: tuple[float | None, float | None],
    is_overridden: bool,
) -> CheckOutcome:
    warn, stop = limits
    value = measure.value
    status: Literal["passed", "warned", "stopped", "overridden", "unknown"] = "passed"
    if value is None:
        status = "unknown"
    elif stop is not None and value > stop:
        status = "overridden" if is_overridden else "stopped"
    elif warn is not None and value > warn:
        status = "warned"
    return CheckOutcome(
        code=code,
        name=CHECK_CODES[code],
        status=status,
        value=value,
        unit="count" if unit == "count" else "fraction",
        warn=warn,
        stop=stop,
        message=measure.text,
    )


def _placed(plan: OrderPlan) -> list[PlannedOrder]:
    """Return the orders that are placed whatever happens; alternates stand by."""
    return [order for order in plan.orders if order.role == "primary"]


def _notional_fen(order: PlannedOrder) -> int:
    return order.shares * order.close_fen


def _account_fen(facts: PretradeFacts) -> int:
    inputs = facts.evening.inputs
    held = inputs.held_shares * facts.evening.facts.last_close_fen
    return inputs.cash_fen + inputs.deposits_fen + int(held.sum())
