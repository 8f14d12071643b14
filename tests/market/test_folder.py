"""A market folder is replaced as a whole, or not touched at all."""

from __future__ import annotations

import pytest

from quantpits.market.folder import folder_lock, is_same_folder, write_folder

FILES = {"market.json": b"{}\n", "features/sh600000/close.day.bin": b"\x00\x01"}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "deep" / "market"


def test_a_folder_is_made_with_all_its_files(target):
    assert write_folder(target, FILES)
    assert is_same_folder(target, FILES)
    assert b"\x00\x01" == (target / "features/sh600000/close.day.bin").read_bytes()


def test_the_same_content_touches_nothing(target):
    write_folder(target, FILES)
    before = {path: path.stat().st_mtime_ns for path in [target, *target.rglob("*")]}
    assert not write_folder(target, dict(reversed(FILES.items())))
    assert before == {path: path.stat().st_mtime_ns for path in [target, *target.rglob("*")]}


def test_what_is_not_in_the_new_market_is_gone(target):
    write_folder(target, FILES)
    assert write_folder(target, {"market.json": b"{}\n"})
    assert ["market.json"] == [path.name for path in target.rglob("*")]


@pytest.mark.parametrize(
    "files",
    [
        {"market.json": b"{}\n"},
        FILES | {"names.csv": b""},
        FILES | {"market.json": b"other"},
    ],
)
def test_another_name_or_content_is_another_folder(target, files):
    write_folder(target, FILES)
    assert not is_same_folder(target, files)


def test_a_folder_that_is_not_there_is_not_the_same(target):
    assert not is_same_folder(target, {})


def test_the_lock_makes_its_place_and_is_free_afterwards(target):
    for _ in range(2):
        with folder_lock(target):
            assert target.parent.is_dir()
