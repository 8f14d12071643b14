"""From account values to the lines of a chart: growth, drawdown, and which lines are told apart.

A chart of sixty accounts cannot give sixty colours. The one to highlight and those that ended
highest get a colour and a name; the others are grey and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.charts.palette import BENCHMARK, N_TOLD_APART, OTHERS, dash_of, series_color

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.charts.kinds import FloatArray, NavChart, RanksChart, WeightsChart

__all__ = [
    "Line",
    "WeightBand",
    "bucket_ends",
    "drawdown",
    "growth",
    "is_logarithmic",
    "nav_lines",
    "rank_styles",
    "told_apart",
    "weight_bands",
    "with_drawdown",
]

OTHER_MEMBERS: Final = "others"
# From this growth on, equal steps on paper are equal factors.
_LOG_FROM: Final = 5.0
_MOST_DRAWDOWNS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One account of a chart.

    Attributes
    ----------
    name : str
        Its name.
    growth : float64 [T]
        Value as a multiple of where it started; NaN where there is none.
    drawdown : float64 [T]
        Fall from the highest value so far, 0 or below.
    color, dash : str
        How it is drawn.
    role : str
        ``"highlight"``, ``"named"``, ``"other"`` or ``"benchmark"``.
    """

    name: str
    growth: FloatArray
    drawdown: FloatArray
    color: str
    dash: str
    role: str

    @property
    def final(self) -> float:
        """The last growth that exists; NaN where there is none."""
        return _last_finite(self.growth)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightBand:
    """One member of a combo in a chart of weights.

    Attributes
    ----------
    name : str
        Its name, or a count of the members that share the last band.
    weights : float64 [T]
        Never NaN.
    color : str
        How it is drawn.
    dash : str
        ``"dash"`` where the colour occurred before; such a band is hatched.
    """

    name: str
    weights: FloatArray
    color: str
    dash: str


def growth(values: FloatArray, opening: float | None = None) -> FloatArray:
    """Return values as multiples of the opening value, or of the first that exists.

    Parameters
    ----------
    values : float64 [T]
        Account values or levels.
    opening : float, optional
        Value before the first session.

    Returns
    -------
    float64 [T]
        NaN where `values` are not finite, and everywhere if there is no base above 0.

    Examples
    --------
    >>> growth(np.array([np.nan, 2.0, 3.0])).tolist()
    [nan, 1.0, 1.5]
    """
    finite = np.isfinite(values)
    base = opening
    if base is None:
        base = float(values[np.argmax(finite)]) if finite.any() else 0.0
    if not base > 0:
        return np.full(len(values), np.nan)
    return np.where(finite, values, np.nan) / base


def drawdown(path: FloatArray, *, has_opening: bool = False) -> FloatArray:
    """Return the fall from the highest value so far.

    Parameters
    ----------
    path : float64 [T]
        Growth, NaN where there is none.
    has_opening : bool
        Whether 1, the value before the first session, counts as a peak.

    Returns
    -------
    float64 [T]
        0 or below; NaN where `path` is.

    Examples
    --------
    >>> drawdown(np.array([1.0, 2.0, 1.0])).tolist()
    [0.0, 0.0, -0.5]
    """
    peaks = np.fmax.accumulate(np.where(np.isfinite(path), path, -np.inf))
    if has_opening:
        peaks = np.fmax(peaks, 1.0)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(path), path / peaks - 1.0, np.nan)


def told_apart(final: Mapping[str, float], *, first: str | None = None) -> tuple[str, ...]:
    """Return the names that get a colour of their own.

    Parameters
    ----------
    final : mapping of str to float
        Last value of each, in the order given.
    first : str, optional
        A name that always gets one.

    Returns
    -------
    tuple of str
        All names in their order where there are few; otherwise `first` and then the highest ones,
        from high to low, those without a value last.
    """
    names = tuple(final)
    if len(names) <= N_TOLD_APART:
        return names
    ranked = sorted(names, key=lambda name: (name != first, -_or_lowest(final[name]), name))
    return tuple(ranked[:N_TOLD_APART])


