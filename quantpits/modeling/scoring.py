"""Asking a model for its scores, so that the score of a row is the same whatever is asked with it.

Matrix products are computed in blocks of rows, and the few rows left over at the end by other
instructions, which round otherwise. The rows that are last today are not last tomorrow, so without
care the same model gives the same row of the same features two scores that differ in their last
digits. Therefore rows that nobody asked for are put behind the others, on a day of their own, and
their scores are dropped.

Sequences are gathered for many rows at once; Qlib gathers them one by one, which took longer than
the network. They are the same to the bit.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantpits.modeling.runtime import limit_torch_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["gathered_at_once", "predicted_scores"]

# More rows than any block of a matrix product, and the whole a multiple of it.
_BLOCK = 64
_PAD_DAY = pd.Timedelta(days=1)


def predicted_scores(model: Any, dataset: Any) -> Any:
    """Return what a model predicts for the test segment of a dataset.

    Parameters
    ----------
    model : Qlib Model
        Fitted.
    dataset : Qlib Dataset
        With its data; as it was when this returns.

    Returns
    -------
    Series or whatever the model returns
        A row of a pandas object depends on its own features only, for models that look at a row,
        at a sequence or at a day.
    """
    limit_torch_threads()
    with _padded(dataset) as pad_days:
        predicted = model.predict(dataset)
    if not pad_days or not isinstance(predicted, pd.Series | pd.DataFrame):
        return predicted
    if "datetime" not in predicted.index.names:
        return predicted
    days = predicted.index.get_level_values("datetime")
    return predicted.loc[~days.isin(pad_days)]


@contextlib.contextmanager
def _padded(dataset: Any) -> Iterator[set[pd.Timestamp]]:
    """Let a dataset give rows more than it has; yields the days of those, once they were given."""
    pad_days: set[pd.Timestamp] = set()
    prepare = dataset.prepare

    def padded(*args: Any, **kwargs: Any) -> Any:
        data = prepare(*args, **kwargs)
        if isinstance(data, pd.DataFrame) and _is_padable(data.index):
            return _padded_rows(data, pad_days)
        if type(data) is _samplers()[0] and len(data) and _is_padable(data.data_index):
            return _padded_samples(gathered_at_once(data), pad_days)
        return data

    dataset.prepare = padded
    try:
        yield pad_days
    finally:
        del dataset.prepare


def gathered_at_once(samples: Any) -> Any:
    """Let Qlib's sampler of sequences gather many of them at once.

    Parameters
    ----------
    samples : Qlib TSDataSampler
        Changed in place.

    Returns
    -------
    TSDataSampler
        The same object, of a class that gives the same sequences faster.
    """
    samples.__class__ = _samplers()[1]
    return samples


def _is_padable(index: pd.Index[Any]) -> bool:
    return sorted(map(str, index.names)) == ["datetime", "instrument"] and len(index) > 0


def _n_pads(n_rows: int) -> int:
    return 2 * _BLOCK - n_rows % _BLOCK


def _pad_index(index: pd.Index[Any], pad_days: set[pd.Timestamp]) -> pd.Index[Any]:
    """Return an index with further rows behind it, on a day and of instruments of their own."""
    day = index.get_level_values("datetime").max() + _PAD_DAY
    pad_days.add(day)
    parts = {"datetime": day, "instrument": None}
    names = [f"~{number:04d}" for number in range(_n_pads(len(index)))]  # sorted behind any name
    rows = [tuple(parts[str(level)] or name for level in index.names) for name in names]
    return index.append(pd.MultiIndex.from_tuples(rows, names=index.names))


def _padded_rows(data: pd.DataFrame, pad_days: set[pd.Timestamp]) -> pd.DataFrame:
    n_rows = len(data)
    pads = data.iloc[np.full(_n_pads(n_rows), n_rows - 1)]
    index = _pad_index(data.index, pad_days)
    padded: pd.DataFrame = pd.concat([data, pads.set_axis(index[n_rows:])])
    return padded


def _padded_samples(samples: Any, pad_days: set[pd.Timestamp]) -> Any:
    n_pads = _n_pads(len(samples.idx_map))
    last = np.repeat(samples.idx_map[-1:], n_pads, axis=0)
    samples.data_index = _pad_index(samples.data_index, pad_days)
    samples.idx_map = np.concatenate([samples.idx_map, last])
    return samples


@cache
def _samplers() -> tuple[type[Any], type[Any]]:
    """Return Qlib's sampler of sequences, and one that gathers many at once."""
    from qlib.data.dataset import TSDataSampler  # noqa: PLC0415 - heavy

    class QuickSampler(TSDataSampler):  # type: ignore[misc]  # Qlib ships no types
        """Gathers the sequences of many rows at once."""

        def __getitem__(self, idx: Any) -> Any:
            rows = np.asarray(idx) if isinstance(idx, list | np.ndarray) else None
            if rows is None or rows.ndim != 1 or rows.dtype.kind != "i":
                return super().__getitem__(idx)
            return self._gathered(rows)

        def __getitems__(self, idx: list[Any]) -> Any:
            """Return the sequences of a batch, as PyTorch's loader asks for them."""
            if not all(isinstance(each, int | np.integer) for each in idx):
                return [self[each] for each in idx]
            import torch  # noqa: PLC0415 - heavy; its loader alone asks so

            return list(torch.from_numpy(self._gathered(np.asarray(idx))).unbind(0))

        def _gathered(self, rows: NDArray[np.int64]) -> NDArray[Any]:
            if rows.size and (rows.min() < 0 or rows.max() >= len(self.idx_map)):
                raise KeyError(f"a row is out of [0, {len(self.idx_map)})")
            row, column = self.idx_map[rows].T
            steps = row[:, None] + np.arange(1 - self.step_len, 1)
            windows = self.idx_arr[np.maximum(steps, 0), column[:, None]]
            windows[steps < 0] = np.nan
            if self.fillna_type in {"ffill", "ffill+bfill"}:
                windows = _filled_forward(windows)
            if self.fillna_type == "ffill+bfill":
                windows = _filled_forward(windows[:, ::-1])[:, ::-1]
            places = np.nan_to_num(windows, nan=self.nan_idx).astype(np.int64)
            gathered: NDArray[Any] = self.data_arr[places]
            return gathered

    return TSDataSampler, QuickSampler


def _filled_forward(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows in which a NaN is replaced by the last number before it."""
    places = np.where(np.isnan(windows), 0, np.arange(windows.shape[1]))
    np.maximum.accumulate(places, axis=1, out=places)
    return np.take_along_axis(windows, places, axis=1)
