"""Training: plan, train what is missing, publish.

A model that fails does not stop the others. A full training publishes nothing unless every model
succeeded or ``partial`` was asked for; what did finish is kept either way, and the next run trains
only what is missing. A training of some models publishes its successes by merge.
"""

from __future__ import annotations

import textwrap
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from quantpits.errors import Finding, ModelError
from quantpits.modeling.results import ModelResult, drift_findings, model_result
from quantpits.training.plan import TrainPlan, make_plan
from quantpits.training.publish import publish
from quantpits.training.request import TrainReport, TrainRequest
from quantpits.training.seeds import spreads_of
from quantpits.training.work import Trained, failures_to_load, train_missing
from quantpits.workspace import SILENT, writer_lock

if TYPE_CHECKING:
    from quantpits.records import ModelRecord
    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]


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
        records = _all(plan, trained)
        outputs, changed = publish(
            workspace, request, plan=plan, records=records, seeds=trained.seeds
        )
    report = _report(workspace, plan, trained=trained)
    return replace(
        report,
        outputs=outputs,
        changed=changed or bool(trained.seconds),
        seconds=round(time.monotonic() - started, 3),
    )


def _train_missing(
    workspace: Workspace, request: TrainRequest, plan: TrainPlan, *, progress: Progress
) -> Trained:
    """Train what is not finished, unless it is known beforehand that it would be in vain."""
    trained = Trained(plan.seed_runs)
    if not plan.work():
        return trained
    trained.failures = failures_to_load(plan)
    if not request.is_publishing_successes:
        _refuse_failures(request, plan, trained)
    train_missing(workspace, plan, trained=trained, progress=progress)
    return trained


def _refuse_failures(request: TrainRequest, plan: TrainPlan, trained: Trained) -> None:
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


def _all(plan: TrainPlan, trained: Trained) -> dict[str, ModelRecord]:
    """Return the finished models in the registry's order."""
    known = {**plan.reusable, **trained.records}
    return {name: known[name] for name in plan.jobs if name in known}


def _report(
    workspace: Workspace,
    plan: TrainPlan,
    *,
    trained: Trained | None = None,
    is_dry_run: bool = False,
) -> TrainReport:
    setting = plan.setting
    findings = [*plan.findings, *(() if trained is None else trained.feature_findings)]
    results = []
    for name in plan.jobs:
        results.append(_result(name, plan, trained))
        if trained is not None and name in trained.failures:
            message = f"{name} failed: {trained.failures[name].what}"
            findings.append(Finding("TRN003", "error", message, "training", name))
        if trained is not None and name in trained.seed_failures:
            message = f"a further seed of {name} failed: {trained.seed_failures[name].what}"
            findings.append(Finding("TRN005", "error", message, "training", name))
        if results[-1].run_id is not None and results[-1].ic is None:
            message = (
                f"the IC of {name} is undefined: its scores are all equal, or no label is known"
            )
            findings.append(Finding("TRN004", "warning", message, "training", name))
    findings += drift_findings(results, source="training")
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
        n_feature_computations=0 if trained is None else trained.feature_use.n_computed,
        feature_use=None if trained is None else trained.feature_use,
        is_dry_run=is_dry_run,
    )


def _result(name: str, plan: TrainPlan, trained: Trained | None) -> ModelResult:
    known = {} if trained is None else trained.records
    record = plan.reusable.get(name, known.get(name))
    if trained is None:
        seeds = plan.seed_runs
    else:
        seeds = trained.seeds
        if name in trained.failures:
            message = str(trained.failures[name])
            seconds = trained.seconds[name]
            return ModelResult(model=name, status="failed", seconds=seconds, message=message)
    if record is None:
        return model_result(name, "planned")
    ic, rank_ic = spreads_of(record, seeds.get(name))
    if trained is None or name not in trained.seconds:
        result = model_result(name, "reused", record=record)
    else:
        result = model_result(name, "done", record=record, seconds=trained.seconds[name])
        result = replace(result, peak_mib=trained.peak_mib[name])
    return replace(result, ic_seeds=ic, rank_ic_seeds=rank_ic)
