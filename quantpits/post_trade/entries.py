"""From what happened to postings that balance: double entry, in fen and in shares.

Accounts (positive = debit): ``cash``; ``securities`` at cost, by instrument; ``subscriptions``, new
shares that are paid and not listed yet, and ``repo``, what is lent out, both with shares and cost
by instrument; ``market``, the other side of every movement of shares; ``fees`` and
``fees:in_cost``; ``tax``; ``income:dividends``, ``income:interest``, ``income:realised``;
``equity:opening``, ``equity:cashflow``, ``equity:adjustment``.

Invariants: the fen of an entry sum to zero, and so do the shares of each instrument. Cash moves by
exactly the broker's signed amount.

Cost basis: average cost, fees of the purchase included. A sale takes out its part of the cost,
rounded half up; the sale of everything takes out all that is left, so no cost stays without shares.
``fees`` counts every fee; the part that a purchase adds to the cost is counted back by
``fees:in_cost``, because it is expensed when the shares are sold.

The diluted basis of the earlier system (decision 19) takes out what a sale brings, its fees with
it, so that the cost of what is left falls, below zero even, and nothing is realised before all is
sold.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.errors import BooksMismatchError, NegativePositionError, UnbalancedError
from quantpits.post_trade.brokers.contract import BrokerLine, Effect
from quantpits.post_trade.journal import CostBasis, Entry, Posting
from quantpits.post_trade.money import cny_text, divide_half_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ACCOUNTS",
    "ADJUSTMENT",
    "CASH",
    "CASHFLOW",
    "FLAT",
    "FLOW_ACCOUNTS",
    "HELD_ACCOUNTS",
    "OPENING",
    "REPO",
    "SECURITIES",
    "SUBSCRIPTIONS",
    "Position",
    "account_of",
    "adjustment_entry",
    "cashflow_entry",
    "check_balanced",
    "line_entry",
    "opening_entry",
]

CASH = "cash"
SECURITIES = "securities"
SUBSCRIPTIONS = "subscriptions"
REPO = "repo"
_MARKET = "market"
_FEES = "fees"
_FEES_IN_COST = "fees:in_cost"
_TAX = "tax"
_DIVIDENDS = "income:dividends"
_INTEREST = "income:interest"
_REALISED = "income:realised"
_OPENING = "equity:opening"
_CASHFLOW = "equity:cashflow"
_ADJUSTMENT = "equity:adjustment"

ACCOUNTS = (
    CASH,
    SECURITIES,
    SUBSCRIPTIONS,
    REPO,
    _MARKET,
    _FEES,
    _FEES_IN_COST,
    _TAX,
    _DIVIDENDS,
    _INTEREST,
    _REALISED,
    _OPENING,
    _CASHFLOW,
    _ADJUSTMENT,
)
"""Every account there is."""

OPENING = "opening"
CASHFLOW = "cashflow"
ADJUSTMENT = "adjustment"
"""Kinds of the entries that follow from no line; the other kinds are those of `Effect`."""

HELD_ACCOUNTS = (SECURITIES, SUBSCRIPTIONS, REPO)
"""Accounts that hold shares at a cost."""

FLOW_ACCOUNTS = (_CASHFLOW, _ADJUSTMENT)
"""Accounts of what comes from outside the portfolio and is no performance of it."""

# Effects that move cash against one account and leave the holdings alone.
_COUNTER_ACCOUNT = {
    Effect.DIVIDEND: _DIVIDENDS,
    Effect.DIVIDEND_TAX: _TAX,
    Effect.INTEREST: _INTEREST,
    Effect.INTEREST_TAX: _TAX,
    Effect.DEPOSIT: _CASHFLOW,
    Effect.WITHDRAWAL: _CASHFLOW,
    Effect.FEE: _FEES,
}


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of one instrument.

    Attributes
    ----------
    shares : int
        How much [shares].
    cost_fen : int
        What it cost, fees included [fen].
    """

    shares: int = 0
    cost_fen: int = 0


FLAT = Position()
"""Nothing held."""


# Where a line takes shares from, or puts them.
_HELD_IN = {
    Effect.SUBSCRIPTION: SUBSCRIPTIONS,
    Effect.LISTING: SUBSCRIPTIONS,
    Effect.REPO_LEND: REPO,
    Effect.REPO_RETURN: REPO,
}


def account_of(effect: Effect) -> str:
    """Return the account whose shares a line of some effect takes, or adds to.

    Parameters
    ----------
    effect : Effect
        What the line does.

    Returns
    -------
    str
        One of `HELD_ACCOUNTS`.
    """
    return _HELD_IN.get(effect, SECURITIES)


