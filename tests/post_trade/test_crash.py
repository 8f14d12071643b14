"""A kill, a full disk and a second process at every single write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

MON, TUE = date(2026, 1, 5), date(2026, 1, 6)
HERE = Path(__file__).parent
COMPILER = shutil.which("cc")


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    library = tmp_path_factory.mktemp("shim") / "crash.so"
    source = HERE / "crash_shim.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.mark.skipif(COMPILER is None or sys.platform != "linux", reason="needs cc on Linux")
@pytest.mark.parametrize(
    ("command", "mode", "stride", "least"),
    [
        ("post", "kill", 1, 80),
        ("post", "full", 2, 30),
        ("post", "halt", 19, 4),
        ("correct", "kill", 2, 30),
        pytest.param("post", "full", 1, 60, marks=pytest.mark.slow),
        pytest.param("post", "short", 1, 80, marks=pytest.mark.slow),
        pytest.param("post", "halt", 1, 80, marks=pytest.mark.slow),
        pytest.param("correct", "kill", 1, 60, marks=pytest.mark.slow),
        pytest.param("correct", "full", 1, 60, marks=pytest.mark.slow),
        pytest.param("correct", "short", 1, 60, marks=pytest.mark.slow),
        pytest.param("correct", "halt", 1, 60, marks=pytest.mark.slow),
    ],
)
def test_a_stop_at_any_write_leaves_the_old_books_or_the_new_ones(
    account, trade, shim, tmp_path, *, command, mode, stride, least
) -> None:
    account.write("cashflow.json", {"cashflows": {"2026-01-06": 500}})
    account.settle(MON, [trade("buy", "SH600000", 1000, 10.2)])
    account.settle(TUE, [trade("sell", "SH600000", 400, 10.1)])
    if command == "correct":
        account.run(end_date=TUE)
        account.settle(MON, [trade("buy", "SH600000", 900, 10.2)])
    (tmp_path / "scratch").mkdir()
    done = subprocess.run(
        [
            *(sys.executable, HERE / "crash_driver.py", shim, command, mode),
            *(account.workspace.root, tmp_path / "scratch", str(stride)),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=3600,
        env={**os.environ, "LD_PRELOAD": str(shim), "OMP_NUM_THREADS": "1"},
    )
    assert 0 == done.returncode, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert [] == report["problems"], done.stderr
    assert least <= report["points"]


_READER = """
import ctypes, json, sys
from datetime import date
from pathlib import Path
from quantpits.post_trade import adopt, correct, rebuild, step
from quantpits.post_trade.check import check_ledger, show_ledger
from quantpits.post_trade.entry_list import entry_lines
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.pnl import profit_rows
from quantpits.post_trade.request import CorrectRequest, PostTradeRequest, RebuildRequest
from quantpits.workspace import Workspace

shim, root = ctypes.CDLL(sys.argv[1]), Path(sys.argv[2])
workspace = Workspace(root)
shim.crash_arm(ctypes.c_long(1), 1)  # the disk is full from the first write on
findings = check_ledger(workspace)
show_ledger(workspace)
journal = load_journal(workspace.ledger_path)
entry_lines(journal), profit_rows(journal)
step.run(workspace, PostTradeRequest(dry_run=True, verbose=True))
adopt.run(workspace, PostTradeRequest(dry_run=True))
rebuild.run(workspace, RebuildRequest(dry_run=True))
correct.run(workspace, CorrectRequest(entries=(2,), reason="why", dry_run=True))
shim.crash_arm(ctypes.c_long(-1), 0)
print(json.dumps([each.code for each in findings]))
"""


@pytest.mark.skipif(COMPILER is None or sys.platform != "linux", reason="needs cc on Linux")
def test_what_only_reads_writes_nothing(account, trade, shim) -> None:
    """Every look at the books, and every dry run, on a disk that refuses any write."""
    account.settle(MON, [trade("buy", "SH600000", 1000, 10.2)])
    account.run(end_date=MON)
    account.settle_all()
    before = account.files()
    done = subprocess.run(
        [sys.executable, "-c", _READER, shim, account.workspace.root],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "LD_PRELOAD": str(shim)},
    )
    assert (0, "[]") == (done.returncode, done.stdout.strip()), done.stderr
    assert before == account.files()
