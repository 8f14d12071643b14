from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from types import SimpleNamespace

import pytest

from quantpits.errors import BrokerFileError
from quantpits.post_trade.brokers import files
from quantpits.post_trade.brokers.files import (
    file_sheets,
    find_settlement_names,
    parse_settlement_name,
    settlement_names,
    workbook_sheets,
)


def test_every_sheet_is_read_with_its_place(make_table, buy_row) -> None:
    sheets = dict(workbook_sheets(make_table([buy_row], other_sheets=["Notes"]), "a.xlsx"))
    assert ["Notes", "Sheet1"] == list(sheets)
    assert "preamble 0" == sheets["Sheet1"][0][0]
    assert "交收日期" == sheets["Sheet1"][5][0]
    assert "20260105" == sheets["Sheet1"][6][0]


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04" + b"x" * 100, "交收日期\t".encode("gbk")]
)
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(BrokerFileError, match=r"cannot be read[\s\S]*a\.xlsx"):
        workbook_sheets(content, "a.xlsx")


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    with pytest.raises(BrokerFileError, match="cannot be read"):
        workbook_sheets(_zip({"a.txt": b"hello"}), "a.xlsx")


def test_a_damaged_workbook_is_refused(make_table, buy_row) -> None:
    content = bytearray(make_table([buy_row]))
    middle = content.index(b"xl/worksheets/sheet1.xml") + 40
    content[middle] ^= 0xFF
    with pytest.raises(BrokerFileError, match="cannot be read"):
        workbook_sheets(bytes(content), "a.xlsx")


