"""The files of an imported market."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from quantpits.market.binary import Span, encode_field
from quantpits.market.importer_files import calendar_findings, encode_market, spans_of
from quantpits.market.importer_reading import SourceTable
from quantpits.market.metadata import MarketMetadata

NAN = np.nan
# 1 to 8 October 2021: the exchange is closed until the 7th.
SESSIONS = ["2021-09-28", "2021-09-29", "2021-09-30", "2021-10-08"]


def make_table(sessions=SESSIONS, column=(0, 0, 1, 1, 1, 1), row=(1, 3, 0, 1, 2, 3)):
    return SourceTable(
        instruments=("SH000300", "SH600000"),
        sessions=np.array(sessions, dtype="datetime64[D]"),
        column=np.array(column),
        row=np.array(row),
        numbers={},
        is_flagged=np.zeros(len(column), bool),
        sources=(),
    )


def ignore(n=1, note=""):
    pass


def encode(table, **fields):
    metadata = MarketMetadata("imported", "cn", "Main".lower(), None, date(2021, 10, 8))
    return encode_market(
        table,
        {name: np.array(values, float) for name, values in fields.items()},
        is_index=np.array([True, False]),
        metadata=metadata,
        extra={"note": "x"},
        advance=ignore,
    )


def test_a_missing_row_is_nan_and_carries_the_factor():
    files = encode(
        make_table(), close=[1, 2, 3, 4, 5, 6], factor=[7, 8, 1, 1, 1, 1], vwap=[NAN] * 2 + [1] * 4
    )
    assert encode_field(1, [1, NAN, 2]) == files["features/sh000300/close.day.bin"]
    assert encode_field(1, [7, 7, 8]) == files["features/sh000300/factor.day.bin"]
    assert encode_field(0, [3, 4, 5, 6]) == files["features/sh600000/close.day.bin"]
    assert "features/sh000300/vwap.day.bin" not in files
    assert "features/sh600000/vwap.day.bin" in files


def test_calendars_universes_and_description_are_written():
    files = encode(make_table(), close=[1] * 6)
    assert "".join(f"{day}\n" for day in SESSIONS).encode() == files["calendars/day.txt"]
    future = files["calendars/day_future.txt"].decode().split()
    assert [*SESSIONS, "2021-10-11"] == future[:5]
    assert files["instruments/all.txt"] == files["instruments/main.txt"]
    assert b"SH600000\t2021-09-28\t2021-10-08\n" == files["instruments/all.txt"]
    assert b'"note": "x"' in files["market.json"]


def test_memberships_span_the_rows():
    expected = (Span("SH000300", date(2021, 9, 29), date(2021, 10, 8)),)
    assert expected == spans_of(make_table(), np.array([True, False]))


def test_gaps_within_an_instrument_are_found():
    findings = calendar_findings(make_table(), "cn")
    assert ["IMP011"] == [finding.code for finding in findings]
    assert "1 sessions are missing within instruments' rows: 'SH000300'" in findings[0].message


def test_dates_against_the_exchange_are_found():
    sessions = ["2021-09-28", "2021-09-30", "2021-10-03", "2021-10-08"]
    findings = calendar_findings(make_table(sessions, row=(2, 3, 0, 1, 2, 3)), "cn")
    assert ["IMP009", "IMP010"] == [finding.code for finding in findings]
    assert "2021-10-03" in findings[0].message
    assert "2021-09-29" in findings[1].message


@pytest.mark.parametrize("year", [1950, 2090])
def test_nothing_is_said_where_the_public_calendar_is_silent(year):
    sessions = [f"{year}-01-0{day}" for day in (1, 2, 3, 4)]
    assert () == calendar_findings(make_table(sessions, row=(2, 3, 0, 1, 2, 3)), "cn")


def test_a_missing_row_carries_who_is_risk_warned():
    files = encode(make_table(), is_st=[1, 0, NAN, NAN, NAN, NAN])
    assert encode_field(1, [1, 1, 0]) == files["features/sh000300/is_st.day.bin"]
    assert "features/sh600000/is_st.day.bin" not in files
