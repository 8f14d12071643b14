"""An account as rows: what was held, traded, paid and received, by session and instrument.

Two things can be put into this form, the books of a workspace and a run of the simulator, and then
be held against each other; see `quantpits.routine.attribution`.

Conventions: amounts in fen, prices of the valuation in mills (thousandths of CNY, since funds
trade to them); purchases are positive shares and positive notional.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import CASH, CASHFLOW, REPO, SECURITIES, SUBSCRIPTIONS
from quantpits.post_trade.fold import books_at, daily_books
from quantpits.post_trade.live import live_entries
from quantpits.trading import fee_fen_nb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from quantpits.post_trade.journal import Entry, Journal
    from quantpits.routine.paper_market import PaperMarket
    from quantpits.trading import SimulationResult
    from quantpits.trading.kernels import IntArray

__all__ = ["AccountRows", "held_instruments", "ledger_rows", "mark_mills", "simulated_rows"]

_E6 = 1_000_000
_E6_A_FEN = 10_000
_MILLS_A_FEN = 10
_FEES = "fees"
_TRADES = (Effect.BUY.value, Effect.SELL.value)
_DEPOSITS = (CASHFLOW, Effect.DEPOSIT.value, Effect.WITHDRAWAL.value)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AccountRows:
    """One account over T sessions and N instruments.

    Attributes
    ----------
    before : int64 [N]
        Shares held before the first session.
    shares : int64 [T, N]
        Shares held at the end of each session.
    traded, notional, fee : int64 [T, N]
        Shares bought less sold, their amount without fees, and the fees [shares, fen, fen].
    other : int64 [T, N]
        What an instrument brought without a trade: dividends less tax, and payments for new shares
        against what is pending [fen].
    deposits, income : int64 [T]
        Deposits less withdrawals, and what belongs to no instrument, such as interest [fen].
    nav, cash : int64 [T]
        Account value, and cash with what is pending, at the end of each session [fen].
    """

    before: IntArray
    shares: IntArray
    traded: IntArray
    notional: IntArray
    fee: IntArray
    other: IntArray
    deposits: IntArray
    income: IntArray
    nav: IntArray
    cash: IntArray


def ledger_rows(
    journal: Journal, *, instruments: Sequence[str], sessions: Sequence[date]
) -> AccountRows:
    """Return the books as rows.

    Parameters
    ----------
    journal : Journal
        The books.
    instruments : sequence of str [N]
        Every instrument that is held or traded in the sessions.
    sessions : sequence of date [T]
        Consecutive processed sessions.

    Returns
    -------
    AccountRows
        Corrections count where they belong.
    """
    shape = (len(sessions), len(instruments))
    row_of = {day: row for row, day in enumerate(sessions)}
    column_of = {name: column for column, name in enumerate(instruments)}
    traded, notional, fee, other, shares = np.zeros((5, *shape), dtype=np.int64)
    deposits, income, nav, cash = np.zeros((4, len(sessions)), dtype=np.int64)
    before = np.zeros(len(instruments), dtype=np.int64)
    for books in daily_books(journal):
        row = row_of.get(books.settle_date)
        if row is None:
            continue
        nav[row] = books.nav_fen
        cash[row] = books.after.cash_fen + books.after.pending_fen
        for name, position in books.after.positions.items():
            shares[row, column_of[name]] = position.shares
        if row == 0:
            for name, position in books.before.positions.items():
                before[column_of[name]] = position.shares
    for live in live_entries(journal).values():
        row = row_of.get(live.day)
        if row is None:
            continue
        entry = live.entry
        moved = _moved(entry)
        if not entry.instrument:
            (deposits if entry.kind in _DEPOSITS else income)[row] += moved
            continue
        column = column_of[entry.instrument]
        if entry.kind in _TRADES:
            paid = _posted(entry, _FEES)
            traded[row, column] += _shares(entry)
            fee[row, column] += paid
            notional[row, column] -= moved + paid
        else:
            other[row, column] += moved
    return AccountRows(
        before=before,
        shares=shares,
        traded=traded,
        notional=notional,
        fee=fee,
        other=other,
        deposits=deposits,
        income=income,
        nav=nav,
        cash=cash,
    )


def held_instruments(journal: Journal, *, start: date, end: date) -> set[str]:
    """Return what the books held or traded on some days.

    Parameters
    ----------
    journal : Journal
        The books.
    start, end : date
        First and last day.

    Returns
    -------
    set of str
        Instruments.
    """
    held = set(books_at(journal, start).positions)
    held |= {
        live.entry.instrument
        for live in live_entries(journal).values()
        if start <= live.day <= end and live.entry.instrument
    }
    for books in daily_books(journal):
        if start <= books.settle_date <= end:
            held |= {*books.before.positions, *books.after.positions}
    return held


def simulated_rows(market: PaperMarket, result: SimulationResult) -> AccountRows:
    """Return a run of the simulator as rows.

    Parameters
    ----------
    market : PaperMarket
        What it ran on.
    result : SimulationResult
        In fen, with its shares, from cash alone.

    Returns
    -------
    AccountRows
        Its trades follow from its shares, since a position is bought and sold as a whole.
    """
    tables = market.inputs.tables
    assert result.shares is not None  # they were asked for
    shares = result.shares.astype(np.int64)
    before = np.vstack([np.zeros_like(shares[:1]), shares[:-1]])
    new = before * tables.bonus_e6 // _E6
    traded = shares - before - new
    notional = traded * tables.price
    fee = np.zeros_like(traded)
    for row, column in zip(*np.nonzero(traded), strict=True):
        is_sale = bool(traded[row, column] < 0)
        rates = tables.rates[tables.era[row], column]
        fee[row, column] = fee_fen_nb(abs(int(notional[row, column])), is_sale, rates)
    return AccountRows(
        before=np.zeros(shares.shape[1], dtype=np.int64),
        shares=shares,
        traded=traded,
        notional=notional,
        fee=fee,
        other=(before * tables.dividend_e6 + _E6_A_FEN // 2) // _E6_A_FEN,
        deposits=tables.deposits,
        income=np.zeros_like(tables.deposits),
        nav=result.nav.astype(np.int64),
        cash=result.cash.astype(np.int64),
    )


def mark_mills(
    journal: Journal, market: PaperMarket, *, instruments: Sequence[str] | None = None
) -> IntArray:
    """Return the prices of the valuation: the simulator's, and the books' own where they have one.

    Parameters
    ----------
    journal : Journal
        The books.
    market : PaperMarket
        Sessions, and prices of some instruments.
    instruments : sequence of str [N], optional
        The columns; those of the market by default.

    Returns
    -------
    int64 [T, N]
        Prices [1e-3 CNY].
    """
    names = market.instruments if instruments is None else tuple(instruments)
    mills: IntArray = market.on_columns(market.inputs.tables.mark, names) * _MILLS_A_FEN
    row_of: Mapping[date, int] = {day: row for row, day in enumerate(market.dates.tolist())}
    column_of = {name: column for column, name in enumerate(names)}
    for books in daily_books(journal):
        row = row_of.get(books.settle_date)
        if row is not None:
            for name in books.after.positions:
                mills[row, column_of[name]] = int(books.marks[name].close * 1000)
    return mills


def _moved(entry: Entry) -> int:
    """Return what an entry does to the cash and to what is pending [fen]."""
    accounts = (CASH, SUBSCRIPTIONS, REPO)
    return sum(posting.fen for posting in entry.postings if posting.account in accounts)


def _posted(entry: Entry, account: str) -> int:
    return sum(posting.fen for posting in entry.postings if posting.account == account)


def _shares(entry: Entry) -> int:
    return sum(posting.shares for posting in entry.postings if posting.account == SECURITIES)
