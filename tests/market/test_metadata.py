"""What a market says about itself reads back, and nothing else is believed."""

from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.market.metadata import (
    METADATA_FILE,
    NAMES_FILE,
    MarketMetadata,
    encode_metadata,
    encode_names,
    read_metadata,
    read_names,
)

SYNTHETIC = MarketMetadata("synthetic", "cn", "demo", "SH000999", date(2026, 1, 5), 7, 1)
IMPORTED = MarketMetadata("imported", "us", "all", None, date(2026, 1, 5))


@pytest.mark.parametrize("metadata", [SYNTHETIC, IMPORTED])
def test_a_description_reads_back(tmp_path, metadata):
    (tmp_path / METADATA_FILE).write_bytes(encode_metadata(metadata, {"note": "文"}))
    assert metadata == read_metadata(tmp_path)


def test_only_a_synthetic_market_has_a_seed():
    assert "seed" not in json.loads(encode_metadata(IMPORTED))
    assert 7 == json.loads(encode_metadata(SYNTHETIC))["seed"]


def test_data_from_elsewhere_have_no_description(tmp_path):
    assert read_metadata(tmp_path) is None
    (tmp_path / "file").touch()
    assert read_metadata(tmp_path / "file") is None


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "JSONDecodeError"),
        ("{}", "KeyError"),
        ("[]", "TypeError"),
        ('{"kind": "bought"}', "bought"),
        (json.dumps({**json.loads(encode_metadata(IMPORTED)), "through": "soon"}), "ValueError"),
    ],
)
def test_a_broken_description_is_refused(tmp_path, text, match):
    (tmp_path / METADATA_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match=match):
        read_metadata(tmp_path)


def test_names_read_back_in_both_languages(tmp_path):
    rows = [("SZ000001", "合成,二", "SYNTH 2"), ("SH600000", "合成一", "SYNTH 1")]
    (tmp_path / NAMES_FILE).write_bytes(encode_names(rows))
    assert {"SH600000": "合成一", "SZ000001": "合成,二"} == read_names(tmp_path)
    assert {"SH600000": "SYNTH 1", "SZ000001": "SYNTH 2"} == read_names(tmp_path, language="en")


def test_a_market_without_names_has_none(tmp_path):
    assert {} == read_names(tmp_path)
    (tmp_path / "file").touch()
    assert {} == read_names(tmp_path / "file")


@pytest.mark.parametrize("text", ["", "code,name\n", "instrument,name,name_en\nSH600000,x\n"])
def test_names_with_other_columns_are_refused(tmp_path, text):
    (tmp_path / NAMES_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match="names of the instruments"):
        read_names(tmp_path)
