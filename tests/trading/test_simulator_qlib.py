"""The simulator in Qlib's timing against Qlib itself, and what `corrected` changes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.market import load_universe, write_synthetic_market
from quantpits.trading.simulator_qlib import (
    QlibTerms,
    affordable_amount_nb,
    buy_amount_nb,
    lot_amount_nb,
)
from quantpits.trading.simulator_rules import Opening, SimulationRules
from quantpits.trading.simulator_schedule import qlib_steps
from quantpits.trading.simulator_steps import (
    AdjustedBars,
    QlibExchange,
    qlib_inputs,
    simulate_qlib,
)
from tests.trading.qlib_parity import (
    ParityCase,
    ParityMarket,
    draw_case,
    write_real_market,
    write_rough_market,
)

REAL_BARS = Path(__file__).resolve().parents[3] / "shared" / "data" / "cn_csi300_2015_2021.parquet"
TOLERANCE = 1e-9
N_ROUGH = 176
N_SYNTHETIC = 24
N_REAL = 16
N_LONG = 10_000
LONG_BLOCK = 500
BLOCK = 8

TERMS = QlibTerms(0.0005, 0.0015, 5.0, 100.0, 0.95, 1, is_buffer=False)


@pytest.fixture(scope="session")
def rough_market(tmp_path_factory):
    return write_rough_market(tmp_path_factory.mktemp("rough") / "market")


@pytest.fixture(scope="session")
def synthetic_market(tmp_path_factory):
    target = tmp_path_factory.mktemp("parity") / "market_synthetic"
    report = write_synthetic_market(target, seed=20200101, through=date(2021, 3, 31))
    market = ParityMarket(target, ())
    members = load_universe(market.source, report.universe, date(2020, 9, 1))
    return ParityMarket(target, members)


def _agrees(market, case):
    found = market.compare(case)
    assert found.n_different_books == 0, case
    assert found.deviation < TOLERANCE, case


@pytest.mark.parametrize("block", range(N_ROUGH // BLOCK))
def test_parity_on_a_market_where_much_goes_wrong(rough_market, block):
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        _agrees(rough_market, draw_case(rough_market, seed))


@pytest.mark.parametrize("block", range(N_SYNTHETIC // BLOCK))
def test_parity_on_the_synthetic_market(synthetic_market, block):
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        _agrees(synthetic_market, draw_case(synthetic_market, seed))


@pytest.mark.real_data
@pytest.mark.skipif(not REAL_BARS.is_file(), reason="the shared real bars are not here")
def test_parity_on_real_bars_of_the_year_of_the_crash(tmp_path):
    market = write_real_market(tmp_path / "market", REAL_BARS)
    for seed in range(N_REAL):
        _agrees(market, draw_case(market, seed))


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("QUANTPITS_SLOW") != "1", reason="an hour's proof; QUANTPITS_SLOW=1 runs it"
)
@pytest.mark.parametrize("block", range(N_LONG // LONG_BLOCK))
def test_parity_on_ten_thousand_draws(rough_market, synthetic_market, block):
    for seed in range(100_000 + block * LONG_BLOCK, 100_000 + (block + 1) * LONG_BLOCK):
        market = synthetic_market if seed % 10 == 0 else rough_market
        _agrees(market, draw_case(market, seed))


def test_parity_where_topk_was_lowered_below_the_book(rough_market):
    listed = np.flatnonzero(~np.isnan(rough_market.bars("close").close[20]))[:14]
    case = ParityCase(
        rules=SimulationRules(topk=5, n_drop=2, only_tradable=False, corrected=False),
        exchange=QlibExchange(),
        cash=1e6,
        start=rough_market.dates[20].item(),
        end=rough_market.dates[60].item(),
        book={rough_market.instruments[name]: 1000 for name in listed},
    )
    found = rough_market.compare(case)
    assert found.n_different_books == 0
    assert found.deviation < TOLERANCE
    assert found.ours.n_held.max() > 14  # Qlib buys on a book that is too large already
    inputs = rough_market.inputs(case)
    corrected = simulate_qlib(
        inputs,
        rough_market.scores(case),
        rules=replace(case.rules, corrected=True),
        opening=rough_market.opening(case),
    )
    assert corrected.n_held.max() <= 14
    assert corrected.n_held[-1] <= 5


def test_blocked_sales_let_qlib_hold_more_than_topk_and_corrected_does_not(rough_market):
    case = ParityCase(
        rules=SimulationRules(topk=8, n_drop=3, only_tradable=False, corrected=False),
        exchange=QlibExchange(limit_threshold=0.05),
        cash=1e7,
        start=rough_market.dates[10].item(),
        end=rough_market.dates[100].item(),
        persistence=0.5,
    )
    inputs, scores = rough_market.inputs(case), rough_market.scores(case)
    opening = rough_market.opening(case)
    parity = simulate_qlib(inputs, scores, rules=case.rules, opening=opening)
    corrected = simulate_qlib(
        inputs, scores, rules=replace(case.rules, corrected=True), opening=opening
    )
    assert parity.n_held.max() > 8
    assert corrected.n_held.max() == 8


def _both_ways(market, case):
    """Return the run that equals Qlib's, and the corrected one."""
    found = market.compare(case)
    assert found.n_different_books == 0
    assert found.deviation < TOLERANCE
    corrected = simulate_qlib(
        market.inputs(case),
        market.scores(case),
        rules=replace(case.rules, corrected=True),
        opening=market.opening(case),
        is_keeping_shares=True,
    )
    return found.ours, corrected


