"""What a search found, in ranking order: what analysis, reports and files read.

Row 0 is the best combo. The order is total: annualised excess over the benchmark (net of costs),
highest first, an undefined one last; ties go by the sorted names of the models. A combo is a run of
``members``, so that a million of them cost a few arrays and no object each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from quantpits.errors import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

__all__ = [
    "COLUMNS",
    "RANKING_KEY",
    "ComboPaths",
    "SearchKind",
    "SearchResults",
    "ranking",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
DateArray: TypeAlias = npt.NDArray[np.datetime64]
SearchKind: TypeAlias = Literal["fast", "exact"]

RANKING_KEY: Final = "Ann_Excess"
"""The column that combos are ranked by: annualised, geometric, net of costs."""

COLUMNS: Final = (
    "Ann_Ret",
    "Max_DD",
    "Excess_Ret",
    "Ann_Excess",
    "Total_Ret",
    "Final_NAV",
    "Calmar",
    "Sharpe",
    "Turnover",
    "Cost",
)
"""Figures of a combo, in the order of the results file [fractions; Final_NAV and Cost in CNY].

Turnover is one-way and annual: half of what was traded, as a fraction of the mean account value, a
year. Cost is the sum of all fees paid.
"""


@dataclass(frozen=True, slots=True, eq=False)
class ComboPaths:
    """Daily account values of some combos, simulated again exactly.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions of the market window (steps of Qlib in its own timing).
    nav : float64 [R, T]
        Account value, net of costs, as a multiple of the opening account; NaN outside a combo's own
        rows. The value before the first own row is 1.
    returns : float64 [R, T]
        Simple daily returns, net of costs [fraction]; NaN outside a combo's own rows.
    """

    dates: DateArray
    nav: FloatArray
    returns: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchResults:
    """Everything that a finished search knows, best combo first.

    Attributes
    ----------
    anchor : date
        Last session the predictions know of; the file names carry it.
    kind : {"fast", "exact"}
        Which of the two commands made it; the file names follow it.
    models : tuple of str [M]
        Every model that takes part, sorted.
    members : int64 [sum of sizes]
        Members of all combos, one combo after the other, as positions in `models`, increasing
        within a combo.
    starts : int64 [B + 1]
        Combo b is ``members[starts[b]:starts[b + 1]]``.
    table : mapping of str to float64 [B]
        `COLUMNS`; NaN where a ratio is undefined.
    moments : float64 [B, 2, S]
        Sum and sum of squares of the daily net returns in S blocks of the sessions that all combos
        share; what the combinatorial cross-validation is computed from.
    block_rows : int64 [S]
        Sessions in each of those blocks.
    first_rows, stop_rows : int64 [B]
        Own sessions of each combo: ``dates[first:stop]``.
    dates : datetime64[D] [T]
        Sessions of the in-sample market window.
    benchmark_returns : float64 [T] or None
        Simple daily returns of the benchmark in them [fraction].
    correlation : float64 [M, M]
        Mean correlation between the models' normalised scores, in-sample rows only, in the order of
        `models`.
    n_trials : int
        Combos that were simulated; all of them count as trials, also those not in a list.
    periods_per_year : int
        252, or 52 for Qlib's weekly steps.
    description : tuple of str
        Mode, net of costs, periods and conventions, in words, for the head of every report.
    is_synthetic : bool
        Whether the market was made by the program.
    paths_of : callable
        Gets rows (int64 [R]); returns their `ComboPaths`.
    """

    anchor: date
    kind: SearchKind
    models: tuple[str, ...]
    members: IntArray
    starts: IntArray
    table: Mapping[str, FloatArray]
    moments: FloatArray
    block_rows: IntArray
    first_rows: IntArray
    stop_rows: IntArray
    dates: DateArray
    benchmark_returns: FloatArray | None
    correlation: FloatArray
    n_trials: int
    periods_per_year: int
    description: tuple[str, ...]
    is_synthetic: bool
    paths_of: Callable[[IntArray], ComboPaths]

    @property
    def n_combos(self) -> int:
        """Number of combos B."""
        return len(self.starts) - 1

    @cached_property
    def sizes(self) -> IntArray:
        """Members of each combo: int64 [B]."""
        return np.diff(self.starts)

    @cached_property
    def single_rows(self) -> dict[str, int]:
        """Row of each model that was simulated alone."""
        rows = np.flatnonzero(self.sizes == 1)
        first = self.members[self.starts[rows]]
        return {
            self.models[at]: int(row)
            for at, row in sorted(zip(first.tolist(), rows.tolist(), strict=True))
        }

    def members_of(self, row: int) -> IntArray:
        """Return the members of a combo as positions in `models`: int64 [size]."""
        return self.members[self.starts[row] : self.starts[row + 1]]

    def models_of(self, row: int) -> tuple[str, ...]:
        """Return the names of a combo's models, sorted."""
        return tuple(self.models[at] for at in self.members_of(row))

    def label_of(self, row: int) -> str:
        """Return a combo as the results file writes it: names joined by commas."""
        return ",".join(self.models_of(row))

    def labels_of(self, rows: IntArray) -> list[str]:
        """Return several combos as the results file writes them [R]."""
        sizes = self.sizes[rows]
        at = np.repeat(self.starts[rows], sizes) + _within(sizes)
        names = [self.models[member] for member in self.members[at].tolist()]
        ends = np.cumsum(sizes).tolist()
        bounds = pairwise([0, *ends])
        return [",".join(names[begin:end]) for begin, end in bounds]

    def row_of(self, names: Sequence[str]) -> int:
        """Return the row of the combo of these models, in any order.

        Parameters
        ----------
        names : sequence of str
            Names of models.

        Returns
        -------
        int
            Its row.

        Raises
        ------
        UsageError
            If the search holds no such combo.
        """
        wanted = sorted(set(names))
        if set(wanted) <= set(self.models):
            sought = np.array([self.models.index(name) for name in wanted], dtype=np.int64)
            candidates = np.flatnonzero(self.sizes == len(wanted))
            block = self.members[self.starts[candidates][:, None] + np.arange(len(wanted))]
            hits = candidates[(block == sought).all(axis=1)]
            if len(hits):
                return int(hits[0])
        raise UsageError(
            "The search holds no such combo.",
            expected="a combo of the results file",
            found=",".join(wanted) or "no model",
        )

    def member_matrix(self, rows: IntArray | None = None) -> npt.NDArray[np.bool_]:
        """Return who is in which combo.

        Parameters
        ----------
        rows : int64 [R], optional
            Rows; all of them by default (B times M bytes).

        Returns
        -------
        bool [R, M]
            Whether the model is a member.
        """
        chosen = np.arange(self.n_combos) if rows is None else rows
        sizes = self.sizes[chosen]
        at = np.repeat(self.starts[chosen], sizes) + _within(sizes)
        matrix = np.zeros((len(chosen), len(self.models)), dtype=np.bool_)
        matrix[np.repeat(np.arange(len(chosen)), sizes), self.members[at]] = True
        return matrix


