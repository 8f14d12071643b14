"""Going on with a training that was interrupted: only with that one, and never with another.

A training is the same while its anchor, its experiment, and the configuration and data of every
model that it finished are the same. State left over from last week, or from other settings, must
not stand in for a training of now: it is refused with what differs. A training whose models are all
finished was still interrupted if they are not published.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quantpits.errors import StaleArtifactError, UsageError, name_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.modeling.fit import FitJob
    from quantpits.records import ModelRecord
    from quantpits.training.request import TrainRequest
    from quantpits.training.run_state import RunState

__all__ = ["refuse_other_training", "resumed", "unpublished"]

_AFRESH = "start afresh without --resume"


def unpublished(state: RunState, current: Mapping[str, ModelRecord]) -> tuple[str, ...]:
    """Return the finished models of a training whose records are not current.

    Parameters
    ----------
    state : RunState
        The latest training.
    current : mapping of str to ModelRecord
        The published records.

    Returns
    -------
    tuple of str
        Empty if the training came to its end, also if predictions were made with its models since.
    """
    return tuple(
        name
        for name in state.target_models
        if name in state.completed
        and name in state.finished
        and not _is_from(state.finished[name], current.get(name))
    )


def resumed(
    request: TrainRequest, state: RunState | None, *, current: Mapping[str, ModelRecord]
) -> TrainRequest:
    """Return the request with the models of the interrupted training, if it names none.

    Parameters
    ----------
    request : TrainRequest
        Asks to go on.
    state : RunState or None
        The latest training.
    current : mapping of str to ModelRecord
        The published records.

    Returns
    -------
    TrainRequest
        Of the same kind as the interrupted training: full, or of some models; with as many seeds.

    Raises
    ------
    UsageError
        If nothing was interrupted.
    """
    if state is None or not (state.pending or unpublished(state, current)):
        raise UsageError(
            "There is no interrupted training to go on with.",
            where="data/run_state.json",
            found="no state" if state is None else f"all of {name_list(state.target_models)} done",
            hint=_AFRESH,
        )
    request = replace(request, seeds=max(request.seeds, state.seeds))
    if not request.is_full or state.mode == "full":
        return request
    return replace(request, models=state.target_models)


def refuse_other_training(
    state: RunState | None, jobs: Mapping[str, FitJob], *, experiment: str
) -> None:
    """Refuse a state that is not of the training that is wanted now.

    Parameters
    ----------
    state : RunState or None
        The interrupted training.
    jobs : mapping of str to FitJob
        What is wanted now.
    experiment : str
        The MLflow experiment that is wanted now.

    Raises
    ------
    StaleArtifactError
        If anchor, experiment or models differ, or the configuration or the data of a finished
        model changed since.
    """
    if state is None:
        return
    differences = [
        *_anchor_difference(state, jobs),
        *_experiment_difference(state, experiment),
        *_model_differences(state, jobs),
    ]
    if differences:
        raise StaleArtifactError(
            "The interrupted training is not the one that is wanted now.",
            where="data/run_state.json",
            expected="the same anchor, experiment, models, configuration and data",
            found="; ".join(differences),
            hint=f"{_AFRESH}: models that are finished with the settings of now are not repeated",
        )


def _is_from(finished: ModelRecord, current: ModelRecord | None) -> bool:
    """Whether a current record is of a training, or of a prediction with its model."""
    return current is not None and finished.run_id in {current.run_id, current.source_run_id}


def _anchor_difference(state: RunState, jobs: Mapping[str, FitJob]) -> list[str]:
    anchor = next(iter(jobs.values())).facts.anchor_date
    if anchor == state.anchor_date:
        return []
    return [f"its anchor is {state.anchor_date}, that of now {anchor}"]


def _experiment_difference(state: RunState, experiment: str) -> list[str]:
    if experiment == state.experiment_name:
        return []
    return [f"its experiment is {state.experiment_name!r}, that of now {experiment!r}"]


def _model_differences(state: RunState, jobs: Mapping[str, FitJob]) -> list[str]:
    others = [name for name in jobs if name not in state.target_models]
    changed = [
        name
        for name in state.completed
        if name in jobs and state.finished[name].fingerprint != jobs[name].facts.fingerprint
    ]
    differences = []
    if others:
        differences.append(f"it was not to train {name_list(others)}")
    if changed:
        differences.append(f"configuration or data of {name_list(changed)} changed since")
    return differences
