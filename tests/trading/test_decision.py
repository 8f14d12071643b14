from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading import Decision, DecisionRule, topk_buffer, topk_dropout
from tests.trading.draws import days, rules

RULES = pytest.mark.parametrize("decide", [topk_dropout, topk_buffer])


def decided(decide, day, rule):
    scores, is_held, can_buy, can_sell = day
    return decide(scores, is_held, can_buy=can_buy, can_sell=can_sell, rule=rule)


def lists(decision: Decision):
    return [
        part.tolist() for part in (decision.sell, decision.buy, decision.alternates, decision.hold)
    ]


@RULES
def test_an_empty_book_buys_the_best(decide):
    scores = np.array([0.1, 0.4, np.nan, 0.3, 0.2])
    free = np.ones(5, dtype=bool)
    day = (scores, np.zeros(5, dtype=bool), free, free)
    assert [[], [1, 3], [4, 0], []] == lists(decided(decide, day, DecisionRule(2, 1, 2)))


@RULES
def test_nothing_to_do_on_target(decide):
    scores = np.linspace(1, 0, 10)
    is_held = np.arange(10) < 4
    free = np.ones(10, dtype=bool)
    decision = decided(decide, (scores, is_held, free, free), DecisionRule(4, 2, 2))
    assert [[], [], [], [0, 1, 2, 3]] == lists(decision)


@RULES
@pytest.mark.property
@settings(deadline=None)
@given(data=st.data(), rule=rules())
def test_permuting_instruments_permutes_the_decision(decide, data, rule):
    scores, *masks = data.draw(days())
    # equal scores rank by place, so they must differ for the places to be exchangeable
    ranks = np.array(data.draw(st.permutations(range(scores.size))), dtype=np.float64)
    scores = np.where(np.isnan(scores), np.nan, ranks)
    # and at most one name may be held without a score
    unscored = np.flatnonzero(np.isnan(scores) & masks[0])
    masks[0][unscored[1:]] = False
    order = np.array(data.draw(st.permutations(range(scores.size))))
    straight = decided(decide, (scores, *masks), rule)
    shuffled = decided(decide, (scores[order], *(mask[order] for mask in masks)), rule)
    assert lists(straight) == [order[part].tolist() for part in _parts(shuffled)]


@RULES
@pytest.mark.property
@settings(deadline=None)
@given(day=days(), rule=rules())
def test_increasing_transforms_change_nothing(decide, day, rule):
    scores = day[0]
    levels = np.unique(scores[~np.isnan(scores)])
    moved = np.where(
        np.isnan(scores), np.nan, 3.0 ** np.searchsorted(levels, np.nan_to_num(scores)) - 50.0
    )
    assert lists(decided(decide, day, rule)) == lists(decided(decide, (moved, *day[1:]), rule))


@RULES
@pytest.mark.property
@settings(deadline=None, max_examples=200)
@given(day=days(), rule=rules())
def test_a_decision_keeps_its_promises(decide, day, rule):
    rule = rule._replace(is_corrected=True)
    scores, is_held, can_buy, can_sell = day
    decision = decided(decide, day, rule)
    sell, buy, alternates, hold = (set(part) for part in lists(decision))
    assert sell | hold == set(np.flatnonzero(is_held).tolist())
    assert not sell & hold
    assert not (buy | alternates) & set(np.flatnonzero(is_held).tolist())
    assert not buy & alternates
    assert not any(np.isnan(scores[name]) for name in buy | alternates)
    assert all(can_buy[name] for name in buy | alternates)
    assert all(can_sell[name] for name in sell)
    assert len(sell) <= rule.n_drop
    assert len(hold) + len(buy) <= max(rule.topk, len(hold))
    assert len(buy) + len(alternates) <= max(rule.topk, 1) * rule.buy_suggestion_factor


@RULES
def test_inputs_are_left_alone(decide):
    scores = np.array([0.3, 0.2, 0.1])
    is_held = np.array([False, True, True])
    free = np.ones(3, dtype=bool)
    for array in (scores, is_held, free):
        array.setflags(write=False)
    decided(decide, (scores, is_held, free, free), DecisionRule(1, 1))


@RULES
def test_strided_arrays_are_taken(decide):
    scores = np.array([[0.1, 9.0], [0.3, 9.0], [0.2, 9.0]])[:, 0]
    free = np.ones(3, dtype=bool)
    decision = decided(decide, (scores, np.zeros(3, dtype=bool), free, free), DecisionRule(1, 1))
    assert [1] == decision.buy.tolist()


@RULES
def test_arrays_of_different_lengths_are_refused(decide):
    free = np.ones(2, dtype=bool)
    with pytest.raises(ShapeError, match="do not fit"):
        decided(decide, (np.zeros(3), free, free, free), DecisionRule(1, 1))


@RULES
def test_an_infinite_score_is_refused(decide):
    free = np.ones(2, dtype=bool)
    with pytest.raises(NonFiniteError, match="infinite"):
        decided(decide, (np.array([0.0, np.inf]), free, free, free), DecisionRule(1, 1))


@RULES
@pytest.mark.parametrize("rule", [(0, 1, 1), (1, -1, 1), (1, 1, 0)])
def test_parameters_out_of_range_are_refused(decide, rule):
    free = np.ones(1, dtype=bool)
    with pytest.raises(ShapeError, match="out of range"):
        decided(decide, (np.zeros(1), free, free, free), DecisionRule(*rule))


def _parts(decision: Decision):
    return decision.sell, decision.buy, decision.alternates, decision.hold
