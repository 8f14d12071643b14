import numpy as np

from quantpits.market.synthetic_calendar import synthetic_sessions
from quantpits.market.synthetic_listing import (
    N_SECTORS,
    NEVER,
    limit_ratio_bps,
    make_listing_plan,
)
from quantpits.trading import rule_book

SESSIONS = synthetic_sessions()
PLAN = make_listing_plan(20200101, SESSIONS)


def test_plan_has_about_a_hundred_names_in_code_order():
    assert 110 == len(PLAN.instruments)
    assert sorted(set(PLAN.instruments)) == list(PLAN.instruments)


def test_plan_has_every_board():
    counts = {board: PLAN.boards.count(board) for board in set(PLAN.boards)}

    assert {"main": 66, "chinext": 24, "star": 16, "beijing": 4} == counts


def test_plan_has_new_listings_and_delistings():
    assert 32 == int((PLAN.first > 0).sum())
    assert 10 == int((PLAN.end < len(SESSIONS)).sum())
    assert 100 == int((PLAN.end == NEVER).sum())
    assert bool((PLAN.end > PLAN.first).all())
    assert ((PLAN.first == 0) == PLAN.is_seasoned).all()


def test_plan_has_prices_shares_and_sectors_in_range():
    assert PLAN.issue_fen.min() >= 600
    assert PLAN.issue_fen.max() <= 6_000
    assert PLAN.shares.min() >= 60_000_000
    assert 0 == PLAN.sector.min()
    assert N_SECTORS - 1 == PLAN.sector.max()


def test_plan_differs_between_seeds():
    assert PLAN.issue_fen.tolist() != make_listing_plan(1, SESSIONS).issue_fen.tolist()


def test_limits_are_those_of_the_rule_book():
    # The trading room states the exchanges' rules on its own; both must say the same.
    book = rule_book("cn")
    ratios = limit_ratio_bps(PLAN, SESSIONS)
    for row in range(0, len(SESSIONS), 97):
        for column in np.flatnonzero((row >= PLAN.first) & (row < PLAN.end)).tolist():
            rule = book.limit_rule(PLAN.instruments[column], SESSIONS[row].item())
            age = 10_000 if PLAN.is_seasoned[column] else row - int(PLAN.first[column])
            expected = 0 if age < rule.free_sessions else rule.ratio_bps
            assert expected == int(ratios[row, column])


def test_new_names_start_without_limits():
    ratios = limit_ratio_bps(PLAN, SESSIONS)
    for board, free in (("star", 5), ("chinext", 5), ("main", 5), ("beijing", 1)):
        column = next(
            i for i, b in enumerate(PLAN.boards) if b == board and not PLAN.is_seasoned[i]
        )
        first = int(PLAN.first[column])
        assert not ratios[first : first + free, column].any()
        assert ratios[first + free, column] > 0
