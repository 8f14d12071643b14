"""All combos at once; that a row equals a backtest of its own is in test_step."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.backtest import simulate
from quantpits.errors import MissingDataError
from quantpits.search import SearchRequest
from quantpits.search.combos import combos_by_size
from quantpits.search.engine import SessionEngine, placed_panels, with_flat_cost
from quantpits.search.engine_steps import fused_scores
from quantpits.search.job import load_job


@pytest.fixture(scope="module")
def job(made_lab):
    return load_job(made_lab.workspace, SearchRequest())


def engine_of(job, n_jobs=1):
    return SessionEngine(job.setting, job.scores, models=job.combos.models, n_jobs=n_jobs)


def test_pieces_and_threads_change_no_bit(job):
    many = combos_by_size(job.combos.models, range(1, 6))
    members = np.tile(many.members, 9)
    starts = np.concatenate(
        [many.starts[:-1] + turn * len(many.members) for turn in range(9)] + [[len(members)]]
    )
    with engine_of(job, n_jobs=4) as engine:
        together = engine.run(members, starts)
        assert engine.work_bytes(512) > 0
    with engine_of(job) as engine:
        alone = [engine.run(*many.slice(at, at + 1)) for at in range(len(many))]
    assert b"".join(np.tile(part.figures, 1).tobytes() for part in alone) == (
        together.figures[: len(many)].tobytes()
    )
    assert together.payload == engine_of(job, n_jobs=2).run(members, starts).payload


def test_paths_begin_at_one_and_hold_only_own_rows(job):
    with engine_of(job) as engine:
        batch = engine.run(*job.combos.slice(0, 7))
        paths = engine.paths(*job.combos.slice(0, 7))
    for row, (first, stop) in enumerate(batch.rows.tolist()):
        assert np.isnan(paths.nav[row, :first]).all()
        assert np.isnan(paths.nav[row, stop:]).all()
        assert paths.nav[row, stop - 1] * 1_000_000 == pytest.approx(batch.figures[row, 5])
        growth = np.prod(1 + paths.returns[row, first:stop])
        assert growth == pytest.approx(1 + batch.figures[row, 4])


def test_moments_are_those_of_the_paths(job):
    with engine_of(job) as engine:
        batch = engine.run(*job.combos.slice(0, len(job.combos)))
        paths = engine.paths(*job.combos.slice(0, len(job.combos)))
        length = engine.block_rows
    stop = int(batch.rows[:, 1].min())
    blocks = paths.returns[:, stop - 16 * length : stop].reshape(len(batch), 16, length)
    assert length > 5
    assert batch.moments[:, 0] == pytest.approx(blocks.sum(axis=2), abs=1e-14)
    assert batch.moments[:, 1] == pytest.approx((blocks**2).sum(axis=2), abs=1e-14)


def test_a_flat_cost_charges_both_sides_and_nothing_else(job):
    setting = with_flat_cost(job.setting, 0.002)
    result = simulate(setting, fused_scores(setting, job.predictions.panels, models=("ada",)))
    assert result.cost.sum() == pytest.approx(0.002 * result.turnover.sum(), rel=1e-4)
    assert setting.fingerprint != job.setting.fingerprint
    assert setting.fingerprint != with_flat_cost(job.setting, 0.003).fingerprint


def test_a_model_without_a_score_in_the_dates_is_named(job, made_lab):
    early = load_job(made_lab.workspace, SearchRequest(end_date=job.window.start))
    panel = job.predictions.panels["bo"]
    late = type(panel)(panel.dates[50:], panel.instruments, panel.scores[50:])
    with pytest.raises(MissingDataError, match="The model 'bo' has no score"):
        placed_panels(early.setting, {**job.predictions.panels, "bo": late}, models=("ada", "bo"))
