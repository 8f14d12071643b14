"""Sections of a page as values."""

from __future__ import annotations

import pytest

from quantpits.charts import Column, Heading, Note, Page, Table
from quantpits.errors import ShapeError


def test_a_row_must_fit_its_table():
    with pytest.raises(ShapeError, match=r"(?s)Ranking, row 1.*2 cells.*found: 1"):
        Table(columns=(Column("a"), Column("b")), rows=(("x", 1), ("y",)), caption="Ranking")
    with pytest.raises(ShapeError, match="table, row 0"):
        Table(columns=(), rows=(("x",),))


def test_sections_have_plain_defaults():
    assert 2 == Heading("h").level
    assert "info" == Note("n").tone
    assert "text" == Column("c").kind
    assert "" == Page(title="t", sections=()).subtitle
