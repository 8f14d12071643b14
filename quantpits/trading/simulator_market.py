"""Preparing a simulation in live timing: the rule book and the corporate actions as tables.

A session's limits are reckoned from the last close, less what was paid out since. What happened to
a share is taken from the facts where the data have them; where they have none and the adjustment
factor rises, it is a cash distribution of the last close less the theoretical ex-price, and where
it falls, a consolidation of shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.limits import limit_prices, worst_prices
from quantpits.trading.simulator_book import SessionTables
from quantpits.trading.simulator_session import E6_A_FEN, MILLION

if TYPE_CHECKING:
    from quantpits.trading.kernels import BoolArray, FloatArray, IntArray
    from quantpits.trading.rulebook import RuleBook
    from quantpits.trading.simulator_schedule import DateArray

__all__ = ["RawBars", "RawBefore", "SessionInputs", "session_inputs"]

# Stored factors are float32; a change below this is their rounding.
_FACTOR_NOISE = 2e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RawBars:
    """Daily bars as they were traded.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions, ascending.
    instruments : tuple of str [N]
        Sorted, so that ties go to the lower code.
    price_fen, close_fen : int64 [T, N]
        Raw price to trade at and raw close [fen], 0 without trading.
    dividend, bonus : float64 [T, N]
        Cash per share [CNY] and new shares per share on the ex-date, 0 for none or unknown.
    factor : float64 [T, N], optional
        Cumulative adjustment factor, NaN where unknown; tells of actions that the two do not.
    is_st : bool [T, N], optional
        Which shares are risk-warned; none by default.
    sessions_listed : int64 [T, N], optional
        Sessions since listing, 1 on the first day; all long listed by default.
    """

    dates: DateArray
    instruments: tuple[str, ...]
    price_fen: IntArray
    close_fen: IntArray
    dividend: FloatArray
    bonus: FloatArray
    factor: FloatArray | None = None
    is_st: BoolArray | None = None
    sessions_listed: IntArray | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RawBefore:
    """What was known before the first row, so that a window equals its part of a longer market.

    Attributes
    ----------
    mark_fen : int64 [N]
        Last close less what was paid out since, 0 where there is none: the ``mark`` of the row
        before [fen].
    factor : float64 [N]
        Last adjustment factor, NaN where there is none.
    """

    mark_fen: IntArray
    factor: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SessionInputs:
    """A market with its rules; shared by every simulation on it.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions.
    instruments : tuple of str [N]
        Columns of the tables.
    tables : SessionTables
        The market by session.
    """

    dates: DateArray
    instruments: tuple[str, ...]
    tables: SessionTables


@dataclass(frozen=True, slots=True, eq=False)
class _Eras:
    """The rules in force, one row for each stretch without a change."""

    era: IntArray
    minimum_shares: IntArray
    step_shares: IntArray
    rates: IntArray
    ratio: IntArray
    st_ratio: IntArray
    free_sessions: IntArray


def session_inputs(
    bars: RawBars,
    rules: RuleBook,
    *,
    deposits_fen: IntArray | None = None,
    forbid_all_trade_at_limit: bool = False,
    before: RawBefore | None = None,
    limit_threshold: float | None = None,
) -> SessionInputs:
    """Put a market and its rules into tables.

    Parameters
    ----------
    bars : RawBars
        T sessions by N instruments.
    rules : RuleBook
        Lots, limits and fees by board and date.
    deposits_fen : int64 [T], optional
        Deposits less withdrawals that arrive before a session [fen].
    forbid_all_trade_at_limit : bool
        Whether a name at either limit is not traded at all, as Qlib has it by default.
    before : RawBefore, optional
        What was known before the first row; nothing by default, so that the first close of each
        instrument has no reference.
    limit_threshold : float, optional
        One greatest move for every instrument and session in the place of the book's limits
        [fraction].

    Returns
    -------
    SessionInputs
        The tables.

    Raises
    ------
    ShapeError
        If the arrays do not fit one another.
    NonFiniteError
        If a price is negative, a dividend is not smaller than the price it is paid from, or the
        flat limit is out of range.
    DataError
        If an instrument has no board, or a board no rule.

    Notes
    -----
    Timing: row t of the worst prices is known after the close of row t - 1.
    """
    before = _checked_before(bars, before)
    _check_bars(bars, deposits_fen)
    n_rows = bars.dates.size
    flat = rules if limit_threshold is None else rules.with_flat_limit(limit_threshold)
    eras = _eras(flat, bars)
    dividend_e6, bonus_e6 = _e6(bars.dividend), _e6(bars.bonus)
    reference, mark = _references(bars, before, (dividend_e6, bonus_e6))
    down, up = np.zeros_like(reference), np.zeros_like(reference)
    worst_sell, worst_buy = np.zeros_like(reference), np.zeros_like(reference)
    for row in range(n_rows):
        ratio = _ratios(bars, eras, row)
        down[row], up[row] = limit_prices(reference[row], ratio)
        if row > 0:
            expected = _ratios(bars, eras, row, told_row=row - 1)
            worst_sell[row], worst_buy[row] = worst_prices(
                bars.close_fen[row - 1], expected, free_move_bps=rules.free_move_bps
            )
    price = np.ascontiguousarray(bars.price_fen)
    if forbid_all_trade_at_limit:
        price = np.where((price <= down) | ((up > 0) & (price >= up)), 0, price)
    deposits = np.zeros(n_rows, dtype=np.int64) if deposits_fen is None else deposits_fen
    tables = SessionTables(
        price=price,
        mark=mark,
        limit_down=down,
        limit_up=up,
        worst_sell=worst_sell,
        worst_buy=worst_buy,
        is_traded=bars.close_fen > 0,
        dividend_e6=dividend_e6,
        bonus_e6=bonus_e6,
        has_action=((dividend_e6 != 0) | (bonus_e6 != 0)).any(axis=1),
        era=eras.era,
        minimum_shares=eras.minimum_shares,
        step_shares=eras.step_shares,
        rates=eras.rates,
        deposits=deposits,
    )
    return SessionInputs(bars.dates, bars.instruments, tables)


def _check_bars(bars: RawBars, deposits_fen: IntArray | None) -> None:
    shape = (bars.dates.size, len(bars.instruments))
    for name in ("price_fen", "close_fen", "dividend", "bonus", "factor", "is_st"):
        field = getattr(bars, name)
        if field is not None and field.shape != shape:
            raise ShapeError(
                f"The field {name!r} does not fit the bars.", expected=shape, found=field.shape
            )
    if bars.sessions_listed is not None and bars.sessions_listed.shape != shape:
        raise ShapeError(
            "The sessions since listing do not fit the bars.",
            expected=shape,
            found=bars.sessions_listed.shape,
        )
    if deposits_fen is not None and deposits_fen.shape != shape[:1]:
        raise ShapeError(
            "The deposits do not fit the sessions.", expected=shape[:1], found=deposits_fen.shape
        )
    if (bars.price_fen < 0).any() or (bars.close_fen < 0).any():
        raise NonFiniteError("A raw price is negative.", expected="0 where there is none")
    for name in ("dividend", "bonus"):
        field = getattr(bars, name)
        if not (np.isfinite(field) & (field >= 0)).all():
            raise NonFiniteError(f"The field {name!r} is not a number of 0 or more.")


def _checked_before(bars: RawBars, before: RawBefore | None) -> RawBefore:
    count = len(bars.instruments)
    if before is None:
        return RawBefore(mark_fen=np.zeros(count, dtype=np.int64), factor=np.full(count, np.nan))
    if before.mark_fen.shape != (count,) or before.factor.shape != (count,):
        raise ShapeError(
            "What was before the first row does not fit the bars.",
            expected=(count,),
            found=(before.mark_fen.shape, before.factor.shape),
        )
    return before


def _e6(terms: FloatArray) -> IntArray:
    return np.rint(terms * MILLION).astype(np.int64)


def _references(
    bars: RawBars, before: RawBefore, terms: tuple[IntArray, IntArray]
) -> tuple[IntArray, IntArray]:
    """Return the reference price and the valuation price; complete the terms from the factor."""
    dividend_e6, bonus_e6 = terms
    shape = bars.close_fen.shape
    reference, mark = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    last, known = before.mark_fen, before.factor
    for row in range(shape[0]):
        if bars.factor is not None:
            known = _factor_terms(bars.factor[row], known, last, (dividend_e6[row], bonus_e6[row]))
        reference[row] = _ex_prices(last, dividend_e6[row], bonus_e6[row])
        paid_out = np.flatnonzero((last > 0) & (reference[row] < 1))
        if paid_out.size:
            raise NonFiniteError(
                "A dividend is not smaller than the price it is paid from.",
                where=f"{bars.instruments[int(paid_out[0])]} on {bars.dates[row]}",
            )
        last = np.where(bars.close_fen[row] > 0, bars.close_fen[row], reference[row])
        mark[row] = last
    return reference, mark


def _factor_terms(
    factor: FloatArray, known: FloatArray, last: IntArray, terms: tuple[IntArray, IntArray]
) -> FloatArray:
    """Write terms where the factor changed without facts; return the factors known so far."""
    dividend_e6, bonus_e6 = terms
    has_facts = (dividend_e6 != 0) | (bonus_e6 != 0)
    ratio = np.where(np.isfinite(factor) & (known > 0) & ~has_facts, factor / known, 1.0)
    is_change = (np.abs(ratio - 1.0) > _FACTOR_NOISE) & (last > 0)
    ex_price = np.floor(last / ratio + 0.5).astype(np.int64)
    paid = np.where(is_change, last - np.maximum(ex_price, 1), 0)
    dividend_e6[paid > 0] = paid[paid > 0] * E6_A_FEN
    is_fewer = paid < 0
    bonus_e6[is_fewer] = np.rint((ratio[is_fewer] - 1.0) * MILLION).astype(np.int64)
    return np.where(np.isfinite(factor), factor, known)


def _ex_prices(close: IntArray, dividend_e6: IntArray, bonus_e6: IntArray) -> IntArray:
    """Return the theoretical ex-prices as `ex_reference_fen` does, 0 where there is no close."""
    numerator = (close * E6_A_FEN - dividend_e6) * MILLION
    denominator = (MILLION + bonus_e6) * E6_A_FEN
    return np.where(close > 0, (2 * numerator + denominator) // (2 * denominator), 0)


def _eras(rules: RuleBook, bars: RawBars) -> _Eras:
    """Ask the rule book once for each stretch of dates in which no rule changes."""
    tables = (rules.lots, rules.limits, rules.fees)
    changes = sorted({rule.effective for table in tables for rule in table})
    stretch = np.searchsorted(np.array(changes, dtype="datetime64[D]"), bars.dates, side="right")
    _, first_rows, era = np.unique(stretch, return_index=True, return_inverse=True)
    days = [bars.dates[row].astype("datetime64[D]").item() for row in first_rows]
    nothing = np.zeros(len(bars.instruments), dtype=np.int64)
    sessions = [rules.session_rules(bars.instruments, day, reference_fen=nothing) for day in days]
    limits = [[rules.limit_rule(name, day) for name in bars.instruments] for day in days]

    def table(attribute: str) -> IntArray:
        return np.array(
            [[getattr(rule, attribute) for rule in row] for row in limits], dtype=np.int64
        )

    return _Eras(
        era=era.astype(np.int64),
        minimum_shares=np.array([session.minimum_shares for session in sessions]),
        step_shares=np.array([session.step_shares for session in sessions]),
        rates=np.array([session.rates for session in sessions]),
        ratio=table("ratio_bps"),
        st_ratio=table("st_ratio_bps"),
        free_sessions=table("free_sessions"),
    )


def _ratios(bars: RawBars, eras: _Eras, row: int, *, told_row: int | None = None) -> IntArray:
    """Return the greatest moves of a session, as they are or as they were told the day before."""
    told = row if told_row is None else told_row
    era = eras.era[row]
    ratio: IntArray = eras.ratio[era]
    if bars.is_st is not None:
        ratio = np.where(bars.is_st[told], eras.st_ratio[era], ratio)
    if bars.sessions_listed is not None:
        listed = bars.sessions_listed[told] + (row - told)
        ratio = np.where(listed <= eras.free_sessions[era], 0, ratio)
    return ratio
