"""Every module has its test module, in the same place of the mirrored tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Scripts are a few equal lines each: one parametrised test starts and reads them all.
COVERED_TOGETHER = {"scripts": "tests/architecture/test_scripts.py"}


def test_every_module_has_its_test_module(
    modules: tuple[Path, ...], package: Path, repository: Path
) -> None:
    missing = []
    for path in modules:
        place = path.relative_to(package)
        if path.stem in {"__init__", "__main__"} or place.parts[0] in COVERED_TOGETHER:
            continue
        twin = repository / "tests" / place.parent / f"test_{path.name}"
        if not twin.is_file():
            missing.append(str(twin.relative_to(repository)))
    assert [] == missing


def test_what_is_covered_together_is_covered(repository: Path) -> None:
    assert [] == [name for name in COVERED_TOGETHER.values() if not (repository / name).is_file()]
