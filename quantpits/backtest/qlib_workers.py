"""Many backtests by Qlib, each in one of several processes.

Processes start fresh (``spawn``), open Qlib and read the prices once, and then take one set of
scores after another. A worker needs about 0.5 GB for 300 instruments over 640 sessions. Ctrl+C
stops them all, and they end with the process that started them: what is under way is given up.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quantpits.backtest.qlib_engine import (
    QlibEngine,
    QlibRun,
    QlibTask,
    check_scores,
    qlib_task,
)
from quantpits.errors import ModelError, UsageError
from quantpits.workspace import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from quantpits.backtest.setting import BacktestSetting
    from quantpits.market import FloatArray

__all__ = ["qlib_backtests"]

# Of a worker: what it works on.
_tasks: list[QlibTask] = []
_engines: list[QlibEngine] = []


def qlib_backtests(
    setting: BacktestSetting,
    scores: Sequence[FloatArray],
    *,
    n_workers: int = 1,
    progress: Progress = SILENT,
) -> tuple[QlibRun, ...]:
    """Run many backtests with Qlib.

    Parameters
    ----------
    setting : BacktestSetting
        A backtest in Qlib's timing.
    scores : sequence of float64 [T, N]
        One for each backtest. A sequence that makes them when they are asked for keeps memory low.
    n_workers : int
        Processes; 1 runs them in this one.
    progress : Progress
        Told of every backtest.

    Returns
    -------
    tuple of QlibRun
        In the order of the scores.

    Raises
    ------
    UsageError
        If the setting is not one that Qlib can run, or there is to be no process.
    ShapeError
        If scores do not fit.
    NonFiniteError
        If a score is infinite.
    MissingDataError
        If no step has a score.
    ModelError
        If a process ended on its own, as for want of memory.
    """
    if n_workers < 1:
        raise UsageError("Backtests need a process.", expected="at least 1", found=n_workers)
    task = qlib_task(setting)
    n_runs = len(scores)
    with progress.stage("Qlib's backtest", total=n_runs) as advance:
        if min(n_workers, n_runs) <= 1:
            engine = QlibEngine(task)
            runs = []
            for each in scores:
                runs.append(engine.run(each))
                advance()
            return tuple(runs)
        done: dict[int, QlibRun] = {}
        for place, run in _parallel(task, scores, n_workers=min(n_workers, n_runs)):
            done[place] = run
            advance()
        return tuple(done[place] for place in range(n_runs))


def _parallel(
    task: QlibTask, scores: Sequence[FloatArray], *, n_workers: int
) -> Iterator[tuple[int, QlibRun]]:
    """Yield place and result of each backtest as it is done; never more at work than processes."""
    pool = ProcessPoolExecutor(
        n_workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(task,),
    )
    at_work: dict[Future[QlibRun], int] = {}
    is_done = False
    try:
        for place in range(len(scores)):
            each = scores[place]
            check_scores(task, each)
            with _deaf_to_interrupts():
                at_work[pool.submit(_run, each)] = place
            if len(at_work) > n_workers:
                yield from _finished(at_work)
        while at_work:
            yield from _finished(at_work)
        is_done = True
    except BrokenProcessPool as error:
        raise ModelError(
            "A process of Qlib's backtest ended on its own.",
            hint="Give it more memory, or run fewer at a time.",
        ) from error
    finally:
        if not is_done:
            for worker in (pool._processes or {}).values():  # noqa: SLF001 - no public way to end them
                worker.terminate()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that do not listen to Ctrl+C: it is for the one that started them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _finished(at_work: dict[Future[QlibRun], int]) -> Iterator[tuple[int, QlibRun]]:
    done, _ = wait(at_work, return_when=FIRST_COMPLETED)
    for future in done:
        yield at_work.pop(future), future.result()


def _begin_worker(task: QlibTask) -> None:
    """Take the task, deaf to Ctrl+C also where that is not inherited."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported
    # Qlib's progress bars would make a semaphore that nobody cleans up when the process is ended.
    importlib.import_module("tqdm").tqdm.set_lock(threading.RLock())
    _tasks[:] = [task]


def _end_with_parent() -> None:
    """Wait for the process that started this one: if it is killed, nobody else ends its workers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(scores: FloatArray) -> QlibRun:
    """Open Qlib on the first backtest, so that what goes wrong there arrives as an error."""
    if not _engines:
        _engines.append(QlibEngine(_tasks[0]))
    return _engines[0].run(scores)
