"""One feature computation for all folds of a walk-forward, and for all splits of an evaluation.

The raw features are loaded once for the whole span and each fold is given its own days of them.
Features look back only, so the days of a fold hold nothing of what comes after it; labels do look
ahead, and the windows of a fold are purged for that. What a fold reads is also known by its
content, so a fold is not trained again only because the market has moved on.
"""

from __future__ import annotations

import hashlib
import inspect
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantpits.modeling.features.store import (
    LABEL,
    FeatureStore,
    features_key,
    fill_with,
    labels_of,
)
from quantpits.modeling.foreign import captured_output, foreign_code, load_class, loadable

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from quantpits.modeling.features.cache import FeatureCache
    from quantpits.modeling.windows import DateWindows
    from quantpits.modeling.workflow import Plain

__all__ = ["FoldFeatures", "unfilled_handler"]


class FoldFeatures(FeatureStore):
    """Loads the raw features of a span once for each group of handlers, and cuts folds out of them.

    Parameters
    ----------
    first, last : date
        The span: nothing outside of it is read.
    cache : FeatureCache or None
        Where computed features are kept for the next run; nowhere if None.

    Notes
    -----
    A sum that runs over a window ends in other last digits when it started on another day, so a
    feature may differ in its last digit from the one of a handler that starts later.
    """

    def __init__(self, first: date, last: date, *, cache: FeatureCache | None = None) -> None:
        super().__init__(cache)
        self.span = (pd.Timestamp(first), pd.Timestamp(last))
        self._span_key: str | None = None
        self._whole: pd.DataFrame | None = None
        self._cut: pd.DataFrame | None = None
        self._filled: weakref.ref[Any] | None = None

    def fill_fitted_on(self, handler: Any, days: NDArray[np.datetime64]) -> None:
        """Give a handler its days of the features and processors fitted on some of them.

        Parameters
        ----------
        handler : Qlib DataHandler
            Universe and dates are read from it.
        days : datetime64[D] [n_days]
            The days to fit the processors on.
        """
        cut = self._features(handler, None)
        is_learnt = cut.index.get_level_values("datetime").isin(days.astype("datetime64[ns]"))
        fill_with(handler, cut.loc[is_learnt].copy(), is_fitted=False)
        fill_with(handler, cut, is_fitted=True)

    def raw_labels(self, handler: Any) -> pd.DataFrame | None:
        """Return the unprocessed labels of the handler that was filled last; None without any."""
        is_its = self._filled is not None and self._filled() is handler
        return labels_of(self._cut) if is_its else None

    def content_hash(self, handler: Any, windows: DateWindows) -> str:
        """Return the sha256 of everything a fold can learn from or predict with.

        Parameters
        ----------
        handler : Qlib DataHandler
            Without data.
        windows : DateWindows
            The fold; labels count through the end of its validation window.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        frame = self._days_of(handler)
        digest = hashlib.sha256()
        is_label = frame.columns.get_level_values(0) == LABEL
        days = frame.index.get_level_values("datetime")
        learnt = frame.loc[days <= pd.Timestamp(windows.valid[1]), is_label]
        for part in (frame.loc[:, ~is_label], learnt):
            digest.update(repr([*map(str, part.columns)]).encode())
            digest.update(part.index.get_level_values("datetime").to_numpy().tobytes())
            names = part.index.get_level_values("instrument")
            digest.update("\n".join(map(str, names)).encode())
            digest.update(np.ascontiguousarray(part.to_numpy(np.float64)).tobytes())
        return digest.hexdigest()

    def clear(self) -> None:
        """Forget the features."""
        super().clear()
        self._span_key = self._whole = self._cut = self._filled = None

    def _features(self, handler: Any, _computed_from: object) -> pd.DataFrame:
        """Return the days of a handler, which is then the one that was filled last."""
        self._cut, self._filled = self._days_of(handler), weakref.ref(handler)
        return self._cut

    def _days_of(self, handler: Any) -> pd.DataFrame:
        whole = self._whole_of(handler)
        days = whole.index.get_level_values("datetime")
        is_inside = (days >= pd.Timestamp(handler.start_time)) & (
            days <= pd.Timestamp(handler.end_time)
        )
        return whole.loc[is_inside].copy()

    def _whole_of(self, handler: Any) -> pd.DataFrame:
        from quantpits.modeling.features.groups import FeatureSpan  # noqa: PLC0415 - heavy

        key = f"{features_key(handler, with_dates=False)} {handler.instruments!r}"
        self.n_requests += 1
        if self._whole is None or key != self._span_key:
            self.clear()
            span = FeatureSpan(handler.instruments, *self.span)
            self._whole = self.loading.load(handler.data_loader, span)
            self._span_key = key
        return self._whole


def unfilled_handler(description: Plain, model: str) -> Any:
    """Return a handler without its data, None if its class loads them at once.

    Parameters
    ----------
    description : dict
        Qlib's description: ``class``, ``module_path``, ``kwargs``.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    Qlib DataHandler or None
        Knows its universe, dates and loader.

    Raises
    ------
    ModelError
        If the class cannot be loaded or built.
    """
    handler_class = load_class(description, model)
    if "init_data" not in inspect.signature(handler_class).parameters and not any(
        each.kind == each.VAR_KEYWORD
        for each in inspect.signature(handler_class).parameters.values()
    ):
        return None
    with foreign_code(model, "preparing its features"), captured_output():
        handler = handler_class(**{**loadable(description["kwargs"]), "init_data": False})
    return None if vars(handler).keys() & {"_data", "_infer"} else handler
