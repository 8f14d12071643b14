"""What a run keeps for watching the model, small enough to be read at any time.

``monitoring.json`` holds what pictures are drawn from, so that looking at ten models opens no
pickle and no database: IC and rank IC of every day whose label was known, by month with what chance
may do to a month, and the drift of the scores by day. ``score_bins.json`` holds what drift is told
from, ``training_curve.json`` how the model learned.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from quantpits.modeling.curves import TrainingCurves
from quantpits.modeling.drift import ScoreBins
from quantpits.modeling.evaluation import DailyIC, MonthIC, monthly_ic

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.records import ModelRecord
    from quantpits.workspace import Workspace

__all__ = [
    "BINS_FILE",
    "CURVE_FILE",
    "WATCH_FILE",
    "DaySeries",
    "RunWatch",
    "read_bins",
    "read_curves",
    "read_watch",
    "watched",
]

BINS_FILE: Final = "score_bins.json"
CURVE_FILE: Final = "training_curve.json"
WATCH_FILE: Final = "monitoring.json"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class DaySeries:
    """A number for each of some days.

    Attributes
    ----------
    days : tuple of date
        Rising.
    numbers : tuple of float
        One for each day.
    """

    days: tuple[date, ...]
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWatch:
    """What is known of a run's scores by day.

    Attributes
    ----------
    ic, rank_ic : DaySeries
        Days on which each is defined.
    months : tuple of MonthIC
        Their means by month.
    psi : DaySeries or None
        Drift of the 20 sessions that end on each day; None for a model without a reference.
    schema_version : int
        Of the file.
    """

    ic: DaySeries
    rank_ic: DaySeries
    months: tuple[MonthIC, ...]
    psi: DaySeries | None = None
    schema_version: int = _VERSION


def watched(outcome: DailyIC, drift: pd.Series | None) -> RunWatch:
    """Return what is kept of a run's scores.

    Parameters
    ----------
    outcome : DailyIC
        Agreement with the labels.
    drift : Series, float64 [n_days] or None
        As `quantpits.modeling.drift.drift_by_day` returns it.

    Returns
    -------
    RunWatch
        For ``monitoring.json``.
    """
    return RunWatch(
        ic=_series(outcome.ic),
        rank_ic=_series(outcome.rank_ic),
        months=monthly_ic(outcome.ic, outcome.rank_ic),
        psi=None if drift is None else _series(drift),
    )


def read_watch(workspace: Workspace, record: ModelRecord) -> RunWatch | None:
    """Return what a run kept of its scores.

    Parameters
    ----------
    workspace : Workspace
        Whose run.
    record : ModelRecord
        The run's record.

    Returns
    -------
    RunWatch or None
        None if the run is from before this was kept, or the file is not readable as such.
    """
    plain = _read(workspace, record.prediction_path, WATCH_FILE)
    try:
        if plain is None or plain["schema_version"] != _VERSION:
            return None
        return RunWatch(
            ic=_from_plain(plain["ic"]),
            rank_ic=_from_plain(plain["rank_ic"]),
            months=tuple(MonthIC(**month) for month in plain["months"]),
            psi=None if plain["psi"] is None else _from_plain(plain["psi"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def read_bins(workspace: Workspace, model_path: str | None) -> ScoreBins | None:
    """Return the bins of the scores of the days a model learned from.

    Parameters
    ----------
    workspace : Workspace
        Whose run.
    model_path : str or None
        Where the model lies, relative to the workspace.

    Returns
    -------
    ScoreBins or None
        None if the training is from before they were kept, or the file is not readable as such.
    """
    plain = _read(workspace, model_path, BINS_FILE)
    try:
        return None if plain is None else ScoreBins.from_plain(plain)
    except (KeyError, TypeError, ValueError):
        return None


def read_curves(workspace: Workspace, model_path: str | None) -> TrainingCurves | None:
    """Return how a model learned.

    Parameters
    ----------
    workspace : Workspace
        Whose run.
    model_path : str or None
        Where the model lies, relative to the workspace.

    Returns
    -------
    TrainingCurves or None
        None if the model does not tell, the training is from before curves were kept, or the file
        is not readable as such.
    """
    plain = _read(workspace, model_path, CURVE_FILE)
    try:
        return None if plain is None else TrainingCurves.from_plain(plain)
    except (KeyError, TypeError, ValueError):
        return None


def _read(workspace: Workspace, sibling: str | None, name: str) -> dict[str, Any] | None:
    """Return a JSON object beside another file of a run; None if there is none in the runs."""
    if sibling is None:
        return None
    path: Path = (workspace.root / PurePosixPath(sibling).with_name(name)).resolve()
    if not path.is_relative_to(workspace.mlruns_dir.resolve()):
        return None
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _series(values: pd.Series) -> DaySeries:
    days = pd.DatetimeIndex(values.index)
    return DaySeries(tuple(day.date() for day in days), tuple(values.to_numpy(np.float64).tolist()))


def _from_plain(plain: dict[str, Any]) -> DaySeries:
    days = tuple(date.fromisoformat(day) for day in plain["days"])
    numbers = tuple(float(number) for number in plain["numbers"])
    if len(days) != len(numbers):
        message = "days and numbers are not as many"
        raise ValueError(message)
    return DaySeries(days, numbers)
