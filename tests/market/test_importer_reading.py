"""Files become one table; what cannot be a market is refused with file and row."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import (
    CorruptArtifactError,
    DataError,
    MissingArtifactError,
    MissingDataError,
    UsageError,
)
from quantpits.market.importer_reading import read_table
from quantpits.market.importer_request import ImportRequest

HEADER = "symbol,date,open,high,low,close,volume"
ROW = "600000,2026-01-05,1,2,0.5,1.5,100"


def ignore(n=1, note=""):
    pass


@pytest.fixture
def read(tmp_path):
    def read(*texts, **given):
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.csv"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths.append(path)
        return read_table(ImportRequest(tuple(paths), tmp_path / "m", **given), ignore)

    return read


def test_rows_are_sorted_by_instrument_and_session(read):
    table = read(f"{HEADER}\n{ROW}\n000001,2026-01-06,1,1,1,1,1\n000001,2026-01-05,2,2,2,2,2\n")
    assert ("SH600000", "SZ000001") == table.instruments
    assert [date(2026, 1, 5), date(2026, 1, 6)] == table.sessions.tolist()
    assert [0, 1, 1] == table.column.tolist()
    assert [0, 0, 1] == table.row.tolist()
    assert [1.5, 2.0, 1.0] == table.numbers["close"].tolist()
    assert not table.is_flagged.any()
    assert "amount" not in table.numbers


def test_several_files_make_one_table_and_the_listener_hears_of_each(tmp_path):
    heard = []
    frame = pd.DataFrame(
        {
            "symbol": [1],
            "date": [pd.Timestamp("2026-01-05 15:00")],
            **dict.fromkeys(["open", "high", "low", "close", "volume", "factor"], 2),
            "suspended": [True],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text(f"{HEADER}\n{ROW}\n")
    files = (tmp_path / "a.parquet", tmp_path / "b.csv")

    def advance(n=1, note=""):
        heard.append((n, note))

    table = read_table(ImportRequest(files, tmp_path / "m"), advance)
    assert [(1, "a.parquet"), (1, "b.csv")] == heard
    assert ["a.parquet", "b.csv"] == [source.name for source in table.sources]
    assert ("SH600000", "SZ000001") == table.instruments
    np.testing.assert_array_equal([np.nan, 2.0], table.numbers["factor"])
    assert [False, True] == table.is_flagged.tolist()


def test_columns_are_mapped_and_others_ignored(read):
    text = f"代码,日期,{HEADER[12:]},停,name\n{ROW},停牌,x\n600001{ROW[6:]},,y\n"
    columns = {"symbol": "代码", "date": "日期", "suspended": "停"}
    table = read(b"\xef\xbb\xbf" + text.encode(), columns=columns)
    assert ("SH600000", "SH600001") == table.instruments
    assert [True, False] == table.is_flagged.tolist()


@pytest.mark.parametrize("day", ["20260105", "2026/1/5", "2026/01/05", "2026-01-05 15:00:00"])
def test_dates_are_read_in_the_usual_forms(read, day):
    table = read(f"{HEADER}\n600000,{day},1,2,0.5,1.5,100\n")
    assert [date(2026, 1, 5)] == table.sessions.tolist()


def test_dates_with_a_time_zone_lose_it(tmp_path):
    days = pd.DatetimeIndex(["2026-01-05"], tz="Asia/Shanghai")
    frame = pd.DataFrame({"symbol": ["600000"], "date": days})
    frame[HEADER.split(",")[2:]] = 1.0
    frame.to_parquet(tmp_path / "a.parquet")
    request = ImportRequest((tmp_path / "a.parquet",), tmp_path / "m")
    assert [date(2026, 1, 5)] == read_table(request, ignore).sessions.tolist()


def test_blanks_and_infinities_are_no_numbers(read):
    table = read(f"{HEADER}\n600000,2026-01-05,--,inf,,1.5,NaN\n")
    values = [table.numbers[name][0] for name in ("open", "high", "low", "close", "volume")]
    np.testing.assert_array_equal([np.nan, np.nan, np.nan, 1.5, np.nan], values)


def test_a_code_that_looks_like_a_missing_value_is_a_code(read):
    assert ("NA",) == read(f"{HEADER}\nNA{ROW[6:]}\n", region="us").instruments


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (HEADER, MissingDataError, "have no rows"),
        ("", CorruptArtifactError, r"cannot be read[\s\S]*EmptyDataError"),
        (b"\xff\xfe\x00", CorruptArtifactError, "CSV in UTF-8"),
        ("symbol,date,close\n", MissingDataError, "lacks 'high', 'low', 'open', 'volume'"),
        ("symbol,date,close\n", MissingDataError, "found: columns 'symbol', 'date', 'close'"),
        (f"{HEADER}\n{ROW}\n\n600000,soon,1,1,1,1,1\n", DataError, r"0\.csv:4[\s\S]*'soon'"),
        (f"{HEADER}\n600000,2026-01,1,1,1,1,1\n", DataError, "date is not understood"),
        (f"{HEADER}\n{ROW}\n600000,2026-01-06,x,1,1,1,1\n", DataError, r"open of[\s\S]*:3"),
        (f"{HEADER}\n{ROW}\n,2026-01-06,1,1,1,1,1\n", DataError, r"no instrument code[\s\S]*:3"),
        (f"{HEADER}\nX,2026-01-06,1,1,1,1,1\n", DataError, "codes are not understood"),
        (f"{HEADER},suspended\n{ROW},maybe\n", DataError, r"is not understood[\s\S]*'maybe'"),
        (f"{HEADER}\n{ROW}\n{ROW},9,9\n", CorruptArtifactError, "ParserError"),
        (f"{HEADER}\n{ROW},9\n", CorruptArtifactError, "ParserWarning"),
    ],
)
def test_what_cannot_be_read_is_refused(read, text, error, match):
    with pytest.raises(error, match=match):
        read(text)


def test_an_instrument_with_a_session_twice_is_refused_with_both_places(read):
    other = f"{HEADER}\n000001,2026-01-05,1,1,1,1,1\nsh.600000,20260105,1,1,1,1,1\n"
    with pytest.raises(DataError, match=r"1\.csv:3[\s\S]*SH600000 on 2026-01-05[\s\S]*0\.csv:2"):
        read(f"{HEADER}\n{ROW}\n", other)


def test_a_named_column_must_exist_even_if_it_is_optional(read):
    with pytest.raises(MissingDataError, match="lacks 'adj'"):
        read(f"{HEADER}\n{ROW}\n", columns={"factor": "adj"})


def test_files_that_cannot_be_opened_are_refused(tmp_path):
    for name, error, match in (
        ("none.csv", MissingArtifactError, "does not exist"),
        ("bars.xlsx", UsageError, "neither CSV nor Parquet"),
        ("folder.csv", CorruptArtifactError, "cannot be read"),
        ("bad.parquet", CorruptArtifactError, "Parquet"),
    ):
        (tmp_path / "folder.csv").mkdir(exist_ok=True)
        (tmp_path / "bad.parquet").write_bytes(b"no parquet at all, but long enough")
        with pytest.raises(error, match=match):
            read_table(ImportRequest((tmp_path / name,), Path("m")), ignore)


def test_who_is_risk_warned_is_read_from_the_files_that_say_so(read):
    quiet = f"{HEADER}\n{ROW}\n"
    assert read(quiet).is_st is None
    table = read(quiet, f"{HEADER},is_st\n000001,2026-01-05,1,2,0.5,1.5,100,True\n")
    assert [False, True] == table.is_st.tolist()
    with pytest.raises(DataError, match=r"risk-warned is not understood[\s\S]*'often'"):
        read(f"{HEADER},is_st\n{ROW},often\n")
