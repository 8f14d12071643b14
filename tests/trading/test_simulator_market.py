"""The market in tables: references, limits, worst prices, rules by date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.trading import CN_RULES
from quantpits.trading.simulator_market import RawBars, RawBefore, session_inputs
from tests.trading.session_markets import CODES, draw_bars, inputs_of

DATES = np.array(["2023-08-24", "2023-08-25", "2023-08-28", "2023-08-29"], dtype="datetime64[D]")
CODE = "SH600000"


@pytest.fixture
def bars():
    prices = np.array([[1_000], [1_010], [0], [1_020]])
    nothing = np.zeros((4, 1))
    return RawBars(
        dates=DATES,
        instruments=(CODE,),
        price_fen=prices,
        close_fen=prices,
        dividend=nothing,
        bonus=nothing.copy(),
    )


def test_limits_come_from_the_last_close_and_worst_prices_from_the_signal_day(bars):
    tables = session_inputs(bars, CN_RULES).tables
    assert [0, 1_100, 1_111, 1_111] == tables.limit_up[:, 0].tolist()
    assert [0, 900, 909, 909] == tables.limit_down[:, 0].tolist()
    # Nothing traded on the third day, so nothing is ordered for the fourth.
    assert [0, 1_100, 1_111, 0] == tables.worst_buy[:, 0].tolist()
    assert [0, 900, 909, 0] == tables.worst_sell[:, 0].tolist()
    assert [1_000, 1_010, 1_010, 1_020] == tables.mark[:, 0].tolist()
    assert [True, True, False, True] == tables.is_traded[:, 0].tolist()


def test_what_is_paid_out_during_a_pause_lowers_the_reference(bars):
    bars.dividend[2, 0] = 1.1
    tables = session_inputs(bars, CN_RULES).tables
    assert [1_000, 1_010, 900, 1_020] == tables.mark[:, 0].tolist()
    assert [990, 990] == tables.limit_up[2:, 0].tolist()
    assert [False, False, True, False] == tables.has_action.tolist()


@pytest.mark.property
@pytest.mark.parametrize("seed", range(10))
def test_every_row_equals_the_rule_book_asked_for_that_day(seed):
    bars = draw_bars(seed)
    tables = inputs_of(bars).tables
    for row in range(1, bars.dates.size):
        day, era = bars.dates[row].item(), tables.era[row]
        orders = CN_RULES.session_rules(CODES, day, reference_fen=bars.close_fen[row - 1])
        assert orders.worst_sell_fen.tolist() == tables.worst_sell[row].tolist()
        assert orders.worst_buy_fen.tolist() == tables.worst_buy[row].tolist()
        assert orders.rates.tolist() == tables.rates[era].tolist()
        assert orders.minimum_shares.tolist() == tables.minimum_shares[era].tolist()
        assert orders.step_shares.tolist() == tables.step_shares[era].tolist()


def test_rules_change_with_the_date(bars):
    tables = session_inputs(bars, CN_RULES).tables
    assert [0, 0, 1, 1] == tables.era.tolist()
    assert [100_000, 50_000] == tables.rates[:, 0, 3].tolist()


def test_first_sessions_and_risk_warnings_have_limits_of_their_own(bars):
    listed = np.array([[3], [4], [5], [6]])
    tables = session_inputs(replace(bars, sessions_listed=listed), CN_RULES).tables
    assert [0, 0, 0, 1_111] == tables.limit_up[:, 0].tolist()
    assert 1_200 == tables.worst_buy[1, 0]  # the free move stands in
    warned = np.array([[False], [True], [False], [False]])
    tables = session_inputs(replace(bars, is_st=warned), CN_RULES).tables
    assert [0, 1_050, 1_111, 1_111] == tables.limit_up[:, 0].tolist()


def test_names_at_a_limit_can_be_kept_out_altogether(bars):
    prices = np.array([[1_000], [1_100], [0], [990]])
    bars = replace(bars, price_fen=prices, close_fen=prices)
    closed = session_inputs(bars, CN_RULES, forbid_all_trade_at_limit=True).tables
    assert [1_000, 0, 0, 0] == closed.price[:, 0].tolist()
    assert [1_000, 1_100, 0, 990] == session_inputs(bars, CN_RULES).tables.price[:, 0].tolist()


def test_facts_win_over_the_factor_and_noise_is_none(bars):
    factor = np.array([[1.0], [1.0 + 1e-7], [np.nan], [1.2]])
    assert [0, 0, 0, 0] == session_inputs(
        replace(bars, factor=np.ones((4, 1))), CN_RULES
    ).tables.dividend_e6[:, 0].tolist()
    tables = session_inputs(replace(bars, factor=factor), CN_RULES).tables
    assert [0, 0, 0, (1_010 - 842) * 10_000] == tables.dividend_e6[:, 0].tolist()
    bars.bonus[3, 0] = 0.2
    tables = session_inputs(replace(bars, factor=factor), CN_RULES).tables
    assert [0, 0, 0, 0] == tables.dividend_e6[:, 0].tolist()
    assert [0, 0, 0, 200_000] == tables.bonus_e6[:, 0].tolist()


def test_the_arguments_are_not_changed(bars):
    factor = np.array([[1.0], [1.0], [1.0], [1.2]])
    session_inputs(replace(bars, factor=factor), CN_RULES)
    assert 0 == np.abs(bars.dividend).sum() + np.abs(bars.bonus).sum()
    assert [1_000, 1_010, 0, 1_020] == bars.close_fen[:, 0].tolist()


@pytest.mark.parametrize("name", ["price_fen", "close_fen", "dividend", "bonus", "factor", "is_st"])
def test_fields_fit_the_bars(bars, name):
    wrong = {name: np.zeros((2, 1), dtype=np.int64)}
    with pytest.raises(ShapeError, match=name):
        session_inputs(replace(bars, **wrong), CN_RULES)


def test_the_other_arrays_fit_too(bars):
    with pytest.raises(ShapeError, match="since listing"):
        session_inputs(replace(bars, sessions_listed=np.zeros((1, 1), dtype=np.int64)), CN_RULES)
    with pytest.raises(ShapeError, match="deposits"):
        session_inputs(bars, CN_RULES, deposits_fen=np.zeros(3, dtype=np.int64))


def test_numbers_that_make_no_sense_are_refused(bars):
    with pytest.raises(NonFiniteError, match="raw price"):
        session_inputs(replace(bars, close_fen=-bars.close_fen), CN_RULES)
    bars.dividend[1, 0] = -0.1
    with pytest.raises(NonFiniteError, match="dividend"):
        session_inputs(bars, CN_RULES)
    bars.dividend[1, 0] = 10.0
    with pytest.raises(NonFiniteError, match="paid from") as caught:
        session_inputs(bars, CN_RULES)
    assert f"{CODE} on {date(2023, 8, 25)}" in str(caught.value)


def test_an_instrument_without_a_board_is_refused(bars):
    with pytest.raises(DataError, match="no board"):
        session_inputs(replace(bars, instruments=("XX1",)), CN_RULES)


def test_what_was_before_gives_the_first_row_a_reference_and_its_actions(bars):
    before = RawBefore(mark_fen=np.array([900]), factor=np.array([1.0]))
    tables = session_inputs(bars, CN_RULES, before=before).tables
    assert [990, 1_100, 1_111, 1_111] == tables.limit_up[:, 0].tolist()
    paid = session_inputs(replace(bars, factor=np.full((4, 1), 1.2)), CN_RULES, before=before)
    assert [150 * 10_000, 0, 0, 0] == paid.tables.dividend_e6[:, 0].tolist()
    assert 825 == paid.tables.limit_up[0, 0]
    with pytest.raises(ShapeError, match="before the first row"):
        session_inputs(bars, CN_RULES, before=replace(before, factor=np.ones(2)))


def test_a_flat_limit_takes_the_place_of_the_boards(bars):
    listed = np.array([[3], [4], [5], [6]])
    bars = replace(bars, sessions_listed=listed)
    tables = session_inputs(bars, CN_RULES, limit_threshold=0.05).tables
    assert [0, 1_050, 1_061, 1_061] == tables.limit_up[:, 0].tolist()
    assert [0, 950, 960, 960] == tables.limit_down[:, 0].tolist()
    assert [0, 1_050, 1_061, 0] == tables.worst_buy[:, 0].tolist()
