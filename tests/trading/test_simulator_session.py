"""The order of things within a session, by hand, and the kernels one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.trading import CN_RULES
from quantpits.trading.simulator import session_terms, simulate_sessions
from quantpits.trading.simulator_book import session_book, session_paths
from quantpits.trading.simulator_market import RawBars, session_inputs
from quantpits.trading.simulator_rules import Opening, SimulationRules
from quantpits.trading.simulator_session import entitle_nb, simulate_sessions_nb
from tests.trading.session_markets import draw_bars, draw_rules, draw_scores, inputs_of

DATES = np.array(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], dtype="datetime64[D]")
RULES = SimulationRules(topk=1, n_drop=0, risk_degree=1.0)
SWITCHING = replace(RULES, n_drop=1)
DAILY = np.array([-1, 0, 1, 2])


def _bars(prices, **changes):
    prices = np.array(prices, dtype=np.int64)
    nothing = np.zeros(prices.shape)
    bars = RawBars(
        dates=DATES[: len(prices)],
        instruments=("SH600000", "SH600001", "SH600002")[: prices.shape[1]],
        price_fen=prices,
        close_fen=prices,
        dividend=nothing,
        bonus=nothing.copy(),
    )
    return replace(bars, **changes)


def _run(bars, scores, *, rules=RULES, cash=1_000_000, shares=None, deposits=None):
    return simulate_sessions(
        session_inputs(bars, CN_RULES, deposits_fen=deposits),
        np.array(scores, dtype=np.float64),
        signal_rows=DAILY[: len(scores)],
        rules=rules,
        opening=Opening(cash, shares),
        is_keeping_shares=True,
    )


def test_a_purchase_is_sized_at_the_worst_price_and_filled_at_the_real_one():
    found = _run(_bars([[1_000], [1_050], [1_050]]), [[1.0]] * 3)
    # 10 000 CNY pay for 900 shares at 11.00 with fees; they cost 10.50 plus 5.00 and 0.09.
    assert [0, 900, 900] == found.shares[:, 0].tolist()
    assert [1_000_000, 1_000_000 - 945_000 - 509, 54_491] == found.cash.tolist()
    assert [0, 509, 0] == found.cost.tolist()
    assert [0, 945_000, 0] == found.turnover.tolist()
    assert [1_000_000, 999_491, 999_491] == found.nav.tolist()


def test_the_price_of_the_trade_and_of_the_valuation_differ():
    bars = _bars([[1_000], [1_000]], price_fen=np.array([[990], [980]]))
    found = _run(bars, [[1.0]] * 2)
    assert 900 * 980 == found.turnover[1]
    assert 900 * 1_000 + found.cash[1] == found.nav[1]


def test_dividends_arrive_before_the_fills_and_after_the_sizing():
    bars = _bars([[1_000, 1_000], [1_000, 1_000], [950, 1_000], [950, 1_000]])
    bars.dividend[2, 0] = 0.5
    scores = [[np.nan, 1.0]] + [[1.0, np.nan]] * 3
    shares = np.array([1_000, 0, 0])[:2]
    found = _run(bars, scores, cash=0, shares=shares)
    assert [0, 0, 50_000, 50_000] == found.cash.tolist()
    assert [1_000_000] * 4 == found.nav.tolist()


def test_bonus_shares_cannot_be_sold_on_the_day_they_arrive():
    bars = _bars([[1_300, 900], [1_300, 900], [1_000, 900], [1_000, 900]])
    bars.bonus[2, 0] = 0.3
    shares = np.array([1_015, 0])
    # The holding has to leave on the ex-date.
    scores = [[1.0, 0.5], [0.5, 1.0]] * 2
    found = _run(bars, scores, rules=SWITCHING, cash=0, shares=shares)
    assert [1_015, 1_015, 304, 304] == found.shares[:, 0].tolist()  # 304.5, the half is dropped
    assert 1_015 * 1_000 > found.cash[2] >= 0


def test_a_rise_of_the_factor_without_facts_is_cash():
    factor = np.array([[1.0], [1.0], [1.25], [1.25]])
    bars = _bars([[1_000], [1_000], [800], [800]], factor=factor)
    found = _run(bars, np.full((4, 1), np.nan), cash=0, shares=np.array([100]))
    assert [0, 0, 20_000, 20_000] == found.cash.tolist()
    assert [100_000] * 4 == found.nav.tolist()


def test_a_fall_of_the_factor_is_a_consolidation():
    factor = np.array([[1.0], [1.0], [0.1], [0.1]])
    bars = _bars([[1_000], [1_000], [10_000], [10_000]], factor=factor)
    found = _run(bars, np.full((4, 1), np.nan), cash=0, shares=np.array([120]))
    assert [120, 120, 12, 12] == found.shares[:, 0].tolist()
    gone = _run(bars, np.full((4, 1), np.nan), cash=0, shares=np.array([5]))
    assert [5, 5, 0, 0] == gone.shares[:, 0].tolist()
    assert [1, 1, 0, 0] == gone.n_held.tolist()


def test_what_consolidated_away_can_be_bought_again_the_same_day():
    factor = np.array([[1.0], [1.0], [0.1], [0.1]])
    bars = _bars([[1_000], [1_000], [1_000], [1_000]], factor=factor)
    found = _run(bars, [[1.0]] * 4, cash=1_000_000, shares=np.array([5]))
    assert [5, 5, 0, 0] == _run(bars, [[1.0]] * 4, cash=0, shares=np.array([5])).shares[
        :, 0
    ].tolist()
    assert [1_005_000, 1_005_000] == found.nav[:2].tolist()
    assert (found.shares[:, 0] * 1_000 + found.cash).tolist() == found.nav.tolist()


def test_deposits_count_before_the_orders():
    deposits = np.array([0, 500_000, 0])
    found = _run(_bars([[1_000]] * 3), [[1.0]] * 3, cash=600_000, deposits=deposits)
    assert [0, 900, 900] == found.shares[:, 0].tolist()


def test_a_pause_on_the_signal_day_and_one_in_the_session():
    paused_before = _bars([[0], [1_000], [1_000], [1_000]])
    assert [0, 0, 900, 900] == _run(paused_before, [[1.0]] * 4).shares[:, 0].tolist()
    paused_then = _bars([[1_000], [0], [1_000], [1_000]])
    assert [0, 0, 0, 900] == _run(paused_then, [[1.0]] * 4).shares[:, 0].tolist()


def test_a_paused_holding_keeps_its_last_close():
    bars = _bars([[1_000], [0], [0], [900]])
    found = _run(bars, np.full((4, 1), np.nan), cash=7, shares=np.array([100]))
    assert [100_007, 100_007, 100_007, 90_007] == found.nav.tolist()


def test_limits_are_judged_at_the_traded_price():
    locked = _bars([[1_000], [1_100], [1_000], [1_000]])
    assert [0, 0, 800, 800] == _run(locked, [[1.0]] * 4).shares[:, 0].tolist()
    opened = replace(locked, price_fen=np.array([[1_000], [1_099], [1_000], [1_000]]))
    assert 900 == _run(opened, [[1.0]] * 4).shares[1, 0]
    falling = _bars([[1_000, 1_000], [900, 1_000], [900, 1_000], [900, 1_000]])
    shares = np.array([100, 0])
    found = _run(falling, [[1.0, 2.0]] * 4, rules=SWITCHING, cash=0, shares=shares)
    assert [100, 100, 0, 0] == found.shares[:, 0].tolist()


def test_an_alternate_takes_the_place_of_a_locked_purchase():
    prices = [[1_000, 1_000], [1_100, 1_000], [1_100, 1_000]]
    rules = replace(RULES, buy_suggestion_factor=2)
    plain = _run(_bars(prices), [[2.0, 1.0]] * 3, rules=rules)
    assert [0, 0] == plain.shares[1].tolist()
    found = _run(_bars(prices), [[2.0, 1.0]] * 3, rules=replace(rules, is_replacing=True))
    assert [0, 900] == found.shares[1].tolist()


def test_a_position_is_held_as_long_as_it_must():
    scores = [[2.0, 1.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    prices = [[1_000, 1_000]] * 4
    short = _run(_bars(prices), scores, rules=SWITCHING)
    assert [False, True, False, False] == (short.shares[:, 0] > 0).tolist()
    long = _run(_bars(prices), scores, rules=replace(SWITCHING, hold_thresh=2))
    assert [False, True, True, False] == (long.shares[:, 0] > 0).tolist()


def test_without_the_correction_an_unpriced_purchase_keeps_its_budget():
    prices = [[0, 1_000], [1_000, 1_000]]
    scores = [[2.0, 1.0]] * 2
    rules = SimulationRules(topk=2, n_drop=0, risk_degree=1.0, only_tradable=False)
    assert [0, 900] == _run(_bars(prices), scores, rules=rules).shares[1].tolist()
    plain = replace(rules, corrected=False)
    assert [0, 400] == _run(_bars(prices), scores, rules=plain).shares[1].tolist()


def test_dividends_are_rounded_half_up_for_each_holding(form):
    book = session_book(np.array([3, 5]), np.array([1, 1]))
    book.names[:] = [0, 1]
    terms = np.array([5_000, 1_000]), np.array([0, 400_000])  # 0.5 fen, and 0.1 fen with a bonus
    assert (100 + 2 + 1, True) == form(entitle_nb)(*terms, book, 2, 100)
    assert [0, 2] == book.received.tolist()
    assert (100, False) == form(entitle_nb)(*(0 * term for term in terms), book, 2, 100)
    assert [0, 0] == book.received.tolist()


@pytest.mark.parametrize("seed", range(8))
def test_compiled_and_plain_agree(plain, seed):
    bars, rules = draw_bars(seed), draw_rules(seed)
    scores = draw_scores(seed, bars)
    inputs, paths = inputs_of(bars), []
    nothing = np.zeros(len(bars.instruments), dtype=np.int64)
    rows = np.arange(bars.dates.size) - 1
    for run in (simulate_sessions_nb, plain(simulate_sessions_nb)):
        path = session_paths(*scores.shape, is_keeping_shares=True)
        book = session_book(nothing, nothing)
        arguments = (inputs.tables, rules.decision_rule(), session_terms(rules), 6_000_000)
        last = run(scores, rows, *arguments, book, path)
        assert last == path.nav[-1]
        paths.append([part.tolist() for part in path])
    assert paths[0] == paths[1]