def line_entry(line: BrokerLine, position: Position, *, cost_basis: CostBasis = "average") -> Entry:
    """Return what a line of the broker's file posts.

    Parameters
    ----------
    line : BrokerLine
        What happened.
    position : Position
        What was held of its instrument before it, in the account of its effect (see `account_of`).
    cost_basis : {"average", "diluted"}
        What a sale takes out of the cost.

    Returns
    -------
    Entry
        Balanced; without postings where nothing moves.

    Raises
    ------
    NegativePositionError
        If the line sells more than is held, lists more than was paid for, or brings back more than
        was lent.
    BooksMismatchError
        If less comes back than was lent.

    Notes
    -----
    Source: decisions 19 and 27; cost basis as in the module's docstring.
    """
    if line.effect is Effect.BUY:
        postings = _buy(line)
    elif line.effect in (Effect.SHARES_IN, Effect.SHARES_OUT):
        postings = _transfer(line, position)
    elif line.effect is Effect.SELL:
        _check_held(line, position, what="A sale of more than is held.")
        sell = _sell_diluted if cost_basis == "diluted" else _sell
        postings = sell(line, position)
    elif line.effect is Effect.BONUS_SHARES:
        postings = _share_movement(line.instrument, fen=0, shares=line.shares)
    elif line.effect in (Effect.SUBSCRIPTION, Effect.REPO_LEND):
        postings = _buy(line, account=account_of(line.effect))
    elif line.effect is Effect.LISTING:
        postings = _listing(line, position)
    elif line.effect is Effect.REPO_RETURN:
        postings = _return(line, position)
    elif line.effect is Effect.NONE:
        postings = ()
    else:
        postings = _cash_movement(line, _COUNTER_ACCOUNT[line.effect])
    return Entry(line.effect.value, line.instrument, postings, line.key)


def opening_entry(cash_fen: int, positions: Mapping[str, Position]) -> Entry:
    """Return the entry that opens the books with what there is.

    Parameters
    ----------
    cash_fen : int
        Cash [fen].
    positions : mapping of str to Position
        Holdings by instrument.

    Returns
    -------
    Entry
        Balanced against ``equity:opening``.
    """
    return _equity_entry(OPENING, _OPENING, cash_fen=cash_fen, changes=positions)


def cashflow_entry(fen: int) -> Entry:
    """Return the entry of a deposit (+) or withdrawal (-).

    Parameters
    ----------
    fen : int
        Signed amount [fen].

    Returns
    -------
    Entry
        Balanced against ``equity:cashflow``.
    """
    return _equity_entry(CASHFLOW, _CASHFLOW, cash_fen=fen, changes={})


def adjustment_entry(cash_fen: int, changes: Mapping[str, Position]) -> Entry:
    """Return the entry that brings the books to what the user says is true.

    Parameters
    ----------
    cash_fen : int
        Change of cash [fen].
    changes : mapping of str to Position
        Change of shares and of cost, by instrument.

    Returns
    -------
    Entry
        Balanced against ``equity:adjustment``.
    """
    return _equity_entry(ADJUSTMENT, _ADJUSTMENT, cash_fen=cash_fen, changes=changes)


def check_balanced(entries: Iterable[Entry]) -> None:
    """Refuse an entry whose fen, or whose shares of an instrument, do not sum to zero.

    Parameters
    ----------
    entries : iterable of Entry
        What is about to be posted, or was.

    Raises
    ------
    UnbalancedError
        If an entry does not balance.
    """
    for entry in entries:
        fen = sum(posting.fen for posting in entry.postings)
        shares: defaultdict[str, int] = defaultdict(int)
        for posting in entry.postings:
            shares[posting.instrument] += posting.shares
        if fen or any(shares.values()):
            raise UnbalancedError(
                f"An entry {entry.kind!r} does not balance.",
                where=entry.instrument or CASH,
                expected="postings that sum to 0",
                found=f"{fen} fen, {dict(shares)} shares",
            )


def _buy(line: BrokerLine, *, account: str = SECURITIES) -> tuple[Posting, ...]:
    paid = -line.net_cash_fen
    fee = paid - line.gross_fen
    if account == REPO:
        # What is lent comes back in full; the fee of lending does not.
        return (
            Posting(CASH, "", -paid),
            *_share_movement(line.instrument, account, fen=line.gross_fen, shares=line.shares),
            *_moved(_FEES, line.instrument, fee),
        )
    return (
        Posting(CASH, "", -paid),
        *_share_movement(line.instrument, account, fen=paid, shares=line.shares),
        *_moved(_FEES, line.instrument, fee),
        *_moved(_FEES_IN_COST, line.instrument, -fee),
    )


def _check_held(line: BrokerLine, position: Position, *, what: str) -> None:
    if line.shares > position.shares:
        raise NegativePositionError(
            what,
            where=line.where,
            expected=f"at most {position.shares} shares of {line.instrument!r}",
            found=f"{line.shares} shares gone",
            hint=(
                "compare the holdings with the broker's; where the books are wrong, set "
                "prod_config.json right and run with --adopt"
            ),
        )


