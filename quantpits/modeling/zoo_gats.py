"""GATs on sequences, with the stocks of one day in a batch, as its authors mean it.

Imported only by Qlib, by the ``module_path`` of a workflow, because it needs torch.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from qlib.contrib.model import pytorch_gats_ts
from qlib.data.dataset.handler import DataHandlerLP
from torch.utils.data import Sampler

from quantpits.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["DaySampler", "GATs"]


class DaySampler(Sampler):  # type: ignore[misc]  # torch's sampler is generic without types here
    """The positions of the samples of each day, one day after the other.

    Parameters
    ----------
    samples : Qlib TSDataSampler
        In any order.

    Notes
    -----
    pyqlib 0.9.7 cuts the samples, which are ordered by instrument, into blocks as long as the days
    are: a batch then holds consecutive days of one stock, and its score looks at days to come.
    """

    def __init__(self, samples: Any) -> None:
        days = samples.get_index().get_level_values("datetime").to_numpy()
        order = np.argsort(days, kind="stable")
        starts = np.flatnonzero(np.diff(days[order]) != np.timedelta64(0)) + 1
        self.days: list[NDArray[np.int64]] = np.split(order, starts)

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        """Yield the positions of each day."""
        return iter(self.days)

    def __len__(self) -> int:
        """Return the number of days."""
        return len(self.days)


class GATs(pytorch_gats_ts.GATs):  # type: ignore[misc]  # Qlib ships no types
    """Qlib's ``GATs`` whose stocks look at each other, and never at another day."""

    def fit(
        self, dataset: Any, *, evals_result: dict[str, Any] | None = None, save_path: Any = None
    ) -> None:
        """Fit the network.

        Parameters
        ----------
        dataset : Qlib TSDatasetH
            With ``train`` and ``valid``.
        evals_result : dict, optional
            Gets the scores of each epoch.
        save_path : path, optional
            Where the best weights are written.
        """
        results = {} if evals_result is None else evals_result
        with _day_by_day():
            super().fit(dataset, evals_result=results, save_path=save_path)

    def predict(self, dataset: Any) -> pd.Series:
        """Return a score for every row of the test window.

        Parameters
        ----------
        dataset : Qlib TSDatasetH
            With ``test``.

        Returns
        -------
        Series, float32 [n_rows]
            Indexed by date and instrument.

        Raises
        ------
        ModelError
            If the model is not fitted.
        """
        if not self.fitted:
            raise ModelError("The model is not fitted.")
        samples = dataset.prepare("test", col_set=["feature", "label"], data_key=DataHandlerLP.DK_I)
        samples.config(fillna_type="ffill+bfill")
        self.GAT_model.eval()
        scores = np.empty(len(samples), np.float32)
        with torch.no_grad():
            for rows in DaySampler(samples):
                features = torch.from_numpy(samples[rows][:, :, :-1]).float().to(self.device)
                scores[rows] = self.GAT_model(features).reshape(-1).cpu().numpy()
        return pd.Series(scores, index=samples.get_index())


@contextlib.contextmanager
def _day_by_day() -> Iterator[None]:
    """Let Qlib's loop over a fit draw one day at a time."""
    own = pytorch_gats_ts.DailyBatchSampler
    pytorch_gats_ts.DailyBatchSampler = DaySampler
    try:
        yield
    finally:
        pytorch_gats_ts.DailyBatchSampler = own
