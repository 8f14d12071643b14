from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from quantpits.trading.buffer import buffer_leavers_nb, buffer_pool_nb, topk_buffer_nb
from quantpits.trading.selection import DecisionRule, decision_buffers
from tests.reference.decision_oracle import Choice, Day, buffer
from tests.trading.draws import days, rules


def choice(kernel, day, rule):
    work = decision_buffers(day[0].size)
    held = np.flatnonzero(day[1])[::-1]  # any order will do
    work.held[: held.size] = held
    n_held, n_sell, n_buy, n_alternates = kernel(*day, rule, work, held.size)
    sell = work.sell[:n_sell].tolist()
    return Choice(
        sell=sell,
        buy=work.buy[:n_buy].tolist(),
        alternates=work.buy[n_buy : n_buy + n_alternates].tolist(),
        hold=[name for name in work.held[:n_held].tolist() if name not in sell],
    )


@pytest.mark.property
@settings(deadline=None, max_examples=300)
@given(day=days(), rule=rules())
def test_kernel_equals_the_oracle_in_both_forms(plain, day, rule):
    rule = rule._replace(is_corrected=True)
    expected = buffer(
        Day.of(*day),
        topk=rule.topk,
        n_drop=rule.n_drop,
        factor=rule.buy_suggestion_factor,
        only_tradable=rule.is_only_tradable,
    )
    for call in (lambda kernel: kernel, plain):
        assert expected == choice(call(topk_buffer_nb), day, rule)


def test_pool_leaves_out_what_cannot_be_bought_and_is_not_held(form):
    scores = np.array([0.9, 0.8, np.nan, 0.6, 0.5])
    is_held = np.array([False, True, False, False, False])
    can_buy = np.array([False, False, True, True, True])
    ranked = np.zeros(5, dtype=np.int64)
    rule = DecisionRule(1, 1, 1)
    assert 2 == form(buffer_pool_nb)(scores, is_held, can_buy, rule, ranked)
    assert [1, 3] == ranked[:2].tolist()
    every_name = rule._replace(is_only_tradable=False)
    assert 2 == form(buffer_pool_nb)(scores, is_held, can_buy, every_name, ranked)
    assert [0, 1] == ranked[:2].tolist()


@pytest.mark.parametrize(("is_only_tradable", "sold"), [(True, [3]), (False, [])])
def test_a_blocked_sale_gives_its_turn_to_the_next_one(form, is_only_tradable, sold):
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    is_held = np.array([False, False, False, True, True])
    can_sell = np.array([True, True, True, True, False])
    work = decision_buffers(5)
    rule = DecisionRule(1, 1, 1, is_only_tradable)
    work.held[:2] = [3, 4]
    n_pool = buffer_pool_nb(scores, is_held, can_sell, rule, work.candidate)
    n_sell = form(buffer_leavers_nb)(scores, can_sell, rule, work, 2, n_pool)
    assert sold == work.sell[:n_sell].tolist()


def test_a_holding_inside_the_buffer_stays_where_qlib_would_sell_it():
    """The buffer rule is another strategy than Qlib's (FIELD finding 5)."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    is_held = np.array([False, False, True, True, False])
    free = np.ones(5, dtype=bool)
    found = choice(topk_buffer_nb, (scores, is_held, free, free), DecisionRule(2, 1, 2))
    assert Choice([], [], [], [2, 3]) == found


def test_uncovered_holdings_count_and_leave_first():
    """Fault 35: they were invisible, so four uncovered names made the book four too large."""
    scores = np.array([0.9, 0.8, 0.7, np.nan, np.nan])
    is_held = np.array([True, False, False, True, True])
    free = np.ones(5, dtype=bool)
    found = choice(topk_buffer_nb, (scores, is_held, free, free), DecisionRule(3, 1, 1))
    assert Choice(sell=[4], buy=[1], alternates=[], hold=[0, 3]) == found
