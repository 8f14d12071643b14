"""Training one model: seed, fit, prove that it can be loaded again, predict, record.

Predictions come from the model as it was loaded back from its pickle, and must equal those of the
model in memory, so that ``pred.pkl`` is what anyone who loads ``model.pkl`` will get. A model that
loses part of itself when it is pickled fails here, not a week later.
"""

from __future__ import annotations

import inspect
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quantpits.errors import ModelError
from quantpits.modeling.artifacts import pickled, unpickled
from quantpits.modeling.curves import TrainingCurves, training_curves
from quantpits.modeling.datasets import build_dataset, keep_state, segment_labels
from quantpits.modeling.drift import WINDOW, ScoreBins, learnt_scores, score_bins
from quantpits.modeling.evaluation import checked_scores
from quantpits.modeling.foreign import captured_output, foreign_code, load_class, loadable
from quantpits.modeling.outcome import RunFacts, record_outcome
from quantpits.modeling.pretraining import write_base_weights
from quantpits.modeling.runtime import (
    fit_arguments,
    model_arguments,
    scratch_arguments,
    seed_everything,
)
from quantpits.modeling.scoring import predicted_scores
from quantpits.modeling.watch import BINS_FILE, CURVE_FILE

if TYPE_CHECKING:
    import pandas as pd

    from quantpits.modeling.features.store import FeatureStore
    from quantpits.modeling.recorders import RecorderStore
    from quantpits.modeling.run_recorder import RunRecorder
    from quantpits.modeling.windows import DateWindows
    from quantpits.modeling.workflow import ResolvedTask
    from quantpits.records import ModelRecord
    from quantpits.workspace import Workspace

__all__ = ["FitJob", "FitTrace", "check_class", "fit_model", "fitted_model"]

# Which recorded numbers are losses: one that is NaN means the fit went wrong.
_LOSSES = ("loss", "l1", "l2", "rmse", "mse")


@dataclass(frozen=True, slots=True)
class FitJob:
    """One model to train.

    Attributes
    ----------
    facts : RunFacts
        What the run is.
    task : ResolvedTask
        What Qlib is given.
    windows : DateWindows
        Its dates.
    seed : int
        Seed of everything random.
    base : str or None
        Name of the model whose weights it starts from.
    """

    facts: RunFacts
    task: ResolvedTask
    windows: DateWindows
    seed: int
    base: str | None = None


@dataclass(frozen=True, slots=True)
class FitTrace:
    """What fitting a model left behind besides the model.

    Attributes
    ----------
    log : str
        What it printed.
    curves : TrainingCurves or None
        How it learned, step by step; None for a model that does not tell.
    """

    log: str
    curves: TrainingCurves | None


def fit_model(
    workspace: Workspace,
    job: FitJob,
    *,
    runs: RecorderStore,
    features: FeatureStore,
    base: bytes | None = None,
) -> ModelRecord:
    """Train a model and record the run.

    Parameters
    ----------
    workspace : Workspace
        Where the run is recorded; Qlib is open on its market.
    job : FitJob
        What to train.
    runs : RecorderStore
        The experiment.
    features : FeatureStore
        Where the raw features come from.
    base : bytes or None
        The verified pickle of the model that the job starts from.

    Returns
    -------
    ModelRecord
        The finished run.

    Raises
    ------
    ModelError
        If the model cannot be built, fitted, pickled or asked for predictions, or predicts what is
        not a number. The run is then marked as failed.
    """
    name = job.facts.model
    with runs.run(name) as recorder:
        dataset = build_dataset(job.task.dataset, features, model=name)
        model, trace = fitted_model(job, dataset, recorder=recorder, base=base)
        with foreign_code(name, "being pickled"):
            keep_state(dataset)
            model_file, dataset_file = pickled(model), pickled(dataset)
        scores = _proven_scores(job, model, model_file=model_file, dataset=dataset)
        labels = segment_labels(dataset, features, index=scores.index, model=name)
        files = {
            "model.pkl": model_file,
            "dataset.pkl": dataset_file,
            "train.log": trace.log.encode(),
            "task.json": _description(job),
            CURVE_FILE: trace.curves,
            # Last, because scoring the training window moves a dataset that remembers.
            BINS_FILE: _bins(model, dataset, scores=scores, name=name),
        }
        files = {file: content for file, content in files.items() if content is not None}
        return record_outcome(
            workspace, recorder, facts=job.facts, scores=scores, labels=labels, files=files
        )


def check_class(job: FitJob) -> None:
    """Load the class of a model, so that a missing library is known before any training starts.

    Raises
    ------
    ModelError
        If it cannot be loaded.
    """
    load_class(job.task.model, job.facts.model)


