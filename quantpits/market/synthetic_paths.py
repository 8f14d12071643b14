"""Daily bars of the synthetic market, simulated session by session over the whole horizon.

Invariants
----------
- Raw prices are whole fen and volumes whole shares before they feed the next session, so nothing
  smaller than a tick can grow into a difference. All arithmetic is the exactly rounded part of
  IEEE 754 (+ - * / sqrt floor) on draws made of raw bits; cross-sections are summed exactly. Every
  machine gets the same bits.
- A session depends on earlier sessions and its own draws only: the market through one date is a
  prefix of the market through any later date.
- On a session with a limit, every price lies within it; where the wish goes far beyond, the whole
  session trades at the limit. What could not move is carried into the next session.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from quantpits.market.synthetic_events import EventPlan, make_event_plan
from quantpits.market.synthetic_listing import (
    DECLINE_SESSIONS,
    ListingPlan,
    limit_ratio_bps,
    make_listing_plan,
)
from quantpits.market.synthetic_noise import Noise, draw_noise
from quantpits.market.synthetic_signal import SignalState

__all__ = ["Paths", "simulate_paths"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_BPS = 10_000
# Widest move where there is no limit.
_FREE_MOVE_BPS = 6_000
# A wish this many times the limit locks the whole session there.
_LOCKED_BEYOND = 1.25
_CUT_OFF = 0.005
_CARRIED_ON = 0.7
_KNOWN_ON_RESUMPTION = 0.5

_LOW_PRICE_FEN = 300
_SPLIT_PRICE_FEN = 1_000
_HIGH_PRICE_FEN = 8_000
# Sessions a new name waits before its first distribution.
_SEASONED_SESSIONS = 120

_DECLINE = -0.03
_FLOOR_LIFT = 0.005
_FIRST_DAY_RISE = 0.3


@dataclass(frozen=True, slots=True)
class Paths:
    """Raw daily facts of every instrument, for every session up to the horizon.

    Attributes
    ----------
    open_fen, high_fen, low_fen, close_fen, vwap_fen : int64 [T, N]
        Raw prices [fen]; 0 where nothing traded.
    volume_shares : int64 [T, N]
        Shares traded; 0 where nothing traded.
    dividend_fen, bonus_tenths : int64 [T, N]
        On an ex-date: cash per share [fen], and new shares per ten old; else 0.
    reference_fen : int64 [T, N]
        Previous close, or on an ex-date the theoretical ex-price, or the issue price [fen].
    outstanding_shares : int64 [T, N]
        Shares outstanding after the session's events.
    factor : float64 [T, N]
        Cumulative adjustment factor: adjusted price = raw price × factor; 1 at the start.
    is_listed : bool [T, N]
        Listed on that session, trading or not.
    is_traded : bool [T, N]
        Listed and not suspended.
    """

    open_fen: IntArray
    high_fen: IntArray
    low_fen: IntArray
    close_fen: IntArray
    vwap_fen: IntArray
    volume_shares: IntArray
    dividend_fen: IntArray
    bonus_tenths: IntArray
    reference_fen: IntArray
    outstanding_shares: IntArray
    factor: FloatArray
    is_listed: BoolArray
    is_traded: BoolArray


def simulate_paths(seed: int, sessions: npt.NDArray[np.datetime64]) -> tuple[ListingPlan, Paths]:
    """Simulate the market from its first session to the horizon.

    Parameters
    ----------
    seed : int
        Seed of the market.
    sessions : datetime64[D] [T]
        Every session up to the horizon.

    Returns
    -------
    plan : ListingPlan
        The instruments.
    paths : Paths
        Their daily bars.
    """
    plan = make_listing_plan(seed, sessions)
    events = make_event_plan(seed, plan, sessions)
    noise = draw_noise(seed, plan, len(sessions))
    simulation = _Simulation(plan, events, noise)
    for row, ratio_bps in enumerate(limit_ratio_bps(plan, sessions)):
        reference = simulation.corporate_actions(row)
        target = simulation.target_return(row)
        is_locked = simulation.trade(row, _Band.around(reference, ratio_bps), target)
        simulation.turn_over(row, is_locked)
    return plan, simulation.paths


@dataclass(frozen=True, slots=True)
class _Band:
    """The prices a session may show, per instrument [fen]."""

    reference: IntArray
    low: IntArray
    high: IntArray
    is_limited: BoolArray

    @classmethod
    def around(cls, reference: IntArray, ratio_bps: IntArray) -> _Band:
        """Limits round half up to the tick and leave at least one tick of room."""
        is_limited = ratio_bps > 0
        ratio = np.where(is_limited, ratio_bps, _FREE_MOVE_BPS)
        low = (reference * (_BPS - ratio) + _BPS // 2) // _BPS
        high = (reference * (_BPS + ratio) + _BPS // 2) // _BPS
        low = np.maximum(np.minimum(low, reference - 1), 1)
        return cls(reference, low, np.maximum(high, reference + 1), is_limited)

    def price(self, change: FloatArray) -> IntArray:
        """Return the price after a change, on the tick and inside the band."""
        wished = np.floor(self.reference * (1.0 + change) + 0.5).astype(np.int64)
        return np.clip(wished, self.low, self.high)


class _Simulation:
    """The plans, the bars made so far, and what a session hands to the next one."""

    def __init__(self, plan: ListingPlan, events: EventPlan, noise: Noise) -> None:
        n = len(plan.instruments)
        self.plan, self.events, self.noise = plan, events, noise
        self.paths = _empty_paths(plan, events)
        self.signal = SignalState(n)
        self.close_fen = plan.issue_fen.copy()
        self.shares = plan.shares.copy()
        self.factor = np.ones(n)
        self.carried = np.zeros(n)
        self.shock = np.zeros(n)
        self.restlessness = np.ones(n)
        self.is_due = np.zeros(n, dtype=bool)
        self.dividend_yield = np.zeros(n)
        self.bonus_lot = np.ones(n)

    def corporate_actions(self, row: int) -> IntArray:
        """Pay what is due before the session and return its reference prices [fen]."""
        planned = self.events.is_ex_date[row] & (row >= self.plan.first + _SEASONED_SESSIONS)
        self.is_due |= planned
        self.dividend_yield = np.where(
            planned, self.events.dividend_yield[row], self.dividend_yield
        )
        self.bonus_lot = np.where(planned, self.events.bonus_lot[row], self.bonus_lot)
        pays = self.is_due & self.paths.is_traded[row]
        self.is_due &= ~pays
        previous = self.close_fen
        cash = np.floor(previous * self.dividend_yield).astype(np.int64)
        dividend = np.where(pays, cash, 0)
        bonus = np.where(pays, _bonus_tenths(previous, self.bonus_lot), 0)
        divisor = 10 + bonus
        # (previous - dividend) * 10 / divisor in whole fen, half up.
        reference: IntArray = ((previous - dividend) * 20 + divisor) // (2 * divisor)
        self.factor = self.factor * (previous / reference)
        self.shares = self.shares * divisor // 10
        self.paths.dividend_fen[row] = dividend
        self.paths.bonus_tenths[row] = bonus
        self.paths.reference_fen[row] = reference
        self.paths.outstanding_shares[row] = self.shares
        self.paths.factor[row] = self.factor
        return reference

    def target_return(self, row: int) -> FloatArray:
        """Return what each price wants to do this session, before limits."""
        plan, is_listed = self.plan, self.paths.is_listed[row]
        step = 0.1 * self.noise.restlessness[row]
        self.restlessness = np.clip(0.97 * self.restlessness + 0.03 + step, 0.5, 2.2)
        deviation = plan.volatility * self.restlessness
        own = self.noise.own[row] + self.signal.expected(is_listed)
        news = self.noise.common[row] + self.noise.jump[row] + self.carried
        is_declining = row >= plan.end - DECLINE_SESSIONS
        is_cheap = (self.close_fen < _LOW_PRICE_FEN) & ~is_declining
        is_first_day = (row == plan.first) & ~plan.is_seasoned
        target: FloatArray = news + deviation * own
        target = target + np.where(is_declining, _DECLINE, 0.0)
        target = target + np.where(is_cheap, _FLOOR_LIFT, 0.0)
        target = target + np.where(is_first_day, _FIRST_DAY_RISE, 0.0)
        is_suspended = is_listed & ~self.paths.is_traded[row]
        # News during a suspension is only partly known when trading resumes.
        self.carried = np.where(is_suspended, _KNOWN_ON_RESUMPTION * target, 0.0)
        return target

    def trade(self, row: int, band: _Band, target: FloatArray) -> BoolArray:
        """Turn wishes into the prices of one session; say who traded at the limit all day."""
        is_traded = self.paths.is_traded[row]
        close = band.price(target)
        reached = close / band.reference - 1.0
        missed = np.where(band.is_limited, target - reached, 0.0)
        is_at_edge = (close == band.low) | (close == band.high)
        is_cut = is_at_edge & (np.abs(missed) > _CUT_OFF)
        # A move cut off by the limit goes on, mostly, in the next session.
        onward = np.where(is_cut, _CARRIED_ON * missed, 0.0)
        self.carried = np.where(is_traded, onward, self.carried)
        is_locked: BoolArray = is_cut & (np.abs(target) > _LOCKED_BEYOND * np.abs(reached))
        spread = 0.006 * self.restlessness
        opening = band.price(0.4 * reached + spread * self.noise.gap[row])
        opening = np.where(is_locked, close, opening)
        top, bottom = np.maximum(opening, close), np.minimum(opening, close)
        rise = np.where(is_locked, 0.0, spread * np.abs(self.noise.upper[row]))
        fall = np.where(is_locked, 0.0, spread * np.abs(self.noise.lower[row]))
        high = np.minimum(np.ceil(top * (1.0 + rise)).astype(np.int64), band.high)
        low = np.maximum(np.floor(bottom * (1.0 - fall)).astype(np.int64), band.low)
        vwap = (opening + high + low + 2 * close) // 5
        paths = self.paths
        bars = (paths.open_fen, paths.high_fen, paths.low_fen, paths.close_fen, paths.vwap_fen)
        for bar, prices in zip(bars, (opening, high, low, close, vwap), strict=True):
            bar[row] = np.where(is_traded, prices, 0)
        # There is no event on a suspended session, so its reference is the last close.
        self.close_fen = np.where(is_traded, close, band.reference)
        return is_locked

    def turn_over(self, row: int, is_locked: BoolArray) -> None:
        """Give the session its volume and let the signal see the session."""
        is_traded = self.paths.is_traded[row]
        reference = self.paths.reference_fen[row]
        change = np.where(is_traded, self.close_fen / reference - 1.0, 0.0)
        self.shock = np.clip(0.9 * self.shock + 0.3 * self.noise.shock[row], -2.0, 2.0)
        interest = 0.5 * self.shock + 8.0 * np.abs(change) + 0.25 * self.noise.volume[row]
        interest = np.clip(interest, -1.0, 2.5)
        # The start of the exponential series: always positive, and exactly rounded.
        activity = 1.0 + interest + 0.5 * interest * interest
        activity = np.where(is_locked, 0.1 * activity, activity)
        lots = np.floor(self.shares * self.plan.daily_turnover * activity / 100.0)
        volume = np.maximum(lots.astype(np.int64), 1) * 100
        self.paths.volume_shares[row] = np.where(is_traded, volume, 0)
        self.signal.update(change, volume / self.shares, is_traded)


def _empty_paths(plan: ListingPlan, events: EventPlan) -> Paths:
    shape = events.is_suspended.shape
    row = np.arange(shape[0])[:, np.newaxis]
    is_listed = (row >= plan.first) & (row < plan.end)
    others = {"factor", "is_listed", "is_traded"}
    names = [field.name for field in fields(Paths) if field.name not in others]
    arrays = {name: np.zeros(shape, dtype=np.int64) for name in names}
    return Paths(
        **arrays,
        factor=np.ones(shape),
        is_listed=is_listed,
        is_traded=is_listed & ~events.is_suspended,
    )


def _bonus_tenths(close_fen: IntArray, lot: FloatArray) -> IntArray:
    """High prices are split more often and further; a cheap name never."""
    is_high = close_fen > _HIGH_PRICE_FEN
    chance = np.where(is_high, 0.7, np.where(close_fen > _SPLIT_PRICE_FEN, 0.1, 0.0))
    size = np.where(is_high, 10, np.where(lot * 2.0 < chance, 3, 5))
    return np.where(lot < chance, size, 0)
