"""Preparing a backtest in Qlib's timing: from daily adjusted bars to one row a step.

What Qlib's exchange answers for a step is the last value of it that is known: of the price, of the
close, and of the factor, each by itself. An instrument trades in a step if it has any close there,
and is at the limit if it was on every day it traded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.trading.selection import decision_buffers
from quantpits.trading.simulator_qlib import (
    QlibBook,
    QlibPaths,
    QlibTables,
    QlibTerms,
    simulate_qlib_nb,
)
from quantpits.trading.simulator_rules import SimulationResult

if TYPE_CHECKING:
    from quantpits.trading.kernels import BoolArray, FloatArray
    from quantpits.trading.simulator_rules import Opening, SimulationRules
    from quantpits.trading.simulator_schedule import DateArray, QlibSteps

__all__ = [
    "AdjustedBars",
    "QlibExchange",
    "QlibInputs",
    "qlib_inputs",
    "simulate_qlib",
    "step_scores",
]

_NO_PRICE = 1e-8  # at or below it Qlib takes the close


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AdjustedBars:
    """Daily bars as Qlib stores them.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions, ascending, the same rows as the calendar that the steps were cut from.
    instruments : tuple of str [N]
        Sorted, so that ties go to the lower code.
    price, close, factor : float64 [T, N]
        Adjusted price to trade at, adjusted close, cumulative factor; NaN without trading.
    change : float64 [T, N]
        Qlib's ``$change``, close to close [fraction].
    """

    dates: DateArray
    instruments: tuple[str, ...]
    price: FloatArray
    close: FloatArray
    factor: FloatArray
    change: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class QlibExchange:
    """The settings of Qlib's exchange.

    Attributes
    ----------
    open_cost, close_cost : float
        Cost of a purchase and of a sale [fraction of the notional].
    min_cost : float
        Smallest cost of a trade [CNY].
    trade_unit : int or None
        Raw shares of a lot, None for no lots [shares].
    limit_threshold : float or None
        Close-to-close move from which on a side is closed, None for no limits [fraction].
    forbid_all_trade_at_limit : bool
        Whether either limit closes both sides.
    """

    open_cost: float = 0.0005
    close_cost: float = 0.0015
    min_cost: float = 5.0
    trade_unit: int | None = 100
    limit_threshold: float | None = 0.095
    forbid_all_trade_at_limit: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class QlibInputs:
    """A market cut into steps; shared by every simulation on it.

    Attributes
    ----------
    dates : datetime64[D] [S]
        First session of each step.
    instruments : tuple of str [N]
        Columns of the tables.
    steps : QlibSteps
        Rows of the daily bars.
    exchange : QlibExchange
        Costs and lots.
    tables : QlibTables
        The market by step.
    opening_mark : float64 [N]
        Last adjusted close up to the first day, which opening positions are valued at until they
        trade; NaN where there is none.
    """

    dates: DateArray
    instruments: tuple[str, ...]
    steps: QlibSteps
    exchange: QlibExchange
    tables: QlibTables
    opening_mark: FloatArray


def qlib_inputs(bars: AdjustedBars, steps: QlibSteps, *, exchange: QlibExchange) -> QlibInputs:
    """Cut daily bars into Qlib's steps.

    Parameters
    ----------
    bars : AdjustedBars
        T sessions by N instruments.
    steps : QlibSteps
        Rows of the bars.
    exchange : QlibExchange
        Settings.

    Returns
    -------
    QlibInputs
        Tables with one row a step.

    Raises
    ------
    ShapeError
        If the arrays do not fit one another, or the steps reach beyond them.
    DataError
        If a price has no factor: Qlib would trade without lots, silently.
    """
    shape = (bars.dates.size, len(bars.instruments))
    for name in ("price", "close", "factor", "change"):
        if getattr(bars, name).shape != shape:
            raise ShapeError(
                f"The field {name!r} does not fit the bars.",
                expected=shape,
                found=getattr(bars, name).shape,
            )
    if steps.stop[-1] > shape[0]:
        raise ShapeError(
            "The steps reach beyond the bars.", expected=f"{int(steps.stop[-1])} rows", found=shape
        )
    _check_factor(bars)
    is_traded = ~np.isnan(bars.close)
    can_buy, can_sell = _daily_sides(bars.change, is_traded, exchange.limit_threshold)
    close = _last_known(bars.close, steps)
    price = _last_known(bars.price, steps)
    is_unpriced = ~(price > _NO_PRICE)
    can_buy, can_sell = _any_day(can_buy, steps), _any_day(can_sell, steps)
    if exchange.forbid_all_trade_at_limit:
        can_buy = can_sell = can_buy & can_sell
    before = _last_row_known(bars.close[: int(steps.first[0])]) if steps.first[0] else None
    mark = _carried(close, before)
    tables = QlibTables(
        price=np.where(is_unpriced, close, price),
        factor=_last_known(bars.factor, steps),
        mark=mark,
        can_buy=can_buy,
        can_sell=can_sell,
    )
    return QlibInputs(
        dates=bars.dates[steps.first],
        instruments=bars.instruments,
        steps=steps,
        exchange=exchange,
        tables=tables,
        opening_mark=_last_row_known(bars.close[: int(steps.first[0]) + 1]),
    )


def step_scores(scores: FloatArray, steps: QlibSteps) -> FloatArray:
    """Return the scores that each step trades on.

    Parameters
    ----------
    scores : float64 [T, N]
        Daily scores on the rows of the bars, NaN for none.
    steps : QlibSteps
        Rows of the bars.

    Returns
    -------
    float64 [S, N]
        The last score of each instrument in the step before; NaN where it has none. For daily
        steps a view of `scores`.

    Notes
    -----
    NaN: no score. A stale score of the step stands in for a missing later one, as in Qlib.
    """
    first, stop = steps.signal_first, steps.signal_stop
    if np.all(stop - first == 1) and np.all(np.diff(first) == 1):
        return scores[first[0] : stop[-1]]
    out = np.full((first.size, scores.shape[1]), np.nan)
    for step in np.flatnonzero(first < stop):
        out[step] = _last_row_known(scores[first[step] : stop[step]])
    return out


def simulate_qlib(
    inputs: QlibInputs,
    scores: FloatArray,
    *,
    rules: SimulationRules,
    opening: Opening,
    is_keeping_shares: bool = False,
) -> SimulationResult:
    """Run one backtest in Qlib's timing.

    Parameters
    ----------
    inputs : QlibInputs
        The market.
    scores : float64 [T, N]
        Daily scores on the rows of the bars, NaN for none.
    rules : SimulationRules
        The strategy; ``corrected=False`` for parity.
    opening : Opening
        Cash [CNY] and adjusted shares before the first step.
    is_keeping_shares : bool
        Whether to return the positions of every step.

    Returns
    -------
    SimulationResult
        One row a step, in CNY.

    Raises
    ------
    ShapeError
        If the scores or the book do not fit, or a parameter is out of range.
    NonFiniteError
        If a score is infinite, or an amount is not a number.
    DataError
        If an opening position has no price.
    """
    rule = rules.decision_rule()
    n_steps, n_names = inputs.tables.mark.shape
    if scores.ndim != 2 or scores.shape[1] != n_names or scores.shape[0] < inputs.steps.stop[-1]:  # noqa: PLR2004
        raise ShapeError(
            "The scores do not fit the market.",
            expected=f"rows of the bars by {n_names} instruments",
            found=scores.shape,
        )
    if np.isinf(scores).any():
        raise NonFiniteError("A score is infinite.")
    by_step = step_scores(np.ascontiguousarray(scores, dtype=np.float64), inputs.steps)
    exchange = inputs.exchange
    terms = QlibTerms(
        open_cost=exchange.open_cost,
        close_cost=exchange.close_cost,
        min_cost=exchange.min_cost,
        trade_unit=float(exchange.trade_unit or 0),
        risk_degree=rules.risk_degree,
        hold_thresh=rules.hold_thresh,
        is_buffer=rules.strategy == "topk_buffer",
    )
    book = qlib_book(inputs, opening)
    cash = float(opening.cash)
    value = cash + float((book.shares * inputs.opening_mark)[book.is_held].sum())
    paths = qlib_paths(n_steps, n_names, is_keeping_shares=is_keeping_shares)
    simulate_qlib_nb(by_step, inputs.tables, rule, terms, cash, book, paths)
    return SimulationResult(
        execution="qlib",
        unit="cny",
        dates=inputs.dates,
        opening=value,
        nav=paths.nav,
        cash=paths.cash,
        turnover=paths.turnover,
        cost=paths.cost,
        n_held=paths.n_held,
        shares=paths.shares if is_keeping_shares else None,
    )


def qlib_paths(n_steps: int, n_instruments: int, *, is_keeping_shares: bool) -> QlibPaths:
    """Return room for the result of a simulation.

    Parameters
    ----------
    n_steps, n_instruments : int
        Rows and columns of the market.
    is_keeping_shares : bool
        Whether positions are written.

    Returns
    -------
    QlibPaths
        Arrays of zeros.
    """
    kept = (n_steps, n_instruments) if is_keeping_shares else (0, 0)
    nav, cash, turnover, cost = np.zeros((4, n_steps))
    return QlibPaths(nav, cash, turnover, cost, np.zeros(n_steps, dtype=np.int64), np.zeros(kept))


def qlib_book(inputs: QlibInputs, opening: Opening) -> QlibBook:
    """Return a fresh book that holds the opening positions.

    Parameters
    ----------
    inputs : QlibInputs
        The market.
    opening : Opening
        Cash and positions.

    Returns
    -------
    QlibBook
        Arrays that a simulation writes into.

    Raises
    ------
    ShapeError
        If the positions do not fit the market.
    NonFiniteError
        If an amount is negative or not a number.
    DataError
        If a position has no price up to the first day.
    """
    n_names = len(inputs.instruments)
    zeros = np.zeros(n_names)
    shares = zeros if opening.shares is None else np.asarray(opening.shares, dtype=np.float64)
    steps = zeros if opening.held_steps is None else opening.held_steps
    if shares.shape != (n_names,) or steps.shape != (n_names,):
        raise ShapeError(
            "The opening book does not fit the market.",
            expected=(n_names,),
            found=(shares.shape, steps.shape),
        )
    if not (np.isfinite(opening.cash) and opening.cash >= 0 and np.all(shares >= 0)):
        raise NonFiniteError(
            "The opening account is not valid.", expected="cash and shares of 0 or more"
        )
    unpriced = np.flatnonzero((shares > 0) & np.isnan(inputs.opening_mark))
    if unpriced.size:
        raise DataError(
            "An opening position has no price.",
            where=inputs.instruments[int(unpriced[0])],
            expected=f"a close up to {inputs.dates[0]}",
        )
    names = np.zeros(n_names, dtype=np.int64)
    return QlibBook(
        shares=shares.copy(),
        since=-steps.astype(np.int64),
        is_held=shares > 0,
        is_free=np.zeros(n_names, dtype=np.bool_),
        names=names,
        work=decision_buffers(n_names)._replace(held=names),
    )


def _check_factor(bars: AdjustedBars) -> None:
    is_bad = ~np.isnan(bars.close) & ~(bars.factor > 0)
    if is_bad.any():
        row, column = (int(axis[0]) for axis in np.nonzero(is_bad))
        raise DataError(
            "A price has no adjustment factor.",
            where=f"{bars.instruments[column]} on {bars.dates[row]}",
            expected="a factor above 0",
            found=float(bars.factor[row, column]),
        )


def _daily_sides(
    change: FloatArray, is_traded: BoolArray, limit_threshold: float | None
) -> tuple[BoolArray, BoolArray]:
    if limit_threshold is None:
        return is_traded, is_traded
    # Qlib's quotes are float32, and NumPy compares them with the threshold as float32.
    limit = np.float64(np.float32(limit_threshold))
    return is_traded & ~(change >= limit), is_traded & ~(change <= -limit)


def _last_known(values: FloatArray, steps: QlibSteps) -> FloatArray:
    if np.all(steps.stop - steps.first == 1):
        return np.ascontiguousarray(values[steps.first])
    out = np.empty((steps.first.size, values.shape[1]))
    for step, (first, stop) in enumerate(zip(steps.first, steps.stop, strict=True)):
        out[step] = _last_row_known(values[first:stop])
    return out


def _last_row_known(values: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    last = values.shape[0] - 1 - np.argmax(known[::-1], axis=0)
    return np.asarray(values[last, np.arange(values.shape[1])])


def _carried(values: FloatArray, before: FloatArray | None) -> FloatArray:
    """Return the last known value of each row, or of an earlier one."""
    out = values.copy()
    last = np.full(values.shape[1], np.nan) if before is None else before
    for row in range(out.shape[0]):
        last = np.where(np.isnan(out[row]), last, out[row])
        out[row] = last
    return out


def _any_day(flags: BoolArray, steps: QlibSteps) -> BoolArray:
    if np.all(steps.stop - steps.first == 1):
        return np.ascontiguousarray(flags[steps.first])
    pairs = zip(steps.first, steps.stop, strict=True)
    return np.array([flags[first:stop].any(axis=0) for first, stop in pairs])
