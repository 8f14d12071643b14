"""The house plan: every room says what it is for, and nothing hides in a drawer."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DRAWERS = ("utils", "util", "helpers", "helper", "common", "misc")
FOLDERS_DEEP = 2


def test_every_room_has_an_init(rooms: tuple[Path, ...]) -> None:
    assert [] == [room.name for room in rooms if not (room / "__init__.py").is_file()]


def test_every_room_says_what_it_is_for(rooms: tuple[Path, ...]) -> None:
    silent = [
        room.name
        for room in rooms
        if not ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
    ]
    assert [] == silent


@pytest.mark.parametrize("word", ["import", "never"])
def test_every_room_says_what_may_be_imported_and_what_must_never_be(
    rooms: tuple[Path, ...], word: str
) -> None:
    documents = {
        room.name: ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
        for room in rooms
    }
    assert [] == [name for name, text in documents.items() if word not in (text or "").lower()]


def test_every_module_says_what_it_is(modules: tuple[Path, ...], repository: Path) -> None:
    silent = [
        str(path.relative_to(repository))
        for path in modules
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert [] == silent


def test_nothing_is_called_a_drawer(modules: tuple[Path, ...], package: Path) -> None:
    drawers = [
        str(path.relative_to(package))
        for path in modules
        if any(_is_drawer(part) for part in path.relative_to(package).with_suffix("").parts)
    ]
    assert [] == drawers


def test_folders_are_two_deep_at_most(modules: tuple[Path, ...], package: Path) -> None:
    deep = [
        str(path.relative_to(package))
        for path in modules
        if len(path.relative_to(package).parts) - 1 > FOLDERS_DEEP
    ]
    assert [] == deep


def _is_drawer(name: str) -> bool:
    return any(word in DRAWERS for word in name.strip("_").split("_"))
