"""The order sheet as a workbook: codes as text, columns wide enough, set up to print on A4."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    from quantpits.orders.sheet import OrderSheet, SheetLine, SheetPart

__all__ = ["sheet_xlsx"]

_TITLE = "Orders"
_TEXT, _COUNT, _PRICE, _AMOUNT = "@", "#,##0", "0.00", "#,##0.00"
# Header, width in characters, number format.
_COLUMNS = (
    ("No", 4.5, "0"),
    ("Done", 5.5, _TEXT),
    ("Code", 9.5, _TEXT),
    ("Exchange", 9, _TEXT),
    ("Name", 14, _TEXT),
    ("Shares", 9, _COUNT),
    ("Limit", 9, _PRICE),
    ("Close", 9, _PRICE),
    ("Amount", 14, _AMOUNT),
    ("Why", 18, _TEXT),
    ("Filled", 9, _COUNT),
    ("Price", 9, _PRICE),
)
_AMOUNT_AT = 9  # one-based
_N_COLUMNS = len(_COLUMNS)
_BOX = "☐"
_PAGES = "page &P of &N"
_LINE_CHARACTERS = 115  # of the small font, over the width of all columns
# A workbook is a zip with the time of writing in every entry; these take the clock out of it.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_WRITTEN_AT = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_NO_TIME = rb"\g<1>1980-01-01T00:00:00Z"


def sheet_xlsx(sheet: OrderSheet) -> bytes:
    """Return the workbook.

    Parameters
    ----------
    sheet : OrderSheet
        The orders.

    Returns
    -------
    bytes
        An ``.xlsx`` file; equal sheets give equal bytes.
    """
    from openpyxl import Workbook  # noqa: PLC0415 - a third of a second for whoever writes a sheet

    book = Workbook()
    page = book.active
    assert page is not None  # a new workbook has one sheet
    page.title = _TITLE
    pen = _Pen(page)
    pen.text(sheet.title, size=16)
    if sheet.banner:
        pen.text(sheet.banner, size=12, is_filled=True)
    for name, text in sheet.facts:
        pen.fact(name, text)
    for text in sheet.warnings:
        pen.paragraph(text)
    for part in sheet.parts:
        pen.part(part)
    pen.row += 1
    pen.paragraph(sheet.footer)
    _print_setup(page, sheet)
    written = io.BytesIO()
    book.save(written)
    return _without_time(written.getvalue())


class _Pen:
    """Writes downwards, row by row."""

    def __init__(self, page: Worksheet) -> None:
        self.page = page
        self.row = 0
        from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above

        for at, (_, width, _format) in enumerate(_COLUMNS, start=1):
            page.column_dimensions[get_column_letter(at)].width = width

    def text(
        self, text: str, *, size: int = 10, is_bold: bool = True, is_filled: bool = False
    ) -> None:
        """Write a line over all columns."""
        from openpyxl.styles import Font, PatternFill  # noqa: PLC0415 - as above

        self.row += 1
        cell = self._write(1, text)
        cell.font = Font(bold=is_bold, size=size)
        if is_filled:
            cell.fill = PatternFill("solid", fgColor="FFD966")
        self.page.merge_cells(
            start_row=self.row, start_column=1, end_row=self.row, end_column=_N_COLUMNS
        )

    def paragraph(self, text: str) -> None:
        """Write text over all columns, broken into lines."""
        from openpyxl.styles import Alignment  # noqa: PLC0415 - as above

        self.text(text, size=9, is_bold=False)
        self.page.cell(self.row, 1).alignment = Alignment(wrap_text=True, vertical="top")
        # Merged cells do not grow by themselves.
        self.page.row_dimensions[self.row].height = 13 * (1 + len(text) // _LINE_CHARACTERS)

    def fact(self, name: str, text: str) -> None:
        """Write a name and what it stands for."""
        from openpyxl.styles import Font  # noqa: PLC0415 - as above

        self.row += 1
        for at, words, is_bold in ((1, name, True), (4, text, False)):
            cell = self._write(at, words)
            cell.font = Font(bold=is_bold, size=9)

    def part(self, part: SheetPart) -> None:
        """Write a table with its title."""
        self.row += 1
        self.text(part.title, size=12)
        if not part.lines:
            self.text("nothing", is_bold=False)
            return
        self.text(part.note, size=9, is_bold=False)
        self._header(part)
        for line in part.lines:
            self._line(line)
        if part.total is not None:
            self._total(part.total)

    def _header(self, part: SheetPart) -> None:
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Side  # noqa: PLC0415 - as above

        self.row += 1
        for at, (title, _, number_format) in enumerate(_COLUMNS, start=1):
            cell = self._write(at, part.amount_title if at == _AMOUNT_AT else title)
            cell.font = Font(bold=True, size=9)
            cell.fill = PatternFill("solid", fgColor="D9E1F2")
            cell.border = Border(bottom=Side("thin"))
            cell.alignment = Alignment(horizontal="left" if number_format == _TEXT else "right")

    def _line(self, line: SheetLine) -> None:
        from openpyxl.styles import Border, Font, Side  # noqa: PLC0415 - as above

        self.row += 1
        values = (
            line.number,
            _BOX,
            line.code,
            line.exchange,
            line.name,
            line.shares,
            line.limit,
            line.close,
            line.amount,
            line.reason,
            None,
            None,
        )
        for at, (value, column) in enumerate(zip(values, _COLUMNS, strict=True), start=1):
            title, _, number_format = column
            cell = self._write(at, value)
            cell.number_format = number_format
            cell.border = Border(bottom=Side("hair"))
            if title in {"Code", "Shares"}:
                cell.font = Font(bold=True)

    def _total(self, amount: Decimal) -> None:
        from openpyxl.styles import Font  # noqa: PLC0415 - as above

        self.row += 1
        for at, value in ((_AMOUNT_AT - 1, "together"), (_AMOUNT_AT, amount)):
            cell = self._write(at, value)
            cell.number_format = _AMOUNT
            cell.font = Font(bold=True)

    def _write(self, column: int, value: str | float | Decimal | None) -> Cell | MergedCell:
        cell = self.page.cell(self.row, column)
        cell.value = value
        if isinstance(value, str):
            # Never a number, nor a formula: codes keep their zeros, names stay names.
            cell.data_type = "s"
        return cell


def _print_setup(page: Worksheet, sheet: OrderSheet) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties  # noqa: PLC0415 - as above

    page.page_setup.orientation = "portrait"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_options.horizontalCentered = True
    for side, inches in (("left", 0.3), ("right", 0.3), ("top", 0.4), ("bottom", 0.5)):
        setattr(page.page_margins, side, inches)
    footer = page.oddFooter
    assert footer is not None  # a new sheet has one, with its parts
    for part, text in ((footer.left, sheet.title), (footer.right, _PAGES)):
        assert part is not None
        part.text = text
    page.print_area = page.dimensions


def _without_time(workbook: bytes) -> bytes:
    """Return the workbook packed again: not compressed, no time of writing anywhere."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _WRITTEN_AT.sub(_NO_TIME, content)
            new.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content)
    return written.getvalue()
