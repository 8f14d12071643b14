"""HIST on any market: Qlib's network, with concepts that need no downloaded file.

Imported only by Qlib, by the ``module_path`` of a workflow, because it needs torch.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import torch
from qlib.contrib.model import pytorch_hist
from qlib.data.dataset.handler import DataHandlerLP

from quantpits.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["HIST"]

_BOARD: Final = 4  # SH60, SZ00, SZ30, SH68, BJ83: exchange and first digits name the board
_GRADIENT_CLIP: Final = 3.0


class _DeviceAware:
    """torch, but `get_device` answers with the device: on a processor it has no number."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    @staticmethod
    def get_device(tensor: Any) -> Any:
        return tensor.device


pytorch_hist.torch = _DeviceAware()


class HIST(pytorch_hist.HIST):  # type: ignore[misc]  # Qlib ships no types
    """Qlib's ``HIST`` for current pandas, without downloads.

    Parameters
    ----------
    concepts : mapping of str to sequence of str, optional
        The instruments of each predefined concept. By default the concept of a stock is its board,
        read from the first four characters of its code. A stock without a concept has one of its
        own kind: what no concept names.
    **kwargs
        Qlib's own arguments, but for ``stock2concept`` and ``stock_index``.

    Notes
    -----
    pyqlib 0.9.7 downloads the concepts of one late snapshot of CSI 300, which looks ahead, gives
    unknown stocks the row 733 of that file, writes into arrays that pandas 3 keeps read-only, and
    asks for the number of a device that a processor does not have. The training loop here is
    Qlib's: one day a batch, in random order; the epoch with the best score on the validation window
    wins.
    """

    def __init__(
        self, *, concepts: Mapping[str, Sequence[str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        given = concepts or {}
        self.concept_of = {name: key for key, names in given.items() for name in names}
        self.concepts = sorted(given)

    def fit(self, dataset: Any, evals_result: dict[str, list[float]] | None = None) -> None:
        """Fit the network.

        Parameters
        ----------
        dataset : Qlib DatasetH
            With ``train`` and ``valid``.
        evals_result : dict or None
            Filled with the score of each epoch on the validation window, as Qlib's models do.

        Raises
        ------
        ModelError
            If a window has no rows, or no epoch gives a finite score.
        """
        train, valid = dataset.prepare(
            ["train", "valid"], col_set=["feature", "label"], data_key=DataHandlerLP.DK_L
        )
        if train.empty or valid.empty:
            raise ModelError("A window of the model has no rows.", expected="train and valid rows")
        if not self.concept_of:
            self.concepts = sorted({str(name)[:_BOARD] for name in _names(train)})
        best, waited = -np.inf, 0
        weights = None
        for _ in range(self.n_epochs):
            self._train_epoch(train)
            score = self._score(valid)
            if evals_result is not None:
                evals_result.setdefault("valid", []).append(score)
            if score > best:
                best, waited = score, 0
                weights = copy.deepcopy(self.HIST_model.state_dict())
            else:
                waited += 1
                if waited >= self.early_stop:
                    break
        if weights is None:
            raise ModelError("No epoch of the model gives a finite score on the valid window.")
        self.HIST_model.load_state_dict(weights)
        self.fitted = True

    def predict(self, dataset: Any, segment: Any = "test") -> pd.Series:
        """Return a score for every row of a segment.

        Parameters
        ----------
        dataset : Qlib DatasetH
            With the segment.
        segment : str or slice
            Which rows.

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
        frame = dataset.prepare(segment, col_set="feature", data_key=DataHandlerLP.DK_I)
        self.HIST_model.eval()
        with torch.no_grad():
            scores = [self._forward(day).cpu().numpy() for day in _days(frame)]
        return pd.Series(np.concatenate(scores), index=frame.index)

    def _train_epoch(self, frame: pd.DataFrame) -> None:
        self.HIST_model.train()
        days = list(_days(frame))
        for number in np.random.permutation(len(days)):  # noqa: NPY002 - the generator that is seeded
            loss = self._loss(days[number])
            self.train_optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_value_(self.HIST_model.parameters(), _GRADIENT_CLIP)
            self.train_optimizer.step()

    def _loss(self, day: pd.DataFrame) -> Any:
        return self.loss_fn(self._forward(_features(day)), self._label(day))

    def _score(self, frame: pd.DataFrame) -> float:
        self.HIST_model.eval()
        with torch.no_grad():
            scores = [
                self.metric_fn(self._forward(_features(day)), self._label(day)).item()
                for day in _days(frame)
            ]
        return float(np.nanmean(scores)) if np.isfinite(scores).any() else float("nan")

    def _forward(self, features: pd.DataFrame) -> Any:
        values = torch.tensor(features.to_numpy(), dtype=torch.float32, device=self.device)
        concepts = torch.tensor(
            self._concept_rows(features), dtype=torch.float32, device=self.device
        )
        return self.HIST_model(values, concepts).reshape(-1)

    def _label(self, day: pd.DataFrame) -> Any:
        label = day["label"].to_numpy()[:, 0]
        return torch.tensor(label, dtype=torch.float32, device=self.device)

    def _concept_rows(self, features: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return a row for each stock: 1 in the column of its concept, the last one for none."""
        columns = {key: column for column, key in enumerate(self.concepts)}
        rows = np.zeros((len(features), len(self.concepts) + 1), dtype=np.float32)
        for row, name in enumerate(_names(features)):
            key = self.concept_of.get(str(name)) if self.concept_of else str(name)[:_BOARD]
            rows[row, columns.get(str(key), len(self.concepts))] = 1.0
        return rows


def _names(frame: pd.DataFrame) -> Any:
    return frame.index.get_level_values("instrument")


def _features(day: pd.DataFrame) -> pd.DataFrame:
    return day.loc[:, ["feature"]]


def _days(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for _, day in frame.groupby(level="datetime", sort=True):
        yield day
