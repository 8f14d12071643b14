"""The step: load, simulate batch by batch, rank, analyse, write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from quantpits.backtest import benchmark_returns
from quantpits.errors import StaleArtifactError
from quantpits.search.assemble import assemble, pair_correlations
from quantpits.search.conclude import conclude
from quantpits.search.confirm import TOLERANCE
from quantpits.search.job import load_job, open_engine, output_folder, restored
from quantpits.search.plan import check_request
from quantpits.search.predictions import read_basis
from quantpits.search.request import SearchReport
from quantpits.search.runner import RunOutcome, measure_rate, simulate_all
from quantpits.search.slot import Slot, differences, finished_run, open_slot, slot_folder
from quantpits.search.store import ResultStore
from quantpits.workspace import SILENT, Progress, writer_lock

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from quantpits.errors import Finding
    from quantpits.search.engine import Engine
    from quantpits.search.job import SearchJob
    from quantpits.search.request import SearchRequest
    from quantpits.search.results import SearchResults
    from quantpits.workspace import Workspace

__all__ = ["rank_all", "run"]

_SAMPLE = 256
_CSV_ROW_BYTES = 250


def run(
    workspace: Workspace, request: SearchRequest, *, progress: Progress = SILENT
) -> SearchReport:
    """Search for the combination of models that would have done best, and say how sure that is.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : SearchRequest
        Which combos, over which dates.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    SearchReport
        What was found, or how to go on if it was stopped.

    Raises
    ------
    UsageError
        If the request contradicts itself or does not fit the workspace, or an unfinished run is in
        the place of this one.
    ConfigError
        If a configuration file is wrong.
    MissingArtifactError
        If there is no trained model, or nothing to analyse.
    StaleArtifactError
        If a prediction ends before the anchor, or the run to go on with is of another search.
    CorruptArtifactError
        If a prediction is not the recorded one.
    MissingDataError
        If the market does not cover the dates.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    check_request(request)
    if request.analysis_only:
        request = _of_finished_run(workspace, request)
    job = load_job(workspace, request, progress=progress)
    if request.dry_run:
        return _dry_run(workspace, job)
    with writer_lock(workspace, f"search {request.kind}"):
        slot = _open(job)
        with _engine(job) as engine:
            outcome = simulate_all(
                engine,
                job.combos,
                store=slot.store,
                batch_size=request.batch_size,
                progress=progress,
            )
            report = _report(workspace, job, outcome, findings=(*job.findings, *slot.findings))
            if outcome.is_interrupted:
                return replace(report, is_interrupted=True, resume_hint=_resume_hint(job))
            results = rank_all(job, slot.store, engine=engine)
            return conclude(workspace, job, results=results, report=report, progress=progress)


def rank_all(job: SearchJob, store: ResultStore, *, engine: Engine) -> SearchResults:
    """Return the ranking of a finished run.

    Parameters
    ----------
    job : SearchJob
        What was searched.
    store : ResultStore
        Its results, all of them.
    engine : Engine
        Who simulated them.

    Returns
    -------
    SearchResults
        Best combo first.
    """
    correlation = np.full((len(job.combos.models),) * 2, np.nan)
    if not job.request.skip_analysis:
        correlation = pair_correlations(
            job.scores,
            dates=job.setting.dates,
            instruments=job.setting.instruments,
            models=job.combos.models,
        )
    return assemble(
        store.load(),
        job.combos,
        engine=engine,
        correlation=correlation,
        n_trials=job.n_trials,
        **_facts(job),
    )


def _facts(job: SearchJob) -> dict[str, Any]:
    setting = job.setting
    return {
        "anchor": job.basis.anchor,
        "kind": job.request.kind,
        "benchmark_returns": benchmark_returns(setting),
        "periods_per_year": setting.periods_per_year,
        "description": (f"Window: {job.window.describe()}", *job.description),
        "is_synthetic": job.basis.is_synthetic,
    }


def _of_finished_run(workspace: Workspace, request: SearchRequest) -> SearchRequest:
    anchor = read_basis(workspace, request.record_file).anchor
    there = finished_run(slot_folder(output_folder(workspace, request), anchor), anchor)
    return restored(request, there.asked)


def _open(job: SearchJob) -> Slot:
    folder = slot_folder(job.output_dir, job.basis.anchor)
    if not job.request.analysis_only:
        return open_slot(folder, job.stored_run, request=job.request)
    there = finished_run(folder, job.basis.anchor)
    changes = differences(there.identity, job.stored_run.identity)
    if changes:
        raise StaleArtifactError(
            "The finished run was made from other facts than the workspace has now.",
            where=folder,
            expected=there.title,
            found="; ".join(changes),
            hint="search again, without --analysis-only",
        )
    return Slot(ResultStore(folder, there), there.n_combos)


def _engine(job: SearchJob) -> AbstractContextManager[Engine]:
    return open_engine(job.setting, job, scores=job.scores, n_jobs=job.n_workers)


def _report(
    workspace: Workspace,
    job: SearchJob,
    outcome: RunOutcome,
    *,
    findings: tuple[Finding, ...],
) -> SearchReport:
    return SearchReport(
        workspace=workspace.name,
        kind=job.request.kind,
        outputs=(),
        findings=findings,
        changed=outcome.n_simulated > 0,
        anchor_date=job.basis.anchor,
        market_label=job.basis.market_label,
        description=job.description,
        window=job.window.describe(),
        models=job.combos.models,
        n_combos=len(job.combos),
        n_done=outcome.n_done,
        n_simulated=outcome.n_simulated,
        seconds=outcome.seconds,
        tolerance=TOLERANCE,
        dry_run=job.request.dry_run,
    )


def _dry_run(workspace: Workspace, job: SearchJob) -> SearchReport:
    nothing = RunOutcome(n_done=0, n_simulated=0, seconds=0.0, is_interrupted=False)
    report = _report(workspace, job, nothing, findings=job.findings)
    n_sample = 1 if job.request.engine == "qlib" else _SAMPLE
    with _engine(job) as engine:
        rate = measure_rate(engine, job.combos, n_sample=n_sample)
    return replace(
        report,
        expected_seconds=len(job.combos) / rate,
        expected_bytes=float(_expected_bytes(job)),
    )


def _expected_bytes(job: SearchJob) -> int:
    """Return what a run needs besides Python and its libraries."""
    n_rows, n_names = len(job.setting.dates), len(job.setting.instruments)
    market = 100 * n_rows * n_names  # a dozen tables of 8 bytes a cell
    scores = 3 * job.scores.nbytes  # as loaded, as placed, and as the simulator prepares them
    tables = len(job.combos) * (2 * job.stored_run.row_bytes + _CSV_ROW_BYTES)
    return market + scores + tables + job.request.batch_size * 8 * n_rows


def _resume_hint(job: SearchJob) -> str:
    return (
        "What is done is kept. Go on with the same command and --resume; "
        f"it is in {slot_folder(job.output_dir, job.basis.anchor)}"
    )
