"""An import from files to quotes, again, onto other things, and with real data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import ArtifactError, CorruptArtifactError, MissingDataError, UsageError
from quantpits.market import (
    ImportRequest,
    MarketSource,
    data_fingerprint,
    import_bars,
    list_universes,
    load_benchmark_close,
    load_calendar,
    load_quotes,
    load_universe,
)

REAL = Path(__file__).parents[3] / "shared" / "data"
CN_FILE = REAL / "cn_csi300_2015_2021.parquet"
US_FILE = REAL / "us_sp500_2013_2018.parquet"

BARS = """\
symbol,date,open,high,low,close,volume,amount,factor
sh.600000,2021-09-29,10,10.5,9.9,10.2,1000,10200,1
sh.600000,2021-09-30,10.2,10.2,10.2,10.2,0,0,1
sh.600000,2021-10-08,5.1,5.2,5,5.15,2000,10200,2
000001,2021-09-29,20,20,20,20,100,2000,3
000001,2021-09-30,20,21,20,21,100,2050,3
SH000300,2021-09-29,4800,4900,4700,4850.12,,,
SH000300,2021-09-30,4800,4900,4700,4860.5,,,
SH000300,2021-10-08,4800,4900,4700,4870.25,,,
"""


@pytest.fixture
def request_(tmp_path):
    file = tmp_path / "bars.csv"
    file.write_text(BARS)
    return ImportRequest((file,), tmp_path / "market", universe="demo")


def source_of(request):
    return MarketSource(request.target, request.region, is_synthetic=False, label="test")


def tree(folder):
    return {
        path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_become_a_market(request_):
    report = import_bars(request_)
    source = source_of(request_)
    assert (True, "SH000300", 3, 2, 1, 8, 1) == (
        report.changed,
        report.benchmark,
        report.n_sessions,
        report.n_instruments,
        report.n_indices,
        report.n_rows,
        report.n_suspended,
    )
    assert () == report.findings
    assert ("all", "demo") == list_universes(source)
    assert ("SH600000", "SZ000001") == load_universe(source, "demo", date(2021, 9, 30))
    assert ("SH600000",) == load_universe(source, "demo", date(2021, 10, 8))
    calendar = load_calendar(source)
    assert date(2021, 10, 8) == calendar.last_session
    assert date(2021, 10, 11) == calendar.next_session(calendar.last_session)
    quotes = load_quotes(
        source, ["SH600000", "SZ000001"], report.first_session, report.last_session
    )
    np.testing.assert_array_equal([10.2, np.nan, 5.15], quotes.close[:, 0])
    np.testing.assert_array_equal([1000, np.nan, 2000], quotes.volume[:, 0])
    np.testing.assert_array_equal([20, 21, np.nan], quotes.close[:, 1])
    np.testing.assert_array_equal([10.2, np.nan, 5.1], quotes.vwap[:, 0])
    _, close = load_benchmark_close(source, "SH000300", date(2021, 9, 1), date(2021, 12, 1))
    np.testing.assert_array_equal([4850.12, 4860.5, 4870.25], close)


def test_importing_again_touches_nothing(request_):
    import_bars(request_)
    before = tree(request_.target)
    assert not import_bars(request_).changed
    assert before == tree(request_.target)


def test_another_import_replaces_the_whole_market(request_):
    import_bars(request_)
    fingerprint = data_fingerprint(source_of(request_))
    kept = "\n".join(line for line in BARS.splitlines() if not line.startswith("000001"))
    request_.files[0].write_text(kept)
    assert import_bars(request_).changed
    assert not (request_.target / "features/sz000001").exists()
    assert fingerprint != data_fingerprint(source_of(request_))


def test_the_fingerprint_follows_content_and_reading(request_):
    seen = set()
    for change in ({}, {"amount_unit": 1.01}, {"indices": ("000001",)}):
        import_bars(replace(request_, **change))
        seen.add(data_fingerprint(source_of(request_)))
    request_.files[0].write_text(BARS.replace("5.15", "5.16"))
    import_bars(request_)
    assert data_fingerprint(source_of(request_)) not in seen
    assert 3 == len(seen)


def test_the_description_names_the_sources(request_):
    import_bars(request_)
    facts = json.loads((request_.target / "market.json").read_text())
    assert "bars.csv" == facts["sources"][0]["name"]
    assert 64 == len(facts["sources"][0]["sha256"])
    assert ("imported", "demo", "SH000300") == (
        facts["kind"],
        facts["universe"],
        facts["benchmark"],
    )


def test_a_dry_run_writes_nothing(request_, tmp_path):
    report = import_bars(replace(request_, dry_run=True))
    assert (False, True) == (report.changed, report.dry_run)
    assert ["bars.csv"] == [path.name for path in tmp_path.iterdir()]


def test_the_benchmark_is_the_named_one_or_the_first_index_or_none(request_):
    assert "SZ000001" == import_bars(replace(request_, benchmark="000001")).benchmark
    request_.files[0].write_text(BARS.replace("SH000300", "SH000905"))
    assert "SH000905" == import_bars(request_).benchmark
    request_.files[0].write_text("\n".join(BARS.splitlines()[:4]))
    report = import_bars(request_)
    assert report.benchmark is None
    assert ["IMP012"] == [finding.code for finding in report.findings]


def test_american_files_without_a_factor_are_imported(tmp_path):
    file = tmp_path / "us.csv"
    file.write_text(
        "Name,date,open,high,low,close,volume\n"
        "brk.b,2018-02-06,1,2,1,1.5,10\nbrk.b,2018-02-07,1,2,1,1.75,10\n"
    )
    request = ImportRequest((file,), tmp_path / "us", region="us", columns={"symbol": "Name"})
    report = import_bars(request)
    assert ["IMP005", "IMP012"] == [finding.code for finding in report.findings]
    quotes = load_quotes(source_of(request), ["BRK.B"], report.first_session, report.last_session)
    assert [1.5, 1.75] == quotes.close[:, 0].tolist()
    assert ("all",) == list_universes(source_of(request))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"files": ()}, "no files"),
        ({"region": "mars"}, "region is unknown"),
        ({"columns": {"price": "p"}}, "no column 'price'"),
        ({"volume_unit": 0.0}, "unit is not above 0"),
        ({"amount_unit": float("nan")}, "unit is not above 0"),
        ({"universe": "../x"}, "cannot be a file name"),
        ({"target": Path("/")}, "lies in the folder"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(request_, change, match):
    with pytest.raises(UsageError, match=match):
        import_bars(replace(request_, **change))


def test_an_index_that_is_not_there_is_refused(request_):
    with pytest.raises(MissingDataError, match="'SH000905'"):
        import_bars(replace(request_, benchmark="SH000905"))


def test_indices_alone_are_no_market(request_):
    with pytest.raises(MissingDataError, match="indices only"):
        import_bars(replace(request_, indices=("600000", "000001")))


def test_a_folder_that_was_not_imported_is_never_replaced(request_, written_market):
    request_.target.mkdir()
    (request_.target / "calendars").mkdir()
    with pytest.raises(ArtifactError, match=r"not imported[\s\S]*other files"):
        import_bars(request_)
    assert (request_.target / "calendars").is_dir()
    with pytest.raises(ArtifactError, match="synthetic market"):
        import_bars(replace(request_, target=written_market))
    with pytest.raises(ArtifactError, match="found: a file"):
        import_bars(replace(request_, target=Path(__file__)))
    (request_.target / "market.json").write_text("{}")
    with pytest.raises(CorruptArtifactError, match="description"):
        import_bars(request_)


def test_an_empty_folder_may_be_the_target(request_):
    request_.target.mkdir()
    assert import_bars(request_).changed


@pytest.mark.real_data
@pytest.mark.skipif(not CN_FILE.is_file(), reason="the real Chinese bars are not on this machine")
def test_real_chinese_bars_come_back_and_their_blemishes_are_found(tmp_path):
    request = ImportRequest((CN_FILE,), tmp_path / "cn", universe="csi300")
    report = import_bars(request)
    assert (445_970, 300, 3, 13_552) == (
        report.n_rows,
        report.n_instruments,
        report.n_indices,
        report.n_suspended,
    )
    assert {"IMP004": "5"} == {f.code: f.message.split()[0] for f in report.findings}
    frame = pd.read_parquet(CN_FILE)
    stocks = sorted(set(frame["symbol"]) - {"SH000300", "SH000001", "SZ399106"})
    quotes = load_quotes(source_of(request), stocks, report.first_session, report.last_session)
    traded = frame[frame["volume"] > 0].pivot_table(index="date", columns="symbol", values="close")
    expected = traded[stocks].to_numpy(np.float64)
    np.testing.assert_allclose(quotes.close, expected, atol=0.005, rtol=0)


@pytest.mark.real_data
@pytest.mark.skipif(not US_FILE.is_file(), reason="the real American bars are not on this machine")
def test_the_blemishes_of_real_american_bars_are_found(tmp_path):
    report = import_bars(ImportRequest((US_FILE,), tmp_path / "us", region="us", dry_run=True))
    counts = {f.code: f.message.split()[0] for f in report.findings}
    expected = {"IMP003": "11", "IMP004": "12", "IMP008": "7", "IMP011": "51"}
    assert expected == {code: counts[code] for code in expected}
    assert {"IMP005", "IMP012"} == set(counts) - set(expected)


def test_a_column_of_warnings_is_stored_and_changes_nothing_else(request_):
    import_bars(request_)
    source = source_of(request_)
    before = tree(request_.target), data_fingerprint(source)
    lines = BARS.splitlines()
    flags = ["is_st", *("True" if line.startswith("000001") else "False" for line in lines[1:])]
    marked = "".join(f"{line},{flag}\n" for line, flag in zip(lines, flags, strict=True))
    request_.files[0].write_text(marked)
    import_bars(request_)
    after = tree(request_.target)
    new = {path.as_posix() for path in set(after) - set(before[0])}
    assert {"features/sz000001/is_st.day.bin"} == new
    assert ["is_st"] == json.loads((request_.target / "market.json").read_text())["flags"]
    assert before[1] != data_fingerprint(source)
    days = date(2021, 9, 29), date(2021, 9, 30)
    quotes = load_quotes(source, ["SH600000", "SZ000001"], *days, fields=("is_st",))
    assert [[False, True], [False, True]] == quotes.is_st.tolist()
