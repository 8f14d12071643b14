"""A kill, a torn write and a full disk anywhere in a training of ten models, and going on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
COMPILER = shutil.which("cc")
WEIGHTS = [[float(number == 0), 0.5, number / 9.0, float(number % 3)] for number in range(10)]

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="needs cc on Linux"
)


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    library = tmp_path_factory.mktemp("shim") / "crash.so"
    source = HERE.parent / "post_trade" / "crash_shim.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("way", "mode", "stride", "least"),
    [
        ("chain", "kill", 89, 10),
        ("chain", "full", 89, 10),
        pytest.param("chain", "kill", 7, 20, marks=pytest.mark.slow),
        pytest.param("chain", "short", 41, 20, marks=pytest.mark.slow),
        pytest.param("each", "kill", 11, 100, marks=pytest.mark.slow),
        pytest.param("each", "short", 23, 50, marks=pytest.mark.slow),
        pytest.param("each", "full", 23, 50, marks=pytest.mark.slow),
    ],
)
def test_a_stop_at_any_write_costs_only_the_model_in_flight(
    make, workflow, shim, tmp_path, *, way, mode, stride, least
):
    models = {f"m{n}": workflow(weights=weights) for n, weights in enumerate(WEIGHTS)}
    template = make(models)
    (tmp_path / "scratch").mkdir()
    done = subprocess.run(
        [
            *(sys.executable, HERE / "crash_driver.py", shim, way, mode),
            *(template.root, tmp_path / "scratch", str(stride)),
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
