from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

from quantpits.orders.sheet import order_sheet
from quantpits.orders.sheet_html import sheet_html
from tests.orders.test_request import PURCHASE, provenance, report, totals

__all__ = ["provenance", "report", "totals"]  # fixtures


class Reader(HTMLParser):
    """Notes the cells, the tags that are open at the end, and every address."""

    def __init__(self):
        super().__init__()
        self.open, self.cells, self.addresses = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.addresses += [value for name, value in attrs if name in {"href", "src"}]
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        if "td" in self.open:
            self.cells[-1] += data


def read(page):
    reader = Reader()
    reader.feed(page)
    assert [] == reader.open
    return reader


def test_every_order_is_on_the_page_and_nothing_is_loaded(report):
    page = sheet_html(order_sheet(report, is_synthetic=False))
    reader = read(page)
    assert [] == reader.addresses
    assert "url(" not in page
    assert ["1", "", "300001", "SZ", "130", "8.00", "10.00", "1,034.47", "not in six"] == (
        reader.cells[:9]
    )
    assert "990,510.00" in reader.cells
    assert page == sheet_html(order_sheet(report, is_synthetic=False))


def test_names_are_escaped(report):
    named = dataclasses.replace(report, names={"SH600000": "<b>A&B</b>"})
    page = sheet_html(order_sheet(named, is_synthetic=False))
    assert "&lt;b&gt;A&amp;B&lt;/b&gt;" in page
    assert "SH <b>A&B</b>" in read(page).cells


def test_a_synthetic_market_and_empty_sides_are_told(report):
    page = sheet_html(order_sheet(dataclasses.replace(report, orders=()), is_synthetic=True))
    assert 3 == page.count(">nothing<")
    assert "must not be placed" in page
    read(page)


def test_many_orders_are_set_smaller(report):
    many = tuple(
        dataclasses.replace(PURCHASE, instrument=f"SH6{number:05}") for number in range(33)
    )
    assert "<body>" in sheet_html(order_sheet(report, is_synthetic=False))
    crowded = sheet_html(order_sheet(dataclasses.replace(report, orders=many), is_synthetic=False))
    assert '<body class="dense">' in crowded
