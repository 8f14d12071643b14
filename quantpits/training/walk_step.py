"""Walking forward: train every fold that is missing, and stitch one prediction out of sample.

A fold is durable as soon as it is trained: a kill costs the fold in flight. A model whose fold
fails does not stop the others. What is published is a prediction like any other, under the model's
name with ``_wf``: a record, ``pred.pkl`` with its hash, a CSV with its provenance, a row of the
performance table. The model file of the record is that of the last fold.
"""

from __future__ import annotations

import textwrap
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from quantpits.errors import Finding, ModelError
from quantpits.modeling.artifacts import has_artifact, is_whole
from quantpits.modeling.features.cache import open_feature_cache
from quantpits.modeling.features.folds import FoldFeatures, unfilled_handler
from quantpits.modeling.fit import check_class, fit_model
from quantpits.modeling.publication import publish_predictions
from quantpits.modeling.recorders import open_store
from quantpits.modeling.resources import PeakMemory
from quantpits.modeling.results import ModelResult, model_result
from quantpits.modeling.run_files import drop_unreferenced
from quantpits.modeling.stitching import stitch_folds, stitched_fingerprint
from quantpits.records import TrainRecords, merge_records, read_train_records
from quantpits.training.plan import published_records
from quantpits.training.walk_plan import SUFFIX, WalkPlan, make_walk_plan
from quantpits.training.walk_request import WalkedModel, WalkReport, WalkRequest
from quantpits.training.walk_state import FoldRun, read_folds, write_folds
from quantpits.workspace import SILENT, write_manifest, writer_lock

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.modeling.fit import FitJob
    from quantpits.modeling.recorders import RecorderStore
    from quantpits.records import ModelRecord
    from quantpits.workspace import Advance, Progress, Workspace

__all__ = ["run"]


def run(workspace: Workspace, request: WalkRequest, *, progress: Progress = SILENT) -> WalkReport:
    """Train models again and again on their past, and publish what they predict out of sample.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : WalkRequest
        Which models, and how often.
    progress : Progress
        Told about each fold.

    Returns
    -------
    WalkReport
        What was trained, how well it predicted, and what is current now.

    Raises
    ------
    UsageError, ConfigError, DataError
        If the request, a config file or the market data are wrong; see `make_walk_plan`.
    ModelError
        If every model failed; nothing is published then, but finished folds are kept.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    started = time.monotonic()
    if request.dry_run:
        plan = make_walk_plan(workspace, request)
        return _report(workspace, plan, _Walk(workspace, plan, is_retraining=request.retrain))
    with writer_lock(workspace, "walk-forward"):
        plan = make_walk_plan(workspace, request)
        walk = _Walk(workspace, plan, is_retraining=request.retrain)
        walk.train(progress)
        if not walk.records:
            causes = [textwrap.indent(str(each), "  ") for each in walk.failures.values()]
            lines = "\n".join(causes)
            raise ModelError(f"All {len(plan.folds)} models failed; none is published.\n{lines}")
        outputs, changed = _publish(workspace, plan, walk.records)
        drop_unreferenced(workspace, walk.replaced)
    return replace(
        _report(workspace, plan, walk),
        outputs=outputs,
        changed=changed or walk.n_trained > 0,
        seconds=round(time.monotonic() - started, 3),
        is_dry_run=False,
    )


class _Walk:
    """The folds of every model, known and trained."""

    def __init__(self, workspace: Workspace, plan: WalkPlan, *, is_retraining: bool) -> None:
        self.workspace = workspace
        self.plan = plan
        cache = open_feature_cache(workspace, plan.setting.config)
        self.features = FoldFeatures(plan.first, plan.setting.anchor, cache=cache)
        self.known = {} if is_retraining else {n: read_folds(workspace, n) for n in plan.folds}
        self.records: dict[str, ModelRecord] = {}
        self.failures: dict[str, ModelError] = {}
        self.n_reused = {
            name: sum(self._is_settled(name, job) for job in jobs)
            for name, jobs in plan.folds.items()
        }
        self.n_trained = 0
        self.replaced: set[str] = set()
        self.seconds: dict[str, float] = {}
        self.peak_mib: dict[str, int] = {}

    def train(self, progress: Progress) -> None:
        """Train every fold that is missing, model after model, and stitch each model's folds."""
        plan = self.plan
        missing = [n for n in plan.in_groups() if self.n_reused[n] < len(plan.folds[n])]
        if missing:
            plan.setting.open_market()
        runs = open_store(self.workspace, plan.experiment)
        total = sum(len(plan.folds[name]) - self.n_reused[name] for name in missing)
        with progress.stage("Walking forward", total=total) as advance:
            for name in plan.in_groups():
                began, peak = time.monotonic(), PeakMemory()
                before = _runs_of(self.workspace, name)
                try:
                    if name in missing:
                        self._train_folds(name, runs, advance)
                    self.records[name] = self._stitched(name, runs)
                except ModelError as error:
                    self.failures[name] = error
                self.replaced |= before - _runs_of(self.workspace, name)
                self.seconds[name], self.peak_mib[name] = time.monotonic() - began, peak.mib()

    def _train_folds(self, name: str, runs: RecorderStore, advance: Advance) -> None:
        jobs = self.plan.folds[name]
        check_class(jobs[0])
        folds = self.known.setdefault(name, {})
        self.n_reused[name] = 0
        for number, job in enumerate(jobs, start=1):
            if self._is_settled(name, job):
                self.n_reused[name] += 1
                continue
            advance(0, f"{name}, fold {number} of {len(jobs)}")
            handler = unfilled_handler(job.task.handler, name)
            content = None if handler is None else self.features.content_hash(handler, job.windows)
            start = job.windows.test[0].isoformat()
            if content is not None and self._has_same_content(name, job, content):
                record = replace(folds[start].record, data_hash=job.facts.data_hash)
                self.n_reused[name] += 1
            else:
                record = fit_model(self.workspace, job, runs=runs, features=self.features)
                self.n_trained += 1
            folds[start] = FoldRun(content=content, record=record)
            write_folds(self.workspace, name, folds=folds)
            advance(1, name)
        wanted = {job.windows.test[0].isoformat() for job in jobs}
        self.known[name] = {start: fold for start, fold in folds.items() if start in wanted}
        write_folds(self.workspace, name, folds=self.known[name])

    def _is_settled(self, name: str, job: FitJob) -> bool:
        """Whether a fold is finished, of the same configuration and market snapshot."""
        fold = self.known.get(name, {}).get(job.windows.test[0].isoformat())
        return (
            fold is not None
            and fold.record.data_hash == job.facts.data_hash
            and self._is_reusable(fold, job)
        )

    def _has_same_content(self, name: str, job: FitJob, content: str) -> bool:
        fold = self.known[name].get(job.windows.test[0].isoformat())
        return fold is not None and fold.content == content and self._is_reusable(fold, job)

    def _is_reusable(self, fold: FoldRun, job: FitJob) -> bool:
        is_same = fold.record.fingerprint == job.facts.fingerprint
        return is_same and is_whole(self.workspace, fold.record)

    def _stitched(self, name: str, runs: RecorderStore) -> ModelRecord:
        """Return the record of a model's whole prediction: the current one if it is the same."""
        jobs = self.plan.folds[name]
        folds = [self.known[name][job.windows.test[0].isoformat()].record for job in jobs]
        facts = replace(
            jobs[-1].facts,
            model=name + SUFFIX,
            anchor_date=self.plan.setting.anchor,
            fingerprint=stitched_fingerprint(name + SUFFIX, folds),
            source=folds[-1],
        )
        current = published_records(self.workspace).get(facts.model)
        if (
            current is not None
            and current.fingerprint == facts.fingerprint
            and has_artifact(self.workspace, current.prediction_path, current.prediction_sha256)
        ):
            return current
        self.n_trained += 1
        return stitch_folds(self.workspace, folds, facts=facts, runs=runs)


