"""Train ten models again and again, stopped at one of its writes, go on, and look.

Started with the shim of `post_trade/crash_shim.c` preloaded, which counts every write, sync,
rename, unlink and mkdir of the process, those of SQLite included, and stops at the one it is told
to: killed before it, killed in its middle, out of disk from it on, or interrupted with Ctrl+C.

``each`` stops a fresh workspace at every `stride`-th write, then goes on and compares. ``chain``
stops the same workspace again and again, each time after another number of writes, until a training
comes to its end: nothing may be lost or done twice on the way.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

from quantpits.errors import QuantPitsError, UsageError
from quantpits.records import read_train_records
from quantpits.training import TrainRequest
from quantpits.training.run_state import read_run_state
from quantpits.training.step import run
from quantpits.workspace import Workspace

DONE, REFUSED, INTERRUPTED, BUG = 0, 10, 11, 99
MODES = {"kill": 0, "full": 1, "short": 2}
EXPECTED = {"kill": -signal.SIGKILL, "short": -signal.SIGKILL, "full": REFUSED}
# A run has an id and a time of its own; all else must be the same.
OWN = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_WRITES_OF_A_MODEL = 160


def shown(root: Path) -> dict[str, bytes]:
    """Return what a training publishes, predictions byte for byte; manifests hash the run ids."""
    found = (root / "output").rglob("*")
    paths = [path for path in found if path.is_file() and path.parent.name != "manifests"]
    paths.append(root / "latest_train_records.json")
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        if path.suffix == ".csv"
        else OWN.sub(b"own", path.read_bytes())
        for path in sorted(paths)
    }


def statuses(root: Path) -> list[str]:
    with sqlite3.connect(root / "mlruns" / "mlflow.db") as connection:
        rows = connection.execute("SELECT status FROM runs").fetchall()
    return sorted(status for (status,) in rows)


def finished(root: Path) -> dict[str, str]:
    state = read_run_state(Workspace(root))
    return {} if state is None else {name: each.run_id for name, each in state.finished.items()}


def train(root: Path) -> None:
    """Do what the user is told to do: go on, or start where there is nothing to go on with."""
    try:
        run(Workspace(root), TrainRequest(resume=True))
    except UsageError:
        run(Workspace(root), TrainRequest())


def stopped(shim: ctypes.CDLL, root: Path, *, at: int, mode: str) -> int:
    """Train in a process that is stopped at a write; return its exit code."""
    child = os.fork()
    if child == 0:
        try:
            shim.crash_arm(ctypes.c_long(at), MODES[mode])
            train(root)
            code = DONE
        except KeyboardInterrupt:
            code = INTERRUPTED
        except QuantPitsError as error:
            code = REFUSED if len(str(error).splitlines()) <= 30 else BUG
        except BaseException as error:  # noqa: BLE001 - reported by its exit code
            shim.crash_arm(ctypes.c_long(-1), 0)
            sys.stderr.write(f"{at}: {error!r}\n")
            code = BUG
        finally:
            shim.crash_arm(ctypes.c_long(-1), 0)
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Checks:
    """What must hold after every stop, and at the end."""

    def __init__(self, root: Path, whole: Path) -> None:
        self.root = root
        self.right = shown(whole)
        self.problems: list[str] = []

    def after_a_stop(self, kept: dict[str, str], *, at: int) -> dict[str, str]:
        now = finished(self.root)
        if not kept.items() <= now.items():
            self.problems.append(f"{at}: of {kept} is left {now}")
        state = read_run_state(Workspace(self.root))
        for name, record in {} if state is None else state.finished.items():
            for path, sha256 in (
                (record.prediction_path, record.prediction_sha256),
                (record.model_path, record.model_sha256),
            ):
                content = (self.root / str(path)).read_bytes()
                if hashlib.sha256(content).hexdigest() != sha256:
                    self.problems.append(f"{at}: {name} is finished, but {path} is not whole")
        for name, content in self.visible().items():
            if self.right.get(name) != content and not name.endswith(".json"):
                self.problems.append(f"{at}: half a file: {name}")
            if name.endswith(".json"):
                json.loads(content)
        return now

    def visible(self) -> dict[str, bytes]:
        if not (self.root / "latest_train_records.json").exists():
            return {
                name: (self.root / name).read_bytes()
                for name in self.right
                if (self.root / name).is_file()
            }
        return {name: text for name, text in shown(self.root).items() if "/." not in name}

    def at_the_end(self, kept: dict[str, str], *, at: int, stops: int) -> None:
        records = read_train_records(Workspace(self.root))
        if not kept.items() <= records.models.items():
            self.problems.append(f"{at}: trained again although finished")
        if shown(self.root) != self.right:
            found = shown(self.root)
            names = sorted(
                key for key in {*found, *self.right} if found.get(key) != self.right.get(key)
            )
            self.problems.append(f"{at}: other files in the end: {names}")
        known = statuses(self.root)
        if known.count("FINISHED") > len(records.models) + stops or "RUNNING" in known:
            self.problems.append(f"{at}: runs {known}")


def each(shim: ctypes.CDLL, template: Path, checks: Checks, *, mode: str, stride: int) -> int:
    at, points, code = 1 - stride, 0, REFUSED
    while code != DONE:
        at, points = at + stride, points + 1
        shutil.rmtree(checks.root, ignore_errors=True)
        shutil.copytree(template, checks.root)
        code = stopped(shim, checks.root, at=at, mode=mode)
        if code not in {DONE, EXPECTED[mode]}:
            checks.problems.append(f"{at}: exit code {code}")
        kept = checks.after_a_stop({}, at=at)
        # In another process: this one still knows the database that lay here before.
        if code != DONE and stopped(shim, checks.root, at=-1, mode=mode) != DONE:
            checks.problems.append(f"{at}: could not go on")
        checks.at_the_end(kept, at=at, stops=1)
    return points - 1


def chain(shim: ctypes.CDLL, template: Path, checks: Checks, *, mode: str, stride: int) -> int:
    shutil.copytree(template, checks.root)
    kept: dict[str, str] = {}
    points, code = 0, REFUSED
    while code != DONE:
        at = 1 + points * stride % (4 * _WRITES_OF_A_MODEL)
        code = stopped(shim, checks.root, at=at, mode=mode)
        points += 1
        if code not in {DONE, EXPECTED[mode]}:
            checks.problems.append(f"{points}: exit code {code}")
        kept = checks.after_a_stop(kept, at=at)
    checks.at_the_end(kept, at=points, stops=points)
    return points - 1


def main() -> None:
    library, way, mode, template, scratch, stride = sys.argv[1:]
    shim = ctypes.CDLL(library)
    whole = Path(scratch) / "Whole" / Path(template).name
    shutil.copytree(template, whole)
    train(whole)  # also loads here what every child needs
    checks = Checks(Path(scratch) / "Stopped" / Path(template).name, whole)
    stop = {"each": each, "chain": chain}[way]
    points = stop(shim, Path(template), checks, mode=mode, stride=int(stride))
    sys.stdout.write(json.dumps({"points": points, "problems": checks.problems[:20]}) + "\n")


main()
