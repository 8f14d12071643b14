"""The import contracts hold, and each of them can fail: a planted breach is found and named.

A contract that nothing can break protects nothing. The package's own source is copied, one
offending line is planted, and the linter has to name the contract it breaks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = "Imports go down only"
STEPS = "Steps do not know each other"
PURE = "trading and signals are pure"
DOORS = "qlib and mlflow have three doors only"


class Breach(NamedTuple):
    """One offending line, where it is planted, and the contract it must break."""

    name: str
    module: str
    line: str
    contract: str


BREACHES = (
    Breach("a step imports another", "ranking/__init__.py", "import quantpits.fusion", LAYERS),
    Breach("orders read fusion", "orders/__init__.py", "import quantpits.fusion", STEPS),
    Breach("a step imports the routine", "orders/__init__.py", "import quantpits.routine", LAYERS),
    Breach("config imports workspace", "config/__init__.py", "import quantpits.workspace", LAYERS),
    Breach("market imports signals", "market/__init__.py", "import quantpits.signals", LAYERS),
    Breach("errors import config", "errors.py", "import quantpits.config", LAYERS),
    Breach("a room nobody listed", "attic/__init__.py", "", LAYERS),
    Breach("trading imports qlib", "trading/__init__.py", "import qlib", PURE),
    Breach("signals read the environment", "signals/__init__.py", "import os", PURE),
    Breach("trading looks at the clock", "trading/__init__.py", "import time", PURE),
    Breach("orders import qlib", "orders/__init__.py", "import qlib", DOORS),
    Breach("records import mlflow", "records/__init__.py", "import mlflow", DOORS),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, repository: Path, package: Path) -> Path:
    """A copy of the package's source with its contracts, to plant breaches in."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(
        package,
        copy / "quantpits",
        ignore=shutil.ignore_patterns("__pycache__", "template", "*.nbi", "*.nbc"),
    )
    shutil.copy(repository / "pyproject.toml", copy)
    return copy


def test_contracts_hold(repository: Path) -> None:
    finished = _lint(repository)
    assert 0 == finished.returncode, finished.stdout


def test_the_untouched_copy_holds_too(house: Path) -> None:
    finished = _lint(house)
    assert 0 == finished.returncode, finished.stdout


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.name)
def test_a_planted_breach_is_named(house: Path, breach: Breach) -> None:
    module = house / "quantpits" / breach.module
    before = module.read_text(encoding="utf-8") if module.exists() else None
    module.parent.mkdir(exist_ok=True)
    module.write_text(f"{before or ''}\n{breach.line}\n", encoding="utf-8")
    try:
        finished = _lint(house)
    finally:
        if before is None:
            shutil.rmtree(module.parent)
        else:
            module.write_text(before, encoding="utf-8")
    assert 1 == finished.returncode, finished.stdout
    assert f"{breach.contract} BROKEN" in finished.stdout


def test_every_contract_has_a_planted_breach(repository: Path) -> None:
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert contracts == {breach.contract for breach in BREACHES}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter on the package that lies in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"}
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", script, "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
