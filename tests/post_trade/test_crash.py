"""A kill at every single write, and a disk that is full from every single write on."""

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
    ("command", "mode", "least"),
    [
        ("post", "kill", 80),
        ("post", "full", 60),
        ("correct", "kill", 60),
        pytest.param("post", "short", 80, marks=pytest.mark.slow),
        pytest.param("correct", "full", 60, marks=pytest.mark.slow),
        pytest.param("correct", "short", 60, marks=pytest.mark.slow),
    ],
)
def test_a_stop_at_any_write_leaves_the_old_books_or_the_new_ones(
    account, trade, shim, tmp_path, *, command, mode, least
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
            *(account.workspace.root, tmp_path / "scratch"),
        ],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "LD_PRELOAD": str(shim), "OMP_NUM_THREADS": "1"},
    )
    assert 0 == done.returncode, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert [] == report["problems"], done.stderr
    assert least <= report["points"]
