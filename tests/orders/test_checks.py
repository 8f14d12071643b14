from __future__ import annotations

from dataclasses import replace

import pytest

from quantpits.errors import OrderError
from quantpits.orders.checks import ORDER_CHECKS, check_orders, order_breaches
from quantpits.orders.plan import make_plan
from quantpits.trading import US_RULES, DecisionRule


@pytest.fixture
def evening(make_inputs):
    """A sale of 130 shares, one purchase, one alternate."""
    held = {"SH600000": 100, "SH600001": 100, "SZ300001": 130}
    inputs = make_inputs(held=held, cash_fen=1_000_000)
    return inputs, make_plan(inputs)


def broken(plan, place, **changes):
    orders = list(plan.orders)
    orders[place] = replace(orders[place], **changes)
    return replace(plan, orders=tuple(orders))


def test_right_orders_pass(evening):
    inputs, plan = evening
    check_orders(inputs, plan)
    assert ["sell", "buy", "buy"] == [order.side for order in plan.orders]


@pytest.mark.parametrize(
    ("place", "changes", "breach"),
    [
        (1, {"shares": 150}, "150 shares are not whole lots"),
        (1, {"shares": 0}, "0 shares"),
        (1, {"shares": 50}, "50 shares are not whole lots"),
        (0, {"shares": 100}, "100 shares sold of 130"),
        (0, {"shares": 200}, "200 shares sold of 130"),
        (1, {"instrument": "SZ300001"}, "SZ300001 is ordered 2 times"),
        (2, {"instrument": "SH600000"}, "SH600000 is bought and already held"),
        (1, {"limit_price_fen": 1_000}, "limit price 1000 fen, close 1000 fen"),
        (0, {"limit_price_fen": 900}, "limit price 900 fen, close 1000 fen"),
        (1, {"amount_fen": 1}, "amount 1 fen"),
        (2, {"amount_fen": 1}, "amount 1 fen"),
        (1, {"shares": 10**6}, "the purchases cost"),
    ],
)
def test_a_breach_is_found_and_stops(evening, place, changes, breach):
    inputs, plan = evening
    wrong = broken(plan, place, **changes)
    assert any(breach in line for line in order_breaches(inputs, wrong.orders))
    with pytest.raises(OrderError, match="do not trade") as caught:
        check_orders(inputs, wrong)
    assert 4 == caught.value.exit_code


def test_a_suspended_instrument_is_a_breach(evening, make_inputs):
    _, plan = evening
    suspended = make_inputs(
        held={"SH600000": 100, "SH600001": 100, "SZ300001": 130}, closes={"SZ300001": 0}
    )
    assert any("does not trade" in line for line in order_breaches(suspended, plan.orders))


def test_a_book_above_topk_is_a_breach_when_corrected(evening):
    inputs, plan = evening
    orders = tuple(replace(order, role="primary") for order in plan.orders)
    rule = DecisionRule(2, 1)
    tight = replace(inputs, decision_rule=rule)
    assert any("4 positions" in line for line in order_breaches(tight, orders))
    quirky = replace(inputs, decision_rule=rule._replace(is_corrected=False))
    assert not any("positions" in line for line in order_breaches(quirky, orders))


def test_where_there_is_no_limit_the_price_only_has_to_be_worse(make_inputs):
    inputs = make_inputs(scores={"AAPL": 1.0}, held={"MSFT": 5}, rules=US_RULES)
    plan = make_plan(inputs)
    assert () == order_breaches(inputs, plan.orders)
    sale = broken(plan, 0, limit_price_fen=1_001)
    assert any("MSFT: limit price" in line for line in order_breaches(inputs, sale.orders))
    purchase = broken(plan, 1, limit_price_fen=999)
    assert any("AAPL: limit price" in line for line in order_breaches(inputs, purchase.orders))


def test_a_worthless_sale_is_reckoned_without_a_fee(evening):
    inputs, plan = evening
    lines = order_breaches(inputs, broken(plan, 0, limit_price_fen=0).orders)
    assert any("reckoned 0 fen" in line for line in lines)


def test_long_lists_are_cut(evening):
    inputs, plan = evening
    wrong = replace(plan, orders=tuple(replace(o, shares=0) for o in plan.orders * 4))
    with pytest.raises(OrderError, match="do not trade") as caught:
        check_orders(inputs, wrong)
    assert 4 == str(caught.value.where).count(";")


def test_every_check_is_in_the_list():
    assert 6 == len(set(ORDER_CHECKS))
