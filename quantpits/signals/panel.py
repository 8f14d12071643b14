"""Score panels: what one model says about every instrument on every day, as one array.

A panel is a ``[T, N]`` array of scores with its two axes. Both axes are sorted and free of
repeats, so that two panels with the same content are equal byte for byte. NaN means *not scored*;
there is no other missing value, and an infinite score is refused at the door.

A combo of models counts a day and instrument only where **all of its own models** score it
(`align`). No other model matters, so a combo's numbers are the same in whatever company it is
computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from quantpits.errors import DataError, MissingDataError, NonFiniteError, ShapeError, name_list

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AlignedScores",
    "BoolArray",
    "DateArray",
    "FloatArray",
    "ScorePanel",
    "align",
    "panel_from_series",
    "panel_to_series",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
DateArray = npt.NDArray[np.datetime64]

_DATE_LEVEL = "datetime"
_INSTRUMENT_LEVEL = "instrument"
_N_LEVELS = 2


@dataclass(frozen=True, slots=True, eq=False)
class ScorePanel:
    """Scores of one model.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Signal dates, strictly increasing.
    instruments : tuple of str [N]
        Strictly increasing.
    scores : float64 [T, N]
        NaN where the model does not score the instrument that day. Read-only.

    Raises
    ------
    ShapeError
        If the array does not fit its axes, or an axis is not strictly increasing.
    NonFiniteError
        If a score is infinite.
    """

    dates: DateArray
    instruments: tuple[str, ...]
    scores: FloatArray

    def __post_init__(self) -> None:
        _check_axes(self.dates, self.instruments)
        expected = (len(self.dates), len(self.instruments))
        object.__setattr__(self, "scores", _frozen_scores(self.scores, expected))

    @property
    def is_scored(self) -> BoolArray:
        """Where the model has a score: bool [T, N]."""
        return np.isfinite(self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class AlignedScores:
    """Scores of several models on the cells that all of them score.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Days with at least one cell that every model scores, strictly increasing.
    instruments : tuple of str [N]
        Instruments with at least one such cell, strictly increasing.
    models : tuple of str [M]
        In the order given to `align`.
    scores : float64 [M, T, N]
        A cell is finite for all models or NaN for all models. Read-only.

    Raises
    ------
    ShapeError
        If the array does not fit its axes, or an axis is not strictly increasing.
    NonFiniteError
        If a score is infinite.
    """

    dates: DateArray
    instruments: tuple[str, ...]
    models: tuple[str, ...]
    scores: FloatArray

    def __post_init__(self) -> None:
        _check_axes(self.dates, self.instruments)
        expected = (len(self.models), len(self.dates), len(self.instruments))
        object.__setattr__(self, "scores", _frozen_scores(self.scores, expected))


def panel_from_series(series: pd.Series[float]) -> ScorePanel:
    """Return the panel of a series of scores.

    Parameters
    ----------
    series : Series [n_rows]
        Index of two levels, day and instrument. Levels named ``datetime`` and ``instrument`` may
        stand in either order; levels with other names are read as day first.

    Returns
    -------
    ScorePanel
        Only days and instruments with at least one score.

    Raises
    ------
    ShapeError
        If the index does not have two levels.
    DataError
        If a day carries a time, cannot be read as a day, or a cell occurs twice.
    NonFiniteError
        If a score is infinite.

    Notes
    -----
    NaN: such rows are dropped, they mean "not scored".
    """
    if series.index.nlevels != _N_LEVELS:
        raise ShapeError(
            "A series of scores needs an index of day and instrument.",
            expected="2 index levels",
            found=f"{series.index.nlevels}",
        )
    scored = series[series.notna()]
    day_level = 1 if list(scored.index.names) == [_INSTRUMENT_LEVEL, _DATE_LEVEL] else 0
    # Text and days are compared once for each distinct value, since many rows share them.
    day_of, day_values = _coded_level(scored.index, day_level)
    name_of, name_values = _coded_level(scored.index, 1 - day_level)
    days = _whole_days(day_values, day_of)
    names = np.asarray(name_values, dtype=np.str_)
    dates, row_of = np.unique(days, return_inverse=True)
    instruments, column_of = np.unique(names, return_inverse=True)
    row, column = row_of[day_of], column_of[name_of]
    _refuse_repeats(row * max(len(instruments), 1) + column, days[day_of], names[name_of])
    scores = np.full((len(dates), len(instruments)), np.nan)
    scores[row, column] = scored.to_numpy(dtype=np.float64)
    return ScorePanel(dates, tuple(instruments.tolist()), scores)


def panel_to_series(panel: ScorePanel) -> pd.Series[float]:
    """Return the scored cells of a panel as a series, sorted by day then instrument.

    Parameters
    ----------
    panel : ScorePanel
        T days and N instruments.

    Returns
    -------
    Series [n_scored]
        Named ``score``, index levels ``datetime`` and ``instrument``.

    Notes
    -----
    NaN: cells that are not scored are left out, so ``panel_from_series(panel_to_series(p))`` is
    `p` without its empty days and instruments.
    """
    row, column = np.nonzero(panel.is_scored)
    names = np.asarray(panel.instruments, dtype=object)
    index = pd.MultiIndex.from_arrays(
        [panel.dates[row].astype("datetime64[ns]"), names[column]],
        names=[_DATE_LEVEL, _INSTRUMENT_LEVEL],
    )
    return pd.Series(panel.scores[row, column], index=index, name="score")


def align(panels: Mapping[str, ScorePanel]) -> AlignedScores:
    """Return the scores on the days and instruments that every one of the models scores.

    Parameters
    ----------
    panels : mapping of str to ScorePanel [M]
        One panel per model.

    Returns
    -------
    AlignedScores
        M models; a cell that any of them lacks is NaN for all, empty days and instruments are gone.

    Raises
    ------
    DataError
        If there is no panel at all.
    MissingDataError
        If no cell is scored by all models.

    Notes
    -----
    Source: decision 10, "own rows". What one model scores on a day never changes what is kept of
    another day.
    """
    if not panels:
        raise DataError(
            "There are no scores to align.", expected="at least one model", found="none"
        )
    members = list(panels.values())
    dates = members[0].dates
    names = np.asarray(members[0].instruments, dtype=np.str_)
    for panel in members[1:]:
        dates = np.intersect1d(dates, panel.dates, assume_unique=True)
        names = np.intersect1d(
            names, np.asarray(panel.instruments, dtype=np.str_), assume_unique=True
        )
    stack = np.stack([_select(panel, dates, names) for panel in members])
    is_shared: BoolArray = np.logical_and.reduce(np.isfinite(stack), axis=0)
    if not is_shared.any():
        raise MissingDataError(
            "No day and instrument is scored by all models of the combo.",
            expected=f"common rows of {name_list(list(panels))}",
            found="none",
            hint="predict all of them again for the same universe and dates",
        )
    keep_day = is_shared.any(axis=1)
    keep_name = is_shared.any(axis=0)
    # Models mostly score the same cells: then there is nothing to cut, and nothing to copy.
    if not is_shared.all():
        stack[:, ~is_shared] = np.nan
        stack = stack[:, keep_day][:, :, keep_name]
    return AlignedScores(dates[keep_day], tuple(names[keep_name].tolist()), tuple(panels), stack)


def _select(panel: ScorePanel, dates: DateArray, names: npt.NDArray[np.str_]) -> FloatArray:
    if (len(dates), len(names)) == panel.scores.shape:
        return panel.scores  # both are among the panel's own, so they are its own
    row = np.searchsorted(panel.dates, dates)
    column = np.searchsorted(np.asarray(panel.instruments, dtype=np.str_), names)
    return panel.scores[np.ix_(row, column)]


def _coded_level(index: pd.Index, level: int) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Return the distinct values of a level that occur, and which of them each row has."""
    assert isinstance(index, pd.MultiIndex)  # as an index of two levels always is
    position, used = pd.factorize(index.codes[level])
    if (used < 0).any():  # a missing value has no place in the level
        return pd.factorize(index.get_level_values(level), use_na_sentinel=False)
    return position, index.levels[level][used]


