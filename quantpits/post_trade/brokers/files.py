"""From the bytes of a file to rows of cells, within bounds: where a foreign file is opened.

A broker's export is small. A file that would unpack to more than that, or whose cells lie far
apart, is refused before it can fill the memory; a damaged one is refused with what is wrong.
Everything works on the bytes that were hashed, so what is booked is what is archived. What a file
is shows in its bytes, not in its name.

Names: ``{date}-table`` for one session and ``{start}_{end}-table`` for an interval, ending in
``.xlsx``, ``.xls`` or ``.csv``.
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

from quantpits.errors import BrokerFileError
from quantpits.post_trade.brokers.cells import Cell
from quantpits.post_trade.brokers.texts import DELIMITERS, decoded, delimited_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "LARGEST_FILE_BYTES",
    "SettlementName",
    "Sheet",
    "file_sheets",
    "find_settlement_names",
    "parse_settlement_name",
    "settlement_names",
    "workbook_sheets",
]

LARGEST_FILE_BYTES = 20 * 2**20
_LARGEST_UNPACKED_BYTES = 100 * 2**20
_LARGEST_PART_COUNT = 1_000
_LARGEST_CELL_COUNT = 3_000_000
_LARGEST_TEXT_BYTES = 256 * 2**20
_LARGEST_COLUMN_LETTERS = 3
_LARGEST_ROW_DIGITS = 7
_ENCRYPTED = 0x1

_ZIP, _OLD_WORKBOOK = b"PK", b"\xd0\xcf\x11\xe0"
# Formats that the workbook reader would open too, by other rules than those that are checked here.
_OTHER_FORMATS = frozenset(("content.xml", "xl/workbook.bin"))
_PLACE = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]*)(\d+)""")
_ROW = re.compile(rb"<(?:[^\s<>/!?:]+:)?row[\s/>]")
_CELL = re.compile(rb"<(?:[^\s<>/!?:]+:)?c[\s/>]")
_PLACED_CELL = re.compile(rb"""<(?:[^\s<>/!?:]+:)?c\s+r=["'][A-Z]{1,3}\d{1,7}["']""")
_TEXT_START = re.compile(rb"<(?:[^\s<>/!?:]+:)?si[\s/>]")
_FORMULA = re.compile(rb"<(?:[^\s<>/!?:]+:)?f(?:\s[^>]*)?(?:/>|>([^<]*))")
# ="600000" as a formula: text, so that a spreadsheet keeps the zeros.
_TEXT_FORMULA = re.compile(rb"\s*=?\s*(?:\"|&quot;)[^\"&]*(?:\"|&quot;)\s*")
_MARKUP_NAMES = (".xml", ".rels")
# Without this element the reader finds no cell in a part, whatever the part is called.
_SHEET_MARK = b"sheetData"

_SUFFIXES = (".xlsx", ".xls", ".csv")
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:_(\d{4}-\d{2}-\d{2}))?-table(\.xlsx|\.xls|\.csv)")

Sheet = tuple[str, list[list[Cell]]]
"""Name of a sheet and its rows, the first row of the sheet first; text has no name, ``""``."""


@dataclass(frozen=True, slots=True, order=True)
class SettlementName:
    """What the name of a settlement file says.

    Attributes
    ----------
    start, end : date
        First and last settlement date; the same for the file of one session.
    name : str
        The file name.
    """

    start: date
    end: date
    name: str

    @property
    def is_interval(self) -> bool:
        """Whether the name says two dates, so that each line says its own."""
        return "_" in self.name


def settlement_names(day: date) -> tuple[str, ...]:
    """Return the names that the settlement file of one session may have.

    Parameters
    ----------
    day : date
        The session.

    Returns
    -------
    tuple of str
        The usual one first.

    Examples
    --------
    >>> settlement_names(date(2026, 1, 5))[0]
    '2026-01-05-table.xlsx'
    """
    return tuple(f"{day.isoformat()}-table{suffix}" for suffix in _SUFFIXES)


