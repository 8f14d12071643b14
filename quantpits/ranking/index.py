"""The recommendation index: one day's scores on a scale from -100 to 100."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.signals import rank_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.signals import FloatArray

__all__ = ["recommendation_index", "top_list"]

_SPAN = 200.0
_LOWEST = -100.0


def recommendation_index(scores: FloatArray) -> FloatArray:
    """Return scores stretched so that the lowest is -100 and the highest 100.

    Parameters
    ----------
    scores : float64 [N]
        Scores of all instruments of one day.

    Returns
    -------
    float64 [N]
        ``(score - lowest) / (highest - lowest) * 200 - 100``; 0 for all if they are all equal.

    Raises
    ------
    ShapeError
        If there is no score.
    NonFiniteError
        If a score is NaN or infinite.

    Notes
    -----
    NaN: refused; an instrument that is not scored is not ranked. Order is kept.

    Examples
    --------
    >>> recommendation_index(np.array([1.0, 3.0, 2.0])).tolist()
    [-100.0, 100.0, 0.0]
    """
    if scores.ndim != 1 or not scores.size:
        raise ShapeError("There are no scores to rank.", expected="[N]", found=list(scores.shape))
    if not np.isfinite(scores).all():
        raise NonFiniteError("A score to rank is not a finite number.", expected="finite scores")
    lowest, highest = scores.min(), scores.max()
    if highest <= lowest:
        return np.zeros(scores.shape)
    # Halves, so that the distance between very large scores cannot overflow.
    share = (scores / 2.0 - lowest / 2.0) / (highest / 2.0 - lowest / 2.0)
    index: FloatArray = np.clip(share * _SPAN + _LOWEST, _LOWEST, -_LOWEST)
    return index


def top_list(
    scores: FloatArray, instruments: Sequence[str], *, top_n: int
) -> tuple[tuple[str, float], ...]:
    """Return the best instruments with their index.

    Parameters
    ----------
    scores : float64 [N]
        Scores of all instruments of one day.
    instruments : sequence of str [N]
        In the same order.
    top_n : int
        How many to return at most, 1 or more.

    Returns
    -------
    tuple of (str, float)
        By score descending, then instrument ascending; the index is taken over all N and rounded to
        2 decimals.

    Raises
    ------
    ShapeError
        If there is no score, or the two lengths differ.
    NonFiniteError
        If a score is NaN or infinite.

    Examples
    --------
    >>> top_list(np.array([0.0, 1.0, 1.0]), ("C", "B", "A"), top_n=2)
    (('A', 100.0), ('B', 100.0))
    """
    index = recommendation_index(scores)
    order = rank_scores(scores, instruments)[:top_n]
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    return tuple((instruments[at], round(float(index[at]), 2) + 0.0) for at in order)
