"""Purged splits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import MissingDataError, UsageError
from quantpits.modeling.purged import purged_splits, spans_of

DAYS = np.arange("2020-01-01", "2022-01-01", dtype="datetime64[D]")
SESSIONS = DAYS[np.is_busday(DAYS)]


@pytest.mark.property
@given(
    n_folds=st.integers(3, 8),
    n_test_folds=st.integers(1, 2),
    purge=st.integers(0, 8),
    embargo=st.integers(0, 20),
)
def test_no_label_crosses_between_learning_stopping_and_testing(
    n_folds, n_test_folds, purge, embargo
):
    splits = purged_splits(
        SESSIONS, n_folds=n_folds, n_test_folds=n_test_folds, purge=purge, embargo=embargo
    )
    for split in splits:
        train, valid = (np.searchsorted(SESSIONS, days) for days in (split.train, split.valid))
        assert purge < valid.min() - train.max()
        for test in split.tests:
            at = np.searchsorted(SESSIONS, test)
            for known in (train, valid):
                before, after = known[known < at[0]], known[known > at[-1]]
                assert not before.size or at[0] - before.max() > purge
                assert not after.size or after.min() - at[-1] > purge + embargo
                assert not np.isin(known, at).any()


def test_every_path_tests_every_session_once():
    splits = purged_splits(SESSIONS, n_folds=6, n_test_folds=2, purge=6)
    assert 15 == len(splits)
    paths = {}
    for split in splits:
        for test, path in zip(split.tests, split.paths, strict=True):
            paths.setdefault(path, []).extend(test)
    assert set(range(5)) == set(paths)
    for days in paths.values():
        assert SESSIONS.tolist() == sorted(day.tolist() for day in np.array(days))


def test_too_many_folds_for_the_span_are_refused():
    with pytest.raises(MissingDataError, match="too short for so many folds"):
        purged_splits(SESSIONS[:50], n_folds=6, n_test_folds=2, purge=6)


def test_not_every_fold_can_be_tested():
    with pytest.raises(UsageError, match="As many folds would be tested"):
        purged_splits(SESSIONS, n_folds=3, n_test_folds=3, purge=6)


def test_a_split_must_leave_something_to_learn_from():
    with pytest.raises(MissingDataError, match="nothing to learn from"):
        purged_splits(SESSIONS[:200], n_folds=10, n_test_folds=9, purge=8)


def test_spans_are_runs_of_sessions_over_weekends_too():
    spans = spans_of(SESSIONS[[0, 1, 2, 3, 7]], SESSIONS)
    assert [("2020-01-01", "2020-01-06"), ("2020-01-10", "2020-01-10")] == spans
    assert [] == spans_of(SESSIONS[:0], SESSIONS)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
