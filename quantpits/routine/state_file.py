"""A small state file of the routine: one typed value as JSON, read back or refused.

Invariants: what is written is what is read; a file that is not such a value is refused with what to
do, never taken for an empty one; equal content is not written again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError
from quantpits.workspace.atomic import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = ["StateFile"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFile(Generic[T]):
    """Where a value of one type lies in a workspace.

    Attributes
    ----------
    kind : type
        What the file holds: a dataclass of plain fields.
    name : str
        File name in the workspace's ``data`` folder.
    title : str
        What an error calls it, such as ``"The state of the demo"``.
    writer : str
        The command that writes it.
    remedy : str
        What to do when it cannot be read.
    """

    kind: type[T]
    name: str
    title: str
    writer: str
    remedy: str
    _adapter: TypeAdapter[T] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_adapter", TypeAdapter(self.kind))

    def path(self, workspace: Workspace) -> Path:
        """Return where the file lies.

        Parameters
        ----------
        workspace : Workspace
            Whose state.

        Returns
        -------
        Path
            It need not exist.
        """
        return workspace.data_dir / self.name

    def write(self, workspace: Workspace, value: T) -> None:
        """Store a value; equal content is not written again.

        Parameters
        ----------
        workspace : Workspace
            Where it belongs.
        value : T
            What to store.
        """
        write_json(self.path(workspace), self._adapter.dump_python(value, mode="json"))

    def read(self, workspace: Workspace) -> T | None:
        """Return the stored value, or None if there is no file.

        Parameters
        ----------
        workspace : Workspace
            Where to look.

        Returns
        -------
        T or None
            As written.

        Raises
        ------
        CorruptArtifactError
            If the file is not what `write` writes.
        """
        path = self.path(workspace)
        if not path.is_file():
            return None
        try:
            return self._adapter.validate_json(path.read_bytes())
        except ValidationError as error:
            raise CorruptArtifactError(
                f"{self.title} cannot be read.",
                where=path,
                expected=f"the file that `{self.writer}` writes",
                found=f"{error.error_count()} problems, the first: {error.errors()[0]['msg']}",
                hint=self.remedy,
            ) from error
