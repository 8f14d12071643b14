"""One feature computation for all models that read the same features.

Computing Alpha158 takes far longer than training most models on it, and most models of a registry
differ only in what they do with the features afterwards. So the raw features are loaded once, and
every handler with the same loader, universe and dates is given that frame and runs its own
processors on it. The result equals what the handler would have made alone with Qlib's own loader,
bit for bit. `quantpits.modeling.features.groups` says where they come from.

Only the frame of the current group is kept; a handler of another group replaces it. The order of
the models therefore decides how often features are computed, and `handler_group` gives the key to
sort by.
"""

from __future__ import annotations

import inspect
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantpits.modeling.features.use import FeatureUse

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from quantpits.errors import Finding
    from quantpits.modeling.features.cache import FeatureCache
    from quantpits.modeling.features.groups import FeatureLoading, FeatureSpan

__all__ = [
    "LABEL",
    "FeatureStore",
    "features_key",
    "fill_with",
    "handler_group",
    "labels_of",
]

LABEL = "label"
"""Qlib's name of the group of columns that a model learns."""

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

    Parameters
    ----------
    cache : FeatureCache or None
        Where computed features are kept for the next run; nowhere if None.

    Attributes
    ----------
    n_requests : int
        How often a handler asked for features.
    use : FeatureUse
        How often they were computed, extended and read from disk.
    """

    def __init__(self, cache: FeatureCache | None = None) -> None:
        self.n_requests = 0
        self.use = FeatureUse()
        self._cache = cache
        self._key: tuple[str, str] | None = None
        self._raw: pd.DataFrame | None = None

    @property
    def n_computations(self) -> int:
        """How often features were computed from their start."""
        return self.use.n_computed

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know about how they were loaded and kept."""
        return self.loading.findings if "loading" in vars(self) else ()

    @cached_property
    def loading(self) -> FeatureLoading:
        """What loads them; made when Qlib is open."""
        from quantpits.modeling.features.groups import FeatureLoading  # noqa: PLC0415 - heavy

        return FeatureLoading(self._cache, self.use)

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
            self.use.n_computed += 1
        else:
            self.fill_handler(handler)
        return handler

    def fill_handler(
        self, handler: Any, *, is_fitted: bool = False, computed_from: object = None
    ) -> None:
        """Load the features of a handler that has none yet and run its processors.

        Parameters
        ----------
        handler : Qlib DataHandler
            Universe and dates are read from it.
        is_fitted : bool
            Whether its processors carry fitted state, which is then applied and never fitted again.
        computed_from : date-like or None
            Day that the values are computed from, if it is earlier than the handler's first: a
            running sum that begins on another day ends in other last digits.
        """
        fill_with(handler, self._features(handler, computed_from), is_fitted=is_fitted)

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
        is_its = self._key is not None and self._key[0] == features_key(handler)
        return labels_of(self._raw) if is_its else None

    def clear(self) -> None:
        """Forget the frame."""
        self._key = self._raw = None

    def _features(self, handler: Any, computed_from: object) -> pd.DataFrame:
        key = (features_key(handler), str(computed_from))
        self.n_requests += 1
        if self._raw is None or key != self._key:
            self.clear()
            self._raw = self.loading.load(handler.data_loader, _span(handler, computed_from))
            self._key = key
        return self._raw


def _span(handler: Any, computed_from: object) -> FeatureSpan:
    """Return the rows of a handler, computed from its first day or an earlier one."""
    import pandas as pd  # noqa: PLC0415 - heavy

    from quantpits.modeling.features.groups import FeatureSpan  # noqa: PLC0415 - heavy

    first, last = handler.start_time, handler.end_time
    begin: Any = computed_from
    if begin is None or first is None or pd.Timestamp(begin) >= pd.Timestamp(first):
        return FeatureSpan(handler.instruments, first, last)
    return FeatureSpan(handler.instruments, begin, last, since=pd.Timestamp(first))


def fill_with(handler: Any, frame: pd.DataFrame, *, is_fitted: bool) -> None:
    """Run a handler's processors on a frame of raw features.

    Parameters
    ----------
    handler : Qlib DataHandler
        Without data.
    frame : DataFrame [n_rows, n_columns]
        What its loader would have loaded.
    is_fitted : bool
        Whether its processors carry fitted state, which is then applied and never fitted again.
    """
    from qlib.data.dataset.handler import DataHandlerLP  # noqa: PLC0415 - heavy

    loader = handler.data_loader
    handler.data_loader = _FrameLoader(frame)
    try:
        if isinstance(handler, DataHandlerLP):
            kind = DataHandlerLP.IT_LS if is_fitted else DataHandlerLP.IT_FIT_SEQ
            handler.setup_data(init_type=kind)
        else:
            handler.setup_data()
    finally:
        handler.data_loader = loader


def labels_of(raw: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the label columns of raw features.

    Parameters
    ----------
    raw : DataFrame [n_rows, n_columns] or None
        With the group as the first level of its columns.

    Returns
    -------
    DataFrame [n_rows, n_labels] or None
        None if there are none.
    """
    if raw is None or LABEL not in raw.columns.get_level_values(0):
        return None
    return raw.loc[:, [LABEL]].droplevel(0, axis=1)


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
