"""The shape every set of scores has when it enters or leaves a file.

Invariants: float64 by (datetime, instrument), sorted by both, each pair once, every number finite.
A pair that is not scored has no row.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from quantpits.errors import DataError, NonFiniteError

__all__ = ["checked_scores"]

_N_LEVELS = 2


def checked_scores(scores: pd.Series, *, source: str) -> pd.Series:
    """Return `scores` in the one shape that files have.

    Parameters
    ----------
    scores : pandas.Series [n_rows]
        By datetime and instrument, the two levels in either order, with or without names.
    source : str
        What the scores are, for messages.

    Returns
    -------
    pandas.Series, float64 [n_rows]
        Named ``score``, by (datetime, instrument), sorted by both.

    Raises
    ------
    NonFiniteError
        If a score is NaN or infinite.
    DataError
        If there is no score, the index is not one of dates and instruments, or a pair is there
        twice.
    """
    if scores.empty:
        raise DataError("There are no scores.", where=source)
    table = pd.Series(
        scores.to_numpy(np.float64), index=_dated_index(scores.index, source), name="score"
    )
    is_bad = ~np.isfinite(table.to_numpy())
    if is_bad.any():
        day, instrument = table.index[int(np.argmax(is_bad))]
        raise NonFiniteError(
            f"{int(is_bad.sum())} of {len(table)} scores are not finite numbers.",
            where=f"{source}, {instrument} on {day:%Y-%m-%d}",
            expected="no row for an instrument that is not scored",
        )
    is_repeated = table.index.duplicated()
    if is_repeated.any():
        day, instrument = table.index[int(np.argmax(is_repeated))]
        raise DataError(
            "An instrument is scored twice on one date.",
            where=f"{source}, {instrument} on {day:%Y-%m-%d}",
        )
    return table if table.index.is_monotonic_increasing else table.sort_index()


def _dated_index(index: pd.Index, source: str) -> pd.MultiIndex:
    """Return `index` as (datetime, instrument), whichever order it came in."""
    if isinstance(index, pd.MultiIndex) and index.nlevels == _N_LEVELS:
        dated = [
            level
            for level in range(_N_LEVELS)
            if pd.api.types.is_datetime64_any_dtype(index.levels[level].dtype)
        ]
        if len(dated) == 1:
            days = pd.DatetimeIndex(index.get_level_values(dated[0])).normalize()
            instruments = index.get_level_values(1 - dated[0]).astype(str)
            return pd.MultiIndex.from_arrays([days, instruments], names=["datetime", "instrument"])
    raise DataError(
        "The scores are not indexed by date and instrument.",
        where=source,
        expected="two levels, datetime and instrument",
        found=f"{index.nlevels} levels named {list(index.names)}",
    )
