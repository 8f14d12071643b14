"""A workspace to run commands in, and a way to see which request a command makes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from quantpits.cli import app
from quantpits.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.cli.execute import Plan
    from quantpits.cli.flags import Common


@dataclass
class Asked:
    """What the last command asked for."""

    common: Common | None = None
    plan: Plan | None = None
    step: object = None
    target: str | None = None
    request: object = None
    exit_code: int = 0
    arguments: list[str] = field(default_factory=list)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    root = tmp_path / "Books"
    (root / "config").mkdir(parents=True)
    monkeypatch.setenv("QLIB_WORKSPACE_DIR", str(root))
    return Workspace(root)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch):
    """Return a function that parses a command line up to its request and runs no step."""
    asked = Asked()

    def note_request(target: str, request: object) -> object:
        asked.target, asked.request = target, request
        return None

    def note_plan(common: Common, plan: Plan, *, step: object) -> int:
        asked.common, asked.plan, asked.step = common, plan, step
        return 0

    modules = {app.target_of(name).partition(":")[0] for name, _, _ in app.COMMANDS}
    for module in map(importlib.import_module, sorted(modules)):
        if hasattr(module, "execute"):
            monkeypatch.setattr(module, "execute", note_plan)
        if hasattr(module, "step_of"):
            monkeypatch.setattr(module, "step_of", note_request)

    def run(line: str) -> Asked:
        asked.arguments = line.split()
        asked.exit_code = app.main(asked.arguments)
        return asked

    return run
