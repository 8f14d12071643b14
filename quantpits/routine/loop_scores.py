"""The scores that a paper loop follows: one prediction, cut to each anchor.

Cutting keeps what was known: of each anchor only its own row is given to the orders, under the name
that the default combo's prediction has. Its provenance says which file it was cut from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from quantpits.errors import Finding, MissingArtifactError, name_list
from quantpits.records import (
    PredictionMeta,
    list_predictions,
    meta_path,
    prediction_path,
    read_prediction_csv,
    read_prediction_meta,
    store_prediction,
)
from quantpits.workspace import sha256_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from quantpits.routine.loop_request import LoopRequest
    from quantpits.workspace import Workspace

__all__ = [
    "FOLLOWED",
    "ScoreSeries",
    "followed_scores",
    "in_sample_findings",
    "load_score_series",
    "store_cut",
]

FOLLOWED = "ensemble"
"""Label of the prediction that orders follow in the sandbox."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSeries:
    """A prediction over many days.

    Attributes
    ----------
    path : Path
        Its file.
    sha256 : str
        Hash of the file.
    scores : pandas.Series
        By (datetime, instrument).
    meta : PredictionMeta or None
        Its provenance, if there is one.
    """

    path: Path
    sha256: str
    scores: pd.Series
    meta: PredictionMeta | None


def in_sample_findings(trained: Mapping[str, date | None], start: date) -> tuple[Finding, ...]:
    """Return PAP012 where a model was fitted on days that the loop trades.

    Parameters
    ----------
    trained : mapping of str to date or None
        The anchor of each model's fit, None where unknown.
    start : date
        First session of the loop.

    Returns
    -------
    tuple of Finding
        At most one.
    """
    late = sorted(
        name for name, anchor in trained.items() if anchor is not None and anchor >= start
    )
    if not late:
        return ()
    message = (
        f"{name_list(late)}: trained with an anchor on or after {start}. The returns of this loop "
        "say nothing about days to come; that the two accounts are equal holds all the same."
    )
    return (Finding("PAP012", "info", message, "paper loop"),)


def load_score_series(workspace: Workspace, request: LoopRequest) -> ScoreSeries:
    """Read the prediction that a loop cuts.

    Parameters
    ----------
    workspace : Workspace
        Where predictions lie.
    request : LoopRequest
        A named file, or whose newest prediction.

    Returns
    -------
    ScoreSeries
        The scores and where they come from.

    Raises
    ------
    MissingArtifactError
        If there is no such prediction.
    CorruptArtifactError
        If it cannot be read, or is not the one its provenance describes.
    """
    path = request.prediction_file
    if path is None:
        names = [name for name in list_predictions(workspace) if name.label == request.label]
        if not names:
            raise MissingArtifactError(
                f"There is no prediction {request.label!r} to follow.",
                where=workspace.predictions_dir,
                hint="predict and fuse first, name a file with --prediction-file, or let the loop "
                "do it with --predict",
            )
        newest = max(names, key=lambda name: name.anchor_date)
        path = prediction_path(workspace, newest.label, newest.anchor_date)
    elif not path.is_absolute() and (workspace.root / path).is_file():
        path = workspace.root / path
    scores = read_prediction_csv(path)
    meta = read_prediction_meta(path) if meta_path(path).is_file() else None
    return ScoreSeries(path, sha256_file(path), scores, meta)


def store_cut(sandbox: Workspace, series: ScoreSeries, *, anchor: date, market_label: str) -> bool:
    """Give the scores of an anchor to the sandbox.

    Parameters
    ----------
    sandbox : Workspace
        Where the orders are made.
    series : ScoreSeries
        All scores.
    anchor : date
        The sandbox's last session.
    market_label : str
        Name of the sandbox's market.

    Returns
    -------
    bool
        False if nothing is scored on that day; then nothing is written.
    """
    day = pd.Timestamp(anchor)
    days = series.scores.index.get_level_values(0)
    rows = series.scores[days == day]
    if rows.empty:
        return False
    meta = series.meta or PredictionMeta(label=FOLLOWED, kind="custom", anchor_date=anchor)
    meta = replace(
        meta,
        label=FOLLOWED,
        kind="custom",
        anchor_date=anchor,
        market_label=market_label,
        inputs={series.path.name: series.sha256},
    )
    store_prediction(sandbox, FOLLOWED, anchor=anchor, scores=rows, meta=meta)
    return True


def followed_scores(sandbox: Workspace, anchor: date) -> dict[str, float] | None:
    """Return the scores of an anchor that orders in the sandbox followed.

    Parameters
    ----------
    sandbox : Workspace
        The sandbox.
    anchor : date
        The day.

    Returns
    -------
    dict of str to float or None
        By instrument; None if there is no prediction of that day.
    """
    path = prediction_path(sandbox, FOLLOWED, anchor)
    if not path.is_file():
        return None
    scores = read_prediction_csv(path)
    rows = scores[scores.index.get_level_values(0) == pd.Timestamp(anchor)]
    return {str(name): float(score) for name, score in rows.droplevel(0).items()}
