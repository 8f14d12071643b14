"""A page as one HTML text: whole, closed to the network, and deaf to what names contain."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pytest

from quantpits.charts import (
    Code,
    Column,
    Facts,
    Fold,
    Heading,
    Note,
    Page,
    Paragraph,
    Table,
    page_html,
)
from tests.charts.chart_samples import EVIL, bars_chart, every_chart, nav_chart

VOID = {"meta", "wbr", "br", "link", "img", "input"}


class Reader(HTMLParser):
    """Reads a page: nesting, scripts, texts and what the elements carry."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.problems = []
        self.elements = []
        self.scripts = []
        self.texts = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            attrs, text = self.scripts[-1]
            self.scripts[-1] = (attrs, text + data)
        elif not self.open or self.open[-1] != "style":
            self.texts.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def page_of(*sections, **options):
    return Page(**{"title": "A page", "sections": sections, **options})


def read(*sections, **options):
    return Reader(page_html(page_of(*sections, **options)))


def test_an_empty_page_is_whole_and_small():
    text = page_html(page_of())
    assert text.startswith("<!DOCTYPE html>")
    assert [] == Reader(text).problems
    assert len(text) < 20_000


def test_every_kind_of_section_closes_what_it_opens():
    table = Table(columns=(Column("a"),), rows=(("x",),), caption="c", marked=frozenset({0}))
    reader = read(
        Heading("One"),
        Heading("Part", level=3),
        Paragraph("p"),
        Note("n", "bad"),
        Code("c"),
        Facts(pairs=(("a", "b"),)),
        table,
        Fold("more", (Paragraph("inside"), bars_chart())),
        *every_chart().values(),
        subtitle="s",
    )
    assert [] == reader.problems
    assert [] == reader.open
    assert len(every_chart()) + 1 == sum(
        "plot" == attrs.get("class") for attrs in reader.all("div")
    )


def test_the_chart_library_stands_in_the_page_once():
    text = page_html(page_of(bars_chart(), nav_chart()))
    assert 1 == text.count("plotly.js v")
    assert "plotly.js v" not in page_html(page_of(Paragraph("no charts")))


def test_nothing_is_asked_from_any_network():
    reader = read(*every_chart().values())
    for _, attrs in reader.elements:
        assert not {"src", "srcset", "action", "data"} & set(attrs)
        assert attrs.get("href", "#").startswith("#")


def test_only_the_scripts_of_the_page_may_run():
    reader = read(bars_chart())
    policy = next(a["content"] for a in reader.all("meta") if "http-equiv" in a)
    assert "default-src 'none'" in policy
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    run = [text for attrs, text in reader.scripts if "type" not in attrs]
    digests = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in run]
    assert allowed == digests
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_a_name_cannot_break_out_of_any_section():
    names = {EVIL: np.array([1.0, 1.1]), "other": np.array([1.0, 1.2])}
    chart = nav_chart(2, 2, title=EVIL, subtitle=EVIL, navs=names, highlight=EVIL)
    table = Table(columns=(Column(EVIL), Column("n", "date")), rows=((EVIL, EVIL),), caption=EVIL)
    reader = read(
        Heading(EVIL),
        Heading(EVIL, level=3),
        Paragraph(EVIL),
        Note(EVIL),
        Code(EVIL),
        Facts(pairs=((EVIL, EVIL),)),
        table,
        Fold(EVIL, (chart,)),
        bars_chart(2, labels=[EVIL, "b"], title=EVIL),
        title=EVIL,
        subtitle=EVIL,
    )
    assert [] == reader.problems
    assert 3 == len(reader.scripts)  # the data, the library, our own
    assert 1 == len(reader.all("b"))  # the word of the note
    assert 10 <= sum("alert(1)" in text for text in reader.texts)


def test_the_data_of_the_charts_can_be_read_back():
    evil = bars_chart(2, labels=[EVIL, "稳健"], title="Likeness & risk")
    reader = read(evil)
    data = json.loads(next(text for attrs, text in reader.scripts if attrs.get("id") == "plots"))
    (plot,) = data["plots"]
    assert "plot-1" == plot["id"]
    assert "likeness_risk" == plot["file"]
    assert "稳健" in plot["layout"]["yaxis"]["ticktext"]
    assert {"light", "dark"} == set(data["templates"])


def test_a_chart_without_letters_in_its_title_saves_under_its_number():
    reader = read(bars_chart(title="!"))
    data = json.loads(next(text for attrs, text in reader.scripts if attrs.get("id") == "plots"))
    assert "plot-1" == data["plots"][0]["file"]


def test_equal_pages_are_equal_texts():
    assert page_html(page_of(*every_chart().values())) == page_html(
        page_of(*every_chart().values())
    )


def test_headings_of_the_second_level_make_the_contents():
    reader = read(Heading("One"), Heading("Deep", level=3), Heading("Two"))
    assert ["#part-1", "#part-2"] == [attrs["href"] for attrs in reader.all("a")]
    assert ["part-1", "part-2"] == [attrs["id"] for attrs in reader.all("h2")]


TABLE = Table(
    columns=(
        Column("models"),
        Column("Ann_Ret", "percent"),
        Column("Max_DD", "percent", 1),
        Column("n", "integer"),
        Column("Sharpe", "number", 3),
        Column("cash", "money"),
        Column("day", "date"),
    ),
    rows=(
        ("gru,lstm", 0.1234, -0.2, 2, 1.5, 1234.5, date(2026, 1, 2)),
        ("gru", -0.05, -0.1, 1, None, 0.0, None),
        ("lstm", float("nan"), -0.3, 1, -0.0001, 5, date(2026, 1, 3)),
    ),
)


@pytest.mark.parametrize(
    "cell",
    [
        '<td class="percent" data-v="0.1234">12.34%</td>',
        '<td class="percent negative" data-v="-0.05">−5.00%</td>',
        '<td class="percent" data-v="-0.2">−20.0%</td>',
        '<td class="number" data-v="">–</td>',
        '<td class="percent" data-v="">–</td>',
        '<td class="number" data-v="-0.0001">0.000</td>',
        '<td class="money" data-v="1234.5">1,234.50</td>',
        '<td class="date" data-v="2026-01-02">2026-01-02</td>',
        '<td class="integer" data-v="2">2</td>',
        '<td class="text list" data-v="gru,lstm">gru,<wbr>lstm</td>',
    ],
)
def test_cells_are_written_for_people_and_sorted_by_value(cell):
    assert cell in page_html(page_of(TABLE))


def test_only_long_texts_and_lists_may_be_set_in_several_lines():
    table = Table(columns=(Column("a"),), rows=(("short text",), ("long text " * 9,)))
    text = page_html(page_of(table))
    assert 1 == text.count('<td class="text list"')


def test_a_marked_row_is_set_off():
    table = Table(columns=(Column("a"),), rows=(("x",), ("y",)), marked=frozenset({1}))
    assert '<tr class="marked"><td class="text" data-v="y">' in page_html(page_of(table))


@pytest.mark.parametrize(
    ("tone", "word"),
    [("info", "Note"), ("good", "Good"), ("warning", "Caution"), ("bad", "Warning")],
)
def test_the_tone_of_a_note_is_a_word_too(tone, word):
    assert f'<p class="note {tone}"><b>{word}.</b>' in page_html(page_of(Note("text", tone)))
