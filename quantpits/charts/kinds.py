"""What can be drawn: one frozen value for each kind of chart.

A chart is a value with everything that is to be seen and nothing about how. The same value becomes
a picture (`png_bytes`) or an interactive chart on a page (`page_html`), so the two cannot differ.

Conventions: returns, weights and drawdowns are fractions and become percent only when drawn; dates
are days in rising order; NaN is a value that does not exist and is not drawn; names are plain text
and are escaped where they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from quantpits.charts.kinds_series import SeriesChart
from quantpits.charts.shapes import (
    DateArray,
    FloatArray,
    check_length,
    check_matrix,
    check_series,
)
from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "Axis",
    "AxisKind",
    "BarsChart",
    "Chart",
    "DateArray",
    "DendrogramChart",
    "FloatArray",
    "HeatmapChart",
    "HistogramChart",
    "NavChart",
    "OpinionsChart",
    "RanksChart",
    "ScatterChart",
    "TrainingChart",
    "WeightsChart",
]

AxisKind = Literal["percent", "number", "integer"]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows.

    Attributes
    ----------
    name : str
        Its label, in words.
    kind : {"number", "percent", "integer"}
        How its numbers are written; ``"percent"`` takes fractions.
    """

    name: str
    kind: AxisKind = "number"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NavChart:
    """Cumulative returns of accounts, with their drawdowns underneath.

    Attributes
    ----------
    title, subtitle : str
        What is shown, and under which convention.
    dates : datetime64[D] [T]
        Sessions, rising.
    navs : mapping of str to float64 [T]
        Account values or levels; NaN where an account does not exist yet or no longer.
    benchmark : float64 [T] or None
        Level of the benchmark; drawn dashed.
    benchmark_name : str
        Its name.
    highlight : str or None
        The name in `navs` to draw thick and starred, such as the default combo.
    opening, benchmark_opening : float or None
        Value before the first session. With it the first session's return and drawdown count;
        without it a path starts at its first value.
    cutoff : datetime64 or None
        First day out of sample; a line stands before it.

    Raises
    ------
    ShapeError
        If there is no account, a length differs from that of `dates`, the dates do not rise, or
        `highlight` is not among the accounts.
    """

    title: str
    dates: DateArray
    navs: Mapping[str, FloatArray]
    subtitle: str = ""
    benchmark: FloatArray | None = None
    benchmark_name: str = "benchmark"
    highlight: str | None = None
    opening: float | None = None
    benchmark_opening: float | None = None
    cutoff: np.datetime64 | None = None

    def __post_init__(self) -> None:
        check_series(self.title, dates=self.dates, series=self.navs)
        if self.benchmark is not None:
            check_series(self.title, dates=self.dates, series={self.benchmark_name: self.benchmark})
        if self.highlight is not None and self.highlight not in self.navs:
            raise ShapeError(
                "The account to highlight is not in the chart.",
                where=self.title,
                expected=f"one of {len(self.navs)} accounts",
                found=self.highlight,
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightsChart:
    """Weights of the members of a combo over time, as stacked areas.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    dates : datetime64[D] [T]
        Sessions, rising.
    weights : mapping of str to float64 [T]
        Weight of each member [fraction], 0 or above; NaN counts as 0.

    Raises
    ------
    ShapeError
        If there is no member, a length differs from that of `dates` or the dates do not rise.
    """

    title: str
    dates: DateArray
    weights: Mapping[str, FloatArray]
    subtitle: str = ""

    def __post_init__(self) -> None:
        check_series(self.title, dates=self.dates, series=self.weights)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatmapChart:
    """A matrix as coloured cells, with the numbers in them while they can be read.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    rows, columns : sequence of str
        Names of the R rows and C columns.
    values : float64 [R, C]
        The cells.
    scale : {"correlation", "percent", "number"}
        ``"correlation"`` runs from -1 to 1 around 0; the others from the lowest to the highest
        value, around 0 where both signs occur.

    Raises
    ------
    ShapeError
        If the matrix does not fit its names, or is empty.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: FloatArray
    scale: Literal["correlation", "percent", "number"] = "number"
    subtitle: str = ""

    def __post_init__(self) -> None:
        check_matrix(self.title, self.rows, columns=self.columns, shape=np.shape(self.values))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScatterChart:
    """Points in a plane, binned where there are too many to draw.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    x, y : float64 [n]
        The points; a point with NaN is left out.
    x_axis, y_axis : Axis
        What the axes show.
    color : float64 [n] or None
        A third value, as colour.
    color_axis : Axis or None
        What the colour shows; needed with `color`.
    labels : callable of int to str, or None
        Text of point i, shown when it is pointed at.
    marked : mapping of str to int, or None
        Points to mark and name: name to number of the point.
    diagonal : bool
        Draw the line where both axes are equal.

    Raises
    ------
    ShapeError
        If the lengths differ, or a marked point does not exist.
    """

    title: str
    x: FloatArray
    y: FloatArray
    x_axis: Axis
    y_axis: Axis
    color: FloatArray | None = None
    color_axis: Axis | None = None
    labels: Callable[[int], str] | None = None
    marked: Mapping[str, int] | None = None
    diagonal: bool = False
    subtitle: str = ""

    def __post_init__(self) -> None:
        n_points = len(self.x)
        check_length(self.title, "y", found=len(self.y), expected=n_points)
        if self.color is not None:
            check_length(self.title, "color", found=len(self.color), expected=n_points)
        for name, point in (self.marked or {}).items():
            if not 0 <= point < n_points:
                raise ShapeError(
                    "A point to mark does not exist.",
                    where=f"{self.title}, {name}",
                    expected=f"0 to {n_points - 1}",
                    found=point,
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DendrogramChart:
    """A tree of which things are alike.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    linkage : float64 [M - 1, 4]
        As `scipy.cluster.hierarchy.linkage` gives it.
    labels : sequence of str
        Names of the M leaves.
    threshold : float or None
        Branches that join below it share a colour; a line marks it.
    axis : Axis
        What the height of a join means.

    Raises
    ------
    ShapeError
        If the linkage does not fit the labels, or there are fewer than two leaves.
    """

    title: str
    linkage: FloatArray
    labels: Sequence[str]
    threshold: float | None = None
    axis: Axis = Axis("distance")
    subtitle: str = ""

    def __post_init__(self) -> None:
        expected = (max(len(self.labels) - 1, 1), 4)
        if np.shape(self.linkage) != expected:
            raise ShapeError(
                "The tree does not fit its labels.",
                where=self.title,
                expected=f"a linkage of shape {expected}",
                found=np.shape(self.linkage),
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BarsChart:
    """One bar or more for each label.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    labels : sequence of str
        Names of the n rows, the first on top.
    series : mapping of str to float64 [n]
        Values; one series, or a few side by side.
    axis : Axis
        What the length of a bar means.
    low, high : float64 [n] or None
        A band around the values of the only series; both or none.
    stacked : bool
        Put several series on one line instead of side by side: positive ones to the right,
        negative ones to the left.
    highlight : str or None
        The label to write in bold.

    Raises
    ------
    ShapeError
        If there is no label or no series, a length differs, or a band is given for several series.
    """

    title: str
    labels: Sequence[str]
    series: Mapping[str, FloatArray]
    axis: Axis
    low: FloatArray | None = None
    high: FloatArray | None = None
    stacked: bool = False
    highlight: str | None = None
    subtitle: str = ""

    def __post_init__(self) -> None:
        if not len(self.labels) or not self.series:
            raise ShapeError("A bar chart needs labels and values.", where=self.title, found="none")
        for name, values in self.series.items():
            check_length(self.title, name, found=len(values), expected=len(self.labels))
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
                check_length(self.title, name, found=len(end), expected=len(self.labels))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HistogramChart:
    """How often values occur.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    values : float64 [n]
        The values; those that are not finite are left out.
    axis : Axis
        What they are.
    marks : mapping of str to float, or None
        Values to mark and name.
    split : float or None
        Bars at or below it have the colour of a warning.
    """

    title: str
    values: FloatArray
    axis: Axis
    marks: Mapping[str, float] | None = None
    split: float | None = None
    subtitle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpinionsChart:
    """What each model or combo would do with each instrument.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    instruments : sequence of str
        Names of the R rows.
    columns : sequence of str
        Names of the C models and combos.
    opinions : sequence of sequence of str [R][C]
        ``"buy"``, ``"hold"``, ``"sell"`` or ``""`` for no opinion.
    basis : str or None
        The column that the orders follow, written in bold.

    Raises
    ------
    ShapeError
        If the opinions do not fit the names, or are none of the four words.
    """

    title: str
    instruments: Sequence[str]
    columns: Sequence[str]
    opinions: Sequence[Sequence[str]]
    basis: str | None = None
    subtitle: str = ""

    def __post_init__(self) -> None:
        for row in self.opinions:
            check_length(
                self.title, "opinions of an instrument", found=len(row), expected=len(self.columns)
            )
        shape = (len(self.opinions), len(self.columns))
        check_matrix(self.title, self.instruments, columns=self.columns, shape=shape)
        strange = {word for row in self.opinions for word in row} - {"buy", "hold", "sell", ""}
        if strange:
            raise ShapeError(
                "An opinion is none of the known words.",
                where=self.title,
                expected="buy, hold, sell or an empty text",
                found=min(strange),
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RanksChart:
    """How models and combos rank instruments: one line for each instrument.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    instruments : sequence of str
        Names of the R lines.
    columns : sequence of str
        Names of the C models and combos.
    ranks : float64 [R, C]
        1 is the best; NaN where there is no rank.

    Raises
    ------
    ShapeError
        If the ranks do not fit the names.
    """

    title: str
    instruments: Sequence[str]
    columns: Sequence[str]
    ranks: FloatArray
    subtitle: str = ""

    def __post_init__(self) -> None:
        check_matrix(self.title, self.instruments, columns=self.columns, shape=np.shape(self.ranks))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingChart:
    """How a model learned.

    Attributes
    ----------
    title, subtitle : str
        What is shown.
    curves : mapping of str to float64 [E]
        One value an epoch, such as the loss on the training and on the validation rows. The
        curves may differ in length.
    best : int or None
        The epoch to mark, counted from 1.
    best_name : str
        What is said of it.
    axis : Axis
        What the values are.
    step_name : str
        What is counted.

    Raises
    ------
    ShapeError
        If there is no curve.
    """

    title: str
    curves: Mapping[str, FloatArray]
    best: int | None = None
    best_name: str = "kept"
    axis: Axis = Axis("loss")
    step_name: str = "epoch"
    subtitle: str = ""

    def __post_init__(self) -> None:
        if not self.curves:
            raise ShapeError("A chart of learning needs a curve.", where=self.title, found="none")


Chart = (
    NavChart
    | WeightsChart
    | HeatmapChart
    | ScatterChart
    | DendrogramChart
    | BarsChart
    | HistogramChart
    | OpinionsChart
    | RanksChart
    | TrainingChart
    | SeriesChart
)
