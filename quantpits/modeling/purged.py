"""Purged splits of a span of sessions: combinatorial, after López de Prado, by skfolio.

The sessions are cut into equal folds, and every choice of some of them is a test once. Training
sessions whose label reaches into a test fold, or that a test label reaches into, are purged, and
more of them are left out after each test fold as an embargo. Each fold is tested in several splits;
one test of every fold, put together, is a path: a whole history out of sample. The spread over the
paths tells how much of a number is the choice of the split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import MissingDataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    _Positions = tuple[NDArray[np.int64], list[NDArray[np.int64]], tuple[int, ...]]

__all__ = ["PurgedSplit", "purged_splits", "spans_of"]

# Of the training sessions of a split, the last ones are for early stopping.
_VALID_SHARE = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class PurgedSplit:
    """One split of a span of sessions.

    Attributes
    ----------
    train, valid : datetime64[D] [n]
        Sessions to learn from and to stop by; as far apart as the label looks ahead.
    tests : tuple of datetime64[D] [n]
        The folds that are tested.
    paths : tuple of int
        The path that each tested fold belongs to.
    """

    train: NDArray[np.datetime64]
    valid: NDArray[np.datetime64]
    tests: tuple[NDArray[np.datetime64], ...]
    paths: tuple[int, ...]


def purged_splits(
    sessions: NDArray[np.datetime64],
    *,
    n_folds: int,
    n_test_folds: int,
    purge: int,
    embargo: int = 0,
) -> tuple[PurgedSplit, ...]:
    """Return every split.

    Parameters
    ----------
    sessions : datetime64[D] [n_sessions]
        The span, ascending.
    n_folds, n_test_folds : int
        Into how many folds it is cut, and how many of them are tested at a time; with one it is a
        purged K-fold with a single path.
    purge : int
        How far the label looks ahead [sessions].
    embargo : int
        More sessions to leave out after each test fold [sessions].

    Returns
    -------
    tuple of PurgedSplit
        All choices of `n_test_folds` out of `n_folds`.

    Raises
    ------
    UsageError
        If no fold would be left to learn from.
    MissingDataError
        If the span is too short, or a split would leave nothing to learn from.

    Notes
    -----
    Source: M. López de Prado, Advances in Financial Machine Learning (2018), chapter 12.
    """
    if n_test_folds >= n_folds:
        raise UsageError(
            "As many folds would be tested as there are.",
            expected="fewer folds tested at a time than there are folds",
            found=f"{n_test_folds} of {n_folds}",
        )
    shortest = (purge + embargo + 2) * n_folds * 2
    if len(sessions) < shortest:
        raise MissingDataError(
            "The span is too short for so many folds.",
            expected=f"at least {shortest} sessions",
            found=f"{len(sessions)} sessions",
            hint="ask for fewer folds, raise train_set_windows, or lower --embargo",
        )
    choose = _k_fold if n_test_folds == 1 else _combinations
    chosen = choose(len(sessions), (n_folds, n_test_folds), purge=purge, embargo=embargo)
    splits = []
    for train, tests, paths in chosen:
        n_valid = max(1, int(len(train) * _VALID_SHARE))
        valid = train[-n_valid:]
        learnt = train[train < valid[0] - purge]
        if not len(learnt):
            raise MissingDataError(
                "A split leaves nothing to learn from.",
                expected="more folds than are tested at a time",
                found=f"{n_test_folds} of {n_folds} folds are tested",
            )
        splits.append(
            PurgedSplit(
                train=sessions[learnt],
                valid=sessions[valid],
                tests=tuple(sessions[test] for test in tests),
                paths=paths,
            )
        )
    return tuple(splits)


def _combinations(
    n_sessions: int, folds: tuple[int, int], *, purge: int, embargo: int
) -> Iterator[_Positions]:
    """Yield what to learn from, what to test and the paths of every choice of folds."""
    from skfolio.model_selection import CombinatorialPurgedCV  # noqa: PLC0415 - heavy

    splitter = CombinatorialPurgedCV(
        n_folds=folds[0], n_test_folds=folds[1], purged_size=purge, embargo_size=embargo
    )
    splits = splitter.split(np.zeros((n_sessions, 1)))
    for (train, tests), paths in zip(splits, splitter.get_path_ids(), strict=True):
        yield train, tests, tuple(int(path) for path in paths)


def _k_fold(
    n_sessions: int, folds: tuple[int, int], *, purge: int, embargo: int
) -> Iterator[_Positions]:
    """Yield the same for each fold alone, which skfolio's class does not take."""
    everything = np.arange(n_sessions)
    for test in np.array_split(everything, folds[0]):
        is_before = everything < test[0] - purge
        is_after = everything > test[-1] + purge + embargo
        yield everything[is_before | is_after], [test], (0,)


def spans_of(
    days: NDArray[np.datetime64], sessions: NDArray[np.datetime64]
) -> list[tuple[str, str]]:
    """Return first and last day of each run of sessions without a hole, as ISO dates.

    Examples
    --------
    >>> sessions = np.arange("2026-01-05", "2026-01-10", dtype="datetime64[D]")
    >>> spans_of(sessions[[0, 1, 3]], sessions)
    [('2026-01-05', '2026-01-06'), ('2026-01-08', '2026-01-08')]
    """
    positions = np.searchsorted(sessions, days)
    breaks = np.flatnonzero(np.diff(positions) > 1) + 1
    return [(str(part[0]), str(part[-1])) for part in np.split(days, breaks) if len(part)]