def parse_settlement_name(name: str) -> SettlementName | None:
    """Return what a file name says, if it is that of a settlement file.

    Parameters
    ----------
    name : str
        A file name without folder.

    Returns
    -------
    SettlementName or None
        None for any other name.

    Raises
    ------
    BrokerFileError
        If the name has the form and its dates are none, or run backwards.

    Examples
    --------
    >>> parse_settlement_name("2026-01-05_2026-01-09-table.csv").end
    datetime.date(2026, 1, 9)
    >>> parse_settlement_name("emp-table.xlsx") is None
    True
    """
    parts = _NAME.fullmatch(name)
    if parts is None:
        return None
    try:
        start = date.fromisoformat(parts.group(1))
        end = date.fromisoformat(parts.group(2) or parts.group(1))
    except ValueError:
        start, end = date.max, date.min
    if end < start:
        raise BrokerFileError(
            "The name of a settlement file has no possible dates.",
            where=name,
            expected="DATE-table or START_END-table, with days of the calendar in order",
            hint="give the file the dates of its settlements",
        )
    return SettlementName(start, end, name)


def find_settlement_names(names: Iterable[str]) -> tuple[SettlementName, ...]:
    """Return the settlement files among some names.

    Parameters
    ----------
    names : iterable of str
        File names of a folder, in any order.

    Returns
    -------
    tuple of SettlementName
        By first date, last date and name.

    Raises
    ------
    BrokerFileError
        If a name has the form and its dates are none, or run backwards.
    """
    found = (parse_settlement_name(name) for name in names)
    return tuple(sorted(each for each in found if each is not None))


