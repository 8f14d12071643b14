"""Scripts are a few lines each, and none of them shadows a module of the standard library."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

LINES = 60
HEAVY = {"catboost", "lightgbm", "mlflow", "numpy", "pandas", "qlib", "torch"}
SCRIPTS = sorted(
    path
    for path in (Path(__file__).resolve().parents[2] / "quantpits" / "scripts").glob("*.py")
    if path.name != "__init__.py"
)


def test_there_are_scripts() -> None:
    assert SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_is_a_few_lines(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_decides_nothing(script: Path) -> None:
    tree = ast.parse(script.read_text(encoding="utf-8"))
    assert [] == [
        f"{type(node).__name__} in line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.For | ast.While | ast.ClassDef)
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_imports_nothing_heavy(script: Path) -> None:
    tree = ast.parse(script.read_text(encoding="utf-8"))
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        + ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
    }
    assert set() == names & HEAVY


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_shadows_nothing(script: Path) -> None:
    assert script.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_has_a_guarded_main(script: Path) -> None:
    source = script.read_text(encoding="utf-8")
    assert 'if __name__ == "__main__":\n    raise SystemExit(main())' in source
    assert "def main(" in source or " main" in source
