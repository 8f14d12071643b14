"""Putting a whole market folder in its place: complete or not at all, and only if it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filelock import FileLock

from quantpits.workspace.atomic import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["folder_lock", "is_same_folder", "write_folder"]


def folder_lock(target: Path) -> AbstractContextManager[object]:
    """Return a lock for making or replacing a market folder.

    Parameters
    ----------
    target : Path
        The folder, which need not exist.

    Returns
    -------
    context manager
        Waits for another process that is making the same folder; a killed one holds nothing.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(target.parent / f".{target.name}.lock")


def write_folder(target: Path, files: Mapping[str, bytes]) -> bool:
    """Make or replace a folder as a whole.

    Parameters
    ----------
    target : Path
        The folder.
    files : mapping of str to bytes
        Relative path, with forward slashes, and content of every file.

    Returns
    -------
    bool
        False if the folder held exactly these files and nothing was touched.

    Raises
    ------
    ArtifactError
        If the folder cannot be written; the old one stays.
    """
    if is_same_folder(target, files):
        return False

    def build(folder: Path) -> None:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    write_tree(target, build)
    return True


def is_same_folder(target: Path, files: Mapping[str, bytes]) -> bool:
    """Say whether a folder holds exactly these files.

    Parameters
    ----------
    target : Path
        The folder, which need not exist.
    files : mapping of str to bytes
        Relative path and content of every file.

    Returns
    -------
    bool
        True if names and contents are equal.
    """
    if not target.is_dir():
        return False
    present = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    if present != files.keys():
        return False
    return all((target / name).read_bytes() == content for name, content in files.items())