def file_sheets(
    content: bytes,
    source: str,
    *,
    encoding: str = "auto",
    delimiters: Sequence[str] = (DELIMITERS["tab"], DELIMITERS["comma"]),
) -> list[Sheet]:
    """Return the tables that a file may hold, whatever its name ends in.

    Parameters
    ----------
    content : bytes
        The file.
    source : str
        Its name, for messages.
    encoding : {"auto", "utf-8", "gbk"}
        Of a text.
    delimiters : sequence of str
        What a text may be separated by.

    Returns
    -------
    list of (str, list of list of cell)
        The sheets of a workbook, or the readings of a text, each under the name ``""``.

    Raises
    ------
    BrokerFileError
        If the file can be read as neither, or is larger than an export can be.
    """
    if content.startswith(_ZIP):
        return workbook_sheets(content, source)
    if len(content) > LARGEST_FILE_BYTES:
        raise _too_large(source, f"{LARGEST_FILE_BYTES} bytes", f"{len(content)} bytes")
    if content.startswith(_OLD_WORKBOOK):
        raise BrokerFileError(
            "The broker's file is a workbook of the old kind.",
            where=source,
            expected="an .xlsx workbook, or text in GBK or UTF-8 separated by commas or TABs",
            found="an .xls workbook, or a protected one",
            hint="open it in a spreadsheet and save it as .xlsx without a password",
        )
    text = decoded(content, source, encoding=encoding)
    readings = delimited_rows(text, source, delimiters=delimiters)
    return [("", [list[Cell](row) for row in rows]) for rows in readings]


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
        If the file is no workbook, is damaged, is protected, holds a formula, or unpacks to more
        than an export can be.
    """
    _check_archive(content, source)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            (name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))
            for name in workbook.sheet_names
        ]
    except (CalamineError, PasswordError, XmlError, ZipError, OSError, ValueError) as error:
        raise _unreadable(source, str(error)) from error
    except BaseException as error:
        # The reader is compiled; where it stops on a bug of its own it raises a class that derives
        # from BaseException and that no module exports.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(source, "the workbook reader cannot read it") from error


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
            _check_names([part.filename for part in parts], source)
            n_cells = longest = 0
            for part in parts:
                # Reads no more than the size the part declares and checks its sum, so a size that
                # lies is found here.
                data = archive.read(part)
                is_sheet = _SHEET_MARK in data
                if is_sheet or part.filename.lower().endswith(_MARKUP_NAMES):
                    _check_markup(data, source)
                    longest = max(longest, _longest_text(data))
                if is_sheet:
                    _check_formulas(data, source)
                    n_cells += _extent(data, source)
            if n_cells * longest > _LARGEST_TEXT_BYTES:
                raise _too_large(
                    source,
                    f"{_LARGEST_TEXT_BYTES} bytes of text",
                    f"a text of {longest} bytes that {n_cells} cells may repeat",
                )
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, BrokerFileError):
            raise
        raise _unreadable(source, str(error)) from error


def _check_names(names: Sequence[str], source: str) -> None:
    lowered = [name.lower() for name in names]
    if _OTHER_FORMATS & set(lowered):
        raise _unreadable(source, "a workbook of another kind")
    if len(set(lowered)) < len(lowered):
        raise _unreadable(source, "it has two parts of the same name")


def _check_markup(part: bytes, source: str) -> None:
    # A comment or declaration could hide cells from the checks below, and no export has one.
    if b"<!" in part:
        raise _unreadable(source, "its XML has a declaration, a comment or raw data")
    if b"\0" in part:
        raise _unreadable(source, "its XML is in another encoding than UTF-8")
    try:
        # The reader forgives XML that is not well formed, and might then pass over a cell.
        expat.ParserCreate().Parse(part, True)
    except expat.ExpatError as error:
        raise _unreadable(source, str(error)) from error


def _check_formulas(part: bytes, source: str) -> None:
    for formula in _FORMULA.finditer(part):
        if not _TEXT_FORMULA.fullmatch(formula.group(1) or b""):
            raise _unreadable(
                source, "it holds a formula; an export holds values, and a value can be checked"
            )


def _extent(part: bytes, source: str) -> int:
    """Return how many cells the reader may allocate for a sheet; refuse too many of them.

    It allocates every cell up to the far corner. Where each cell says its place, the corner is the
    farthest of them; otherwise rows and cells without a place may follow it.
    """
    bound = f"{_LARGEST_CELL_COUNT} cells"
    n_cells, n_rows = _count(_CELL, part), _count(_ROW, part)
    if max(n_cells, n_rows) > _LARGEST_CELL_COUNT:
        raise _too_large(source, bound, "more")
    rows, seen = 1, {b"A"}
    for place in _PLACE.finditer(part):
        letters, digits = place.groups()
        if len(letters) > _LARGEST_COLUMN_LETTERS or len(digits) > _LARGEST_ROW_DIGITS:
            raise _too_large(source, bound, "a cell beyond any sheet")
        rows = max(rows, int(digits))
        seen.add(letters)
    columns = max(map(_column_number, seen))
    if _count(_PLACED_CELL, part) < n_cells:
        rows += n_rows
        columns += max(_count(_CELL, each) for each in _ROW.split(part))
    if rows * columns > _LARGEST_CELL_COUNT:
        raise _too_large(source, bound, f"a cell in row {rows}, column {columns}")
    return rows * columns


def _count(pattern: re.Pattern[bytes], part: bytes) -> int:
    """Return how often a pattern occurs, counting no further than a sheet may go."""
    found = itertools.islice(pattern.finditer(part), _LARGEST_CELL_COUNT + 1)
    return sum(1 for _ in found)


def _longest_text(part: bytes) -> int:
    """Return the size of the longest text that cells share; 0 where the part has none."""
    longest, previous = 0, None
    for start in itertools.chain((match.start() for match in _TEXT_START.finditer(part)), (None,)):
        if previous is not None:
            longest = max(longest, (len(part) if start is None else start) - previous)
        previous = start
    return longest


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
