"""Temporary names, leftovers and error messages."""

import errno
import os
import stat

import pytest

from quantpits.errors import ArtifactError
from quantpits.workspace import durable

NO_SUCH_PID = 2**22 + 1  # above the largest process number of Linux


def test_temporary_path_lies_beside_and_carries_the_pid(tmp_path):
    target = tmp_path / "a.json"
    with durable.temporary_path(target) as temporary:
        assert tmp_path == temporary.parent
        assert temporary.name.startswith(f".a.json.tmp-{os.getpid()}-")
        assert not temporary.exists()


def test_temporary_path_is_removed_when_the_block_fails(tmp_path):
    def fail():
        with durable.temporary_path(tmp_path / "a") as temporary:
            temporary.mkdir()
            (temporary / "part").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [] == list(tmp_path.iterdir())


def test_set_aside_path_is_never_removed(tmp_path):
    def fail():
        with durable.set_aside_path(tmp_path / "a") as old:
            old.mkdir()
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        fail()
    assert 1 == len(list(tmp_path.iterdir()))


def test_write_and_sync_makes_a_new_file(tmp_path):
    path = tmp_path / "a"
    durable.write_and_sync(path, b"text", mode=0o640)
    assert b"text" == path.read_bytes()
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)
    with pytest.raises(FileExistsError, match="exists"):
        durable.write_and_sync(path, b"other")


def test_leftovers_are_those_of_dead_processes(tmp_path):
    names = {
        f".a.tmp-{NO_SUCH_PID}-0123abcd": True,
        f".a.tmp-{2**70}-0123abcd": True,
        f".a.tmp-{os.getpid()}-0123abcd": True,  # a dead process had our number
        f".a.tmp-{os.getppid()}-0123abcd": False,
        ".a.tmp-1-0123abcd": False,
        f".a.tmp-{NO_SUCH_PID}-0123": False,
        f".a.tmp-x.tmp-{NO_SUCH_PID}-0123abcd": False,
        f".b.tmp-{NO_SUCH_PID}-0123abcd": False,
        f".a.old-{NO_SUCH_PID}-0123abcd": False,
    }
    for name in names:
        (tmp_path / name).touch()
    expected = sorted(name for name, is_leftover in names.items() if is_leftover)
    assert expected == [path.name for path in durable.leftovers(tmp_path / "a", "tmp")]


def test_name_in_use_is_no_leftover(tmp_path):
    with durable.temporary_path(tmp_path / "a") as temporary:
        temporary.touch()
        assert [] == durable.leftovers(tmp_path / "a", "tmp")


def test_process_of_another_user_is_alive(tmp_path, monkeypatch):
    def refuse(pid, signal):
        raise PermissionError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    (tmp_path / f".a.tmp-{NO_SUCH_PID}-0123abcd").touch()
    assert [] == durable.leftovers(tmp_path / "a", "tmp")


def test_remove_leftovers_takes_files_and_folders(tmp_path):
    folder = tmp_path / f".a.tmp-{NO_SUCH_PID}-0123abcd"
    (folder / "inside").mkdir(parents=True)
    (tmp_path / f".a.tmp-{NO_SUCH_PID}-4567abcd").touch()
    (tmp_path / "a").touch()
    durable.remove_leftovers(tmp_path / "a")
    assert ["a"] == [path.name for path in tmp_path.iterdir()]


def test_remove_path_does_not_follow_links(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    link = tmp_path / "link"
    link.symlink_to(kept)
    durable.remove_path(link)
    durable.remove_path(tmp_path / "nothing")
    assert [kept] == list(tmp_path.iterdir())


def test_make_folder_syncs_every_new_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    durable.make_folder(tmp_path / "a" / "b")
    assert [tmp_path, tmp_path / "a"] == synced
    durable.make_folder(tmp_path / "a" / "b")
    assert 2 == len(synced)


def test_sync_tree_reaches_every_file(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x")
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    durable.sync_tree(tmp_path)
    assert 4 == len(synced)


def test_sync_tree_waits_once_for_many_files(tmp_path, monkeypatch):
    for number in range(101):
        (tmp_path / str(number)).touch()
    waited = []
    monkeypatch.setattr(os, "sync", lambda: waited.append("all"))
    monkeypatch.setattr(os, "fsync", waited.append)
    durable.sync_tree(tmp_path)
    assert ["all"] == waited


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch, code):
    def refuse(descriptor):
        raise OSError(code, "cannot")

    monkeypatch.setattr(os, "fsync", refuse)
    durable.sync_folder(tmp_path)


def test_disk_error_of_a_folder_is_an_error(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="broken disk"):
        durable.sync_folder(tmp_path)


def test_write_error_says_what_to_do(tmp_path):
    error = durable.write_error(tmp_path / "a", OSError(errno.ENOSPC, "No space left on device"))
    assert isinstance(error, ArtifactError)
    assert (tmp_path / "a", "No space left on device") == (error.where, error.found)
    assert "Free space" in error.hint


def test_write_error_without_a_number(tmp_path):
    error = durable.write_error(tmp_path / "a", OSError("strange"))
    assert ("strange", None) == (error.found, error.hint)
