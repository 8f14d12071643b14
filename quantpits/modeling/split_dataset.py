"""Qlib's datasets on the sessions of a purged split, also those that read sequences of sessions.

A dataset of a split has segments that are lists of spans. A plain dataset puts the rows of the
spans one after the other. A row of a sequence dataset reads the sessions before it too, as it would
on the day: the rows around a gap read what lies in the gap, and not what lies before it as if it
were yesterday. What is in the gap are features, which were known then. Labels were not: of rows
outside of the segment they are hidden, and how far a sequence reaches back tells how many sessions
have to be left out after a test fold, so that nothing that is learnt from reads a tested session.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantpits.errors import ModelError
from quantpits.modeling.foreign import captured_output, foreign_code, load_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantpits.modeling.workflow import Plain

__all__ = [
    "bounded_slices",
    "first_rows",
    "hidden_labels",
    "is_lasting",
    "sequence_lookback",
    "spans_dataset_class",
    "within",
]

Spans = list[tuple[str, str]]

# What a sequence dataset calls the number of sessions that a row reads, itself included.
_LENGTHS = ("step_len", "seq_len")
# What a fit does not change, so that another fit can use it: TRA writes its errors into its own.
_LASTING = ("DatasetH", "TSDatasetH", "SpansDataset", "SpansSequences")


def sequence_lookback(description: Plain, model: str) -> int:
    """Return how many sessions before its own a row of a dataset reads.

    Parameters
    ----------
    description : dict
        Qlib's description of the dataset.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    int
        0 for a dataset without sequences [sessions].

    Raises
    ------
    ModelError
        If the class cannot be loaded.
    """
    named = inspect.signature(load_class(description, model)).parameters
    for name in _LENGTHS:
        if name in named:
            length = description["kwargs"].get(name, named[name].default)
            return max(0, int(length) - 1)
    return 0


def is_lasting(dataset: Any) -> bool:
    """Return whether a fit leaves a dataset as it was, so that every trial can use the same one."""
    return type(dataset).__name__ in _LASTING


def spans_dataset_class(description: Plain, model: str) -> type[Any]:
    """Return the class of a dataset whose segments may be lists of spans.

    Parameters
    ----------
    description : dict
        Qlib's description of the dataset.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    type
        A subclass of the described one.

    Raises
    ------
    ModelError
        If the class cannot be loaded, or nothing is known of how it reads its rows.
    """
    base = load_class(description, model)
    with foreign_code(model, "loading its dataset's class"), captured_output():
        found = _known_classes().get(base)
    if found is None:
        raise ModelError(
            f"The model {model!r} cannot be evaluated on purged splits.",
            expected="Qlib's DatasetH, TSDatasetH or MTSDatasetH",
            found=f"dataset {description['class']}",
            hint="nothing tells which sessions a row of it reads;"
            " quantpits walk-forward evaluates such a model",
        )
    return found


@cache
def _known_classes() -> dict[type[Any], type[Any]]:
    """Return what stands for each of Qlib's datasets; the last one needs torch."""
    from qlib.data.dataset import DatasetH, TSDatasetH  # noqa: PLC0415 - heavy

    known: dict[type[Any], type[Any]] = {DatasetH: _plain(), TSDatasetH: _sequences()}
    try:
        from qlib.contrib.data.dataset import MTSDatasetH  # noqa: PLC0415 - heavy
    except ModuleNotFoundError:
        return known
    remembering = _remembering()
    return {**known, **dict.fromkeys((MTSDatasetH, remembering.__base__), remembering)}


def _plain() -> type[Any]:
    from qlib.data.dataset import DatasetH  # noqa: PLC0415 - heavy

    class SpansDataset(DatasetH):  # type: ignore[misc]  # Qlib ships no types
        """Puts the spans of a segment one after the other."""

        def _prepare_seg(self, slc: Any, **kwargs: Any) -> Any:
            if not isinstance(slc, list):
                return super()._prepare_seg(slc, **kwargs)
            return pd.concat(
                [super(SpansDataset, self)._prepare_seg(span, **kwargs) for span in slc]
            )

    return SpansDataset


def _sequences() -> type[Any]:
    from qlib.data.dataset import DatasetH, TSDataSampler, TSDatasetH  # noqa: PLC0415 - heavy

    class SpansSequences(TSDatasetH):  # type: ignore[misc]  # Qlib ships no types
        """Samples the rows of the spans; their sequences read the sessions before them."""

        def _prepare_seg(self, slc: Any, **kwargs: Any) -> Any:
            if not isinstance(slc, list):
                return super()._prepare_seg(slc, **kwargs)
            dtype = kwargs.pop("dtype", None)
            filter_column = kwargs.pop("flt_col", None) or self.flt_col
            whole = slice(slc[0][0], slc[-1][1])
            read = self._extend_slice(whole, self.cal, self.step_len)
            frame = DatasetH._prepare_seg(self, read, **kwargs)  # noqa: SLF001 - as Qlib's does
            is_own = within(frame.index.get_level_values("datetime"), slc)
            wanted = pd.Series(is_own, index=frame.index)
            if filter_column is not None:
                chosen = {**kwargs, "col_set": filter_column}
                kept = DatasetH._prepare_seg(self, read, **chosen)  # noqa: SLF001 - as Qlib's does
                wanted &= kept.iloc[:, 0].fillna(value=False).astype(bool)
            return TSDataSampler(
                data=hidden_labels(frame, self._labels(frame, read, kwargs), is_own=is_own),
                start=whole.start,
                end=whole.stop,
                step_len=self.step_len,
                dtype=dtype,
                flt_data=wanted,
            )

        def _labels(
            self, frame: pd.DataFrame, read: slice, kwargs: dict[str, Any]
        ) -> NDArray[np.bool_]:
            """Return which columns are labels."""
            if frame.columns.nlevels > 1:
                return np.asarray(frame.columns.get_level_values(0) == "label")
            chosen = {**kwargs, "col_set": "label"}
            labels = DatasetH._prepare_seg(self, read, **chosen)  # noqa: SLF001 - as Qlib's does
            return np.asarray(frame.columns.isin(labels.columns))

    return SpansSequences


