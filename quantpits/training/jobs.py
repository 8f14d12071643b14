"""From a model of the registry to a job: its windows, its resolved workflow, its fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.config import resolve_strategy
from quantpits.modeling.fingerprint import library_versions, result_fingerprint
from quantpits.modeling.fit import FitJob
from quantpits.modeling.outcome import RunFacts
from quantpits.modeling.windows import compute_windows
from quantpits.modeling.workflow import Injection, resolve_task, task_horizon

if TYPE_CHECKING:
    from quantpits.modeling.setting import Setting
    from quantpits.modeling.windows import DateWindows
    from quantpits.modeling.workflow import ResolvedTask, Workflow
    from quantpits.workspace import Workspace

__all__ = ["JobMaker", "job_maker"]


@dataclass(frozen=True, slots=True, eq=False)
class JobMaker:
    """Makes the jobs of one training.

    Attributes
    ----------
    setting : Setting
        Configuration, market and anchor.
    experiment : str
        MLflow experiment.
    topk, n_drop : int
        What workflows carry for other tools; no model depends on them.
    """

    setting: Setting
    experiment: str
    topk: int
    n_drop: int

    def horizon(self, name: str, workflow: Workflow) -> int:
        """Return how far the label of a model looks ahead [sessions]."""
        label = self.setting.registry.models[name].label
        return task_horizon(workflow, freq=self.setting.config.freq, label=label)

    def windows(self, name: str, workflow: Workflow) -> DateWindows:
        """Return the windows of a model as the workspace configures them."""
        setting = self.setting
        return compute_windows(
            setting.config,
            setting.sessions,
            anchor=setting.anchor,
            horizon_sessions=self.horizon(name, workflow),
        )

    def task(self, name: str, workflow: Workflow, *, windows: DateWindows) -> ResolvedTask:
        """Return a workflow with the workspace's values and some windows in it."""
        config = self.setting.config
        injection = Injection(
            windows=windows,
            market=config.market,
            benchmark=config.benchmark,
            freq=config.freq,
            topk=self.topk,
            n_drop=self.n_drop,
            label=self.setting.registry.models[name].label,
        )
        return resolve_task(workflow, injection)

    def job(self, name: str, task: ResolvedTask, *, windows: DateWindows, seed: int) -> FitJob:
        """Return a job, known by everything that decides its result.

        Parameters
        ----------
        name : str
            Name in the registry.
        task : ResolvedTask
            As `task` made it.
        windows : DateWindows
            Its dates.
        seed : int
            Seed of everything random.

        Returns
        -------
        FitJob
            Its facts carry the fingerprint.
        """
        setting = self.setting
        facts = RunFacts(
            model=name,
            experiment=self.experiment,
            anchor_date=setting.anchor,
            trained_at=setting.anchor,
            data_hash=setting.data_hash,
            fingerprint=result_fingerprint(
                {
                    "name": name,
                    "model": task.model,
                    "dataset": task.dataset,
                    "data_hash": setting.data_hash,
                    "anchor_date": setting.anchor.isoformat(),
                    "seed": seed,
                    "versions": library_versions(str(task.model.get("module_path", ""))),
                }
            ),
            seed=seed,
            market_label=setting.source.label,
        )
        return FitJob(facts, task, windows, seed)


def job_maker(workspace: Workspace, setting: Setting, *, experiment: str) -> JobMaker:
    """Return what makes the jobs of a training.

    Parameters
    ----------
    workspace : Workspace
        Whose strategy.
    setting : Setting
        Configuration, market and anchor.
    experiment : str
        MLflow experiment.

    Returns
    -------
    JobMaker
        For any model of the registry.
    """
    strategy, _ = resolve_strategy(workspace.strategy_config(), setting.config, None)
    return JobMaker(setting, experiment, strategy.topk, strategy.n_drop)
