"""Enumeration: every combo once, in an order of its own."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import UsageError
from quantpits.search.combos import (
    combos_by_group,
    combos_by_size,
    combos_of,
    count_by_group,
    count_by_size,
)

NAMES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=7, unique=True)


@pytest.mark.property
@given(NAMES, st.data())
def test_every_subset_of_each_size_is_there_once(names, data):
    low = data.draw(st.integers(1, len(names)))
    high = data.draw(st.integers(low, len(names)))
    found = combos_by_size(names, range(low, high + 1))
    expected = [
        ",".join(combo)
        for size in range(low, high + 1)
        for combo in combinations(sorted(names), size)
    ]
    assert expected == found.labels()
    assert len(found) == count_by_size(len(names), range(low, high + 1))
    again = combos_by_size(list(reversed(names)), range(low, high + 1))
    assert found.sha256 == again.sha256, "the order of the records does not matter"


@pytest.mark.property
@given(NAMES, st.lists(st.integers(0, 2), min_size=7, max_size=7), st.integers(1, 3))
def test_groups_give_at_most_one_model_each(names, owners, size):
    groups = {}
    for name, owner in zip(names, owners, strict=False):
        groups.setdefault(f"g{owner}", []).append(name)
    sizes = range(1, min(size, len(groups)) + 1)
    found = combos_by_group(groups, sizes)
    owner_of = {name: group for group, models in groups.items() for name in models}
    expected = sorted(
        (
            combo
            for n_members in sizes
            for combo in combinations(sorted(names), n_members)
            if len({owner_of[name] for name in combo}) == n_members
        ),
        key=lambda combo: (len(combo), combo),
    )
    assert [",".join(combo) for combo in expected] == found.labels()
    assert len(found) == count_by_group(groups, sizes)


def test_all_combos_of_twenty_models_are_listed_quickly_and_increasing():
    found = combos_by_size([f"m{number:02}" for number in range(20)], range(1, 21))
    assert 1_048_575 == len(found)
    is_first = np.zeros(len(found.members) + 1, dtype=bool)
    is_first[found.starts] = True
    assert ((np.diff(found.members) > 0) | is_first[1:-1]).all()


def test_a_slice_and_a_choice_keep_their_members():
    found = combos_by_size("abc", range(1, 4))
    members, starts = found.slice(3, 5)
    assert ([0, 1, 0, 2], [0, 2, 4]) == (members.tolist(), starts.tolist())
    assert ["a,b,c", "b"] == found.take(np.array([6, 1])).labels()
    assert [] == found.take(np.array([], dtype=np.int64)).labels()
    assert [1, 1, 1, 2, 2, 2, 3] == found.sizes.tolist()


def test_named_combos_keep_their_order_without_repeats():
    assert ["b,c", "a"] == combos_of([("c", "b"), ("a",), ("b", "c")]).labels()
    for wrong in ((), ("a", "a")):
        with pytest.raises(UsageError, match="must name different models"):
            combos_of([wrong])


def test_too_many_combos_are_refused_before_they_are_listed():
    names = [f"m{number:02}" for number in range(30)]
    with pytest.raises(UsageError, match=r"too many combos") as caught:
        combos_by_size(names, range(1, 31))
    assert "1,073,741,823" in str(caught.value)
    groups = {f"g{number}": [f"m{number}a", f"m{number}b"] for number in range(18)}
    with pytest.raises(UsageError, match="too many combos"):
        combos_by_group(groups, range(1, 19))
