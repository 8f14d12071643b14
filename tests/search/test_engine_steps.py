"""Combos one by one: the same figures as all at once, and Qlib's timing."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.backtest import simulate
from quantpits.errors import DataError, MissingDataError
from quantpits.search import SearchRequest
from quantpits.search.engine import SessionEngine
from quantpits.search.engine_steps import StepEngine, fused_scores
from quantpits.search.job import load_job


@pytest.fixture(scope="module")
def job(made_lab):
    return load_job(made_lab.workspace, SearchRequest(max_combo_size=2))


def step_engine(job, setting=None):
    setting = setting or job.setting
    return StepEngine(
        setting,
        job.predictions.panels,
        models=job.combos.models,
        backtest=lambda placed: [simulate(setting, scores) for scores in placed],
    )


def test_one_by_one_equals_all_at_once(job):
    combos = job.combos.slice(0, len(job.combos))
    slow = step_engine(job)
    with SessionEngine(job.setting, job.scores, models=job.combos.models, n_jobs=1) as fast:
        one, other = slow.run(*combos), fast.run(*combos)
        paths, other_paths = slow.paths(*combos), fast.paths(*combos)
        assert slow.block_rows == fast.block_rows
        assert (slow.dates == fast.dates).all()
    assert (one.rows == other.rows).all()
    assert one.figures == pytest.approx(other.figures, rel=1e-11, nan_ok=True)
    assert one.moments == pytest.approx(other.moments, abs=1e-13)
    assert paths.nav == pytest.approx(other_paths.nav, rel=1e-12, nan_ok=True)
    assert paths.returns == pytest.approx(other_paths.returns, abs=1e-12, nan_ok=True)


def test_too_few_rows_have_no_blocks(made_lab, job):
    short = load_job(made_lab.workspace, SearchRequest(start_date=job.setting.dates[-12].item()))
    engine = step_engine(short)
    assert 0 == engine.block_rows
    assert not engine.run(*short.combos.slice(0, 2)).moments.any()


def test_models_that_share_nothing_are_named(job):
    panel = job.predictions.panels["ada"]
    stranger = type(panel)(panel.dates, ("SH999999",), np.ones((len(panel.dates), 1)))
    with pytest.raises(MissingDataError, match="the combo ada,zoe share no score"):
        fused_scores(job.setting, {"ada": panel, "zoe": stranger}, models=("zoe", "ada"))


def test_a_combo_that_no_step_can_trade_on_is_refused(made_lab, job):
    made_lab_setting = load_job(
        made_lab.workspace, SearchRequest(engine="qlib", max_combo_size=1)
    ).setting
    engine = step_engine(job, made_lab_setting)
    panel = job.predictions.panels["bo"]
    last = type(panel)(panel.dates[-1:], panel.instruments, panel.scores[-1:])
    engine._panels = {**job.predictions.panels, "bo": last}
    with pytest.raises(DataError, match="no signal that a step could trade on"):
        engine.run(np.array([1]), np.array([0, 1]))
