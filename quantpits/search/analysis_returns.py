"""Daily returns of chosen rows on the sessions that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from quantpits.search.results import ComboPaths, DateArray, FloatArray

__all__ = ["SharedReturns", "is_flat", "shared_returns"]

# Below this the deviation of a path is rounding: it held cash only.
_NO_DEVIATION = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class SharedReturns:
    """Returns of several paths on their common sessions.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions that all paths have.
    returns : float64 [K, T]
        Simple daily returns, net of costs [fraction]; NaN for a path without any session.
    benchmark : float64 [T] or None
        Those of the benchmark.
    """

    dates: DateArray
    returns: FloatArray
    benchmark: FloatArray | None

    @property
    def excess(self) -> FloatArray:
        """Returns over the benchmark, geometric: float64 [K, T]; plain ones without a benchmark."""
        if self.benchmark is None:
            return self.returns
        return np.asarray((1.0 + self.returns) / (1.0 + self.benchmark) - 1.0)


def shared_returns(paths: ComboPaths, benchmark: FloatArray | None) -> SharedReturns:
    """Return the paths on the sessions where all that have any are defined.

    Parameters
    ----------
    paths : ComboPaths
        K paths on T sessions.
    benchmark : float64 [T] or None
        Returns of the benchmark in the same sessions.

    Returns
    -------
    SharedReturns
        Possibly of no session.
    """
    has_own = np.isfinite(paths.returns)
    is_shared = has_own[has_own.any(axis=1)].all(axis=0) & has_own.any(axis=0)
    return SharedReturns(
        dates=paths.dates[is_shared],
        returns=paths.returns[:, is_shared],
        benchmark=None if benchmark is None else benchmark[is_shared],
    )


def is_flat(returns: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which paths have no deviation.

    Parameters
    ----------
    returns : float64 [K, T]
        Returns; T may be 0.

    Returns
    -------
    bool [K]
        True where a correlation would divide by nothing; also for a path without any session.
    """
    if returns.shape[1] < 2:  # noqa: PLR2004 - a deviation needs two
        return np.ones(len(returns), dtype=np.bool_)
    return np.asarray(~(returns.std(axis=1) >= _NO_DEVIATION))
