"""Ctrl+C with manners: the first one asks to stop after the batch, the second one stops at once."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["StopRequest", "listening_for_stop"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class StopRequest:
    """Whether somebody asked to stop.

    Attributes
    ----------
    is_set : bool
        True after the first signal.
    """

    is_set: bool = False


@contextmanager
def listening_for_stop(say: Callable[[str], object]) -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM inside the block into a request, the second into an abort.

    Parameters
    ----------
    say : callable
        Gets a line for the person who pressed the keys.

    Yields
    ------
    StopRequest
        To be looked at between batches.

    Raises
    ------
    KeyboardInterrupt
        On the second signal.

    Notes
    -----
    Only a program's main thread can listen; anywhere else nothing changes.
    """
    request = StopRequest()

    def answer(_number: int, _frame: FrameType | None) -> None:
        if request.is_set:
            raise KeyboardInterrupt
        request.is_set = True
        say("Stopping after this batch; once more to stop at once.")

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, answer) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
