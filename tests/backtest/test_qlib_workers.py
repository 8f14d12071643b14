"""Many backtests by Qlib in parallel processes: the same results, errors, and being stopped."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from quantpits.backtest import qlib_workers
from quantpits.backtest.qlib_engine import qlib_task
from quantpits.backtest.qlib_workers import qlib_backtests
from quantpits.errors import ModelError, NonFiniteError, UsageError


class Told:
    """Counts what a stage is told."""

    def __init__(self):
        self.count = 0

    @contextmanager
    def stage(self, title, total=None):  # noqa: ARG002 - the protocol's signature
        self.total = total
        yield self.advance

    def advance(self, n=1, note=""):  # noqa: ARG002 - the protocol's signature
        self.count += n


@pytest.fixture
def setting(lab):
    return lab.setting(execution="qlib")


@pytest.fixture
def scores(setting):
    rng = np.random.default_rng(5)
    return [rng.normal(size=(setting.dates.size, 3)) for _ in range(3)]


def test_processes_give_what_one_gives(setting, scores):
    told = Told()
    alone = qlib_backtests(setting, scores, progress=told)
    assert (3, 3) == (told.total, told.count)
    together = qlib_backtests(setting, scores, n_workers=2, progress=told)
    assert 6 == told.count
    for one, other in zip(alone, together, strict=True):
        assert one.result.nav.tolist() == other.result.nav.tolist()
        assert one.result.cost.tolist() == other.result.cost.tolist()
        assert other.peak_bytes > 0
    assert len({run.result.nav[-1] for run in alone}) > 1


def test_scores_are_checked_before_a_process_is_started(setting, scores):
    scores[0] = scores[0] * np.inf
    with pytest.raises(NonFiniteError, match="infinite"):
        qlib_backtests(setting, scores, n_workers=2)


class Deadly:
    """Looks like scores and ends the process that receives it."""

    def __init__(self, scores):
        self.shape, self._scores = scores.shape, scores

    def __array__(self, dtype=None, copy=None):
        return np.array(self._scores, dtype=dtype)

    def __getitem__(self, rows):
        return self._scores[rows]

    def __reduce__(self):
        return os._exit, (1,)


def test_a_worker_that_dies_is_told_of(setting, scores):
    scores = [Deadly(each) for each in scores]
    with pytest.raises(ModelError, match="ended on its own"):
        qlib_backtests(setting, scores, n_workers=2)


def test_nothing_to_do_and_nobody_to_do_it(setting):
    assert () == qlib_backtests(setting, [], n_workers=3)
    with pytest.raises(UsageError, match="need a process"):
        qlib_backtests(setting, [], n_workers=0)
    with pytest.raises(UsageError, match="no such strategy"):
        qlib_backtests(replace(setting, rules=replace(setting.rules, corrected=True)), [])


SCRIPT = """
import sys
from pathlib import Path
from datetime import date
import numpy as np
from quantpits.backtest import backtest_setting, qlib_backtests
from quantpits.workspace import Workspace

class Told:
    from contextlib import contextmanager
    @contextmanager
    def stage(self, title, total=None):
        yield lambda n=1, note="": print("one", flush=True)

def main():
    names = ("SH600000", "SH600001", "SZ300001")
    setting = backtest_setting(Workspace(Path(sys.argv[1])), instruments=names,
                               start=date(2026, 1, 5), end=date(2026, 1, 23), execution="qlib")
    scores = [np.ones((setting.dates.size, 3))] * 10_000
    try:
        qlib_backtests(setting, scores, n_workers=2, progress=Told())
    except KeyboardInterrupt:
        print("stopped", flush=True)

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def many(lab, tmp_path):
    """Start a program that runs many backtests; return it and its processes at work."""
    script = tmp_path / "many.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(lab.workspace.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        env={name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"},
        start_new_session=True,
    )
    assert "one\n" == process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 2
    yield process, children
    deadline = time.monotonic() + 20
    while any(is_running(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(number):
    try:
        status = Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes in /proc")
def test_ctrl_c_stops_all_processes(many):
    process, _ = many
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=30)
    assert out.endswith("stopped\n")
    assert "" == err
    assert 0 == process.returncode


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes in /proc")
def test_killing_the_program_leaves_no_process_behind(many):
    process, _ = many
    process.kill()
    process.communicate(timeout=30)


def test_what_a_worker_does(setting, scores, monkeypatch):
    monkeypatch.setattr(qlib_workers, "_tasks", [])
    monkeypatch.setattr(qlib_workers, "_engines", [])
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setattr(threading, "Thread", lambda **_: Mock())
    before = signal.getsignal(signal.SIGINT)
    try:
        qlib_workers._begin_worker(qlib_task(setting))
        assert signal.SIG_IGN == signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    runs = [qlib_workers._run(each) for each in (scores[0], scores[1], scores[0])]
    assert 1 == len(qlib_workers._engines)
    assert runs[0].result.nav.tolist() == runs[2].result.nav.tolist()


def test_a_worker_ends_with_its_parent(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    qlib_workers._end_with_parent()  # this process is no worker
    assert [] == ended
    parent = Mock()
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: parent)
    qlib_workers._end_with_parent()
    parent.join.assert_called_once_with()
    assert [1] == ended


def test_what_is_started_does_not_listen_to_ctrl_c(monkeypatch):
    def is_blocked():
        return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])

    with qlib_workers._deaf_to_interrupts():
        assert is_blocked()
    assert not is_blocked()
    monkeypatch.delattr(signal, "pthread_sigmask")  # as on Windows
    with qlib_workers._deaf_to_interrupts():
        pass
