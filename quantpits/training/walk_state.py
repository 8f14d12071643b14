"""``data/walk_forward/{model}.json``: the folds of a model that are finished.

A fold is used again if its configuration, dates, seed and versions are those wanted now and it read
the same: the market snapshot is the same, or the content of its own features and labels is. So new
sessions cost the folds that contain them, and a changed price costs every fold that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError
from quantpits.records import ModelRecord  # noqa: TC001 - pydantic reads the annotations
from quantpits.workspace import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = ["FoldRun", "folds_path", "read_folds", "write_folds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRun:
    """One finished fold.

    Attributes
    ----------
    content : str or None
        Hash of the features and labels it read; None if that is not known.
    record : ModelRecord
        Its run; the fingerprint covers the configuration, `data_hash` the market snapshot.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    content: str | None
    record: ModelRecord


def folds_path(workspace: Workspace, model: str) -> Path:
    """Return where the folds of a model are noted."""
    return workspace.data_dir / "walk_forward" / f"{model}.json"


def read_folds(workspace: Workspace, model: str) -> dict[str, FoldRun]:
    """Return the finished folds of a model by the first date that each predicts.

    Raises
    ------
    CorruptArtifactError
        If the file is not what its schema says.
    """
    path = folds_path(workspace, model)
    try:
        return _adapter().validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CorruptArtifactError(
            f"The folds of the model {model!r} are not what their schema says.",
            where=f"{path}: {'.'.join(map(str, first['loc'])) or 'whole file'}",
            found=first["msg"],
            hint="delete the file; the folds are trained again",
        ) from error


def write_folds(workspace: Workspace, model: str, *, folds: dict[str, FoldRun]) -> bool:
    """Write the folds of a model atomically; return whether that changed the file."""
    content = _adapter().dump_python(dict(sorted(folds.items())), mode="json")
    return write_json(folds_path(workspace, model), content)


@cache
def _adapter() -> TypeAdapter[dict[str, FoldRun]]:
    return TypeAdapter(dict[str, FoldRun])
