"""Workspaces to write to, and children that are killed at every line."""

import os
import sys

import pytest

from quantpits.workspace import Workspace

KILLED = 9


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "Live" / "config").mkdir(parents=True)
    return Workspace(tmp_path / "Live")


@pytest.fixture
def killed_at_line():
    """Run an action in a child that dies without cleaning up at its n-th line in some modules."""

    def run(action, n, *modules):
        child = os.fork()
        if child == 0:
            _die_at(n, {module.__file__ for module in modules})
            action()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == KILLED

    return run


def _die_at(n, files):
    remaining = n

    def trace(frame, event, _):
        nonlocal remaining
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            remaining -= 1
            if remaining == 0:
                os._exit(KILLED)
        return trace

    sys.settrace(trace)