def _whole_days(values: pd.Index, day_of: npt.NDArray[np.intp]) -> DateArray:
    """Return the distinct days; a message names the first row that has a bad one."""
    try:
        stamps = np.asarray(pd.to_datetime(values).tz_localize(None), dtype="datetime64[ns]")
    except (TypeError, ValueError) as error:
        raise DataError(
            "The day level of the scores cannot be read as days.",
            expected="dates",
            found=str(error),
        ) from error
    days = stamps.astype("datetime64[D]")
    is_bad = (stamps != days) | np.isnat(stamps)
    if is_bad.any():
        row = int(np.argmax(is_bad[day_of]))
        raise DataError(
            "The day level of the scores has a value that is not a whole day.",
            where=f"row {row + 1}",
            expected="a date without a time",
            found=str(stamps[day_of[row]]),
        )
    return days


def _refuse_repeats(
    cell: npt.NDArray[np.intp], days: DateArray, names: npt.NDArray[np.str_]
) -> None:
    if cell.size and np.bincount(cell).max() <= 1:
        return
    _, first, count = np.unique(cell, return_index=True, return_counts=True)
    repeated = first[count > 1]
    if len(repeated):
        at = int(repeated.min())
        raise DataError(
            "A day and instrument is scored twice.",
            where=f"{names[at]} on {days[at]}",
            expected="one score",
            found=f"{int((count > 1).sum())} repeated cells",
        )


def _check_axes(dates: DateArray, instruments: tuple[str, ...]) -> None:
    if dates.dtype != np.dtype("datetime64[D]") or np.any(dates[1:] <= dates[:-1]):
        raise ShapeError(
            "The days of scores must be strictly increasing datetime64[D].",
            expected="sorted days without repeats",
            found=f"{len(dates)} values of {dates.dtype}",
        )
    if any(after <= before for before, after in pairwise(instruments)):
        raise ShapeError(
            "The instruments of scores must be strictly increasing.",
            expected="sorted instruments without repeats",
            found=name_list(instruments),
        )


def _frozen_scores(scores: FloatArray, expected: tuple[int, ...]) -> FloatArray:
    if scores.shape != expected:
        raise ShapeError("Scores do not fit their axes.", expected=expected, found=scores.shape)
    if np.isinf(scores).any():
        raise NonFiniteError(
            "A score is infinite.", expected="finite scores, or NaN", found="infinity"
        )
    frozen = np.array(scores, dtype=np.float64, order="C")
    frozen.flags.writeable = False
    return frozen
