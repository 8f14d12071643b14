"""Training: plan, train what is missing, publish.

A model that fails does not stop the others. A full training publishes nothing unless every model
succeeded or ``partial`` was asked for; what did finish is kept either way, and the next run trains
only what is missing. A training of some models publishes its successes by merge.
"""

from __future__ import annotations

import textwrap
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from quantpits.errors import Finding, ModelError
from quantpits.modeling.features import FeatureStore
from quantpits.modeling.fit import FitJob, check_class, fit_model
from quantpits.modeling.recorders import RecorderStore, open_store
from quantpits.modeling.results import ModelResult, model_result
from quantpits.training.bases import base_content
from quantpits.training.plan import TrainPlan, make_plan
from quantpits.training.publish import publish
from quantpits.training.request import TrainReport, TrainRequest
from quantpits.training.run_state import RunState, write_run_state
from quantpits.workspace import SILENT, backup, writer_lock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.records import ModelRecord
    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """What training the missing models gave."""

    records: Mapping[str, ModelRecord]
    failures: Mapping[str, ModelError]
    seconds: Mapping[str, float]
    n_feature_computations: int


def run(workspace: Workspace, request: TrainRequest, *, progress: Progress = SILENT) -> TrainReport:
    """Train models and publish their predictions.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : TrainRequest
        What to train.
    progress : Progress
        Told about each model.

    Returns
    -------
    TrainReport
        What was trained, how well, and what is current now.

    Raises
    ------
    UsageError
        If a model is unknown or none is selected.
    ConfigError
        If a config or workflow file is wrong.
    DataError
        If the market data are missing, or too short for the windows.
    ModelError
        If a model of a full training failed and ``partial`` was not asked for, or all failed;
        nothing is published then.
    StaleArtifactError
        If it is to go on with a training that is not of the same anchor, settings and data.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    started = time.monotonic()
    if request.dry_run:
        return _report(workspace, make_plan(workspace, request), is_dry_run=True)
    with writer_lock(workspace, "train"):
        plan = make_plan(workspace, request)
        request = plan.request
        trained = _train_missing(workspace, request, plan, progress=progress)
        _refuse_failures(request, plan, trained)
        outputs, changed = publish(workspace, request, plan=plan, records=_all(plan, trained))
    report = _report(workspace, plan, trained=trained)
    return replace(
        report,
        outputs=outputs,
        changed=changed or bool(trained.seconds),
        seconds=round(time.monotonic() - started, 3),
    )


def _train_missing(
    workspace: Workspace, request: TrainRequest, plan: TrainPlan, *, progress: Progress
) -> _Trained:
    """Train what is not finished, recording each model durably as soon as it is."""
    jobs = plan.missing()
    if not jobs:
        return _Trained({}, {}, {}, 0)
    failures = _open_and_check(plan, jobs)
    if not request.is_publishing_successes:
        _refuse_failures(request, plan, _Trained({}, failures, {}, 0))
    state = _begin(workspace, request, plan)
    runs, features = open_store(workspace, plan.experiment), FeatureStore()
    records: dict[str, ModelRecord] = {}
    seconds: dict[str, float] = {}
    with progress.stage("Training", total=len(jobs)) as advance:
        for job in jobs:
            name = job.facts.model
            advance(0, name)
            began = time.monotonic()
            if name not in failures:
                known = {**plan.bases, **plan.reusable, **records}
                into = (records, failures)
                _fit_one(workspace, job, runs=runs, features=features, known=known, into=into)
            seconds[name] = time.monotonic() - began
            state = (
                state.with_finished(name, records[name])
                if name in records
                else state.with_failed(name, failures[name].what)
            )
            write_run_state(workspace, state)
            advance(1, name)
    return _Trained(records, failures, seconds, features.n_computations)


def _begin(workspace: Workspace, request: TrainRequest, plan: TrainPlan) -> RunState:
    """Write the state of a training that starts, keeping what earlier ones finished."""
    backup(workspace, workspace.run_state_path, "run_state")
    finished = {} if plan.state is None else plan.state.finished
    targets, completed = tuple(plan.jobs), tuple(plan.reusable)
    if request.resume and plan.state is not None:
        targets = plan.state.target_models
        completed = tuple(dict.fromkeys((*plan.state.completed, *completed)))
    state = RunState(
        started_at=f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
        mode="full" if request.is_full else "incremental",
        experiment_name=plan.experiment,
        anchor_date=plan.setting.anchor,
        target_models=targets,
        completed=completed,
        skipped=request.skip,
        finished={**finished, **plan.reusable},
    )
    write_run_state(workspace, state)
    return state


def _open_and_check(plan: TrainPlan, jobs: list[FitJob]) -> dict[str, ModelError]:
    """Open the market for Qlib and load every model's class, before any training starts."""
    plan.setting.open_market()
    failures = {}
    for job in jobs:
        try:
            check_class(job)
        except ModelError as error:
            failures[job.facts.model] = error
    return failures


