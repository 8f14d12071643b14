# ruff: noqa: PLR0917 - kernels take no keyword-only arguments
"""The day loop over a block of combos: session by session, and in each session combo by combo.

All combos of a block see one session before any of them sees the next. So the rows of the market
and the scores of a day are read once for the whole block and stay in the fastest memory, and so do
the partial sums that neighbouring combos share. What a combo does in a session is
`quantpits.trading.simulator_session.simulate_session_nb`, as for a single simulation; nothing of
one combo touches another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantpits.trading.combos_fusion import fuse_combo_nb, is_sharing_nb, own_rows_nb
from quantpits.trading.combos_metrics import block_moments_nb, own_metrics_nb
from quantpits.trading.kernels import BoolArray, FloatArray, IntArray, kernel
from quantpits.trading.selection import DecisionBuffers
from quantpits.trading.simulator_book import SessionBook, session_book
from quantpits.trading.simulator_session import simulate_session_nb

if TYPE_CHECKING:
    from quantpits.trading.combos_fusion import FusionTables, FusionWork
    from quantpits.trading.combos_metrics import ComboBlocks
    from quantpits.trading.selection import DecisionRule
    from quantpits.trading.simulator_book import SessionTables, SessionTerms

__all__ = ["ComboBooks", "ComboPaths", "ComboShared", "combo_books", "run_combos_nb"]


class ComboShared(NamedTuple):
    """What all combos share.

    Attributes
    ----------
    tables : SessionTables
        The market by session.
    fusion : FusionTables
        What the models say.
    oldest : int64 [T]
        The oldest scores that each session may trade on, the session itself for none.
    benchmark : float64 [T] or [0]
        Level of the benchmark at each close.
    opening : int
        Cash before the own rows [fen].
    rule : DecisionRule
        Parameters of the decision.
    terms : SessionTerms
        The rest of the strategy.
    blocks : ComboBlocks
        Rows of the moments.
    """

    tables: SessionTables
    fusion: FusionTables
    oldest: IntArray
    benchmark: FloatArray
    opening: int
    rule: DecisionRule
    terms: SessionTerms
    blocks: ComboBlocks


class ComboBooks(NamedTuple):
    """The accounts of a block of combos, and room for one session of one of them.

    Attributes
    ----------
    shares, since, names : int64 [C, N]
        As in `SessionBook`, one row a combo.
    is_held : bool [C, N]
        As in `SessionBook`.
    first, stop, last, n_held, cash : int64 [C]
        Own rows, last day that counted so far, positions, cash [fen].
    nav : int64 [C, T]
        Account values [fen].
    book : SessionBook
        Room for a session.
    """

    shares: IntArray
    since: IntArray
    names: IntArray
    is_held: BoolArray
    first: IntArray
    stop: IntArray
    last: IntArray
    n_held: IntArray
    cash: IntArray
    nav: IntArray
    book: SessionBook


class ComboPaths(NamedTuple):
    """What a block writes, one row a combo.

    Attributes
    ----------
    first, stop, turnover, cost : int64 [C]
        Own rows; notional traded and fees paid in them [fen].
    metrics : float64 [C, K]
        Columns as `COMBO_COLUMNS`.
    moments : float64 [C, 2, S]
        Sums over the blocks.
    nav : int64 [C, T] or [0, 0]
        Account values; not written if it has no rows.
    """

    first: IntArray
    stop: IntArray
    turnover: IntArray
    cost: IntArray
    metrics: FloatArray
    moments: FloatArray
    nav: IntArray


@kernel
def open_books_nb(
    members: IntArray, starts: IntArray, shared: ComboShared, books: ComboBooks
) -> None:
    """Give every combo of the block an empty account.

    Parameters
    ----------
    members : int64 [sum of sizes]
        The models of the combos, one combo after the other.
    starts : int64 [C + 1]
        Where each combo begins in `members`.
    shared : ComboShared
        What the models score, and the opening cash.
    books : ComboBooks
        Written.
    """
    for combo in range(starts.size - 1):
        own = members[starts[combo] : starts[combo + 1]]
        books.first[combo], books.stop[combo] = own_rows_nb(own, shared.fusion)
        books.last[combo] = -1
        books.n_held[combo] = 0
        books.cash[combo] = shared.opening
        books.shares[combo, :] = 0
        books.is_held[combo, :] = False
        books.nav[combo, :] = shared.opening


@kernel
def close_books_nb(
    n_combos: int, shared: ComboShared, books: ComboBooks, paths: ComboPaths
) -> None:
    """Write the figures of every combo of the block.

    Parameters
    ----------
    n_combos : int64
        Combos of the block.
    shared : ComboShared
        Opening cash, benchmark and rows of the moments.
    books : ComboBooks
        ``nav`` is read, and filled after the own rows.
    paths : ComboPaths
        Written.
    """
    for combo in range(n_combos):
        first, stop = books.first[combo], books.stop[combo]
        nav = books.nav[combo]
        benchmark = np.nan
        if stop > 0:
            nav[stop:] = nav[stop - 1]
            if shared.benchmark.size > 0:
                benchmark = shared.benchmark[stop - 1] / shared.benchmark[first]
        own_metrics_nb(nav[first:stop], shared.opening, benchmark, paths.metrics[combo])
        block_moments_nb(nav, shared.opening, shared.blocks, paths.moments[combo])
        paths.first[combo] = first
        paths.stop[combo] = stop
        if paths.nav.shape[0] > 0:
            for row in range(nav.size):
                paths.nav[combo, row] = nav[row]


@kernel
def run_combos_nb(
    members: IntArray,
    starts: IntArray,
    shared: ComboShared,
    books: ComboBooks,
    work: FusionWork,
    paths: ComboPaths,
) -> None:
    """Simulate a block of combos.

    Parameters
    ----------
    members : int64 [sum of sizes]
        The models of the combos, ascending within each, one combo after the other.
    starts : int64 [C + 1]
        Where each combo begins in `members`.
    shared : ComboShared
        Market, scores and strategy.
    books : ComboBooks
        Room for the accounts, at least C.
    work : FusionWork
        Room for the scores.
    paths : ComboPaths
        Written.
    """
    n_combos = starts.size - 1
    open_books_nb(members, starts, shared, books)
    paths.turnover[:] = 0
    paths.cost[:] = 0
    common = books.book
    for row in range(shared.oldest.size):
        for combo in range(n_combos):
            if row < books.first[combo] or row >= books.stop[combo]:
                continue
            own = members[starts[combo] : starts[combo + 1]]
            signal = books.last[combo]
            is_trading = signal >= shared.oldest[row]
            if is_trading:
                fuse_combo_nb(own, signal, shared.fusion, work)
            book = SessionBook(
                books.shares[combo],
                books.since[combo],
                books.is_held[combo],
                common.is_free,
                common.received,
                books.names[combo],
                common.sized,
                DecisionBuffers(
                    books.names[combo],
                    common.work.candidate,
                    common.work.sell,
                    common.work.buy,
                    common.work.is_open,
                    common.work.tops,
                ),
                common.sales,
                common.buys,
            )
            cash, n_held, value, turnover, cost = simulate_session_nb(
                work.fused,
                shared.tables,
                row,
                is_trading,
                shared.rule,
                shared.terms,
                book,
                (books.cash[combo], books.n_held[combo]),
            )
            books.cash[combo] = cash
            books.n_held[combo] = n_held
            books.nav[combo, row] = value + cash
            paths.turnover[combo] += turnover
            paths.cost[combo] += cost
            if is_sharing_nb(own, row, shared.fusion):
                books.last[combo] = row
    close_books_nb(n_combos, shared, books, paths)


def combo_books(n_combos: int, *, n_sessions: int, n_instruments: int) -> ComboBooks:
    """Return room for the accounts of a block.

    Parameters
    ----------
    n_combos, n_sessions, n_instruments : int
        Combos of a block, rows and columns of the market.

    Returns
    -------
    ComboBooks
        Fresh arrays.
    """
    shares, since, names = np.zeros((3, n_combos, n_instruments), dtype=np.int64)
    first, stop, last, n_held, cash = np.zeros((5, n_combos), dtype=np.int64)
    nothing = np.zeros(n_instruments, dtype=np.int64)
    return ComboBooks(
        shares=shares,
        since=since,
        names=names,
        is_held=np.zeros((n_combos, n_instruments), dtype=np.bool_),
        first=first,
        stop=stop,
        last=last,
        n_held=n_held,
        cash=cash,
        nav=np.zeros((n_combos, n_sessions), dtype=np.int64),
        book=session_book(nothing, nothing),
    )
