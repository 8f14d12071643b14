"""Kill a command at every moment it could be killed at, and run it again each time.

Started by `test_killed`, in a process of its own: it loads the steps once and forks, so that a
hundred runs are quick. What starts threads when it is loaded is left to the forks::

    python kill_everywhere.py PRISTINE SCRATCH MODE COUNT COMMAND...

MODE ``replace``: killed before its n-th file is put in place, for every n there is, at most COUNT
of them, evenly spread. MODE ``timer``: killed by the kernel's clock at COUNT moments of its run,
wherever it is, inside a library or a database too. Prints one JSON object with what was seen.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from quantpits.cli.app import main

# What a run writes with a clock or a random name in it; everything else must come out the same.
VOLATILE = ("mlruns/", ".lock", "data/history/", "data/run_state.json", "data/routine_state.json")
RANDOM_NAMES = ("latest_train_records.json", "output/model_performance_", "output/manifests/")
STEPS = ("training", "prediction", "fusion", "post_trade", "orders", "ranking")


def copy_workspace(source: Path, target: Path) -> Path:
    """Copy a workspace; files that are only ever replaced as a whole are linked."""

    def copy(old: str, new: str) -> None:
        if old.endswith((".db", ".db-wal", ".db-shm")):
            shutil.copy2(old, new)
        else:
            os.link(old, new)

    shutil.rmtree(target, ignore_errors=True)
    ignored = shutil.ignore_patterns(".lock", ".lock.json")
    shutil.copytree(source, target, copy_function=copy, ignore=ignored)
    return target


def results(root: Path) -> dict[str, str]:
    """Return the hash of every result, by path; of the ledger, what it says."""
    skipped = (*VOLATILE, *RANDOM_NAMES, "data/ledger.db")
    return {
        place: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and not (place := path.relative_to(root).as_posix()).startswith(skipped)
        # A killed process leaves at most a hidden temporary file; the next write removes it.
        and not path.name.startswith(".")
    }


def in_child(command: list[str], root: Path, *, before: object = None) -> int:
    """Run a command in a forked child; return its exit code, negative if a signal ended it."""
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.environ["OMP_NUM_THREADS"] = "1"  # threads of a forked process wait for each other
        if callable(before):
            before()
        os._exit(main([*command, "--workspace", str(root), "--quiet"]))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def die_before_replace(number: int) -> object:
    """Return what makes a process kill itself before it puts its n-th file in place."""

    def arm() -> None:
        put_in_place = os.replace
        seen = [0]

        def replace(*args: object, **kwargs: object) -> None:
            seen[0] += 1
            if seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            put_in_place(*args, **kwargs)

        os.replace = replace

    return arm


def die_after(seconds: float) -> object:
    """Return what makes the kernel end a process after a while, wherever it is."""

    def arm() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    return arm


def count_replaces(command: list[str], root: Path) -> int:
    """Return how many files an undisturbed run puts in place."""
    read, write = os.pipe()

    def arm() -> None:
        put_in_place = os.replace

        def replace(*args: object, **kwargs: object) -> None:
            os.write(write, b".")
            put_in_place(*args, **kwargs)

        os.replace = replace

    exit_code = in_child(command, root, before=arm)
    os.close(write)
    seen = len(os.read(read, 65536))
    os.close(read)
    assert exit_code == 0, exit_code
    return seen


def spread(n_files: int, count: int) -> list[int]:
    """Return the numbers of at most `count` files, evenly spread: 1, 2, 3 ... where all fit."""
    count = min(count, n_files)
    return [1 + (2 * place + 1) * n_files // (2 * count) for place in range(count)]


def kill_everywhere(
    pristine: Path, scratch: Path, moments: tuple[str, int], command: list[str]
) -> dict:
    """Return how often the command was killed, and where its results differed afterwards."""
    mode, count = moments
    root = copy_workspace(pristine, scratch / "run")
    started = time.perf_counter()
    n_files = count_replaces(command, root)
    seconds = time.perf_counter() - started
    expected = results(root)
    if mode == "replace":
        deaths = [(n, die_before_replace(n)) for n in spread(n_files, count)]
    else:
        deaths = [(n, die_after(seconds * n / (count + 1))) for n in range(1, count + 1)]
    n_killed, differences, failures = 0, {}, {}
    for number, arm in deaths:
        copy_workspace(pristine, root)
        n_killed += in_child(command, root, before=arm) < 0
        exit_code = in_child(command, root)
        if exit_code:
            failures[number] = exit_code
        elif (found := results(root)) != expected:
            names = {*found.items()} ^ {*expected.items()}
            differences[number] = sorted({name for name, _ in names})
    return {
        "n_files": n_files,
        "n_moments": len(deaths),
        "n_killed": n_killed,
        "failures": failures,
        "differences": differences,
    }


if __name__ == "__main__":
    for room in STEPS:
        importlib.import_module(f"quantpits.{room}.step")
    place, moments = sys.argv[1:3], (sys.argv[3], int(sys.argv[4]))
    outcome = kill_everywhere(Path(place[0]), Path(place[1]), moments, sys.argv[5:])
    sys.stdout.write(json.dumps(outcome) + "\n")
