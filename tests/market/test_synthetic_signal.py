import numpy as np
import pytest

from quantpits.market.synthetic_signal import SignalState

TRAIN_END = np.datetime64("2024-06-28")
TEST_END = np.datetime64("2026-11-06")
PURGE = 6


def _state(changes, turnovers):
    state = SignalState(changes.shape[1])
    for change, turnover in zip(changes, turnovers, strict=True):
        state.update(change, turnover, np.ones(changes.shape[1], dtype=bool))
    return state


def _quiet(n_sessions, n_instruments):
    rng = np.random.default_rng(0)
    changes = rng.normal(0.0, 0.01, (n_sessions, n_instruments))
    return changes, np.full((n_sessions, n_instruments), 0.01)


def test_signal_is_zero_before_anything_traded():
    assert [0.0, 0.0] == SignalState(2).expected(np.array([True, True])).tolist()


def test_signal_is_zero_for_names_that_are_not_listed():
    state = _state(*_quiet(30, 10))
    listed = np.arange(10) < 7
    assert not state.expected(listed)[7:].any()
    assert state.expected(listed)[:7].all()


def test_a_recent_winner_is_expected_to_fall_back():
    changes, turnovers = _quiet(60, 20)
    before = _state(changes, turnovers).expected(np.ones(20, dtype=bool))
    changes[-5:, 3] += 0.01
    after = _state(changes, turnovers).expected(np.ones(20, dtype=bool))
    assert after[3] < before[3]


def test_unusual_volume_lowers_the_expectation():
    changes, turnovers = _quiet(60, 20)
    turnovers[:, 0] = 0.011  # otherwise the cross-section has no spread at all
    before = _state(changes, turnovers).expected(np.ones(20, dtype=bool))
    turnovers[-3:, 5] = 0.05
    after = _state(changes, turnovers).expected(np.ones(20, dtype=bool))
    assert after[5] < before[5]


def test_names_of_middling_restlessness_do_best():
    scale = np.linspace(0.005, 0.03, 31)
    changes = scale * np.where(np.arange(200) % 2 == 0, 1.0, -1.0)[:, np.newaxis]
    state = _state(changes, np.full_like(changes, 0.01))
    expected = state.expected(np.ones(31, dtype=bool))
    assert 10 < int(np.argmax(expected)) < 20
    assert expected[15] > expected[0]
    assert expected[15] > expected[30]


def test_suspended_names_keep_their_state():
    changes, turnovers = _quiet(40, 5)
    state = _state(changes, turnovers)
    before = state.expected(np.ones(5, dtype=bool))
    state.update(np.full(5, 0.09), np.full(5, 0.3), np.zeros(5, dtype=bool))
    assert before.tolist() == state.expected(np.ones(5, dtype=bool)).tolist()


# What follows looks at the whole market as a researcher would: features from public prices and
# volumes, the weekly label, a model fitted before the test window, and the daily rank IC in it.


def _rolling_mean(values, window):
    total = np.cumsum(np.nan_to_num(values), axis=0)
    mean = np.full_like(values, np.nan)
    mean[window:] = (total[window:] - total[:-window]) / window
    return mean


def _standardized(values, members):
    known = members & np.isfinite(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count
    centred = np.where(known, values - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    return np.clip(centred / np.where(spread > 0, spread, 1.0), -3, 3)


def _even_ranks(values, members):
    filled = np.where(members & np.isfinite(values), values, np.inf)
    ranks = filled.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    known = (members & np.isfinite(values)).sum(axis=1, keepdims=True)
    return np.where(filled < np.inf, ranks / np.maximum(known - 1, 1) * 2 - 1, 0.0)


@pytest.fixture(scope="module")
def research(market):
    paths = market.paths
    rows = slice(60, int(np.searchsorted(market.sessions, TEST_END, side="right")))
    close = np.where(paths.is_traded, paths.close_fen * paths.factor, np.nan)
    change = np.full_like(close, np.nan)
    change[1:] = close[1:] / close[:-1] - 1
    volume = np.where(paths.is_traded, paths.volume_shares / paths.factor, np.nan)
    restless = np.sqrt(_rolling_mean(np.square(change), 30))
    restless = np.where(restless > 0, restless, np.nan)
    usual_volume = _rolling_mean(volume, 60)
    usual_volume = np.where(usual_volume > 0, usual_volume, np.nan)
    label = np.full_like(close, np.nan)
    label[:-PURGE] = close[PURGE:] / np.roll(close, -1, axis=0)[:-PURGE] - 1
    members = market.members & np.isfinite(label) & np.isfinite(restless)
    reversal = _standardized(_rolling_mean(change, 10) / restless, members)
    shock = _standardized(_rolling_mean(volume, 5) / usual_volume, members)
    rank = _even_ranks(restless, members)
    features = np.stack([reversal, shock, rank, rank * rank - 1 / 3], axis=-1)
    return market.sessions[rows], features[rows], label[rows], members[rows]


def _fit(features, target, use):
    x, y = features[use], target[use]
    return np.linalg.solve(x.T @ x + 10.0 * np.eye(x.shape[1]), x.T @ y)


def _daily_rank_ic(score, label, members):
    ics = []
    for s, y, m in zip(score, label, members, strict=True):
        if m.sum() > 20:
            ranks = [np.argsort(np.argsort(v[m])) for v in (s, y)]
            ics.append(np.corrcoef(*ranks)[0, 1])
    return np.array(ics)


def _out_of_sample_ic(research, columns, label):
    sessions, features, _, members = research
    target = _even_ranks(label, members)
    n_train = int(np.searchsorted(sessions, TRAIN_END)) - PURGE
    use = members.copy()
    use[n_train:] = False
    weights = _fit(features[..., columns], target, use)
    score = features[..., columns] @ weights
    test = slice(n_train + PURGE, None)
    return _daily_rank_ic(score[test], label[test], members[test])


def test_a_cheap_model_finds_the_signal_out_of_sample(research):
    ic = _out_of_sample_ic(research, [0, 1, 2, 3], research[2])
    assert len(ic) > 500
    assert 0.03 < ic.mean() < 0.09


@pytest.mark.parametrize("columns", [[0], [1], [3]], ids=["reversal", "volume shock", "hump"])
def test_the_signal_is_in_each_family(research, columns):
    assert _out_of_sample_ic(research, columns, research[2]).mean() > 0.01


def test_a_linear_view_of_restlessness_sees_no_hump(research):
    bent = _out_of_sample_ic(research, [0, 1, 2, 3], research[2]).mean()
    straight = _out_of_sample_ic(research, [0, 1, 2], research[2]).mean()
    assert bent > straight + 0.005


def test_labels_shuffled_within_days_have_no_signal(research):
    _, _, label, members = research
    rng = np.random.default_rng(5)
    shuffled = label.copy()
    for row, mask in zip(shuffled, members, strict=True):
        row[mask] = rng.permutation(row[mask])
    ic = _out_of_sample_ic(research, [0, 1, 2, 3], shuffled)
    assert abs(ic.mean()) < 3 * ic.std(ddof=1) / len(ic) ** 0.5
    assert abs(ic.mean()) < 0.018
