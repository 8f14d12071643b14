"""Backups that never overwrite one another."""

from datetime import UTC, datetime

import pytest

from quantpits.errors import ArtifactError
from quantpits.workspace.history import backup

NOW = datetime(2026, 2, 7, 10, 15, 0, tzinfo=UTC)


def test_backup_has_the_documented_name(workspace):
    path = workspace.root / "a.json"
    path.write_bytes(b"old")
    copy = backup(workspace, path, "model_performance_2026-02-06", now=NOW)
    expected = workspace.history_dir / "model_performance_2026-02-06_2026-02-07_101500.json"
    assert expected == copy
    assert b"old" == copy.read_bytes()
    assert b"old" == path.read_bytes()


def test_backups_within_a_second_are_all_kept(workspace):
    path = workspace.root / "a.json"
    for content in (b"1", b"2", b"2"):
        path.write_bytes(content)
        backup(workspace, path, "run_state", now=NOW)
    assert {
        "run_state_2026-02-07_101500.json": b"1",
        "run_state_2026-02-07_101500_2.json": b"2",
        "run_state_2026-02-07_101500_3.json": b"2",
    } == {copy.name: copy.read_bytes() for copy in workspace.history_dir.iterdir()}


def test_nothing_to_back_up(workspace):
    assert backup(workspace, workspace.root / "none.json", "x") is None
    assert not workspace.history_dir.exists()


def test_clock_is_used_without_a_time(workspace):
    path = workspace.root / "a.json"
    path.write_bytes(b"old")
    assert backup(workspace, path, "x").name.startswith("x_2")


def test_folder_cannot_be_backed_up(workspace):
    with pytest.raises(ArtifactError, match="cannot be read for its backup"):
        backup(workspace, workspace.config_dir, "x")