def test_a_cut_workbook_is_refused(make_table, buy_row) -> None:
    content = make_table([buy_row])
    with pytest.raises(BrokerFileError, match="cannot be read"):
        workbook_sheets(content[: len(content) // 2], "a.xlsx")


def test_a_protected_workbook_is_refused(make_table, buy_row) -> None:
    content = make_table([buy_row])
    at = content.index(b"PK\x01\x02") + 8
    protected = content[:at] + b"\x01" + content[at + 1 :]
    with pytest.raises(BrokerFileError, match="protected by a password"):
        workbook_sheets(protected, "a.xlsx")


def test_a_file_larger_than_an_export_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE_BYTES", 10)
    with pytest.raises(BrokerFileError, match=r"larger than an export[\s\S]*11 bytes"):
        workbook_sheets(b"x" * 11, "a.xlsx")


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    bomb = _zip({"xl/worksheets/sheet1.xml": b" " * (101 * 2**20)})
    assert len(bomb) < 2**20
    with pytest.raises(BrokerFileError, match="larger than an export"):
        workbook_sheets(bomb, "a.xlsx")


def test_a_zip_that_lies_about_its_size_is_refused() -> None:
    content = _zip({"xl/worksheets/sheet1.xml": b" " * 5000})
    lying = content.replace((5000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    with pytest.raises(BrokerFileError, match="cannot be read"):
        workbook_sheets(lying, "a.xlsx")


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(BrokerFileError, match="in 1001 parts"):
        workbook_sheets(_zip({f"{n}.xml": b"" for n in range(1001)}), "a.xlsx")


def test_cells_far_apart_are_refused_before_all_between_are_allocated() -> None:
    sheet = (
        b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"/></row></sheetData></worksheet>'
    )
    with pytest.raises(BrokerFileError, match="row 1048576, column 16384"):
        workbook_sheets(_zip({"xl/worksheets/sheet1.xml": sheet}), "a.xlsx")


def _zip(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


class PanicException(BaseException):
    """As the reader raises it where it stops on a bug of its own."""


@pytest.mark.parametrize("error", [PanicException("index"), ValueError("text"), OSError("end")])
def test_a_reader_that_breaks_down_refuses_the_file(monkeypatch, make_table, error) -> None:
    def stop(_file):
        raise error

    monkeypatch.setattr(files, "CalamineWorkbook", SimpleNamespace(from_filelike=stop))
    with pytest.raises(BrokerFileError, match="cannot be read"):
        workbook_sheets(make_table([]), "a.xlsx")


def test_an_interrupt_is_no_broken_file(monkeypatch, make_table) -> None:
    def stop(_file):
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "CalamineWorkbook", SimpleNamespace(from_filelike=stop))
    with pytest.raises(KeyboardInterrupt):
        workbook_sheets(make_table([]), "a.xlsx")


SHEET = "xl/worksheets/sheet1.xml"


def with_sheet(content: bytes, change) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[SHEET] = change(parts[SHEET])
    return _zip(parts)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"<sheetData>", b"<!-- x --><sheetData>", "a declaration, a comment or raw data"),
        (b"<sheetData>", b"<sheetData>\0", "another encoding than UTF-8"),
        (b"</row>", b"</rows>", "mismatched tag"),
        (b"<v>10.25</v>", b"<f>SUM(A1:A2)</f><v>10.25</v>", "holds a formula"),
        (b"<v>10.25</v>", b'<f t="shared" si="0"/><v>10.25</v>', "holds a formula"),
        (b'r="A1"', b'r="ABCD1"', "a cell beyond any sheet"),
        (b'r="A1"', b'r="A123456789"', "a cell beyond any sheet"),
    ],
)
def test_a_sheet_that_hides_something_is_refused(
    make_table, buy_row, *, old: bytes, new: bytes, found: str
) -> None:
    content = make_table([buy_row])
    with pytest.raises(BrokerFileError, match=found):
        workbook_sheets(with_sheet(content, lambda part: part.replace(old, new)), "a.xlsx")


def test_text_as_a_formula_is_text(make_table, buy_row) -> None:
    def wrap(part: bytes) -> bytes:
        assert b"<v>10.25</v>" in part
        return part.replace(b"<v>10.25</v>", b'<f>"600000"</f><v>10.25</v>')

    (_, rows), *_ = workbook_sheets(with_sheet(make_table([buy_row]), wrap), "a.xlsx")
    assert 10.25 in rows[6]


def test_cells_may_say_no_place(make_table, buy_row) -> None:
    content = make_table([buy_row], columns=list(buy_row), preamble=0)
    bare = with_sheet(content, lambda part: re.sub(rb' r="[A-Z]+\d+"', b"", part))
    assert workbook_sheets(content, "a.xlsx") == workbook_sheets(bare, "a.xlsx")


def test_rows_that_say_no_place_count_too(monkeypatch, make_table, buy_row) -> None:
    bare = with_sheet(
        make_table([buy_row] * 30), lambda part: re.sub(rb' r="[A-Z]*\d+"', b"", part)
    )
    monkeypatch.setattr(files, "_LARGEST_CELL_COUNT", 500)
    with pytest.raises(BrokerFileError, match="a cell in row 37, column 15"):
        workbook_sheets(bare, "a.xlsx")


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"content.xml": b"<x/>"}, "a workbook of another kind"),
        ({"XL/WORKBOOK.BIN": b""}, "a workbook of another kind"),
        ({"a.xml": b"<x/>", "A.XML": b"<x/>"}, "two parts of the same name"),
    ],
)
def test_other_formats_are_refused(parts, found: str) -> None:
    with pytest.raises(BrokerFileError, match=found):
        workbook_sheets(_zip(parts), "a.xlsx")


def with_shared_texts(content: bytes, *texts: str) -> bytes:
    """The workbook as Excel writes it: cell A1 points into a list of texts."""
    items = "".join(f"<si><t>{text}</t></si>" for text in texts).encode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    first = b'<c r="A1" t="s"><v>1</v></c>'
    parts[SHEET] = re.sub(rb'<c r="A1".*?</c>', first, parts[SHEET])
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = b'<sst xmlns="' + main + b'">' + items + b"</sst>"
    return _zip(parts)


def test_shared_texts_are_read(make_table) -> None:
    (_, rows), *_ = workbook_sheets(with_shared_texts(make_table([]), "a", "b"), "a.xlsx")
    assert "b" == rows[0][0]


