"""One feature computation for all models that read the same features.

Computing Alpha158 takes far longer than training most models on it, and most models of a registry
differ only in what they do with the features afterwards. So the raw features are loaded once, by
Qlib's own loader, and every handler with the same loader, universe and dates is given that frame
and runs its own processors on it. The result equals what the handler would have made alone, bit for
bit.

Only the frame of the current group is kept; a handler of another group replaces it. The order of
the models therefore decides how often features are computed, and `handler_group` gives the key to
sort by.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["FeatureStore", "features_key", "handler_group"]

# What a handler does after loading; two handlers that differ only here read the same features.
_AFTER_LOADING = {
    "drop_raw",
    "fit_end_time",
    "fit_start_time",
    "infer_processors",
    "learn_processors",
    "process_type",
    "shared_processors",
}


def handler_group(handler: Mapping[str, Any]) -> str:
    """Return a key that is equal for handler descriptions that read the same features.

    Parameters
    ----------
    handler : mapping
        Qlib's description: ``class``, ``module_path``, ``kwargs``.

    Returns
    -------
    str
        Class, universe, dates, label and frequency, without processors.
    """
    kwargs = {key: value for key, value in handler["kwargs"].items() if key not in _AFTER_LOADING}
    return json.dumps({**handler, "kwargs": kwargs}, sort_keys=True, default=repr)


class FeatureStore:
    """Loads raw features once for each group of handlers.

    Attributes
    ----------
    n_computations : int
        How often features were computed.
    n_requests : int
        How often a handler asked for them.
    """

    def __init__(self) -> None:
        self.n_computations = 0
        self.n_requests = 0
        self._key: str | None = None
        self._raw: pd.DataFrame | None = None

    def build_handler(self, handler_class: type[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return a handler with its data loaded, fitted and processed, as Qlib would build it.

        Parameters
        ----------
        handler_class : type
            A subclass of Qlib's ``DataHandler``.
        kwargs : mapping
            Its arguments.

        Returns
        -------
        handler
            Ready to be given to a dataset.
        """
        waits = {"init_data": False} if _can_wait(handler_class) else {}
        handler = handler_class(**{**kwargs, **waits})
        if vars(handler).keys() & {"_data", "_infer"}:  # it did not wait, and has its own features
            self.n_requests += 1
            self.n_computations += 1
        else:
            self.fill_handler(handler)
        return handler

    def fill_handler(self, handler: Any, *, is_fitted: bool = False) -> None:
        """Load the features of a handler that has none yet and run its processors.

        Parameters
        ----------
        handler : Qlib DataHandler
            Universe and dates are read from it.
        is_fitted : bool
            Whether its processors carry fitted state, which is then applied and never fitted again.
        """
        from qlib.data.dataset.handler import DataHandlerLP  # noqa: PLC0415 - heavy

        loader = handler.data_loader
        handler.data_loader = _FrameLoader(self._features(handler))
        try:
            if isinstance(handler, DataHandlerLP):
                kind = DataHandlerLP.IT_LS if is_fitted else DataHandlerLP.IT_FIT_SEQ
                handler.setup_data(init_type=kind)
            else:
                handler.setup_data()
        finally:
            handler.data_loader = loader

    def raw_labels(self, handler: Any) -> pd.DataFrame | None:
        """Return the unprocessed labels of the handler's group.

        Parameters
        ----------
        handler : Qlib DataHandler
            One that this store filled.

        Returns
        -------
        DataFrame [n_rows, n_labels] or None
            Indexed by datetime and instrument; None if the loader has no such columns.
        """
        raw = self._raw if self._key == features_key(handler) else None
        if raw is None or "label" not in raw.columns.get_level_values(0):
            return None
        return raw.loc[:, ["label"]].droplevel(0, axis=1)

    def clear(self) -> None:
        """Forget the frame."""
        self._key = self._raw = None

    def _features(self, handler: Any) -> pd.DataFrame:
        key = features_key(handler)
        self.n_requests += 1
        if self._raw is None or key != self._key:
            self.clear()
            self._raw = handler.data_loader.load(
                handler.instruments, handler.start_time, handler.end_time
            )
            self._key = key
            self.n_computations += 1
        return self._raw


class _FrameLoader:
    """Hands out a frame that is there already; takes the place of Qlib's loader for a moment."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def load(
        self, _instruments: object, _start_time: object = None, _end_time: object = None
    ) -> pd.DataFrame:
        """Return the frame; it was loaded for just these instruments and dates."""
        return self._frame


def _can_wait(handler_class: type[Any]) -> bool:
    """Whether the class takes ``init_data=False``, and so can be built before its data."""
    parameters = inspect.signature(handler_class).parameters.values()
    return any(each.name == "init_data" or each.kind == each.VAR_KEYWORD for each in parameters)


def features_key(handler: Any, *, with_dates: bool = True) -> str:
    """Return what a handler's features are decided by.

    Parameters
    ----------
    handler : Qlib DataHandler
        With or without data.
    with_dates : bool
        Whether universe and dates are part of it.

    Returns
    -------
    str
        Equal for handlers that read the same; one that cannot be written down equals only itself.
    """
    loader = handler.data_loader
    parts = {
        "loader": f"{type(loader).__module__}.{type(loader).__qualname__}",
        "state": vars(loader),
    }
    if with_dates:
        dates = [str(handler.start_time), str(handler.end_time)]
        parts |= {"instruments": handler.instruments, "dates": dates}
    try:
        return json.dumps(parts, sort_keys=True)
    except TypeError:
        return f"{parts['loader']} {id(loader)}"
