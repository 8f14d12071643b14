"""The loop: simulate a batch, write it, look whether somebody wants to stop.

A batch is on the disk before the next one begins, so whatever ends the process costs one batch at
most. The rate and the time left are told with each.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.search.interrupt import listening_for_stop
from quantpits.workspace import SILENT, Progress

if TYPE_CHECKING:
    from quantpits.search.combos import ComboList
    from quantpits.search.engine import Engine
    from quantpits.search.store import ResultStore

__all__ = ["RunOutcome", "measure_rate", "simulate_all", "time_left"]

_LOG = logging.getLogger(__name__)
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How a run ended.

    Attributes
    ----------
    n_done : int
        Combos on the disk.
    n_simulated : int
        Of those, by this run.
    seconds : float
        What they took.
    is_interrupted : bool
        Whether somebody asked to stop before the end.
    """

    n_done: int
    n_simulated: int
    seconds: float
    is_interrupted: bool


def simulate_all(
    engine: Engine,
    combos: ComboList,
    *,
    store: ResultStore,
    batch_size: int,
    progress: Progress = SILENT,
) -> RunOutcome:
    """Simulate what is not in the store yet.

    Parameters
    ----------
    engine : Engine
        Who simulates.
    combos : ComboList
        All combos of the run.
    store : ResultStore
        Its results so far; closed.
    batch_size : int
        Combos between two writes.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    RunOutcome
        How it ended.
    """
    with store, listening_for_stop(_LOG.warning) as stop:
        first = store.n_done
        started = time.monotonic()
        with progress.stage("Simulating combos", total=len(combos)) as advance:
            advance(first)
            while store.n_done < len(combos) and not stop.is_set:
                at = store.n_done
                upto = min(at + batch_size, len(combos))
                store.append(engine.run(*combos.slice(at, upto)))
                seconds = time.monotonic() - started
                rate = (store.n_done - first) / max(seconds, 1e-9)
                left = time_left((len(combos) - store.n_done) / rate)
                advance(upto - at, note=f"{rate:,.0f} a second, {left} left")
        return RunOutcome(
            n_done=store.n_done,
            n_simulated=store.n_done - first,
            seconds=time.monotonic() - started,
            is_interrupted=store.n_done < len(combos),
        )


def measure_rate(engine: Engine, combos: ComboList, *, n_sample: int) -> float:
    """Return how many combos a second an engine does, measured on a sample of them.

    Parameters
    ----------
    engine : Engine
        Who simulates.
    combos : ComboList
        What would be simulated.
    n_sample : int
        How many to try, from the middle of the list.

    Returns
    -------
    float
        Combos a second.

    Notes
    -----
    One small call goes before, so that compiling is not counted.
    """
    n_sample = min(n_sample, len(combos))
    first = (len(combos) - n_sample) // 2
    engine.run(*combos.slice(first, first + 1))
    started = time.monotonic()
    engine.run(*combos.slice(first, first + n_sample))
    return n_sample / max(time.monotonic() - started, 1e-9)


def time_left(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> time_left(7), time_left(83), time_left(7500)
    ('7 s', '1 min 23 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
