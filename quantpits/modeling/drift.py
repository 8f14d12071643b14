"""Whether a model's scores still look as they did on the days it learned from.

Compared are raw scores, all instruments of some sessions at once: scores that are normalised day by
day have the same distribution every day, whatever happens. The training window's scores are kept as
ten bins of equal content, never themselves, and the population stability index (PSI) tells how
differently the latest sessions fill them.

A model knows the days it learned from, so its scores spread wider there than on any later day, and
the market moves all scores of a day together. What is usual is therefore measured too: the PSI of
the validation window, whose days come after the training window as the days to predict do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from quantpits.errors import ModelError
from quantpits.modeling.evaluation import score_series
from quantpits.modeling.foreign import captured_output, foreign_code
from quantpits.modeling.scoring import predicted_scores
from quantpits.signals.stability import stability_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "WINDOW",
    "ScoreBins",
    "drift_by_day",
    "learnt_scores",
    "score_bins",
]

WINDOW: Final = 20
"""Sessions whose scores are compared at a time."""

_N_BINS = 10
_USUAL = 0.95
# Days predicted at a time on the training window, so that no more memory is needed than later.
_CHUNK = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBins:
    """The scores of the days a model learned from, in bins.

    Attributes
    ----------
    reference : {"train", "test"}
        Whose days: the training window, or the first days of the test window of a model that cannot
        score the training window.
    first, last : date
        First and last of these days.
    edges : tuple of float
        Inner edges of the bins, rising; fewer than nine where many scores are equal.
    counts : tuple of int
        Scores in each bin, one more than edges; a score on an edge belongs above it.
    usual : float or None
        PSI that 95 % of the windows of 20 sessions of the validation window stay below; None
        without such windows.
    """

    reference: Literal["train", "test"]
    first: date
    last: date
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    usual: float | None = None

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ScoreBins:
        """Return the bins that JSON holds.

        Parameters
        ----------
        plain : mapping
            As `quantpits.workspace.to_jsonable` made it.

        Returns
        -------
        ScoreBins
            The same bins.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else.
        """
        return cls(
            reference=plain["reference"],
            first=date.fromisoformat(plain["first"]),
            last=date.fromisoformat(plain["last"]),
            edges=tuple(float(edge) for edge in plain["edges"]),
            counts=tuple(int(count) for count in plain["counts"]),
            usual=None if plain["usual"] is None else float(plain["usual"]),
        )


def score_bins(
    learnt: pd.Series, *, later: pd.Series | None = None, reference: Literal["train", "test"]
) -> ScoreBins | None:
    """Return the bins of a model's scores.

    Parameters
    ----------
    learnt : Series, float64 [n_rows]
        Finite scores of the reference days by datetime and instrument.
    later : Series, float64 [n_later] or None
        Scores of the validation window, which tell what is usual.
    reference : {"train", "test"}
        What the reference days are.

    Returns
    -------
    ScoreBins or None
        None without a score.
    """
    if learnt.empty:
        return None
    values = learnt.to_numpy(np.float64)
    inner = np.quantile(values, np.arange(1, _N_BINS) / _N_BINS)
    edges = np.unique(inner)
    # An edge at the lowest score would have nothing below it.
    edges = edges[edges > values.min()]
    days = pd.DatetimeIndex(learnt.index.get_level_values("datetime"))
    bins = ScoreBins(
        reference=reference,
        first=days.min().date(),
        last=days.max().date(),
        edges=tuple(edges.tolist()),
        counts=tuple(_counts(values, edges).tolist()),
    )
    if later is None or later.empty:
        return bins
    usual = drift_by_day(later, bins).to_numpy()
    return ScoreBins(
        reference=bins.reference,
        first=bins.first,
        last=bins.last,
        edges=bins.edges,
        counts=bins.counts,
        usual=float(np.quantile(usual, _USUAL)),
    )


def drift_by_day(scores: pd.Series, bins: ScoreBins) -> pd.Series:
    """Return how far the scores of the latest sessions are from those of the reference, by day.

    Parameters
    ----------
    scores : Series, float64 [n_rows]
        By datetime and instrument.
    bins : ScoreBins
        The reference.

    Returns
    -------
    Series, float64 [n_days]
        PSI of the 20 sessions that end on each day. The first days have no value, unless there are
        fewer than 20: then the last day has that of all.
    """
    edges = np.array(bins.edges)
    by_day = [
        (day, _counts(group.to_numpy(np.float64), edges))
        for day, group in scores.groupby(level="datetime", sort=True)
    ]
    days = pd.DatetimeIndex([day for day, _ in by_day], name="datetime")
    total = np.cumsum([counts for _, counts in by_day], axis=0)
    width = min(WINDOW, len(by_day))
    before = np.vstack([np.zeros((1, total.shape[1]), total.dtype), total[:-width]])
    values = [
        stability_index(bins.counts, window.tolist()) for window in total[width - 1 :] - before
    ]
    return pd.Series(values, index=days[width - 1 :], name="psi", dtype="float64")


def learnt_scores(model: Any, dataset: Any, *, name: str) -> tuple[pd.Series, pd.Series | None]:
    """Return a model's scores of its training window and of its validation window.

    Parameters
    ----------
    model : Qlib Model
        Fitted.
    dataset : Qlib DatasetH
        With its data; it is as before afterwards.
    name : str
        Name in the registry, for messages.

    Returns
    -------
    learnt : Series, float64 [n_train]
        By datetime and instrument, the finite ones.
    later : Series, float64 [n_valid] or None
        The same of the validation window; None if the dataset has none.

    Raises
    ------
    ModelError
        If the model cannot score them.

    Notes
    -----
    Many models predict their test window only, so they are told that it is another one.
    """
    segments = dict(getattr(dataset, "segments", None) or {})
    if "train" not in segments:
        raise ModelError(f"The dataset of the model {name!r} names no training window.")
    later = None
    try:
        learnt = _scores_of(model, dataset, segments["train"], name=name)
        if "valid" in segments:
            later = _scores_of(model, dataset, segments["valid"], name=name)
    finally:
        dataset.segments = segments
    return learnt, later


def _scores_of(model: Any, dataset: Any, segment: Any, *, name: str) -> pd.Series:
    parts = []
    with foreign_code(name, "scoring the window it learned from"), captured_output():
        for part in _chunks(*segment):
            dataset.segments = {**dataset.segments, "test": part}
            scores = score_series(predicted_scores(model, dataset), name)
            parts.append(scores[np.isfinite(scores.to_numpy())])
    together: pd.Series = pd.concat(parts)
    return together.sort_index()


def _chunks(start: Any, end: Any) -> Iterator[tuple[str, str]]:
    """Return a span of dates in equal parts of at most a year."""
    first, last = pd.Timestamp(start).date(), pd.Timestamp(end).date()
    n_days = (last - first).days + 1
    n_parts = math.ceil(n_days / _CHUNK.days)
    cuts = [first + timedelta(days=n_days * part // n_parts) for part in range(n_parts + 1)]
    for begin, stop in pairwise(cuts):
        yield begin.isoformat(), (stop - timedelta(days=1)).isoformat()


def _counts(values: Any, edges: Any) -> Any:
    places = np.searchsorted(edges, values, side="right")
    return np.bincount(places, minlength=len(edges) + 1)
