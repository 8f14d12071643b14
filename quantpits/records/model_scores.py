"""What one model scored, as its run recorded it.

Fusion reads the run's own `pred.pkl` rather than the CSV for people. Unpickling runs code, so only
a file whose sha256 is the recorded one is opened, and the bytes that were hashed are the bytes that
are unpickled.
"""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quantpits.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    StaleArtifactError,
    name_list,
)
from quantpits.records.prediction_files import find_prediction, read_prediction_csv
from quantpits.records.scores import checked_scores
from quantpits.signals import panel_from_series
from quantpits.workspace import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.records.train_records import ModelRecord, TrainRecords
    from quantpits.signals import ScorePanel
    from quantpits.workspace import Workspace

__all__ = ["load_model_panel", "load_model_prediction", "prediction_sha256"]

_AGAIN = "predict with that model again: quantpits predict --models {model}"


def load_model_prediction(workspace: Workspace, records: TrainRecords, model: str) -> pd.Series:
    """Return the scores of `model`'s current run.

    Parameters
    ----------
    workspace : Workspace
        Whose model it is.
    records : TrainRecords
        The current records.
    model : str
        Name in the registry.

    Returns
    -------
    pandas.Series, float64 [n_rows]
        Named ``score``, by (datetime, instrument), sorted by both; pairs the model did not score
        have no row.

    Raises
    ------
    MissingArtifactError
        If the model has no record, or what its record names does not exist.
    CorruptArtifactError
        If the file is not the one that was recorded, or lies outside the workspace, or holds no
        scores.
    DataError
        If the scores repeat a pair or hold an infinite number.

    Notes
    -----
    A record of the earlier system has no hash; then the CSV `{model}_{anchor}.csv` is read instead.
    """
    record = records.model_records.get(model)
    if record is None:
        raise MissingArtifactError(
            f"The model {model!r} has not been trained.",
            where=workspace.records_path,
            found=f"records of {name_list(sorted(records.models))}",
            hint="train it first, or take it out of the list",
        )
    if record.prediction_sha256 is None or record.prediction_path is None:
        return read_prediction_csv(find_prediction(workspace, model, record.anchor_date))
    path = _inside(workspace, model, record.prediction_path)
    return _scores_of(_verified_object(path, model, record), model, path)


def load_model_panel(
    workspace: Workspace,
    records: TrainRecords,
    *,
    model: str,
    records_file: Path,
    synthetic_market: str | None,
) -> ScorePanel:
    """Return the scores of a model's current run, if they can be put beside those of others.

    Parameters
    ----------
    workspace : Workspace
        Whose model it is.
    records : TrainRecords
        The current records, with one of the model.
    model : str
        Name in the registry.
    records_file : Path
        Where the records stand, for messages.
    synthetic_market : str or None
        Name of the synthetic market, which the scores must be of; None for any other market, whose
        folder may have moved.

    Returns
    -------
    ScorePanel
        Up to the anchor of the records, and no further.

    Raises
    ------
    StaleArtifactError
        If they are of another market, or end before the anchor.
    CorruptArtifactError
        If they go beyond the anchor, or are not the recorded ones.
    MissingArtifactError
        If what the record names does not exist.
    DataError
        If the scores repeat a pair or hold an infinite number.
    """
    again = f"predict again: quantpits predict --models {model}"
    label = records.model_records[model].market_label
    if synthetic_market is not None and label not in {"", synthetic_market}:
        raise StaleArtifactError(
            f"The model {model!r} was run on other market data.",
            where=records_file,
            expected=synthetic_market,
            found=label,
            hint=again,
        )
    panel = panel_from_series(load_model_prediction(workspace, records, model))
    last, anchor = panel.dates[-1].item(), records.anchor_date
    if last > anchor:
        raise CorruptArtifactError(
            f"The predictions of the model {model!r} go beyond their anchor.",
            expected=f"predictions that do not go beyond the anchor, {anchor}",
            found=last,
            hint=again,
        )
    if last < anchor:
        raise StaleArtifactError(
            f"The predictions of the model {model!r} end before the anchor.",
            expected=f"last date {anchor}",
            found=last,
            hint=again,
        )
    return panel


def prediction_sha256(workspace: Workspace, record: ModelRecord, *, model: str) -> str:
    """Return the hash of what `load_model_prediction` reads.

    Parameters
    ----------
    workspace : Workspace
        Whose model it is.
    record : ModelRecord
        Its record.
    model : str
        Name in the registry.

    Returns
    -------
    str
        The recorded hash, or that of an older system's CSV.
    """
    if record.prediction_sha256 is not None:
        return record.prediction_sha256
    return sha256_file(find_prediction(workspace, model, record.anchor_date))


def _inside(workspace: Workspace, model: str, relative: str) -> Path:
    root = workspace.root.resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root):
        raise CorruptArtifactError(
            f"The record of the model {model!r} points outside the workspace.",
            where=workspace.records_path,
            found=relative,
            hint=_AGAIN.format(model=model),
        )
    return path


def _verified_object(path: Path, model: str, record: ModelRecord) -> object:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingArtifactError(
            f"The scores of the model {model!r} cannot be read.",
            where=path,
            found=error.strerror,
            hint=_AGAIN.format(model=model),
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != record.prediction_sha256:
        raise CorruptArtifactError(
            f"The scores of the model {model!r} are not the ones its run recorded.",
            where=path,
            expected=f"sha256 {record.prediction_sha256}",
            found=f"sha256 {found}",
            hint=_AGAIN.format(model=model),
        )
    scores: object = pickle.loads(content)  # noqa: S301 - the hash was just compared
    return scores


def _scores_of(scores: object, model: str, path: Path) -> pd.Series:
    if isinstance(scores, pd.DataFrame) and scores.shape[1] > 0:
        scores = scores["score"] if "score" in scores.columns else scores.iloc[:, 0]
    if not isinstance(scores, pd.Series):
        raise CorruptArtifactError(
            f"The scores of the model {model!r} are not a table of scores.",
            where=path,
            found=type(scores).__name__,
            hint=_AGAIN.format(model=model),
        )
    is_scored = ~np.isnan(scores.to_numpy(np.float64))
    return checked_scores(scores[is_scored], source=f"model {model!r}, {path}")
