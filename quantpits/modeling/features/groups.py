"""Loading what a handler's loader would load: read from disk, extended by new days, or computed.

What comes out equals Qlib's own loader bit for bit. A group of expressions is evaluated for all
instruments at once where `quantpits.modeling.expressions.load` knows every part of it, else by
Qlib. A group that looks back only is kept on disk; labels, which look ahead, never are, so their
latest rows are always those of now.

A running sum ends in other last digits when it began on another day. A span therefore says apart
from where values are computed and from where they are wanted: who predicts asks for a few days,
computed from where the training began, and gets the very numbers the training had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from quantpits.errors import DataError, Finding
from quantpits.modeling.expressions.load import (
    is_known,
    is_looking_ahead,
    load_group,
    read_raw_fields,
)

if TYPE_CHECKING:
    from quantpits.modeling.expressions.load import RawFields
    from quantpits.modeling.features.cache import FeatureCache
    from quantpits.modeling.features.files import FeatureMeta
    from quantpits.modeling.features.use import FeatureUse

__all__ = ["FeatureLoading", "FeatureSpan"]

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FeatureSpan:
    """Which rows of features are wanted.

    Attributes
    ----------
    instruments : object
        As Qlib's loader takes them.
    start, end : object
        First and last day of the computation, as Qlib's loader takes them.
    since : Timestamp or None
        First day whose rows are wanted; all from `start` if None.
    """

    instruments: Any
    start: Any
    end: Any
    since: pd.Timestamp | None = None

    @property
    def after(self) -> pd.Timestamp | None:
        """Last day whose rows are not wanted."""
        return None if self.since is None else self.since - _DAY

    def cut(self, frame: Any) -> pd.DataFrame:
        """Return the wanted rows of a frame that was computed from the start."""
        whole: pd.DataFrame = frame
        if self.since is None:
            return whole
        return whole.loc[whole.index.get_level_values("datetime") >= self.since].copy()


class FeatureLoading:
    """Loads features and counts how.

    Parameters
    ----------
    cache : FeatureCache or None
        Where they are kept; nowhere if None.
    use : FeatureUse
        What was done is added to it.
    """

    def __init__(self, cache: FeatureCache | None, use: FeatureUse) -> None:
        self.cache = cache
        self.use = use
        self._findings: dict[str, Finding] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know, each thing once."""
        kept = [] if self.cache is None else self.cache.findings
        return tuple(dict.fromkeys((*self._findings.values(), *kept)))

    def load(self, loader: Any, span: FeatureSpan) -> pd.DataFrame:
        """Return what a loader would load.

        Parameters
        ----------
        loader : Qlib DataLoader
            Of any class; one that is not Qlib's own loads by itself.
        span : FeatureSpan
            Which rows.

        Returns
        -------
        DataFrame [n_rows, n_columns]
            Indexed by datetime and instrument; bit for bit the rows of ``loader.load``.
        """
        groups = loader.fields if getattr(loader, "is_group", False) else {}
        is_open = span.start is None or span.end is None
        if is_open or not any(is_known(loader, group) for group in groups):
            self.use.n_computed += 1
            return span.cut(loader.load(span.instruments, span.start, span.end))
        frames, sources = {}, set()
        for group in groups:
            loaded = self._group(loader, group, span)
            frames[group] = loaded.frame
            if not (loaded.is_label and len(groups) > 1):
                sources.add(loaded.source)
                self.use.n_sessions = max(self.use.n_sessions, loaded.n_sessions)
        # Several groups of one handler count once, as the dearest of them.
        dearest = min(sources or {_SOURCES[0]}, key=_SOURCES.index)
        setattr(self.use, dearest, getattr(self.use, dearest) + 1)
        frame: pd.DataFrame = pd.concat(frames, axis=1)
        return frame

    def _group(self, loader: Any, group: str, span: FeatureSpan) -> _Loaded:
        """Return one group, flat columns, the wanted rows."""
        if not is_known(loader, group):
            return _Loaded(_by_qlib(loader, group, span))
        if is_looking_ahead(loader, group):
            return _Loaded(self._computed(loader, group, span), is_label=True)
        if self.cache is None or not isinstance(span.instruments, str | list):
            return _Loaded(self._computed(loader, group, span))
        return self._kept(loader, group, span, cache=self.cache)

    def _computed(self, loader: Any, group: str, span: FeatureSpan) -> pd.DataFrame:
        """Return a group's wanted rows, computed and not kept."""
        raw = _read_raw(loader, group, span)
        new = self._evaluated(loader, group, raw=raw, end=span.end, after=span.after)
        return _by_qlib(loader, group, span) if new is None else new

    def _kept(self, loader: Any, group: str, span: FeatureSpan, *, cache: FeatureCache) -> _Loaded:
        """Return a group's wanted rows from what is kept, which is extended or made if need be."""
        identity = _identity(loader, group, span)
        meta = cache.find(identity)
        raw = _read_raw(loader, group, span, through=None if meta is None else meta.last)
        if raw is None:
            return _Loaded(_by_qlib(loader, group, span))
        n_through = int(raw.calendar.searchsorted(pd.Timestamp(span.end), side="right"))
        end = raw.calendar[n_through - 1]
        old = None
        if meta is not None and _is_unchanged(raw, meta):
            old = cache.read(meta, since=span.since, through=min(end, meta.last))
        if meta is not None and old is not None and meta.last >= end:
            return _Loaded(old, "n_read")
        is_extended = meta is not None and old is not None
        after = meta.last if meta is not None and is_extended else None
        new = self._evaluated(loader, group, raw=raw, end=end, after=after)
        if new is None:
            new, is_extended = _by_qlib(loader, group, replace(span, since=None)), False
        if new.empty:
            return _Loaded(new if old is None else old, "n_read" if is_extended else _SOURCES[0])
        digest = raw.digest(_last(new))
        if meta is None or old is None or not is_extended:
            cache.keep(identity, new, digest=digest)
            return _Loaded(span.cut(new))
        cache.extend(meta, new, digest=digest)
        n_sessions = new.index.get_level_values("datetime").nunique()
        frame = pd.concat([old, span.cut(new)]) if len(old) else span.cut(new)
        return _Loaded(frame, "n_extended", n_sessions=n_sessions)

    def _evaluated(
        self, loader: Any, group: str, *, raw: RawFields | None, end: Any, after: Any
    ) -> pd.DataFrame | None:
        """Return rows of all instruments at once; None if Qlib has to compute them."""
        if raw is None:
            return None
        notes: list[str] = []
        frame = load_group(loader, group, raw=raw, end=end, after=after, notes=notes)
        for note in notes if frame is None else ():
            message = f"the features of {group!r} are computed by Qlib's own loader: {note}"
            self._findings[note] = Finding("FTR003", "warning", message, "features", group)
        return frame


