"""How far a number moves when only chance does: the same model with other seeds, or other splits.

A difference between two models that is smaller than the spread of either is noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Spread", "spread_of"]

_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the values of repeated runs lie.

    Attributes
    ----------
    n : int
        How many runs had a defined value.
    mean, low, high : float
        Mean, smallest and largest value.
    std : float or None
        Sample deviation (ddof 1); None for a single value.
    """

    n: int
    mean: float
    std: float | None
    low: float
    high: float

    def text(self, digits: int = 4) -> str:
        """Return the spread for a person.

        Examples
        --------
        >>> Spread(3, 0.05, 0.01, 0.04, 0.06).text()
        '0.0500 ± 0.0100 (0.0400 to 0.0600)'
        """
        deviation = "" if self.std is None else f" ± {self.std:.{digits}f}"
        return (
            f"{self.mean:.{digits}f}{deviation} ({self.low:.{digits}f} to {self.high:.{digits}f})"
        )


def spread_of(values: Iterable[float | None]) -> Spread | None:
    """Return the spread of the values that are defined.

    Parameters
    ----------
    values : iterable of float or None
        None where undefined; such a run does not count.

    Returns
    -------
    Spread or None
        None if no value is defined.

    Examples
    --------
    >>> spread_of([0.25, None, 0.75])
    Spread(n=2, mean=0.5, std=0.3535533905932738, low=0.25, high=0.75)
    """
    known = np.array([value for value in values if value is not None], np.float64)
    if not known.size:
        return None
    low, high = float(known.min()), float(known.max())
    if low >= high:  # no rounding where nothing differs
        return Spread(int(known.size), low, 0.0 if known.size >= _FEWEST else None, low, high)
    return Spread(int(known.size), float(known.mean()), float(known.std(ddof=1)), low, high)
