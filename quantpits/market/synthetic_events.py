"""Suspensions and corporate actions of the synthetic market, planned ahead from the seed.

Whether an event takes place is decided when its day comes: an ex-date that falls into a suspension
moves to the first session after it, and amounts depend on the price then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantpits.market.synthetic_listing import DECLINE_SESSIONS, ListingPlan
from quantpits.market.synthetic_random import Draws

__all__ = ["EventPlan", "make_event_plan"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

_SUSPENDED_A_YEAR = 0.2
_LONGEST_SUSPENSION = 10
_QUIET_SESSIONS = 10
_PAYS_CASH = 0.6
_SEASON = ("05-15", "07-31")


@dataclass(frozen=True, slots=True)
class EventPlan:
    """What is planned, for every session up to the horizon.

    Attributes
    ----------
    is_suspended : bool [T, N]
        No trading on that session.
    is_ex_date : bool [T, N]
        Planned ex-date of a year's distribution.
    dividend_yield : float64 [T, N]
        Cash per share on a planned ex-date [fraction of the last close], 0 for none.
    bonus_lot : float64 [T, N]
        Even draw in [0, 1) that decides about new shares on a planned ex-date; small means many.
    """

    is_suspended: BoolArray
    is_ex_date: BoolArray
    dividend_yield: FloatArray
    bonus_lot: FloatArray


def make_event_plan(
    seed: int, plan: ListingPlan, sessions: npt.NDArray[np.datetime64]
) -> EventPlan:
    """Draw suspensions and ex-dates.

    Parameters
    ----------
    seed : int
        Seed of the market.
    plan : ListingPlan
        The instruments.
    sessions : datetime64[D] [T]
        Every session up to the horizon.

    Returns
    -------
    EventPlan
        Suspensions of one to ten sessions, and one ex-date a year between 15 May and 31 July.
    """
    shape = (len(sessions), len(plan.instruments))
    is_suspended = np.zeros(shape, dtype=bool)
    is_ex_date = np.zeros(shape, dtype=bool)
    dividend_yield = np.zeros(shape)
    bonus_lot = np.ones(shape)
    draws = Draws(seed, stream=3)
    columns = np.arange(shape[1])
    first_year, last_year = (int(str(day)[:4]) for day in (sessions[0], sessions[-1]))
    for year in range(first_year, last_year + 1):
        lots = draws.uniform(6, shape[1])
        start, end = _span(sessions, f"{year}-01-01", f"{year}-12-31")
        from_row = start + np.floor(lots[0] / _SUSPENDED_A_YEAR * (end - start)).astype(np.int64)
        n_sessions = 1 + np.floor(lots[1] * _LONGEST_SUSPENSION).astype(np.int64)
        for column in np.flatnonzero(lots[0] < _SUSPENDED_A_YEAR).tolist():
            is_suspended[from_row[column] : from_row[column] + n_sessions[column], column] = True
        start, end = _span(sessions, f"{year}-{_SEASON[0]}", f"{year}-{_SEASON[1]}")
        row = start + np.floor(lots[2] * (end - start)).astype(np.int64)
        is_ex_date[row, columns] = True
        dividend_yield[row, columns] = np.where(lots[3] < _PAYS_CASH, 0.005 + 0.025 * lots[4], 0.0)
        bonus_lot[row, columns] = lots[5]
    is_suspended &= _may_pause(plan, shape[0])
    return EventPlan(is_suspended, is_ex_date, dividend_yield, bonus_lot)


def _span(sessions: npt.NDArray[np.datetime64], first: str, last: str) -> tuple[int, int]:
    start = np.searchsorted(sessions, np.datetime64(first), side="left")
    end = np.searchsorted(sessions, np.datetime64(last), side="right")
    return int(start), int(end)


def _may_pause(plan: ListingPlan, n_sessions: int) -> BoolArray:
    """Suspensions keep away from the first sessions of a name and from its last ones."""
    row = np.arange(n_sessions)[:, np.newaxis]
    late_enough: BoolArray = row >= plan.first + _QUIET_SESSIONS
    early_enough: BoolArray = row < plan.end - DECLINE_SESSIONS - 1
    return late_enough & early_enough
