# ruff: noqa: PLR0917 - fixtures are parameters
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.trading.dropout import leavers_nb, newcomer_counts_nb, topk_dropout_nb
from quantpits.trading.selection import DecisionRule, decision_buffers, rank_names_nb
from tests.reference.decision_oracle import Choice, Day, corrected_dropout, qlib_dropout
from tests.trading.draws import days, rules


def choice(kernel, day, rule):
    work = decision_buffers(day[0].size)
    held = np.flatnonzero(day[1])[::-1]  # any order will do
    work.held[: held.size] = held
    n_held, n_sell, n_buy, n_alternates = kernel(*day, rule, work, held.size)
    rank_names_nb(day[0], work.held, n_held)
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
def test_kernel_equals_the_oracle_in_both_forms_and_modes(plain, day, rule):
    oracle = corrected_dropout if rule.is_corrected else qlib_dropout
    expected = oracle(
        Day.of(*day),
        topk=rule.topk,
        n_drop=rule.n_drop,
        factor=rule.buy_suggestion_factor,
        only_tradable=rule.is_only_tradable,
    )
    for call in (lambda kernel: kernel, plain):
        assert expected == choice(call(topk_dropout_nb), day, rule)


@pytest.mark.parametrize(
    ("room", "n_drop", "is_only_tradable", "is_corrected", "counts"),
    [
        (0, 3, True, True, (3, 3)),
        (-9, 3, True, True, (0, 3)),
        (-9, 3, True, False, (1, 3)),  # Qlib looks at its counter after the first
        (0, 0, True, False, (1, 1)),
        (0, 0, False, False, (0, 8)),  # list[-0:] is everything
        (-4, 2, False, False, (0, 2)),  # list[:-2] of two unheld names
        (-3, 2, False, False, (1, 2)),
    ],
)
def test_newcomer_counts(form, room, n_drop, is_only_tradable, is_corrected, counts):
    scores = np.array([0.4, 0.3, np.nan, 0.1])
    is_held = np.array([False, True, False, False])
    rule = DecisionRule(1, n_drop, 1, is_only_tradable, is_corrected)
    assert counts == form(newcomer_counts_nb)(scores, is_held, room, rule)


def test_leavers_are_merged_from_both_ends(form):
    scores = np.array([0.5, 0.4, 0.3, 0.2])
    free = np.ones(4, dtype=bool)
    work = decision_buffers(4)
    work.held[:2] = [1, 3]
    work.candidate[:2] = [0, 2]
    rule = DecisionRule(2, 3)
    assert 2 == form(leavers_nb)(scores, free, free, rule, work, 2, 2, 3)
    assert [3, 1] == work.sell[:2].tolist()


def test_lowering_topk_on_a_full_book_buys_nothing_when_corrected():
    """Qlib buys nearly the whole universe here (FIELD finding 4)."""
    count = 300
    scores = np.linspace(1, 0, count)
    is_held = np.zeros(count, dtype=bool)
    is_held[20:60] = True
    free = np.ones(count, dtype=bool)
    day = (scores, is_held, free, free)
    corrected = choice(topk_dropout_nb, day, DecisionRule(30, 3))
    assert ([59, 58, 57], []) == (corrected.sell, corrected.buy)
    quirky = choice(topk_dropout_nb, day, DecisionRule(30, 3, 1, False, False))
    assert len(quirky.buy) > 200


def test_a_blocked_sale_makes_no_room_when_corrected():
    scores = np.array([0.4, 0.3, 0.2, 0.1])
    is_held = np.array([False, False, True, True])
    free = np.ones(4, dtype=bool)
    blocked = np.array([True, True, True, False])
    day = (scores, is_held, free, blocked)
    assert ([2], [0]) == _sides(choice(topk_dropout_nb, day, DecisionRule(2, 1)))
    any_name = DecisionRule(2, 1, 1, is_only_tradable=False)
    assert ([], []) == _sides(choice(topk_dropout_nb, day, any_name))
    quirky = DecisionRule(2, 1, 1, is_only_tradable=False, is_corrected=False)
    assert ([3], [0]) == _sides(choice(topk_dropout_nb, day, quirky))


def _sides(found):
    return found.sell, found.buy


def qlib_decision(day, rule):
    """Ask Qlib's own strategy, with stand-ins for its exchange and book."""
    pd = pytest.importorskip("pandas")
    module = pytest.importorskip("qlib.contrib.strategy.signal_strategy")
    scores, is_held, can_buy, can_sell = day
    names = [f"N{place:03d}" for place in range(scores.size)]
    tradable = dict(zip(names, can_buy & can_sell, strict=True))
    book = [name for name, held in zip(names, is_held, strict=True) if held]

    exchange = SimpleNamespace(
        is_stock_tradable=lambda stock_id, **_: (
            bool(tradable[stock_id]) if rule.is_only_tradable else True
        ),
        check_order=lambda *_: True,
        deal_order=lambda *_, **__: (1.0, 0.0, 1.0),
        get_deal_price=lambda **_: 1.0,
        get_factor=lambda **_: 1.0,
        round_amount_by_trade_unit=lambda amount, *_: amount,
    )
    position = SimpleNamespace(
        get_cash=lambda: 1.0,
        get_stock_list=lambda: list(book),
        get_stock_count=lambda *_, **__: 9,
        get_stock_amount=lambda **_: 1.0,
    )
    calendar = SimpleNamespace(
        get_trade_step=lambda: 0,
        get_step_time=lambda *_, **__: (None, None),
        get_freq=lambda: "day",
    )
    scored = [place for place in range(scores.size) if not np.isnan(scores[place])]
    series = pd.Series(scores[scored], index=[names[place] for place in scored])

    class Strategy(module.TopkDropoutStrategy):
        trade_calendar = calendar
        trade_position = position
        trade_exchange = exchange

        def __init__(self):
            self.topk, self.n_drop = rule.topk, rule.n_drop
            self.method_sell, self.method_buy = "bottom", "top"
            self.hold_thresh, self.risk_degree = 1, 0.95
            self.only_tradable = rule.is_only_tradable
            self.forbid_all_trade_at_limit = True
            self.signal = SimpleNamespace(get_signal=lambda **_: series)

    sold, bought = [], []
    for order in Strategy().generate_trade_decision().order_list:
        (sold if order.direction == 0 else bought).append(names.index(order.stock_id))
    return sorted(sold), bought


@pytest.mark.property
@settings(deadline=None, max_examples=150)
@given(day=days(), rule=rules(), order=st.randoms(use_true_random=False))
def test_parity_mode_equals_qlib_itself(day, rule, order):
    scores, is_held, can_buy, can_sell = day
    places = list(range(scores.size))
    order.shuffle(places)
    # Qlib's order of equal scores is undefined: make them different, and give every holding a score
    scores = np.where(np.isnan(scores) & ~is_held, np.nan, np.array(places, dtype=np.float64))
    rule = rule._replace(is_corrected=False)
    sell, buy = qlib_decision((scores, is_held, can_buy, can_sell), rule)
    found = choice(topk_dropout_nb, (scores, is_held, can_buy, can_sell), rule)
    assert (sell, buy) == (sorted(found.sell), found.buy)
