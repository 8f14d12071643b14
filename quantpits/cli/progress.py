"""Progress bars on stderr.

Convention: silent when stderr is not a terminal, or with ``--quiet``; results on stdout are never
touched. A bar disappears when its stage ends and leaves one line that says how long the stage took.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from quantpits.workspace import Advance, Progress

__all__ = ["Bars", "progress_for"]

_SHOWN_SECONDS = 2.0
# The time left is estimated from so much of the past: a unit, such as a model, may take minutes.
_REMEMBERED_SECONDS = 86400.0


def progress_for(*, is_quiet: bool) -> "Progress":
    """Return bars on stderr, or silence if nobody could see them.

    Parameters
    ----------
    is_quiet : bool
        Whether the user asked for silence.

    Returns
    -------
    Progress
        What the step reports to.
    """
    if is_quiet or not sys.stderr.isatty():
        from quantpits.workspace import SILENT  # noqa: PLC0415 - keeps --help quick

        return SILENT
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick

    return Bars(Console(stderr=True, highlight=False))


class Bars:
    """Shows each stage as a bar.

    Parameters
    ----------
    console : rich.console.Console
        Where to show them.
    """

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._is_open = False

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager["Advance"]:
        """Open a stage of `total` units, or of unknown length when None."""
        # The terminal takes one live display at a time: a stage within a stage shows nothing.
        return nullcontext(_ignore) if self._is_open else self._bar(title, total)

    @contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator["Advance"]:
        from rich import progress  # noqa: PLC0415 - keeps --help quick
        from rich.markup import escape  # noqa: PLC0415 - keeps --help quick

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("[dim]left"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("[dim]{task.fields[note]}"),
        )
        started = time.monotonic()
        self._is_open = True
        try:
            with progress.Progress(
                *columns,
                console=self._console,
                transient=True,
                speed_estimate_period=_REMEMBERED_SECONDS,
            ) as display:
                task = display.add_task(escape(title), total=total, note="")

                def advance(n: int = 1, note: str = "") -> None:
                    display.update(task, advance=n, note=escape(note))

                yield advance
        finally:
            self._is_open = False
        seconds = time.monotonic() - started
        if seconds >= _SHOWN_SECONDS:
            self._console.print(f"[dim]{escape(title)}: {seconds:.0f} s", soft_wrap=True)


def _ignore(n: int = 1, note: str = "") -> None:
    """Show nothing."""
