"""``data/run_state.json``: what a training has finished, so that a re-run does only the rest.

A finished model is one whose run, files and record are complete. It is used again only if its
fingerprint - resolved workflow, market data, anchor, seed, versions - is the one wanted now, so a
state left over from last week, another configuration or other data never stands in for a training.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date  # noqa: TC003 - pydantic reads the annotations
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError
from quantpits.records import ModelRecord  # noqa: TC001 - pydantic reads the annotations
from quantpits.workspace import write_json

if TYPE_CHECKING:
    from quantpits.workspace import Workspace

__all__ = ["RunState", "read_run_state", "write_run_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Progress of the latest training.

    Attributes
    ----------
    started_at : str
        When it started, ``YYYY-MM-DD HH:MM:SS``.
    mode : str
        ``"full"`` or ``"incremental"``.
    experiment_name : str
        MLflow experiment.
    anchor_date : date
        Anchor of the run.
    target_models : tuple of str
        What was to be trained.
    completed : tuple of str
        What is finished, trained or reused.
    failed : dict of str to str
        Model to why it failed.
    skipped : tuple of str
        What was left out on request.
    finished : dict of str to ModelRecord
        The latest finished run of every model, also of those this training did not touch.
    seeds : int
        With how many seeds each model was to be trained.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    started_at: str
    mode: str
    experiment_name: str
    anchor_date: date
    target_models: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    finished: dict[str, ModelRecord] = field(default_factory=dict)
    seeds: int = 1

    @property
    def pending(self) -> tuple[str, ...]:
        """The models that are not finished, failed ones included."""
        return tuple(name for name in self.target_models if name not in self.completed)

    def with_finished(self, model: str, record: ModelRecord) -> RunState:
        """Return this state with one more finished model."""
        return replace(
            self,
            completed=(*(name for name in self.completed if name != model), model),
            failed={name: text for name, text in self.failed.items() if name != model},
            finished={**self.finished, model: record},
        )

    def with_kept(self, model: str, record: ModelRecord) -> RunState:
        """Return this state with a trained model whose further seeds are still to do."""
        return replace(self, finished={**self.finished, model: record})

    def with_failed(self, model: str, message: str) -> RunState:
        """Return this state with one more failed model."""
        return replace(self, failed={**self.failed, model: message})


def read_run_state(workspace: Workspace) -> RunState | None:
    """Return the state of the latest training, None if there is none that can be read.

    Parameters
    ----------
    workspace : Workspace
        Whose state.

    Returns
    -------
    RunState or None
        None also for a file of the earlier system, which names no runs to reuse.

    Raises
    ------
    CorruptArtifactError
        If the file is not JSON of one of the two forms.
    """
    try:
        content = workspace.run_state_path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        plain = TypeAdapter(dict[str, Any]).validate_json(content)
        if "finished" not in plain:
            return None
        return _adapter().validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CorruptArtifactError(
            "The state of the latest training is not what its schema says.",
            where=f"{workspace.run_state_path}: {'.'.join(map(str, first['loc'])) or 'whole file'}",
            found=first["msg"],
            hint="delete the file; models that are already published are not trained again",
        ) from error


def write_run_state(workspace: Workspace, state: RunState) -> bool:
    """Write the state atomically.

    Parameters
    ----------
    workspace : Workspace
        Whose state.
    state : RunState
        What to write.

    Returns
    -------
    bool
        False if the file says so already.

    Raises
    ------
    ArtifactError
        If it cannot be written.
    """
    return write_json(workspace.run_state_path, _adapter().dump_python(state, mode="json"))


@cache
def _adapter() -> TypeAdapter[RunState]:
    return TypeAdapter(RunState)
