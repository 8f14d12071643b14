"""Manifests: the same run gives the same bytes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from quantpits.config import ModelConfig
from quantpits.errors import ArtifactError, CorruptArtifactError, MissingArtifactError
from quantpits.workspace import manifest
from quantpits.workspace.atomic import sha256_bytes
from quantpits.workspace.manifest import (
    library_versions,
    read_manifest,
    to_jsonable,
    write_manifest,
)


@dataclass(frozen=True)
class Settings:
    day: date
    fee: Decimal


@pytest.fixture
def written(workspace):
    (workspace.root / "in.csv").write_bytes(b"in")
    (workspace.root / "out.csv").write_bytes(b"out")
    return lambda: write_manifest(
        workspace,
        "fusion_2026-02-06",
        inputs={"records": workspace.root / "in.csv", "market": "fingerprint"},
        outputs=[workspace.root / "out.csv"],
        config=Settings(date(2026, 2, 6), Decimal("0.10")),
        extra={"n_models": 3, "seed": 42},
    )


def test_manifest_can_be_read_back(workspace, written):
    written()
    found = read_manifest(workspace, "fusion_2026-02-06")
    assert "fusion_2026-02-06" == found.name
    assert {"records": sha256_bytes(b"in"), "market": "fingerprint"} == found.inputs
    assert {"out.csv": sha256_bytes(b"out")} == found.outputs
    assert {"day": "2026-02-06", "fee": "0.10"} == found.config
    assert {"n_models": 3, "seed": 42} == found.extra
    assert library_versions() == found.versions


def test_same_run_gives_the_same_bytes(written):
    path = written()
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    assert path == written()
    assert before == (path.read_bytes(), path.stat().st_mtime_ns)


def test_config_models_are_written_as_json(workspace):
    config = ModelConfig(market="csi300", benchmark="SH000300")
    write_manifest(workspace, "m", inputs={}, outputs=[], config=config)
    assert "csi300" == read_manifest(workspace, "m").config["market"]
    assert {} == read_manifest(workspace, "m").extra


def test_input_that_is_missing_stops(workspace):
    with pytest.raises(ArtifactError, match="cannot be read"):
        write_manifest(workspace, "m", inputs={"a": workspace.root / "none"}, outputs=[])
    assert not workspace.manifests_dir.exists()


def test_manifest_that_is_missing(workspace):
    with pytest.raises(MissingArtifactError, match="no such manifest"):
        read_manifest(workspace, "m")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a manifest"),
        ("[]", "not a manifest"),
        ("{}", "not a manifest"),
        ('{"schema_version": 1, "name": "m"}', "not a manifest"),
        ('{"schema_version": 2}', "another schema"),
        ("\xff", "not a manifest"),
    ],
)
def test_manifest_that_is_corrupt(workspace, text, message):
    workspace.manifests_dir.mkdir(parents=True)
    (workspace.manifests_dir / "m.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CorruptArtifactError, match=message):
        read_manifest(workspace, "m")


def test_manifest_that_cannot_be_read(workspace):
    (workspace.manifests_dir / "m.json").mkdir(parents=True)
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_manifest(workspace, "m")


def test_versions_name_what_shapes_numbers(monkeypatch):
    assert {"python", "quantpits", "numpy", "pandas", "pyqlib"} <= set(library_versions())
    monkeypatch.setattr(manifest, "_LIBRARIES", ("no-such-library",))
    assert {"python", "quantpits"} == set(library_versions())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({date(2026, 2, 6): 1, 2: 3}, {"2026-02-06": 1, "2": 3}),
        ({"b", "a"}, ["a", "b"]),
        (frozenset({3}), [3]),
        ((1, [2.5, None], True), [1, [2.5, None], True]),
        (Decimal("0.10"), "0.10"),
        (Path("a/b"), "a/b"),
        (Settings(date(2026, 2, 6), Decimal(1)), {"day": "2026-02-06", "fee": "1"}),
        (np.int64(3), 3),
        (np.float64(2.5), 2.5),
    ],
)
def test_to_jsonable(value, expected):
    assert expected == to_jsonable(value)
    assert type(expected) is type(to_jsonable(value))
