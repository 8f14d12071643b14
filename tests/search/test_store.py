"""Results on disk as they come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import ArtifactError, CorruptArtifactError
from quantpits.search.store import BatchResults, ResultStore, StoredRun, read_run

RUN = StoredRun(
    identity={"anchor": "2026-01-30", "predictions": {"a": "12"}},
    asked={"freq": None},
    n_combos=7,
    n_figures=3,
    n_blocks=4,
    title="7 combos",
)


def batch(n_combos, seed=0):
    rng = np.random.default_rng(seed)
    figures = rng.normal(size=(n_combos, 3))
    figures[0, 0] = np.nan
    return BatchResults(
        rng.integers(0, 9, size=(n_combos, 2)), figures, rng.normal(size=(n_combos, 2, 4))
    )


@pytest.fixture
def store(tmp_path):
    store = ResultStore(tmp_path / "run", RUN)
    store.create()
    return store


def test_what_is_written_is_read_back(store, tmp_path):
    first, second = batch(4), batch(3, seed=1)
    with store:
        store.append(first)
        store.append(second)
        assert 7 == store.n_done
    found = store.load()
    assert (first.payload, second.payload) == (
        BatchResults(found.rows[:4], found.figures[:4], found.moments[:4]).payload,
        BatchResults(found.rows[4:], found.figures[4:], found.moments[4:]).payload,
    )
    assert RUN == read_run(tmp_path / "run")


@pytest.mark.property
@given(cut=st.integers(0, 2_000), flip=st.booleans())
def test_a_torn_or_damaged_tail_costs_one_batch_and_no_more(tmp_path_factory, cut, flip):
    folder = tmp_path_factory.mktemp("torn")
    store = ResultStore(folder, RUN)
    store.create()
    with store:
        store.append(batch(4))
        whole = (folder / "results.bin").stat().st_size
        store.append(batch(3, seed=1))
    path = folder / "results.bin"
    data = bytearray(path.read_bytes())
    at = whole + cut % (len(data) - whole)
    if flip:
        data[at] ^= 255
    else:
        del data[at:]
    path.write_bytes(bytes(data))
    with store:
        assert 4 == store.n_done
        assert len(data) - whole == store.n_torn_bytes
        store.append(batch(3, seed=1))
    assert store.load().payload == _joined(batch(4), batch(3, seed=1)).payload


def _joined(*parts):
    return BatchResults(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("rows", "figures", "moments")
        )
    )


def test_creating_again_drops_what_was_there(store):
    with store:
        store.append(batch(4))
    store.create()
    assert 0 == store.count()
    assert 0 == len(store.load())


def test_nothing_there(tmp_path):
    assert read_run(tmp_path) is None
    assert 0 == ResultStore(tmp_path, RUN).count()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"schema_version": 1}', "cannot be read"),
        ('{"schema_version": 9}', "written by another version"),
    ],
)
def test_a_broken_description_is_refused(tmp_path, text, message):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(CorruptArtifactError, match=message):
        read_run(tmp_path)


def test_a_store_that_cannot_be_used_says_so(store, tmp_path):
    with pytest.raises(ArtifactError, match="is not open"):
        store.append(batch(1))
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="cannot be written"):
        ResultStore(tmp_path / "file" / "run", RUN).create()
    (tmp_path / "run" / "results.bin").mkdir()
    with pytest.raises(ArtifactError, match="cannot be read"):
        store.count()
    (tmp_path / "run.json").mkdir()
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_run(tmp_path)


def test_a_full_disk_is_told_and_loses_nothing(store, monkeypatch):
    with store:
        store.append(batch(4))
        monkeypatch.setattr("os.fsync", _no_space)
        with pytest.raises(ArtifactError, match="cannot be written") as caught:
            store.append(batch(3))
    assert "--resume" in caught.value.hint


def _no_space(_descriptor):
    raise OSError(28, "No space left on device")


def test_a_place_that_cannot_be_appended_to(store, tmp_path, monkeypatch):
    (tmp_path / "run" / "results.bin").mkdir()
    monkeypatch.setattr(ResultStore, "_frames", lambda _self: iter(()))
    with pytest.raises(ArtifactError, match="cannot be written"):
        store.open()
