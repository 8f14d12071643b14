"""Tuning a model: trials on its past, the best of them as a new workflow beside the old one.

The data of the trials end with the validation window; the test window is not read. What is written
is a new workflow file and a registry entry that is not enabled. The old files stay as they are.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ModelError
from quantpits.modeling.features.cache import open_feature_cache
from quantpits.modeling.features.folds import FoldFeatures
from quantpits.modeling.fingerprint import result_fingerprint
from quantpits.modeling.fit import check_class
from quantpits.modeling.purged import PurgedSplit, purged_splits
from quantpits.modeling.recorders import RecorderStore, open_store
from quantpits.modeling.split_dataset import is_lasting
from quantpits.modeling.trial import (
    dataset_bytes,
    split_dataset,
    split_embargo,
    trial_ic,
    window_dataset,
)
from quantpits.training.trial_plan import TrialPlan, make_trial_plan
from quantpits.training.tune_files import proposed_files
from quantpits.training.tune_pictures import tuning_files
from quantpits.training.tune_request import TuneReport, TuneRequest
from quantpits.training.tune_space import (
    Dimension,
    Value,
    arguments_of,
    search_space,
    start_of,
)
from quantpits.training.tune_study import (
    Stop,
    Tries,
    count_trials,
    counted_trials,
    importances,
    open_study,
    run_trials,
)
from quantpits.workspace import SILENT, backup, to_jsonable, write_bytes, writer_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from optuna.study import Study
    from optuna.trial import Trial

    from quantpits.modeling.fit import FitJob
    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]

_START = "start"
# The datasets of all splits are kept for the next trial if they are not larger than this.
_MOST_BYTES = 2 * 2**30


def run(workspace: Workspace, request: TuneRequest, *, progress: Progress = SILENT) -> TuneReport:
    """Try arguments of a model and propose the best as a new one.

    Parameters
    ----------
    workspace : Workspace
        Whose model.
    request : TuneRequest
        Which model, how many trials, and what decides.
    progress : Progress
        Told about each trial.

    Returns
    -------
    TuneReport
        The best arguments and the files.

    Raises
    ------
    UsageError
        If the model is unknown or starts from the weights of another one.
    ConfigError
        If a config file, the workflow or its section ``tuning`` is wrong.
    DataError
        If the market data are missing or too short.
    ModelError
        If Optuna is not installed, or no trial succeeded.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    started = time.monotonic()
    plan = make_trial_plan(workspace, request.model, kind="Tune")
    space = search_space(plan.workflow)
    tuning = _Tuning(workspace, plan, request=request, space=space)
    path = workspace.data_dir / "tuning" / f"{request.model}.db"
    if request.dry_run:
        n_done = count_trials(path, tuning.name)
        return replace(_empty(workspace, request, plan), n_trials=n_done, is_dry_run=True)
    with writer_lock(workspace, "tune"):
        study = open_study(path, tuning.name)
        stop = Stop(request.trials, request.timeout)
        n_new = 0
        if not stop.is_reached(len(counted_trials(study))):
            n_new = tuning.run(study, stop, progress)
        report = replace(_found(workspace, request, plan, study=study, tuning=tuning), n_new=n_new)
        report = replace(report, findings=(*report.findings, *tuning.features.findings))
        return _write(workspace, plan, report, study=study, started=started)


