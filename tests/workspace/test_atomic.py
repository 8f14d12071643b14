"""Old content or new content, never a half, wherever a process is killed."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import ArtifactError, NonFiniteError, UsageError
from quantpits.workspace import atomic, durable
from quantpits.workspace.atomic import (
    recover_tree,
    sha256_bytes,
    sha256_file,
    write_bytes,
    write_csv,
    write_json,
    write_text,
    write_tree,
)

NO_SUCH_PID = 2**22 + 1


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_with(code):
    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    return fail


# --- files ---------------------------------------------------------------------------------------


def test_write_makes_the_file_and_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "c.txt"
    assert write_bytes(path, b"text")
    assert b"text" == path.read_bytes()
    assert ["c.txt"] == names_in(path.parent)


def test_same_content_touches_nothing(tmp_path):
    path = tmp_path / "a.txt"
    write_bytes(path, b"text")
    os.utime(path, ns=(1, 1))
    before = path.stat()
    assert not write_bytes(path, b"text")
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_ino,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )


@pytest.mark.parametrize("new", [b"other text", b"tex", b"tixt", b""])
def test_other_content_replaces(tmp_path, new):
    path = tmp_path / "a.txt"
    write_bytes(path, b"text")
    assert write_bytes(path, new)
    assert new == path.read_bytes()


def test_permissions_are_kept(tmp_path):
    path = tmp_path / "run.sh"
    write_bytes(path, b"1")
    path.chmod(0o750)
    write_bytes(path, b"2")
    assert 0o750 == stat.S_IMODE(path.stat().st_mode)


def test_link_is_followed(tmp_path):
    target = tmp_path / "elsewhere" / "a.txt"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link = tmp_path / "a.txt"
    link.symlink_to(target)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert b"new" == target.read_bytes()
    assert ["a.txt"] == names_in(target.parent)


def test_leftovers_of_dead_processes_are_removed(tmp_path):
    (tmp_path / f".a.txt.tmp-{NO_SUCH_PID}-0123abcd").touch()
    (tmp_path / f".b.txt.tmp-{NO_SUCH_PID}-0123abcd").touch()
    write_bytes(tmp_path / "a.txt", b"text")
    assert [f".b.txt.tmp-{NO_SUCH_PID}-0123abcd", "a.txt"] == names_in(tmp_path)


@pytest.mark.parametrize(
    ("broken", "code", "hint"),
    [
        ("fsync", errno.ENOSPC, "Free space"),
        ("replace", errno.ENOSPC, "Free space"),
        ("fsync", errno.EDQUOT, "quota"),
        ("fsync", errno.EIO, ""),
    ],
)
def test_full_disk_keeps_the_old_content(tmp_path, monkeypatch, *, broken, code, hint):
    path = tmp_path / "a.json"
    write_bytes(path, b"old")
    with monkeypatch.context() as patched:
        patched.setattr(os, broken, fail_with(code))
        with pytest.raises(ArtifactError, match=os.strerror(code)) as caught:
            write_bytes(path, b"new")
    assert path == caught.value.where
    assert hint in (caught.value.hint or "")
    assert b"old" == path.read_bytes()
    assert ["a.json"] == names_in(tmp_path)


def test_folder_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "a.json" / "inside").mkdir(parents=True)
    with pytest.raises(ArtifactError, match="A folder stands where the file should be"):
        write_bytes(tmp_path / "a.json", b"new")
    assert ["a.json"] == names_in(tmp_path)


def test_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(ArtifactError, match="A file stands where a folder should be"):
        write_bytes(tmp_path / "a" / "b" / "c", b"new")


def test_kill_at_every_line_leaves_old_or_new(tmp_path, killed_at_line):
    # fault 42: the earlier system truncated the file first
    path = tmp_path / "prod_config.json"
    old, new = b"old" * 1000, b"new content" * 1000
    seen = set()
    n = 0
    was_killed = True
    while was_killed:
        n += 1
        path.write_bytes(old)
        was_killed = killed_at_line(lambda: write_bytes(path, new), n, atomic, durable)
        content = path.read_bytes()
        assert content in (old, new)
        seen.add(content)
        write_bytes(path, b"next")
        assert ["prod_config.json"] == names_in(tmp_path)
    assert {old, new} == seen
    assert n > 30


def test_kill_at_every_line_of_a_first_write_leaves_nothing_or_all(tmp_path, killed_at_line):
    path = tmp_path / "new" / "a.json"
    n = 0
    was_killed = True
    while was_killed:
        n += 1
        was_killed = killed_at_line(lambda: write_bytes(path, b"new"), n, atomic, durable)
        assert not path.exists() or b"new" == path.read_bytes()
        path.unlink(missing_ok=True)
    assert n > 30


WRITER = """
import sys
from pathlib import Path
from quantpits.workspace.atomic import write_bytes
path = Path(sys.argv[1])
contents = [bytes([65 + i]) * 300_000 for i in range(5)]
print("ready", flush=True)
while True:
    for content in contents:
        write_bytes(path, content)