def nav_lines(chart: NavChart) -> tuple[Line, ...]:
    """Return the lines of a chart, in the order to draw them: what matters most comes last.

    Parameters
    ----------
    chart : NavChart
        The accounts.

    Returns
    -------
    tuple of Line
        Others, benchmark, named ones, the highlighted one.
    """
    paths = {name: growth(values, chart.opening) for name, values in chart.navs.items()}
    named = told_apart(
        {name: _last_finite(path) for name, path in paths.items()}, first=chart.highlight
    )
    number = {name: place for place, name in enumerate(named)}
    lines = []
    for name, path in paths.items():
        place = number.get(name)
        role = "highlight" if name == chart.highlight else "other" if place is None else "named"
        lines.append(
            Line(
                name=name,
                growth=path,
                drawdown=drawdown(path, has_opening=chart.opening is not None),
                color=OTHERS if place is None else series_color(place),
                dash="solid" if place is None or role == "highlight" else dash_of(place),
                role=role,
            )
        )
    if chart.benchmark is not None:
        lines.append(_benchmark_line(chart, chart.benchmark))
    order = ("other", "benchmark", "named", "highlight")
    return tuple(sorted(lines, key=lambda line: order.index(line.role)))


def _benchmark_line(chart: NavChart, values: FloatArray) -> Line:
    path = growth(values, chart.benchmark_opening)
    fall = drawdown(path, has_opening=chart.benchmark_opening is not None)
    return Line(
        name=chart.benchmark_name,
        growth=path,
        drawdown=fall,
        color=BENCHMARK,
        dash="dash",
        role="benchmark",
    )


def weight_bands(chart: WeightsChart) -> tuple[WeightBand, ...]:
    """Return the bands of a chart of weights, the first at the bottom.

    Parameters
    ----------
    chart : WeightsChart
        The members' weights.

    Returns
    -------
    tuple of WeightBand
        Each member, or with many members the heaviest on average and one band for the others.
    """
    filled = {name: np.nan_to_num(values, nan=0.0) for name, values in chart.weights.items()}
    mean = {name: float(values.mean()) for name, values in filled.items()}
    named = told_apart(mean)
    if len(named) < len(filled):
        named = named[:-1]
    bands = [
        WeightBand(name=name, weights=filled[name], color=series_color(i), dash=dash_of(i))
        for i, name in enumerate(named)
    ]
    rest = [values for name, values in filled.items() if name not in named]
    if rest:
        total: FloatArray = np.sum(rest, axis=0)
        text = f"{len(rest)} {OTHER_MEMBERS}"
        bands.append(WeightBand(name=text, weights=total, color=OTHERS, dash="solid"))
    return tuple(bands)


def is_logarithmic(lines: Sequence[Line]) -> bool:
    """Return whether the lines differ so much that equal steps should be equal factors."""
    paths = np.concatenate([line.growth[np.isfinite(line.growth)] for line in lines])
    if not len(paths) or paths.min() <= 0:
        return False
    return bool(paths.max() / paths.min() >= _LOG_FROM)


def with_drawdown(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines whose drawdown is drawn: all of a few, otherwise what matters most.

    Parameters
    ----------
    lines : sequence of Line
        All lines of a chart.

    Returns
    -------
    tuple of Line
        Of many, the benchmark and the highlighted one, or the one that ended highest.
    """
    named = [line for line in lines if line.role != "other"]
    accounts = [line for line in named if line.role != "benchmark"]
    if len(accounts) > _MOST_DRAWDOWNS:
        special = [line for line in accounts if line.role == "highlight"]
        special = special or [max(accounts, key=lambda line: _or_lowest(line.final))]
        named = [line for line in named if line in special or line.role == "benchmark"]
    return tuple(named)


def rank_styles(chart: RanksChart) -> tuple[tuple[str, str], ...]:
    """Return colour and dash of each line of a chart of ranks.

    Parameters
    ----------
    chart : RanksChart
        What is drawn.

    Returns
    -------
    tuple of (str, str)
        Colours for all of a few instruments; of many for those that rank best in the first
        column, and grey for the others.
    """
    n_rows = len(chart.instruments)
    order = np.argsort(np.nan_to_num(chart.ranks[:, 0], nan=np.inf), kind="stable")
    if n_rows <= N_TOLD_APART:
        order = np.arange(n_rows)
    place = {int(row): number for number, row in enumerate(order[:N_TOLD_APART])}
    return tuple(
        (series_color(place[row]), dash_of(place[row])) if row in place else (OTHERS, "solid")
        for row in range(n_rows)
    )


def bucket_ends(count: int, *, most: int) -> Sequence[int]:
    """Return the ends of at most `most` equal buckets of `count` rows; the last is `count`.

    Examples
    --------
    >>> list(bucket_ends(10, most=4))
    [3, 6, 9, 10]
    """
    step = max(-(-count // most), 1)
    ends = list(range(step, count + 1, step))
    return ends if ends[-1:] == [count] else [*ends, count]


def _last_finite(values: FloatArray) -> float:
    finite = np.flatnonzero(np.isfinite(values))
    return float(values[finite[-1]]) if len(finite) else float("nan")


def _or_lowest(value: float) -> float:
    return value if np.isfinite(value) else -np.inf
