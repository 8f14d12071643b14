"""Which rows a reader is shown first: the best, and the best of those that fell least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from quantpits.search.results import FloatArray, IntArray, SearchResults

__all__ = ["MAIN_ROWS", "ROBUST_ROWS", "main_rows", "robust_rows", "rows_by"]

MAIN_ROWS: Final = 20
"""Rows of the main list."""

ROBUST_ROWS: Final = 10
"""Rows of the robust list."""

ROBUST_RETURN: Final = 0.10
"""Annual return that a combo of the robust list is above [fraction]."""


def main_rows(results: SearchResults) -> IntArray:
    """Return the first rows of the ranking: by annualised excess, at most 20.

    Parameters
    ----------
    results : SearchResults
        The search.

    Returns
    -------
    int64 [up to 20]
        Rows, best first.
    """
    return np.arange(min(MAIN_ROWS, results.n_combos))


def robust_rows(results: SearchResults) -> IntArray:
    """Return the combos that earn more than 10 % a year and fell least, at most 10.

    Parameters
    ----------
    results : SearchResults
        The search.

    Returns
    -------
    int64 [up to 10]
        Rows, the shallowest drawdown first; ties in the order of the ranking.
    """
    earns = results.table["Ann_Ret"] > ROBUST_RETURN
    return rows_by(np.where(earns, results.table["Max_DD"], np.nan))[:ROBUST_ROWS]


def rows_by(figure: FloatArray) -> IntArray:
    """Return the rows with a defined figure, the highest first.

    Parameters
    ----------
    figure : float64 [B]
        NaN where undefined.

    Returns
    -------
    int64 [defined]
        Rows; ties in the order of the ranking.

    Examples
    --------
    >>> rows_by(np.array([1.0, np.nan, 2.0, 1.0])).tolist()
    [2, 0, 3]
    """
    rows = np.flatnonzero(~np.isnan(figure))
    return rows[np.argsort(-figure[rows], kind="stable")]
