"""What the documents name exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import quantpits

if TYPE_CHECKING:
    from pathlib import Path

ROOT_FOLDERS = (".ci", "benchmarks", "docs", "engine", "quantpits", "tests", "workspaces")


def test_every_path_in_the_architecture_exists(
    repository: Path, package: Path, rooms: tuple[Path, ...]
) -> None:
    text = (repository / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    room_names = {room.name for room in rooms}
    missing = []
    for token in sorted(set(re.findall(r"`([\w.][\w./-]*/[\w./-]*)`", text))):
        first = token.partition("/")[0]
        if first in ROOT_FOLDERS:
            home = repository
        elif first in room_names and token.endswith((".py", "/")):
            home = package  # a workspace has a folder config/ too, without modules
        else:
            continue  # a place in a workspace, or a pattern
        if not (home / token).exists():
            missing.append(token)
    assert [] == missing


def test_the_architecture_names_every_room(repository: Path, rooms: tuple[Path, ...]) -> None:
    text = (repository / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert [] == [room.name for room in rooms if not re.search(rf"\b{room.name}\b", text)]


def test_links_between_documents_lead_somewhere(repository: Path) -> None:
    documents = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md")]
    broken = [
        f"{document.relative_to(repository)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
        if "://" not in target
        and not target.startswith("mailto:")
        and not (document.parent / target).exists()
    ]
    assert [] == broken


def test_newest_version_in_the_changelog_is_the_package_version(repository: Path) -> None:
    text = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)\]?", text, flags=re.MULTILINE)
    assert quantpits.__version__ == versions[0]


def test_make_targets_that_the_readme_names_exist(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([A-Za-z][\w-]*):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z][\w-]*)", readme, flags=re.MULTILINE))
    assert named, "the README names no make target"
    assert set() == named - targets


def test_scripts_that_the_readme_names_exist(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:engine|quantpits)/scripts/\w+\.py", readme))
    assert named, "the README names no script"
    assert [] == sorted(name for name in named if not (repository / name).is_file())