def _remembering() -> type[Any]:
    from quantpits.modeling.zoo_tra import MTSDatasetH  # noqa: PLC0415 - needs torch

    class SpansMemory(MTSDatasetH):
        """Samples the rows of the spans, with TRA's memory of its own errors.

        The rows of a suspended instrument read further back than the length of a sequence says;
        here a sequence ends at as many sessions as it says.
        """

        def setup_data(self, handler_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> None:
            super().setup_data(handler_kwargs, **kwargs)
            bounded_slices(self, first_rows(self._index, self.seq_len))

        def _prepare_seg(self, slc: Any, **kwargs: Any) -> Any:
            if not isinstance(slc, list):
                return super()._prepare_seg(slc, **kwargs)
            part = super()._prepare_seg((slc[0][0], slc[-1][1]), **kwargs)
            is_row = within(self._index.get_level_values(1), slc)
            is_day = within(pd.DatetimeIndex(self._daily_index), slc)
            part._batch_slices = self._batch_slices[is_row]  # noqa: SLF001 - a dataset of its own
            part._daily_slices = self._daily_slices[is_day]  # noqa: SLF001 - a dataset of its own
            part._daily_index = self._daily_index[is_day]  # noqa: SLF001 - a dataset of its own
            return part

    return SpansMemory


def within(days: pd.Index, spans: Spans) -> NDArray[np.bool_]:
    """Return which days lie in one of the spans, ends included.

    Parameters
    ----------
    days : Index of datetime [n_days]
        Any order.
    spans : list of tuple of str
        First and last day of each, ISO dates.

    Returns
    -------
    bool [n_days]
        One for each day.
    """
    is_inside = np.zeros(len(days), np.bool_)
    for first, last in spans:
        is_inside |= np.asarray((days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last)))
    return is_inside


def hidden_labels(
    frame: pd.DataFrame, is_label: NDArray[np.bool_], *, is_own: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return a frame in which the labels of rows outside of a segment are NaN.

    Parameters
    ----------
    frame : DataFrame [n_rows, n_columns]
        Features and labels.
    is_label : bool [n_columns]
        Which columns are labels.
    is_own : bool [n_rows]
        Which rows belong to the segment.

    Returns
    -------
    DataFrame [n_rows, n_columns]
        A copy.
    """
    shown = frame.copy()
    shown.iloc[np.flatnonzero(~is_own), np.flatnonzero(is_label)] = np.nan
    return shown


def first_rows(index: pd.MultiIndex, length: int) -> NDArray[np.int64]:
    """Return the first row that each row's sequence may read.

    Parameters
    ----------
    index : MultiIndex of instrument and datetime [n_rows]
        Sorted by both.
    length : int
        Sessions that a sequence reads, its row's own included.

    Returns
    -------
    int64 [n_rows]
        The instrument's first row that is less than `length` sessions back.
    """
    sessions, day = np.unique(index.get_level_values(1).to_numpy(), return_inverse=True)
    names = np.asarray(index.get_level_values(0).astype(str))
    instrument = np.unique(names, return_inverse=True)[1].astype(np.int64)
    # One number for instrument and session, ascending as the rows are.
    place = instrument * len(sessions) + day
    oldest = instrument * len(sessions) + np.maximum(day - length + 1, 0)
    return np.searchsorted(place, oldest).astype(np.int64)


def bounded_slices(dataset: Any, first: NDArray[np.int64]) -> None:
    """Cut the sequences of TRA's dataset, so that none reads before a row of its own.

    Parameters
    ----------
    dataset : Qlib MTSDatasetH
        With its data; changed in place.
    first : int64 [n_rows]
        The first row that each row's sequence may read.
    """

    def bounded(each: slice) -> slice:
        return slice(max(each.start, int(first[each.stop - 1])), each.stop)

    parts = vars(dataset)
    parts["_batch_slices"] = _objects([bounded(each) for each in parts["_batch_slices"]])
    days = [[bounded(each) for each in day] for day in parts["_daily_slices"]]
    parts["_daily_slices"] = _objects(days)


def _objects(items: list[Any]) -> NDArray[np.object_]:
    """Return an array of objects of one dimension, also where all of them are equally long."""
    array = np.empty(len(items), dtype=object)
    for number, item in enumerate(items):
        array[number] = item
    return array
