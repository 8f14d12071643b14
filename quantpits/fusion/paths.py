"""What each model's own portfolio would have earned: one pass over all models of a run.

A model's portfolio is the one of the combination of that model alone, on the rows that it scores,
under the workspace's strategy, rules and costs in live timing (``next_session``) whatever mode the
backtest has: only there every session's return is known at its close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest import place_scores
from quantpits.errors import MissingDataError
from quantpits.fusion.dynamic import dynamic_weights
from quantpits.trading import ComboPanel, ComboTerms, combo_simulation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from quantpits.backtest import BacktestSetting
    from quantpits.signals import DateArray, FloatArray, ScorePanel

__all__ = ["ModelPaths", "model_paths", "paths_weights"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelPaths:
    """Returns of the models' own portfolios.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions.
    models : tuple of str [M]
        Sorted.
    returns : float64 [M, T]
        Simple returns, net of costs [fraction].
    first_rows : int64 [M]
        Row of each model's first scores.
    """

    dates: DateArray
    models: tuple[str, ...]
    returns: FloatArray
    first_rows: npt.NDArray[np.int64]


def model_paths(setting: BacktestSetting, panels: Mapping[str, ScorePanel]) -> ModelPaths:
    """Trade every model alone, all in one pass.

    Parameters
    ----------
    setting : BacktestSetting
        Market and strategy, in live timing.
    panels : mapping of str to ScorePanel
        Raw scores of the models, at least one.

    Returns
    -------
    ModelPaths
        What they earned.

    Raises
    ------
    DataError
        If a score lies outside the market.

    Notes
    -----
    Timing: the return of a session is known at its close. Source: decision 11.
    """
    models = tuple(sorted(panels))
    placed = np.stack([place_scores(setting, panels[model]) for model in models])
    assert setting.session is not None  # the timing is live
    simulation = combo_simulation(
        setting.session,
        ComboPanel(models=models, scores=placed),
        terms=ComboTerms(
            frequency=setting.frequency, rules=setting.rules, cash_fen=setting.account_fen
        ),
    )
    alone = np.arange(len(models) + 1, dtype=np.int64)
    results = simulation.run(alone[:-1], alone, is_keeping_nav=True)
    account = np.full((len(models), 1), setting.account_fen)
    path = np.concatenate([account, results.nav], axis=1).astype(np.float64)
    return ModelPaths(
        dates=setting.dates,
        models=models,
        returns=path[:, 1:] / path[:, :-1] - 1.0,
        first_rows=results.first_row,
    )


def paths_weights(paths: ModelPaths, models: Sequence[str], *, dates: DateArray) -> FloatArray:
    """Return the dynamic weights of some models on some dates.

    Parameters
    ----------
    paths : ModelPaths
        What all models earned.
    models : sequence of str [M]
        Whom to weigh against each other.
    dates : datetime64[D] [D]
        Signal dates, each a session.

    Returns
    -------
    float64 [D, M]
        Fractions that sum to 1 on every date; see `dynamic_weights`.

    Raises
    ------
    MissingDataError
        If a date is not a session.

    Notes
    -----
    Timing: the weights of a date use returns up to its close.
    """
    rows = np.searchsorted(paths.dates, dates)
    found = paths.dates[np.minimum(rows, paths.dates.size - 1)]
    if (found != dates).any():
        raise MissingDataError(
            "The models score a day that is not a session of the market.",
            where=dates[int(np.argmax(found != dates))],
        )
    chosen = [paths.models.index(model) for model in sorted(models)]
    daily = dynamic_weights(paths.returns[chosen], paths.first_rows[chosen])
    back = [sorted(models).index(model) for model in models]
    weights: FloatArray = daily[rows][:, back]
    return weights
