"""The scores of a combo: the bits of `standardise` and `fuse`, by either way."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantpits.signals import fuse, zscore
from quantpits.trading.combos_fusion import (
    fuse_combo_nb,
    fusion_tables,
    fusion_work,
    is_sharing_nb,
    own_rows_nb,
    standardise_row_nb,
    z_row_nb,
)

NAN = np.nan
SEEDS = st.integers(0, 2**31)
SCORES = st.one_of(
    st.just(NAN),
    st.sampled_from([0.0, -0.0, 1.0, 3.0]),
    st.floats(-1e300, 1e300),
    st.floats(-1e-300, 1e-300),
)


def draw_scores(seed, *, n_models=5, n_days=6, n_names=70):
    """Draw days on which all models score the same names, some do, or none does."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n_models, n_days, n_names))
    scores[:, rng.random((n_days, n_names)) < 0.2] = NAN
    for day in range(1, n_days, 2):
        lacking = rng.random((n_models, n_names)) < rng.choice([0.0, 0.1, 0.9])
        lacking[rng.random(n_models) < 0.5] = False
        scores[:, day][lacking] = NAN
    scores[rng.integers(n_models), n_days - 1] = NAN
    return scores


def tables_of(scores, is_traded_on=None):
    every_day = np.ones(scores.shape[1], dtype=bool)
    return fusion_tables(scores, every_day if is_traded_on is None else is_traded_on)


def expected_row(scores, combo, day):
    of_day = scores[list(combo), day]
    is_shared = ~np.isnan(of_day).any(axis=0)
    z = np.stack([zscore(np.where(is_shared, row, NAN)[np.newaxis]) for row in of_day])
    return fuse(z, np.ones(len(combo)))[0]


@pytest.mark.property
@settings(deadline=None, max_examples=100)
@given(arrays(np.float64, st.integers(1, 9), elements=SCORES))
def test_a_row_is_normalised_to_the_bits_of_zscore(plain, scores):
    expected = zscore(scores[np.newaxis])[0]
    for call in (lambda kernel: kernel, plain):
        z = np.zeros(scores.size)
        call(standardise_row_nb)(scores, ~np.isnan(scores), z)
        assert expected.tobytes() == z.tobytes()


@pytest.mark.property
@settings(deadline=None, max_examples=25)
@given(SEEDS, st.booleans(), st.randoms(use_true_random=False))
def test_every_combo_and_day_has_the_bits_of_standardise_and_fuse(seed, is_table_whole, order):
    scores = draw_scores(seed)
    n_models, n_days, n_names = scores.shape
    is_traded_on = np.ones(n_days, dtype=bool)
    is_traded_on[2:4] = is_table_whole  # a day without normalised scores is normalised when asked
    tables = tables_of(scores, is_traded_on)
    work = fusion_work(n_models, n_names)
    sizes = range(1, n_models + 1)
    asked = [
        (day, combo)
        for day in range(n_days)
        for size in sizes
        for combo in combinations(range(n_models), size)
    ]
    if seed % 2:
        order.shuffle(asked)
    for day, combo in asked:
        fuse_combo_nb(np.array(combo), day, tables, work)
        assert expected_row(scores, combo, day).tobytes() == work.fused.tobytes()


def test_both_ways_in_plain_python(plain):
    scores = draw_scores(3, n_models=3, n_days=4, n_names=6)
    tables, work = tables_of(scores), fusion_work(3, 6)
    for day in range(4):
        for combo in ((0,), (0, 1), (0, 1, 2), (0, 2), (1, 2)):
            plain(fuse_combo_nb)(np.array(combo), day, tables, work)
            assert expected_row(scores, combo, day).tobytes() == work.fused.tobytes()


def _coverage():
    scores = np.ones((3, 5, 130))
    scores[:, 0] = NAN  # nobody
    scores[0, 1] = NAN  # not the first model
    scores[1, 2, :129] = NAN  # the second only the last name
    scores[2, 2, 129] = NAN  # the third all but that
    scores[:, 4] = NAN
    return tables_of(scores)


@pytest.mark.parametrize(
    ("members", "sharing", "rows"),
    [
        ([0], [False, False, True, True, False], (2, 4)),
        ([1, 2], [False, True, False, True, False], (1, 4)),
        ([0, 1], [False, False, True, True, False], (2, 4)),
        ([0, 1, 2], [False, False, False, True, False], (3, 4)),
    ],
)
def test_a_day_counts_if_all_score_a_common_name(form, members, sharing, rows):
    tables, own = _coverage(), np.array(members)
    assert sharing == [form(is_sharing_nb)(own, day, tables) for day in range(5)]
    assert rows == form(own_rows_nb)(own, tables)


def test_a_combo_that_shares_nothing_has_no_rows(form):
    scores = np.ones((2, 3, 4))
    scores[0, :, :2], scores[1, :, 2:] = NAN, NAN
    assert (0, 0) == form(own_rows_nb)(np.array([0, 1]), tables_of(scores))


def test_the_table_holds_where_groups_share_names(form):
    tables = _coverage()
    rows = {
        combo: [form(z_row_nb)(np.array(combo), day, tables) for day in range(5)]
        for combo in ((0,), (1, 2), (0, 1), (0, 2), (0, 1, 2))
    }
    assert [0, 1, 2, 3, 4] == rows[0,]
    # On the third day the last two share no name; the first shares with each what that one scores.
    assert [0, 1, -1, 3, 4] == rows[1, 2]
    assert [0, -1, 5, 3, 4] == rows[0, 1]
    assert [0, -1, 6, 3, 4] == rows[0, 2]
    assert [0, -1, -1, 3, 4] == rows[0, 1, 2]
    none = tables._replace(z_row=np.full(5, -1))
    assert -1 == form(z_row_nb)(np.array([0, 1]), 3, none)


def test_tables_know_which_models_score_the_same():
    tables = _coverage()
    assert [True, False, False, True, True] == tables.is_uniform.tolist()
    assert [[0, 1, 1], [0, 1, 2]] == tables.group[1:3].tolist()
    assert [0, 1, 2, 3, 4] == tables.z_row.tolist()
    assert (7, 3, 130) == tables.z.shape


def test_shared_rows_are_at_most_as_many_as_own_rows():
    rng = np.random.default_rng(2)
    scores = np.where(rng.random((7, 4, 40)) < 0.2, NAN, rng.normal(size=(7, 4, 40)))
    tables = tables_of(scores)
    assert (8, 7, 40) == tables.z.shape
    assert {4, 5, 6, 7} == set(tables.z_shared[tables.z_shared >= 0].tolist())
    work = fusion_work(7, 40)
    for day in range(4):
        for combo in combinations(range(7), 3):
            fuse_combo_nb(np.array(combo), day, tables, work)
            assert expected_row(scores, combo, day).tobytes() == work.fused.tobytes()