class _Tuning:
    """What the trials of one tuning share."""

    def __init__(
        self,
        workspace: Workspace,
        plan: TrialPlan,
        *,
        request: TuneRequest,
        space: dict[str, Dimension],
    ) -> None:
        self.workspace = workspace
        self.plan = plan
        self.space = space
        self.job = plan.job(is_whole_span=request.folds > 1)
        self.splits: tuple[PurgedSplit, ...] = ()
        if request.folds > 1:
            purge = plan.windows.horizon_sessions
            self.splits = purged_splits(
                plan.sessions,
                n_folds=request.folds,
                n_test_folds=1,
                purge=purge,
                embargo=split_embargo(self.job),
            )
        kwargs = self.job.task.model["kwargs"]
        self.start = start_of(space, kwargs)
        parts = {"job": self.job.facts.fingerprint, "folds": request.folds}
        self.name = result_fingerprint({**parts, "space": to_jsonable(space)})[:16]
        cache = open_feature_cache(workspace, plan.setting.config)
        windows = plan.windows
        self.features = FoldFeatures(windows.data_start, windows.data_end, cache=cache)
        self.runs: RecorderStore | None = None
        self._datasets: dict[int, Any] = {}

    def run(self, study: Study, stop: Stop, progress: Progress) -> int:
        """Run the trials that are missing; return how many were run."""
        self.plan.setting.open_market()
        check_class(self.job)
        self.runs = open_store(self.workspace, self.plan.maker.experiment)
        self._note_start(study)
        total = stop.trials - len(counted_trials(study))
        with progress.stage(f"Tuning {self.plan.model}", total=total) as advance:
            seed = self.plan.setting.config.seed
            return run_trials(
                study,
                Tries(space=self.space, start=self.start, seed=seed),
                objective=self._value,
                stop=stop,
                told=lambda note: advance(1, note),
            )

    def _value(self, trial: Trial, arguments: dict[str, Value]) -> float:
        """Return the mean daily rank IC of one set of arguments."""
        from optuna import TrialPruned  # noqa: PLC0415 - heavy

        job = self.plan.job(
            is_whole_span=bool(self.splits), arguments=arguments_of(self.space, arguments)
        )
        values: list[float] = []
        for number, value in enumerate(self._rank_ics(job)):
            values.append(value)
            trial.report(float(np.mean(values)), number)
            if number + 1 < len(self.splits) and trial.should_prune():
                raise TrialPruned
        return float(np.mean(values))

    def _note_start(self, study: Study) -> None:
        """Note what the workflow is worth as it is, where its arguments cannot be a trial."""
        if self.start is None and _START not in study.user_attrs:
            with contextlib.suppress(ModelError):
                study.set_user_attr(_START, float(np.mean([*self._rank_ics(self.job)])))

    def _rank_ics(self, job: FitJob) -> Iterator[float]:
        """Yield the rank IC of the validation window, or of one split after the other."""
        if not self.splits:
            yield self._rank_ic(job, 0, str(self.plan.windows.last_session))
        for number, split in enumerate(self.splits):
            yield self._rank_ic(job, number, str(split.tests[-1][-1]))

    def _rank_ic(self, job: FitJob, number: int, last: str) -> float:
        assert self.runs is not None
        outcome = trial_ic(
            job, self._dataset(number), runs=self.runs, features=self.features, last_session=last
        )
        rank_ic = outcome.summary.rank_ic
        if rank_ic is None:
            raise ModelError(f"The rank IC of {self.plan.model!r} is undefined for this trial.")
        return rank_ic

    def _dataset(self, number: int) -> Any:
        """Return the dataset of the window or of a split, kept if a fit does not change it."""
        if number in self._datasets:
            return self._datasets[number]
        if self.splits:
            split, sessions = self.splits[number], self.plan.sessions
            dataset = split_dataset(self.job, split, features=self.features, sessions=sessions)
        else:
            dataset = window_dataset(self.job, self.features)
        is_small = dataset_bytes(dataset) * len(self.splits) <= _MOST_BYTES
        if is_lasting(dataset) and is_small:
            self._datasets[number] = dataset
        return dataset


def _empty(workspace: Workspace, request: TuneRequest, plan: TrialPlan) -> TuneReport:
    first, last = plan.windows.test
    span = f"the validation window, {first} to {last}"
    if request.folds > 1:
        first = plan.windows.train[0]
        span = f"{request.folds} purged folds, {first} to {last}"
    return TuneReport(
        workspace=workspace.name,
        model=request.model,
        outputs=(),
        findings=(),
        changed=False,
        market_label=plan.setting.source.label,
        objective=f"mean daily rank IC on {span}",
        n_trials=0,
    )


def _found(
    workspace: Workspace,
    request: TuneRequest,
    plan: TrialPlan,
    *,
    study: Study,
    tuning: _Tuning,
) -> TuneReport:
    """Return what the trials say; refuse when none succeeded."""
    trials = counted_trials(study)
    done = [trial for trial in trials if trial.state.name == "COMPLETE"]
    if not done:
        causes = list(dict.fromkeys(str(trial.user_attrs.get("error")) for trial in trials))
        raise ModelError(
            f"No trial of {request.model!r} succeeded.",
            found="; ".join(causes[:3]) or "no trial",
            hint="raise --trials or --timeout, or mend the workflow",
        )
    best = max(done, key=lambda trial: (float(trial.value or 0.0), -trial.number))
    start = tuning.start
    own = [trial.value for trial in done if start is not None and trial.params == start]
    return replace(
        _empty(workspace, request, plan),
        n_trials=len(trials),
        n_pruned=sum(trial.state.name == "PRUNED" for trial in trials),
        n_failed=sum(trial.state.name == "FAIL" for trial in trials),
        start=own[0] if own else study.user_attrs.get(_START),
        best=best.value,
        best_arguments=arguments_of(tuning.space, best.params),
    )


def _write(
    workspace: Workspace, plan: TrialPlan, report: TuneReport, *, study: Study, started: float
) -> TuneReport:
    """Write workflow, registry, pictures and page; return the report with them."""
    outputs: list[Path] = []
    changed = report.n_new > 0
    if report.start is None or report.best is None or report.best > report.start:
        proposal = proposed_files(workspace, plan, report=report)
        report = replace(report, tuned_model=proposal.name)
        for path, text in proposal.texts.items():
            if path.is_file() and path.read_bytes() == text.encode():
                outputs.append(path)
                continue
            if path.is_file():
                backup(workspace, path, path.stem)
            changed |= write_bytes(path, text.encode())
            outputs.append(path)
    folder = workspace.output_dir / "tuning" / report.model
    shares = importances(study, seed=plan.setting.config.seed)
    for name, content in tuning_files(report, counted_trials(study), importance=shares).items():
        changed |= write_bytes(folder / name, content)
        outputs.append(folder / name)
    seconds = round(time.monotonic() - started, 3)
    return replace(report, outputs=tuple(outputs), changed=changed, seconds=seconds)
