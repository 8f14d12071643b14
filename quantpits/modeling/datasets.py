"""Qlib datasets: built from a description for training, re-dated for prediction.

A dataset's handler gets its features from the shared `FeatureStore`. What is pickled of a dataset
is its description and the fitted state of its processors, never its data.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from quantpits.errors import ModelError
from quantpits.modeling.foreign import captured_output, foreign_code, load_class, loadable

if TYPE_CHECKING:
    import pandas as pd

    from quantpits.modeling.features.store import FeatureStore
    from quantpits.modeling.workflow import Plain

__all__ = [
    "build_dataset",
    "first_unseen",
    "keep_state",
    "lookback_sessions",
    "redate_dataset",
    "segment_labels",
]


def build_dataset(description: Plain, features: FeatureStore, *, model: str) -> Any:
    """Return a dataset with its data loaded and its processors fitted.

    Parameters
    ----------
    description : dict
        Qlib's description with a handler description in it.
    features : FeatureStore
        Where the raw features come from.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    Qlib DatasetH
        Ready to be given to a model.

    Raises
    ------
    ModelError
        If a class cannot be loaded, or the features cannot be computed.
    """
    kwargs = dict(description["kwargs"])
    handler = kwargs.pop("handler")
    handler_class = load_class(handler, model)
    dataset_class = load_class(description, model)
    with foreign_code(model, "computing its features"), captured_output():
        built = features.build_handler(handler_class, loadable(handler.get("kwargs", {})))
        return dataset_class(handler=built, **kwargs)


def redate_dataset(
    dataset: Any, features: FeatureStore, *, market: str, first: date, test: tuple[date, date]
) -> None:
    """Give a fitted dataset new dates and load its data, applying the fitted processors.

    Parameters
    ----------
    dataset : Qlib DatasetH
        As it was unpickled; changed in place.
    features : FeatureStore
        Where the raw features come from.
    market : str
        The universe.
    first : date
        First date of the features.
    test : tuple of date
        First and last date to predict.

    Notes
    -----
    Nothing is fitted: processors only apply the state they were pickled with. Features are
    computed from where the training's began, so that they are the training's to the last bit; rows
    before `first` are not made.
    """
    trained_from = getattr(dataset.handler, "start_time", None)
    span = {"start_time": first.isoformat(), "end_time": test[1].isoformat()}
    segments = {"test": [day.isoformat() for day in test]}
    dataset.config(handler_kwargs={"instruments": market, **span}, segments=segments)
    features.fill_handler(dataset.handler, is_fitted=True, computed_from=trained_from)
    dataset.setup_data()


def lookback_sessions(dataset: Any) -> int:
    """Return how many sessions before its first row a dataset reads [sessions]."""
    steps = [getattr(dataset, name, 0) for name in ("step_len", "seq_len")]
    return max(int(step) for step in steps)


def first_unseen(dataset: Any) -> date:
    """Return the first date of a fitted dataset's own test window, which it was not trained on."""
    return date.fromisoformat(str(dataset.segments["test"][0])[:10])


def segment_labels(
    dataset: Any, features: FeatureStore, *, index: pd.Index, model: str
) -> pd.Series:
    """Return the raw labels of scored rows, the first label of several.

    Parameters
    ----------
    dataset : Qlib DatasetH
        One whose data are loaded.
    features : FeatureStore
        The store that loaded them.
    index : Index of 2 levels [n_rows]
        Date and instrument of each score.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    Series, float64 [n_rows]
        Labels [fraction] before any processor, NaN where not yet known.

    Raises
    ------
    ModelError
        If the handler has no label columns.
    """
    labels = features.raw_labels(dataset.handler)
    if labels is None:
        with foreign_code(model, "reading its labels"):
            labels = dataset.handler.fetch(col_set="label", data_key="raw")
    if labels.shape[1] == 0:
        raise ModelError(f"The data handler of the model {model!r} has no labels.")
    first = labels.iloc[:, 0].astype("float64")
    return first.reindex(index).rename("label")


def keep_state(dataset: Any) -> None:
    """Make a dataset's processors pickle all they fitted, also what starts with ``_``."""
    handler = dataset.handler
    for processor in getattr(handler, "get_all_processors", list)():
        processor.config(dump_all=True)
