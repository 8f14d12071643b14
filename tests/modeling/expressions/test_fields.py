"""Raw fields are what Qlib reads; their digest knows the past and not the future."""

from __future__ import annotations

import numpy as np
import pytest
from qlib.data.data import FeatureD
from qlib.data.storage.file_storage import FileFeatureStorage

from quantpits.errors import DataError
from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.expressions.fields import read_fields, resolve_universe
from quantpits.modeling.expressions.load import read_raw_fields
from tests.modeling.expressions.market import DATES, make_loader, write_field, write_market

LOADER = ["Mean($close, 5)", "$volume"]


@pytest.fixture
def own_market(tmp_path):
    return write_market(tmp_path / "market")


def opened(folder):
    open_qlib(MarketSource(folder, "cn", is_synthetic=True, label="hard"))


def read(folder, *, start=20, end=100, universe="plain"):
    opened(folder)
    dates = {"start": DATES[start], "end": DATES[end]}
    return read_raw_fields(make_loader(LOADER), ["feature"], instruments=universe, **dates)


def test_values_and_extents_are_those_of_qlibs_provider(own_market):
    raw = read(own_market)
    assert (16, 20, 100) == (raw.offset, raw.start, raw.end)
    for row, name in enumerate(raw.instruments):
        for field, each in raw.fields.items():
            series = FeatureD.feature(name, field, 16, 100, "day")
            first, last = each.first[row], each.last[row]
            assert list(series.index) == list(range(16 + first, 16 + last + 1))
            np.testing.assert_array_equal(series.to_numpy(), each.matrix[row, first : last + 1])
            assert np.isnan(np.delete(each.matrix[row], range(first, last + 1))).all()


def test_only_instruments_of_the_range_are_read(own_market):
    opened(own_market)
    universe = resolve_universe("plain", (DATES[101], DATES[120]))
    assert "SH600005" not in universe  # it left after session 100
    assert ((DATES[5], DATES[40]), (DATES[90], DATES[125])) == universe["SH600008"]
    assert {"SH600002": None, "SH600007": None} == resolve_universe(
        ["SH600007", "SH600002", "SH600007"], (DATES[0], DATES[1])
    )


def test_a_storage_of_another_kind_is_not_read(own_market, monkeypatch):
    opened(own_market)
    monkeypatch.setattr(vars(FeatureD)["_provider"], "backend_obj", lambda **_: object())
    assert read_fields(["$close"], ["SH600001"], first=0, last=5) is None


def test_files_that_lie_elsewhere_are_not_read(own_market, monkeypatch):
    opened(own_market)
    path = own_market / "elsewhere" / "x.bin"
    monkeypatch.setattr(FileFeatureStorage, "uri", property(lambda _: path))
    assert read_fields(["$close"], ["SH600001"], first=0, last=5) is None


@pytest.mark.parametrize("content", [b"", b"123456"])
def test_a_damaged_file_is_left_to_qlib(own_market, content):
    opened(own_market)
    (own_market / "features" / "sh600001" / "close.day.bin").write_bytes(content)
    assert read_fields(["$close"], ["SH600002", "SH600001"], first=0, last=5) is None


def test_the_digest_does_not_depend_on_what_comes_later(own_market):
    through = DATES[70]
    one, other = read(own_market, end=70), read(own_market, end=125)
    assert one.digest(through) == other.digest(through)
    # Later prices, a name that joins later, an end of membership that moves.
    close = own_market / "features" / "sh600001" / "close.day.bin"
    values = np.fromfile(close, dtype="<f4")
    values[-20:] = 1.0
    values.tofile(close)
    write_field(own_market / "features" / "sh600099" / "close.day.bin", 0, np.ones(130))
    members = own_market / "instruments" / "plain.txt"
    joined = f"SH600099\t{DATES[80]:%F}\t{DATES[129]:%F}\n"
    left = members.read_text().replace(f"{DATES[100]:%F}", f"{DATES[90]:%F}")
    members.write_text(left + joined)
    assert one.digest(through) == read(own_market, end=125).digest(through)
    assert one.digest(through) != read(own_market, end=125).digest(DATES[71])


def test_memberships_outside_the_rows_do_not_count(own_market):
    members = own_market / "instruments" / "plain.txt"
    member = f"SH600007\t{DATES[0]:%F}\t{DATES[129]:%F}\n"
    early = f"SH600007\t{DATES[0]:%F}\t{DATES[9]:%F}\n"
    late = f"SH600007\t{DATES[90]:%F}\t{DATES[129]:%F}\n"
    text = members.read_text()
    members.write_text(text.replace(member, early))
    before = read(own_market, end=70).digest(DATES[70])
    members.write_text(text.replace(member, early + late))
    assert before == read(own_market, end=110).digest(DATES[70])


@pytest.mark.parametrize("change", ["value", "missing", "extent", "member", "start", "field"])
def test_the_digest_sees_any_change_of_the_past(own_market, change):
    before = read(own_market).digest(DATES[70])
    close = own_market / "features" / "sh600001" / "close.day.bin"
    values = np.fromfile(close, dtype="<f4")
    if change == "value":
        values[31] = np.nextafter(values[31], np.float32(np.inf))
        values.tofile(close)
    if change == "missing":
        values[31] = np.nan
        values.tofile(close)
    if change == "extent":
        write_field(close, 30, values[31:])
    if change == "member":
        members = own_market / "instruments" / "plain.txt"
        members.write_text(members.read_text().replace(f"{DATES[40]:%F}", f"{DATES[39]:%F}"))
    if change == "field":
        (own_market / "features" / "sh600001" / "volume.day.bin").unlink()
    after = read(own_market, start=21 if change == "start" else 20).digest(DATES[70])
    assert before != after


def test_the_digest_of_what_was_not_read_is_refused(own_market):
    with pytest.raises(DataError, match="do not reach that far"):
        read(own_market, end=70).digest(DATES[71])
