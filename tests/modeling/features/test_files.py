"""Stored features: what is written comes back, and what was not written is not read."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import CorruptArtifactError
from quantpits.modeling.features import files
from quantpits.modeling.features.files import (
    FeatureMeta,
    is_storable,
    read_meta,
    read_rows,
    sorted_index,
    write_part,
)

DAYS = pd.date_range("2021-01-04", periods=6, freq="B", name="datetime")


def table(days=DAYS, names=("SH600000", "SZ000001"), columns=("A", "B"), seed=0):
    index = pd.MultiIndex.from_product([days, sorted(names)], names=["datetime", "instrument"])
    values = np.random.default_rng(seed).random((len(columns), len(index)), np.float32)
    values[0, 0] = np.nan
    return pd.DataFrame(values.T, index=index, columns=list(columns))


def meta_of(frame, **changes):
    levels = sorted_index(frame).levels
    fields = {
        "identity": {"group": "feature"},
        "columns": tuple(frame.columns),
        "instruments": (),
        "dtypes": (str(levels[0].dtype), str(levels[1].dtype)),
        "digest": "d",
        **changes,
    }
    return FeatureMeta(**fields)


@pytest.fixture
def stored(tmp_path):
    frame = table()
    write_part(tmp_path, meta_of(frame), frame=frame)
    return tmp_path


def read(folder, since=None, through=DAYS[-1]):
    return read_rows(folder, read_meta(folder), since=since, through=through)


def assert_equal(expected, found):
    pd.testing.assert_frame_equal(expected, found, check_exact=True)
    values = (frame.to_numpy() for frame in (expected, found))
    first, second = (np.ascontiguousarray(each).view(np.uint32) for each in values)
    assert (first == second).all()


def test_rows_come_back_bit_for_bit_in_one_block_as_pandas_lays_it_out(stored):
    found = read(stored)
    assert_equal(table(), found)
    assert found.to_numpy(copy=False).T.flags.c_contiguous
    assert read_meta(stored).last == DAYS[-1]


@pytest.mark.property
@settings(max_examples=25)
@given(st.data())
def test_any_days_of_any_parts_come_back(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("parts")
    names = [f"SH60{number:04d}" for number in range(5)]
    cuts = data.draw(st.lists(st.integers(1, 5), unique=True).map(sorted))
    pieces = []
    for number, days in enumerate(np.split(np.arange(6), cuts)):
        some = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        pieces.append(table(DAYS[days], some, seed=number))
    meta = meta_of(pieces[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_ROWS_PER_PART", data.draw(st.integers(1, 8)))
        for piece in pieces:
            meta = write_part(folder, meta, frame=piece)
    assert meta == read_meta(folder)
    first, last = sorted(data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5))))
    expected = pd.concat(pieces).loc[DAYS[first] : DAYS[last]]
    assert_equal(expected, read(folder, DAYS[first], DAYS[last]))


def test_only_parts_of_the_days_wanted_are_looked_at(tmp_path):
    meta = meta_of(table())
    for days in (DAYS[:3], DAYS[3:]):
        meta = write_part(tmp_path, meta, frame=table(days))
    (tmp_path / "rows-0000.bin").write_bytes(b"")
    assert_equal(table(DAYS[3:]), read(tmp_path, DAYS[3]))
    with pytest.raises(CorruptArtifactError, match="damaged"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["meta.json", "rows-0000.bin"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-2],
        lambda content: content + b"\0",
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"{}",
    ],
)
def test_what_was_not_written_is_damaged(stored, name, spoil):
    path = stored / name
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(CorruptArtifactError, match="Stored features are damaged"):
        read(stored)


def test_a_folder_in_place_of_a_file_is_damaged(stored):
    for name in ("rows-0000.bin", "meta.json"):
        (stored / name).unlink()
        (stored / name).mkdir()
        with pytest.raises(CorruptArtifactError, match="damaged"):
            read(stored)


def test_another_layout_is_not_read(stored):
    content = json.loads((stored / "meta.json").read_text())
    del content["sha256"]
    content["schema"] = 2
    content["sha256"] = files._check(content)
    (stored / "meta.json").write_text(json.dumps(content))
    with pytest.raises(CorruptArtifactError, match="damaged"):
        read_meta(stored)


def test_what_is_not_there_is_missing(stored):
    meta = read_meta(stored)
    with pytest.raises(FileNotFoundError, match=r"meta\.json"):
        read_meta(stored / "elsewhere")
    with pytest.raises(NotADirectoryError, match=r"meta\.json"):
        read_meta(stored / "rows-0000.bin")
    (stored / "rows-0000.bin").unlink()
    with pytest.raises(FileNotFoundError, match="rows"):
        read_rows(stored, meta, since=None, through=DAYS[-1])


def test_parts_are_known_by_what_they_hold(stored, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    write_part(other, meta_of(table()), frame=table())
    for name in ("meta.json", "rows-0000.bin"):
        assert (stored / name).read_bytes() == (other / name).read_bytes()


def intraday(frame):
    levels = frame.index.levels[0] + pd.Timedelta(hours=1)
    return frame.set_axis(frame.index.set_levels(levels, level=0))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda frame: frame, True),
        (lambda frame: frame.iloc[:0], False),
        (lambda frame: frame.iloc[::-1], False),
        (lambda frame: frame.astype("float64"), False),
        (lambda frame: frame.swaplevel(), False),
        (lambda frame: frame.set_axis([1, 2], axis=1), False),
        (intraday, False),
    ],
)
def test_only_sorted_rows_of_float32_by_day_and_name_are_stored(change, expected):
    assert expected == is_storable(change(table()))
