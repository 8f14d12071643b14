"""One session: in which order its lines are posted, and what a session may not do.

The order of the lines in a file is the broker's business and differs between exports, so it must
not matter. Lines are posted in stages - what comes in, sales, what goes out, purchases, sales of
what was bought today - and by content within a stage. Average cost, fees and balances are then the
same for every order of the rows.

Refused, with file and row: a sale of more than is held, a sale of shares bought on the same day
(T+1), cash below zero at the end of the day.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from quantpits.errors import BrokerFileError, NegativePositionError
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import account_of, cashflow_entry, line_entry
from quantpits.post_trade.fold import Tally
from quantpits.post_trade.money import cny_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from quantpits.post_trade.brokers.contract import BrokerLine, Statement
    from quantpits.post_trade.fold import Books
    from quantpits.post_trade.journal import AppliedFlow, CostBasis, Entry

__all__ = ["check_settle_dates", "post_day"]

_STAGES = {
    Effect.DEPOSIT: 0,
    Effect.DIVIDEND: 0,
    Effect.INTEREST: 0,
    Effect.BONUS_SHARES: 0,
    Effect.SHARES_IN: 0,
    Effect.LISTING: 0,
    Effect.REPO_RETURN: 0,
    Effect.SELL: 1,
    Effect.SHARES_OUT: 1,
    Effect.DIVIDEND_TAX: 2,
    Effect.INTEREST_TAX: 2,
    Effect.FEE: 2,
    Effect.WITHDRAWAL: 2,
    Effect.NONE: 2,
    Effect.BUY: 3,
    Effect.SUBSCRIPTION: 3,
    Effect.REPO_LEND: 3,
}
_SAME_DAY_SALES = 4


def check_settle_dates(statement: Statement, *, first: date, last: date) -> None:
    """Refuse a file whose lines settle on another day than its name says.

    Parameters
    ----------
    statement : Statement
        The file.
    first, last : date
        The first and last session in its name.

    Raises
    ------
    BrokerFileError
        If a line has another settlement date.
    """
    for line in statement.lines:
        if not first <= line.settle_date <= last:
            raise BrokerFileError(
                "The settlement date of a line contradicts the name of its file.",
                where=line.where,
                expected=first if first == last else f"{first} to {last}",
                found=line.settle_date,
                hint="give the file the date of its settlements, or export the day again",
            )


def post_day(
    books: Books,
    lines: Iterable[BrokerLine],
    *,
    flows: Iterable[AppliedFlow],
    cost_basis: CostBasis = "average",
) -> tuple[Entry, ...]:
    """Return the entries of one session.

    Parameters
    ----------
    books : Books
        Balances at its start.
    lines : iterable of BrokerLine
        What the broker reports, in any order.
    flows : iterable of AppliedFlow
        Deposits and withdrawals from ``cashflow.json``.
    cost_basis : {"average", "diluted"}
        What a sale takes out of the cost.

    Returns
    -------
    tuple of Entry
        Balanced, in the order in which they are posted.

    Raises
    ------
    NegativePositionError
        If a sale exceeds what may be sold, or the cash does not suffice.
    """
    entries = [cashflow_entry(flow.fen) for flow in flows if not flow.is_in_export]
    ordered = sorted(lines, key=_place)
    _check_next_day_sales(books, ordered)
    running = Tally(books)
    for entry in entries:
        running.add(entry)
    unpaid: BrokerLine | None = None
    for line in ordered:
        position = running.position(line.instrument, account_of(line.effect))
        entry = line_entry(line, position, cost_basis=cost_basis)
        running.add(entry)
        entries.append(entry)
        if running.cash_fen >= 0:
            unpaid = None
        elif unpaid is None and line.net_cash_fen < 0:
            unpaid = line
    if running.cash_fen < 0:
        raise NegativePositionError(
            "The cash does not suffice.",
            where="config/cashflow.json" if unpaid is None else unpaid.where,
            expected=f"cash of 0 or more at the end of the day, from {cny_text(books.cash_fen)}",
            found=cny_text(running.cash_fen),
            hint=(
                "list the deposit that paid for it in config/cashflow.json; where the books are "
                "wrong, set prod_config.json right and run with --adopt"
            ),
        )
    return tuple(entries)


def _place(line: BrokerLine) -> tuple[int, str, str, int]:
    is_late = line.effect is Effect.SELL and line.is_same_day
    stage = _SAME_DAY_SALES if is_late else _STAGES[line.effect]
    return stage, line.instrument, line.content_sha256, line.key.ordinal


def _check_next_day_sales(books: Books, lines: Sequence[BrokerLine]) -> None:
    """Refuse a sale of shares that were bought on the same day, where that is not allowed (T+1)."""
    bought = _shares(lines, Effect.BUY)
    added = _shares(lines, Effect.BONUS_SHARES, Effect.LISTING, Effect.SHARES_IN)
    sold: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        if line.effect is not Effect.SELL or line.is_same_day:
            continue
        name = line.instrument
        sold[name] += line.shares
        sellable = books.position(name).shares + added[name]
        # What exceeds even the purchases of the day is a sale of more than is held, refused as
        # that.
        if sellable < sold[name] <= sellable + bought[name]:
            raise NegativePositionError(
                "A sale of shares that were bought on the same day (T+1).",
                where=line.where,
                expected=f"at most {sellable} shares of {name!r} sold on the day",
                found=f"{sold[name]} shares sold, {bought[name]} of them bought on the day",
                hint="compare the dates with the broker's own statement",
            )


def _shares(lines: Sequence[BrokerLine], *effects: Effect) -> defaultdict[str, int]:
    shares: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        if line.effect in effects:
            shares[line.instrument] += line.shares
    return shares
