"""The weak signal hidden in the synthetic market.

Each day's expected own return of an instrument follows from what anyone can see in its past prices
and volumes:

- reversal: what rose lately, for its own restlessness, falls a little;
- volume shock: unusual volume is followed by lower returns;
- a hump: moderately restless names do better than both calm and restless ones. A linear model of
  the usual features cannot see it, a tree can.

The strengths are set so that Qlib's linear model and LightGBM on Alpha158 reach a daily rank IC of
0.03 to 0.06 on the weekly label, out of sample. The state is a handful of running means of public
numbers, so the signal never looks ahead.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["SignalState"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Strength of each part, in deviations of the own daily return.
_REVERSAL = 0.035
_VOLUME_SHOCK = 0.030
_HUMP = 0.040
_CLIP = 2.0
# Mean of the square of an even draw from [-1, 1], and the inverse of its deviation: sqrt(45 / 4).
_SQUARED_RANK = 1.0 / 3.0
_HUMP_SCALE = 3.3541019662496847

_USUAL_RETURN = 0.015
# Weight of the newest session in each running mean.
_PACE_RETURN = 0.12
_PACE_RESTLESSNESS = 0.05
_PACE_VOLUME_FAST = 0.25
_PACE_VOLUME_SLOW = 0.04


class SignalState:
    """Running means of what the signal looks at.

    Parameters
    ----------
    n_instruments : int
        How many instruments there are.
    """

    def __init__(self, n_instruments: int) -> None:
        self._is_known = np.zeros(n_instruments, dtype=bool)
        self._recent_return = np.zeros(n_instruments)
        self._restlessness = np.full(n_instruments, _USUAL_RETURN)
        self._volume_fast = np.ones(n_instruments)
        self._volume_slow = np.ones(n_instruments)

    def expected(self, is_listed: BoolArray) -> FloatArray:
        """Return the expected own return of the next session.

        Parameters
        ----------
        is_listed : bool [N]
            Which instruments take part.

        Returns
        -------
        float64 [N]
            In deviations of the own daily return; 0 for names that have not traded yet.
        """
        known = is_listed & self._is_known
        if not known.any():
            return np.zeros(len(known))
        reversal = _spread(-self._recent_return / self._restlessness, known)
        shock = _spread(-self._volume_fast / self._volume_slow, known)
        rank = _even_rank(self._restlessness, known)
        hump = np.where(known, (_SQUARED_RANK - rank * rank) * _HUMP_SCALE, 0.0)
        return _REVERSAL * reversal + _VOLUME_SHOCK * shock + _HUMP * hump

    def update(self, change: FloatArray, turnover: FloatArray, is_traded: BoolArray) -> None:
        """Take in what a session showed.

        Parameters
        ----------
        change : float64 [N]
            Adjusted close-to-close return.
        turnover : float64 [N]
            Fraction of the shares that changed hands.
        is_traded : bool [N]
            Which instruments traded; the others keep their state.
        """
        is_first = is_traded & ~self._is_known
        self._volume_fast = np.where(is_first, turnover, self._volume_fast)
        self._volume_slow = np.where(is_first, turnover, self._volume_slow)
        self._is_known = self._is_known | is_traded

        def mean(state: FloatArray, value: FloatArray, pace: float) -> FloatArray:
            return np.where(is_traded, (1.0 - pace) * state + pace * value, state)

        self._recent_return = mean(self._recent_return, change, _PACE_RETURN)
        self._restlessness = mean(self._restlessness, np.abs(change), _PACE_RESTLESSNESS)
        self._volume_fast = mean(self._volume_fast, turnover, _PACE_VOLUME_FAST)
        self._volume_slow = mean(self._volume_slow, turnover, _PACE_VOLUME_SLOW)


def _spread(values: FloatArray, known: BoolArray) -> FloatArray:
    """Return values over the cross-section: mean 0, deviation 1, clipped; 0 where not known."""
    # fsum rounds once, so neither the order of the sum nor the machine can show.
    n_known = int(known.sum())
    mean = math.fsum(values[known].tolist()) / n_known
    centred = np.where(known, values - mean, 0.0)
    deviation = math.sqrt(math.fsum((centred * centred).tolist()) / n_known)
    if deviation == 0.0:
        return np.zeros(len(values))
    return np.clip(centred / deviation, -_CLIP, _CLIP)


def _even_rank(values: FloatArray, known: BoolArray) -> FloatArray:
    """Rank of the known values, evenly from -1 to just below 1; ties by position."""
    order = np.argsort(np.where(known, values, np.inf), kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    return 2.0 * rank / int(known.sum()) - 1.0
