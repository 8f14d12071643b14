"""The universe and the benchmark index of the synthetic market, both by rule from its bars.

Universe: 60 names, reviewed twice a year. A review takes effect on the first session after the
second Friday of June and December and takes the names with the greatest value traded in the 60
sessions up to the end of the month before. A member that leaves the exchange is replaced at once,
by the same rule. Beijing names, names listed for less than 60 sessions and names in their
delisting period cannot join.

Benchmark: weighted by market capitalisation over the universe, distributions reinvested; it starts
at 3000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.market.synthetic_listing import DECLINE_SESSIONS, ListingPlan

if TYPE_CHECKING:
    from quantpits.market.synthetic_paths import Paths

__all__ = ["UNIVERSE_SIZE", "IndexBars", "index_bars", "universe_membership"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

UNIVERSE_SIZE = 60
_LOOK_BACK = 60
_REVIEW_MONTHS = (6, 12)
_MIN_AGE_SESSIONS = 60
_START_LEVEL = 3000.0


@dataclass(frozen=True, slots=True)
class IndexBars:
    """Daily bars of the benchmark.

    Attributes
    ----------
    open, high, low, close : float64 [T]
        Index points, to 0.01.
    volume_shares : int64 [T]
        Shares traded in all members.
    amount_cny : float64 [T]
        Value traded in all members [CNY].
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume_shares: IntArray
    amount_cny: FloatArray


def universe_membership(
    plan: ListingPlan, paths: Paths, sessions: npt.NDArray[np.datetime64]
) -> BoolArray:
    """Return who belongs to the universe on each session.

    Parameters
    ----------
    plan : ListingPlan
        The instruments.
    paths : Paths
        Their bars.
    sessions : datetime64[D] [T]
        Every session up to the horizon.

    Returns
    -------
    bool [T, N]
        Exactly `UNIVERSE_SIZE` members on every session.
    """
    traded = np.cumsum(paths.volume_shares * paths.vwap_fen, axis=0)
    traded[_LOOK_BACK:] = traded[_LOOK_BACK:] - traded[:-_LOOK_BACK]
    is_excluded = np.array([board == "beijing" for board in plan.boards])
    reviews = _reviews(sessions)
    members = np.zeros_like(paths.is_listed)
    current = np.zeros(len(plan.boards), dtype=bool)
    for row in range(len(sessions)):
        current = current & paths.is_listed[row]
        looked_at = reviews.get(row)
        if looked_at is not None or int(current.sum()) < UNIVERSE_SIZE:
            age = np.where(plan.is_seasoned, _MIN_AGE_SESSIONS, row - plan.first)
            is_leaving = row >= plan.end - DECLINE_SESSIONS
            eligible = paths.is_listed[row] & (age >= _MIN_AGE_SESSIONS) & ~is_leaving
            basis = traded[max(row - 1, 0) if looked_at is None else looked_at]
            eligible &= ~is_excluded
            kept = current if looked_at is None else np.zeros_like(current)
            current = _fill_up(kept, eligible, basis)
        members[row] = current
    return members


def index_bars(paths: Paths, members: BoolArray) -> IndexBars:
    """Return the benchmark's bars.

    Parameters
    ----------
    paths : Paths
        Bars of the instruments.
    members : bool [T, N]
        Members on each session.

    Returns
    -------
    IndexBars
        Index points and traded volume and value.

    Notes
    -----
    A suspended member counts with its last close. Capitalisations are whole numbers, so sums are
    exact.
    """
    last = _last_close(paths)
    bars = np.empty((4, len(members)))
    level = _START_LEVEL
    for row, mask in enumerate(members):
        shares = paths.outstanding_shares[row][mask]
        # A suspended name has no event, so its reference is its last close.
        base = _capital(paths.reference_fen[row][mask], shares)
        is_flat = ~paths.is_traded[row][mask]
        prices = (paths.open_fen, paths.high_fen, paths.low_fen, last)
        sums = [
            _capital(np.where(is_flat, last[row][mask], price[row][mask]), shares)
            for price in prices
        ]
        opening, high, low, close = [level * (total / base) for total in sums]
        # Members peak at different times, so the index moves about half as far as the sum of peaks.
        top, bottom = max(opening, close), min(opening, close)
        bars[:, row] = opening, (top + high) / 2, (bottom + low) / 2, close
        level = close
    traded = members & paths.is_traded
    volume = np.where(traded, paths.volume_shares, 0).sum(axis=1)
    amount = np.where(traded, paths.volume_shares * paths.vwap_fen, 0).sum(axis=1)
    points = np.floor(bars * 100.0 + 0.5) / 100.0
    opening, high, low, close = points
    return IndexBars(opening, high, low, close, volume_shares=volume, amount_cny=amount / 100.0)


def _capital(price_fen: IntArray, shares: IntArray) -> int:
    return int((price_fen * shares).sum())


def _last_close(paths: Paths) -> IntArray:
    """Close, or on a suspended session the last one before it [fen]."""
    return np.where(paths.is_traded, paths.close_fen, paths.reference_fen)


def _reviews(sessions: npt.NDArray[np.datetime64]) -> dict[int, int]:
    """Rows of reviews, each with the row whose closes it looks at; the first session is one."""
    reviews = {0: 0}
    months = sessions.astype("datetime64[M]")
    for month in np.unique(months):
        first_day = month.astype("datetime64[D]")
        if int(str(month)[5:]) not in _REVIEW_MONTHS:
            continue
        # The second Friday: 1970-01-01 was a Thursday, so day 1 was a Friday.
        to_friday = (1 - int(first_day.astype(np.int64))) % 7
        effective = int(np.searchsorted(sessions, first_day + to_friday + 7, side="right"))
        looked_at = int(np.searchsorted(sessions, first_day)) - 1
        reviews[effective] = looked_at
    return reviews


def _fill_up(kept: BoolArray, eligible: BoolArray, basis: IntArray) -> BoolArray:
    """Add the eligible names of greatest basis until the universe is complete; ties by column."""
    n_missing = UNIVERSE_SIZE - int(kept.sum())
    order = np.argsort(np.where(eligible & ~kept, -basis, 1), kind="stable")
    filled = kept.copy()
    filled[order[:n_missing]] = True
    return filled
