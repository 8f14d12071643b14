"""The population stability index (PSI): how differently two samples fill the same bins.

The rule of thumb of the field: below 0.1 stable, from 0.25 shifted. A bin without a member counts
as a share of 0.0001, since the index knows no zero.

Source: Siddiqi, N. (2006), "Credit Risk Scorecards".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOVING", "SHIFTED", "drift_level", "stability_index"]

MOVING: Final = 0.1
SHIFTED: Final = 0.25

_NOTHING = 0.0001


def stability_index(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Return the population stability index of counts in the same bins.

    Parameters
    ----------
    expected, actual : sequence of int [n_bins]
        Counts, at least one in all of each.

    Returns
    -------
    float
        0 for equal shares, without an upper end; the same with both exchanged.

    Raises
    ------
    ShapeError
        If the bins differ in number, or one of both counts nothing.

    Examples
    --------
    >>> stability_index([1, 1], [5, 5])
    0.0
    >>> round(stability_index([1, 1], [1, 3]), 4)
    0.2747
    """
    totals = int(sum(expected)), int(sum(actual))
    if len(expected) != len(actual) or min(totals) < 1:
        raise ShapeError(
            "Two samples are compared in the same bins, and neither may be empty.",
            expected=f"{len(expected)} bins",
            found=f"{len(actual)} bins with {totals[0]} and {totals[1]} members",
        )
    index = 0.0
    for before, after in zip(expected, actual, strict=True):
        old = max(int(before) / totals[0], _NOTHING)
        new = max(int(after) / totals[1], _NOTHING)
        index += (new - old) * math.log(new / old)
    return index


def drift_level(psi: float | None, usual: float | None) -> Literal["", "moving", "shifted"]:
    """Return what an index says about a model.

    Parameters
    ----------
    psi : float or None
        The index; None if it is not known.
    usual : float or None
        What it seldom exceeds for this model; None if that is not known.

    Returns
    -------
    {"", "moving", "shifted"}
        Empty below 0.1, and up to what is usual.

    Examples
    --------
    >>> drift_level(0.3, 0.05), drift_level(0.3, 0.4), drift_level(0.12, None)
    ('shifted', '', 'moving')
    """
    if psi is None or psi < MOVING or (usual is not None and psi <= usual):
        return ""
    return "shifted" if psi >= SHIFTED else "moving"
