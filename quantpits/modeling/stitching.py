"""One prediction out of many: the test windows of a walk-forward's folds, one after the other."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pandas as pd

from quantpits.errors import CorruptArtifactError
from quantpits.modeling.artifacts import unpickled, verified_bytes
from quantpits.modeling.fingerprint import result_fingerprint
from quantpits.modeling.outcome import hash_tag, record_outcome
from quantpits.modeling.recorders import read_run_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.modeling.outcome import RunFacts
    from quantpits.modeling.recorders import RecorderStore
    from quantpits.records import ModelRecord
    from quantpits.workspace import Workspace

__all__ = ["stitch_folds", "stitched_fingerprint"]


def stitched_fingerprint(name: str, folds: Sequence[ModelRecord]) -> str:
    """Return the hash of everything that decides a stitched prediction: its folds' scores."""
    parts = [[fold.fingerprint, fold.prediction_sha256] for fold in folds]
    return result_fingerprint({"name": name, "folds": parts})


def stitch_folds(
    workspace: Workspace, folds: Sequence[ModelRecord], *, facts: RunFacts, runs: RecorderStore
) -> ModelRecord:
    """Record the predictions of several folds as one run.

    Parameters
    ----------
    workspace : Workspace
        Where the folds' runs are.
    folds : sequence of ModelRecord
        In the order of their dates, which do not overlap.
    facts : RunFacts
        What the stitched run is; its `source` is the last fold.
    runs : RecorderStore
        The experiment.

    Returns
    -------
    ModelRecord
        The stitched run, with the metrics of all days.

    Raises
    ------
    ArtifactError
        If a file of a fold is not the recorded one.
    CorruptArtifactError
        If two folds predict the same day.
    """
    parts = [_read(workspace, fold, "pred.pkl", model=facts.model)["score"] for fold in folds]
    labels = [_read(workspace, fold, "label.pkl", model=facts.model)["label"] for fold in folds]
    scores = pd.concat(parts).sort_index()
    if scores.index.has_duplicates:
        raise CorruptArtifactError(
            f"Two folds of {facts.model!r} predict the same day.",
            where=workspace.mlruns_dir,
            hint="train them again with --retrain",
        )
    description = {"folds": [fold.run_id for fold in folds]}
    with runs.run(facts.model) as recorder:
        return record_outcome(
            workspace,
            recorder,
            facts=facts,
            scores=scores,
            labels=pd.concat(labels).reindex(scores.index),
            files={"task.json": description},
        )


def _read(workspace: Workspace, fold: ModelRecord, file: str, *, model: str) -> pd.DataFrame:
    """Return a table of a fold's run, whose hash the run has recorded."""
    path = str(PurePosixPath(str(fold.prediction_path)).with_name(file))
    sha256 = read_run_tags(workspace, fold.run_id).get(hash_tag(file), "")
    frame: pd.DataFrame = unpickled(verified_bytes(workspace, path, sha256=sha256, model=model))
    return frame