def _defect_case(market, **changes):
    rules = {"topk": 8, "n_drop": 3, "corrected": False} | changes.pop("rules")
    return ParityCase(
        rules=SimulationRules(**rules),
        exchange=QlibExchange(**changes),
        cash=1e7,
        start=market.dates[10].item(),
        end=market.dates[60].item(),
        persistence=0.5,
    )


def test_qlib_buys_for_sales_of_young_positions_that_it_then_does_not_do(rough_market):
    case = _defect_case(rough_market, rules={"hold_thresh": 6})
    parity, corrected = _both_ways(rough_market, case)
    assert parity.n_held.max() > 8
    assert corrected.n_held.max() == 8


def test_qlib_replaces_one_name_where_none_should_be(rough_market):
    case = _defect_case(rough_market, rules={"n_drop": 0})
    parity, corrected = _both_ways(rough_market, case)
    full = parity.n_held == 8
    assert (parity.turnover[full][5:] > 0).any()
    bought = np.flatnonzero(corrected.n_held == 8)[0]
    assert 0.0 == corrected.turnover[bought + 1 :].sum()


def test_qlib_sells_the_whole_book_where_none_should_be_sold(rough_market):
    case = _defect_case(rough_market, rules={"n_drop": 0, "only_tradable": False})
    parity, corrected = _both_ways(rough_market, case)
    # list[-0:] is the whole list: what it holds is sold and mostly bought again, day after day.
    assert parity.turnover.sum() > 20 * corrected.turnover.sum()


def test_qlib_leaves_the_budget_of_untradable_names_idle(rough_market):
    case = _defect_case(
        rough_market, rules={"only_tradable": False, "risk_degree": 1.0}, limit_threshold=0.02
    )
    parity, corrected = _both_ways(rough_market, case)
    first = int(np.argmax(parity.turnover > 0))
    assert parity.n_held[first] < 8
    assert parity.cash[first] / parity.nav[first] > 0.1
    assert corrected.cash[first] / corrected.nav[first] < 0.02


def _flat_market(n_days=6, n_names=3):
    dates = np.datetime64("2024-01-01") + np.arange(n_days)
    ones = np.ones((n_days, n_names))
    return AdjustedBars(
        dates=dates,
        instruments=tuple("ABC"[:n_names]),
        price=10 * ones,
        close=10 * ones,
        factor=ones,
        change=0 * ones,
    )


def _steps(bars, n_spare=1):
    last = bars.dates[-1 - n_spare].item()
    return qlib_steps(bars.dates, start=bars.dates[1].item(), end=last, frequency="day")


FREE = QlibExchange(open_cost=0.0, close_cost=0.0, min_cost=0.0, trade_unit=None)


def test_a_flat_market_by_hand():
    bars = _flat_market()
    inputs = qlib_inputs(bars, _steps(bars), exchange=QlibExchange(min_cost=0.0))
    scores = np.tile([3.0, 2.0, 1.0], (6, 1))
    found = simulate_qlib(
        inputs,
        scores,
        rules=SimulationRules(topk=1, n_drop=1),
        opening=Opening(10_000.0),
        is_keeping_shares=True,
    )
    assert [900.0, 0.0, 0.0] == found.shares[0].tolist()  # 9 500 CNY are 950 shares, 9 lots
    assert [4.5] + [0.0] * 3 == found.cost.tolist()
    assert [9_995.5] * 4 == found.nav.tolist()
    assert [9_000.0] + [0.0] * 3 == found.turnover.tolist()


