"""Which market a workspace reads, and when its data count as changed."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import ConfigError, MissingDataError
from quantpits.market.metadata import MarketMetadata, encode_metadata
from quantpits.market.source import MarketSource, data_fingerprint, resolve_market
from quantpits.workspace import Workspace

SESSIONS = ["2026-01-05", "2026-01-06"]


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "Work"
    (root / "config").mkdir(parents=True)
    return Workspace(root)


def set_market(workspace, text):
    (workspace.config_dir / "market.yaml").write_text(text, encoding="utf-8")


def make_market(folder, metadata=None):
    (folder / "calendars").mkdir(parents=True)
    (folder / "calendars/day.txt").write_text("".join(f"{day}\n" for day in SESSIONS))
    if metadata is not None:
        (folder / "market.json").write_bytes(encode_metadata(metadata))
    return folder


def imported(region):
    return MarketMetadata("imported", region, "all", None, date(2026, 1, 6))


def test_the_configuration_wins_over_the_environment(workspace, tmp_path):
    configured, other = make_market(tmp_path / "a"), make_market(tmp_path / "b")
    set_market(workspace, f"provider_uri: {configured}\nregion: us\n")
    environ = {"QLIB_DATA_DIR": str(other), "QLIB_REGION": "cn"}
    source = resolve_market(workspace, environ)
    assert (configured, "us", False) == (source.provider_uri, source.region, source.is_synthetic)


def test_the_environment_fills_what_the_configuration_leaves_open(workspace, tmp_path):
    folder = make_market(tmp_path / "b", imported("cn"))
    source = resolve_market(workspace, {"QLIB_DATA_DIR": str(folder), "QLIB_REGION": "us"})
    assert (folder, "us", f"Qlib data ({folder.name})") == (
        source.provider_uri,
        source.region,
        source.label,
    )


def test_the_environment_of_the_process_counts_by_default(workspace, tmp_path, monkeypatch):
    folder = make_market(tmp_path / "b")
    monkeypatch.setenv("QLIB_DATA_DIR", str(folder))
    monkeypatch.delenv("QLIB_REGION", raising=False)
    assert MarketSource(folder, "cn", False, f"Qlib data ({folder.name})") == resolve_market(
        workspace
    )


def test_the_market_knows_its_region(workspace, tmp_path):
    folder = make_market(tmp_path / "b", imported("us"))
    assert "us" == resolve_market(workspace, {"QLIB_DATA_DIR": str(folder)}).region


def test_relative_folders_are_relative_to_the_workspace(workspace, monkeypatch, tmp_path):
    make_market(workspace.root / "data/mine")
    monkeypatch.chdir(tmp_path)
    set_market(workspace, "provider_uri: data/mine\n")
    assert workspace.root / "data/mine" == resolve_market(workspace, {}).provider_uri


def test_the_last_resort_is_qlibs_own_folder(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = make_market(tmp_path / ".qlib/qlib_data/cn_data")
    assert folder == resolve_market(workspace, {"QLIB_DATA_DIR": ""}).provider_uri


def test_a_folder_that_is_no_market_is_refused_with_what_to_do(workspace, tmp_path):
    with pytest.raises(MissingDataError, match=r"no market data[\s\S]*market\.yaml"):
        resolve_market(workspace, {"QLIB_DATA_DIR": str(tmp_path)})


def test_an_unknown_region_is_refused(workspace, tmp_path):
    folder = make_market(tmp_path / "b")
    with pytest.raises(ConfigError, match=r"QLIB_REGION[\s\S]*'mars'"):
        resolve_market(workspace, {"QLIB_DATA_DIR": str(folder), "QLIB_REGION": "mars"})


def test_a_copied_synthetic_market_is_still_called_synthetic(workspace, written_market):
    source = resolve_market(workspace, {"QLIB_DATA_DIR": str(written_market)})
    assert source.is_synthetic
    assert "SYNTHETIC market, not real prices" in source.label


def test_the_synthetic_market_is_made_on_first_use(workspace):
    set_market(workspace, "provider: synthetic\nsynthetic:\n  through: 2020-03-31\n")
    source = resolve_market(workspace, {"QLIB_DATA_DIR": "/nowhere"})
    assert (workspace.market_dir, "cn", True) == (
        source.provider_uri,
        source.region,
        source.is_synthetic,
    )
    assert "not real prices" in source.label
    before = data_fingerprint(source)
    assert before == data_fingerprint(resolve_market(workspace, {}))


@pytest.fixture
def stock_lab(lab):
    lab.calendar(SESSIONS, [*SESSIONS, "2026-01-07"])
    lab.universe("all", "SH600000\t2026-01-05\t2026-01-06\n")
    lab.field("SH600000", "close", [1.0, 2.0])
    return lab


def test_the_fingerprint_is_stable_and_ignores_the_sessions_to_come(stock_lab):
    before = data_fingerprint(stock_lab.source)
    assert before == data_fingerprint(stock_lab.source)
    stock_lab.calendar(SESSIONS, [*SESSIONS, "2026-01-07", "2026-01-08"])
    assert before == data_fingerprint(stock_lab.source)


def test_the_fingerprint_changes_with_prices_calendar_and_members(stock_lab):
    seen = {data_fingerprint(stock_lab.source)}
    stock_lab.field("SH600000", "close", [1.0, 2.0, 3.0])
    seen.add(data_fingerprint(stock_lab.source))
    stock_lab.calendar([*SESSIONS, "2026-01-07"])
    seen.add(data_fingerprint(stock_lab.source))
    stock_lab.universe("all", "SH600000\t2026-01-05\t2026-01-07\n")
    seen.add(data_fingerprint(stock_lab.source))
    assert 4 == len(seen)


def test_with_a_description_the_fingerprint_follows_it(stock_lab):
    path = stock_lab.folder / "market.json"
    path.write_bytes(encode_metadata(imported("cn"), {"sources": ["a"]}))
    before = data_fingerprint(stock_lab.source)
    path.write_bytes(encode_metadata(imported("cn"), {"sources": ["b"]}))
    assert before != data_fingerprint(stock_lab.source)


def test_the_fingerprint_of_the_synthetic_market_is_the_same_anywhere(source, tmp_path):
    copy = tmp_path / "copy"
    (copy / "calendars").mkdir(parents=True)
    (copy / "instruments").mkdir()
    for name in ("market.json", "calendars/day.txt", "instruments/all.txt"):
        (copy / name).write_bytes((source.provider_uri / name).read_bytes())
    for path in source.provider_uri.glob("instruments/*.txt"):
        (copy / "instruments" / path.name).write_bytes(path.read_bytes())
    twin = MarketSource(copy, "cn", is_synthetic=True, label="copy")
    assert data_fingerprint(source) == data_fingerprint(twin)


def test_no_market_has_no_fingerprint(lab):
    with pytest.raises(MissingDataError, match="no market data"):
        data_fingerprint(lab.source)
