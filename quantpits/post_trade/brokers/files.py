"""From the bytes of a workbook to rows of cells, within bounds: where a foreign file is opened.

A broker's export is small. A file that would unpack to more than that, or whose cells lie far
apart, is refused before it can fill the memory; a damaged one is refused with what is wrong.
Everything works on the bytes that were hashed, so what is booked is what is archived.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

from quantpits.errors import BrokerFileError
from quantpits.post_trade.brokers.cells import Cell

__all__ = ["LARGEST_FILE_BYTES", "Sheet", "workbook_sheets"]

LARGEST_FILE_BYTES = 20 * 2**20
_LARGEST_UNPACKED_BYTES = 200 * 2**20
_LARGEST_PART_COUNT = 1_000
_LARGEST_CELL_COUNT = 5_000_000
_PLACE = re.compile(rb"""\br=["']([A-Za-z]{0,3})(\d{1,9})["']""")
_ENCRYPTED = 0x1

Sheet = tuple[str, list[list[Cell]]]
"""Name of a sheet and its rows, the first row of the sheet first."""


def workbook_sheets(content: bytes, source: str) -> list[Sheet]:
    """Return the sheets of an ``.xlsx`` file.

    Parameters
    ----------
    content : bytes
        The file.
    source : str
        Its name, for messages.

    Returns
    -------
    list of (str, list of list of cell)
        Sheets in workbook order; every row has the same number of cells, ``""`` where one is empty.

    Raises
    ------
    BrokerFileError
        If the file is no workbook, is damaged, is protected, or unpacks to more than an export can
        be.
    """
    _check_archive(content, source)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            (name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))
            for name in workbook.sheet_names
        ]
    except (CalamineError, PasswordError, XmlError, ZipError, OSError) as error:
        raise _unreadable(source, str(error)) from error


def _check_archive(content: bytes, source: str) -> None:
    if len(content) > LARGEST_FILE_BYTES:
        raise _too_large(source, f"{LARGEST_FILE_BYTES} bytes", f"{len(content)} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > _LARGEST_UNPACKED_BYTES or len(parts) > _LARGEST_PART_COUNT:
                found = f"{unpacked} bytes unpacked, in {len(parts)} parts"
                raise _too_large(source, f"{_LARGEST_UNPACKED_BYTES} bytes unpacked", found)
            if any(part.flag_bits & _ENCRYPTED for part in parts):
                raise _unreadable(source, "it is protected by a password")
            for part in parts:
                # Reads no more than the size the part declares and checks its sum, so a size that
                # lies is found here.
                _check_extent(archive.read(part), source)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise _unreadable(source, str(error)) from error


def _check_extent(part: bytes, source: str) -> None:
    """Refuse a sheet whose far corner would make the reader allocate every cell up to it."""
    rows = columns = 1
    for letters, digits in _PLACE.findall(part):
        rows = max(rows, int(digits))
        columns = max(columns, _column_number(letters))
    if rows * columns > _LARGEST_CELL_COUNT:
        raise _too_large(
            source, f"{_LARGEST_CELL_COUNT} cells", f"a cell in row {rows}, column {columns}"
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _unreadable(source: str, reason: str) -> BrokerFileError:
    return BrokerFileError(
        "The broker's file cannot be read.",
        where=source,
        expected="an .xlsx workbook as the broker exports it",
        found=reason,
        hint="export the day again and replace the file",
    )


def _too_large(source: str, bound: str, found: str) -> BrokerFileError:
    return BrokerFileError(
        "The broker's file is larger than an export can be.",
        where=source,
        expected=f"at most {bound}",
        found=found,
        hint="export the day again and replace the file",
    )