def _fit_one(
    workspace: Workspace,
    job: FitJob,
    *,
    runs: RecorderStore,
    features: FeatureStore,
    known: Mapping[str, ModelRecord],
    into: tuple[dict[str, ModelRecord], dict[str, ModelError]],
) -> None:
    records, failures = into
    try:
        base = base_content(workspace, job, known)
        records[job.facts.model] = fit_model(
            workspace, job, runs=runs, features=features, base=base
        )
    except ModelError as error:
        failures[job.facts.model] = error


def _refuse_failures(request: TrainRequest, plan: TrainPlan, trained: _Trained) -> None:
    failures, finished = trained.failures, _all(plan, trained)
    if not failures or (request.is_publishing_successes and finished):
        return
    causes = "\n".join(textwrap.indent(str(error), "  ") for error in failures.values())
    raise ModelError(
        f"{len(failures)} of {len(plan.jobs)} models failed, so nothing was published.\n{causes}",
        found=f"finished and kept for the next run: {', '.join(finished) or 'none'}",
        hint="mend the failing models and run again, which trains only them; or publish the others"
        " with --partial",
    )


def _all(plan: TrainPlan, trained: _Trained) -> dict[str, ModelRecord]:
    """Return the finished models in the registry's order."""
    known = {**plan.reusable, **trained.records}
    return {name: known[name] for name in plan.jobs if name in known}


def _report(
    workspace: Workspace,
    plan: TrainPlan,
    *,
    trained: _Trained | None = None,
    is_dry_run: bool = False,
) -> TrainReport:
    setting = plan.setting
    findings = [*plan.findings]
    results = []
    for name in plan.jobs:
        results.append(_result(name, plan, trained))
        if trained is not None and name in trained.failures:
            message = f"{name} failed: {trained.failures[name].what}"
            findings.append(Finding("TRN003", "error", message, "training", name))
        elif results[-1].run_id is not None and results[-1].ic is None:
            message = (
                f"the IC of {name} is undefined: its scores are all equal, or no label is known"
            )
            findings.append(Finding("TRN004", "warning", message, "training", name))
    first = next(iter(plan.jobs.values()))
    return TrainReport(
        workspace=workspace.name,
        outputs=(),
        findings=tuple(findings),
        changed=False,
        experiment_name=plan.experiment,
        anchor_date=setting.anchor,
        market_label=setting.source.label,
        windows=first.windows.segments(),
        models=tuple(results),
        n_feature_computations=0 if trained is None else trained.n_feature_computations,
        is_dry_run=is_dry_run,
    )


def _result(name: str, plan: TrainPlan, trained: _Trained | None) -> ModelResult:
    if name in plan.reusable:
        return model_result(name, "reused", record=plan.reusable[name])
    if trained is None:
        return model_result(name, "planned")
    seconds = trained.seconds[name]
    if name in trained.failures:
        message = str(trained.failures[name])
        return ModelResult(model=name, status="failed", seconds=seconds, message=message)
    return model_result(name, "done", record=trained.records[name], seconds=seconds)
