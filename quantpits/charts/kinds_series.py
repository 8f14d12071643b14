"""Numbers over time that are no account: coefficients, indices, sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.charts.shapes import check_length, check_series
from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.charts.kinds import Axis
    from quantpits.charts.shapes import DateArray, FloatArray

__all__ = ["SeriesChart"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesChart:
    """One line for each series over time.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    dates : datetime64[D] [T]
        Sessions, rising.
    series : mapping of str to float64 [T]
        Values; NaN where there is none.
    axis : Axis
        What the values are.
    levels : mapping of str to float, or None
        Values to mark by a dashed line across, by name.
    low, high : float64 [T] or None
        A band around the values of the only series; both or none.

    Raises
    ------
    ShapeError
        If there is no series, a length differs from that of `dates`, the dates do not rise, or a
        band is given for several series or with one end only.
    """

    title: str
    dates: DateArray
    series: Mapping[str, FloatArray]
    axis: Axis
    levels: Mapping[str, float] | None = None
    low: FloatArray | None = None
    high: FloatArray | None = None
    subtitle: str = ""

    def __post_init__(self) -> None:
        check_series(self.title, dates=self.dates, series=self.series)
        if (self.low is None) != (self.high is None) or (
            self.low is not None and len(self.series) > 1
        ):
            raise ShapeError(
                "A band needs both ends and a single series.",
                where=self.title,
                expected="low and high for one series",
                found=f"{len(self.series)} series",
            )
        for name, end in (("low", self.low), ("high", self.high)):
            if end is not None:
                check_length(self.title, name, found=len(end), expected=len(self.dates))
