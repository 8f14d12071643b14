import hashlib

import numpy as np
import pytest

from quantpits.market.synthetic_listing import limit_ratio_bps
from quantpits.market.synthetic_paths import simulate_paths

BPS = 10_000


@pytest.fixture(scope="module")
def paths(market):
    return market.paths


@pytest.fixture(scope="module")
def ratios(market):
    return limit_ratio_bps(market.plan, market.sessions)


def _limits(reference, ratio):
    down = (reference * (BPS - ratio) * 2 + BPS) // (2 * BPS)
    up = (reference * (BPS + ratio) * 2 + BPS) // (2 * BPS)
    return np.minimum(down, reference - 1), np.maximum(up, reference + 1)


def test_raw_closes_are_the_same_on_every_machine(paths):
    expected = "4edebae3b34d48b592e58772376e36d3b0ae2284db7b00f0f2da8f64f73b9233"
    assert expected == hashlib.sha256(paths.close_fen.astype("<i8").tobytes()).hexdigest()


def test_raw_volumes_are_the_same_on_every_machine(paths):
    expected = "d31dee3d5d99c6d44b51f377a8a05cada3a4828c2ffa625078939466ab00aa2a"
    assert expected == hashlib.sha256(paths.volume_shares.astype("<i8").tobytes()).hexdigest()


def test_factors_are_the_same_on_every_machine(paths):
    expected = "b1facfa08e29d8328937041edaca08ba450c4af3cda8bc56a28d6f806a5fd0d8"
    assert expected == hashlib.sha256(paths.factor.astype("<f8").tobytes()).hexdigest()


def test_another_seed_makes_another_market(market, paths):
    _, other = simulate_paths(1, market.sessions)
    assert not np.array_equal(other.close_fen[:10, :70], paths.close_fen[:10, :70])


def test_bars_are_consistent(paths):
    traded = paths.is_traded
    low, high = paths.low_fen[traded], paths.high_fen[traded]
    for prices in (paths.open_fen, paths.close_fen, paths.vwap_fen):
        assert (low <= prices[traded]).all()
        assert (prices[traded] <= high).all()
    assert low.min() > 0
    assert (paths.volume_shares[traded] >= 100).all()
    assert (paths.volume_shares % 100 == 0).all()
    assert (paths.volume_shares <= paths.outstanding_shares).all()


def test_nothing_trades_while_suspended_or_not_listed(paths):
    quiet = ~paths.is_traded
    for values in (paths.open_fen, paths.close_fen, paths.volume_shares, paths.dividend_fen):
        assert not values[quiet].any()


def test_prices_stay_within_the_limits(paths, ratios):
    limited = paths.is_traded & (ratios > 0)
    down, up = _limits(paths.reference_fen[limited], ratios[limited])
    assert (paths.low_fen[limited] >= down).all()
    assert (paths.high_fen[limited] <= up).all()


def test_limit_days_occur_and_some_are_locked_all_day(paths, ratios):
    limited = paths.is_traded & (ratios > 0)
    down, up = _limits(paths.reference_fen, ratios)
    at_up = limited & (paths.close_fen == up)
    at_down = limited & (paths.close_fen == down)
    locked = paths.high_fen == paths.low_fen
    assert at_up.sum() > 100
    assert at_down.sum() > 100
    assert (at_up & locked).sum() > 20
    assert (at_down & locked).sum() > 20


def test_new_listings_may_move_beyond_the_limits(paths, ratios, market):
    first_days = [
        (int(first), column)
        for column, first in enumerate(market.plan.first)
        if not market.plan.is_seasoned[column]
    ]
    moves = [paths.close_fen[at] / paths.reference_fen[at] - 1 for at in first_days]
    assert max(moves) > 0.3
    assert all(ratios[at] == 0 for at in first_days)


def test_an_event_moves_the_reference_and_the_factor_together(paths):
    events = np.argwhere((paths.dividend_fen > 0) | (paths.bonus_tenths > 0))
    assert len(events) > 300
    for row, column in events.tolist():
        before = paths.close_fen[row - 1, column] or paths.reference_fen[row - 1, column]
        cash, tenths = paths.dividend_fen[row, column], paths.bonus_tenths[row, column]
        exact = (int(before) - int(cash)) * 10 / (10 + int(tenths))
        reference = int(paths.reference_fen[row, column])
        assert abs(exact - reference) <= 0.5
        ratio = paths.factor[row, column] / paths.factor[row - 1, column]
        assert before / reference == pytest.approx(ratio, rel=1e-12)


def test_the_factor_changes_on_ex_dates_only(paths):
    changed = np.diff(paths.factor, axis=0) != 0
    event = (paths.dividend_fen > 0) | (paths.bonus_tenths > 0)
    assert (changed == event[1:]).all()


def test_splits_and_dividends_both_occur(paths):
    assert (paths.dividend_fen > 0).sum() > 300
    assert {0, 3, 5, 10} == set(np.unique(paths.bonus_tenths).tolist())
    assert (paths.is_traded | (paths.bonus_tenths == 0)).all()


def test_reference_is_the_last_close_without_an_event(paths):
    both = paths.is_listed[1:] & paths.is_traded[:-1]
    quiet = (paths.dividend_fen[1:] == 0) & (paths.bonus_tenths[1:] == 0)
    at = both & quiet
    assert (paths.reference_fen[1:][at] == paths.close_fen[:-1][at]).all()


def test_daily_returns_look_like_a_market(paths):
    change = paths.close_fen / np.maximum(paths.reference_fen, 1) - 1
    traded = paths.is_traded
    assert 0.015 < change[traded].std() < 0.04
    daily = np.array([day[mask].mean() for day, mask in zip(change, traded, strict=True)])
    assert -0.1 < daily.mean() * 242 < 0.3
    assert 0.08 < daily.std() * 242**0.5 < 0.3
