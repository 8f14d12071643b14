from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from quantpits.cli.execute import Plan, announce, execute, execute_outside, step_of
from quantpits.cli.flags import Common
from quantpits.errors import Finding, WorkspaceError, WorkspaceLockedError
from quantpits.workspace import writer_lock

WRITES = Plan(command="train", text="train everything", is_writing=True)
READS = Plan(command="train", text="train everything", is_writing=False)


@dataclass(frozen=True)
class Report:
    workspace: str
    findings: tuple[Finding, ...] = ()

    def summary(self) -> list[str]:
        return [f"ran in {self.workspace}"]


def step(workspace, _progress) -> Report:
    return Report(workspace.name)


def test_the_report_goes_to_stdout_and_the_plan_to_stderr(workspace, capsys):
    assert execute(Common(), WRITES, step=step) == 0
    captured = capsys.readouterr()
    assert captured.out == "ran in Books\n"
    assert f"workspace: Books ({workspace.root})\n" in captured.err
    assert "\nmarket: Qlib data" in captured.err
    assert captured.err.endswith("plan: train everything\n")


def test_as_json_stdout_holds_one_object(workspace, capsys):
    execute(Common(json=True), WRITES, step=step)
    content = json.loads(capsys.readouterr().out)
    assert {"workspace": "Books", "findings": [], "exit_code": 0} == content


def test_quiet_says_nothing_on_stderr(workspace, capsys):
    execute(Common(quiet=True), WRITES, step=step)
    assert capsys.readouterr().err == ""


def test_the_flag_wins_over_the_environment(workspace, tmp_path, capsys):
    (tmp_path / "Other" / "config").mkdir(parents=True)
    execute(Common(workspace=tmp_path / "Other"), WRITES, step=step)
    assert capsys.readouterr().out == "ran in Other\n"


def test_without_a_workspace_nothing_runs(tmp_path):
    with pytest.raises(WorkspaceError, match="none") as caught:
        execute(Common(workspace=tmp_path / "none"), WRITES, step=step)
    assert caught.value.exit_code == 2


def test_a_finding_that_is_an_error_exits_with_one(workspace, capsys):
    finding = Finding("ABC001", "error", "It is wrong.")
    assert execute(Common(), WRITES, step=lambda place, _: Report(place.name, (finding,))) == 1


def test_a_synthetic_market_is_named_as_one(workspace, capsys):
    (workspace.config_dir / "market.yaml").write_text("provider: synthetic\n", "utf-8")
    announce(workspace, WRITES)
    assert "market: SYNTHETIC, made by QuantPits; nobody's real prices\n" in capsys.readouterr().err


def test_a_market_folder_is_named(workspace, capsys):
    (workspace.config_dir / "market.yaml").write_text("provider_uri: /data/cn\n", "utf-8")
    announce(workspace, WRITES)
    assert "market: /data/cn\n" in capsys.readouterr().err


def test_a_wrong_market_file_is_left_to_the_step(workspace, capsys):
    (workspace.config_dir / "market.yaml").write_text("provder: qlib\n", "utf-8")
    announce(workspace, READS)
    err = capsys.readouterr().err
    assert "market: unknown, config/market.yaml is wrong\n" in err
    assert "; nothing is written\n" in err


def test_the_step_is_imported_when_it_runs_and_gets_the_request(workspace, monkeypatch):
    made = []

    def run(place, request, *, progress):
        made.append((place, request, progress))
        return Report(place.name)

    target = "quantpits_test_step:run"
    deferred = step_of(target, "request")
    monkeypatch.setitem(sys.modules, "quantpits_test_step", sys.modules[__name__])
    monkeypatch.setattr(sys.modules[__name__], "run", run, raising=False)
    assert Report("Books") == deferred(workspace, "progress")
    assert [(workspace, "request", "progress")] == made


def test_a_second_writer_is_refused_at_once_and_told_who_writes(workspace):
    code = (
        "import sys, time\n"
        "from quantpits.workspace import Workspace, writer_lock\n"
        "from pathlib import Path\n"
        "with writer_lock(Workspace(Path(sys.argv[1])), 'fuse'):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    started = time.monotonic()
    with pytest.raises(WorkspaceLockedError, match="fuse"):
        execute(Common(quiet=True), WRITES, step=step)
    assert time.monotonic() - started < 2.0
    assert execute(Common(quiet=True), READS, step=step) == 0  # reading needs no lock
    holder.communicate("")
    assert holder.returncode == 0
    assert execute(Common(quiet=True), WRITES, step=step) == 0


def test_a_step_may_take_the_lock_again(workspace):
    def locking(place, _progress) -> Report:
        with writer_lock(place, "train"):
            return Report(place.name)

    assert execute(Common(quiet=True), WRITES, step=locking) == 0


def test_what_belongs_to_no_workspace_needs_none(monkeypatch, capsys):
    monkeypatch.delenv("QLIB_WORKSPACE_DIR", raising=False)
    assert execute_outside(Common(), "make it", run=lambda _: Report("new")) == 0
    captured = capsys.readouterr()
    assert captured.out == "ran in new\n"
    assert captured.err == "plan: make it\n"
    assert execute_outside(Common(quiet=True), "make it", run=lambda _: Report("new")) == 0
    assert capsys.readouterr().err == ""
