"""The whole loop, run once: every end-to-end test looks at it, or works on a copy of it.

`first_orders` is a demo workspace after scenario A; `demo` is the same workspace two paper weeks
later. Training is the dear part and happens once; a test that changes anything takes a copy.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quantpits.cli.app import main
from quantpits.market import advance_synthetic, load_calendar, resolve_market
from quantpits.routine import PaperRequest, paper
from quantpits.routine.demo_state import week_ends
from quantpits.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).resolve().parents[2]
# What a command may leave behind without having written anything: the lock it took.
LOCK_FILES = (".lock", ".lock.json")


@dataclass(frozen=True)
class Outcome:
    """What a command said."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict:
        return json.loads(self.stdout)


@dataclass(frozen=True)
class DemoRun:
    """A finished demo."""

    workspace: Workspace
    report: dict


def hash_tree(root: Path, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the hash of every file of a workspace but MLflow's own, by path."""
    skipped = (*LOCK_FILES, *but)
    return {
        place: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and not (place := path.relative_to(root).as_posix()).startswith("mlruns/")
        and not place.startswith(skipped)
    }


def run_one(*command: str, workspace: Path | None = None, cwd: Path | None = None) -> Outcome:
    """Run a true process that does not know this one's workspace."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    environment.pop("QLIB_WORKSPACE_DIR", None)
    if workspace is not None:
        environment["QLIB_WORKSPACE_DIR"] = str(workspace)
    finished = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Outcome(finished.returncode, finished.stdout, finished.stderr)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def tree_hashes() -> Callable[..., dict[str, str]]:
    return hash_tree


@pytest.fixture(scope="session")
def run_process() -> Callable[..., Outcome]:
    return run_one


@pytest.fixture(scope="session")
def first_orders(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """A demo that stopped after its first orders."""
    target = tmp_path_factory.mktemp("e2e") / "Demo_Workspace"
    code = (
        "import sys; from pathlib import Path\n"
        "from quantpits.routine.demo import run\n"
        "from quantpits.routine import DemoRequest\n"
        "run(DemoRequest(Path(sys.argv[1]), weeks=0))\n"
    )
    outcome = run_one("-c", code, str(target), cwd=target.parent)
    assert 0 == outcome.exit_code, outcome.stderr
    # Under the same name, which the order sheet says.
    kept = target.parent / "first" / target.name
    shutil.copytree(target, kept)
    return DemoRun(Workspace(kept), {"target": str(target)})


@pytest.fixture(scope="session")
def demo(first_orders: DemoRun) -> DemoRun:
    """The same demo, gone on to its end by the command."""
    target = Path(first_orders.report["target"])
    code = "from quantpits.cli.app import main; raise SystemExit(main())"
    command = ("-c", code, "demo", "--target", str(target), "--json")
    outcome = run_one(*command, cwd=target.parent)
    assert 0 == outcome.exit_code, outcome.stderr
    return DemoRun(Workspace(target), outcome.report)


@pytest.fixture(scope="session")
def next_week(demo: DemoRun) -> DemoRun:
    """The demo another week later: settled on paper, and nothing else done yet."""
    target = demo.workspace.root.with_name("next")
    shutil.copytree(demo.workspace.root, target)
    workspace = Workspace(target)
    calendar = load_calendar(resolve_market(workspace))
    sessions = calendar.sessions_in(calendar.last_session, date(2026, 12, 31))
    (end,) = week_ends(sessions, calendar.last_session, count=1)
    advance_synthetic(workspace, end)
    paper.run(workspace, PaperRequest())
    return DemoRun(workspace, {"anchor": end.isoformat()})


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[DemoRun], Workspace]:
    """Return a function that copies a workspace for one test."""

    def copy(source: DemoRun) -> Workspace:
        target = tmp_path / "Copy"
        shutil.copytree(source.workspace.root, target)
        return Workspace(target)

    return copy


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Return a function that runs a command in this process."""

    def run(line: str, workspace: Workspace | None = None) -> Outcome:
        place = [] if workspace is None else ["--workspace", str(workspace.root)]
        capsys.readouterr()
        exit_code = main([*line.split(), *place])
        said = capsys.readouterr()
        return Outcome(exit_code, said.out, said.err)

    return run
