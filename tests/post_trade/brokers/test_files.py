from __future__ import annotations

import io
import zipfile

import pytest

from quantpits.errors import BrokerFileError
from quantpits.post_trade.brokers import files
from quantpits.post_trade.brokers.files import workbook_sheets


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
    bomb = _zip({"xl/worksheets/sheet1.xml": b" " * (201 * 2**20)})
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
