"""What a walk-forward would do: which models, and the folds of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import UsageError
from quantpits.modeling.features.store import handler_group
from quantpits.modeling.fingerprint import result_fingerprint
from quantpits.modeling.folds import FoldSchedule, parse_step, walk_forward_folds
from quantpits.modeling.selection import select_models, selection_of
from quantpits.modeling.setting import Setting, load_setting, read_workflows
from quantpits.training.jobs import JobMaker, job_maker

if TYPE_CHECKING:
    from quantpits.config import ModelRegistry
    from quantpits.modeling.fit import FitJob
    from quantpits.modeling.windows import DateWindows
    from quantpits.modeling.workflow import Workflow
    from quantpits.training.walk_request import WalkRequest
    from quantpits.workspace import Workspace

__all__ = ["SUFFIX", "WalkPlan", "make_walk_plan"]

SUFFIX = "_wf"
"""What the name of a stitched prediction ends with."""


@dataclass(frozen=True, slots=True, eq=False)
class WalkPlan:
    """A walk-forward, ready to run.

    Attributes
    ----------
    setting : Setting
        Configuration, market and anchor.
    experiment : str
        MLflow experiment.
    folds : dict of str to tuple of FitJob
        The folds of every selected model, in the registry's order.
    """

    setting: Setting
    experiment: str
    folds: dict[str, tuple[FitJob, ...]]

    @property
    def first(self) -> date:
        """The first date that any fold reads."""
        return min(jobs[0].windows.data_start for jobs in self.folds.values())

    def in_groups(self) -> list[str]:
        """Return the models, those that read the same features side by side."""
        return sorted(self.folds, key=lambda name: handler_group(self.folds[name][0].task.handler))


def make_walk_plan(workspace: Workspace, request: WalkRequest) -> WalkPlan:
    """Return what a walk-forward would do.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : WalkRequest
        Which models, and how often.

    Returns
    -------
    WalkPlan
        At least one model with at least one fold.

    Raises
    ------
    UsageError
        If a model is unknown, none is selected, one starts from the weights of another, or a name
        is taken; or if step or gap are wrong.
    ConfigError
        If a config or workflow file is wrong.
    DataError
        If the market data are missing, or too short.
    """
    setting = load_setting(workspace)
    names = select_models(setting.registry, selection_of(request))
    _check_names(setting.registry, names)
    workflows = read_workflows(workspace, setting.registry, names)
    experiment = setting.experiment("WalkForward")
    maker = job_maker(workspace, setting, experiment=experiment)
    schedule = _schedule(setting, request)
    windows = {
        name: walk_forward_folds(
            setting.sessions,
            schedule,
            anchor=setting.anchor,
            horizon_sessions=maker.horizon(name, workflow),
        )
        for name, workflow in workflows.items()
    }
    first = min(spans[0].data_start for spans in windows.values())
    folds = {
        name: tuple(_job(maker, name, workflow, windows=span, first=first) for span in spans)
        for (name, workflow), spans in zip(workflows.items(), windows.values(), strict=True)
    }
    return WalkPlan(setting, experiment, folds)


def _check_names(registry: ModelRegistry, names: tuple[str, ...]) -> None:
    for name in names:
        if registry.models[name].pretrain_source is not None:
            raise UsageError(
                f"The model {name!r} starts from the weights of another one.",
                found=f"pretrain_source {registry.models[name].pretrain_source!r}",
                hint="leave it out with --skip: weights that were trained on all the data would"
                " look ahead of every fold",
            )
        if name + SUFFIX in registry.models:
            raise UsageError(
                f"The registry has a model {name + SUFFIX!r} already, the name of the stitched"
                f" prediction of {name!r}.",
                where="config/model_registry.yaml",
                hint="give that model another name",
            )


def _schedule(setting: Setting, request: WalkRequest) -> FoldSchedule:
    config = setting.config
    train = config.train_set_windows if request.window is None else request.window
    valid = config.valid_set_window if request.valid is None else request.valid
    step, unit = parse_step(request.step)
    return FoldSchedule(
        train_years=float(train),
        valid_years=float(valid),
        step=step,
        step_unit=unit,
        gap=request.gap,
        start=request.start,
    )


def _job(
    maker: JobMaker, name: str, workflow: Workflow, *, windows: DateWindows, first: date
) -> FitJob:
    """Return the job of one fold; the market snapshot is left out of its fingerprint."""
    setting = maker.setting
    task = maker.task(name, workflow, windows=windows)
    seed = setting.config.seed
    undated = replace(maker, setting=replace(setting, anchor=windows.last_session, data_hash=""))
    job = undated.job(name, task, windows=windows, seed=seed)
    before = int(np.searchsorted(setting.sessions, np.datetime64(windows.test[0], "D"))) - 1
    fitted_at = date.fromisoformat(str(setting.sessions[before].astype("datetime64[D]")))
    own = result_fingerprint({"fold": job.facts.fingerprint, "features_from": first.isoformat()})
    facts = replace(job.facts, data_hash=setting.data_hash, trained_at=fitted_at, fingerprint=own)
    return replace(job, facts=facts)