def _transfer(line: BrokerLine, position: Position) -> tuple[Posting, ...]:
    """Return the postings of shares that come at an amount, or go at what they cost."""
    sign, cost = 1, line.gross_fen
    if line.effect is Effect.SHARES_OUT:
        _check_held(line, position, what="A transfer of more than is held.")
        sign, cost = -1, _part_of_cost(position, line.shares)
    return (
        *_moved(CASH, "", line.net_cash_fen),
        *_share_movement(line.instrument, fen=sign * cost, shares=sign * line.shares),
        *_moved(_ADJUSTMENT, line.instrument, -sign * cost),
        *_moved(_FEES, line.instrument, -line.net_cash_fen),
    )


def _listing(line: BrokerLine, paid_for: Position) -> tuple[Posting, ...]:
    if line.shares > paid_for.shares:
        raise NegativePositionError(
            "More shares are listed than were paid for.",
            where=line.where,
            expected=f"at most {paid_for.shares} shares of {line.instrument!r}",
            found=f"{line.shares} shares listed",
            hint=(
                "where they were paid for before the books were opened, set prod_config.json right "
                "and run quantpits ledger adopt"
            ),
        )
    cost = _part_of_cost(paid_for, line.shares)
    return (
        Posting(SUBSCRIPTIONS, line.instrument, -cost, -line.shares),
        Posting(SECURITIES, line.instrument, cost, line.shares),
    )


def _return(line: BrokerLine, lent: Position) -> tuple[Posting, ...]:
    if line.shares > lent.shares:
        raise NegativePositionError(
            "More comes back than was lent.",
            where=line.where,
            expected=f"at most {lent.shares} of {line.instrument!r}",
            found=f"{line.shares}",
            hint="compare the loans with the broker's own statement",
        )
    principal = _part_of_cost(lent, line.shares)
    if line.net_cash_fen < principal:
        raise BooksMismatchError(
            "Less comes back than was lent.",
            where=line.where,
            expected=f"at least {cny_text(principal)}",
            found=cny_text(line.net_cash_fen),
            hint="compare the loans with the broker's own statement",
        )
    return (
        *_moved(CASH, "", line.net_cash_fen),
        *_share_movement(line.instrument, REPO, fen=-principal, shares=-line.shares),
        *_moved(_INTEREST, line.instrument, principal - line.net_cash_fen),
    )


def _part_of_cost(held: Position, shares: int) -> int:
    """Return what some of the shares cost; all of them take all that is left."""
    if shares == held.shares:
        return held.cost_fen
    return divide_half_up(held.cost_fen * shares, held.shares)


def _sell(line: BrokerLine, position: Position) -> tuple[Posting, ...]:
    cost = _part_of_cost(position, line.shares)
    return (
        *_moved(CASH, "", line.net_cash_fen),
        *_share_movement(line.instrument, fen=-cost, shares=-line.shares),
        *_moved(_FEES, line.instrument, line.gross_fen - line.net_cash_fen),
        *_moved(_REALISED, line.instrument, cost - line.gross_fen),
    )


def _sell_diluted(line: BrokerLine, position: Position) -> tuple[Posting, ...]:
    net = line.net_cash_fen
    fee = line.gross_fen - net
    cost = position.cost_fen if line.shares == position.shares else net
    return (
        *_moved(CASH, "", net),
        *_share_movement(line.instrument, fen=-cost, shares=-line.shares),
        *_moved(_FEES, line.instrument, fee),
        *_moved(_FEES_IN_COST, line.instrument, -fee),
        *_moved(_REALISED, line.instrument, cost - net),
    )


def _cash_movement(line: BrokerLine, account: str) -> tuple[Posting, ...]:
    return (
        *_moved(CASH, "", line.net_cash_fen),
        *_moved(account, line.instrument, -line.net_cash_fen),
    )


def _share_movement(
    instrument: str, account: str = SECURITIES, *, fen: int, shares: int
) -> tuple[Posting, ...]:
    return (
        Posting(account, instrument, fen, shares),
        Posting(_MARKET, instrument, 0, -shares),
    )


def _moved(account: str, instrument: str, fen: int) -> tuple[Posting, ...]:
    return (Posting(account, instrument, fen),) if fen else ()


def _equity_entry(
    kind: str, account: str, *, cash_fen: int, changes: Mapping[str, Position]
) -> Entry:
    postings = [*_moved(CASH, "", cash_fen)]
    total = cash_fen
    for instrument in sorted(changes):
        change = changes[instrument]
        total += change.cost_fen
        postings += _share_movement(instrument, fen=change.cost_fen, shares=change.shares)
    postings += _moved(account, "", -total)
    return Entry(kind, "", tuple(postings))
