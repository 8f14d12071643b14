"""Qlib's own backtest: what it is given and what comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantpits.backtest import performance, qlib_engine
from quantpits.backtest.qlib_engine import qlib_backtest, qlib_task, tie_free
from quantpits.errors import MissingDataError, NonFiniteError, ShapeError, UsageError
from quantpits.trading import QlibSteps
from tests.backtest.conftest import SESSIONS

NAN = np.nan


def steps_of(*windows):
    first, stop = np.array(windows, dtype=np.int64).T
    return QlibSteps(first + 1, stop + 1, first, stop)


def test_a_backtest_by_hand(lab, capfd):
    setting = lab.setting(execution="qlib", start=SESSIONS[1])
    found = qlib_backtest(setting, np.tile([3.0, 2.0, 1.0], (SESSIONS.size, 1)))
    assert [47.5] + [0.0] * 13 == pytest.approx(found.result.cost.tolist())
    assert [95_000.0] + [0.0] * 13 == pytest.approx(found.result.turnover.tolist())
    assert [99_952.5] * 14 == pytest.approx(found.result.nav.tolist())
    assert [1] * 14 == found.result.n_held.tolist()
    assert ("qlib", "cny", None) == (
        found.result.execution,
        found.result.unit,
        found.result.shares,
    )
    assert ("", "") == tuple(capfd.readouterr())
    assert found.seconds > 0
    assert found.peak_bytes > 1e8
    figures = performance(setting, found.result)
    assert figures.metrics.total_return == pytest.approx(-47.5 / 100_000)


def test_scores_that_qlib_cannot_be_given_are_refused(lab):
    setting = lab.setting(execution="qlib")
    scores = np.ones((SESSIONS.size, 3))
    with pytest.raises(ShapeError, match="do not fit"):
        qlib_backtest(setting, scores[1:])
    with pytest.raises(NonFiniteError, match="infinite"):
        qlib_backtest(setting, scores * np.inf)
    with pytest.raises(MissingDataError, match="No step"):
        qlib_backtest(setting, scores * NAN)


def test_what_qlib_has_not_cannot_be_compared(lab):
    with pytest.raises(UsageError, match="in Qlib's timing"):
        qlib_task(lab.setting())
    setting = lab.setting(execution="qlib")
    rules = replace(setting.rules, strategy="topk_buffer", corrected=True)
    with pytest.raises(UsageError, match="no such strategy"):
        qlib_task(replace(setting, rules=rules))
    corrected = replace(setting, rules=replace(setting.rules, corrected=True))
    with pytest.raises(UsageError, match="not corrected"):
        qlib_task(corrected)


def test_ties_go_to_the_lower_instrument_within_a_step():
    scores = np.array([[1.0, 1.0, NAN], [2.0, 0.5, 1.0], [5.0, 5.0, 5.0]])
    found = tie_free(scores, steps_of((0, 2)))
    np.testing.assert_array_equal([[4, 3, NAN], [5, 1, 2], [NAN] * 3], found)


@pytest.mark.property
@given(arrays(np.float64, (4, 5), elements=st.sampled_from([NAN, -1.0, 0.0, 0.5, 2.0])))
def test_scores_keep_their_order_without_ties(scores):
    found = tie_free(scores, steps_of((0, 1), (1, 2), (2, 4)))
    assert np.array_equal(np.isnan(scores), np.isnan(found))
    for rows in (slice(0, 1), slice(1, 2), slice(2, 4)):
        window, ranks = scores[rows], found[rows]
        known = ~np.isnan(window)
        assert len(set(ranks[known])) == known.sum()
        below = window[known][:, None] < window[known][None, :]
        assert (ranks[known][:, None] < ranks[known][None, :])[below].all()


def test_a_system_that_does_not_tell_its_memory_is_no_fault(monkeypatch):
    assert qlib_engine._peak_bytes() > 0
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "Name: x\n")
    assert 0 == qlib_engine._peak_bytes()

    def absent(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", absent)
    assert 0 == qlib_engine._peak_bytes()
