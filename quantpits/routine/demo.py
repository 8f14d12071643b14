"""The whole loop in a scratch workspace, on the synthetic market: train, order, trade, again.

One demo is: a copy of the demo workspace, the market through the template's last session, scenario
A; then for each week the market goes on, the paper broker settles the orders of the week before,
and scenario B makes the next ones. Nothing in it is real: no prices, no money, no broker.

Invariants: a stage that is done is not done again; a demo that was stopped goes on where it was;
only a folder that a demo made is ever removed.
"""

from __future__ import annotations

import csv
import re
import resource
import shutil
import time
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from quantpits.errors import UsageError, WorkspaceError
from quantpits.market import load_calendar, resolve_market
from quantpits.routine import paper, scenario
from quantpits.routine.demo_state import DEMO_STATE, DemoState, week_ends
from quantpits.routine.request import (
    DemoReport,
    DemoRequest,
    DemoStage,
    PaperRequest,
    RunReport,
    RunRequest,
)
from quantpits.workspace import Workspace, demo_template, init_workspace, open_workspace
from quantpits.workspace.atomic import write_text
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.routine.request import Scenario
    from quantpits.workspace.progress import Progress

__all__ = ["run"]

_KIB_PER_MIB = 1024
_MOST_ORDERS_SHOWN = 12


@dataclass(slots=True)
class _Demo:
    """A demo on its way: where it runs, how far it is, what it has found."""

    workspace: Workspace
    state: DemoState
    progress: Progress
    findings: list[Finding] = field(default_factory=list)
    changed: bool = False

    def stage(self, key: str, work: Callable[[], tuple[DemoStage, ...]]) -> None:
        """Do a stage unless it is done, and record it."""
        if key in self.state.finished:
            return
        self.state = self.state.with_finished(key, work())
        DEMO_STATE.write(self.workspace, self.state)
        self.changed = True


def run(request: DemoRequest, *, progress: Progress = SILENT) -> DemoReport:
    """Run the demo, from where an earlier one in the same folder stopped.

    Parameters
    ----------
    request : DemoRequest
        Where, for how many weeks, with or without the neural networks.
    progress : Progress
        Told about every step's progress.

    Returns
    -------
    DemoReport
        What was made, where it lies, what to do next.

    Raises
    ------
    UsageError
        If an earlier demo in the folder had other settings.
    WorkspaceError
        If the folder exists and no demo made it.
    QuantPitsError
        Whatever a failing step raised.
    """
    started = time.perf_counter()
    workspace = _scratch_workspace(request)
    with writer_lock(workspace, "demo"):
        demo = _start(workspace, request, progress)
        demo.stage("week 0", lambda: _scenario(demo, "A", "week 0"))
        sessions = load_calendar(resolve_market(workspace)).future.tolist()
        ends = week_ends(sessions, demo.state.start, count=request.weeks)
        for number, end in enumerate(ends, start=1):
            _trade_week(demo, f"week {number}", end)
    return _report(demo, time.perf_counter() - started)


def _scratch_workspace(request: DemoRequest) -> Workspace:
    """Make the scratch workspace, or take the one that an earlier demo made."""
    target = request.target
    if request.fresh and target.exists():
        if not _is_scratch(target):
            raise WorkspaceError(
                "Only a folder that a demo made is removed.",
                where=target,
                hint="name another folder, or remove this one by hand",
            )
        shutil.rmtree(target)
    if not target.exists():
        init_workspace(demo_template(), target)
    elif not _is_scratch(target):
        raise WorkspaceError(
            "The folder exists, and no demo made it.",
            where=target,
            hint="name a folder that does not exist",
        )
    return open_workspace(target)


def _is_scratch(target: Path) -> bool:
    """Return whether a demo made the folder: it has its state, or it is as init left it."""
    workspace = Workspace(target)
    if not workspace.config_dir.is_dir():
        return False
    results = (workspace.data_dir, workspace.output_dir, workspace.mlruns_dir)
    is_new = not any(path.is_file() for folder in results for path in folder.rglob("*"))
    return is_new or DEMO_STATE.path(workspace).is_file()


def _start(workspace: Workspace, request: DemoRequest, progress: Progress) -> _Demo:
    state = DEMO_STATE.read(workspace)
    if state is None:
        started = time.perf_counter()
        if request.nn:
            _enable_networks(workspace)
        with progress.stage("Make the synthetic market"):
            start = load_calendar(resolve_market(workspace)).last_session
        stage = DemoStage("make the synthetic market", _seconds_since(started))
        state = DemoState(nn=request.nn, start=start, finished={"market": (stage,)})
        DEMO_STATE.write(workspace, state)
        return _Demo(workspace, state, progress, changed=True)
    if state.nn != request.nn:
        raise UsageError(
            "An earlier demo in this folder had another choice of models.",
            where=workspace.root,
            expected="the neural networks" if state.nn else "no neural networks",
            hint="start over with --fresh, or name another folder",
        )
    return _Demo(workspace, state, progress)


