"""``data/evaluation/{model}_6x2.json``: the daily IC of every split that was fitted.

The name tells the number of folds and how many of them are tested at a time, so that one evaluation
of a model does not cost another its splits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError
from quantpits.workspace import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = ["SplitRun", "SplitState", "read_splits", "splits_path", "write_splits"]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRun:
    """One fitted split.

    Attributes
    ----------
    ic, rank_ic : dict of str to float
        By day, ISO dates; days on which they are undefined are missing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    ic: dict[str, float]
    rank_ic: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitState:
    """The fitted splits of one evaluation.

    Attributes
    ----------
    fingerprint : str
        Hash of everything that decides the result: configuration, data, seed, versions, splits.
    runs : dict of str to SplitRun
        By the number of the split, from 0.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    fingerprint: str
    runs: dict[str, SplitRun] = field(default_factory=dict)


def splits_path(workspace: Workspace, name: str) -> Path:
    """Return where the splits of an evaluation are noted."""
    return workspace.data_dir / "evaluation" / f"{name}.json"


def read_splits(workspace: Workspace, name: str, *, fingerprint: str) -> SplitState:
    """Return the splits of an evaluation that are fitted; those of another one do not count.

    Raises
    ------
    CorruptArtifactError
        If the file is not what its schema says.
    """
    path = splits_path(workspace, name)
    try:
        state = _adapter().validate_json(path.read_bytes())
    except FileNotFoundError:
        return SplitState(fingerprint=fingerprint)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CorruptArtifactError(
            f"The splits of the evaluation {name!r} are not what their schema says.",
            where=f"{path}: {'.'.join(map(str, first['loc'])) or 'whole file'}",
            found=first["msg"],
            hint="delete the file; the splits are fitted again",
        ) from error
    return state if state.fingerprint == fingerprint else SplitState(fingerprint=fingerprint)


def write_splits(workspace: Workspace, name: str, *, state: SplitState) -> bool:
    """Write the splits of an evaluation atomically; return whether that changed the file."""
    return write_json(splits_path(workspace, name), _adapter().dump_python(state, mode="json"))


@cache
def _adapter() -> TypeAdapter[SplitState]:
    return TypeAdapter(SplitState)
