"""Keeping what models print off the terminal, however they print it.

Models print from Python, from the C code of their libraries, and from processes they start. Only
the file descriptor behind standard output catches all three; a report on standard output, which may
be JSON for another program, would otherwise be broken by a line of a library.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import sys
import tempfile
import warnings
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Printed", "captured_output"]

# What is kept of the beginning and of the end; a model may print for hours.
_MOST_BYTES = 1 << 20
_STDOUT = 1


class Printed:
    """What was printed, once the block that printed it has ended."""

    def __init__(self) -> None:
        self._text = ""

    def getvalue(self) -> str:
        """Return the text; the middle of a very long one is left out, which it says."""
        return self._text

    def take(self, file: IO[bytes]) -> None:
        """Keep the content of a file."""
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        content = file.read(min(size, 2 * _MOST_BYTES))
        if size > len(content):
            file.seek(size - _MOST_BYTES)
            left_out = f"\n... {size - 2 * _MOST_BYTES} bytes are left out ...\n".encode()
            content = content[:_MOST_BYTES] + left_out + file.read()
        self._text = content.decode(errors="backslashreplace")


@contextlib.contextmanager
def captured_output() -> Iterator[Printed]:
    """Keep what the body prints, warns about or logs below an error off the terminal.

    Yields
    ------
    Printed
        Holds what was written to standard output, after the body.

    Notes
    -----
    Standard error stays as it is, because the command's own progress is drawn there.
    """
    kept = Printed()
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with tempfile.TemporaryFile() as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with _stdout_to(file):
                    yield kept
            finally:
                kept.take(file)
    finally:
        logging.disable(previous)


@contextlib.contextmanager
def _stdout_to(file: IO[bytes]) -> Iterator[None]:
    """Send standard output of Python, of C code and of child processes to a file."""
    _flush()
    text = io.TextIOWrapper(
        os.fdopen(os.dup(file.fileno()), "wb", buffering=0),
        encoding="utf-8",
        errors="backslashreplace",
        write_through=True,
    )
    try:
        terminal = os.dup(_STDOUT)
    except OSError:  # there is no standard output to keep clean
        with text, contextlib.redirect_stdout(text):
            yield
        return
    try:
        os.dup2(file.fileno(), _STDOUT)
        with text, contextlib.redirect_stdout(text):
            yield
    finally:
        _flush()
        os.dup2(terminal, _STDOUT)
        os.close(terminal)


def _flush() -> None:
    """Write out what Python and C code still hold, so that it goes where it was meant to go."""
    with contextlib.suppress(OSError, ValueError):  # closed, or its reader left
        sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)
