"""The simulator: what an account would have become, exact to the fen.

There are two timings. `simulate_sessions` does what a person can do: decide and size after the
close, trade in the next session, in raw shares and whole fen; it is what research, orders and the
paper broker agree on to the cent. `simulate_qlib` repeats Qlib's executor step by step and exists
for parity. Both take one market in tables that all simulations share, allocate nothing in their day
loop, and are deterministic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.trading.money import rate_to_e8
from quantpits.trading.simulator_book import SessionTerms, session_book, session_paths
from quantpits.trading.simulator_rules import SimulationResult
from quantpits.trading.simulator_session import simulate_sessions_nb

if TYPE_CHECKING:
    from quantpits.trading.kernels import FloatArray, IntArray
    from quantpits.trading.simulator_book import SessionBook
    from quantpits.trading.simulator_market import SessionInputs
    from quantpits.trading.simulator_rules import Opening, SimulationRules

__all__ = ["session_terms", "simulate_sessions"]

# An opening position comes from an earlier day, so it can be sold in the first session.
_HELD_BEFORE = 1


def simulate_sessions(
    inputs: SessionInputs,
    scores: FloatArray,
    *,
    signal_rows: IntArray,
    rules: SimulationRules,
    opening: Opening,
    is_keeping_shares: bool = False,
) -> SimulationResult:
    """Run one simulation in live timing.

    Parameters
    ----------
    inputs : SessionInputs
        The market.
    scores : float64 [T, N]
        Daily scores on the rows of the market, NaN for none.
    signal_rows : int64 [T]
        Row of the scores that each session trades on, -1 for none; see
        `quantpits.trading.simulator_schedule.signal_rows`.
    rules : SimulationRules
        The strategy.
    opening : Opening
        Cash [fen] and raw shares before the first session.
    is_keeping_shares : bool
        Whether to return the positions of every session.

    Returns
    -------
    SimulationResult
        One row a session, in fen.

    Raises
    ------
    ShapeError
        If the scores, the signal rows or the book do not fit, or a parameter is out of range.
    NonFiniteError
        If a score is infinite, or an amount negative.
    DataError
        If a session would trade on scores of its own day or a later one, or an opening position
        has no price.

    Notes
    -----
    NaN: never bought, and ranked last where held. Timing: a session uses scores of an earlier one,
    sizes at prices of the session before, and fills at its own. Source: decisions 7 and 25 to 27.
    """
    rule = rules.decision_rule()
    n_sessions, n_names = inputs.tables.mark.shape
    if scores.shape != (n_sessions, n_names):
        raise ShapeError(
            "The scores do not fit the market.",
            expected=(n_sessions, n_names),
            found=scores.shape,
        )
    if np.isinf(scores).any():
        raise NonFiniteError("A score is infinite.")
    _check_signals(signal_rows, n_sessions)
    book = _opening_book(inputs, opening)
    cash = int(opening.cash)
    value = cash + int((book.shares * inputs.tables.mark[0]).sum())
    paths = session_paths(n_sessions, n_names, is_keeping_shares=is_keeping_shares)
    simulate_sessions_nb(
        np.ascontiguousarray(scores, dtype=np.float64),
        signal_rows,
        inputs.tables,
        rule,
        session_terms(rules),
        cash,
        book,
        paths,
    )
    return SimulationResult(
        execution="next_session",
        unit="fen",
        dates=inputs.dates,
        opening=value,
        nav=paths.nav,
        cash=paths.cash,
        turnover=paths.turnover,
        cost=paths.cost,
        n_held=paths.n_held,
        shares=paths.shares if is_keeping_shares else None,
    )


def session_terms(rules: SimulationRules) -> SessionTerms:
    """Return what the kernel is told besides the parameters of the decision.

    Parameters
    ----------
    rules : SimulationRules
        The strategy.

    Returns
    -------
    SessionTerms
        The terms.
    """
    return SessionTerms(
        risk_e8=rate_to_e8(rules.risk_degree),
        hold_thresh=rules.hold_thresh,
        is_buffer=rules.strategy == "topk_buffer",
        is_replacing=rules.is_replacing,
    )


def _check_signals(signal_rows: IntArray, n_sessions: int) -> None:
    if signal_rows.shape != (n_sessions,) or signal_rows.dtype != np.int64:
        raise ShapeError(
            "The signal rows do not fit the market.",
            expected=f"int64 ({n_sessions},)",
            found=f"{signal_rows.dtype} {signal_rows.shape}",
        )
    ahead = np.flatnonzero(signal_rows >= np.arange(n_sessions))
    if ahead.size or (signal_rows < -1).any():
        raise DataError(
            "A session trades on scores that are not known before it.",
            where=f"row {int(ahead[0])}" if ahead.size else "",
            expected="an earlier row, or -1",
        )


def _opening_book(inputs: SessionInputs, opening: Opening) -> SessionBook:
    n_names = len(inputs.instruments)
    nothing = np.zeros(n_names, dtype=np.int64)
    shares = nothing if opening.shares is None else np.asarray(opening.shares)
    held = nothing + _HELD_BEFORE if opening.held_steps is None else opening.held_steps
    if shares.shape != (n_names,) or held.shape != (n_names,):
        raise ShapeError(
            "The opening book does not fit the market.",
            expected=(n_names,),
            found=(shares.shape, held.shape),
        )
    whole = shares.astype(np.int64)
    is_whole = np.isfinite(opening.cash) and opening.cash == int(opening.cash)
    if not is_whole or opening.cash < 0 or np.any((whole != shares) | (whole < 0)):
        raise NonFiniteError(
            "The opening account is not whole fen and whole shares.",
            expected="numbers of 0 or more",
            found=opening.cash,
        )
    unpriced = np.flatnonzero((whole > 0) & (inputs.tables.mark[0] == 0))
    if unpriced.size:
        raise DataError(
            "An opening position has no price.",
            where=inputs.instruments[int(unpriced[0])],
            expected=f"a close on {inputs.dates[0]}; begin the market earlier",
        )
    return session_book(whole, held.astype(np.int64))
