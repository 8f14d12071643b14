"""What an account with given scores would have become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, MissingDataError, ShapeError, name_list
from quantpits.trading import Opening, signal_rows, simulate_qlib, simulate_sessions

if TYPE_CHECKING:
    from quantpits.backtest.setting import BacktestSetting
    from quantpits.market import FloatArray
    from quantpits.signals import ScorePanel
    from quantpits.trading import SimulationResult

__all__ = ["place_scores", "simulate"]


def place_scores(setting: BacktestSetting, panel: ScorePanel) -> FloatArray:
    """Put scores on the rows and columns of a backtest.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest.
    panel : ScorePanel
        Scores of a model or a fusion. What lies outside the backtest's dates is left out.

    Returns
    -------
    float64 [T, N]
        Scores, NaN for none.

    Raises
    ------
    MissingDataError
        If no score lies in the backtest's dates.
    DataError
        If a score in them is of a day that is no session, or of an instrument that the backtest was
        not prepared for.
    """
    days = np.asarray(panel.dates, dtype="datetime64[D]")
    inside = np.flatnonzero((days >= setting.dates[0]) & (days <= setting.dates[-1]))
    is_scored = panel.is_scored[inside]
    if not is_scored.any():
        raise MissingDataError(
            "No score lies in the backtest's dates.",
            expected=f"scores from {setting.dates[0]} to {setting.dates[-1]}",
            found=f"scores from {days[0]} to {days[-1]}" if days.size else "no score",
        )
    rows = np.searchsorted(setting.dates, days[inside])
    is_session = setting.dates[rows] == days[inside]
    strange = days[inside][~is_session & is_scored.any(axis=1)]
    if strange.size:
        raise DataError(
            "Scores are of days that are no sessions of the market.",
            where=name_list([str(day) for day in strange]),
            hint="The prediction was made on another market or calendar; predict again.",
        )
    column_of = {name: column for column, name in enumerate(setting.instruments)}
    used = np.flatnonzero(is_scored.any(axis=0))
    unknown = [panel.instruments[at] for at in used if panel.instruments[at] not in column_of]
    if unknown:
        raise DataError(
            "Scores name instruments that the backtest was not prepared for.",
            where=name_list(unknown),
            expected=f"the {len(setting.instruments)} instruments of the setting",
        )
    columns = [column_of[panel.instruments[at]] for at in used]
    placed = np.full((setting.dates.size, len(setting.instruments)), np.nan)
    placed[np.ix_(rows[is_session], columns)] = panel.scores[np.ix_(inside[is_session], used)]
    return placed


def simulate(
    setting: BacktestSetting, scores: FloatArray, *, is_keeping_shares: bool = False
) -> SimulationResult:
    """Run one backtest.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest.
    scores : float64 [T, N]
        On its rows and columns, NaN for none; see `place_scores`.
    is_keeping_shares : bool
        Whether to return the positions of every row.

    Returns
    -------
    SimulationResult
        One row a session [fen], or in Qlib's timing one row a step [CNY].

    Raises
    ------
    ShapeError
        If the scores do not fit, or a parameter of the strategy is out of range.
    NonFiniteError
        If a score is infinite.
    """
    shape = (setting.dates.size, len(setting.instruments))
    if scores.shape != shape:
        raise ShapeError("The scores do not fit the market.", expected=shape, found=scores.shape)
    if setting.qlib is not None:
        return simulate_qlib(
            setting.qlib,
            scores,
            rules=setting.rules,
            opening=Opening(setting.account_cny),
            is_keeping_shares=is_keeping_shares,
        )
    assert setting.session is not None  # one of the two markets is always there
    has_signal = np.asarray(np.isfinite(scores).any(axis=1))
    return simulate_sessions(
        setting.session,
        scores,
        signal_rows=signal_rows(setting.dates, has_signal, frequency=setting.frequency),
        rules=setting.rules,
        opening=Opening(setting.account_fen),
        is_keeping_shares=is_keeping_shares,
    )
