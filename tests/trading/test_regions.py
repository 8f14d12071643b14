from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quantpits.errors import DataError
from quantpits.trading import FeeSchedule, PriceLimits
from quantpits.trading.regions import CN_RULES, US_RULES, rule_book

TODAY = date(2024, 1, 2)


@pytest.mark.parametrize(
    ("instrument", "board"),
    [
        ("SH600000", "main"),
        ("SH603259", "main"),
        ("SH605499", "main"),
        ("SZ000001", "main"),
        ("SZ002594", "main"),
        ("SZ300750", "chinext"),
        ("SZ301236", "chinext"),
        ("SZ302132", "chinext"),
        ("SH688981", "star"),
        ("SH689009", "star"),
        ("BJ830799", "beijing"),
        ("BJ430047", "beijing"),
        ("BJ920002", "beijing"),
        ("SH920002", "beijing"),  # not Shanghai, whatever the prefix says
        ("920002", "beijing"),
        ("830799", "beijing"),
        ("430047", "beijing"),
    ],
)
def test_board_of_a_code(instrument, board):
    assert board == CN_RULES.board(instrument)


@pytest.mark.parametrize("instrument", ["SH510300", "SZ159915", "SH900901", "SZ200002", "600000"])
def test_what_is_no_share_has_no_board(instrument):
    with pytest.raises(DataError, match="no board"):
        CN_RULES.board(instrument)


@pytest.mark.parametrize(
    ("instrument", "minimum", "step"),
    [
        ("SH600000", 100, 100),
        ("SZ300750", 100, 100),
        ("SH688981", 200, 1),
        ("BJ830799", 100, 1),
    ],
)
def test_lots(instrument, minimum, step):
    rule = CN_RULES.lot_rule(instrument, TODAY)
    assert (minimum, step) == (rule.minimum_shares, rule.step_shares)


@pytest.mark.parametrize(
    ("instrument", "day", "is_st", "bps"),
    [
        ("SH600000", TODAY, False, 1_000),
        ("SH600000", date(2026, 7, 5), True, 500),
        ("SH600000", date(2026, 7, 6), True, 1_000),
        ("SH600000", date(2026, 7, 6), False, 1_000),
        ("SZ300750", date(2020, 8, 23), False, 1_000),
        ("SZ300750", date(2020, 8, 24), False, 2_000),
        ("SZ300750", TODAY, True, 2_000),
        ("SH688981", TODAY, False, 2_000),
        ("BJ830799", TODAY, False, 3_000),
    ],
)
def test_limit_ratio_by_board_and_date(instrument, day, is_st, bps):
    assert bps == CN_RULES.limit_ratio_bps(instrument, day, is_st=is_st)


@pytest.mark.parametrize(
    ("instrument", "day", "free"),
    [
        ("SH600000", date(2023, 4, 9), 1),
        ("SH600000", date(2023, 4, 10), 5),
        ("SH600000", date(2026, 7, 6), 5),
        ("SZ300750", date(2020, 8, 21), 1),
        ("SZ300750", date(2020, 8, 24), 5),
        ("SH688981", TODAY, 5),
        ("BJ830799", TODAY, 1),
    ],
)
def test_first_listing_days_have_no_limit(instrument, day, free):
    ratios = [
        CN_RULES.limit_ratio_bps(instrument, day, sessions_listed=count)
        for count in (1, free, free + 1)
    ]
    assert [0, 0] == ratios[:2]
    assert ratios[2] > 0


@pytest.mark.parametrize(
    ("instrument", "day", "stamp", "transfer"),
    [
        ("SH600000", date(2023, 8, 27), 100_000, 1_000),
        ("SH600000", date(2023, 8, 28), 50_000, 1_000),
        ("SZ000001", date(2022, 4, 28), 100_000, 2_000),
        ("SZ000001", date(2022, 4, 29), 100_000, 1_000),
        ("BJ830799", date(2022, 4, 28), 100_000, 2_500),
        ("BJ830799", date(2022, 4, 29), 100_000, 1_000),
    ],
)
def test_fees_by_date(instrument, day, stamp, transfer):
    schedule = CN_RULES.fee_schedule(instrument, day)
    assert FeeSchedule(25_000, 25_000, 500, stamp, transfer) == schedule


def test_every_constant_names_its_source():
    tables = (CN_RULES.lots, CN_RULES.limits, CN_RULES.fees, US_RULES.lots, US_RULES.limits)
    assert all(rule.source for table in tables for rule in table)


def test_sales_wait_a_session_in_cn_only():
    assert (1, 0) == (CN_RULES.sell_after_sessions, US_RULES.sell_after_sessions)


def test_us_trades_single_shares_without_limits_or_fees():
    rule = US_RULES.lot_rule("AAPL", TODAY)
    assert (1, 1) == (rule.minimum_shares, rule.step_shares)
    assert PriceLimits(None, None) == US_RULES.price_limits("AAPL", TODAY, reference_fen=19_000)
    assert FeeSchedule(0, 0, 0, 0, 0) == US_RULES.fee_schedule("AAPL", TODAY)


def test_rule_book_without_wishes_is_the_region():
    assert rule_book("cn") is CN_RULES
    assert rule_book("us") is US_RULES


def test_rule_book_takes_flat_costs_for_every_fee():
    book = rule_book("cn", open_cost=0.0005, close_cost=Decimal("0.0015"), min_cost_cny=5)
    assert FeeSchedule(50_000, 150_000, 500, 0, 0) == book.fee_schedule("BJ830799", TODAY)
    assert CN_RULES.limits == book.limits


def test_flat_costs_have_no_minimum_of_their_own():
    book = rule_book("cn", open_cost=0.0005, close_cost=0.0015)
    assert 0 == book.fee_schedule("SH600000", TODAY).minimum_commission_fen


def test_rule_book_takes_another_minimum_alone():
    book = rule_book("cn", min_cost_cny=Decimal("0.1"))
    assert FeeSchedule(25_000, 25_000, 10, 50_000, 1_000) == book.fee_schedule("SH600000", TODAY)


def test_rule_book_takes_another_free_move():
    assert 700 == rule_book("us", free_move_bps=700).free_move_bps


def test_one_flat_cost_alone_is_refused():
    with pytest.raises(DataError, match="only one of them"):
        rule_book("cn", open_cost=0.0005)


def test_an_unknown_region_is_refused():
    with pytest.raises(DataError, match="no rule book"):
        rule_book("hk")
