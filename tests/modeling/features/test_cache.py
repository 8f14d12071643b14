"""Features kept on disk: what is found, what is not trusted, what is given up."""

from __future__ import annotations

import errno
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import ArtifactError
from quantpits.modeling.features import cache as cache_module
from quantpits.modeling.features.cache import FeatureCache, open_feature_cache
from quantpits.workspace import Workspace

DAYS = pd.date_range("2021-01-04", periods=6, freq="B", name="datetime")


def table(days=DAYS):
    index = pd.MultiIndex.from_product([days, ["SH600000", "SZ000001"]])
    index = index.set_names(["datetime", "instrument"])
    values = np.arange(2 * len(index), dtype=np.float32).reshape(2, -1)
    return pd.DataFrame(values.T, index=index, columns=["A", "B"])


def identity(start="2021-01-04", group="feature"):
    return {"group": group, "start": start, "expressions": ["$close"], "universe": "tiny"}


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "features")


def folders(cache):
    return sorted(path.name for path in cache.root.iterdir()) if cache.root.is_dir() else []


def read(cache, which=None):
    meta = cache.find(which or identity())
    return None if meta is None else cache.read(meta, since=None, through=DAYS[-1])


def test_what_is_kept_is_found_by_another_run_and_extended(cache):
    assert cache.find(identity()) is None
    cache.keep(identity(), table(DAYS[:4]), digest="one")
    meta = FeatureCache(cache.root).find(identity())
    assert ("one", DAYS[3]) == (meta.digest, meta.last)
    before = {path: path.read_bytes() for path in cache.root.rglob("rows-*")}
    cache.extend(meta, table(DAYS[4:]), digest="two")
    assert all(content == path.read_bytes() for path, content in before.items())
    later = FeatureCache(cache.root).find(identity())
    assert ("two", DAYS[5]) == (later.digest, later.last)
    expected = pd.concat([table(DAYS[:4]), table(DAYS[4:])])
    pd.testing.assert_frame_equal(expected, read(cache), check_exact=True)
    assert [] == cache.findings


def test_another_identity_or_version_is_another_folder(cache, monkeypatch):
    cache.keep(identity(), table(), digest="d")
    for other in (identity(start="2021-01-05"), identity(group="more")):
        assert cache.find(other) is None
    monkeypatch.setattr(cache_module, "version", lambda _: "9.9")
    assert cache.find(identity()) is None


@pytest.mark.parametrize("name", ["meta.json", "rows-0000.bin"])
def test_what_is_damaged_is_told_and_not_used(cache, name):
    cache.keep(identity(), table(), digest="d")
    path = next(cache.root.rglob(name))
    path.write_bytes(path.read_bytes()[:-5])
    assert read(cache) is None
    assert ["FTR002"] == [each.code for each in cache.findings]
    assert "computed again" in cache.findings[0].message
    cache.keep(identity(), table(), digest="d")
    assert read(cache) is not None


def test_a_folder_of_another_group_is_told_and_not_used(cache):
    cache.keep(identity(), table(), digest="d")
    here = next(cache.root.iterdir())
    cache.keep(identity(group="more"), table(), digest="d")
    other = next(path for path in cache.root.iterdir() if path != here)
    shutil.rmtree(other)
    shutil.copytree(here, other)
    assert cache.find(identity(group="more")) is None
    assert ["FTR002"] == [each.code for each in cache.findings]


def test_a_reader_survives_a_folder_that_is_removed(cache):
    cache.keep(identity(), table(), digest="d")
    meta = cache.find(identity())
    shutil.rmtree(cache.root)
    assert cache.read(meta, since=None, through=DAYS[-1]) is None
    assert cache.find(identity()) is None
    assert [] == cache.findings


def fail(error):
    def write(*_args, **_kwargs):
        raise error

    return write


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (ArtifactError("Not written.", found="Read-only file system"), "Read-only file system"),
    ],
)
def test_a_disk_that_cannot_be_written_costs_a_warning(cache, monkeypatch, error, expected):
    cache.keep(identity(), table(DAYS[:4]), digest="d")
    meta = cache.find(identity())
    monkeypatch.setattr(cache_module, "write_part", fail(error))
    cache.extend(meta, table(DAYS[4:]), digest="e")
    cache.keep(identity(group="more"), table(), digest="d")
    assert ["FTR001"] == [each.code for each in cache.findings]  # told once
    assert expected in cache.findings[0].message
    assert 4 == read(cache).index.get_level_values("datetime").nunique()
    assert cache.find(identity(group="more")) is None


def test_a_file_in_place_of_the_folder_costs_a_warning(cache):
    cache.root.write_text("mine")
    assert cache.find(identity()) is None
    cache.keep(identity(), table(), digest="d")
    assert ["FTR001"] == [each.code for each in cache.findings]
    assert "mine" == cache.root.read_text()


def test_the_last_space_of_a_disk_is_left_to_the_results(cache, monkeypatch):
    usage = shutil.disk_usage(cache.root.parent)._replace(free=2**20)
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda _: usage)
    cache.keep(identity(), table(), digest="d")
    assert [] == folders(cache)
    assert "1 MiB free, 256 MiB needed" in cache.findings[0].message


def test_what_cannot_be_stored_as_it_is_is_not_kept(cache):
    cache.keep(identity(), table().astype("float64"), digest="d")
    cache.keep(identity(), table().iloc[:0], digest="d")
    assert [] == folders(cache)


def age(cache, which, days):
    """Let a group not have been used for some days."""
    folder = cache._folder(cache.find(which).identity)
    os.utime(folder, (0, 2**30 - 86400 * days))


def test_old_starts_go_and_those_used_last_stay(cache):
    starts = ["2021-01-04", "2021-01-05", "2021-01-06"]
    for days, start in zip((9, 5), starts[:2], strict=True):
        cache.keep(identity(start), table(), digest="d")
        age(cache, identity(start), days)
    read(cache, identity(starts[0]))  # used now
    cache.keep(identity(starts[2]), table(), digest="d")
    assert [True, False, True] == [cache.find(identity(each)) is not None for each in starts]


def test_the_number_of_groups_is_bounded(cache):
    for number in range(12):
        cache.keep(identity(group=str(number)), table(), digest="d")
        age(cache, identity(group=str(number)), 100 - number)
    assert 8 == len(folders(cache))
    assert cache.find(identity(group="11")) is not None
    assert cache.find(identity(group="0")) is None


def test_what_a_killed_process_left_is_removed(cache):
    cache.keep(identity(), table(), digest="d")
    whole = cache._folder(cache.find(identity()).identity)
    left = cache.root / f".{'0' * 32}.tmp-1-00000000"
    left.mkdir()
    (left / "rows-0000.bin").write_bytes(b"half")
    unfinished = cache.root / ("1" * 32)
    unfinished.mkdir()
    cache.keep(identity(start="2021-01-05"), table(), digest="d")
    assert not left.exists()
    assert whole.is_dir()
    assert [] == cache.findings


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_configuration_decides(make, workflow, is_kept):
    workspace = make({"a": workflow()}, feature_cache=is_kept)
    cache = open_feature_cache(workspace, workspace.model_config())
    assert is_kept == (cache is not None)
    assert cache is None or Workspace(workspace.root).features_dir == cache.root