"""


def test_kill_9_of_a_real_writer_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a.bin"
    root = Path(atomic.__file__).parents[2]
    for delay in (0.0, 0.013, 0.05):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=root, stdout=subprocess.PIPE
        )
        with process:
            assert b"ready\n" == process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        content = path.read_bytes() if path.exists() else b""
        assert content in {b"", *(bytes([65 + i]) * 300_000 for i in range(5))}
    write_bytes(path, b"next")
    assert ["a.bin"] == names_in(tmp_path)


# --- formats -------------------------------------------------------------------------------------


def test_text_is_utf_8(tmp_path):
    write_text(tmp_path / "a.txt", "资金\n")
    assert "资金\n".encode() == (tmp_path / "a.txt").read_bytes()


def test_json_is_indented_and_ends_with_a_newline(tmp_path):
    path = tmp_path / "a.json"
    assert write_json(path, {"b": [1, 2.5, None], "a": "资金"})
    expected = '{\n    "b": [\n        1,\n        2.5,\n        null\n    ],\n    "a": "资金"\n}\n'
    assert expected == path.read_text(encoding="utf-8")
    assert not write_json(path, {"b": [1, 2.5, None], "a": "资金"})


def test_json_keys_can_be_sorted(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": 2}, indent=0, sort_keys=True)
    assert '{\n"a": 2,\n"b": 1\n}\n' == (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_is_not_a_number(tmp_path, value):
    # fault 25: NaN breaks strict JSON
    with pytest.raises(NonFiniteError, match="cannot be written as JSON"):
        write_json(tmp_path / "a.json", {"ic": value})
    assert [] == names_in(tmp_path)


def test_csv_has_unix_line_ends_and_exact_floats(tmp_path):
    path = tmp_path / "a.csv"
    rows = [("SH600000", 0.1 + 0.2, None), ("a,b", 1e-17, 'say "x"\n')]
    assert write_csv(path, ("instrument", "score", "note"), rows)
    expected = (
        "instrument,score,note\n"
        "SH600000,0.30000000000000004,\n"
        '"a,b",1e-17,"say ""x""\n"\n'
    )  # fmt: skip
    assert expected.encode() == path.read_bytes()


def test_csv_without_rows_has_its_header(tmp_path):
    write_csv(tmp_path / "a.csv", ["股票代码", "推荐指数"], [], bom=True)
    assert "\ufeff股票代码,推荐指数\n".encode() == (tmp_path / "a.csv").read_bytes()


def test_csv_row_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"does not fit its header.\n.*a\.csv:3"):
        write_csv(tmp_path / "a.csv", ["a", "b"], [(1, 2), (1, 2, 3)])
    assert [] == names_in(tmp_path)


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert expected == sha256_bytes(b"abc") == sha256_file(tmp_path / "a")


def test_sha256_of_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ArtifactError, match="cannot be read"):
        sha256_file(tmp_path / "a")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.property
@settings(max_examples=30)
@given(value=json_values)
def test_json_read_is_what_was_written(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "a.json"
    write_json(path, value)
    assert value == json.loads(path.read_text(encoding="utf-8"))


# --- folders -------------------------------------------------------------------------------------


def build(text):
    def builder(folder):
        (folder / "deep").mkdir()
        (folder / "deep" / "a.txt").write_text(text, encoding="utf-8")
        (folder / "b.txt").write_text(text, encoding="utf-8")
        return text

    return builder


def content_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def tree_of(text):
    return {"deep/a.txt": text, "b.txt": text}


def test_tree_is_made_and_replaced(tmp_path):
    target = tmp_path / "x" / "market"
    assert "one" == write_tree(target, build("one"))
    assert tree_of("one") == content_of(target)
    assert "two" == write_tree(target, build("two"))
    assert tree_of("two") == content_of(target)
    assert ["market"] == names_in(target.parent)


def test_tree_that_must_be_new_is_refused(tmp_path):
    write_tree(tmp_path / "a", build("one"))
    with pytest.raises(ArtifactError, match="something at this place"):
        write_tree(tmp_path / "a", build("two"), replace=False)
    assert tree_of("one") == content_of(tmp_path / "a")


def test_tree_whose_builder_fails_leaves_the_old(tmp_path):
    write_tree(tmp_path / "a", build("one"))

    def fail(folder):
        (folder / "half").touch()
        raise UsageError("No.")

    with pytest.raises(UsageError, match="No"):
        write_tree(tmp_path / "a", fail)
    assert tree_of("one") == content_of(tmp_path / "a")
    assert ["a"] == names_in(tmp_path)


def test_tree_on_a_full_disk_leaves_the_old(tmp_path):
    write_tree(tmp_path / "a", build("one"))
    with pytest.raises(ArtifactError, match="Free space"):
        write_tree(tmp_path / "a", fail_with(errno.ENOSPC))
    assert tree_of("one") == content_of(tmp_path / "a")
    assert ["a"] == names_in(tmp_path)


def test_swap_that_fails_halfway_is_undone(tmp_path, monkeypatch):
    write_tree(tmp_path / "a", build("one"))
    real = os.rename
    calls = []

    def fail_second(source, destination):
        calls.append(destination)
        if len(calls) == 2:
            raise OSError(errno.EIO, "broken disk")
        real(source, destination)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", fail_second)
        with pytest.raises(ArtifactError, match="broken disk"):
            write_tree(tmp_path / "a", build("two"))
    assert tree_of("one") == content_of(tmp_path / "a")
    assert ["a"] == names_in(tmp_path)


def test_kill_at_every_line_leaves_the_old_or_the_new_tree(tmp_path, killed_at_line):
    target = tmp_path / "market"
    old, new = tree_of("old"), tree_of("new")
    seen = []
    n = 0
    n_recovered = 0
    was_killed = True
    write_tree(target, build("old"))
    while was_killed:
        n += 1
        was_killed = killed_at_line(lambda: write_tree(target, build("new")), n, atomic, durable)
        n_recovered += recover_tree(target)
        content = content_of(target)
        assert content in (old, new)
        assert ["market"] == names_in(tmp_path)
        seen.append(content)
        if content == new:
            write_tree(target, build("old"))
    assert old in seen
    assert new in seen
    assert n_recovered > 0
    assert n > 50


def test_kill_between_the_renames_is_healed_by_the_next_write(tmp_path):
    (tmp_path / f".a.old-{NO_SUCH_PID}-0123abcd").mkdir()
    (tmp_path / f".a.tmp-{NO_SUCH_PID}-4567abcd").mkdir()
    write_tree(tmp_path / "a", build("new"))
    assert tree_of("new") == content_of(tmp_path / "a")
    assert ["a"] == names_in(tmp_path)


def test_recover_without_anything_to_recover(tmp_path):
    assert not recover_tree(tmp_path / "nowhere" / "a")
    assert not recover_tree(tmp_path / "a")
    write_tree(tmp_path / "a", build("one"))
    assert not recover_tree(tmp_path / "a")


def test_recover_that_cannot_rename_says_so(tmp_path, monkeypatch):
    (tmp_path / f".a.old-{NO_SUCH_PID}-0123abcd").mkdir()
    monkeypatch.setattr(os, "rename", fail_with(errno.EACCES))
    with pytest.raises(ArtifactError, match="permission"):
        recover_tree(tmp_path / "a")
