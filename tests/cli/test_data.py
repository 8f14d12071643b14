from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from quantpits.cli.app import main
from quantpits.cli.data import columns_from
from quantpits.errors import UsageError
from quantpits.market.importer_request import ImportRequest

SYNTHETIC = 'provider: synthetic\nsynthetic: {seed: 1, through: "2020-03-31"}\n'


@pytest.fixture
def synthetic(workspace):
    (workspace.config_dir / "market.yaml").write_text(SYNTHETIC, "utf-8")
    return workspace


def bytes_below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def shown(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_a_synthetic_market_is_made_moved_on_and_described(synthetic, capsys):
    assert main(["data", "synthetic", "--dry-run"]) == 0
    assert not synthetic.market_dir.exists()
    assert "2020-03-31" in capsys.readouterr().out

    assert main(["data", "synthetic", "--json"]) == 0
    assert shown(capsys)["through"] == "2020-03-31"
    made = bytes_below(synthetic.market_dir)

    assert main(["data", "synthetic", "--json"]) == 0
    assert shown(capsys)["changed"] is False
    assert made == bytes_below(synthetic.market_dir)

    assert main(["data", "synthetic", "--through", "2020-04-30", "--json"]) == 0
    assert shown(capsys)["through"] == "2020-04-30"
    assert main(["data", "synthetic", "--json"]) == 0  # the configured date does not move it back
    assert shown(capsys)["through"] == "2020-04-30"
    assert main(["data", "synthetic", "--through", "2020-02-28"]) == 2
    assert "only goes forward" in capsys.readouterr().err

    assert main(["data", "info", "--json"]) == 0
    described = shown(capsys)
    assert described["is_synthetic"] is True
    assert "SYNTHETIC" in described["label"]
    assert described["last_session"] == "2020-04-30"


def test_real_data_are_not_advanced(workspace, capsys):
    assert main(["data", "synthetic", "--through", "2020-02-28"]) == 2
    assert "Only a synthetic market" in capsys.readouterr().err


def test_no_market_says_how_to_get_one(workspace, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("QLIB_DATA_DIR", str(tmp_path / "none"))
    assert main(["data", "info"]) == 3
    assert "quantpits data import" in capsys.readouterr().err


@pytest.fixture
def imported(monkeypatch):
    requests = []

    def import_bars(request, *, progress):
        requests.append(request)
        return SimpleNamespace(findings=(), summary=lambda: ["imported"])

    module = SimpleNamespace(import_bars=import_bars)
    monkeypatch.setitem(sys.modules, "quantpits.market.importer", module)
    return requests


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("a.csv --target cn", ImportRequest(files=(Path("a.csv"),), target=Path("cn"))),
        (
            (
                "a.csv b.parquet --target cn --columns symbol=ticker,volume=vol date=day"
                " --region us --volume-unit 100 --amount-unit 1000 --adjusted --universe csi300"
                " --indices SH000300,SH000905 --benchmark SH000300 --dry-run"
            ),
            ImportRequest(
                files=(Path("a.csv"), Path("b.parquet")),
                target=Path("cn"),
                columns={"symbol": "ticker", "volume": "vol", "date": "day"},
                region="us",
                volume_unit=100.0,
                amount_unit=1000.0,
                adjusted=True,
                universe="csi300",
                indices=("SH000300", "SH000905"),
                benchmark="SH000300",
                dry_run=True,
            ),
        ),
    ],
)
def test_flags_make_the_import_request(imported, line, request_, capsys):
    assert main(["data", "import", *line.split()]) == 0
    assert [request_] == imported
    captured = capsys.readouterr()
    assert captured.out == "imported\n"
    assert captured.err == f"plan: import {len(request_.files)} files into cn\n"


@pytest.mark.parametrize(
    "line",
    ["--target cn", "a.csv", "a.csv --target cn --volume-unit 0", "a.csv --target cn --columns"],
)
def test_wrong_usage_of_the_import(imported, line, capsys):
    assert main(["data", "import", *line.split()]) == 2
    assert imported == []


def test_columns_are_ours_equals_theirs():
    assert {"volume": "vol", "date": "day"} == columns_from(("volume=vol", "date = day"))
    assert {} == columns_from(())


@pytest.mark.parametrize("items", [("volume",), ("=vol",), ("volume=",), ("a=b", "a=c")])
def test_columns_that_are_not_clear_are_refused(items):
    with pytest.raises(UsageError, match="--columns"):
        columns_from(items)


def test_a_file_that_does_not_exist_is_refused(tmp_path, capsys):
    target = tmp_path / "cn"
    code = main(["data", "import", str(tmp_path / "none.csv"), "--target", str(target)])
    assert code == 3
    assert "none.csv" in capsys.readouterr().err
    assert not target.exists()


def test_dates_reach_the_request(synthetic, monkeypatch, capsys):
    days = []

    def advance(_workspace, through, *, dry_run):
        days.append((through, dry_run))
        return SimpleNamespace(findings=(), summary=list)

    monkeypatch.setattr("quantpits.market.advance_synthetic", advance)
    assert main(["data", "synthetic", "--through", "2020-02-28", "--dry-run"]) == 0
    assert [(date(2020, 2, 28), True)] == days
