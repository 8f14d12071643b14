"""The public names are a list that somebody agreed to: `docs/public_api.txt`.

Renew it with ``python tests/architecture/public_api.py > docs/public_api.txt`` and read the
difference.
"""

from __future__ import annotations

import importlib
import runpy
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def public_names() -> list[str]:
    generator = runpy.run_path(str(Path(__file__).with_name("public_api.py")))
    return list(generator["public_names"]())


def test_public_names_equal_the_agreed_list(public_names: list[str], repository: Path) -> None:
    agreed = (repository / "docs" / "public_api.txt").read_text(encoding="utf-8").splitlines()
    assert agreed == public_names


def test_no_public_name_is_private(public_names: list[str]) -> None:
    assert [] == [name for name in public_names if name.rpartition(".")[2].startswith("_")]


def test_every_public_name_can_be_imported(public_names: list[str]) -> None:
    missing = []
    for dotted in public_names:
        room, _, name = dotted.rpartition(".")
        if not hasattr(importlib.import_module(room), name):
            missing.append(dotted)
    assert [] == missing


def test_every_room_declares_its_public_names(rooms: tuple[Path, ...]) -> None:
    # scripts are started, not imported
    silent = [
        room.name
        for room in rooms
        if room.name != "scripts"
        and "__all__" not in (room / "__init__.py").read_text(encoding="utf-8")
    ]
    assert [] == silent