def ranking(key: FloatArray, *, members: IntArray, starts: IntArray) -> IntArray:
    """Return the rows of combos from best to worst.

    Parameters
    ----------
    key : float64 [B]
        The higher the better; NaN comes last.
    members : int64 [sum of sizes]
        Members of all combos, as positions in sorted names.
    starts : int64 [B + 1]
        Where each combo begins.

    Returns
    -------
    int64 [B]
        A total order: ties by the sorted names of the models.

    Raises
    ------
    ShapeError
        If the key does not fit the combos.

    Notes
    -----
    Source: decision 6.

    Examples
    --------
    >>> members, starts = np.array([1, 0, 0, 1]), np.array([0, 1, 2, 4])
    >>> order = ranking(np.array([1.0, 2.0, 1.0]), members=members, starts=starts)
    >>> order.tolist()
    [1, 2, 0]
    """
    n_combos = len(starts) - 1
    if key.shape != (n_combos,):
        raise ShapeError("The key does not fit the combos.", expected=(n_combos,), found=key.shape)
    lowered = np.where(np.isnan(key), -np.inf, key)
    is_undefined = np.isnan(key)
    order = np.lexsort((-lowered, is_undefined))
    sorted_key = lowered[order]
    is_tied = (sorted_key[1:] == sorted_key[:-1]) & (
        is_undefined[order][1:] == is_undefined[order][:-1]
    )
    if not is_tied.any():
        return order.astype(np.int64)
    run = np.concatenate([[0], np.cumsum(~is_tied)])
    in_tie = np.concatenate([is_tied, [False]]) | np.concatenate([[False], is_tied])
    places = np.flatnonzero(in_tie)
    rows = order[places]
    order[places] = rows[np.lexsort((*_name_columns(rows, members, starts), run[places]))]
    return order.astype(np.int64)


def _name_columns(rows: IntArray, members: IntArray, starts: IntArray) -> list[IntArray]:
    """Return keys for `np.lexsort`, the first member last; a combo that ended sorts first."""
    sizes = starts[rows + 1] - starts[rows]
    columns = []
    for place in reversed(range(int(sizes.max()))):
        at = np.minimum(starts[rows] + place, len(members) - 1)
        columns.append(np.where(place < sizes, members[at], -1))
    return columns


def _within(sizes: IntArray) -> IntArray:
    """Return 0, 1, ... within each of runs of these lengths."""
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes)