def _enable_networks(workspace: Workspace) -> None:
    """Switch on every model of the scratch registry that is switched off."""
    path = workspace.config_dir / "model_registry.yaml"
    text = path.read_text(encoding="utf-8")
    write_text(path, re.sub(r"(?m)^(\s+enabled:) false\b", r"\1 true", text))


def _trade_week(demo: _Demo, week: str, end: date) -> None:
    """Let the market go on for a week, settle its orders, make the next ones."""
    demo.stage(f"{week} market", lambda: _advance(demo, end, week))
    demo.stage(f"{week} paper", lambda: _settle(demo, week))
    demo.stage(week, lambda: _scenario(demo, "B", week))


def _scenario(demo: _Demo, name: Scenario, week: str) -> tuple[DemoStage, ...]:
    report: RunReport = scenario.run(
        demo.workspace, RunRequest(scenario=name), progress=demo.progress
    )
    demo.findings += report.findings
    return tuple(
        DemoStage(f"{week}: {line.step}", line.seconds, line.lines) for line in report.steps
    )


def _advance(demo: _Demo, end: date, week: str) -> tuple[DemoStage, ...]:
    from quantpits.market.synthetic import advance_synthetic  # noqa: PLC0415 - a simulation

    started = time.perf_counter()
    with demo.progress.stage(f"The synthetic market goes on to {end}"):
        report = advance_synthetic(demo.workspace, end)
    title = f"{week}: the market goes on"
    return (DemoStage(title, _seconds_since(started), tuple(report.summary())),)


def _settle(demo: _Demo, week: str) -> tuple[DemoStage, ...]:
    started = time.perf_counter()
    report = paper.run(demo.workspace, PaperRequest(), progress=demo.progress)
    demo.findings += report.findings
    title = f"{week}: the paper broker settles"
    return (DemoStage(title, _seconds_since(started), tuple(report.summary())),)


def _report(demo: _Demo, seconds: float) -> DemoReport:
    workspace = demo.workspace
    anchor = load_calendar(resolve_market(workspace)).last_session
    orders = _newest_orders(workspace)
    predictions = workspace.predictions_dir / f"ensemble_{anchor}.csv"
    books = (workspace.prod_config_path, workspace.ledger_path)
    outputs = tuple(path for path in (*orders, predictions, *books) if path.is_file())
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return DemoReport(
        workspace=str(workspace.root),
        outputs=outputs,
        findings=tuple(dict.fromkeys(demo.findings)),
        changed=demo.changed,
        stages=tuple(stage for stages in demo.state.finished.values() for stage in stages),
        anchor_date=anchor,
        nav_cny=_nav(workspace),
        ic=_ic(workspace),
        orders=tuple(line for path in orders for line in _order_lines(path)),
        seconds=round(seconds, 1),
        peak_rss_mib=round(peak_kib / _KIB_PER_MIB, 1),
    )


def _newest_orders(workspace: Workspace) -> list[Path]:
    """Return the order files of the newest trade date."""
    files = workspace.output_dir.glob("*_suggestion_ensemble_*.csv")
    by_date: dict[str, list[Path]] = {}
    for path in sorted(files):
        by_date.setdefault(path.stem.rpartition("_")[2], []).append(path)
    return by_date[max(by_date)] if by_date else []


def _order_lines(path: Path) -> list[str]:
    side = path.name.partition("_")[0]
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("role") != "alternate"]
    lines = [
        f"{row['datetime']}  {side:<4}  {row['value']:>6}  {row['instrument']}" for row in rows
    ]
    hidden = len(lines) - _MOST_ORDERS_SHOWN
    return [*lines[:_MOST_ORDERS_SHOWN], f"and {hidden} more"] if hidden > 0 else lines


def _nav(workspace: Workspace) -> dict[str, float]:
    """Return the net asset value [CNY] at the end of every week that was traded."""
    path = workspace.data_dir / "daily_amount_log_full.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["成交日期"], float(row["收盘价值"])) for row in csv.DictReader(file)]
    last_of_week = {date.fromisoformat(day).isocalendar()[:2]: (day, nav) for day, nav in rows}
    return dict(last_of_week.values())


def _ic(workspace: Workspace) -> dict[str, float | None]:
    from quantpits.records import read_train_records  # noqa: PLC0415 - reads scores too

    records = read_train_records(workspace).model_records
    return {model: record.ic for model, record in sorted(records.items())}


def _seconds_since(started: float) -> float:
    return round(time.perf_counter() - started, 1)
