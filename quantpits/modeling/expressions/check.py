"""Qlib's own loader, for single instruments: as an answer, and as a check of ours.

Exactness is not only proven in tests. Another version of pandas, another compiler or processor may
do a sum in another way, so a load is compared with Qlib's own on the machine and the data it runs
on, for two instruments of the universe that are other ones each day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantpits.modeling.expressions.operators import UnknownExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quantpits.modeling.expressions.fields import RawFields

__all__ = ["QlibsOwn", "count_differences"]

_N_CHECKED = 2


def count_differences(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> int:
    """Return how many values differ in any bit; NaN equals NaN.

    Parameters
    ----------
    ours, theirs : float32 [n_rows, n_columns]
        Two arrays of the same shape.

    Returns
    -------
    int
        0 and -0 differ.
    """
    bits = [np.ascontiguousarray(each).view(np.uint32) for each in (ours, theirs)]
    is_same = (bits[0] == bits[1]) | (np.isnan(ours) & np.isnan(theirs))
    return int(is_same.size - np.count_nonzero(is_same))


class QlibsOwn:
    """Loads some instruments of a group with Qlib's own loader.

    Parameters
    ----------
    loader : Qlib QlibDataLoader
        The loader.
    group : str
        Which group of its fields.
    raw : RawFields
        Names the instruments, their spans and the first row.
    last : int
        Session of the last row.
    after : Timestamp or None
        Only later rows are kept.
    """

    def __init__(
        self, loader: Any, group: str, *, raw: RawFields, last: int, after: pd.Timestamp | None
    ) -> None:
        self._loader = loader
        self._group = group
        self._raw = raw
        self._last = last
        self._after = after

    def load(self, instruments: Iterable[int]) -> pd.DataFrame:
        """Return the rows of some instruments.

        Parameters
        ----------
        instruments : iterable of int
            Which instruments of the raw fields; none is allowed.

        Returns
        -------
        DataFrame [n_rows, n_columns]
            As Qlib loads them from the first row on, without the rows that are not wanted.

        Raises
        ------
        UnknownExpressionError
            If Qlib cannot; it will say why when it is asked for all.
        """
        loader, raw = self._loader, self._raw
        texts, names = loader.fields[self._group] if loader.is_group else loader.fields
        spans = {raw.instruments[at]: raw.spans[at] for at in instruments}
        if not spans:
            return pd.DataFrame(columns=names, dtype=np.float32)
        some: Any = list(spans) if None in spans.values() else spans
        dates = raw.calendar[[raw.start, self._last]]
        try:
            with np.errstate(all="ignore"):
                frame: pd.DataFrame = loader.load_group_df(some, texts, names, *dates, self._group)
        except (TypeError, ValueError, NotImplementedError) as error:
            message = f"Qlib's own loader fails for {', '.join(spans)}: {error}"
            raise UnknownExpressionError(message) from error
        if self._after is not None:
            frame = frame[frame.index.get_level_values("datetime") > self._after]
        return frame

    def check(
        self, instruments: NDArray[np.int64], index: pd.MultiIndex, *, values: NDArray[np.float32]
    ) -> None:
        """Compare two of the instruments with Qlib's own, bit for bit.

        Parameters
        ----------
        instruments : int64 [n_instruments]
            Those that were computed together.
        index : MultiIndex [n_rows]
            Their rows, by date and instrument.
        values : float32 [n_columns, n_rows]
            What was computed.

        Raises
        ------
        UnknownExpressionError
            If a row or a bit differs.
        """
        # The number of the session moves on each day, so that in time all are looked at.
        at = (self._last + np.arange(min(_N_CHECKED, len(instruments)))) % len(instruments)
        some = instruments[np.sort(at)]
        names = [self._raw.instruments[each] for each in some]
        theirs = self.load(some)
        rows = np.flatnonzero(index.get_level_values("instrument").isin(names))
        if len(rows) == len(theirs) == 0:
            return
        if not index[rows].equals(theirs.index):
            raise UnknownExpressionError(f"Qlib's own loader has other rows of {names}")
        n_other = count_differences(values[:, rows].T, theirs.to_numpy(np.float32))
        if n_other:
            message = (
                f"Qlib's own loader gives {n_other} other values of {len(rows)} rows of {names}"
            )
            raise UnknownExpressionError(message)
