"""The scores of a combo on its own rows, from tables that all combos share.

A day and name counts for a combo if all of its models score it. Where its models score the same
names on a day, as they nearly always do, their normalised scores are those of each model alone and
stand in a table; their partial sums are kept, so that a combo which begins like the one before it
adds only what differs. Where the models of a day fall into a few groups by the names they score,
the table has rows for the names that groups share. Where even that would be too much, the day is
normalised again for the combo.

Either way the result is that of `quantpits.signals.standardise` and of `quantpits.signals.fuse`
with equal weights, to the last bit.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantpits.trading.kernels import BoolArray, FloatArray, IntArray, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FusionTables",
    "FusionWork",
    "fuse_combo_nb",
    "fusion_tables",
    "fusion_work",
    "is_sharing_nb",
    "own_rows_nb",
    "standardise_row_nb",
    "standardise_rows_nb",
    "z_row_nb",
]

_BITS = 64
_BYTES = 8
_GROUPS: Final = 4  # with more groups on a day only the first four have shared rows


class FusionTables(NamedTuple):
    """What the models say, as kernels read it; shared by every combo.

    Attributes
    ----------
    scores : float64 [M, T, N]
        Raw scores, NaN for none.
    mask : uint64 [T, M, W]
        Which names a model scores, a bit each.
    group : int64 [T, M]
        Models that score the same names on a day have the same number, from 0 on.
    is_uniform, has_any : bool [T]
        Whether all models score the same names, and whether the first model scores any.
    z_row : int64 [T]
        Row of `z` for each model on its own names, -1 for a day that nothing trades on.
    z_shared : int64 [T, 32]
        Row of `z` on the names that groups share, by the bits of their numbers; -1 for none.
    z : float64 [S + V, M, N]
        Normalised scores; at most as many rows for shared names as for the models' own.
    """

    scores: FloatArray
    mask: NDArray[np.uint64]
    group: IntArray
    is_uniform: BoolArray
    has_any: BoolArray
    z_row: IntArray
    z_shared: IntArray
    z: FloatArray


class FusionWork(NamedTuple):
    """Room for the scores of one combo, and the partial sums of the one before.

    Attributes
    ----------
    state : int64 [2]
        Row of `FusionTables.z` that was summed, and how many sums there are.
    models : int64 [M]
        The models that were summed, in order.
    partial : float64 [M, N]
        Row k is the sum of the first k + 1 of them.
    fused, z : float64 [N]
        The combo's scores; the normalised scores of one model.
    is_shared : bool [N]
        Names that all models of the combo score.
    """

    state: IntArray
    models: IntArray
    partial: FloatArray
    fused: FloatArray
    z: FloatArray
    is_shared: BoolArray


@kernel
def standardise_row_nb(scores: FloatArray, is_counted: BoolArray, z: FloatArray) -> None:
    """Write how many deviations each counted score lies from their mean, NaN elsewhere.

    Equals `quantpits.signals.zscore` of one day, operation by operation.

    Parameters
    ----------
    scores : float64 [N]
        Scores of a day, finite where they count.
    is_counted : bool [N]
        Which of them count.
    z : float64 [N]
        Written.
    """
    count, largest = 0, 0.0
    for name in range(scores.size):
        if is_counted[name]:
            count += 1
            largest = max(largest, abs(scores[name]))
    exponent = -math.frexp(largest)[1]
    total, highest, lowest = 0.0, -np.inf, np.inf
    for name in range(scores.size):
        z[name] = np.nan
        if is_counted[name]:
            value = math.ldexp(scores[name], exponent)
            z[name] = value
            total += value
            highest = max(highest, value)
            lowest = min(lowest, value)
    mean = total / max(count, 1)
    squares = 0.0
    for name in range(scores.size):
        if is_counted[name]:
            z[name] -= mean
            squares += z[name] * z[name]
    deviation = math.sqrt(squares / max(count - 1, 1))
    for name in range(scores.size):
        if is_counted[name]:
            z[name] = 0.0 if highest <= lowest else z[name] / deviation


@kernel
def standardise_rows_nb(
    scores: FloatArray, z_row: IntArray, is_counted: BoolArray, z: FloatArray
) -> None:
    """Normalise every model on its own names, for the days that have a row in `z`.

    Parameters
    ----------
    scores : float64 [M, T, N]
        Raw scores, NaN for none.
    z_row : int64 [T]
        Row of `z` for each day, -1 for none.
    is_counted : bool [N]
        Room to work in.
    z : float64 [S, M, N]
        Written.
    """
    for model in range(scores.shape[0]):
        for row in range(z_row.size):
            if z_row[row] >= 0:
                for name in range(is_counted.size):
                    is_counted[name] = not np.isnan(scores[model, row, name])
                standardise_row_nb(scores[model, row], is_counted, z[z_row[row], model])


@kernel
def is_sharing_nb(members: IntArray, row: int, tables: FusionTables) -> bool:
    """Return whether there is a name that all members score on the day.

    Parameters
    ----------
    members : int64 [size]
        The models of the combo.
    row : int64
        The day.
    tables : FusionTables
        What the models score.

    Returns
    -------
    bool
        Whether the day counts for the combo.
    """
    if tables.is_uniform[row]:
        return bool(tables.has_any[row])
    for word in range(tables.mask.shape[2]):
        shared = tables.mask[row, members[0], word]
        for place in range(1, members.size):
            shared &= tables.mask[row, members[place], word]
        if shared != 0:
            return True
    return False


@kernel
def own_rows_nb(members: IntArray, tables: FusionTables) -> tuple[int, int]:
    """Return the first day that counts for the combo, and the one after the last; 0, 0 for none.

    Parameters
    ----------
    members : int64 [size]
        The models of the combo.
    tables : FusionTables
        What the models score.

    Returns
    -------
    first, stop : int64
        Rows, half-open.
    """
    n_rows = tables.is_uniform.size
    first, stop = 0, n_rows
    while first < n_rows and not is_sharing_nb(members, first, tables):
        first += 1
    if first == n_rows:
        return 0, 0
    while not is_sharing_nb(members, stop - 1, tables):
        stop -= 1
    return first, stop


@kernel
def z_row_nb(members: IntArray, row: int, tables: FusionTables) -> int:
    """Return the row of normalised scores that holds for the combo on the day, -1 for none.

    Parameters
    ----------
    members : int64 [size]
        The models of the combo.
    row : int64
        The day.
    tables : FusionTables
        What the models say.

    Returns
    -------
    int64
        Row of ``z``.
    """
    own: int = tables.z_row[row]
    if own < 0 or tables.is_uniform[row]:
        return own
    bits, is_one_group = 0, True
    for place in range(members.size):
        group = tables.group[row, members[place]]
        is_one_group = is_one_group and group == tables.group[row, members[0]]
        bits |= 1 << min(group, _GROUPS)
    if is_one_group:
        return own
    shared: int = tables.z_shared[row, bits]
    return shared


@kernel
def fuse_shared_nb(members: IntArray, row: int, tables: FusionTables, work: FusionWork) -> None:
    """Write the mean of the members' normalised scores on the names that all of them score.

    Parameters
    ----------
    members : int64 [size]
        The models of the combo, ascending.
    row : int64
        The day.
    tables : FusionTables
        Raw scores.
    work : FusionWork
        ``fused`` is written; the partial sums stay.
    """
    work.is_shared[:] = True
    for place in range(members.size):
        scores = tables.scores[members[place], row]
        for name in range(scores.size):
            work.is_shared[name] = work.is_shared[name] and not np.isnan(scores[name])
    for place in range(members.size):
        standardise_row_nb(tables.scores[members[place], row], work.is_shared, work.z)
        for name in range(work.z.size):
            work.fused[name] = work.z[name] if place == 0 else work.fused[name] + work.z[name]
    for name in range(work.fused.size):
        work.fused[name] /= members.size


@kernel
def fuse_combo_nb(members: IntArray, row: int, tables: FusionTables, work: FusionWork) -> None:
    """Write the scores of a combo on a day: the mean of its members' normalised scores.

    Equals ``(z[0] + z[1] + ...) / size`` in that order, NaN where a member has no score.

    Parameters
    ----------
    members : int64 [size]
        The models of the combo, ascending.
    row : int64
        The day.
    tables : FusionTables
        What the models say.
    work : FusionWork
        ``fused`` is written. Partial sums are used again where combo and day begin as before.
    """
    z_row = z_row_nb(members, row, tables)
    if z_row < 0:
        fuse_shared_nb(members, row, tables, work)
        return
    known = 0
    if work.state[0] == z_row:
        known = min(work.state[1], members.size)
        for place in range(known):
            if work.models[place] != members[place]:
                known = place
                break
    of_day = tables.z[z_row]
    for place in range(known, members.size):
        z, total = of_day[members[place]], work.partial[place]
        before = work.partial[max(place - 1, 0)]
        for name in range(z.size):
            total[name] = z[name] if place == 0 else before[name] + z[name]
        work.models[place] = members[place]
    work.state[0], work.state[1] = z_row, members.size
    total = work.partial[members.size - 1]
    for name in range(total.size):
        work.fused[name] = total[name] / members.size


def fusion_tables(scores: FloatArray, is_traded_on: BoolArray) -> FusionTables:
    """Put the scores of the models into tables.

    Parameters
    ----------
    scores : float64 [M, T, N]
        Raw scores, NaN for none.
    is_traded_on : bool [T]
        Days whose scores a combo may trade on.

    Returns
    -------
    FusionTables
        The tables; `scores` is referred to, not copied.
    """
    n_models, n_rows, n_names = scores.shape
    n_words = -(-n_names // _BITS)
    mask = np.zeros((n_rows, n_models, n_words * _BYTES), dtype=np.uint8)
    for model in range(n_models):
        packed = np.packbits(~np.isnan(scores[model]), axis=1)
        mask[:, model, : packed.shape[1]] = packed
    words = mask.view(np.uint64)
    group = _groups(words)
    n_own = int(is_traded_on.sum())
    z_row = np.where(is_traded_on, np.cumsum(is_traded_on) - 1, -1).astype(np.int64)
    z_shared, shared_rows, shared_masks = _shared_rows(words, group, z_row)
    z = np.empty((n_own + shared_rows.size, n_models, n_names))
    standardise_rows_nb(scores, z_row, np.zeros(n_names, dtype=np.bool_), z)
    for place, (row, names) in enumerate(zip(shared_rows, shared_masks, strict=True)):
        is_shared = np.unpackbits(names.view(np.uint8), count=n_names).astype(np.bool_)
        for model in range(n_models):
            # A model that lacks some of the names is never in a combo of these groups.
            if not np.isnan(scores[model, row, is_shared]).any():
                standardise_row_nb(scores[model, row], is_shared, z[n_own + place, model])
    return FusionTables(
        scores=scores,
        mask=words,
        group=group,
        is_uniform=(group == 0).all(axis=1),
        has_any=np.asarray(words[:, 0].any(axis=1)),
        z_row=z_row,
        z_shared=z_shared,
        z=z,
    )


def _groups(words: NDArray[np.uint64]) -> IntArray:
    """Return a number for each model and day, the same where the same names are scored."""
    n_rows, n_models, _ = words.shape
    group = np.zeros((n_rows, n_models), dtype=np.int64)
    n_groups = np.ones(n_rows, dtype=np.int64)
    for model in range(1, n_models):
        is_known = np.zeros(n_rows, dtype=np.bool_)
        for other in range(model):
            is_same = ~is_known & (words[:, model] == words[:, other]).all(axis=1)
            group[is_same, model] = group[is_same, other]
            is_known |= is_same
        group[~is_known, model] = n_groups[~is_known]
        n_groups[~is_known] += 1
    return group


def _shared_rows(
    words: NDArray[np.uint64], group: IntArray, z_row: IntArray
) -> tuple[IntArray, IntArray, list[NDArray[np.uint64]]]:
    """Return where shared rows stand, the day of each and the names it is about."""
    n_own = int((z_row >= 0).sum())
    z_shared = np.full((z_row.size, 2 ** (_GROUPS + 1)), -1, dtype=np.int64)
    rows: list[int] = []
    masks: list[NDArray[np.uint64]] = []
    for row in np.flatnonzero((z_row >= 0) & (group > 0).any(axis=1)):
        known: dict[bytes, int] = {}
        n_groups = min(int(group[row].max()) + 1, _GROUPS)
        of_group = [words[row, int(np.argmax(group[row] == each))] for each in range(n_groups)]
        for size in range(2, n_groups + 1):
            for groups in combinations(range(n_groups), size):
                mask = np.bitwise_and.reduce([of_group[each] for each in groups])
                place = known.setdefault(mask.tobytes(), n_own + len(rows))
                if place == n_own + len(rows):
                    if len(rows) == n_own or not mask.any():
                        del known[mask.tobytes()]
                        continue
                    rows.append(int(row))
                    masks.append(mask)
                z_shared[row, sum(1 << each for each in groups)] = place
    return z_shared, np.array(rows, dtype=np.int64), masks


def fusion_work(n_models: int, n_instruments: int) -> FusionWork:
    """Return room to fuse in.

    Parameters
    ----------
    n_models, n_instruments : int
        Models of the panel, and names.

    Returns
    -------
    FusionWork
        Fresh arrays without a partial sum.
    """
    fused, z = np.zeros((2, n_instruments))
    return FusionWork(
        state=np.array([-1, 0], dtype=np.int64),
        models=np.zeros(n_models, dtype=np.int64),
        partial=np.zeros((n_models, n_instruments)),
        fused=fused,
        z=z,
        is_shared=np.zeros(n_instruments, dtype=np.bool_),
    )
