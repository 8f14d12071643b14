"""The arrays of a simulation in live timing: the market, the strategy, the book and the path.

Named tuples of arrays, as kernels read them. The market is shared by all simulations on it; a book
and a path belong to one simulation and can be used again for the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantpits.trading.filling import FillBuffers
from quantpits.trading.selection import DecisionBuffers, decision_buffers

if TYPE_CHECKING:
    from quantpits.trading.kernels import BoolArray, IntArray

__all__ = [
    "SessionBook",
    "SessionPaths",
    "SessionTables",
    "SessionTerms",
    "session_book",
    "session_paths",
]


class SessionTables(NamedTuple):
    """The market, one row a session; shared by every simulation on it.

    Attributes
    ----------
    price, mark : int64 [T, N]
        Price that is traded, 0 for none; price of the valuation, without trading the last close
        less what was paid out since, 0 before the first [fen].
    limit_down, limit_up : int64 [T, N]
        Limits of the session, 0 for none [fen].
    worst_sell, worst_buy : int64 [T, N]
        What orders for the session are sized at, from the close before it; 0 where the instrument
        did not trade then [fen].
    is_traded : bool [T, N]
        Whether the instrument traded.
    dividend_e6, bonus_e6 : int64 [T, N]
        Cash per share [1e-6 CNY], and new shares per share [1e-6]; below zero for a consolidation.
    has_action : bool [T]
        Whether the session has any of the two.
    era : int64 [T]
        Row of the rules in force.
    minimum_shares, step_shares : int64 [E, N]
        Lots [shares].
    rates : int64 [E, N, 5]
        Fee schedules.
    deposits : int64 [T]
        Deposits less withdrawals before the session [fen].
    """

    price: IntArray
    mark: IntArray
    limit_down: IntArray
    limit_up: IntArray
    worst_sell: IntArray
    worst_buy: IntArray
    is_traded: BoolArray
    dividend_e6: IntArray
    bonus_e6: IntArray
    has_action: BoolArray
    era: IntArray
    minimum_shares: IntArray
    step_shares: IntArray
    rates: IntArray
    deposits: IntArray


class SessionTerms(NamedTuple):
    """What a simulation is told besides the parameters of the decision.

    Attributes
    ----------
    risk_e8 : int
        Share of the funds that purchases may spend [1e-8].
    hold_thresh : int
        Sessions a position must have been held before its sale.
    is_buffer : bool
        Whether `topk_buffer` decides.
    is_replacing : bool
        Whether alternates take the places of purchases that cannot be traded.
    """

    risk_e8: int
    hold_thresh: int
    is_buffer: bool
    is_replacing: bool


class SessionBook(NamedTuple):
    """The book of one simulation: written in every session, made once by the caller.

    Attributes
    ----------
    shares, since : int64 [N]
        Shares held, and row of the purchase, below 0 for an opening position.
    is_held, is_free : bool [N]
        Which instruments are held; which may be sold now.
    received : int64 [N]
        Bonus shares of the session.
    names : int64 [N]
        The held instruments, filled from the front.
    sized : int64 [N]
        Shares of the purchases.
    work : DecisionBuffers
        Room for the decision; its ``held`` is `names`.
    sales, buys : FillBuffers
        Room for the orders, N each.
    """

    shares: IntArray
    since: IntArray
    is_held: BoolArray
    is_free: BoolArray
    received: IntArray
    names: IntArray
    sized: IntArray
    work: DecisionBuffers
    sales: FillBuffers
    buys: FillBuffers


class SessionPaths(NamedTuple):
    """What a simulation writes, one row a session.

    Attributes
    ----------
    nav, cash, turnover, cost : int64 [T]
        Account value and cash at the close, notional traded and fees paid [fen].
    n_held : int64 [T]
        Positions at the close.
    shares : int64 [T, N] or [0, 0]
        Shares held at the close; not written if it has no rows.
    """

    nav: IntArray
    cash: IntArray
    turnover: IntArray
    cost: IntArray
    n_held: IntArray
    shares: IntArray


def session_book(shares: IntArray, held_sessions: IntArray) -> SessionBook:
    """Return a book that holds the opening positions.

    Parameters
    ----------
    shares, held_sessions : int64 [N]
        Shares held, and sessions each position has been held.

    Returns
    -------
    SessionBook
        Fresh arrays that a simulation writes into.
    """
    n_names = shares.size
    received, names, sized = np.zeros((3, n_names), dtype=np.int64)
    sales, buys = np.zeros((2, 4, n_names), dtype=np.int64)
    return SessionBook(
        shares=shares.copy(),
        since=-held_sessions,
        is_held=shares > 0,
        is_free=np.zeros(n_names, dtype=np.bool_),
        received=received,
        names=names,
        sized=sized,
        work=decision_buffers(n_names)._replace(held=names),
        sales=FillBuffers(*sales),
        buys=FillBuffers(*buys),
    )


def session_paths(n_sessions: int, n_instruments: int, *, is_keeping_shares: bool) -> SessionPaths:
    """Return room for the result of a simulation.

    Parameters
    ----------
    n_sessions, n_instruments : int
        Rows and columns of the market.
    is_keeping_shares : bool
        Whether positions are written.

    Returns
    -------
    SessionPaths
        Arrays of zeros.
    """
    kept = (n_sessions, n_instruments) if is_keeping_shares else (0, 0)
    nav, cash, turnover, cost, n_held = np.zeros((5, n_sessions), dtype=np.int64)
    return SessionPaths(nav, cash, turnover, cost, n_held, np.zeros(kept, dtype=np.int64))
