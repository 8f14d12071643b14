"""Writing files so that a reader finds the old content or the new one, never a half.

Every file that QuantPits writes goes through here: a temporary file in the same folder, flush,
fsync, ``os.replace``, fsync of the folder. Content that is already there is not written again, so
running a step twice changes no byte and no time stamp. A process that is killed leaves at most a
hidden temporary file, which the next write to the same path removes.
"""

import csv
import hashlib
import io
import json
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from quantpits.errors import ArtifactError, NonFiniteError, QuantPitsError
from quantpits.workspace.durable import (
    leftovers,
    make_folder,
    remove_leftovers,
    remove_path,
    set_aside_path,
    sync_folder,
    sync_tree,
    temporary_path,
    write_and_sync,
    write_error,
)

__all__ = [
    "recover_tree",
    "sha256_bytes",
    "sha256_file",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_text",
    "write_tree",
]

Built = TypeVar("Built")

_BYTE_ORDER_MARK = "\ufeff"


def write_bytes(path: Path, data: bytes) -> bool:
    """Write a whole file atomically, unless it already has this content.

    Parameters
    ----------
    path : Path
        The file; its folder is made if it does not exist. A symbolic link is followed.
    data : bytes
        The whole content.

    Returns
    -------
    bool
        False if the file already had this content and nothing was touched.

    Raises
    ------
    ArtifactError
        If the file cannot be written: no space, no permission, a folder in its place. The old
        content stays.
    """
    path = Path(os.path.realpath(path))
    try:
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
        make_folder(path.parent)
        remove_leftovers(path)
        with temporary_path(path) as temporary:
            write_and_sync(temporary, data, mode=_mode_of(path))
            temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    return True


def write_text(path: Path, text: str) -> bool:
    """Write text as UTF-8; see `write_bytes`.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        The whole content, with its line ends.

    Returns
    -------
    bool
        False if the file already had this content.

    Raises
    ------
    ArtifactError
        If the file cannot be written.
    """
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, obj: object, *, indent: int = 4, sort_keys: bool = False) -> bool:
    """Write JSON as UTF-8 with a newline at the end; see `write_bytes`.

    Parameters
    ----------
    path : Path
        The file.
    obj : object
        Mappings, lists, text, finite numbers, bool and None.
    indent : int
        Spaces per level.
    sort_keys : bool
        Whether keys are sorted; otherwise they keep their order.

    Returns
    -------
    bool
        False if the file already had this content.

    Raises
    ------
    NonFiniteError
        If a number is NaN or infinite, which JSON cannot hold.
    ArtifactError
        If the file cannot be written.
    """
    try:
        text = json.dumps(
            obj, indent=indent, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False
        )
    except ValueError as error:
        raise NonFiniteError(
            "A value cannot be written as JSON.", where=path, found=str(error)
        ) from error
    return write_text(path, text + "\n")


def write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], *, bom: bool = False
) -> bool:
    """Write a CSV as UTF-8 with Unix line ends; see `write_bytes`.

    Parameters
    ----------
    path : Path
        The file.
    header : sequence of str
        Column names.
    rows : iterable of sequence
        Cells per row, as many as the header; None is an empty cell, floats are written as `repr`
        does.
    bom : bool
        Whether the file starts with a byte order mark, for spreadsheet programs.

    Returns
    -------
    bool
        False if the file already had this content.

    Raises
    ------
    ArtifactError
        If a row has another number of cells than the header, or the file cannot be written.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ArtifactError(
                "A row does not fit its header.",
                where=f"{path}:{number}",
                expected=f"{len(header)} cells",
                found=f"{len(row)} cells",
            )
        writer.writerow(row)
    return write_text(path, (_BYTE_ORDER_MARK if bom else "") + buffer.getvalue())


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> sha256_bytes(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ArtifactError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArtifactError(
            "A file cannot be read.", where=path, found=error.strerror or str(error)
        ) from error


def write_tree(target: Path, builder: Callable[[Path], Built], *, replace: bool = True) -> Built:
    """Build a whole folder beside `target` and swap it in.

    Parameters
    ----------
    target : Path
        The folder to make or replace; its parent is made if it does not exist.
    builder : callable
        Gets an existing empty folder and fills it.
    replace : bool
        Whether an existing target is replaced; otherwise it is an error.

    Returns
    -------
    Any
        What `builder` returned.

    Raises
    ------
    ArtifactError
        If the folder cannot be written, or exists and `replace` is False. The old one stays.

    Notes
    -----
    Two renames make the swap. A process that is killed between them leaves the old folder under a
    temporary name, and `recover_tree` puts it back; it is called here first, and readers should
    call it before they look.
    """
    target = Path(os.path.realpath(target))
    try:
        make_folder(target.parent)
        recover_tree(target)
        if not replace and os.path.lexists(target):
            raise ArtifactError("There is something at this place already.", where=target)
        with temporary_path(target) as temporary:
            temporary.mkdir()
            built = builder(temporary)
            sync_tree(temporary)
            _swap(temporary, target)
    except QuantPitsError:
        raise
    except OSError as error:
        raise write_error(target, error) from error
    return built


def recover_tree(target: Path) -> bool:
    """Finish or undo what a killed `write_tree` left beside `target`.

    Parameters
    ----------
    target : Path
        The folder.

    Returns
    -------
    bool
        Whether the old folder was put back, because the process was killed in the middle of the
        swap.

    Raises
    ------
    ArtifactError
        If the leftovers cannot be renamed or removed.
    """
    target = Path(os.path.realpath(target))
    try:
        if not target.parent.is_dir():
            return False
        set_aside = leftovers(target, "old")
        is_lost = bool(set_aside) and not target.exists()
        if is_lost:
            set_aside.pop().rename(target)
            sync_folder(target.parent)
        for leftover in [*set_aside, *leftovers(target, "tmp")]:
            remove_path(leftover)
    except OSError as error:
        raise write_error(target, error) from error
    return is_lost


def _swap(temporary: Path, target: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        sync_folder(target.parent)
        return
    with set_aside_path(target) as old:
        target.rename(old)
        try:
            temporary.rename(target)
        except BaseException:
            old.rename(target)
            raise
        sync_folder(target.parent)
        remove_path(old)


def _mode_of(path: Path) -> int | None:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else None
