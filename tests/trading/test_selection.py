from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.trading.selection import (
    ANY,
    BUYABLE,
    LANES,
    TWO_WAY,
    DecisionRule,
    best_open_nb,
    cutoff_nb,
    decision_buffers,
    insert_ranked_nb,
    open_names_nb,
    rank_names_nb,
    ranks_before_nb,
    split_candidates_nb,
)
from tests.reference.decision_oracle import Day
from tests.trading.draws import days


@pytest.mark.parametrize(
    ("scores", "is_before"),
    [
        ([2.0, 1.0], True),
        ([1.0, 2.0], False),
        ([1.0, 1.0], True),  # equal scores: the lower index
        ([1.0, np.nan], True),
        ([np.nan, 1.0], False),
        ([np.nan, np.nan], True),
        ([np.nan, -np.inf], False),
    ],
)
def test_ranks_before(form, scores, is_before):
    assert is_before == form(ranks_before_nb)(np.array(scores), 0, 1)


def test_insert_ranked_keeps_the_order(form):
    scores = np.array([0.1, 0.5, 0.5, 0.9])
    ranked = np.array([3, 2, 0, -1])
    form(insert_ranked_nb)(scores, ranked, 3, 1)
    assert [3, 1, 2, 0] == ranked.tolist()


@pytest.mark.property
@settings(deadline=None)
@given(day=days())
def test_rank_names_equals_sorting(plain, day):
    expected = Day.of(*day).held_ranked()
    held = np.flatnonzero(day[1])
    for call in (lambda kernel: kernel, plain):
        for names in (held.copy(), held[::-1].copy()):
            call(rank_names_nb)(day[0], names, names.size)
            assert expected == names.tolist()


def _search(call, day, demand, *, wanted, work):
    scores, is_held, can_buy, can_sell = day
    call(open_names_nb)(is_held, can_buy, can_sell, demand, work.is_open)
    return call(best_open_nb)(scores, wanted, work)


@pytest.mark.property
@settings(deadline=None)
@given(day=days(), wanted=st.integers(-2, 14), demand=st.sampled_from([ANY, BUYABLE, TWO_WAY]))
def test_best_open_equals_the_head_of_the_sorted_list(plain, day, wanted, demand):
    scores, is_held, can_buy, can_sell = day
    is_open = {ANY: np.ones_like(can_buy), BUYABLE: can_buy, TWO_WAY: can_buy & can_sell}[demand]
    expected = [name for name in Day.of(*day).unheld_ranked() if is_open[name]][: max(wanted, 0)]
    for call in (lambda kernel: kernel, plain):
        work = decision_buffers(scores.size)
        count = _search(
            call, (scores, is_held, can_buy, can_sell), demand, wanted=wanted, work=work
        )
        assert expected == work.candidate[:count].tolist()


@pytest.mark.property
@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**31),
    st.integers(1, 150),
    st.integers(0, 60),
    st.sampled_from([ANY, BUYABLE, TWO_WAY]),
)
def test_best_open_among_many_names_with_ties(seed, n_names, wanted, demand):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=n_names), int(rng.integers(0, 4)))
    scores[rng.random(n_names) < 0.1] = np.nan
    is_held, can_buy, can_sell = rng.random((3, n_names)) < [[0.2], [0.9], [0.9]]
    is_open = {ANY: np.ones_like(can_buy), BUYABLE: can_buy, TWO_WAY: can_buy & can_sell}[demand]
    day = Day.of(scores, is_held, can_buy, can_sell)
    expected = [name for name in day.unheld_ranked() if is_open[name]][:wanted]
    work = decision_buffers(n_names)
    count = _search(
        lambda kernel: kernel,
        (scores, is_held, can_buy, can_sell),
        demand,
        wanted=wanted,
        work=work,
    )
    assert expected == work.candidate[:count].tolist()


def test_an_infinitely_bad_score_is_none(form):
    scores = np.array([-np.inf, 1.0, -np.inf])
    free = np.ones(3, dtype=bool)
    work = decision_buffers(3)
    assert 1 == _search(form, (scores, ~free, free, free), ANY, wanted=3, work=work)
    assert 1 == work.candidate[0]


def test_the_cutoff_is_reached_by_as_many_names_as_are_wanted(form):
    tops = np.full(LANES, -np.inf)
    tops[[0, 5, 6, 31]] = [3.0, 1.0, 3.0, 2.0]
    assert [3.0, 2.0, 1.0, -np.inf] == [form(cutoff_nb)(tops, wanted) for wanted in (1, 2, 3, 99)]


@pytest.mark.parametrize(
    ("demand", "is_open"),
    [
        (ANY, [True, True, True, True, False]),
        (BUYABLE, [True, True, False, False, False]),
        (TWO_WAY, [True, False, False, False, False]),
    ],
)
def test_open_names(form, demand, is_open):
    can_buy = np.array([True, True, False, False, True])
    can_sell = np.array([True, False, True, False, True])
    is_held = np.array([False, False, False, False, True])
    found = np.zeros(5, dtype=bool)
    form(open_names_nb)(is_held, can_buy, can_sell, demand, found)
    assert is_open == found.tolist()


@pytest.mark.parametrize(
    ("is_corrected", "counts", "named"),
    [(True, (5, 1, 1, 2), [2, 1, 4]), (False, (5, 1, 2, 2), [0, 2, 1, 4])],
)
def test_split_candidates(form, is_corrected, counts, named):
    work = decision_buffers(5)
    work.candidate[:] = [0, 2, 1, 4, 3]
    can_buy = np.array([False, True, True, True, True])
    rule = DecisionRule(2, 1, 2, is_only_tradable=False, is_corrected=is_corrected)
    assert counts == form(split_candidates_nb)(can_buy, rule, work, 5, 2, 5, 1)
    assert named == work.buy[: len(named)].tolist()


def test_buffers_are_apart():
    work = decision_buffers(2)
    work.sell[:] = 7
    assert [0, 0] == work.buy.tolist()
