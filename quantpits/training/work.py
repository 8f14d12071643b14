"""Training what is missing, each model durable as soon as it is finished."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from quantpits.errors import ModelError
from quantpits.modeling.features.cache import open_feature_cache
from quantpits.modeling.features.store import FeatureStore
from quantpits.modeling.features.use import FeatureUse
from quantpits.modeling.fit import check_class, fit_model
from quantpits.modeling.recorders import open_store
from quantpits.modeling.resources import PeakMemory
from quantpits.modeling.run_files import drop_unreferenced
from quantpits.training.bases import base_content
from quantpits.training.run_state import RunState, write_run_state
from quantpits.training.seeds import SeedFamily, with_seed_run, write_seed_runs
from quantpits.workspace import backup

if TYPE_CHECKING:
    from quantpits.errors import Finding
    from quantpits.modeling.fit import FitJob
    from quantpits.modeling.recorders import RecorderStore
    from quantpits.records import ModelRecord
    from quantpits.training.plan import ModelWork, TrainPlan
    from quantpits.workspace import Progress, Workspace

__all__ = ["Trained", "failures_to_load", "train_missing"]


@dataclass(slots=True, eq=False)
class Trained:
    """What training the missing models gave; filled while it runs.

    Attributes
    ----------
    seeds : dict of str to SeedFamily
        The further seeds of every model that are known.
    records : dict of str to ModelRecord
        The models that were trained.
    failures : dict of str to ModelError
        The models that were not.
    seed_failures : dict of str to ModelError
        Model to the first failure of one of its further seeds.
    seconds, peak_mib : dict
        Model to wall time [seconds] and largest resident size of the process [MiB].
    feature_use : FeatureUse
        How often features were computed, extended and read from disk.
    feature_findings : tuple of Finding
        What a person should know about them.
    """

    seeds: dict[str, SeedFamily]
    records: dict[str, ModelRecord] = field(default_factory=dict)
    failures: dict[str, ModelError] = field(default_factory=dict)
    seed_failures: dict[str, ModelError] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, int] = field(default_factory=dict)
    feature_use: FeatureUse = field(default_factory=FeatureUse)
    feature_findings: tuple[Finding, ...] = ()


def failures_to_load(plan: TrainPlan) -> dict[str, ModelError]:
    """Open the market for Qlib and load every model's class, before any training starts.

    Parameters
    ----------
    plan : TrainPlan
        The training.

    Returns
    -------
    dict of str to ModelError
        The models whose class, or a library it needs, is missing.
    """
    plan.setting.open_market()
    failures = {}
    for work in plan.work():
        try:
            check_class(work.job)
        except ModelError as error:
            failures[work.job.facts.model] = error
    return failures


def train_missing(
    workspace: Workspace, plan: TrainPlan, *, trained: Trained, progress: Progress
) -> None:
    """Train what is not finished, recording each model and seed durably as soon as it is.

    Parameters
    ----------
    workspace : Workspace
        Where; the caller holds its lock.
    plan : TrainPlan
        The training.
    trained : Trained
        Filled; models that are among its failures are not tried.
    progress : Progress
        Told about each model and seed.
    """
    state = _begin(workspace, plan)
    trainer = _Trainer(workspace, plan, trained)
    everything = plan.work()
    total = sum(work.is_model_missing + len(work.seeds) for work in everything)
    with progress.stage("Training", total=total) as advance:
        for work in everything:
            name = work.job.facts.model
            began, peak = time.monotonic(), PeakMemory()
            if work.is_model_missing:
                advance(0, name)
                if name not in trained.failures:
                    trainer.fit(work.job)
                if work.seeds and name in trained.records:
                    state = state.with_kept(name, trained.records[name])
                    write_run_state(workspace, state)
                advance(1, name)
            for number, seed_job in enumerate(work.seeds, start=2):
                advance(0, f"{name}, seed {number} of {plan.request.seeds}")
                if name not in trained.failures:
                    trainer.fit_seed(work, seed_job)
                advance(1, name)
            trained.seconds[name] = time.monotonic() - began
            trained.peak_mib[name] = peak.mib()
            record = trained.records.get(name, plan.reusable.get(name))
            state = (
                state.with_failed(name, trained.failures[name].what)
                if record is None
                else state.with_finished(name, record)
            )
            write_run_state(workspace, state)
    trained.feature_use = trainer.features.use
    trained.feature_findings = trainer.features.findings


class _Trainer:
    """Fits models one after the other on shared features."""

    def __init__(self, workspace: Workspace, plan: TrainPlan, trained: Trained) -> None:
        self.workspace = workspace
        self.plan = plan
        self.trained = trained
        self.features = FeatureStore(open_feature_cache(workspace, plan.setting.config))
        self.runs: RecorderStore = open_store(workspace, plan.experiment)

    def fit(self, job: FitJob) -> None:
        """Train a model with the configured seed."""
        name = job.facts.model
        try:
            self.trained.records[name] = self._record(job)
        except ModelError as error:
            self.trained.failures[name] = error

    def fit_seed(self, work: ModelWork, job: FitJob) -> None:
        """Train a model with a further seed and note how it fared."""
        name, base = job.facts.model, work.job.facts.fingerprint
        try:
            record = self._record(job)
        except ModelError as error:
            self.trained.seed_failures.setdefault(name, error)
            return
        known = self.trained.seeds.get(name)
        self.trained.seeds = with_seed_run(self.trained.seeds, name, base=base, record=record)
        write_seed_runs(self.workspace, self.trained.seeds)
        if known is not None:
            drop_unreferenced(self.workspace, [run.run_id for run in known.runs.values()])

    def _record(self, job: FitJob) -> ModelRecord:
        known = {**self.plan.bases, **self.plan.reusable, **self.trained.records}
        base = base_content(self.workspace, job, known=known)
        return fit_model(self.workspace, job, runs=self.runs, features=self.features, base=base)


def _begin(workspace: Workspace, plan: TrainPlan) -> RunState:
    """Write the state of a training that starts, keeping what earlier ones finished."""
    backup(workspace, workspace.run_state_path, "run_state")
    finished = {} if plan.state is None else plan.state.finished
    missing = {work.job.facts.model for work in plan.work()}
    targets = tuple(plan.jobs)
    completed = tuple(name for name in plan.reusable if name not in missing)
    if plan.request.resume and plan.state is not None:
        targets = plan.state.target_models
        completed = tuple(dict.fromkeys((*plan.state.completed, *completed)))
    state = RunState(
        started_at=f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
        mode="full" if plan.request.is_full else "incremental",
        experiment_name=plan.experiment,
        anchor_date=plan.setting.anchor,
        target_models=targets,
        completed=completed,
        skipped=plan.request.skip,
        finished={**finished, **plan.reusable},
        seeds=plan.request.seeds,
    )
    write_run_state(workspace, state)
    return state
