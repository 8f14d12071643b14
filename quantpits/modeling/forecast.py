"""Predicting with a trained model: load, re-date, predict, record. Nothing is fitted.

The model and the fitted processors are loaded from the run that trained them, each only if its
sha256 is the recorded one: that of ``model.pkl`` from the train records, that of ``dataset.pkl``
from the run's tags.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from quantpits.errors import CorruptArtifactError, MissingArtifactError, ModelError
from quantpits.modeling.artifacts import unpickled, verified_bytes
from quantpits.modeling.datasets import (
    first_unseen,
    lookback_sessions,
    redate_dataset,
    segment_labels,
)
from quantpits.modeling.evaluation import checked_scores
from quantpits.modeling.foreign import captured_output, foreign_code, load_class
from quantpits.modeling.outcome import RunFacts, hash_tag, record_outcome
from quantpits.modeling.recorders import read_run_tags
from quantpits.modeling.scoring import predicted_scores
from quantpits.modeling.watch import BINS_FILE, read_bins

if TYPE_CHECKING:
    from datetime import date

    from quantpits.modeling.drift import ScoreBins
    from quantpits.modeling.features.store import FeatureStore
    from quantpits.modeling.recorders import RecorderStore
    from quantpits.records import ModelRecord
    from quantpits.workspace import Workspace

__all__ = ["ForecastJob", "TrainedModel", "load_trained", "predict_model"]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A model and its dataset, as they were fitted, without data.

    Attributes
    ----------
    name : str
        Name in the registry.
    model, dataset : object
        Qlib's objects.
    lookback_sessions : int
        Sessions before the first prediction that the dataset reads [sessions].
    first_unseen : date
        First date the model was not trained on.
    bins : ScoreBins or None
        Its scores of the days it learned from; None if the training kept none.
    """

    name: str
    model: Any
    dataset: Any
    lookback_sessions: int
    first_unseen: date
    bins: ScoreBins | None = None


@dataclass(frozen=True, slots=True)
class ForecastJob:
    """One model to predict with.

    Attributes
    ----------
    facts : RunFacts
        What the run is; its `source` is the record whose model is applied.
    market : str
        The universe.
    first : date
        First date of the features.
    test : tuple of date
        First and last date to predict.
    """

    facts: RunFacts
    market: str
    first: date
    test: tuple[date, date]


def load_trained(workspace: Workspace, name: str, record: ModelRecord) -> TrainedModel:
    """Load a trained model and its fitted dataset.

    Parameters
    ----------
    workspace : Workspace
        Where it was trained.
    name : str
        Name in the registry.
    record : ModelRecord
        Its current record.

    Returns
    -------
    TrainedModel
        Ready to be given new dates.

    Raises
    ------
    MissingArtifactError
        If the record names no model file, or a file does not exist.
    CorruptArtifactError
        If a file is not the recorded one, or the run is not in the database.
    ModelError
        If a file cannot be unpickled.
    """
    if record.model_path is None or record.model_sha256 is None:
        raise MissingArtifactError(
            f"The record of the model {name!r} has no model file.",
            where=workspace.records_path,
            found=f"run {record.run_id}, as the earlier system recorded it",
            hint=f"train it once with this system: quantpits train --models {name}",
        )
    model_file = verified_bytes(
        workspace, record.model_path, sha256=record.model_sha256, model=name
    )
    dataset_path = str(PurePosixPath(record.model_path).with_name("dataset.pkl"))
    tags = read_run_tags(workspace, record.source_run_id or record.run_id)
    dataset_sha256 = tags.get(hash_tag("dataset.pkl"))
    if dataset_sha256 is None:
        raise CorruptArtifactError(
            f"The run of the model {name!r} did not record its dataset.",
            where=dataset_path,
            hint=f"train it again: quantpits train --models {name} --retrain",
        )
    dataset_file = verified_bytes(workspace, dataset_path, sha256=dataset_sha256, model=name)
    _load_classes(workspace, name, record.model_path)
    with foreign_code(name, "being loaded"), captured_output():
        model, dataset = unpickled(model_file), unpickled(dataset_file)
        lookback, unseen = lookback_sessions(dataset), first_unseen(dataset)
    bins = read_bins(workspace, record.model_path)
    return TrainedModel(name, model, dataset, lookback, unseen, bins)


def _load_classes(workspace: Workspace, name: str, model_path: str) -> None:
    """Import what the pickles are made of, so that a missing library is named as such."""
    path = (workspace.root / model_path).with_name("task.json")
    try:
        task = json.loads(path.read_text(encoding="utf-8"))
        described = (task["model"], task["dataset"], task["dataset"]["kwargs"]["handler"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptArtifactError(
            f"The description of the trained model {name!r} cannot be read.",
            where=path,
            found=f"{type(error).__name__}: {error}",
            hint=f"train it again: quantpits train --models {name} --retrain",
        ) from error
    for description in described:
        load_class(description, name)


def predict_model(
    workspace: Workspace,
    job: ForecastJob,
    *,
    trained: TrainedModel,
    runs: RecorderStore,
    features: FeatureStore,
) -> ModelRecord:
    """Predict with a trained model and record the run.

    Parameters
    ----------
    workspace : Workspace
        Where the run is recorded; Qlib is open on its market.
    job : ForecastJob
        Dates and facts.
    trained : TrainedModel
        As `load_trained` returned it; its dataset is given the job's dates.
    runs : RecorderStore
        The experiment.
    features : FeatureStore
        Where the raw features come from.

    Returns
    -------
    ModelRecord
        The finished run, which names the run it took the model from.

    Raises
    ------
    ModelError
        If the model was trained on the dates to predict, the features cannot be computed, or the
        model fails or predicts what is not a number.

    Notes
    -----
    Dates that the model was trained on are not predicted: the test window of the
    training is where it starts.
    """
    name = trained.name
    test = (max(job.test[0], trained.first_unseen), job.test[1])
    if test[0] > test[1]:
        raise ModelError(
            f"The model {name!r} was trained on the dates to predict.",
            expected=f"a model that had not seen {test[1]}",
            found=f"its own test window starts at {trained.first_unseen}",
            hint="train it for this anchor, or predict a later one",
        )
    with runs.run(name) as recorder:
        with foreign_code(name, "computing its features"), captured_output():
            redate_dataset(trained.dataset, features, market=job.market, first=job.first, test=test)
        with foreign_code(name, "predicting"), captured_output():
            predicted = predicted_scores(trained.model, trained.dataset)
            scores = checked_scores(predicted, name, last_session=test[1])
        labels = segment_labels(trained.dataset, features, index=scores.index, model=name)
        description = {"source_run": job.facts.source_run_id, "first": job.first, "test": test}
        bins = {} if trained.bins is None else {BINS_FILE: trained.bins}
        return record_outcome(
            workspace,
            recorder,
            facts=job.facts,
            scores=scores,
            labels=labels,
            files={"task.json": description, **bins},
        )
