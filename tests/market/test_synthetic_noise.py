import numpy as np

from quantpits.market.synthetic_calendar import synthetic_sessions
from quantpits.market.synthetic_listing import make_listing_plan
from quantpits.market.synthetic_noise import draw_noise

SESSIONS = synthetic_sessions()
PLAN = make_listing_plan(3, SESSIONS)
NOISE = draw_noise(3, PLAN, len(SESSIONS))


def test_common_returns_move_names_together():
    together = np.corrcoef(NOISE.common.T)

    assert together[np.triu_indices(len(together), 1)].min() > 0.3
    assert 0.005 < NOISE.common.std() < 0.02


def test_names_of_one_sector_move_most_alike():
    together = np.corrcoef(NOISE.common.T)
    same = PLAN.sector[:, np.newaxis] == PLAN.sector
    off_diagonal = ~np.eye(len(same), dtype=bool)

    assert together[same & off_diagonal].min() > together[~same].mean()


def test_jumps_are_rare_and_large():
    jumps = NOISE.jump[NOISE.jump != 0]

    assert 0.002 < jumps.size / NOISE.jump.size < 0.004
    assert np.abs(jumps).min() >= 0.05
    assert np.abs(jumps).max() <= 0.25
    assert 0.4 < (jumps > 0).mean() < 0.6


def test_first_sessions_do_not_depend_on_how_many_follow():
    short = draw_noise(3, PLAN, 100)

    assert short.own.tolist() == NOISE.own[:100].tolist()
    assert short.common.tolist() == NOISE.common[:100].tolist()
