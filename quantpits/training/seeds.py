"""``data/seed_runs.json``: what the further seeds of a model gave.

The model that is published is that of the configured seed. The others are trained only to see how
far its numbers move by chance; a seed that was trained on the same configuration and data is not
trained again, and the spread stays with the model until the model itself changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError
from quantpits.modeling.spread import Spread, spread_of
from quantpits.workspace import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quantpits.records import ModelRecord
    from quantpits.workspace import Workspace

__all__ = [
    "SeedFamily",
    "SeedRun",
    "read_seed_runs",
    "seed_runs_path",
    "spread_row",
    "spreads_of",
    "with_seed_run",
    "write_seed_runs",
]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRun:
    """One training of a model with another seed.

    Attributes
    ----------
    seed : int
        Its seed.
    run_id : str
        The MLflow run.
    ic, icir, rank_ic, rank_icir : float or None
        On the test window; None where undefined.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    seed: int
    run_id: str
    ic: float | None = None
    icir: float | None = None
    rank_ic: float | None = None
    rank_icir: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedFamily:
    """The further seeds of one training.

    Attributes
    ----------
    fingerprint : str
        That of the training with the configured seed.
    runs : dict of str to SeedRun
        By the fingerprint of each, in the order of their seeds.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    fingerprint: str
    runs: dict[str, SeedRun] = field(default_factory=dict)


def seed_runs_path(workspace: Workspace) -> Path:
    """Return where the runs of further seeds are noted."""
    return workspace.data_dir / "seed_runs.json"


def read_seed_runs(workspace: Workspace) -> dict[str, SeedFamily]:
    """Return the seeds that were trained, by model.

    Parameters
    ----------
    workspace : Workspace
        Whose.

    Returns
    -------
    dict of str to SeedFamily
        Empty if no model was trained with more than one seed.

    Raises
    ------
    CorruptArtifactError
        If the file is not what its schema says.
    """
    path = seed_runs_path(workspace)
    try:
        return _adapter().validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CorruptArtifactError(
            "The runs of further seeds are not what their schema says.",
            where=f"{path}: {'.'.join(map(str, first['loc'])) or 'whole file'}",
            found=first["msg"],
            hint="delete the file; the seeds are trained again when they are asked for",
        ) from error


def write_seed_runs(workspace: Workspace, families: Mapping[str, SeedFamily]) -> bool:
    """Write the file atomically; return whether that changed it."""
    content = _adapter().dump_python(dict(families), mode="json")
    return write_json(seed_runs_path(workspace), content)


def with_seed_run(
    families: Mapping[str, SeedFamily], model: str, *, base: str, record: ModelRecord
) -> dict[str, SeedFamily]:
    """Return the families with one more run; runs of another training of the model go.

    Parameters
    ----------
    families : mapping of str to SeedFamily
        What is known.
    model : str
        Name in the registry.
    base : str
        Fingerprint of the training with the configured seed.
    record : ModelRecord
        The new run, with its seed and fingerprint.

    Returns
    -------
    dict of str to SeedFamily
        A new mapping.
    """
    family = families.get(model)
    runs = dict(family.runs) if family is not None and family.fingerprint == base else {}
    runs[str(record.fingerprint)] = SeedRun(
        seed=int(record.seed or 0),
        run_id=record.run_id,
        ic=record.ic,
        icir=record.icir,
        rank_ic=record.rank_ic,
        rank_icir=record.rank_icir,
    )
    ordered = dict(sorted(runs.items(), key=lambda item: item[1].seed))
    return {**families, model: SeedFamily(fingerprint=base, runs=ordered)}


def spreads_of(
    record: ModelRecord, family: SeedFamily | None
) -> tuple[Spread | None, Spread | None]:
    """Return the spread of IC and rank IC over a model's seeds, the configured one included.

    Parameters
    ----------
    record : ModelRecord
        The training with the configured seed.
    family : SeedFamily or None
        What is known of the model's further seeds.

    Returns
    -------
    ic, rank_ic : Spread or None
        None if no further seed was trained on the configuration and data of the record.
    """
    if family is None or family.fingerprint != record.fingerprint or not family.runs:
        return None, None
    runs: tuple[ModelRecord | SeedRun, ...] = (record, *family.runs.values())
    return spread_of(run.ic for run in runs), spread_of(run.rank_ic for run in runs)


def spread_row(record: ModelRecord, family: SeedFamily | None) -> dict[str, float | str | None]:
    """Return the columns of the performance table that tell the spread over seeds.

    Parameters
    ----------
    record : ModelRecord
        The training with the configured seed.
    family : SeedFamily or None
        What is known of the model's further seeds.

    Returns
    -------
    dict
        ``Seeds`` and mean, deviation, smallest and largest of IC and rank IC; empty if no further
        seed was trained.
    """
    columns: dict[str, float | str | None] = {}
    for name, spread in zip(("IC", "Rank_IC"), spreads_of(record, family), strict=True):
        if spread is not None:
            columns["Seeds"] = spread.n
            columns |= {
                f"{name}_Seeds_Mean": spread.mean,
                f"{name}_Seeds_Std": spread.std,
                f"{name}_Seeds_Min": spread.low,
                f"{name}_Seeds_Max": spread.high,
            }
    return columns


@cache
def _adapter() -> TypeAdapter[dict[str, SeedFamily]]:
    return TypeAdapter(dict[str, SeedFamily])
