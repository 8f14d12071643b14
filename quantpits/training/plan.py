"""What a training would do: which models, on what dates, and which of them are finished already.

Everything is read and checked here, before anything is trained: registry, workflows, windows. The
jobs are ordered so that models that read the same features follow each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantpits.errors import ArtifactError, Finding
from quantpits.modeling.artifacts import is_whole
from quantpits.modeling.features.store import handler_group
from quantpits.modeling.qlib_faults import fault_notes
from quantpits.modeling.selection import select_models, selection_of
from quantpits.modeling.setting import Setting, load_setting, read_workflows
from quantpits.records import ModelRecord, read_train_records
from quantpits.training.bases import bases_first, in_order, outside_bases, started_from
from quantpits.training.jobs import JobMaker, job_maker
from quantpits.training.resume import refuse_other_training, resumed
from quantpits.training.run_state import RunState, read_run_state
from quantpits.training.seeds import SeedFamily, read_seed_runs

if TYPE_CHECKING:
    from quantpits.modeling.fit import FitJob
    from quantpits.modeling.selection import ModelSelection
    from quantpits.modeling.workflow import Workflow
    from quantpits.training.request import TrainRequest
    from quantpits.workspace import Workspace

__all__ = ["ModelWork", "TrainPlan", "make_plan", "published_records"]


@dataclass(frozen=True, slots=True, eq=False)
class ModelWork:
    """What is to be done for one model.

    Attributes
    ----------
    job : FitJob
        The model with the configured seed.
    is_model_missing : bool
        Whether that is to be trained, or finished already.
    seeds : tuple of FitJob
        Further seeds to train.
    """

    job: FitJob
    is_model_missing: bool
    seeds: tuple[FitJob, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrainPlan:
    """A training, ready to run.

    Attributes
    ----------
    request : TrainRequest
        What was asked for; with the models of the interrupted training, if it goes on with one.
    setting : Setting
        Configuration, market and anchor.
    experiment : str
        MLflow experiment.
    jobs : dict of str to FitJob
        Every selected model, in the registry's order.
    reusable : dict of str to ModelRecord
        The models that need no training.
    bases : dict of str to ModelRecord
        Finished models outside of the selection that a selected one starts from.
    state : RunState or None
        The state of the latest training.
    findings : tuple of Finding
        What a person should know.
    seed_jobs : dict of str to tuple of FitJob
        The further seeds of every selected model.
    seed_runs : dict of str to SeedFamily
        The further seeds that are finished already.
    """

    request: TrainRequest
    setting: Setting
    experiment: str
    jobs: dict[str, FitJob]
    reusable: dict[str, ModelRecord]
    bases: dict[str, ModelRecord]
    state: RunState | None
    findings: tuple[Finding, ...]
    seed_jobs: dict[str, tuple[FitJob, ...]]
    seed_runs: dict[str, SeedFamily]

    def missing(self) -> list[FitJob]:
        """Return the jobs to run: side by side with equal features, but after their base."""
        return [work.job for work in self.work() if work.is_model_missing]

    def work(self) -> list[ModelWork]:
        """Return what is to be done, models and further seeds, in the order of `missing`."""
        seeds = {name: self._missing_seeds(name) for name in self.jobs}
        jobs = [job for name, job in self.jobs.items() if name not in self.reusable or seeds[name]]
        ordered = bases_first(sorted(jobs, key=lambda job: handler_group(job.task.handler)))
        return [
            ModelWork(job, job.facts.model not in self.reusable, seeds[job.facts.model])
            for job in ordered
        ]

    def _missing_seeds(self, name: str) -> tuple[FitJob, ...]:
        family, base = self.seed_runs.get(name), self.jobs[name].facts.fingerprint
        is_same = family is not None and family.fingerprint == base and not self.request.retrain
        known = family.runs if family is not None and is_same else {}
        return tuple(job for job in self.seed_jobs[name] if job.facts.fingerprint not in known)


def make_plan(workspace: Workspace, request: TrainRequest) -> TrainPlan:
    """Return what a training would do.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : TrainRequest
        Which models, and whether finished ones are trained again.

    Returns
    -------
    TrainPlan
        At least one job.

    Raises
    ------
    UsageError
        If a model is unknown or none is selected.
    ConfigError
        If a config or workflow file is wrong.
    DataError
        If the market data are missing, or too short for the windows.
    MissingArtifactError
        If a model starts from another that is neither selected nor trained.
    StaleArtifactError
        If it is to go on with a training that is not of the same anchor, settings and data.
    """
    setting = load_setting(workspace)
    state = read_run_state(workspace)
    if request.resume:
        request = resumed(request, state, current=published_records(workspace))
    names = select_models(setting.registry, _selection(request))
    workflows = read_workflows(workspace, setting.registry, names)
    experiment = request.experiment_name or setting.experiment("Train")
    maker = job_maker(workspace, setting, experiment=experiment)
    bases = outside_bases(workspace, setting.registry, names=names)
    jobs: dict[str, FitJob] = {}
    seed_jobs: dict[str, tuple[FitJob, ...]] = {}
    for name in in_order(setting.registry, names):
        base = setting.registry.models[name].pretrain_source
        job, *others = (
            job if base is None else started_from(job, base, jobs=jobs, bases=bases)
            for job in _jobs(maker, name, workflows[name], seeds=request.seeds)
        )
        jobs[name], seed_jobs[name] = job, tuple(others)
    jobs = {name: jobs[name] for name in names}
    if request.resume:
        refuse_other_training(state, jobs, experiment=experiment)
    known = {} if request.retrain else _finished(workspace, state)
    reusable = {
        name: known[job.facts.fingerprint]
        for name, job in jobs.items()
        if job.facts.fingerprint in known and is_whole(workspace, known[job.facts.fingerprint])
    }
    return TrainPlan(
        request=request,
        setting=setting,
        experiment=experiment,
        jobs=jobs,
        reusable=reusable,
        bases=bases,
        state=state,
        findings=_findings(jobs),
        seed_jobs=seed_jobs,
        seed_runs=read_seed_runs(workspace),
    )


def published_records(workspace: Workspace) -> dict[str, ModelRecord]:
    """Return the records that are current.

    Parameters
    ----------
    workspace : Workspace
        Whose records.

    Returns
    -------
    dict of str to ModelRecord
        Empty also if they cannot be read: a full training replaces them, after a backup.
    """
    try:
        return read_train_records(workspace).model_records
    except ArtifactError:
        return {}


def _selection(request: TrainRequest) -> ModelSelection:
    is_all = request.all_enabled or request.is_full or _only_skips(request)
    return replace(selection_of(request), all_enabled=is_all)


def _only_skips(request: TrainRequest) -> bool:
    """Whether the request names only models to leave out: all others that are enabled are meant."""
    filters = (request.algorithm, request.dataset, request.market, request.tag)
    return bool(request.skip) and not request.models and filters == (None,) * len(filters)


def _jobs(maker: JobMaker, name: str, workflow: Workflow, *, seeds: int) -> list[FitJob]:
    """Return the jobs of a model: the configured seed, and those after it."""
    windows = maker.windows(name, workflow)
    task = maker.task(name, workflow, windows=windows)
    first = maker.setting.config.seed
    return [
        maker.job(name, task, windows=windows, seed=seed) for seed in range(first, first + seeds)
    ]


def _finished(workspace: Workspace, state: RunState | None) -> dict[str, ModelRecord]:
    """Return every finished training by its fingerprint: published, or of the latest run."""
    records = [*published_records(workspace).values()]
    if state is not None:
        records += state.finished.values()
    return {
        record.fingerprint: record
        for record in records
        if record.mode == "train" and record.fingerprint is not None
    }


def _findings(jobs: dict[str, FitJob]) -> tuple[Finding, ...]:
    notes = dict.fromkeys(note for job in jobs.values() for note in job.windows.notes)
    source = "config/model_config.json"
    found = [Finding("TRN001", "warning", note, source) for note in notes]
    for name, job in jobs.items():
        task = job.task
        faults = fault_notes(task.model, task.dataset)
        found += [Finding("TRN006", "warning", note, task.source, name) for note in faults]
    return tuple(found)
