"""What a page is made of: headings, text, facts, tables, notes and charts, as values.

All text is plain text; it is escaped where it is written. A chart of `quantpits.charts.kinds` is a
section as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quantpits.charts.kinds import Chart
from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "Code",
    "Column",
    "Facts",
    "Fold",
    "Heading",
    "Note",
    "Page",
    "Paragraph",
    "Section",
    "Table",
    "Tone",
]

Tone = Literal["info", "good", "warning", "bad"]
ColumnKind = Literal["text", "percent", "number", "integer", "money", "date"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; those of level 2 make the contents of the page.

    Attributes
    ----------
    text : str
        What it says.
    level : {2, 3}
        2 for a part of the page, 3 for a part of a part.
    """

    text: str
    level: Literal[2, 3] = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of text.

    Attributes
    ----------
    text : str
        What it says.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence or two that must not be missed.

    Attributes
    ----------
    text : str
        What it says.
    tone : {"info", "good", "warning", "bad"}
        How it is set off; the tone is written out too, for those who do not see the colour.
    """

    text: str
    tone: Tone = "info"


@dataclass(frozen=True, slots=True)
class Code:
    """A command to copy.

    Attributes
    ----------
    text : str
        The command, one or more lines.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and values side by side, such as dates and settings.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Name and value.
    """

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Its heading.
    kind : {"text", "percent", "number", "integer", "money", "date"}
        How its cells are written; ``"percent"`` takes fractions.
    digits : int or None
        Decimals; 2 when None.
    """

    name: str
    kind: ColumnKind = "text"
    digits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that the reader can sort by any column.

    Attributes
    ----------
    columns : tuple of Column
        From left to right.
    rows : tuple of tuple
        Cells of each row; None and NaN are written as a dash and sort last.
    caption : str
        What the table shows.
    marked : frozenset of int
        Rows to set off, counted from 0.

    Raises
    ------
    ShapeError
        If a row has another number of cells than there are columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | float | date | None, ...], ...]
    caption: str = ""
    marked: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ShapeError(
                    "A row does not fit its table.",
                    where=f"{self.caption or 'table'}, row {number}",
                    expected=f"{len(self.columns)} cells",
                    found=len(row),
                )


@dataclass(frozen=True, slots=True)
class Fold:
    """Sections that the reader may open; they are always open on paper.

    Attributes
    ----------
    title : str
        What is inside.
    sections : tuple of Section
        What is inside.
    """

    title: str
    sections: tuple[Section, ...]


Section = Heading | Paragraph | Note | Code | Facts | Table | Fold | Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page.

    Attributes
    ----------
    title, subtitle : str
        What it is about.
    sections : tuple of Section
        From top to bottom.
    """

    title: str
    sections: tuple[Section, ...]
    subtitle: str = ""