def fitted_model(
    job: FitJob, dataset: Any, *, recorder: RunRecorder, base: bytes | None = None
) -> tuple[Any, FitTrace]:
    """Return the fitted model, what it printed and how it learned.

    Parameters
    ----------
    job : FitJob
        What to fit.
    dataset : Qlib DatasetH
        With its data.
    recorder : RunRecorder
        The active run.
    base : bytes or None
        The verified pickle of the model that the job starts from.

    Returns
    -------
    model : Qlib Model
        Fitted.
    trace : FitTrace
        What it printed, and its curves.

    Raises
    ------
    ModelError
        If it cannot be built or fitted, or its loss is not a number.
    """
    name = job.facts.model
    model_class = load_class(job.task.model, name)
    arguments = model_arguments(model_class, job.task.model.get("kwargs") or {}, seed=job.seed)
    recorder.log_params(**_params(job, arguments))
    results: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(prefix="quantpits-") as scratch,
        foreign_code(name, "training"),
        captured_output() as printed,
    ):
        files = scratch_arguments(model_class, Path(scratch))
        if base is not None and job.base is not None:
            files["model_path"] = str(Path(scratch) / "base_weights")
            write_base_weights(base, Path(files["model_path"]), model=name, base=job.base)
        seed_everything(job.seed)
        model = model_class(**loadable(arguments), **files)
        seed_everything(job.seed)
        filled = inspect.signature(model.fit).parameters.keys() & {"evals_result"}
        model.fit(
            dataset, **fit_arguments(model.fit, Path(scratch)), **dict.fromkeys(filled, results)
        )
    lost = sorted(key for key in recorder.non_finite if any(part in key for part in _LOSSES))
    if lost:
        raise ModelError(
            f"The loss of the model {name!r} is not a number.",
            where=", ".join(lost),
            hint="lower its learning rate, or add the processors Fillna and RobustZScoreNorm",
        )
    if hasattr(model, "config"):
        model.config(dump_all=True)
    log = printed.getvalue()
    with foreign_code(name, "telling how it learned"):
        curves = training_curves(
            results, logged=recorder.logged_by_step(), model=model, printed=log
        )
    return model, FitTrace(log, curves)


def _bins(model: Any, dataset: Any, *, scores: pd.Series, name: str) -> ScoreBins | None:
    """Return the bins of the scores of the training window, which drift is told from.

    A model that cannot score that window is compared with the first days of its test window.
    """
    try:
        learnt, later = learnt_scores(model, dataset, name=name)
    except ModelError:
        days = scores.index.get_level_values("datetime")
        first_days = days.unique().sort_values()[:WINDOW]
        return score_bins(scores[days.isin(first_days)], reference="test")
    return score_bins(learnt, later=later, reference="train")


def _proven_scores(job: FitJob, model: Any, *, model_file: bytes, dataset: Any) -> pd.Series:
    """Return the scores of the unpickled model, which must be those of the model in memory."""
    name, last = job.facts.model, job.windows.last_session
    with foreign_code(name, "predicting"), captured_output():
        in_memory = checked_scores(predicted_scores(model, dataset), name, last_session=last)
    with foreign_code(name, "predicting after it was loaded from its pickle"), captured_output():
        reloaded = unpickled(model_file)
        loaded = checked_scores(predicted_scores(reloaded, dataset), name, last_session=last)
    difference = (
        float(np.max(np.abs(in_memory.to_numpy() - loaded.to_numpy())))
        if in_memory.index.equals(loaded.index)
        else float("nan")
    )
    if difference != 0.0:
        raise ModelError(
            f"The model {name!r} predicts something else after it was loaded from its pickle.",
            expected="the same scores",
            found=f"scores that differ by up to {difference}",
            hint="keep what the model fitted in attributes that do not start with '_'",
        )
    return loaded


def _params(job: FitJob, arguments: dict[str, Any]) -> dict[str, object]:
    windows = {key: " ".join(days) for key, days in job.windows.segments().items()}
    return {
        **{f"model.{key}": value for key, value in arguments.items()},
        **{f"window.{key}": value for key, value in windows.items()},
        "label": "; ".join(job.task.labels),
        "seed": job.seed,
    }


def _description(job: FitJob) -> dict[str, object]:
    task = job.task
    return {
        "source": task.source,
        "model": task.model,
        "dataset": task.dataset,
        "labels": task.labels,
        "windows": job.windows,
        "injected": task.injected,
        "seed": job.seed,
    }
