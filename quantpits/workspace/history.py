"""Backups of files that are about to be replaced, in ``data/history/``."""

from datetime import datetime
from pathlib import Path

from quantpits.errors import ArtifactError
from quantpits.workspace import atomic
from quantpits.workspace.paths import Workspace

__all__ = ["backup"]


def backup(
    workspace: Workspace, path: Path, prefix: str, *, now: datetime | None = None
) -> Path | None:
    """Copy a file to ``data/history/<prefix>_<YYYY-MM-DD_HHMMSS><suffix>``.

    Parameters
    ----------
    workspace : Workspace
        Where the history lies.
    path : Path
        The file that is about to be replaced.
    prefix : str
        Kind of file, such as ``"train_records"``.
    now : datetime, optional
        Local time for the name; the clock's when None.

    Returns
    -------
    Path or None
        The copy, or None if there is nothing to copy. Two backups within a second get a counter;
        none is ever overwritten.

    Raises
    ------
    ArtifactError
        If the file cannot be read or the copy cannot be written.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArtifactError(
            "A file cannot be read for its backup.", where=path, found=error.strerror
        ) from error
    moment = now if now is not None else datetime.now().astimezone()
    stem = f"{prefix}_{moment:%Y-%m-%d_%H%M%S}"
    copy = workspace.history_dir / f"{stem}{path.suffix}"
    counter = 1
    while copy.exists():
        counter += 1
        copy = workspace.history_dir / f"{stem}_{counter}{path.suffix}"
    atomic.write_bytes(copy, data)
    return copy
