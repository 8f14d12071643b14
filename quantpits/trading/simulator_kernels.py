"""Small kernels of the day loop that both timings use."""

from __future__ import annotations

import numpy as np

from quantpits.trading.kernels import BoolArray, FloatArray, IntArray, kernel

__all__ = ["has_score_nb", "renew_names_nb", "sort_ascending_nb", "value_fen_nb", "value_nb"]


@kernel
def has_score_nb(scores: FloatArray) -> bool:
    """Return whether any name has a score: ``not isnan(scores).all()``.

    Parameters
    ----------
    scores : float64 [N]
        Scores, NaN for none.

    Returns
    -------
    bool
        False if all are NaN.
    """
    for name in range(scores.size):  # noqa: SIM110 - Numba compiles a loop best
        if not np.isnan(scores[name]):
            return True
    return False


@kernel
def sort_ascending_nb(names: IntArray, count: int) -> None:
    """Sort the first `count` entries, as ``names[:count].sort()`` does.

    Parameters
    ----------
    names : int64 [N]
        Written.
    count : int64
        Entries to sort; few, so an insertion sort is fastest.
    """
    for end in range(1, count):
        name, place = names[end], end
        while place > 0 and names[place - 1] > name:
            names[place] = names[place - 1]
            place -= 1
        names[place] = name


@kernel
def renew_names_nb(
    is_held: BoolArray, names: IntArray, bought: IntArray, counts: tuple[int, int]
) -> int:
    """Drop what was sold from the list of positions, add what was bought, return its length.

    Parameters
    ----------
    is_held : bool [N]
        Which instruments are held now.
    names : int64 [N]
        The list before; written.
    bought : int64 [N]
        Purchases, none of them in the list; those that were not done are not held.
    counts : tuple of int64
        Filled entries of `names` and of `bought`.

    Returns
    -------
    int64
        Filled entries of `names`.
    """
    n_names, n_bought = counts
    count = 0
    for place in range(n_names):
        if is_held[names[place]]:
            names[count] = names[place]
            count += 1
    for place in range(n_bought):
        if is_held[bought[place]]:
            names[count] = bought[place]
            count += 1
    return count


@kernel
def value_nb(shares: FloatArray, mark: FloatArray, names: IntArray, n_names: int) -> float:
    """Return the value of the listed positions: ``(shares * mark)[names[:n_names]].sum()``.

    Parameters
    ----------
    shares, mark : float64 [N]
        Shares and prices.
    names : int64 [N]
        The held instruments.
    n_names : int64
        Filled entries of `names`.

    Returns
    -------
    float64
        Value [CNY].
    """
    value = 0.0
    for place in range(n_names):
        name = names[place]
        value += shares[name] * mark[name]
    return value


@kernel
def value_fen_nb(shares: IntArray, mark: IntArray, names: IntArray, n_names: int) -> int:
    """Return the value of the listed positions: ``(shares * mark)[names[:n_names]].sum()``.

    Parameters
    ----------
    shares, mark : int64 [N]
        Shares, and prices [fen].
    names : int64 [N]
        The held instruments.
    n_names : int64
        Filled entries of `names`.

    Returns
    -------
    int64
        Value [fen].
    """
    value = 0
    for place in range(n_names):
        name = names[place]
        value += shares[name] * mark[name]
    return value
