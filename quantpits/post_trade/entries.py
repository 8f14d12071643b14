"""From what happened to postings that balance: double entry, in fen and in shares.

Accounts (positive = debit): ``cash``; ``securities`` at cost, by instrument; ``market``, the other
side of every movement of shares; ``fees`` and ``fees:in_cost``; ``tax``; ``income:dividends``,
``income:interest``, ``income:realised``; ``equity:opening``, ``equity:cashflow``,
``equity:adjustment``.

Invariants: the fen of an entry sum to zero, and so do the shares of each instrument. Cash moves by
exactly the broker's signed amount.

Cost basis: average cost, fees of the purchase included. A sale takes out its part of the cost,
rounded half up; the sale of everything takes out all that is left, so no cost stays without shares.
``fees`` counts every fee; the part that a purchase adds to the cost is counted back by
``fees:in_cost``, because it is expensed when the shares are sold.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.errors import NegativePositionError, UnbalancedError
from quantpits.post_trade.brokers.contract import BrokerLine, Effect
from quantpits.post_trade.journal import Entry, Posting
from quantpits.post_trade.money import divide_half_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ACCOUNTS",
    "CASH",
    "FLAT",
    "FLOW_ACCOUNTS",
    "SECURITIES",
    "Position",
    "adjustment_entry",
    "cashflow_entry",
    "check_balanced",
    "line_entry",
    "opening_entry",
]

CASH = "cash"
SECURITIES = "securities"
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


def line_entry(line: BrokerLine, position: Position) -> Entry:
    """Return what a line of the broker's file posts.

    Parameters
    ----------
    line : BrokerLine
        What happened.
    position : Position
        What was held of its instrument before it.

    Returns
    -------
    Entry
        Balanced; without postings where nothing moves.

    Raises
    ------
    NegativePositionError
        If the line sells more than is held.

    Notes
    -----
    Source: decisions 19 and 27; cost basis as in the module's docstring.
    """
    if line.effect is Effect.BUY:
        postings = _buy(line)
    elif line.effect is Effect.SELL:
        if line.shares > position.shares:
            raise NegativePositionError(
                "A sale of more than is held.",
                where=line.where,
                expected=f"at most {position.shares} shares of {line.instrument!r}",
                found=f"{line.shares} shares sold",
                hint=(
                    "compare the holdings with the broker's; where the books are wrong, set "
                    "prod_config.json right and run with --adopt"
                ),
            )
        postings = _sell(line, position)
    elif line.effect is Effect.BONUS_SHARES:
        postings = _share_movement(line.instrument, fen=0, shares=line.shares)
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
    return _equity_entry("opening", _OPENING, cash_fen=cash_fen, changes=positions)


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
    return _equity_entry("cashflow", _CASHFLOW, cash_fen=fen, changes={})


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
    return _equity_entry("adjustment", _ADJUSTMENT, cash_fen=cash_fen, changes=changes)


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


def _buy(line: BrokerLine) -> tuple[Posting, ...]:
    paid = -line.net_cash_fen
    fee = paid - line.gross_fen
    return (
        Posting(CASH, "", -paid),
        *_share_movement(line.instrument, fen=paid, shares=line.shares),
        *_moved(_FEES, line.instrument, fee),
        *_moved(_FEES_IN_COST, line.instrument, -fee),
    )


def _sell(line: BrokerLine, position: Position) -> tuple[Posting, ...]:
    if line.shares == position.shares:
        cost = position.cost_fen
    else:
        cost = divide_half_up(position.cost_fen * line.shares, position.shares)
    return (
        *_moved(CASH, "", line.net_cash_fen),
        *_share_movement(line.instrument, fen=-cost, shares=-line.shares),
        *_moved(_FEES, line.instrument, line.gross_fen - line.net_cash_fen),
        *_moved(_REALISED, line.instrument, cost - line.gross_fen),
    )


def _cash_movement(line: BrokerLine, account: str) -> tuple[Posting, ...]:
    return (
        *_moved(CASH, "", line.net_cash_fen),
        *_moved(account, line.instrument, -line.net_cash_fen),
    )


def _share_movement(instrument: str, *, fen: int, shares: int) -> tuple[Posting, ...]:
    return (
        Posting(SECURITIES, instrument, fen, shares),
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
