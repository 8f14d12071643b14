"""Results in ranking order."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import ShapeError, UsageError
from quantpits.search.combos import combos_by_size
from quantpits.search.results import COLUMNS, ComboPaths, SearchResults, ranking

DAYS = np.arange("2026-01-05", "2026-01-09", dtype="datetime64[D]")


def results_of(models=("a", "b", "c")):
    combos = combos_by_size(models, range(1, len(models) + 1))
    n_combos = len(combos)
    return SearchResults(
        anchor=date(2026, 1, 8),
        kind="fast",
        models=combos.models,
        members=combos.members,
        starts=combos.starts,
        table={name: np.arange(n_combos, dtype=float) for name in COLUMNS},
        moments=np.zeros((n_combos, 2, 4)),
        block_rows=np.ones(4, dtype=np.int64),
        first_rows=np.zeros(n_combos, dtype=np.int64),
        stop_rows=np.full(n_combos, 4),
        dates=DAYS,
        benchmark_returns=None,
        correlation=np.eye(len(models)),
        n_trials=n_combos,
        periods_per_year=252,
        description=(),
        is_synthetic=True,
        paths_of=lambda rows: ComboPaths(DAYS, np.ones((len(rows), 4)), np.zeros((len(rows), 4))),
    )


def test_combos_by_row():
    found = results_of()
    assert 7 == found.n_combos
    assert ("a", "c") == found.models_of(4)
    assert "a,c" == found.label_of(4)
    assert ["a,b,c", "b", "a,c"] == found.labels_of(np.array([6, 1, 4]))
    assert {"a": 0, "b": 1, "c": 2} == found.single_rows
    assert [1, 1, 1, 2, 2, 2, 3] == found.sizes.tolist()
    assert [] == found.labels_of(np.array([], dtype=np.int64))


def test_a_combo_is_found_by_its_models_in_any_order():
    found = results_of()
    assert 4 == found.row_of(["c", "a"])
    for names in (["a", "x"], []):
        with pytest.raises(UsageError, match="holds no such combo"):
            found.row_of(names)


def test_who_is_in_which_combo():
    found = results_of()
    assert [[True, False, True]] == found.member_matrix(np.array([4])).tolist()
    assert found.sizes.tolist() == found.member_matrix().sum(axis=1).tolist()


def test_undefined_keys_come_last_and_ties_go_by_name():
    combos = combos_by_size(("a", "b", "c"), range(1, 4))
    key = np.array([np.nan, 1.0, 1.0, 1.0, np.nan, 2.0, -np.inf])
    order = ranking(key, members=combos.members, starts=combos.starts).tolist()
    assert ["b,c", "a,b", "b", "c", "a,b,c", "a", "a,c"] == [combos.labels()[at] for at in order]
    assert [0] == ranking(np.array([1.0]), members=np.array([0]), starts=np.array([0, 1])).tolist()


@pytest.mark.property
@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), min_size=15, max_size=15))
def test_the_order_is_that_of_sorting_key_and_names(key):
    combos = combos_by_size(("a", "b", "c", "d"), range(1, 5))
    names = [tuple(label.split(",")) for label in combos.labels()]
    expected = sorted(
        range(15), key=lambda at: (np.isnan(key[at]), -np.nan_to_num(key[at]), names[at])
    )
    assert expected == ranking(np.array(key), members=combos.members, starts=combos.starts).tolist()


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ShapeError, match="does not fit the combos"):
        ranking(np.zeros(3), members=np.array([0]), starts=np.array([0, 1]))
