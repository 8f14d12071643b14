import numpy as np
import pytest

from quantpits.market.synthetic_index import UNIVERSE_SIZE, index_bars, universe_membership

REVIEW_2024 = np.datetime64("2024-06-17")  # the second Friday was the 14th


@pytest.fixture(scope="module")
def members(market):
    return market.members


def test_universe_always_has_its_size(members):
    assert {UNIVERSE_SIZE} == set(members.sum(axis=1).tolist())


def test_members_are_listed(market, members):
    assert not (members & ~market.paths.is_listed).any()


def test_beijing_names_are_no_members(market, members):
    beijing = [column for column, board in enumerate(market.plan.boards) if board == "beijing"]
    assert not members[:, beijing].any()


def test_members_change_on_reviews_and_delistings_only(market, members):
    changes = np.flatnonzero((members[1:] != members[:-1]).any(axis=1)) + 1
    delisted = {int(end) for end in market.plan.end if end < len(market.sessions)}
    reviews = {row for row in changes.tolist() if row not in delisted}
    months = {str(market.sessions[row])[5:7] for row in reviews}
    assert {"06", "12"} == months
    assert len(reviews) >= 12
    for row in reviews:
        day, before = market.sessions[row].item(), market.sessions[row - 1].item()
        # The Friday of the review lies in the days before, and it was the month's second.
        assert before.day <= 14 < day.day + 7
        assert day.weekday() == 0


def test_a_review_changes_a_few_members(market, members):
    row = int(np.searchsorted(market.sessions, REVIEW_2024))
    assert 0 < (members[row] & ~members[row - 1]).sum() < 15


def test_a_review_looks_at_the_month_before_only(market):
    row = int(np.searchsorted(market.sessions, REVIEW_2024))
    cut = int(np.searchsorted(market.sessions, np.datetime64("2024-06-01")))
    paths = market.paths
    kept = paths.close_fen[cut:row].copy()
    reference = paths.reference_fen[cut:row].copy()
    try:
        paths.close_fen[cut:row] *= np.arange(1, len(market.plan.instruments) + 1)
        paths.reference_fen[cut:row] *= np.arange(1, len(market.plan.instruments) + 1)
        again = universe_membership(market.plan, paths, market.sessions)
    finally:
        paths.close_fen[cut:row] = kept
        paths.reference_fen[cut:row] = reference
    assert np.array_equal(again[row], market.members[row])


def test_a_delisted_member_is_replaced_at_once(market, members):
    gone = [
        (int(end), column)
        for column, end in enumerate(market.plan.end)
        if end < len(market.sessions) and members[end - 1, column]
    ]
    assert gone
    for row, column in gone:
        assert not members[row, column]
        assert UNIVERSE_SIZE == members[row].sum()


def test_index_bars_are_consistent(market):
    index = market.index
    for prices in (index.open, index.close):
        assert (index.low <= prices).all()
        assert (prices <= index.high).all()
    assert index.amount_cny.min() > 0
    assert index.volume_shares.min() > 0
    assert np.array_equal(np.round(index.close, 2), index.close)


def _rows(market):
    events = (market.paths.bonus_tenths > 0) & market.members
    return [500, *np.flatnonzero(events.any(axis=1))[:3].tolist()]


@pytest.mark.parametrize("number", range(4), ids=["plain", "split 1", "split 2", "split 3"])
def test_index_return_is_that_of_its_members_from_their_references(market, number):
    # On an ex-date from the theoretical ex-price: cash is reinvested, splits change nothing.
    paths, row = market.paths, _rows(market)[number]
    mask = market.members[row]
    last = np.where(paths.is_traded, paths.close_fen, paths.reference_fen)
    weight = paths.reference_fen[row] * paths.outstanding_shares[row] * mask
    change = last[row] / paths.reference_fen[row] - 1
    expected = float((weight * change).sum() / weight.sum())
    found = market.index.close[row] / market.index.close[row - 1] - 1
    assert expected == pytest.approx(found, abs=1e-5)


def test_index_moves_like_an_index(market):
    bars = index_bars(market.paths, market.members)
    assert np.array_equal(bars.close, market.index.close)
    assert np.abs(np.diff(bars.close) / bars.close[:-1]).max() < 0.08
