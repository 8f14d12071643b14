"""What happened after each signal, as far as it had happened by the end of a backtest.

The outcome that a fused signal is held to is the label of the workspace's frequency (decision 13):
the return from the close after the signal to the close five sessions later for ``week``, one
session later for ``day``, from the market's adjusted closes. A signal whose outcome lies beyond the
last session of the backtest has none yet, and counts for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ShapeError
from quantpits.market import load_quotes
from quantpits.modeling.labels import default_label, label_horizon

if TYPE_CHECKING:
    from quantpits.backtest import BacktestSetting
    from quantpits.signals import FloatArray

__all__ = ["forward_returns", "realised_labels"]


def realised_labels(setting: BacktestSetting) -> FloatArray:
    """Return the label of every signal of a backtest that is known by its end.

    Parameters
    ----------
    setting : BacktestSetting
        Whose market, dates and frequency.

    Returns
    -------
    float64 [T, N]
        On the setting's dates and instruments [fraction].

    Raises
    ------
    DataError
        If the market's prices are wrong.

    Notes
    -----
    NaN: not known by the end of the backtest, or no close on one of the two days. Timing: nothing
    after the setting's last date is read.
    """
    dates = setting.dates
    quotes = load_quotes(
        setting.market,
        setting.instruments,
        dates[0].item(),
        dates[-1].item(),
        fields=("close",),
    )
    horizon = label_horizon(default_label(setting.frequency))
    return forward_returns(quotes.close * quotes.factor, horizon=horizon)


def forward_returns(close: FloatArray, *, horizon: int) -> FloatArray:
    """Return the change from the close after each day to that of `horizon` sessions after it.

    Parameters
    ----------
    close : float64 [T, N]
        Adjusted closes, NaN without trading.
    horizon : int
        Sessions, 2 or more.

    Returns
    -------
    float64 [T, N]
        ``close[t + horizon] / close[t + 1] - 1`` [fraction].

    Raises
    ------
    ShapeError
        If the horizon is shorter.

    Notes
    -----
    NaN: one of the two closes is missing or lies beyond the last row.
    Source: Qlib's ``Ref($close, -horizon) / Ref($close, -1) - 1``.

    Examples
    --------
    >>> forward_returns(np.array([[1.0], [2.0], [3.0], [3.0]]), horizon=2).tolist()
    [[0.5], [0.0], [nan], [nan]]
    """
    first_close = 1
    if horizon <= first_close:
        raise ShapeError("A label needs a later close.", expected="2 or more", found=horizon)
    labels = np.full(close.shape, np.nan)
    n_known = len(close) - horizon
    if n_known > 0:
        labels[:n_known] = close[horizon:] / close[first_close : first_close + n_known] - 1.0
    return labels