def _runs_of(workspace: Workspace, name: str) -> set[str]:
    return {fold.record.run_id for fold in read_folds(workspace, name).values()}


def _publish(
    workspace: Workspace, plan: WalkPlan, records: dict[str, ModelRecord]
) -> tuple[tuple[Path, ...], bool]:
    """Write predictions and performance, and merge the records; the others stay."""
    named = {name + SUFFIX: records[name] for name in plan.folds if name in records}
    current = published_records(workspace)
    experiment = read_train_records(workspace).experiment_name if current else plan.experiment
    published = TrainRecords(
        experiment_name=experiment,
        anchor_date=plan.setting.anchor,
        timestamp=f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
        models={name: record.run_id for name, record in named.items()},
        model_records=named,
    )
    outputs, changed = publish_predictions(workspace, published, replaces=False)
    manifest = write_manifest(
        workspace,
        f"walk_forward_{plan.setting.anchor.isoformat()}",
        inputs={"market": plan.setting.data_hash},
        outputs=outputs,
        config=plan.setting.config,
        extra={
            "experiment": plan.experiment,
            "market": plan.setting.source.label,
            "models": {
                name: {
                    "run_id": record.run_id,
                    "fingerprint": record.fingerprint,
                    "folds": [job.windows.segments() for job in plan.folds[name[: -len(SUFFIX)]]],
                }
                for name, record in named.items()
            },
        },
    )
    changed |= merge_records(workspace, published)
    return (*outputs, manifest, workspace.records_path), changed


def _report(workspace: Workspace, plan: WalkPlan, walk: _Walk) -> WalkReport:
    findings = [
        Finding("WFW001", "error", f"{name} failed: {error.what}", "walk-forward", name)
        for name, error in walk.failures.items()
    ]
    return WalkReport(
        workspace=workspace.name,
        outputs=(),
        findings=(*findings, *walk.features.findings),
        changed=False,
        experiment_name=plan.experiment,
        anchor_date=plan.setting.anchor,
        market_label=plan.setting.source.label,
        models=tuple(_walked(name, plan, walk) for name in plan.folds),
        n_feature_computations=walk.features.n_computations,
        feature_use=walk.features.use,
        is_dry_run=True,
    )


def _walked(name: str, plan: WalkPlan, walk: _Walk) -> WalkedModel:
    jobs, shown = plan.folds[name], name + SUFFIX
    if name in walk.failures:
        result = ModelResult(model=shown, status="failed", message=str(walk.failures[name]))
    elif name not in walk.records:
        result = model_result(shown, "planned")
    elif walk.n_reused[name] == len(jobs):
        result = model_result(shown, "reused", record=walk.records[name])
    else:
        seconds = walk.seconds[name]
        result = model_result(shown, "done", record=walk.records[name], seconds=seconds)
        result = replace(result, peak_mib=walk.peak_mib[name])
    return WalkedModel(
        result=result,
        n_folds=len(jobs),
        n_reused=walk.n_reused[name],
        first=jobs[0].windows.test[0],
        last=jobs[-1].windows.test[1],
    )
