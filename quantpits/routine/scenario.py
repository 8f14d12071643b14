"""Run a whole scenario in one process: stop at the first failure, go on there the next time.

Invariants: a step starts only when the one before it has succeeded; the journal says what is
finished, durably, before the next step starts; an error keeps its class and exit code and says at
which step it happened. A run that has finished is run again in full when asked again, and changes
nothing.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from quantpits.errors import QuantPitsError
from quantpits.market import data_fingerprint, load_calendar, resolve_market
from quantpits.routine.journal import JOURNAL, Journal, JournalEntry, inputs_fingerprint
from quantpits.routine.request import RunReport, RunRequest, StepLine, StepStatus
from quantpits.routine.scenario_steps import ScenarioStep, StepReport, scenario_steps
from quantpits.workspace.atomic import sha256_file
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["finished_entries", "run", "run_steps"]


def run(workspace: Workspace, request: RunRequest, *, progress: Progress = SILENT) -> RunReport:
    """Run scenario A or B, from where an earlier run of it stopped.

    Parameters
    ----------
    workspace : Workspace
        Where to run.
    request : RunRequest
        Which scenario, and how far to process trades.
    progress : Progress
        Told about every step's progress.

    Returns
    -------
    RunReport
        One line for each step.

    Raises
    ------
    QuantPitsError
        Whatever the failing step raised; its message names the step and how to go on.
    """
    source = resolve_market(workspace)
    anchor = load_calendar(source).last_session
    fresh = Journal(scenario=request.scenario, anchor_date=anchor, market=data_fingerprint(source))
    earlier = None if request.restart else JOURNAL.read(workspace)
    journal = earlier if earlier is not None and earlier.is_about(fresh) else fresh
    steps = scenario_steps(request.scenario)
    through = request.end_date or anchor
    with nullcontext() if request.dry_run else writer_lock(workspace, "run"):
        done = finished_entries(workspace, steps, journal=journal)
        reports: list[StepReport] = []
        if request.dry_run:
            lines = _plan(steps, done)
        else:
            lines, reports = run_steps(
                workspace, steps, journal=journal, n_done=len(done), through=through,
                progress=progress,
            )  # fmt: skip
    return RunReport(
        workspace=workspace.name,
        outputs=_unique(path for report in reports for path in report.outputs),
        findings=tuple(finding for report in reports for finding in report.findings),
        changed=any(report.changed for report in reports),
        scenario=request.scenario,
        anchor_date=anchor,
        steps=lines,
        dry_run=request.dry_run,
    )


def finished_entries(
    workspace: Workspace, steps: Sequence[ScenarioStep], *, journal: Journal
) -> tuple[JournalEntry, ...]:
    """Return the entries of the leading steps that need not run again.

    Parameters
    ----------
    workspace : Workspace
        Where they ran.
    steps : sequence of ScenarioStep
        The scenario.
    journal : Journal
        What earlier runs finished.

    Returns
    -------
    tuple of JournalEntry
        Empty if the whole scenario had finished: then every step is asked again.
    """
    done: list[JournalEntry] = []
    for step in steps:
        previous = done[-1] if done else None
        entry = journal.entry(step.name)
        if (
            entry is None
            or entry.step == journal.failed_step
            or entry.inputs != inputs_fingerprint(workspace, step.reads, previous=previous)
            or not entry.is_untouched(workspace)
        ):
            break
        done.append(entry)
    return () if len(done) == len(steps) else tuple(done)


def run_steps(
    workspace: Workspace,
    steps: Sequence[ScenarioStep],
    *,
    journal: Journal,
    n_done: int,
    through: date,
    progress: Progress,
) -> tuple[tuple[StepLine, ...], list[StepReport]]:
    """Run the steps after the first `n_done`, and record each in the journal as it finishes.

    Parameters
    ----------
    workspace : Workspace
        Where to run.
    steps : sequence of ScenarioStep
        The whole scenario.
    journal : Journal
        What earlier runs finished.
    n_done : int
        How many leading steps are skipped [count].
    through : date
        Last session to process.
    progress : Progress
        Told about every step's progress.

    Returns
    -------
    lines : tuple of StepLine
        One for each step.
    reports : list
        Of the steps that ran.

    Raises
    ------
    QuantPitsError
        Whatever the failing step raised; its message names the step and how to go on.
    """
    lines: list[StepLine] = []
    reports: list[StepReport] = []
    previous: JournalEntry | None = None
    for number, step in enumerate(steps, start=1):
        known = journal.entry(step.name)
        if number <= n_done and known is not None:
            lines.append(StepLine(step.name, "done before", known.seconds))
            previous = known
            continue
        started = time.perf_counter()
        try:
            report = step.call(workspace, through, progress)
        except QuantPitsError as error:
            if reports:  # a run that finished nothing leaves no trace
                JOURNAL.write(workspace, replace(journal, failed_step=step.name))
            _say_where(error, step.name, number=number, count=len(steps))
            raise
        seconds = round(time.perf_counter() - started, 1)
        entry = _entry(workspace, step, report=report, seconds=seconds, previous=previous)
        if known is not None and not report.changed and _still_holds(workspace, known, entry):
            entry = known  # nothing is new, so the journal keeps its bytes
        journal = journal.with_entry(entry)
        JOURNAL.write(workspace, journal)
        previous = entry
        status: StepStatus = "ran" if report.changed else "unchanged"
        lines.append(StepLine(step.name, status, seconds, tuple(report.summary())))
        reports.append(report)
    return tuple(lines), reports


def _entry(
    workspace: Workspace,
    step: ScenarioStep,
    *,
    report: StepReport,
    seconds: float,
    previous: JournalEntry | None,
) -> JournalEntry:
    outputs = {
        workspace.relative(path): sha256_file(path)
        for path in sorted(set(report.outputs))
        if path.is_file()
    }
    inputs = inputs_fingerprint(workspace, step.reads, previous=previous)
    return JournalEntry(step=step.name, seconds=seconds, inputs=inputs, outputs=outputs)


def _still_holds(workspace: Workspace, known: JournalEntry, entry: JournalEntry) -> bool:
    return known.inputs == entry.inputs and known.is_untouched(workspace)


def _say_where(error: QuantPitsError, step: str, *, number: int, count: int) -> None:
    """Put the step before the message and the way on after it; class and exit code stay."""
    error.what = f"Step {number} of {count}, {step}: {error.what}"
    way_on = f"then run the same scenario again: it goes on at step {number}, {step}"
    error.hint = way_on if error.hint is None else f"{error.hint.rstrip('.')}; {way_on}"


def _plan(steps: Sequence[ScenarioStep], done: Sequence[JournalEntry]) -> tuple[StepLine, ...]:
    skipped = [StepLine(entry.step, "done before", entry.seconds) for entry in done]
    to_run = [StepLine(step.name, "would run", 0.0) for step in steps[len(done) :]]
    return (*skipped, *to_run)


def _unique(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(paths))