def test_a_text_that_many_cells_repeat_is_refused(make_table, monkeypatch) -> None:
    content = with_shared_texts(make_table([]), "x" * 5000, "b")
    assert workbook_sheets(content, "a.xlsx")
    monkeypatch.setattr(files, "_LARGEST_TEXT_BYTES", 10_000)
    with pytest.raises(BrokerFileError, match=r"a text of 50\d\d bytes that 84 cells may repeat"):
        workbook_sheets(content, "a.xlsx")


def test_what_a_file_is_shows_in_its_bytes(make_table, buy_row) -> None:
    assert "Sheet1" == file_sheets(make_table([buy_row]), "a.csv")[0][0]
    readings = file_sheets("a\tb,c\n".encode("gbk"), "a.xlsx")
    assert [("", [["a", "b,c"]]), ("", [["a\tb", "c"]])] == readings


def test_a_workbook_of_the_old_kind_is_refused() -> None:
    with pytest.raises(BrokerFileError, match=r"of the old kind[\s\S]*save it as \.xlsx"):
        file_sheets(b"\xd0\xcf\x11\xe0" + b"\0" * 100, "a.xls")


def test_a_text_larger_than_an_export_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE_BYTES", 10)
    with pytest.raises(BrokerFileError, match=r"larger than an export[\s\S]*11 bytes"):
        file_sheets(b"x" * 11, "a.csv")


def test_names_of_settlement_files() -> None:
    assert (
        "2026-01-05-table.xlsx",
        "2026-01-05-table.xls",
        "2026-01-05-table.csv",
    ) == settlement_names(date(2026, 1, 5))


@pytest.mark.parametrize(
    ("name", "first", "last", "is_interval"),
    [
        ("2026-01-05-table.xlsx", 5, 5, False),
        ("2026-01-05-table.csv", 5, 5, False),
        ("2026-01-05_2026-01-09-table.xls", 5, 9, True),
        ("2026-01-05_2026-01-05-table.csv", 5, 5, True),
    ],
)
def test_a_name_says_its_dates(name: str, first: int, last: int, is_interval) -> None:
    found = parse_settlement_name(name)
    assert found is not None
    assert (date(2026, 1, first), date(2026, 1, last), name) == (found.start, found.end, found.name)
    assert is_interval is found.is_interval


@pytest.mark.parametrize(
    "name",
    ["emp-table.xlsx", "2026-01-05-order.xlsx", "2026-1-5-table.xlsx", "2026-01-05-table.xlsx~",
     "~$2026-01-05-table.xlsx", "2026-01-05-table.XLSX.tmp", "trade_detail_2026-01-05.csv"],
)  # fmt: skip
def test_other_names_are_passed_over(name: str) -> None:
    assert parse_settlement_name(name) is None


@pytest.mark.parametrize(
    "name", ["2026-02-30-table.xlsx", "2026-01-09_2026-01-05-table.csv", "2026-13-01-table.xls"]
)
def test_a_name_with_impossible_dates_is_refused(name: str) -> None:
    with pytest.raises(BrokerFileError, match=name):
        parse_settlement_name(name)


def test_settlement_files_are_found_in_order_of_their_dates() -> None:
    names = ["b.txt", "2026-01-06-table.csv", "2026-01-05_2026-01-09-table.xls"]
    names += ["2026-01-05-table.xlsx", "2026-01-05-table.csv"]
    assert ["2026-01-05-table.csv", "2026-01-05-table.xlsx", names[2], names[1]] == [
        found.name for found in find_settlement_names(names)
    ]


def test_more_cells_than_an_export_has_are_refused(monkeypatch, make_table, buy_row) -> None:
    monkeypatch.setattr(files, "_LARGEST_CELL_COUNT", 20)
    with pytest.raises(BrokerFileError, match=r"at most 20 cells[\s\S]*found: more"):
        workbook_sheets(make_table([buy_row] * 3), "a.xlsx")
