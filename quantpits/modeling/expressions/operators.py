"""What each of Qlib's operators does, for many instruments at once.

Qlib computes an expression for one instrument at a time, with a pandas series for each node. Here
the series of all instruments stand in one, instrument after instrument (`Stack`), and each operator
makes the very call that Qlib makes, on the longer series: NumPy and pandas then do the same
arithmetic in the same order on the same types. What would reach over the border between two
instruments is given the borders: shifts, and rolling windows, whose running sums pandas begins anew
where two windows do not overlap. A few operators that are slow in Qlib or pandas have compiled
twins (`kernels`).

An operator is known by its exact class. `children` names what a node is computed from, `reach` says
how far back a value looks if it depends on nothing but its own window, and `evaluate` computes it.
What is not known here is not guessed: `UnknownExpressionError` tells the caller to ask Qlib.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import pandas as pd
from pandas.api.indexers import BaseIndexer
from qlib.data import base, ops

from quantpits.modeling.expressions.kernels import (
    RESIDUAL,
    RSQUARE,
    SLOPE,
    rolling_extreme,
    rolling_line,
    rolling_quantile,
    rolling_rank,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Stack", "UnknownExpressionError", "Value", "children", "evaluate", "reach"]

Value: TypeAlias = "pd.Series[Any] | float"

# Qlib's own threshold: below it a deviation is rounding, and nothing can be correlated with it.
_NO_DEVIATION = 2e-05

_COMPARISONS = (ops.Gt, ops.Ge, ops.Lt, ops.Le, ops.Eq, ops.Ne)
_LOGIC = (ops.And, ops.Or)
_ARITHMETIC = (ops.Power, ops.Add, ops.Sub, ops.Mul, ops.Div, ops.Greater, ops.Less)
_PAIRS = frozenset((*_COMPARISONS, *_LOGIC, *_ARITHMETIC))
_ELEMENTS = frozenset((ops.Abs, ops.Log, ops.Not, ops.Sign))
_TRUTHS = frozenset((*_COMPARISONS, *_LOGIC, ops.Not))
_SUMS = {
    ops.Mean: "mean",
    ops.Sum: "sum",
    ops.Std: "std",
    ops.Var: "var",
    ops.Skew: "skew",
    ops.Kurt: "kurt",
}
_WINDOWS = {ops.Max: "max", ops.Min: "min", ops.Med: "median", ops.Count: "count"}
_LINES = {ops.Slope: SLOPE, ops.Rsquare: RSQUARE, ops.Resi: RESIDUAL}
_EXTREMES = {ops.IdxMax: True, ops.IdxMin: False}
_PAIR_ROLLING = {ops.Corr: "corr", ops.Cov: "cov"}
# A value of these depends on its own window only, exactly; the others carry running sums.
_LOCAL = frozenset((*_WINDOWS, *_EXTREMES, ops.Quantile, ops.Rank, ops.Mad, ops.WMA))
_ROLLING = frozenset((*_SUMS, *_LOCAL, *_LINES, ops.Ref, ops.Delta, ops.EMA))


class UnknownExpressionError(ValueError):
    """Says which part of an expression is not known to be computed as Qlib does."""


class Stack:
    """Where each instrument's rows stand when instruments follow one another.

    Attributes
    ----------
    offsets : int64 [n_instruments + 1]
        First row of each instrument, and the number of rows.
    """

    def __init__(self, lengths: NDArray[np.int64]) -> None:
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self._first = np.repeat(self.offsets[:-1], lengths)
        self._place = np.arange(len(self._first), dtype=np.int64)
        self._window: tuple[int, BaseIndexer] | None = None

    def __len__(self) -> int:
        return int(self.offsets[-1])

    def window(self, n_rows: int) -> BaseIndexer:
        """Return the windows of `n_rows` rows for pandas, none of which holds two instruments.

        Parameters
        ----------
        n_rows : int
            Most rows of a window.

        Returns
        -------
        BaseIndexer
            To be given to ``Series.rolling``.
        """
        # One is kept: the bounds take as much memory as two columns, and columns come by window.
        if self._window is None or self._window[0] != n_rows:
            first = np.maximum(self._first, self._place - n_rows + 1)
            self._window = n_rows, _Windows(first, self._place + 1, n_rows)
        return self._window[1]

    def shift(self, series: pd.Series[Any], n_rows: int) -> pd.Series[Any]:
        """Return the values `n_rows` rows earlier of the same instrument, later if negative.

        Parameters
        ----------
        series : float [n_rows]
            One value for each row.
        n_rows : int
            How far.

        Returns
        -------
        Series [n_rows]
            NaN where the instrument has no such row.
        """
        values = series.to_numpy()
        shifted = np.full(len(values), np.nan, dtype=values.dtype)
        if n_rows > 0:
            inside = np.flatnonzero(self._place - self._first >= n_rows)
        else:
            end = np.repeat(self.offsets[1:], np.diff(self.offsets))
            inside = np.flatnonzero(self._place - n_rows < end)
        shifted[inside] = values[inside - n_rows]
        return pd.Series(shifted, copy=False)


class _Windows(BaseIndexer):
    """Tells pandas which rows each window holds."""

    def __init__(self, first: NDArray[np.int64], end: NDArray[np.int64], n_rows: int) -> None:
        super().__init__(window_size=n_rows)
        self._bounds = first, end

    def get_window_bounds(  # noqa: PLR0917 - pandas' own signature, which it compares
        self,
        num_values: int = 0,
        min_periods: int | None = None,
        center: bool | None = None,  # noqa: FBT001 - pandas' own
        closed: str | None = None,
        step: int | None = None,
    ) -> tuple[Any, Any]:
        """Return first row and end of each window."""
        del num_values, min_periods, center, closed, step  # pandas demands just these names
        return self._bounds


def children(node: Any) -> tuple[Any, ...]:
    """Return what a node is computed from, expressions and numbers.

    Parameters
    ----------
    node : Qlib Expression
        Any node.

    Returns
    -------
    tuple
        In the order in which `evaluate` takes their values.

    Raises
    ------
    UnknownExpressionError
        If the operator, or the way it is used, is not known.
    """
    kind = type(node)
    if kind is base.Feature:
        return ()
    if kind in _ELEMENTS:
        return _checked(node.feature)
    if kind in _PAIRS:
        return _checked(node.feature_left, node.feature_right)
    if kind is ops.If:
        return _checked(node.condition, node.feature_left, node.feature_right)
    if kind in _ROLLING:
        _check_window(node)
        around = (ops.Std(node.feature, node.N),) if kind is ops.Rsquare else ()
        return _checked(node.feature, *around)
    if kind in _PAIR_ROLLING:
        _check_window(node)
        pair = (node.feature_left, node.feature_right)
        around = tuple(ops.Std(each, node.N) for each in pair) if kind is ops.Corr else ()
        return _checked(*pair, *around)
    raise UnknownExpressionError(f"{kind.__name__} is not computed for many instruments at once")


def reach(node: Any) -> int | None:
    """Return how many rows back a value looks, if it depends on these rows only.

    Parameters
    ----------
    node : Qlib Expression or number
        A node that `children` knows, all the way down.

    Returns
    -------
    int or None
        None if the value depends, be it in the last bit, on where the computation began.
    """
    if not isinstance(node, base.Expression):
        return 0
    kind = type(node)
    below = [reach(child) for child in children(node)]
    if any(each is None for each in below):
        return None
    longest = max((each for each in below if each is not None), default=0)
    if kind in (ops.Ref, ops.Delta):
        return longest + max(cast("int", node.N), 0)
    # Sums of ones and zeros are exact, whatever has gone through them before.
    is_exact = kind in (ops.Mean, ops.Sum) and type(node.feature) in _TRUTHS
    if kind in _LOCAL or is_exact:
        return longest + cast("int", node.N) - 1
    return None if kind in _ROLLING or kind in _PAIR_ROLLING else longest


def evaluate(node: Any, values: list[Any], *, stack: Stack) -> pd.Series[Any]:
    """Return the values of a node from those of its children.

    Parameters
    ----------
    node : Qlib Expression
        A node that `children` knows and that is no feature.
    values : list of Series [n_rows] or number
        What `children` names.
    stack : Stack
        Which rows belong to which instrument.

    Returns
    -------
    Series [n_rows]
        Of the type that Qlib's own series would have.

    Raises
    ------
    UnknownExpressionError
        If Qlib would compute with other than floating-point numbers where the difference matters,
        or would align what cannot be aligned.

    Notes
    -----
    Where instruments do not have a field at all, its series is empty, for Qlib too.
    """
    kind = type(node)
    n_rows = {len(each) for each in values if isinstance(each, pd.Series)}
    if n_rows == {0}:
        stack = Stack(np.zeros(0, dtype=np.int64))
    elif len(n_rows) > 1:
        values = _aligned(node, values, len(stack))
    if kind is ops.Sign:
        return cast("pd.Series[Any]", np.sign(values[0].astype(np.float32)))
    if kind in _ELEMENTS or kind in _PAIRS:
        return cast("pd.Series[Any]", getattr(np, node.func)(*values))
    if kind is ops.If:
        return pd.Series(np.where(*values), copy=False)
    return _ROLLED[kind](node, values, stack)


def _checked(*nodes: Any) -> tuple[Any, ...]:
    for each in nodes:
        if not isinstance(each, base.Expression) and type(each) not in (int, float):
            raise UnknownExpressionError(f"{each!r} is neither an expression nor a plain number")
    return nodes


def _check_window(node: Any) -> None:
    nodes = [node.feature] if hasattr(node, "feature") else [node.feature_left, node.feature_right]
    if not all(isinstance(each, base.Expression) for each in nodes):
        raise UnknownExpressionError(f"{node} rolls over a number")
    if type(node) is ops.EMA and type(node.N) is float and 0 < node.N < 1:
        return
    is_wrong_way = node.N < 0 and type(node) is not ops.Ref
    if type(node.N) is not int or node.N == 0 or is_wrong_way:
        raise UnknownExpressionError(f"{node} has no fixed window")


def _aligned(node: Any, values: list[Any], n_rows: int) -> list[Any]:
    """Return operands in which nothing has become missing values, as pandas aligns them."""
    is_plain = all(isinstance(each, float | int) or each.dtype.kind == "f" for each in values)
    if type(node) not in _ARITHMETIC or not is_plain:
        raise UnknownExpressionError(f"{node} joins fields of which instruments have but one")
    return [
        pd.Series(np.nan, index=range(n_rows), dtype=each.dtype)
        if isinstance(each, pd.Series) and each.empty
        else each
        for each in values
    ]


def _ref(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    return stack.shift(_floats(node, values[0]), node.N)


def _delta(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    return cast("pd.Series[Any]", values[0] - _ref(node, values, stack))


def _floats(node: Any, series: pd.Series[Any]) -> pd.Series[Any]:
    # Truth values become objects when a missing one comes among them.
    if series.dtype.kind != "f":
        raise UnknownExpressionError(f"{node} shifts values that are no floating-point numbers")
    return series


def _rolled(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    rolling = values[0].rolling(stack.window(node.N), min_periods=1)
    return cast("pd.Series[Any]", getattr(rolling, (_SUMS | _WINDOWS)[type(node)])())


def _quantile(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    if type(node.qscore) is float and 0 < node.qscore < 1:
        numbers = values[0].to_numpy(np.float64)
        return pd.Series(
            rolling_quantile(numbers, stack.offsets, window=node.N, quantile=node.qscore),
            copy=False,
        )
    rolling = values[0].rolling(stack.window(node.N), min_periods=1)
    return cast("pd.Series[Any]", rolling.quantile(node.qscore))


def _rank(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    numbers = values[0].to_numpy(np.float64)
    return pd.Series(rolling_rank(numbers, stack.offsets, window=node.N), copy=False)


def _extreme(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    numbers = values[0].to_numpy(np.float64)
    place = rolling_extreme(numbers, stack.offsets, window=node.N, is_largest=_EXTREMES[type(node)])
    return pd.Series(place, copy=False)


def _by_window(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    figure = _deviation if type(node) is ops.Mad else _weighted
    rolling = values[0].rolling(stack.window(node.N), min_periods=1)
    return cast("pd.Series[Any]", rolling.apply(figure, raw=True))


def _deviation(window: NDArray[np.float64]) -> np.float64:
    present = window[~np.isnan(window)]
    return cast("np.float64", np.mean(np.abs(present - present.mean())))


def _weighted(window: NDArray[np.float64]) -> np.float64:
    weights = np.arange(len(window)) + 1
    return cast("np.float64", np.nanmean(weights / weights.sum() * window))


def _ema(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    decay = {"alpha": node.N} if type(node.N) is float else {"span": node.N}
    numbers = values[0].to_numpy()
    result = np.empty(len(numbers))
    for begin, end in itertools.pairwise(stack.offsets):
        alone = pd.Series(numbers[begin:end], copy=False)
        result[begin:end] = alone.ewm(**decay, min_periods=1).mean().to_numpy()
    return pd.Series(result, copy=False)


def _line(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    kind = _LINES[type(node)]
    numbers = values[0].to_numpy(np.float64)
    line = rolling_line(numbers, stack.offsets, window=node.N, kind=kind)
    if kind == RSQUARE:
        line[_is_constant(values[1])] = np.nan
    return pd.Series(line, copy=False)


def _pair(node: Any, values: list[Any], stack: Stack) -> pd.Series[Any]:
    rolling = values[0].rolling(stack.window(node.N), min_periods=1)
    result = cast("pd.Series[Any]", getattr(rolling, _PAIR_ROLLING[type(node)])(values[1]))
    if type(node) is ops.Corr:
        result[_is_constant(values[2]) | _is_constant(values[3])] = np.nan
    return result


def _is_constant(deviation: pd.Series[Any]) -> NDArray[np.bool_]:
    return cast("NDArray[np.bool_]", np.abs(deviation.to_numpy()) <= _NO_DEVIATION)


_ROLLED: dict[type, Callable[[Any, list[Any], Stack], pd.Series[Any]]] = {
    **dict.fromkeys(_SUMS, _rolled),
    **dict.fromkeys(_WINDOWS, _rolled),
    **dict.fromkeys(_EXTREMES, _extreme),
    **dict.fromkeys(_LINES, _line),
    **dict.fromkeys(_PAIR_ROLLING, _pair),
    ops.Ref: _ref,
    ops.Delta: _delta,
    ops.EMA: _ema,
    ops.Mad: _by_window,
    ops.WMA: _by_window,
    ops.Quantile: _quantile,
    ops.Rank: _rank,
}
