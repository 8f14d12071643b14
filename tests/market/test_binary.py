"""Qlib's binary format: what is written is what is read, and what is broken is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantpits.errors import CorruptArtifactError, MissingDataError
from quantpits.market.binary import (
    Span,
    encode_field,
    encode_sessions,
    encode_spans,
    feature_file,
    instruments_file,
    read_field,
    read_sessions,
    read_spans,
)

FLOATS = st.floats(width=32, allow_infinity=False)


@pytest.fixture
def bin_file(tmp_path):
    return tmp_path / "close.day.bin"


@pytest.mark.property
@given(
    start=st.integers(0, 5000),
    values=hnp.arrays(np.float64, st.integers(0, 40), elements=FLOATS),
    stretch=st.tuples(st.integers(-50, 50), st.integers(0, 60)),
)
def test_every_stretch_of_a_written_field_reads_back(tmp_path_factory, start, values, stretch):
    offset, n_values = stretch
    path = tmp_path_factory.getbasetemp() / "property.day.bin"
    path.write_bytes(encode_field(start, values))
    wanted = [
        values[row - start] if start <= row < start + values.size else np.nan
        for row in range(start + offset, start + offset + n_values)
    ]
    np.testing.assert_array_equal(
        np.array(wanted, dtype=np.float64), read_field(path, start + offset, n_values=n_values)
    )


@pytest.mark.property
@given(days=st.sets(st.dates(date(1990, 1, 1), date(2100, 1, 1)), min_size=1, max_size=30))
def test_written_sessions_read_back(tmp_path_factory, days):
    path = tmp_path_factory.getbasetemp() / "property.txt"
    sessions = np.array(sorted(days), dtype="datetime64[D]")
    path.write_bytes(encode_sessions(sessions))
    np.testing.assert_array_equal(sessions, read_sessions(path))


def test_written_spans_read_back_sorted(tmp_path):
    spans = (
        Span("SZ000001", date(2020, 1, 2), date(2020, 2, 3)),
        Span("SH600000", date(2021, 1, 4), date(2021, 2, 3)),
        Span("SH600000", date(2020, 1, 2), date(2020, 2, 3)),
    )
    path = tmp_path / "all.txt"
    path.write_bytes(encode_spans(spans))
    assert tuple(sorted(spans)) == read_spans(path)


def test_files_have_qlibs_names():
    assert "features/sh600000/close.day.bin" == feature_file("SH600000", "close")
    assert "features/_qlib_con/close.day.bin" == feature_file("CON", "Close")
    assert "instruments/csi300.txt" == instruments_file("CSI300")


def test_a_file_that_is_not_there_has_no_field(bin_file):
    assert read_field(bin_file, 0, n_values=3) is None
    bin_file.write_bytes(b"")
    assert read_field(bin_file / "below_a_file", 0, n_values=3) is None


def test_an_empty_file_has_no_values(bin_file):
    bin_file.write_bytes(b"")
    np.testing.assert_array_equal([np.nan, np.nan], read_field(bin_file, 0, n_values=2))


def test_a_cut_off_file_is_refused(bin_file):
    bin_file.write_bytes(encode_field(0, [1.0, 2.0])[:-1])
    with pytest.raises(CorruptArtifactError, match="cut off"):
        read_field(bin_file, 0, n_values=2)


@pytest.mark.parametrize("start", [np.nan, -1.0, 0.5, np.inf])
def test_a_file_without_a_position_is_refused(bin_file, start):
    bin_file.write_bytes(np.array([start, 1.0], dtype="<f4").tobytes())
    with pytest.raises(CorruptArtifactError, match="does not begin with a position"):
        read_field(bin_file, 0, n_values=2)


def test_a_time_of_day_and_blank_lines_are_ignored(tmp_path):
    path = tmp_path / "day.txt"
    path.write_text("2026-01-05 00:00:00\n\n2026-01-06\n")
    assert [date(2026, 1, 5), date(2026, 1, 6)] == read_sessions(path).tolist()


@pytest.mark.parametrize(
    ("content", "error", "match"),
    [
        (b"", MissingDataError, "calendar is empty"),
        (b"2026-01-05\nsoon\n", CorruptArtifactError, r"day\.txt:2[\s\S]*soon"),
        (b"2026-01-06\n2026-01-05\n", CorruptArtifactError, r"does not ascend[\s\S]*day\.txt:2"),
        (b"2026-01-05\n2026-01-05\n", CorruptArtifactError, "does not ascend"),
        (b"\xff\xfe", CorruptArtifactError, "not text"),
    ],
)
def test_a_broken_calendar_is_refused(tmp_path, content, error, match):
    path = tmp_path / "day.txt"
    path.write_bytes(content)
    with pytest.raises(error, match=match):
        read_sessions(path)


def test_a_missing_calendar_is_refused(tmp_path):
    with pytest.raises(MissingDataError, match=r"does not exist[\s\S]*QLIB_DATA_DIR"):
        read_sessions(tmp_path / "day.txt")


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("SH600000\t2026-01-05", "not complete"),
        ("SH600000\t2026-01-05\tlater", "bad date"),
        ("SH600000\t2026-01-05\t2026-01-04", "ends before it begins"),
    ],
)
def test_a_broken_membership_is_refused(tmp_path, line, match):
    path = tmp_path / "all.txt"
    path.write_text(f"SZ000001\t2026-01-05\t2026-01-06\n{line}\n")
    with pytest.raises(CorruptArtifactError, match=match) as raised:
        read_spans(path)
    assert f"{path}:2" == raised.value.where
