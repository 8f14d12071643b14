"""What every architecture test looks at: the repository, its package and its modules."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def package(repository: Path) -> Path:
    return repository / "quantpits"


@pytest.fixture(scope="session")
def modules(package: Path) -> tuple[Path, ...]:
    """Every Python file of the package; the workspace template is data."""
    found = sorted(package.rglob("*.py"))
    return tuple(path for path in found if "template" not in path.relative_to(package).parts)


@pytest.fixture(scope="session")
def rooms(package: Path) -> tuple[Path, ...]:
    """Every folder of the package that holds Python files, named from the package on."""
    found = {path.parent for path in package.glob("*/*.py")}
    return tuple(sorted(found))
