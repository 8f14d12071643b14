"""Ranking: the one order of instruments that every decision uses.

It is total: score descending, then instrument ascending. So it is the same on every machine and
however the input was sorted. An instrument without a score has no rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.signals.panel import FloatArray

__all__ = ["rank_scores"]


def rank_scores(scores: FloatArray, instruments: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the positions of the scored instruments, best first.

    Parameters
    ----------
    scores : float64 [N]
        One day's scores.
    instruments : sequence of str [N]
        In the same order.

    Returns
    -------
    int64 [n_scored]
        Positions into `scores`, by score descending, then instrument ascending.

    Raises
    ------
    ShapeError
        If the two lengths differ.

    Notes
    -----
    NaN: never ranked, its position does not occur. Infinity ranks as the number it is.
    Source: decision 6.

    Examples
    --------
    >>> rank_scores(np.array([0.5, np.nan, 1.0, 0.5]), ["D", "C", "B", "A"]).tolist()
    [2, 3, 0]
    """
    if scores.shape != (len(instruments),):
        raise ShapeError(
            "There must be one score per instrument.",
            expected=f"[{len(instruments)}]",
            found=list(scores.shape),
        )
    scored = np.flatnonzero(~np.isnan(scores))
    names = np.asarray(instruments, dtype=np.str_)[scored]
    order: npt.NDArray[np.int64] = scored[np.lexsort((names, -scores[scored]))].astype(np.int64)
    return order
