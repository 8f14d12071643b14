"""What atomic writing is made of: temporary names, syncing, leftovers, and clear errors.

A temporary file or folder of ``name`` is called ``.name.tmp-<pid>-<random>`` and lies in the same
folder, so that renaming never crosses a file system and a leftover tells whose it was.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from quantpits.errors import ArtifactError

__all__ = [
    "leftovers",
    "make_folder",
    "remove_leftovers",
    "remove_path",
    "set_aside_path",
    "sync_folder",
    "sync_tree",
    "temporary_path",
    "write_and_sync",
    "write_error",
]

_LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?P<kind>tmp|old)-(?P<pid>[0-9]+)-[0-9a-f]{8}")
# Names that this process is using now. A killed process may have had our pid, so the pid alone does
# not tell.
_IN_USE: set[str] = set()
# Some file systems cannot sync a folder; there is nothing to be done about it.
_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP}
_MOST_FILES_ONE_BY_ONE = 100


@contextlib.contextmanager
def temporary_path(path: Path) -> Iterator[Path]:
    """Yield an unused name beside `path` for new content, removed if the block fails.

    Parameters
    ----------
    path : Path
        The final path.

    Yields
    ------
    Path
        The temporary path; nothing exists there yet.
    """
    with _reserved(path, "tmp") as temporary:
        try:
            yield temporary
        except BaseException:
            with contextlib.suppress(OSError):
                remove_path(temporary)
            raise


def set_aside_path(path: Path) -> contextlib.AbstractContextManager[Path]:
    """Yield an unused name beside `path` for old content; what lies there is never removed.

    Parameters
    ----------
    path : Path
        The final path.

    Returns
    -------
    context manager of Path
        The path to rename the old content to.
    """
    return _reserved(path, "old")


@contextlib.contextmanager
def _reserved(path: Path, kind: str) -> Iterator[Path]:
    name = f".{path.name}.{kind}-{os.getpid()}-{secrets.token_hex(4)}"
    _IN_USE.add(name)
    try:
        yield path.parent / name
    finally:
        _IN_USE.discard(name)


def write_and_sync(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Create a file that does not exist, with its content on the disk before this returns.

    Parameters
    ----------
    path : Path
        The new file.
    data : bytes
        The whole content.
    mode : int, optional
        Permission bits; the process's default when None.

    Raises
    ------
    OSError
        If the file exists or cannot be written.
    """
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        if mode is not None:
            path.chmod(mode)
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, with their names on the disk before this returns.

    Parameters
    ----------
    folder : Path
        Existing folders are left as they are.

    Raises
    ------
    OSError
        If a folder cannot be made.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder lie on the disk.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Raises
    ------
    OSError
        If the disk reports an error; a file system that cannot do this is not an error.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until every file and folder below `folder` lies on the disk.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Raises
    ------
    OSError
        If the disk reports an error.

    Notes
    -----
    A market has thousands of small files, and the disk would be waited for at each of them; for
    more than a few, one ``os.sync`` waits for all.
    """
    tree = [(Path(parent), names) for parent, _, names in os.walk(folder)]
    if sum(len(names) for _, names in tree) > _MOST_FILES_ONE_BY_ONE:
        os.sync()
        return
    for parent, names in tree:
        for name in names:
            with (parent / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(parent)


def leftovers(path: Path, kind: str) -> list[Path]:
    """Return what killed processes left beside `path`, sorted by name.

    Parameters
    ----------
    path : Path
        The final path.
    kind : {"tmp", "old"}
        Unfinished new content, or old content that was set aside.

    Returns
    -------
    list of Path
        Files or folders; those of a process that is still alive are not listed.

    Raises
    ------
    OSError
        If the folder cannot be listed.
    """
    prefix = f".{path.name}.{kind}-"
    with os.scandir(path.parent) as entries:
        names = sorted(entry.name for entry in entries if entry.name.startswith(prefix))
    return [path.parent / name for name in names if _is_leftover(name, path.name)]


def _is_leftover(name: str, of: str) -> bool:
    match = _LEFTOVER.fullmatch(name)
    if match is None or match["name"] != of or name in _IN_USE:
        return False
    pid = int(match["pid"])
    return pid == os.getpid() or not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # alive, and someone else's
        return True
    return True


def remove_leftovers(path: Path, kind: str = "tmp") -> None:
    """Remove what killed processes left beside `path`.

    Parameters
    ----------
    path : Path
        The final path.
    kind : {"tmp", "old"}
        As in `leftovers`.

    Raises
    ------
    OSError
        If the folder cannot be listed or something in it cannot be removed.
    """
    for leftover in leftovers(path, kind):
        remove_path(leftover)


def remove_path(path: Path) -> None:
    """Remove a file, link or folder with all it holds; do nothing if there is none.

    Parameters
    ----------
    path : Path
        What to remove.

    Raises
    ------
    OSError
        If it cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_error(path: Path, error: OSError) -> ArtifactError:
    """Return what a person needs to know about a write that failed.

    Parameters
    ----------
    path : Path
        What was to be written.
    error : OSError
        Why it failed.

    Returns
    -------
    ArtifactError
        Names the path, the reason and what to do.
    """
    hints = {
        errno.ENOSPC: "Free space on this disk and run the command again.",
        errno.EDQUOT: "Free space within your quota and run the command again.",
        errno.EACCES: "Give yourself permission to write there.",
        errno.EPERM: "Give yourself permission to write there.",
        errno.EROFS: "The disk is read-only; use a workspace on another one.",
        errno.EISDIR: "A folder stands where the file should be; move it away.",
        errno.EEXIST: "A file stands where a folder should be; move it away.",
        errno.ENOTDIR: "A file stands where a folder should be; move it away.",
        errno.ENAMETOOLONG: "Use a shorter name.",
    }
    return ArtifactError(
        "This could not be written; nothing of it is half done.",
        where=path,
        found=error.strerror or str(error),
        hint=hints.get(error.errno or 0),
    )
