"""Models that start from the weights of others: which, in which order, and from which run.

The base is the model that ``pretrain_source`` names in full: trained in the same run, before the
model that starts from it, or trained earlier and current in the records. Which run it was is part
of what the new model is made of, so a base that is trained again makes its heirs train again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quantpits.errors import (
    ArtifactError,
    ConfigError,
    ConfigProblem,
    MissingArtifactError,
    ModelError,
)
from quantpits.modeling.artifacts import is_whole, verified_bytes
from quantpits.modeling.fingerprint import result_fingerprint
from quantpits.records import read_train_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.config import ModelRegistry
    from quantpits.modeling.fit import FitJob
    from quantpits.records import ModelRecord
    from quantpits.workspace import Workspace

__all__ = ["base_content", "bases_first", "in_order", "outside_bases", "started_from"]

_REGISTRY = "config/model_registry.yaml"


def in_order(registry: ModelRegistry, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names with every base before the models that start from it.

    Parameters
    ----------
    registry : ModelRegistry
        Says which model starts from which.
    names : sequence of str
        Selected models.

    Returns
    -------
    tuple of str
        The same names; the given order otherwise.

    Raises
    ------
    ConfigError
        If models start from one another in a circle.
    """
    placed: dict[str, None] = {}
    for name in names:
        chain = _chain(registry, name)
        placed |= dict.fromkeys(each for each in reversed(chain) if each in names)
    return tuple(placed)


def outside_bases(
    workspace: Workspace, registry: ModelRegistry, *, names: Sequence[str]
) -> dict[str, ModelRecord]:
    """Return the records of the bases that are not selected themselves.

    Parameters
    ----------
    workspace : Workspace
        Whose records.
    registry : ModelRegistry
        Says which model starts from which.
    names : sequence of str
        Selected models.

    Returns
    -------
    dict of str to ModelRecord
        Finished models whose files are whole.

    Raises
    ------
    MissingArtifactError
        If such a base was not trained, or its files are gone.
    """
    heirs = {
        source: name
        for name in names
        if (source := registry.models[name].pretrain_source) is not None and source not in names
    }
    if not heirs:
        return {}
    try:
        current = read_train_records(workspace).model_records
    except ArtifactError:
        current = {}
    for base, heir in heirs.items():
        if base not in current or not is_whole(workspace, current[base]):
            raise MissingArtifactError(
                f"The model {heir!r} starts from {base!r}, which is not trained.",
                where=_REGISTRY,
                expected=f"a finished training of {base!r}, or {base!r} among the models to train",
                hint=f"train both: quantpits incremental-train --models {base},{heir}",
            )
    return {base: current[base] for base in heirs}


def started_from(
    job: FitJob, base: str, *, jobs: Mapping[str, FitJob], bases: Mapping[str, ModelRecord]
) -> FitJob:
    """Return a job that starts from a base, with the base in its fingerprint.

    Parameters
    ----------
    job : FitJob
        The job by itself.
    base : str
        Name of the model it starts from.
    jobs : mapping of str to FitJob
        What is trained in the same run.
    bases : mapping of str to ModelRecord
        What was trained before.

    Returns
    -------
    FitJob
        The job.
    """
    made_of = jobs[base].facts.fingerprint if base in jobs else bases[base].fingerprint
    own = result_fingerprint({"model": job.facts.fingerprint, "base": base, "made_of": made_of})
    return replace(job, base=base, facts=replace(job.facts, fingerprint=own))


def bases_first(jobs: Sequence[FitJob]) -> list[FitJob]:
    """Return the jobs in their order, but each after the one it starts from.

    Parameters
    ----------
    jobs : sequence of FitJob
        Without circles.

    Returns
    -------
    list of FitJob
        The same jobs.
    """
    waiting, ordered = list(jobs), []
    while waiting:
        pending = {job.facts.model for job in waiting}
        ready = next(job for job in waiting if job.base not in pending)
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def base_content(
    workspace: Workspace, job: FitJob, *, known: Mapping[str, ModelRecord]
) -> bytes | None:
    """Return the verified pickle of the model that a job starts from.

    Parameters
    ----------
    workspace : Workspace
        Where it was trained.
    job : FitJob
        The job.
    known : mapping of str to ModelRecord
        Models that are finished.

    Returns
    -------
    bytes or None
        None if the job starts from nothing.

    Raises
    ------
    ModelError
        If the base failed in this run.
    ArtifactError
        If its file is not the recorded one.
    """
    if job.base is None:
        return None
    record = known.get(job.base)
    if record is None or record.model_path is None or record.model_sha256 is None:
        raise ModelError(
            f"The model {job.facts.model!r} cannot start from {job.base!r}, which failed.",
            hint=f"mend {job.base!r} and run again",
        )
    return verified_bytes(workspace, record.model_path, sha256=record.model_sha256, model=job.base)


def _chain(registry: ModelRegistry, name: str) -> list[str]:
    """Return a model, the one it starts from, the one that starts from, and so on."""
    chain = [name]
    while (source := registry.models[chain[-1]].pretrain_source) is not None:
        if source in chain:
            key = f"models.{chain[-1]}.pretrain_source"
            circle = f"{' starts from '.join([*chain, source])}: a circle"
            raise ConfigError([ConfigProblem(_REGISTRY, key, circle)])
        chain.append(source)
    return chain
