from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys

import pytest

from quantpits.cli.boundary import guarded
from quantpits.errors import (
    ConfigError,
    ConfigProblem,
    LedgerError,
    MissingArtifactError,
    OrderError,
    QuantPitsError,
    UsageError,
    WorkspaceLockedError,
)


def run(error: BaseException | None = None, **flags: bool) -> int:
    def command() -> int:
        if error is not None:
            raise error
        return 0

    return guarded(command, **{"as_json": False, "is_verbose": False, **flags})


def test_what_the_command_returns_is_returned():
    assert guarded(lambda: 1, as_json=False, is_verbose=False) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("wrong"), 2),
        (ConfigError([ConfigProblem("a.json", "k", "wrong")]), 2),
        (MissingArtifactError("gone"), 3),
        (WorkspaceLockedError("busy"), 3),
        (LedgerError("no"), 4),
        (OrderError("no"), 4),
        (QuantPitsError("bug"), 70),
    ],
)
def test_errors_of_the_tree_decide_the_exit_code(error, code, capsys):
    assert code == run(error)
    assert "" == capsys.readouterr().out


def test_an_error_is_told_on_stderr_with_every_fact(capsys):
    run(UsageError("It is wrong.", where="a:1", expected=1, found="two [three]", hint="mend it"))
    assert capsys.readouterr().err == (
        "error: It is wrong.\n"
        "  where: a:1\n"
        "  expected: 1\n"
        "  found: two [three]\n"
        "  what to do: mend it\n"
    )


def test_a_long_path_is_not_broken_into_lines(capsys):
    path = "/very" * 60
    run(UsageError("It is wrong.", where=path))
    assert f"  where: {path}\n" in capsys.readouterr().err


def test_with_json_an_error_is_also_one_object_on_stdout(capsys):
    problem = ConfigProblem("a.json", "top.k", "unknown")
    run(ConfigError([problem], hint="mend it"), as_json=True)
    captured = capsys.readouterr()
    assert {
        "error": {
            "type": "ConfigError",
            "what": "The configuration has 1 problem:\n  - a.json: top.k: unknown",
            "where": None,
            "expected": None,
            "found": None,
            "hint": "mend it",
            "problems": [{"source": "a.json", "key": "top.k", "message": "unknown"}],
        },
        "exit_code": 2,
    } == json.loads(captured.out)
    assert "error: The configuration has 1 problem" in captured.err


def test_interrupting_says_that_nothing_is_half_written(capsys):
    assert run(KeyboardInterrupt()) == 130
    assert "Nothing is half-written; run the same command again." in capsys.readouterr().err


def test_a_bug_is_named_one_and_shows_no_traceback(capsys):
    assert run(RuntimeError("oops")) == 70
    err = capsys.readouterr().err
    assert "This is a bug in QuantPits: RuntimeError: oops" in err
    assert "--verbose" in err
    assert "Traceback" not in err


def test_a_bug_shows_its_traceback_when_asked(capsys):
    run(RuntimeError("oops"), is_verbose=True)
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_bug_as_json_has_the_same_keys_as_an_error(capsys):
    run(RuntimeError("oops"), as_json=True)
    content = json.loads(capsys.readouterr().out)
    assert content["exit_code"] == 70
    assert content["error"]["type"] == "RuntimeError"
    keys = {"type", "what", "where", "expected", "found", "hint", "problems"}
    assert keys == content["error"].keys()


def test_a_reader_that_leaves_is_no_error():
    code = (
        "from quantpits.cli.boundary import guarded\n"
        "def show():\n"
        "    for _ in range(100_000): print('a line of the result')\n"
        "    return 0\n"
        "raise SystemExit(guarded(show, as_json=False, is_verbose=False))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.read(10)
    process.stdout.close()
    assert b"" == process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141


def test_a_reader_that_left_before_the_flush(monkeypatch, tmp_path):
    class Left(io.StringIO):
        def flush(self):
            raise BrokenPipeError

        def fileno(self):
            return self.descriptor

    left = Left()
    left.descriptor = os.open(tmp_path / "sink", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setattr(sys, "stdout", left)
    assert run() == 141
    os.close(left.descriptor)


def test_control_c_ends_a_running_command_with_its_exit_code():
    code = (
        "import signal, sys, time\n"
        # A test run in the background inherits that Ctrl+C is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from quantpits.cli.boundary import guarded\n"
        "def wait():\n"
        "    print('waiting', flush=True)\n"
        "    time.sleep(60)\n"
        "    return 0\n"
        "raise SystemExit(guarded(wait, as_json=False, is_verbose=False))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
