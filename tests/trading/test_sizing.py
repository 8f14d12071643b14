# ruff: noqa: PLR0917 - fixtures are parameters
from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading import Decision, fen_to_cny, is_whole_lots
from quantpits.trading.sizing import (
    affordable_shares_nb,
    purchase_cost_fen_nb,
    sale_net_fen_nb,
    size_buys_nb,
    size_orders,
)
from tests.reference import sizing_oracle
from tests.reference.sizing_oracle import Costs
from tests.trading.draws import sessions

RATES = np.array([25_000, 25_000, 500, 50_000, 1_000])
NONE = np.array([], dtype=np.int64)
LOTS = st.sampled_from([(100, 100), (200, 1), (100, 1), (1, 1)])


def decision(sell=(), buy=(), alternates=()):
    parts = (np.array(part, dtype=np.int64) for part in (sell, buy, alternates))
    return Decision(*parts, hold=NONE)


def test_cost_and_net_of_one_trade(form):
    assert 1_000_510 == form(purchase_cost_fen_nb)(1_000, 1_000, RATES)
    assert 998_990 == form(sale_net_fen_nb)(1_000, 1_000, RATES)
    assert 1 - 500 == form(sale_net_fen_nb)(1, 1, RATES)


@pytest.mark.parametrize(
    ("budget", "price", "shares"),
    [(0, 1_000, 0), (-5, 1_000, 0), (1_000_000, 0, 0), (100_500, 1_000, 0), (100_501, 1_000, 100)],
)
def test_affordable_shares(form, budget, price, shares):
    assert shares == form(affordable_shares_nb)(budget, price, 100, 100, RATES)


@pytest.mark.property
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    budget=st.integers(0, 3_000_000),
    price=st.integers(1, 30_000),
    lot=LOTS,
    rates=st.tuples(
        st.integers(0, 500_000),
        st.just(0),
        st.integers(0, 5_000),
        st.just(0),
        st.integers(0, 5_000),
    ),
)
def test_affordable_equals_trying_every_lot(plain, budget, price, lot, rates):
    price = max(price, budget // 4_000)
    expected = sizing_oracle.affordable(
        fen_to_cny(budget), fen_to_cny(price), lot, Costs.of_row(rates)
    )
    for call in (lambda kernel: kernel, plain):
        shares = call(affordable_shares_nb)(budget, price, *lot, np.array(rates))
        assert expected == shares


@pytest.mark.property
@settings(deadline=None)
@given(budget=st.integers(0, 10**15), price=st.integers(1, 10**6), lot=LOTS)
def test_affordable_is_the_largest_at_any_size(budget, price, lot):
    minimum, step = lot
    shares = affordable_shares_nb(budget, price, minimum, step, RATES)
    more = shares + step if shares else minimum
    assert shares == 0 or purchase_cost_fen_nb(shares, price, RATES) <= budget
    assert purchase_cost_fen_nb(more, price, RATES) > budget


@pytest.mark.property
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(session=sessions(), investable=st.integers(0, 20_000_000), redistributed=st.booleans())
def test_size_buys_equals_the_oracle(plain, session, investable, redistributed):
    _, rules, _ = session
    count = rules.worst_buy_fen.size
    names = [
        (
            fen_to_cny(int(rules.worst_buy_fen[place])),
            (int(rules.minimum_shares[place]), int(rules.step_shares[place])),
            Costs.of_row(rules.rates[place]),
        )
        for place in range(count)
    ]
    expected, budget = sizing_oracle.size(
        fen_to_cny(investable), names, is_redistributed=redistributed
    )
    for call in (lambda kernel: kernel, plain):
        shares = np.zeros(count, dtype=np.int64)
        found = call(size_buys_nb)(
            np.arange(count), count, investable, rules, redistributed, shares
        )
        assert (budget, expected) == (fen_to_cny(found), shares.tolist())


@pytest.mark.property
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    session=sessions(),
    cash=st.integers(-1_000_000, 50_000_000),
    risk=st.sampled_from([0.5, 0.95, 1.0]),
    redistributed=st.booleans(),
    data=st.data(),
)
def test_purchases_are_payable_and_whole_lots(session, cash, risk, redistributed, data):
    _, rules, held = session
    count = rules.worst_buy_fen.size
    order = data.draw(st.permutations(range(count)))
    cuts = sorted(data.draw(st.tuples(*[st.integers(0, count)] * 2)))
    wanted = decision(order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] :])
    sizing = size_orders(
        wanted,
        rules,
        cash_fen=cash,
        held_shares=held,
        risk_degree=risk,
        is_redistributed=redistributed,
    )
    assert held[wanted.sell].tolist() == sizing.sell_shares.tolist()
    assert cash + sizing.sell_net_fen.sum() == sizing.funds_fen
    assert sizing.buy_cost_fen.sum() <= sizing.investable_fen <= max(sizing.funds_fen, 0)
    assert all(cost <= sizing.budget_fen for cost in sizing.buy_cost_fen)
    assert all(cost <= sizing.budget_fen for cost in sizing.alternate_cost_fen)
    for name, shares in zip(wanted.buy, sizing.buy_shares, strict=True):
        assert shares == 0 or is_whole_lots(
            int(shares),
            minimum_shares=int(rules.minimum_shares[name]),
            step_shares=int(rules.step_shares[name]),
        )


