"""Compiled rolling operators: many instruments, one after another, in one pass.

Values of all instruments stand in one array, instrument after instrument; `offsets` says where each
begins. No window reaches over such a border. These are the operators for which pandas or Qlib are
slow: an order statistic kept in a skip list, a Python function called for each window, a loop over
Python numbers. The others are left to pandas, which does them as fast as can be.

Each kernel does the same operations in the same order as what it stands for, so its result is the
same to the last bit: `rolling_quantile`, `rolling_rank` and `rolling_extreme` read nothing but
their window; `rolling_line` carries running sums, and so their rounding, from the first value on.
Infinite values are missing to pandas and are numbers to Qlib's regression; so they are here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "RESIDUAL",
    "RSQUARE",
    "SLOPE",
    "copy_rows",
    "rolling_extreme",
    "rolling_line",
    "rolling_quantile",
    "rolling_rank",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SLOPE, RSQUARE, RESIDUAL = 0, 1, 2


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    # A window without values divides zero by zero; Qlib's C++ answers NaN, as NumPy does.
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True}
    try:
        return njit(cache=True, **options)(function)  # type: ignore[no-any-return] # Numba is untyped
    except RuntimeError:  # Numba found no folder for its cache
        return njit(**options)(function)  # type: ignore[no-any-return] # Numba is untyped


def copy_rows(
    values: NDArray[np.float32], source: IntArray, *, target: IntArray, result: NDArray[np.float32]
) -> None:
    """Write values of some rows to other rows: ``result[target] = values[source]``.

    Parameters
    ----------
    values : float32 [n_values]
        What is copied.
    source, target : int64 [n_rows]
        From where to where; not checked.
    result : float32 [n_rows]
        Where to write, every row once.
    """
    _copy_nb(values, source, target, result)


def rolling_quantile(
    values: FloatArray, offsets: IntArray, *, window: int, quantile: float
) -> FloatArray:
    """Return what ``Series.rolling(window, min_periods=1).quantile(quantile)`` gives.

    Parameters
    ----------
    values : float64 [n_rows]
        Instruments one after another; what is not finite is missing.
    offsets : int64 [n_instruments + 1]
        Where each instrument begins, and the end.
    window : int
        Rows of a window, at least 1.
    quantile : float
        Strictly between 0 and 1.

    Returns
    -------
    float64 [n_rows]
        Interpolated linearly; NaN where the window has no value.
    """
    result = np.empty(len(values))
    ordered = np.empty(window)
    _quantile_nb(_finite(values), offsets, ordered, quantile, result)
    return result


def rolling_rank(values: FloatArray, offsets: IntArray, *, window: int) -> FloatArray:
    """Return what ``Series.rolling(window, min_periods=1).rank(pct=True)`` gives.

    Parameters
    ----------
    values : float64 [n_rows]
        Instruments one after another; what is not finite is missing.
    offsets : int64 [n_instruments + 1]
        Where each instrument begins, and the end.
    window : int
        Rows of a window, at least 1.

    Returns
    -------
    float64 [n_rows]
        Rank of the last value, ties averaged, as a fraction of the values there are; NaN for NaN.
    """
    result = np.empty(len(values))
    _rank_nb(_finite(values), offsets, window, result)
    return result


def rolling_extreme(
    values: FloatArray, offsets: IntArray, *, window: int, is_largest: bool
) -> FloatArray:
    """Return where in its window the largest or smallest value first stands, counted from 1.

    Parameters
    ----------
    values : float64 [n_rows]
        Instruments one after another; what is not finite is missing.
    offsets : int64 [n_instruments + 1]
        Where each instrument begins, and the end.
    window : int
        Rows of a window, at least 1.
    is_largest : bool
        Look for the largest value instead of the smallest.

    Returns
    -------
    float64 [n_rows]
        As ``rolling(window, min_periods=1).apply(lambda x: x.argmax() + 1, raw=True)``: the first
        missing value of a window counts as its extreme; NaN where the window has no value.
    """
    result = np.empty(len(values))
    finite = _finite(values)
    _largest_nb(finite if is_largest else -finite, offsets, window, result)
    return result


def rolling_line(values: FloatArray, offsets: IntArray, *, window: int, kind: int) -> FloatArray:
    """Return a figure of the straight line through each window, as Qlib's compiled code does.

    Parameters
    ----------
    values : float64 [n_rows]
        Instruments one after another; NaN is missing.
    offsets : int64 [n_instruments + 1]
        Where each instrument begins, and the end.
    window : int
        Rows of a window, at least 1.
    kind : int
        `SLOPE`, `RSQUARE` (of the correlation with time) or `RESIDUAL` (of the last value).

    Returns
    -------
    float64 [n_rows]
        As ``qlib.data._libs.rolling``, whose running sums keep what rounding leaves in them.
    """
    result = np.empty(len(values))
    with np.errstate(all="ignore"):
        _line_nb(values, offsets, window, kind, result)
    return result


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isinf(values), np.nan, values)


@_compiled
def _copy_nb(
    values: NDArray[np.float32], source: IntArray, target: IntArray, result: NDArray[np.float32]
) -> None:
    for at in range(len(source)):
        result[target[at]] = values[source[at]]


@_compiled
def _quantile_nb(  # noqa: PLR0917 - a kernel takes its arrays in order
    values: FloatArray,
    offsets: IntArray,
    ordered: FloatArray,
    quantile: float,
    result: FloatArray,
) -> None:
    window = len(ordered)
    for segment in range(len(offsets) - 1):
        begin = offsets[segment]
        count = 0
        for row in range(begin, offsets[segment + 1]):
            if row - window >= begin and not np.isnan(values[row - window]):
                old = values[row - window]
                at = np.searchsorted(ordered[:count], old)
                count -= 1
                for place in range(at, count):
                    ordered[place] = ordered[place + 1]
            new = values[row]
            if not np.isnan(new):
                at = count
                while at > 0 and ordered[at - 1] > new:
                    ordered[at] = ordered[at - 1]
                    at -= 1
                ordered[at] = new
                count += 1
            if count == 0:
                result[row] = np.nan
                continue
            exact = quantile * (count - 1)
            low = int(exact)
            if exact == low:
                result[row] = ordered[low]
            else:
                below = ordered[low]
                result[row] = below + (ordered[low + 1] - below) * (exact - low)


@_compiled
def _rank_nb(values: FloatArray, offsets: IntArray, window: int, result: FloatArray) -> None:
    for segment in range(len(offsets) - 1):
        begin = offsets[segment]
        for row in range(begin, offsets[segment + 1]):
            last = values[row]
            if np.isnan(last):
                result[row] = np.nan
                continue
            lower = equal = higher = 0
            for at in range(max(begin, row - window + 1), row + 1):
                # Comparisons with NaN are false, so that what is missing counts nowhere.
                lower += values[at] < last
                equal += values[at] == last
                higher += values[at] > last
            result[row] = (lower + (equal + 1) / 2) / (lower + equal + higher)


@_compiled
def _largest_nb(values: FloatArray, offsets: IntArray, window: int, result: FloatArray) -> None:
    for segment in range(len(offsets) - 1):
        begin = offsets[segment]
        best = first = last = -1  # row of the largest value; of the first and last missing one
        for row in range(begin, offsets[segment + 1]):
            start = max(begin, row - window + 1)
            if np.isnan(values[row]):
                last = row
            if first < start and last >= start:
                first = start
                while not np.isnan(values[first]):
                    first += 1
            if best < start:
                best = -1
                for at in range(start, row + 1):
                    if not np.isnan(values[at]) and (best < 0 or values[at] > values[best]):
                        best = at
            elif values[row] > values[best]:
                best = row
            if best < 0:
                result[row] = np.nan
            elif last >= start:
                result[row] = first - start + 1
            else:
                result[row] = best - start + 1


@_compiled
def _line_nb(  # noqa: PLR0917 - a kernel takes its arrays in order
    values: FloatArray, offsets: IntArray, window: int, kind: int, result: FloatArray
) -> None:
    for segment in range(len(offsets) - 1):
        begin = offsets[segment]
        n_missing = window
        n = x_sum = x2_sum = y_sum = y2_sum = xy_sum = np.float64(0.0)
        for row in range(begin, offsets[segment + 1]):
            # All values of the window move one place to the left, from x to x - 1.
            xy_sum = xy_sum - y_sum
            x2_sum = x2_sum + n - 2 * x_sum
            x_sum = x_sum - n
            old = values[row - window] if row - window >= begin else np.nan
            if np.isnan(old):
                n_missing -= 1
            else:
                n -= 1.0
                y_sum -= old
                y2_sum -= old * old
            new = values[row]
            if np.isnan(new):
                n_missing += 1
            else:
                n += 1.0
                x_sum += window
                x2_sum += window * window
                y_sum += new
                y2_sum += new * new
                xy_sum += window * new
            count = np.float64(window - n_missing)
            covariance = count * xy_sum - x_sum * y_sum
            spread = count * x2_sum - x_sum * x_sum
            if kind == RSQUARE:
                root = np.sqrt(spread * (count * y2_sum - y_sum * y_sum))
                result[row] = (covariance / root) * (covariance / root)
                continue
            slope = covariance / spread
            if kind == RESIDUAL:
                at_zero = y_sum / count - slope * (x_sum / count)
                slope = new - (slope * window + at_zero)
            result[row] = slope
