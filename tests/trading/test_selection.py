# ruff: noqa: PLR0917 - fixtures are parameters
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.trading.selection import (
    ANY,
    BUYABLE,
    TWO_WAY,
    DecisionRule,
    best_unheld_nb,
    decision_buffers,
    insert_ranked_nb,
    is_open_nb,
    rank_held_nb,
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
def test_rank_held_equals_sorting(plain, day):
    expected = Day.of(*day).held_ranked()
    for call in (lambda kernel: kernel, plain):
        ranked = np.zeros(day[0].size, dtype=np.int64)
        count = call(rank_held_nb)(day[0], day[1], ranked)
        assert expected == ranked[:count].tolist()


@pytest.mark.property
@settings(deadline=None)
@given(day=days(), wanted=st.integers(-2, 14), demand=st.sampled_from([ANY, BUYABLE, TWO_WAY]))
def test_best_unheld_equals_the_head_of_the_sorted_list(plain, day, wanted, demand):
    scores, is_held, can_buy, can_sell = day
    is_open = {ANY: np.ones_like(can_buy), BUYABLE: can_buy, TWO_WAY: can_buy & can_sell}[demand]
    expected = [name for name in Day.of(*day).unheld_ranked() if is_open[name]][: max(wanted, 0)]
    for call in (lambda kernel: kernel, plain):
        ranked = np.zeros(scores.size, dtype=np.int64)
        count = call(best_unheld_nb)(scores, is_held, can_buy, can_sell, demand, wanted, ranked)
        assert expected == ranked[:count].tolist()


@pytest.mark.parametrize(
    ("demand", "can_buy", "can_sell", "is_open"),
    [
        (ANY, False, False, True),
        (BUYABLE, True, False, True),
        (BUYABLE, False, True, False),
        (TWO_WAY, True, False, False),
        (TWO_WAY, True, True, True),
    ],
)
def test_is_open(form, demand, can_buy, can_sell, is_open):
    assert is_open == form(is_open_nb)(np.array([can_buy]), np.array([can_sell]), 0, demand)


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