def test_budget_of_an_unaffordable_name_goes_to_the_others(cn_rules):
    rules = cn_rules({"SH600000": 1_000, "SH600519": 170_000, "SZ000001": 1_000})
    wanted = decision(buy=[1, 0, 2])
    held = np.zeros(3, dtype=np.int64)
    kept = size_orders(wanted, rules, cash_fen=3_000_000, held_shares=held, risk_degree=1.0)
    assert [0, 1_300, 1_300] == kept.buy_shares.tolist()
    assert 1_500_000 == kept.budget_fen
    idle = size_orders(
        wanted,
        rules,
        cash_fen=3_000_000,
        held_shares=held,
        risk_degree=1.0,
        is_redistributed=False,
    )
    assert [0, 900, 900] == idle.buy_shares.tolist()


def test_among_equally_dear_lots_the_lower_rank_leaves_first(cn_rules):
    rules = cn_rules({"SH600000": 1_000, "SH600001": 1_000})
    wanted = decision(buy=[1, 0])
    sizing = size_orders(
        wanted, rules, cash_fen=150_000, held_shares=np.zeros(2, dtype=np.int64), risk_degree=1.0
    )
    assert [100, 0] == sizing.buy_shares.tolist()


def test_sale_proceeds_count_at_the_lower_limit_after_fees(cn_rules):
    rules = cn_rules({"SH600000": 1_000, "SZ000001": 1_000})
    sizing = size_orders(
        decision(sell=[0], buy=[1]),
        rules,
        cash_fen=0,
        held_shares=np.array([1_000, 0]),
        risk_degree=1.0,
    )
    assert [900_000 - 500 - 450 - 9] == sizing.sell_net_fen.tolist()
    assert 899_041 == sizing.funds_fen
    assert [800] == sizing.buy_shares.tolist()


def test_alternates_get_one_budget_and_no_claim(cn_rules):
    rules = cn_rules({"SH600000": 1_000, "SZ000001": 500})
    sizing = size_orders(
        decision(buy=[0], alternates=[1]),
        rules,
        cash_fen=1_200_000,
        held_shares=np.zeros(2, dtype=np.int64),
        risk_degree=1.0,
    )
    assert ([1_000], [2_100]) == (
        sizing.buy_shares.tolist(),
        sizing.alternate_shares.tolist(),
    )


def test_without_purchases_there_is_no_budget(cn_rules):
    rules = cn_rules({"SH600000": 1_000})
    sizing = size_orders(decision(alternates=[0]), rules, cash_fen=10**6, held_shares=np.array([0]))
    assert (0, [0]) == (sizing.budget_fen, sizing.alternate_shares.tolist())


def test_a_book_that_does_not_fit_is_refused(cn_rules):
    rules = cn_rules({"SH600000": 1_000})
    with pytest.raises(ShapeError, match="book does not fit"):
        size_orders(decision(), rules, cash_fen=0, held_shares=np.array([1, 2]))


@pytest.mark.parametrize("name", [-1, 1])
def test_a_decision_beyond_the_rules_is_refused(cn_rules, name):
    rules = cn_rules({"SH600000": 1_000})
    with pytest.raises(ShapeError, match="do not have"):
        size_orders(decision(buy=[name]), rules, cash_fen=0, held_shares=np.array([0]))


def test_a_risk_degree_that_is_no_fraction_is_refused(cn_rules):
    rules = cn_rules({"SH600000": 1_000})
    with pytest.raises(NonFiniteError, match="out of range"):
        size_orders(decision(), rules, cash_fen=0, held_shares=np.array([0]), risk_degree=1.5)


def test_oracle_rounds_as_documented():
    assert Decimal("0.01") == sizing_oracle.cents(Decimal("0.005"))
