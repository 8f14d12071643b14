"""Scores on the rows of a setting, and the account that follows them."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.backtest.simulation import place_scores, simulate
from quantpits.errors import DataError, MissingDataError, NonFiniteError, ShapeError
from tests.backtest.conftest import NAMES, SESSIONS

NAN = np.nan


def test_scores_go_to_their_rows_and_columns(lab, make_panel):
    setting = lab.setting(start=SESSIONS[1], end=SESSIONS[3])
    panel = make_panel(
        [SESSIONS[0], SESSIONS[1], SESSIONS[3], SESSIONS[4]],
        [NAMES[0], NAMES[2]],
        [[1, 2], [3, NAN], [5, 6], [7, 8]],
    )
    placed = place_scores(setting, panel)
    np.testing.assert_array_equal([[3, NAN, NAN], [NAN, NAN, NAN], [5, NAN, 6]], placed)


def test_names_and_days_without_a_score_need_no_place(lab, make_panel):
    setting = lab.setting()
    days = [SESSIONS[0], SESSIONS[4] + 1]  # the second is a Saturday
    panel = make_panel(days, [NAMES[0], "SH999999"], [[1, NAN], [NAN, NAN]])
    assert 1 == np.isfinite(place_scores(setting, panel)).sum()


@pytest.mark.parametrize(
    ("days", "names", "error", "match"),
    [
        ([SESSIONS[4] + 1], [NAMES[0]], DataError, r"no sessions of the market[\s\S]*2026-01-10"),
        ([SESSIONS[1]], ["SH999999"], DataError, "not prepared for"),
        ([SESSIONS[-1] + 3], [NAMES[0]], MissingDataError, "No score lies in"),
        ([], [NAMES[0]], MissingDataError, "found: no score"),
    ],
)
def test_scores_that_fit_nowhere_are_refused(lab, make_panel, *, days, names, error, match):
    panel = make_panel(days, names, np.ones((len(days), len(names))))
    with pytest.raises(error, match=match):
        place_scores(lab.setting(), panel)


def test_an_account_by_hand(lab):
    lab.price(NAMES[0], [10.0] * 2 + [11.0] * 13)
    setting = lab.setting()
    scores = np.tile([3.0, 2.0, 1.0], (SESSIONS.size, 1))
    found = simulate(setting, scores, is_keeping_shares=True)
    # 95,000 CNY pay for 86 lots at the limit of 11.00, fees included; they cost 10.00 each, with a
    # commission of 0.025 % and a transfer fee of 0.001 %.
    assert [0, 8600, 8600] == found.shares[:3, 0].tolist()
    assert [0, 2150 + 86, 0] == found.cost[:3].tolist()
    assert [10_000_000, 9_997_764, 10_857_764] == found.nav[:3].tolist()
    assert found.shares is not None
    assert simulate(setting, scores).shares is None


def test_an_account_in_qlibs_timing(lab):
    setting = lab.setting(execution="qlib", start=SESSIONS[1])
    scores = np.tile([3.0, 2.0, 1.0], (SESSIONS.size, 1))
    found = simulate(setting, scores, is_keeping_shares=True)
    assert ("qlib", "cny") == (found.execution, found.unit)
    assert [9500.0] * 14 == found.shares[:, 0].tolist()
    assert [47.5] + [0.0] * 13 == found.cost.tolist()


def test_an_account_without_signals_stays_cash(lab):
    setting = lab.setting()
    found = simulate(setting, np.full((SESSIONS.size, 3), NAN))
    assert [10_000_000] * SESSIONS.size == found.nav.tolist()


@pytest.mark.parametrize("execution", ["next_session", "qlib"])
def test_scores_that_do_not_fit_are_refused(lab, execution):
    setting = lab.setting(execution=execution)
    with pytest.raises(ShapeError, match="do not fit the market"):
        simulate(setting, np.zeros((3, 2)))
    with pytest.raises(NonFiniteError, match="infinite"):
        simulate(setting, np.full((SESSIONS.size, 3), np.inf))
