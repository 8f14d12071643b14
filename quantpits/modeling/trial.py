"""Fitting a model only to see how it ranks: on the validation window, or on a purged split.

Nothing of the test window is read: the data of a trial end with the validation window. Processors
are fitted on the sessions that the model learns from and on no others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from quantpits.errors import ModelError
from quantpits.modeling.datasets import build_dataset, segment_labels
from quantpits.modeling.evaluation import checked_scores, daily_ic
from quantpits.modeling.features.folds import unfilled_handler
from quantpits.modeling.fit import fitted_model
from quantpits.modeling.foreign import captured_output, foreign_code
from quantpits.modeling.outcome import METRICS
from quantpits.modeling.purged import spans_of
from quantpits.modeling.scoring import predicted_scores
from quantpits.modeling.split_dataset import sequence_lookback, spans_dataset_class

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quantpits.modeling.evaluation import DailyIC
    from quantpits.modeling.features.folds import FoldFeatures
    from quantpits.modeling.features.store import FeatureStore
    from quantpits.modeling.fit import FitJob
    from quantpits.modeling.purged import PurgedSplit
    from quantpits.modeling.recorders import RecorderStore
    from quantpits.modeling.windows import DateWindows

__all__ = [
    "dataset_bytes",
    "split_dataset",
    "split_embargo",
    "trial_ic",
    "window_dataset",
    "without_test",
]


def without_test(windows: DateWindows) -> DateWindows:
    """Return windows whose data end with the validation window, which is also what is predicted.

    Parameters
    ----------
    windows : DateWindows
        As a training has them.

    Returns
    -------
    DateWindows
        Nothing of the test window is left.
    """
    last = windows.valid[1]
    return replace(windows, data_end=last, last_session=last, test=windows.valid)


def dataset_bytes(dataset: Any) -> int:
    """Return how much memory the data of a dataset take [bytes]."""
    frames = [value for value in vars(dataset.handler).values() if isinstance(value, pd.DataFrame)]
    return sum(int(frame.memory_usage().sum()) for frame in frames)


def window_dataset(job: FitJob, features: FeatureStore) -> Any:
    """Return a dataset that predicts the validation window.

    Parameters
    ----------
    job : FitJob
        Made of windows as `without_test` gives them.
    features : FeatureStore
        Where the raw features come from.

    Returns
    -------
    Qlib DatasetH
        With its data.
    """
    return build_dataset(job.task.dataset, features, model=job.facts.model)


def split_dataset(
    job: FitJob, split: PurgedSplit, *, features: FoldFeatures, sessions: NDArray[np.datetime64]
) -> Any:
    """Return a dataset that learns, stops and predicts on the sessions of a split.

    Parameters
    ----------
    job : FitJob
        Made of windows that span all sessions of the split.
    split : PurgedSplit
        The sessions.
    features : FoldFeatures
        Where the raw features come from.
    sessions : datetime64[D] [n_sessions]
        The market's sessions.

    Returns
    -------
    Qlib DatasetH
        With its data; its segments are lists of spans.

    Raises
    ------
    ModelError
        If nothing is known of how the dataset reads its rows, or its handler cannot be given its
        features.
    """
    name, description = job.facts.model, job.task.dataset
    dataset_class = spans_dataset_class(description, name)
    handler = unfilled_handler(job.task.handler, name)
    if handler is None:
        raise ModelError(
            f"The model {name!r} cannot be evaluated on purged splits.",
            expected="a workflow with a handler that takes init_data",
            found=f"handler {job.task.handler['class']}",
            hint="quantpits walk-forward evaluates such a model",
        )
    with foreign_code(name, "computing its features"), captured_output():
        features.fill_fitted_on(handler, split.train)
        tests = [span for test in split.tests for span in spans_of(test, sessions)]
        spans = {
            "train": spans_of(split.train, sessions),
            "valid": spans_of(split.valid, sessions),
            "test": tests,
        }
        arguments = {key: value for key, value in description["kwargs"].items() if key != "handler"}
        segments = _all_segments(spans, arguments.pop("segments"))
        return dataset_class(handler=handler, segments=segments, **arguments)


def split_embargo(job: FitJob) -> int:
    """Return how many sessions more are left out after a test fold, so that no sequence reads it.

    Parameters
    ----------
    job : FitJob
        Of the model.

    Returns
    -------
    int
        0 for a model that reads no sequences [sessions].

    Raises
    ------
    ModelError
        If its dataset's class cannot be loaded.
    """
    return sequence_lookback(job.task.dataset, job.facts.model)


def trial_ic(
    job: FitJob, dataset: Any, *, runs: RecorderStore, features: FeatureStore, last_session: str
) -> DailyIC:
    """Fit a model and return how well it ranks the dataset's test segment, day by day.

    Parameters
    ----------
    job : FitJob
        What to fit.
    dataset : Qlib DatasetH
        As `window_dataset` or `split_dataset` made it.
    runs : RecorderStore
        The experiment; the fit is a run of it.
    features : FeatureStore
        The store that filled the dataset.
    last_session : str
        The day that must be predicted, ISO date.

    Returns
    -------
    DailyIC
        Against the raw label.

    Raises
    ------
    ModelError
        If the model fails or predicts what is not a number.
    """
    name = job.facts.model
    with runs.run(name) as recorder:
        model, _ = fitted_model(job, dataset, recorder=recorder)
        with foreign_code(name, "predicting"), captured_output():
            predicted = predicted_scores(model, dataset)
        last = pd.Timestamp(last_session).date()
        scores = checked_scores(predicted, name, last_session=last)
        labels = segment_labels(dataset, features, index=scores.index, model=name)
        outcome = daily_ic(scores, labels)
        metrics = {key: getattr(outcome.summary, key) for key in METRICS}
        recorder.log_metrics(
            **{METRICS[key]: value for key, value in metrics.items() if value is not None}
        )
        recorder.set_tags(model=name, mode="trial", fingerprint=job.facts.fingerprint)
    return outcome


def _all_segments(spans: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """Return the spans also under other names that a workflow has for the same dates."""
    others = {
        name: spans[same]
        for name, dates in described.items()
        for same in ("train", "valid")
        if name not in spans and dates == described.get(same)
    }
    return {**spans, **others}
