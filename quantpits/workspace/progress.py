"""What a step tells about its progress, without knowing who listens.

A step calls ``with progress.stage("Training", total=4) as advance: ... advance(note="gru")``. The
command line shows bars; tests and other programs pass `SILENT`.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

__all__ = ["SILENT", "Advance", "Progress"]


class Advance(Protocol):
    """Called inside a stage, once per unit of work."""

    def __call__(self, n: int = 1, note: str = "") -> None:
        """Say that `n` more units are done; `note` names the current one."""
        ...


class Progress(Protocol):
    """Listens to the stages of a step."""

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Open a stage of `total` units, or of unknown length when None."""
        ...


def _ignore(n: int = 1, note: str = "") -> None:
    """Do nothing."""


class _Silent:
    """Listens to nothing."""

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Advance]:  # noqa: ARG002 - the protocol's signature
        return nullcontext(_ignore)


SILENT: Progress = _Silent()
"""A listener that shows nothing."""
