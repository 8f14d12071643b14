"""Lines of an order file and their totals."""

from __future__ import annotations

import dataclasses

import pytest

from quantpits.orders import OrderTotals, PlannedOrder

PURCHASE = PlannedOrder(
    instrument="SH600000",
    side="buy",
    shares=900,
    role="primary",
    rank=1,
    n_ranked=6,
    score=0.5,
    close_fen=1_000,
    limit_price_fen=1_100,
    amount_fen=-99_051_005,
    reason="rank 1 of 6",
)


@pytest.fixture
def totals():
    return OrderTotals(
        cash_fen=100_000_000,
        deposits_fen=-5_050,
        proceeds_fen=103_447,
        purchases_fen=99_051_000,
        budget_fen=99_093_000,
        n_held=3,
        n_sell=1,
        n_buy=1,
        n_alternates=1,
        n_hold=2,
    )


def test_an_order_in_one_line():
    text = "  buy       SH600000        900     11.00    -990,510.05  rank 1 of 6"
    assert text == PURCHASE.text()


def test_an_alternate_says_that_it_is_one():
    text = dataclasses.replace(PURCHASE, role="alternate").text()
    assert text.startswith("  alternate SH600000 ")


def test_totals_close(totals):
    assert 100_098_397 == totals.funds_fen
    assert totals.funds_fen == totals.purchases_fen + totals.reserve_fen


def test_summary_of_totals(totals):
    assert [
        "Sell 1, buy 1, keep 2 of 3 positions; 1 alternates stand by.",
        "  cash 1,000,000.00, deposits due -50.50, sales bring at least 1,034.47",
        "  purchases cost at most 990,510.00 with fees, so at least 10,473.97 stays",
    ] == totals.summary()
