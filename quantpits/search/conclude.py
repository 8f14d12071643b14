"""After the last batch: write the ranking, analyse it, test and confirm the best.

A list of the best is only written together with its overfit statistics, so without the analysis
there is none.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest import benchmark_returns as benchmark_of
from quantpits.errors import Finding, name_list
from quantpits.search.analysis import analyse
from quantpits.search.analysis_files import attribution_table, leaderboard_table, weights_table
from quantpits.search.analysis_outside import OutOfSampleSource
from quantpits.search.analysis_report import report_lines
from quantpits.search.assemble import assemble, gather
from quantpits.search.combos import ComboList
from quantpits.search.confirm import confirm_best
from quantpits.search.engine import placed_panels
from quantpits.search.files import output_names
from quantpits.search.job import open_engine, setting_for
from quantpits.search.outputs import (
    Outputs,
    describe,
    earlier_files,
    write_confirmations,
    write_correlation,
    write_oos,
    write_results,
)
from quantpits.search.report import report_files
from quantpits.search.request import OosRow, RankedCombo, SearchReport
from quantpits.search.results import RANKING_KEY
from quantpits.workspace import SILENT, Progress, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantpits.backtest import BacktestSetting
    from quantpits.search.analysis import Analysis
    from quantpits.search.engine import Engine
    from quantpits.search.job import SearchJob
    from quantpits.search.results import ComboPaths, IntArray, SearchResults
    from quantpits.workspace import Workspace

__all__ = ["conclude"]


@dataclass(frozen=True, slots=True, eq=False)
class _Outside:
    """The part of the dates that the search kept away from itself."""

    setting: BacktestSetting
    engine: Engine


def conclude(
    workspace: Workspace,
    job: SearchJob,
    *,
    results: SearchResults,
    report: SearchReport,
    progress: Progress = SILENT,
) -> SearchReport:
    """Write everything that a finished run stands for.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    job : SearchJob
        What was searched.
    results : SearchResults
        The ranking.
    report : SearchReport
        What is known so far.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    SearchReport
        With the files, the best combos, and how far to trust them.
    """
    outputs = Outputs(job.output_dir)
    write_results(outputs, job, results=results)
    is_other_ranking = outputs.changed
    findings = [*report.findings, *_findings(job, results)]
    if not job.request.skip_analysis:
        with _outside(workspace, job) as outside:
            report = _analysed(
                job, results, outside=outside, outputs=outputs, report=report, progress=progress
            )
    if job.request.kind == "exact" and job.request.engine != "qlib" and job.request.confirm:
        if job.setting.rules.strategy != "topk_dropout":
            message = "Qlib has no rule topk_buffer, so its own backtest cannot confirm anything."
            findings.append(Finding("SEA010", "warning", message, "search"))
        elif not job.request.analysis_only:
            confirmations = confirm_best(workspace, job, results=results, progress=progress)
            write_confirmations(outputs, results, confirmations=confirmations)
            report = replace(report, confirmations=confirmations)
    name = f"search_{job.request.kind}_{results.anchor}"
    earlier = earlier_files(outputs, workspace, manifest=name)
    if is_other_ranking and earlier:
        for path in earlier:
            path.unlink()
        gone = name_list([path.name for path in earlier])
        message = f"{gone} of an earlier ranking were removed."
        findings.append(Finding("SEA008", "info", message, "search"))
        earlier = ()
    manifest = write_manifest(
        workspace,
        name,
        inputs=job.predictions.inputs,
        outputs=(*outputs.paths, *earlier),
        config=job.stored_run.identity,
    )
    return replace(
        report,
        outputs=(*outputs.paths, manifest),
        findings=tuple(findings),
        changed=report.changed or outputs.changed,
    )


def _findings(job: SearchJob, results: SearchResults) -> Iterator[Finding]:
    n_without = int(np.isnan(results.table[RANKING_KEY]).sum())
    if n_without:
        message = f"{n_without:,} combos have no figures: their models share no rows."
        yield Finding("SEA006", "warning", message, "search")
    if not results.block_rows.all():
        message = (
            f"{len(results.dates)} sessions are too few to cross-validate, so the probability of "
            "overfitting stays unknown."
        )
        yield Finding("SEA007", "warning", message, "search")
    if job.basis.is_synthetic:
        message = "The market is synthetic: this ranking says nothing about real shares."
        yield Finding("SEA009", "info", message, "search")


@contextmanager
def _outside(workspace: Workspace, job: SearchJob) -> Iterator[_Outside | None]:
    """Open what lies after the cutoff, if the best are to be tested on it."""
    start, end = job.window.oos_start, job.window.oos_end
    if not job.request.auto_test_top or start is None or end is None:
        yield None
        return
    setting = setting_for(workspace, job.request, predictions=job.predictions, start=start, end=end)
    scores = placed_panels(setting, job.predictions.panels, models=job.combos.models)
    with open_engine(setting, job, scores=scores, n_jobs=1) as engine:
        yield _Outside(setting, engine)


def _analysed(
    job: SearchJob,
    results: SearchResults,
    *,
    outside: _Outside | None,
    outputs: Outputs,
    report: SearchReport,
    progress: Progress,
) -> SearchReport:
    analysis = analyse(
        results,
        top_n=job.request.top_n,
        progress=progress,
        out_of_sample=None if outside is None else _source(results, outside),
        seeds={name: job.basis.records.model_records[name].seed for name in results.models},
    )
    oos = None if outside is None else _oos_results(job, results, outside=outside)
    _write_analysis(outputs, job, results, analysis=analysis)
    if oos is not None:
        write_oos(outputs, oos)
    return replace(
        report,
        top=tuple(_ranked(results, row) for row in range(min(job.request.top_n, results.n_combos))),
        verdict=analysis.verdict,
        oos=() if oos is None else _oos_lines(results, oos),
    )


def _write_analysis(
    outputs: Outputs, job: SearchJob, results: SearchResults, *, analysis: Analysis
) -> None:
    anchor = results.anchor
    write_correlation(outputs, results)
    outputs.add_table(f"model_attribution_{anchor}.csv", attribution_table(analysis))
    weights = weights_table(analysis)
    if weights is not None:
        outputs.add_table(f"optimization_weights_{anchor}.csv", weights)
    suffix = "_fast" if results.kind == "fast" else ""
    outputs.add_text(f"analysis_report{suffix}_{anchor}.txt", report_lines(results, analysis))
    for name, content in report_files(results, analysis).items():
        outputs.add_bytes(name, content)
    leaderboard = output_names(results.kind, anchor)["leaderboard"]
    path = outputs.add_table(leaderboard, leaderboard_table(results, analysis))
    describe(outputs, path, job=job, results=results)


def _source(results: SearchResults, outside: _Outside) -> OutOfSampleSource:
    def paths_of(rows: IntArray) -> ComboPaths:
        return outside.engine.paths(*gather(results.members, results.starts, rows=rows))

    return OutOfSampleSource(paths_of, benchmark_of(outside.setting))


def _oos_results(job: SearchJob, results: SearchResults, *, outside: _Outside) -> SearchResults:
    rows = np.arange(min(job.request.auto_test_top, results.n_combos), dtype=np.int64)
    members, starts = gather(results.members, results.starts, rows=rows)
    setting = outside.setting
    return assemble(
        outside.engine.run(members, starts),
        ComboList(results.models, members, starts),
        engine=outside.engine,
        is_ranked=False,
        anchor=results.anchor,
        kind=results.kind,
        benchmark_returns=benchmark_of(setting),
        correlation=results.correlation,
        n_trials=results.n_trials,
        periods_per_year=setting.periods_per_year,
        description=tuple(setting.description()),
        is_synthetic=results.is_synthetic,
    )


def _oos_lines(results: SearchResults, oos: SearchResults) -> tuple[OosRow, ...]:
    return tuple(
        OosRow(
            rank=row + 1,
            models=results.models_of(row),
            in_sample=_number(results.table[RANKING_KEY][row]),
            out_of_sample=_number(oos.table[RANKING_KEY][row]),
        )
        for row in range(oos.n_combos)
    )


def _ranked(results: SearchResults, row: int) -> RankedCombo:
    figures = {name: _number(values[row]) for name, values in results.table.items()}
    return RankedCombo(rank=row + 1, models=results.models_of(row), figures=figures)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
