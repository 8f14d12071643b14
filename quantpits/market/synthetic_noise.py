"""Everything random in the daily bars of the synthetic market, drawn before the first session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantpits.market.synthetic_listing import N_SECTORS, ListingPlan
from quantpits.market.synthetic_random import Draws

__all__ = ["Noise", "draw_noise"]

FloatArray = npt.NDArray[np.float64]

_MARKET_DRIFT = 0.0003
_MARKET_DEVIATION = 0.0085
_SECTOR_DEVIATION = 0.0045
_JUMP_CHANCE = 0.003


@dataclass(frozen=True, slots=True)
class Noise:
    """Draws of every session and instrument.

    Attributes
    ----------
    common : float64 [T, N]
        Return from the market and the sector.
    own : float64 [T, N]
        Own return in own deviations, near normal.
    jump : float64 [T, N]
        Return from rare news, mostly 0.
    restlessness, shock, volume : float64 [T, N]
        Steps of the own deviation, of the interest in a name, and of its volume; near normal.
    gap, upper, lower : float64 [T, N]
        Shape of the session: opening gap, highest and lowest price; near normal.
    """

    common: FloatArray
    own: FloatArray
    jump: FloatArray
    restlessness: FloatArray
    shock: FloatArray
    volume: FloatArray
    gap: FloatArray
    upper: FloatArray
    lower: FloatArray


def draw_noise(seed: int, plan: ListingPlan, n_sessions: int) -> Noise:
    """Draw everything random in the daily bars.

    Parameters
    ----------
    seed : int
        Seed of the market.
    plan : ListingPlan
        The instruments.
    n_sessions : int
        Sessions up to the horizon.

    Returns
    -------
    Noise
        One stream of draws for each attribute.
    """
    shape = (n_sessions, len(plan.instruments))
    names = ("own", "restlessness", "shock", "volume", "gap", "upper", "lower")
    normals = {
        name: Draws(seed, stream=10 + number).normal(*shape) for number, name in enumerate(names)
    }
    return Noise(common=_common(seed, plan, n_sessions), jump=_jumps(seed, shape), **normals)


def _common(seed: int, plan: ListingPlan, n_sessions: int) -> FloatArray:
    """Market and sector returns; the market's deviation wanders slowly."""
    steps = Draws(seed, stream=4).normal(n_sessions, 2)
    market = np.empty(n_sessions)
    unrest = 1.0
    for row in range(n_sessions):
        unrest = min(max(0.96 * unrest + 0.04 + 0.1 * float(steps[row, 0]), 0.5), 2.4)
        market[row] = _MARKET_DRIFT + _MARKET_DEVIATION * unrest * steps[row, 1]
    sector = _SECTOR_DEVIATION * Draws(seed, stream=5).normal(n_sessions, N_SECTORS)
    common: FloatArray = market[:, np.newaxis] * plan.beta + sector[:, plan.sector]
    return common


def _jumps(seed: int, shape: tuple[int, int]) -> FloatArray:
    lots = Draws(seed, stream=6).uniform(2, *shape)
    # Up or down by 5 to 25 %.
    even = 2.0 * lots[1] - 1.0
    size = np.where(even < 0.0, -0.05, 0.05) + 0.2 * even
    return np.where(lots[0] < _JUMP_CHANCE, size, 0.0)
