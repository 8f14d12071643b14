"""Weights that follow how each model has been trading: from past returns to fractions by day.

Invariants: the weights of a day use only returns that were realised by its close, and the same
bytes come out whatever happens later. A day on which some model has too short a past, or no model
earned anything, weighs all of them equally.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading import PERIODS_PER_YEAR, RISK_FREE_ANNUAL

if TYPE_CHECKING:
    import numpy.typing as npt

    from quantpits.signals import FloatArray

__all__ = ["FEWEST_SESSIONS", "WINDOW_SESSIONS", "dynamic_weights", "rolling_sharpe"]

WINDOW_SESSIONS: Final = 60
"""Sessions that a Sharpe ratio looks back on."""

FEWEST_SESSIONS: Final = 20
"""Sessions below which there is no ratio yet."""

_FREE = (1.0 + RISK_FREE_ANNUAL) ** (1.0 / PERIODS_PER_YEAR) - 1.0
# Equal returns differ in the last place: below this the deviation of a window is rounding.
_NO_DEVIATION = 1e-14


def rolling_sharpe(returns: FloatArray) -> FloatArray:
    """Return the Sharpe ratio of the last 60 sessions, session by session.

    Parameters
    ----------
    returns : float64 [T]
        Simple returns of one portfolio, net of costs [fraction].

    Returns
    -------
    float64 [T]
        Mean excess over the risk-free rate, over the sample deviation (ddof 1), not annualised. NaN
        for the first 19 sessions; 0 for a window without any deviation.

    Raises
    ------
    ShapeError
        If the returns are not one path.
    NonFiniteError
        If a return is not a finite number.

    Notes
    -----
    NaN: refused in, means "too short a past" out. Timing: row t uses rows t - 59 to t.
    Source: decisions 5 and 11.

    Examples
    --------
    >>> path = np.array([0.01, -0.01] * 15)
    >>> ratios = rolling_sharpe(path)
    >>> int(np.isnan(ratios).sum()), round(float(ratios[19]), 6)
    (19, -0.005187)
    """
    if returns.ndim != 1:
        raise ShapeError("Returns must be one path.", expected="[T]", found=returns.shape)
    if not np.isfinite(returns).all():
        raise NonFiniteError("A return of a portfolio is not a finite number.")
    ratios = np.full(returns.size, np.nan)
    for n_seen in range(FEWEST_SESSIONS, min(WINDOW_SESSIONS, returns.size + 1)):
        ratios[n_seen - 1] = _sharpe(returns[np.newaxis, :n_seen])[0]
    if returns.size >= WINDOW_SESSIONS:
        # A copy in one order: each window is then summed by itself, whatever follows it.
        windows = np.ascontiguousarray(sliding_window_view(returns, WINDOW_SESSIONS))
        ratios[WINDOW_SESSIONS - 1 :] = _sharpe(windows)
    return ratios


def dynamic_weights(returns: FloatArray, first_rows: npt.NDArray[np.int64]) -> FloatArray:
    """Return how much each model counts after the close of each session.

    Parameters
    ----------
    returns : float64 [M, T]
        Simple returns of each model's own portfolio, net of costs [fraction].
    first_rows : int64 [M]
        Row of each model's first scores. Its portfolio exists from the session after.

    Returns
    -------
    float64 [T, M]
        Fractions that sum to 1 on every row: in proportion to the Sharpe ratio of the last 60
        sessions where that is above 0.

    Raises
    ------
    ShapeError
        If the two do not fit, or there is no model.
    NonFiniteError
        If a return is not a finite number.

    Notes
    -----
    A row on which some model has fewer than 20 sessions behind it, and a row without any ratio
    above 0, is equal. Timing: row t uses returns of session t and before; it is meant for the
    scores of day t, which are traded later. Source: decision 11.

    Examples
    --------
    >>> quiet = np.zeros((2, 30))
    >>> dynamic_weights(quiet, np.array([0, 0]))[-1].tolist()
    [0.5, 0.5]
    """
    n_models = len(returns)
    if returns.ndim != 2 or not n_models or first_rows.shape != (n_models,):  # noqa: PLR2004
        raise ShapeError(
            "The returns and first rows of the models do not fit.",
            expected="[M, T] and [M], of at least one model",
            found=(returns.shape, first_rows.shape),
        )
    ratios = np.full(returns.shape, np.nan)
    for model, first in enumerate(first_rows.tolist()):
        ratios[model, first + 1 :] = rolling_sharpe(returns[model, first + 1 :])
    is_known = np.isfinite(ratios).all(axis=0)
    useful = np.where(is_known, np.maximum(ratios, 0.0), 1.0).T
    useful[~(useful > 0.0).any(axis=1)] = 1.0
    weights: FloatArray = useful / useful.sum(axis=1, keepdims=True)
    return weights


def _sharpe(windows: FloatArray) -> FloatArray:
    mean = (windows - _FREE).mean(axis=1)
    deviation = windows.std(axis=1, ddof=1)
    has_deviation = deviation >= _NO_DEVIATION
    ratios: FloatArray = np.where(has_deviation, mean / np.where(has_deviation, deviation, 1.0), 0)
    return ratios
