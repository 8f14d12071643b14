"""Every combination of models that a search looks at, as two flat arrays.

The models are sorted, a combo lists them in that order, and the combos come by size and then by
name. So the same choice of models and sizes is the same list, whatever order a file had.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations, pairwise, product
from math import comb, prod
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.errors import UsageError
from quantpits.workspace import sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quantpits.search.results import IntArray

__all__ = [
    "MOST_COMBOS",
    "ComboList",
    "combos_by_group",
    "combos_by_size",
    "combos_of",
    "count_by_group",
    "count_by_size",
]

MOST_COMBOS: Final = 20_000_000
"""More than this are refused: their results would not fit in memory [count]."""


@dataclass(frozen=True, eq=False)
class ComboList:
    """Some combinations of models.

    Attributes
    ----------
    models : tuple of str [M]
        Sorted.
    members : int64 [sum of sizes]
        Positions in `models`, increasing within a combo.
    starts : int64 [B + 1]
        Combo b is ``members[starts[b]:starts[b + 1]]``.
    """

    models: tuple[str, ...]
    members: IntArray
    starts: IntArray

    def __len__(self) -> int:
        """Return the number of combos B."""
        return len(self.starts) - 1

    @cached_property
    def sizes(self) -> IntArray:
        """Members of each combo: int64 [B]."""
        return np.diff(self.starts)

    @cached_property
    def sha256(self) -> str:
        """Hash of what is searched, and in which order."""
        names = "\n".join(self.models).encode()
        return sha256_bytes(names + self.members.tobytes() + self.starts.tobytes())

    def slice(self, first: int, stop: int) -> tuple[IntArray, IntArray]:
        """Return the members and starts of combos `first` to `stop`, excluded."""
        begin, end = self.starts[first], self.starts[stop]
        return self.members[begin:end], self.starts[first : stop + 1] - begin

    def take(self, rows: IntArray) -> ComboList:
        """Return some of the combos, in the order of `rows` (int64 [R])."""
        pieces = [self.members[self.starts[row] : self.starts[row + 1]] for row in rows.tolist()]
        joined = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int64)
        return ComboList(self.models, joined, _starts([len(piece) for piece in pieces]))

    def labels(self) -> list[str]:
        """Return each combo as the results file writes it: names joined by commas [B]."""
        members = self.members.tolist()
        names = self.models
        bounds = self.starts.tolist()
        return [
            ",".join([names[at] for at in members[begin:end]]) for begin, end in pairwise(bounds)
        ]


def count_by_size(n_models: int, sizes: range) -> int:
    """Return how many combos `combos_by_size` makes.

    Examples
    --------
    >>> count_by_size(20, range(1, 21))
    1048575
    """
    return sum(comb(n_models, size) for size in sizes)


def combos_by_size(models: Sequence[str], sizes: range) -> ComboList:
    """Return every combination of these sizes.

    Parameters
    ----------
    models : sequence of str
        In any order.
    sizes : range
        Members of a combo.

    Returns
    -------
    ComboList
        Smaller combos first, then by name.

    Raises
    ------
    UsageError
        If there are more than `MOST_COMBOS`.

    Examples
    --------
    >>> combos_by_size(["b", "a", "c"], range(2, 4)).labels()
    ['a,b', 'a,c', 'b,c', 'a,b,c']
    """
    names = tuple(sorted(models))
    _refuse_too_many(count_by_size(len(names), sizes))
    blocks = []
    for size in sizes:
        n_combos = comb(len(names), size)
        flat = chain.from_iterable(combinations(range(len(names)), size))
        blocks.append(_matrix(flat, n_combos, size))
    return _joined(names, blocks)


def count_by_group(groups: Mapping[str, Sequence[str]], sizes: range) -> int:
    """Return how many combos `combos_by_group` makes.

    Examples
    --------
    >>> count_by_group({"trees": ["a", "b"], "nets": ["c", "d", "e"]}, range(1, 3))
    11
    """
    counts = [len(models) for models in groups.values()]
    return sum(prod(chosen) for size in sizes for chosen in combinations(counts, size))


def combos_by_group(groups: Mapping[str, Sequence[str]], sizes: range) -> ComboList:
    """Return every combination with at most one model of each group.

    Parameters
    ----------
    groups : mapping of str to sequence of str
        Models by group, none in two of them.
    sizes : range
        Groups that a combo takes one model from.

    Returns
    -------
    ComboList
        Smaller combos first, then by name.

    Raises
    ------
    UsageError
        If there are more than `MOST_COMBOS`.

    Examples
    --------
    >>> combos_by_group({"trees": ["b", "a"], "nets": ["c"]}, range(1, 3)).labels()
    ['a', 'b', 'c', 'a,c', 'b,c']
    """
    names = tuple(sorted(chain.from_iterable(groups.values())))
    _refuse_too_many(count_by_group(groups, sizes))
    place = {name: at for at, name in enumerate(names)}
    members = [[place[name] for name in models] for models in groups.values()]
    blocks = []
    for size in sizes:
        rows = chain.from_iterable(product(*chosen) for chosen in combinations(members, size))
        n_combos = sum(prod(map(len, chosen)) for chosen in combinations(members, size))
        block = np.sort(_matrix(chain.from_iterable(rows), n_combos, size), axis=1)
        blocks.append(block[np.lexsort(block.T[::-1])])
    return _joined(names, blocks)


def combos_of(combos: Sequence[Sequence[str]]) -> ComboList:
    """Return named combos in the order given, without repeats.

    Parameters
    ----------
    combos : sequence of sequence of str
        Names of models; their order within a combo does not matter.

    Returns
    -------
    ComboList
        Its models are those that occur.

    Raises
    ------
    UsageError
        If a combo is empty or names a model twice.

    Examples
    --------
    >>> combos_of([["b", "a"], ["c"], ["a", "b"]]).labels()
    ['a,b', 'c']
    """
    names = tuple(sorted(set(chain.from_iterable(combos))))
    place = {name: at for at, name in enumerate(names)}
    unique: dict[tuple[int, ...], None] = {}
    for combo in combos:
        if not combo or len(set(combo)) != len(combo):
            raise UsageError(
                "A combo must name different models.", found=",".join(combo) or "no model"
            )
        unique[tuple(sorted(place[name] for name in combo))] = None
    flat = np.fromiter(chain.from_iterable(unique), dtype=np.int64)
    return ComboList(names, flat, _starts([len(combo) for combo in unique]))


def _matrix(flat: Iterable[int], n_combos: int, size: int) -> IntArray:
    return np.fromiter(flat, dtype=np.int64, count=n_combos * size).reshape(n_combos, size)


def _joined(names: tuple[str, ...], blocks: list[IntArray]) -> ComboList:
    sizes = np.concatenate([np.full(len(block), block.shape[1]) for block in blocks])
    return ComboList(names, np.concatenate([block.ravel() for block in blocks]), _starts(sizes))


def _starts(sizes: Sequence[int] | IntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def _refuse_too_many(n_combos: int) -> None:
    if n_combos > MOST_COMBOS:
        raise UsageError(
            "There are too many combos to search.",
            expected=f"at most {MOST_COMBOS:,}",
            found=f"{n_combos:,}",
            hint="limit their size with --max-combo-size, or take one model of each family with "
            "--use-groups",
        )