# Fields of `FeatureUse`, the dearest first.
_SOURCES = ("n_computed", "n_extended", "n_read")


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """One group, and where it came from."""

    frame: pd.DataFrame
    source: str = "n_computed"
    n_sessions: int = 0
    is_label: bool = False


def _by_qlib(loader: Any, group: str, span: FeatureSpan) -> pd.DataFrame:
    expressions, names = loader.fields[group]
    frame = loader.load_group_df(span.instruments, expressions, names, span.start, span.end, group)
    return span.cut(frame)


def _read_raw(
    loader: Any, group: str, span: FeatureSpan, *, through: pd.Timestamp | None = None
) -> RawFields | None:
    """Read what a group is computed from, also through the last day that is kept of it."""
    end = span.end if through is None else max(pd.Timestamp(span.end), through)
    return read_raw_fields(loader, [group], instruments=span.instruments, start=span.start, end=end)


def _is_unchanged(raw: RawFields, meta: FeatureMeta) -> bool:
    """Whether the raw data through the last kept day are those that it was computed from."""
    try:
        return raw.digest(meta.last) == meta.digest
    except DataError:  # the market ends earlier now
        return False


def _identity(loader: Any, group: str, span: FeatureSpan) -> dict[str, Any]:
    """Return what decides the values of a group beside the market data."""
    expressions, names = loader.fields[group]
    return {
        "loader": f"{type(loader).__module__}.{type(loader).__qualname__}",
        "group": group,
        "expressions": [*expressions],
        "names": [*names],
        "freq": loader.freq,
        "universe": span.instruments,
        "start": str(pd.Timestamp(span.start)),
    }


def _last(frame: pd.DataFrame) -> pd.Timestamp:
    last: pd.Timestamp = frame.index[-1][0]
    return last