def test_hold_thresh_counts_steps_in_corrected_mode():
    bars = _flat_market(n_days=8)
    inputs = qlib_inputs(bars, _steps(bars), exchange=FREE)
    scores = np.array([[2.0, 1.0, np.nan], [1.0, 2.0, np.nan]] * 4)  # the best changes every day
    switches = {}
    for threshold in (1, 3):
        found = simulate_qlib(
            inputs,
            scores,
            rules=SimulationRules(topk=1, n_drop=1, hold_thresh=threshold),
            opening=Opening(1_000.0),
            is_keeping_shares=True,
        )
        switches[threshold] = int((np.diff(found.shares[:, 0] > 0) != 0).sum())
    assert {1: 5, 3: 1} == switches


def test_the_buffer_rule_decides_in_this_timing_too():
    bars = _flat_market()
    inputs = qlib_inputs(bars, _steps(bars), exchange=FREE)
    scores = np.array([[3.0, 2.0, 1.0], [2.0, 3.0, 1.0]] * 3)
    rules = SimulationRules(topk=1, n_drop=1, strategy="topk_buffer")
    found = simulate_qlib(
        inputs, scores, rules=rules, opening=Opening(1_000.0), is_keeping_shares=True
    )
    # The held name stays within the first two, so it is never sold.
    assert [True] * 4 == (found.shares[:, 0] > 0).tolist()


def test_a_sale_that_cannot_pay_its_cost_is_not_done():
    bars = _flat_market()
    inputs = qlib_inputs(bars, _steps(bars), exchange=replace(FREE, min_cost=50.0))
    scores = np.tile([1.0, 3.0, 2.0], (6, 1))
    found = simulate_qlib(
        inputs,
        scores,
        rules=SimulationRules(topk=1, n_drop=1),
        opening=Opening(0.0, np.array([1.0, 0.0, 0.0]), np.array([5, 0, 0])),
    )
    assert [10.0] * 4 == found.nav.tolist()
    assert [0.0] * 4 == found.turnover.tolist()


def test_lots_count_raw_shares(form):
    lot_amount = form(lot_amount_nb)
    assert 100.0 == lot_amount(199.0, 1.0, 100.0)
    assert 150.0 == lot_amount(199.0, 2.0, 100.0)  # 398 raw shares are three lots
    assert 100.0 == lot_amount(99.95, 1.0, 100.0)  # the slack that Qlib adds
    assert 12.5 == lot_amount(12.5, 1.0, 0.0)


@pytest.mark.property
@given(
    st.one_of(st.floats(0, 1e9), st.integers(0, 10**9).map(lambda lots: lots - 0.1)),
    st.floats(0.01, 50),
    st.sampled_from([1.0, 100.0, 300.0, 1000.0]),
)
def test_lots_equal_the_plain_expression(amount, factor, unit):
    expected = (np.float64(amount) * factor + 0.1) // unit * unit / factor
    assert expected == lot_amount_nb(amount, factor, unit)


@pytest.mark.parametrize(
    ("cash", "open_cost", "expected"),
    [
        (4.0, 0.0005, 0.0),  # not even the smallest cost
        (1_005.0, 0.0005, 100.0),  # the smallest cost applies
        (100_050.0, 0.0005, 10_000.0),  # the rate applies
        (1_005.0, 0.0, 100.0),
    ],
)
def test_what_the_cash_pays_for(form, cash, open_cost, expected):
    terms = TERMS._replace(open_cost=open_cost)
    assert expected == pytest.approx(form(affordable_amount_nb)(10.0, cash, terms), rel=1e-14)


def test_purchases_are_clipped_to_the_cash(form):
    buy_amount = form(buy_amount_nb)
    assert 100.0 == buy_amount(1_050.0, 10.0, 1.0, 5_000.0, TERMS)
    assert 100.0 == buy_amount(2_000.0, 10.0, 1.0, 1_500.0, TERMS)
    assert 0.0 == buy_amount(2_000.0, 10.0, 1.0, 4.0, TERMS)
