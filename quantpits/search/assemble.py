"""From stored batches to results in ranking order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantpits.search.results import COLUMNS, RANKING_KEY, ComboPaths, SearchResults, ranking
from quantpits.signals import (
    AlignedScores,
    ScorePanel,
    align,
    correlation_matrix,
    standardise,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.search.combos import ComboList
    from quantpits.search.engine import Engine
    from quantpits.search.results import FloatArray, IntArray
    from quantpits.search.store import BatchResults
    from quantpits.signals import DateArray

__all__ = ["assemble", "gather", "pair_correlations"]


def assemble(
    batch: BatchResults,
    combos: ComboList,
    *,
    engine: Engine,
    is_ranked: bool = True,
    **facts: Any,
) -> SearchResults:
    """Return the results of a run, best combo first.

    Parameters
    ----------
    batch : BatchResults
        Figures of all combos, in the order of their list.
    combos : ComboList
        The combos.
    engine : Engine
        Who simulated them, and can do so again.
    is_ranked : bool
        Whether the best comes first; otherwise the order of the list stays.
    **facts : object
        The other fields of `SearchResults`.

    Returns
    -------
    SearchResults
        In ranking order.
    """
    key = np.ascontiguousarray(batch.figures[:, COLUMNS.index(RANKING_KEY)])
    order = np.arange(len(combos))
    if is_ranked:
        order = ranking(key, members=combos.members, starts=combos.starts)
    members, starts = gather(combos.members, combos.starts, rows=order)

    def paths_of(rows: IntArray) -> ComboPaths:
        return engine.paths(*gather(members, starts, rows=np.asarray(rows, dtype=np.int64)))

    return SearchResults(
        models=combos.models,
        members=members,
        starts=starts,
        table={name: batch.figures[order, at] for at, name in enumerate(COLUMNS)},
        moments=batch.moments[order],
        block_rows=np.full(batch.moments.shape[2], engine.block_rows, dtype=np.int64),
        first_rows=batch.rows[order, 0],
        stop_rows=batch.rows[order, 1],
        dates=engine.dates,
        paths_of=paths_of,
        **facts,
    )


def gather(members: IntArray, starts: IntArray, *, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the members and starts of some combos, in the order of the rows.

    Parameters
    ----------
    members : int64 [sum of sizes]
        Of all combos.
    starts : int64 [B + 1]
        Where each begins.
    rows : int64 [R]
        Which combos.

    Returns
    -------
    members, starts : int64 [sum of chosen sizes], int64 [R + 1]
        The same for the chosen ones.

    Examples
    --------
    >>> members, starts = np.array([0, 1, 0, 1]), np.array([0, 1, 2, 4])
    >>> picked = gather(members, starts, rows=np.array([2, 0]))
    >>> [part.tolist() for part in picked]
    [[0, 1, 0], [0, 2, 3]]
    """
    sizes = np.diff(starts)[rows]
    new_starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    within = np.arange(new_starts[-1]) - np.repeat(new_starts[:-1], sizes)
    return members[np.repeat(starts[rows], sizes) + within], new_starts


def pair_correlations(
    scores: FloatArray, *, dates: DateArray, instruments: Sequence[str], models: Sequence[str]
) -> FloatArray:
    """Return the correlation between the normalised scores of each pair of models.

    Parameters
    ----------
    scores : float64 [M, T, N]
        Raw scores, NaN for none.
    dates : datetime64[D] [T]
        Rows.
    instruments : sequence of str [N]
        Columns.
    models : sequence of str [M]
        Names.

    Returns
    -------
    float64 [M, M]
        Of pooled rows; each pair on the rows that both score, NaN where they share none.

    Notes
    -----
    NaN: left out pair by pair, so that no third model changes a number. Source: decision 10.
    """
    is_scored = np.isfinite(scores)
    names = tuple(instruments)
    if (is_scored == is_scored[0]).all():
        whole = AlignedScores(dates, names, tuple(models), scores)
        return correlation_matrix(standardise(whole))
    n_models = len(models)
    matrix = np.full((n_models, n_models), np.nan)
    panels = [ScorePanel(dates, names, of_model) for of_model in scores]
    for one in range(n_models):
        matrix[one, one] = 1.0
        for other in range(one + 1, n_models):
            if (is_scored[one] & is_scored[other]).any():
                pair = align({models[one]: panels[one], models[other]: panels[other]})
                matrix[one, other] = matrix[other, one] = correlation_matrix(standardise(pair))[
                    0, 1
                ]
    return matrix
