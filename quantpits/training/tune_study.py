"""The trials of a tuning: an Optuna study in the workspace.

Every trial is in ``data/tuning/{model}.db`` as soon as it is finished. The sampler of each trial is
seeded by the number of trials before it, so a tuning that was interrupted and resumed tries what an
uninterrupted one would have tried. A study belongs to one configuration, data, space and objective;
what changes any of them starts another one in the same file.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantpits.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

    from quantpits.training.tune_space import Dimension, Value

__all__ = [
    "Stop",
    "Tries",
    "count_trials",
    "counted_trials",
    "importances",
    "open_study",
    "run_trials",
]

_INTERRUPTED = "interrupted"
_FEWEST_FOR_IMPORTANCE = 5
_SEEDS = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What a tuning tries.

    Attributes
    ----------
    space : mapping of str to Dimension
        What may be changed.
    start : mapping or None
        Arguments to try first.
    seed : int
        Of the sampler.
    """

    space: Mapping[str, Dimension]
    start: Mapping[str, Value] | None
    seed: int


class Stop:
    """When a tuning stops: after a number of trials, or some time.

    Parameters
    ----------
    trials : int
        How many trials there are to be in all.
    timeout : float or None
        No trial is started after so long [seconds].
    """

    def __init__(self, trials: int, timeout: float | None) -> None:
        self.trials = trials
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def is_reached(self, n_trials: int) -> bool:
        """Return whether no more trial is to be started."""
        is_late = self._deadline is not None and time.monotonic() >= self._deadline
        return n_trials >= self.trials or is_late


def open_study(path: Path, name: str) -> Study:
    """Return a study of a database, made when it does not exist yet.

    Parameters
    ----------
    path : Path
        The database; its folder is made.
    name : str
        Of the study: what decides its results.

    Returns
    -------
    optuna.study.Study
        Trials that a kill left open are closed and do not count.

    Raises
    ------
    ModelError
        If Optuna is not installed.
    """
    optuna = _optuna()
    path.parent.mkdir(parents=True, exist_ok=True)
    study: Study = optuna.create_study(
        storage=f"sqlite:///{path}",
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study._storage.set_trial_user_attr(trial._trial_id, _INTERRUPTED, value=True)  # noqa: SLF001 - Optuna has no other way to a trial that another process began
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def counted_trials(study: Study) -> list[FrozenTrial]:
    """Return the trials that finished in any way of their own, in their order."""
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state.is_finished() and not trial.user_attrs.get(_INTERRUPTED)
    ]


def count_trials(path: Path, name: str) -> int:
    """Return how many trials of a study are finished, and change nothing.

    Parameters
    ----------
    path : Path
        The database.
    name : str
        Of the study.

    Returns
    -------
    int
        0 also if there is no such study.
    """
    if not path.is_file():
        return 0
    try:
        study = _optuna().load_study(study_name=name, storage=f"sqlite:///{path}")
    except KeyError:
        return 0
    return len(counted_trials(study))


def run_trials(
    study: Study,
    tries: Tries,
    *,
    objective: Callable[[Trial, dict[str, Value]], float],
    stop: Stop,
    told: Callable[[str], None],
) -> int:
    """Run trials until it is enough.

    Parameters
    ----------
    study : optuna.study.Study
        As `open_study` gave it.
    tries : Tries
        What may be tried.
    objective : callable
        Gets the trial and its arguments; returns what is maximised, or raises `ModelError` for
        arguments that do not work, or Optuna's own ``TrialPruned``.
    stop : Stop
        When it is enough.
    told : callable
        Told about each trial.

    Returns
    -------
    int
        How many trials were run.

    Raises
    ------
    KeyboardInterrupt
        When the user stops it; the trial in flight does not count, the others are kept.
    """
    optuna = _optuna()
    distributions = {name: _distribution(dimension) for name, dimension in tries.space.items()}
    n_before = len(counted_trials(study))
    n_done = n_before
    if n_done == 0 and tries.start is not None:
        study.enqueue_trial(dict(tries.start), skip_if_exists=True)
    while not stop.is_reached(n_done):
        study.sampler = optuna.samplers.TPESampler(seed=(tries.seed * 1_000_003 + n_done) % _SEEDS)
        trial = study.ask(distributions)
        try:
            study.tell(trial, objective(trial, dict(trial.params)))
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        except ModelError as error:
            trial.set_user_attr("error", error.what)
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        except BaseException:
            trial.set_user_attr(_INTERRUPTED, value=True)
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            raise
        n_done += 1
        best = [each.value for each in counted_trials(study) if each.value is not None]
        told(f"trial {n_done}" + (f", best {max(best):.4f}" if best else ""))
    return n_done - n_before


def importances(study: Study, *, seed: int) -> dict[str, float]:
    """Return how much each argument decides, the most important one first.

    Returns
    -------
    dict of str to float
        Shares of 1; empty while there are too few trials, or all are alike.
    """
    optuna = _optuna()
    values = {trial.value for trial in study.trials if trial.state.name == "COMPLETE"}
    if len(values) < _FEWEST_FOR_IMPORTANCE:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    shares: dict[str, float] = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return shares


def _distribution(dimension: Dimension) -> Any:
    distributions = _optuna().distributions
    if dimension.choices:
        return distributions.CategoricalDistribution(dimension.choices)
    low, high = dimension.low, dimension.high
    if dimension.is_whole:
        step = 1 if dimension.step is None else dimension.step
        return distributions.IntDistribution(low, high, log=dimension.is_log, step=step)
    return distributions.FloatDistribution(low, high, log=dimension.is_log, step=dimension.step)


def _optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415 - an extra, and heavy
    except ModuleNotFoundError as error:
        raise ModelError(
            "Tuning needs Optuna, which is not installed.",
            hint="pip install 'quantpits[tune]'",
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
