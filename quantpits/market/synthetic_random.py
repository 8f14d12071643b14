"""Random draws with the same bits on every machine.

NumPy promises the raw bits of a bit generator for ever, but neither the stream of `Generator`
methods nor the last bit of `exp` and `log`, on which its normal draws rest. So the draws here are
made from raw bits by integer arithmetic, one division and one multiplication, which IEEE 754 rounds
the same way everywhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Draws"]

_UNIFORM_SHIFT = np.uint64(11)
_UNIFORM_STEP = 2.0**-53
_LANES = 8
_LANE_MEAN = (2**16 - 1) / 2
# Deviation of the sum of eight 16-bit integers: sqrt(8 * (2^32 - 1) / 12), correctly rounded.
_SUM_DEVIATION = 53509.91992145008


class Draws:
    """Independent streams of random numbers from one seed.

    Parameters
    ----------
    seed : int
        Seed of the market, not negative.
    stream : int
        Number of the stream; different streams of one seed are independent.

    Examples
    --------
    >>> draws = Draws(7, stream=0)
    >>> bool((draws.uniform(3) < 1.0).all())
    True
    """

    def __init__(self, seed: int, *, stream: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream,)))

    def uniform(self, *shape: int) -> npt.NDArray[np.float64]:
        """Return numbers spread evenly over [0, 1).

        Parameters
        ----------
        *shape : int
            Shape of the result.

        Returns
        -------
        float64 [*shape]
            Multiples of 2^-53.
        """
        raw = self._raw(int(np.prod(shape)))
        fractions: npt.NDArray[np.float64] = (raw >> _UNIFORM_SHIFT).astype(
            np.float64
        ) * _UNIFORM_STEP
        return fractions.reshape(shape)

    def normal(self, *shape: int) -> npt.NDArray[np.float64]:
        """Return nearly normal numbers with mean 0 and deviation 1.

        Parameters
        ----------
        *shape : int
            Shape of the result.

        Returns
        -------
        float64 [*shape]
            Sums of eight even draws, so within ±4.9 and with slightly light tails (kurtosis 2.85).
        """
        size = int(np.prod(shape))
        lanes = self._raw(2 * size).view(np.uint16).reshape(size, _LANES)
        sums = lanes.sum(axis=1, dtype=np.int64)
        scaled: npt.NDArray[np.float64] = (sums - _LANES * _LANE_MEAN) / _SUM_DEVIATION
        return scaled.reshape(shape)

    def _raw(self, n_words: int) -> npt.NDArray[np.uint64]:
        return np.asarray(self._bits.random_raw(n_words), dtype=np.uint64)
