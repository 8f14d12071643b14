"""One writer at a time, by process."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from quantpits.errors import ArtifactError, WorkspaceError, WorkspaceLockedError
from quantpits.workspace import lock
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.paths import Workspace

HOLDER = """
import sys, time
from pathlib import Path
from quantpits.workspace import Workspace, writer_lock
with writer_lock(Workspace(Path(sys.argv[1])), "train"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(workspace):
    """Another process that holds the lock until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(workspace.root)],
        cwd=Path(lock.__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    with process:
        assert b"held\n" == process.stdout.readline()
        yield process
        process.kill()


def test_second_process_is_refused_at_once_and_told_who_holds(workspace, holder):
    with (
        pytest.raises(WorkspaceLockedError) as caught,
        writer_lock(workspace, "post-trade"),
    ):
        raise AssertionError("two writers")
    assert 3 == caught.value.exit_code
    assert f"train (process {holder.pid}, since 2" in str(caught.value)
    assert workspace.root == caught.value.where


def test_lock_of_a_killed_process_does_not_block(workspace, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (workspace.root / ".lock.json").is_file()
    with writer_lock(workspace, "post-trade"):
        note = json.loads((workspace.root / ".lock.json").read_text(encoding="utf-8"))
        assert ("post-trade", os.getpid()) == (note["command"], note["pid"])


def test_same_process_may_take_it_again(workspace):
    with writer_lock(workspace, "run"):
        with writer_lock(workspace, "train"), writer_lock(Workspace(workspace.root), "fuse"):
            pass
        assert (workspace.root / ".lock.json").is_file()
    assert not (workspace.root / ".lock.json").exists()


def test_threads_of_the_holder_may_take_it(workspace):
    taken = []

    def take():
        with writer_lock(workspace, "train"):
            taken.append(True)

    with writer_lock(workspace, "run"):
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    assert [True] == taken


def test_lock_is_given_back_after_an_error(workspace):
    def fail():
        with writer_lock(workspace, "run"):
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        fail()
    with writer_lock(workspace, "run"):
        pass


def test_workspaces_do_not_block_each_other(tmp_path):
    roots = [tmp_path / "a", tmp_path / "b"]
    for root in roots:
        root.mkdir()
    with writer_lock(Workspace(roots[0]), "x"), writer_lock(Workspace(roots[1]), "y"):
        assert all((root / ".lock.json").is_file() for root in roots)


def try_to_take(workspace, answer):
    try:
        with writer_lock(workspace, "worker"):
            answer.send("taken")
    except WorkspaceLockedError as error:
        answer.send(str(error.found))


def ask_a_fork(workspace):
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    worker = context.Process(target=try_to_take, args=(workspace, theirs))
    worker.start()
    worker.join()
    return ours.recv()


def test_forked_worker_does_not_inherit_the_lock(workspace):
    with writer_lock(workspace, "search"):
        assert ask_a_fork(workspace).startswith(f"search (process {os.getpid()}")
        assert ask_a_fork(workspace).startswith("search")  # the first worker gave nothing back
    assert "taken" == ask_a_fork(workspace)


def test_fork_inside_the_block_gives_nothing_back(workspace):
    with writer_lock(workspace, "search"):
        child = os.fork()
        if child == 0:
            lock._give(workspace)
            os._exit(0)
        os.waitpid(child, 0)
        assert ask_a_fork(workspace).startswith("search")


def test_what_a_parent_holds_is_not_ours(workspace, monkeypatch):
    with writer_lock(workspace, "search"):
        with monkeypatch.context() as patched:
            patched.setattr(lock._held, "pid", -1)
            lock._give(workspace)
        assert ask_a_fork(workspace).startswith("search")
    monkeypatch.setattr(lock._held, "pid", -1)
    with writer_lock(workspace, "search"):
        assert os.getpid() == lock._held.pid


COUNTER = """
import sys, time
from pathlib import Path
from quantpits.errors import WorkspaceLockedError
from quantpits.workspace import Workspace, writer_lock, write_text
workspace = Workspace(Path(sys.argv[1]))
path = workspace.root / "count"
done = 0
while done < 30:
    try:
        with writer_lock(workspace, "count"):
            count = int(path.read_text())
            time.sleep(0.001)
            write_text(path, str(count + 1))
            done += 1
    except WorkspaceLockedError:
        time.sleep(0.001)
"""


def test_two_processes_never_write_at_once(workspace):
    (workspace.root / "count").write_text("0", encoding="utf-8")
    command = [sys.executable, "-c", COUNTER, str(workspace.root)]
    root = Path(lock.__file__).parents[2]
    with subprocess.Popen(command, cwd=root) as one, subprocess.Popen(command, cwd=root) as two:
        assert (0, 0) == (one.wait(timeout=60), two.wait(timeout=60))
    assert "60" == (workspace.root / "count").read_text(encoding="utf-8")


def test_holder_without_a_note(workspace, holder):
    (workspace.root / ".lock.json").write_text("[", encoding="utf-8")
    with (
        pytest.raises(WorkspaceLockedError, match="has not said its name"),
        writer_lock(workspace, "post-trade"),
    ):
        raise AssertionError("two writers")


def test_workspace_that_cannot_be_locked(tmp_path):
    with (
        pytest.raises(WorkspaceError, match="cannot be locked"),
        writer_lock(Workspace(tmp_path / "gone" / "deep"), "run"),
    ):
        raise AssertionError("a lock in nowhere")
    assert [] == list(tmp_path.iterdir())


def test_note_that_cannot_be_written_gives_the_lock_back(workspace, monkeypatch):
    def full(path, obj):
        raise ArtifactError("No space left.", where=path)

    with monkeypatch.context() as patched:
        patched.setattr(lock.atomic, "write_json", full)
        with pytest.raises(ArtifactError, match="No space"), writer_lock(workspace, "run"):
            raise AssertionError("a lock without a note")
    assert "taken" == ask_a_fork(workspace)


def test_note_that_cannot_be_removed_is_left_for_the_next(workspace, monkeypatch):
    def refuse(path):
        raise OSError(errno.EACCES, "no")

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", refuse)
        with writer_lock(workspace, "run"):
            pass
    with writer_lock(workspace, "next"):
        pass
    assert not (workspace.root / ".lock.json").exists()
