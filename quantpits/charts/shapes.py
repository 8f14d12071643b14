"""The arrays that charts are made of, and whether they fit the chart they are meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["DateArray", "FloatArray", "check_length", "check_matrix", "check_series"]

FloatArray = npt.NDArray[np.float64]
DateArray = npt.NDArray[np.datetime64]


def check_series(title: str, *, dates: DateArray, series: Mapping[str, FloatArray]) -> None:
    """Check that there are series, that the dates rise, and that each series has their length.

    Parameters
    ----------
    title : str
        The chart, for the message.
    dates : datetime64 [T]
        Sessions.
    series : mapping of str to array [T]
        Name to values.

    Raises
    ------
    ShapeError
        If one of this does not hold.
    """
    if not series or not len(dates):
        raise ShapeError("There is nothing to draw.", where=title, found="no dates or no series")
    if np.any(np.diff(dates) <= np.timedelta64(0)):
        raise ShapeError("The dates do not rise.", where=title, expected="rising dates")
    for name, values in series.items():
        check_length(title, name, found=len(values), expected=len(dates))


def check_length(title: str, name: str, *, found: int, expected: int) -> None:
    """Check that `name` has as many values as expected.

    Parameters
    ----------
    title, name : str
        The chart and what is counted, for the message.
    found, expected : int
        How many there are, and how many are needed.

    Raises
    ------
    ShapeError
        If they differ.
    """
    if found != expected:
        raise ShapeError(
            "Values do not fit the chart.",
            where=f"{title}, {name}",
            expected=f"{expected} values",
            found=found,
        )


def check_matrix(
    title: str, rows: Sequence[str], *, columns: Sequence[str], shape: tuple[int, ...]
) -> None:
    """Check that a matrix has a cell for each row and column, and is not empty.

    Parameters
    ----------
    title : str
        The chart, for the message.
    rows, columns : sequence of str
        Names.
    shape : tuple of int
        Of the matrix.

    Raises
    ------
    ShapeError
        If it does not.
    """
    if shape != (len(rows), len(columns)) or 0 in shape:
        raise ShapeError(
            "The matrix does not fit its names.",
            where=title,
            expected=f"{len(rows)} rows and {len(columns)} columns, not empty",
            found=shape,
        )
