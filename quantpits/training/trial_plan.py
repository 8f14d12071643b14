"""What trials of a model start from: its workflow, and windows without the test window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import UsageError
from quantpits.market.session import silence_qlib
from quantpits.modeling.recorders import quiet_mlflow
from quantpits.modeling.runtime import calm_threads
from quantpits.modeling.selection import ModelSelection, select_models
from quantpits.modeling.setting import Setting, load_setting, read_workflows
from quantpits.modeling.trial import without_test
from quantpits.training.jobs import JobMaker, job_maker
from quantpits.training.tune_space import with_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quantpits.modeling.fit import FitJob
    from quantpits.modeling.windows import DateWindows
    from quantpits.modeling.workflow import Workflow
    from quantpits.training.tune_space import Argument
    from quantpits.workspace import Workspace

__all__ = ["TrialPlan", "make_trial_plan"]


@dataclass(frozen=True, slots=True, eq=False)
class TrialPlan:
    """A model whose trials are ready to run.

    Attributes
    ----------
    model : str
        Name in the registry.
    maker : JobMaker
        Makes its jobs.
    workflow : Workflow
        As the file has it.
    windows : DateWindows
        Training and validation window; the test window is the validation window.
    sessions : datetime64[D] [n_sessions]
        The sessions of both windows.
    """

    model: str
    maker: JobMaker
    workflow: Workflow
    windows: DateWindows
    sessions: NDArray[np.datetime64]

    @property
    def setting(self) -> Setting:
        """Configuration, market and anchor."""
        return self.maker.setting

    def job(
        self, *, is_whole_span: bool = False, arguments: Mapping[str, Argument] | None = None
    ) -> FitJob:
        """Return a job of the model.

        Parameters
        ----------
        is_whole_span : bool
            Whether it learns from the whole span, of which a split takes its sessions.
        arguments : mapping of str to value or list, optional
            Arguments of the model instead of the workflow's.

        Returns
        -------
        FitJob
            Nothing of the test window is in it.
        """
        windows = self.windows
        if is_whole_span:
            windows = replace(windows, train=(windows.train[0], windows.valid[1]))
        task = self.maker.task(self.model, self.workflow, windows=windows)
        kwargs = with_arguments(task.model.get("kwargs") or {}, arguments or {})
        task = replace(task, model={**task.model, "kwargs": kwargs})
        seed = self.setting.config.seed
        return self.maker.job(self.model, task, windows=windows, seed=seed)


def make_trial_plan(workspace: Workspace, model: str, *, kind: str) -> TrialPlan:
    """Return what the trials of a model start from.

    Parameters
    ----------
    workspace : Workspace
        Whose model.
    model : str
        Name in the registry.
    kind : str
        Kind of the MLflow experiment, such as ``"Tune"``.

    Returns
    -------
    TrialPlan
        Checked.

    Raises
    ------
    UsageError
        If the model is unknown or starts from the weights of another one.
    ConfigError
        If a config file or the workflow is wrong.
    DataError
        If the market data are missing, or too short for the windows.
    """
    # Optuna and a dataset's class import what draws bars of its own, and what threads wait by.
    calm_threads()
    quiet_mlflow()
    silence_qlib()
    setting = load_setting(workspace)
    # Trials are compared with each other, so they are purged whatever the configuration says.
    setting = replace(setting, config=setting.config.model_copy(update={"purge": True}))
    select_models(setting.registry, ModelSelection(models=(model,)))
    if setting.registry.models[model].pretrain_source is not None:
        raise UsageError(
            f"The model {model!r} starts from the weights of another one.",
            found=f"pretrain_source {setting.registry.models[model].pretrain_source!r}",
            hint="those weights may have been trained on what a trial is judged by",
        )
    workflow = read_workflows(workspace, setting.registry, (model,))[model]
    maker = job_maker(workspace, setting, experiment=setting.experiment(kind))
    windows = without_test(maker.windows(model, workflow))
    first, last = (np.datetime64(day, "D") for day in (windows.train[0], windows.valid[1]))
    inside = (setting.sessions >= first) & (setting.sessions <= last)
    return TrialPlan(model, maker, workflow, windows, setting.sessions[inside])
