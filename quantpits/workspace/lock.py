"""One writer per workspace.

The lock belongs to the operating system, so a process that is killed gives it back at once. Beside
it lies a note that tells who holds it, for the message that the second process prints. Commands
that only read take no lock.
"""

import contextlib
import errno
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from quantpits.errors import ArtifactError, WorkspaceError, WorkspaceLockedError
from quantpits.workspace import atomic
from quantpits.workspace.paths import Workspace

__all__ = ["writer_lock"]


@dataclass(slots=True)
class _Held:
    """The locks of this process: how often each was taken, and which."""

    pid: int = field(default_factory=os.getpid)
    depth: dict[Path, int] = field(default_factory=dict)
    locks: dict[Path, FileLock] = field(default_factory=dict)


_GUARD = threading.RLock()
_held = _Held()


@contextlib.contextmanager
def writer_lock(workspace: Workspace, command: str) -> Iterator[None]:
    """Hold the workspace's writer lock for the length of the block.

    Parameters
    ----------
    workspace : Workspace
        What is going to be written.
    command : str
        Name of the command, shown to a second process that wants to write.

    Yields
    ------
    None
        The same process may take the lock again inside the block.

    Raises
    ------
    WorkspaceLockedError
        If another process holds it; at once, without waiting.
    WorkspaceError
        If the lock cannot be made, such as in a folder that is read-only.
    """
    _take(workspace, command)
    try:
        yield
    finally:
        _give(workspace)


def _take(workspace: Workspace, command: str) -> None:
    global _held  # noqa: PLW0603 - a lock is a fact about the process
    root = workspace.root.resolve()
    with _GUARD:
        if _held.pid != os.getpid():  # a fork; what the parent holds is not ours
            _held = _Held()
        if _held.depth.get(root, 0) == 0:
            _held.locks[root] = _acquire(workspace)
            _write_note(workspace, command)
        _held.depth[root] = _held.depth.get(root, 0) + 1


def _give(workspace: Workspace) -> None:
    root = workspace.root.resolve()
    with _GUARD:
        if _held.pid != os.getpid():
            return
        _held.depth[root] -= 1
        if _held.depth[root] == 0:
            with contextlib.suppress(OSError):  # the next holder overwrites the note
                _note_path(workspace).unlink()
            _held.locks.pop(root).release()


def _acquire(workspace: Workspace) -> FileLock:
    lock = FileLock(workspace.root / ".lock", timeout=0, thread_local=False, fallback_to_soft=False)
    try:
        if not workspace.root.is_dir():  # FileLock would make it
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        lock.acquire()
    except Timeout as error:
        raise WorkspaceLockedError(
            "Another command is writing to this workspace.",
            where=workspace.root,
            found=_read_note(workspace),
            hint="Wait until it has finished, or end that process.",
        ) from error
    except OSError as error:
        raise WorkspaceError(
            "The workspace cannot be locked for writing.",
            where=workspace.root,
            found=error.strerror or str(error),
            hint="Check that the folder exists and that you may write to it.",
        ) from error
    return lock


def _note_path(workspace: Workspace) -> Path:
    return workspace.root / ".lock.json"


def _write_note(workspace: Workspace, command: str) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = {"pid": os.getpid(), "command": command, "since": since}
    try:
        atomic.write_json(_note_path(workspace), note)
    except ArtifactError:
        _held.locks.pop(workspace.root.resolve()).release()
        raise


def _read_note(workspace: Workspace) -> str:
    try:
        note = json.loads(_note_path(workspace).read_text(encoding="utf-8"))
        return f"{note['command']} (process {note['pid']}, since {note['since']})"
    except (OSError, ValueError, KeyError, TypeError):  # the holder is just starting or ending
        return "a process that has not said its name yet"
