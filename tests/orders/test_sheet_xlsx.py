from __future__ import annotations

import dataclasses
import io

import openpyxl
import pytest

from quantpits.errors import Finding
from quantpits.orders.sheet import order_sheet
from quantpits.orders.sheet_xlsx import sheet_xlsx
from tests.orders.test_request import PURCHASE, provenance, report, totals

__all__ = ["provenance", "report", "totals"]  # fixtures


@pytest.fixture
def page(report):
    named = dataclasses.replace(
        report,
        orders=(*report.orders, dataclasses.replace(PURCHASE, instrument="SZ000001")),
        names={"SH600000": "=1+1"},
        findings=(Finding("ORD003", "warning", "stuck " * 40),),
    )
    data = sheet_xlsx(order_sheet(named, is_synthetic=True))
    return openpyxl.load_workbook(io.BytesIO(data)).active


def row_of(page, code):
    return next(row for row in page.iter_rows() if row[2].value == code)


def test_codes_are_text_and_keep_their_zeros(page):
    row = row_of(page, "000001")
    assert ("s", "@") == (row[2].data_type, row[2].number_format)
    assert (900, "#,##0") == (row[5].value, row[5].number_format)
    assert (11, 10, 990_510) == (row[6].value, row[7].value, row[8].value)


def test_a_name_is_never_a_formula(page):
    cell = row_of(page, "600000")[4]
    assert ("=1+1", "s") == (cell.value, cell.data_type)


def test_it_is_set_up_to_print(page):
    assert ("portrait", 9, 1) == (
        page.page_setup.orientation,
        int(page.page_setup.paperSize),
        page.page_setup.fitToWidth,
    )
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert "page &P of &N" == page.oddFooter.right.text
    assert page.print_area
    assert 9.5 == page.column_dimensions["C"].width


def test_titles_totals_and_warnings_are_there(page):
    texts = [cell.value for row in page.iter_rows() for cell in row if cell.value is not None]
    assert "Orders for Monday, 2026-02-02" == texts[0]
    assert any("must not be placed" in str(text) for text in texts)
    assert 1034.47 in texts
    long = next(row for row in page.iter_rows() if str(row[0].value).startswith("ORD003"))
    assert page.row_dimensions[long[0].row].height > 13


def test_equal_sheets_have_equal_bytes(report):
    sheet = order_sheet(report, is_synthetic=False)
    assert sheet_xlsx(sheet) == sheet_xlsx(sheet)
    empty = order_sheet(dataclasses.replace(report, orders=()), is_synthetic=False)
    cells = openpyxl.load_workbook(io.BytesIO(sheet_xlsx(empty))).active
    assert 3 == [row[0].value for row in cells.iter_rows()].count("nothing")
