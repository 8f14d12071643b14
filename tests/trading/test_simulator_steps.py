"""Preparing a backtest in Qlib's timing: what a step knows, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.trading.simulator_rules import Opening, SimulationRules
from quantpits.trading.simulator_schedule import qlib_steps
from quantpits.trading.simulator_steps import (
    AdjustedBars,
    QlibExchange,
    qlib_inputs,
    simulate_qlib,
    step_scores,
)

NAN = np.nan
DATES = np.arange("2024-01-01", "2024-01-22", dtype="datetime64[D]")  # begins on a Monday
RULES = SimulationRules(topk=1, n_drop=1)


@pytest.fixture
def bars():
    ones = np.ones((DATES.size, 2))
    return AdjustedBars(
        dates=DATES,
        instruments=("SH600000", "SH600001"),
        price=10 * ones,
        close=11 * ones,
        factor=2 * ones,
        change=0 * ones,
    )


@pytest.fixture
def weeks():
    return qlib_steps(DATES, start=date(2024, 1, 8), end=date(2024, 1, 14), frequency="week")


@pytest.fixture
def days():
    return qlib_steps(DATES, start=date(2024, 1, 8), end=date(2024, 1, 10), frequency="day")


def test_a_step_knows_the_last_of_each_field(bars, weeks):
    bars.close[11, 0], bars.close[12:14, 0] = 12.0, NAN
    bars.price[11:14, 0] = [7.0, NAN, NAN]
    bars.close[7:14, 1] = NAN
    tables = qlib_inputs(bars, weeks, exchange=QlibExchange()).tables
    assert [7.0, 12.0] == [tables.price[0, 0], tables.mark[0, 0]]
    assert 11.0 == tables.mark[0, 1]  # the close of the week before
    assert [True, False] == tables.can_buy[0].tolist()


def test_a_missing_price_is_the_close(bars, days):
    bars.price[7, 0], bars.price[8, 0] = NAN, 0.0
    tables = qlib_inputs(bars, days, exchange=QlibExchange()).tables
    assert [11.0, 11.0, 10.0] == tables.price[:, 0].tolist()


def test_a_limit_counts_if_it_lasts_all_week(bars, weeks):
    bars.change[7:14] = 0.1
    bars.change[9, 1] = 0.0
    exchange = QlibExchange(forbid_all_trade_at_limit=False)
    tables = qlib_inputs(bars, weeks, exchange=exchange).tables
    assert [False, True] == tables.can_buy[0].tolist()
    assert [True, True] == tables.can_sell[0].tolist()


def test_either_limit_may_close_both_sides(bars, days):
    bars.change[7, 0], bars.change[8, 0] = 0.1, -0.1
    one_sided = qlib_inputs(
        bars, days, exchange=QlibExchange(forbid_all_trade_at_limit=False)
    ).tables
    assert [False, True, True] == one_sided.can_buy[:, 0].tolist()
    assert [True, False, True] == one_sided.can_sell[:, 0].tolist()
    both = qlib_inputs(bars, days, exchange=QlibExchange()).tables
    assert [False, False, True] == both.can_buy[:, 0].tolist()
    assert [False, False, True] == both.can_sell[:, 0].tolist()
    free = qlib_inputs(bars, days, exchange=QlibExchange(limit_threshold=None)).tables
    assert free.can_buy.all()


def test_the_threshold_is_compared_as_qlib_stores_it(bars, days):
    bars.change[7, 0] = np.float64(np.float32(0.095))  # below 0.095 as a 64-bit number
    tables = qlib_inputs(bars, days, exchange=QlibExchange()).tables
    assert not tables.can_buy[0, 0]


def test_a_stale_score_of_the_week_stands_in(weeks):
    scores = np.full((DATES.size, 2), NAN)
    scores[2, 0], scores[3, 1], scores[4, 1] = 0.5, 0.1, 0.2
    assert [[0.5, 0.2]] == step_scores(scores, weeks).tolist()
    assert np.isnan(step_scores(np.full_like(scores, NAN), weeks)).all()


def test_the_scores_of_days_are_a_view(days):
    scores = np.arange(DATES.size * 2, dtype=np.float64).reshape(-1, 2)
    found = step_scores(scores, days)
    assert scores[6:9].tolist() == found.tolist()
    assert np.shares_memory(scores, found)


def test_the_first_week_of_a_market_has_no_scores(bars):
    steps = qlib_steps(DATES, start=date(2024, 1, 1), end=date(2024, 1, 9), frequency="week")
    scores = np.ones((DATES.size, 2))
    assert [True, False] == np.isnan(step_scores(scores, steps)).all(axis=1).tolist()
    inputs = qlib_inputs(bars, steps, exchange=QlibExchange())
    found = simulate_qlib(inputs, scores, rules=RULES, opening=Opening(1e5))
    assert [0.0, True] == [found.turnover[0], bool(found.turnover[1] > 0)]


def test_opening_positions_are_valued_before_they_trade(bars, days):
    bars.close[5:, 0] = NAN
    inputs = qlib_inputs(bars, days, exchange=QlibExchange())
    found = simulate_qlib(
        inputs,
        np.full((DATES.size, 2), NAN),
        rules=RULES,
        opening=Opening(100.0, np.array([3.0, 2.0])),
    )
    assert [155.0] * 3 == found.nav.tolist()
    assert 155.0 == found.opening
    assert [2, 2, 2] == found.n_held.tolist()


@pytest.mark.parametrize("name", ["price", "close", "factor", "change"])
def test_fields_fit_the_bars(bars, days, name):
    with pytest.raises(ShapeError, match=name):
        qlib_inputs(replace(bars, **{name: np.ones((3, 2))}), days, exchange=QlibExchange())


def test_steps_fit_the_bars(bars, days):
    short = {name: getattr(bars, name)[:9] for name in ("price", "close", "factor", "change")}
    with pytest.raises(ShapeError, match="beyond the bars"):
        qlib_inputs(replace(bars, dates=DATES[:9], **short), days, exchange=QlibExchange())


def test_a_price_needs_its_factor(bars, days):
    bars.factor[8, 1] = NAN
    with pytest.raises(DataError, match="no adjustment factor") as caught:
        qlib_inputs(bars, days, exchange=QlibExchange())
    assert "SH600001 on 2024-01-09" in str(caught.value)


def test_scores_fit_the_market(bars, days):
    inputs = qlib_inputs(bars, days, exchange=QlibExchange())
    with pytest.raises(ShapeError, match="scores do not fit"):
        simulate_qlib(inputs, np.ones((5, 2)), rules=RULES, opening=Opening(1e5))
    with pytest.raises(NonFiniteError, match="infinite"):
        simulate_qlib(inputs, np.full((21, 2), np.inf), rules=RULES, opening=Opening(1e5))


def test_the_opening_book_fits_the_market(bars, days):
    inputs = qlib_inputs(bars, days, exchange=QlibExchange())
    scores = np.ones((21, 2))
    with pytest.raises(ShapeError, match="opening book"):
        simulate_qlib(inputs, scores, rules=RULES, opening=Opening(1e5, np.ones(3)))
    with pytest.raises(NonFiniteError, match="opening account"):
        simulate_qlib(inputs, scores, rules=RULES, opening=Opening(-1.0))
    bars.close[:8, 1] = NAN
    inputs = qlib_inputs(bars, days, exchange=QlibExchange())
    with pytest.raises(DataError, match="no price"):
        simulate_qlib(inputs, scores, rules=RULES, opening=Opening(1e5, np.ones(2)))
