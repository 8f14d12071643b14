"""A page as one HTML text: its sections, the chart library, and the data of its charts.

The page asks for nothing from any network, and its own policy forbids it to: scripts run only if
their digest stands in the header, so that even text that was written unescaped by mistake could not
run. What a name contains stays text, in the document, in the data and in the charts.
"""

from __future__ import annotations

import base64
import hashlib
import html as markup
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from quantpits.charts.encoding import script_json
from quantpits.charts.page_style import SCRIPT, STYLE, TEMPLATES
from quantpits.charts.plots import plot
from quantpits.charts.sections import (
    Code,
    Column,
    Facts,
    Fold,
    Heading,
    Note,
    Page,
    Paragraph,
    Section,
    Table,
)
from quantpits.charts.ticks import number_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from quantpits.charts.kinds import AxisKind, Chart

__all__ = ["html"]

# A text longer than this may be set in several lines.
_LONG_TEXT: Final = 40
_TONES: Final = {"info": "Note", "good": "Good", "warning": "Caution", "bad": "Warning"}


def html(page: Page) -> str:
    """Return a page as one HTML text.

    Parameters
    ----------
    page : Page
        What is on it.

    Returns
    -------
    str
        The same for the same page.
    """
    writer = _Writer()
    body = "\n".join(writer.section(section) for section in page.sections)
    plots = {"plots": writer.plots, "templates": TEMPLATES}
    library = _library() if writer.plots else ""
    scripts = [script for script in (library, SCRIPT) if script]
    digests = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    title = _text(page.title)
    subtitle = f'<p class="subtitle">{_text(page.subtitle)}</p>' if page.subtitle else ""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            f"<header><h1>{title}</h1>{subtitle}</header>",
            '<button id="theme" type="button">light / dark</button>',
            "<noscript><p>The charts need JavaScript; the texts and tables do not.</p></noscript>",
            _contents(writer.headings),
            f"<main>\n{body}\n</main>",
            f'<script type="application/json" id="plots">{script_json(plots)}</script>',
            *(f"<script>{script}</script>" for script in scripts),
            "</body>",
            "</html>",
            "",
        ]
    )


class _Writer:
    """Writes sections in order, and keeps the charts and headings it has come by."""

    def __init__(self) -> None:
        self.plots: list[dict[str, Any]] = []
        self.headings: list[tuple[str, str]] = []

    def section(self, section: Section) -> str:
        match section:
            case Heading():
                return self._heading(section)
            case Paragraph():
                return f"<p>{_text(section.text)}</p>"
            case Note():
                tone = _TONES[section.tone]
                return f'<p class="note {section.tone}"><b>{tone}.</b>{_text(section.text)}</p>'
            case Code():
                return f"<pre><code>{_text(section.text)}</code></pre>"
            case Facts():
                return _facts(section)
            case Table():
                return _table(section)
            case Fold():
                inner = "\n".join(self.section(part) for part in section.sections)
                return f"<details><summary>{_text(section.title)}</summary>\n{inner}\n</details>"
            case _:
                return self._chart(section)

    def _heading(self, heading: Heading) -> str:
        if heading.level != 2:  # noqa: PLR2004 - h2 makes the contents
            return f"<h3>{_text(heading.text)}</h3>"
        name = f"part-{len(self.headings) + 1}"
        self.headings.append((name, heading.text))
        return f'<h2 id="{name}">{_text(heading.text)}</h2>'

    def _chart(self, chart: Chart) -> str:
        made = plot(chart)
        name = f"plot-{len(self.plots) + 1}"
        self.plots.append(
            {
                "id": name,
                "data": list(made.data),
                "layout": made.layout,
                "height": made.height,
                "shared": made.shared,
                "file": re.sub(r"\W+", "_", chart.title).strip("_").lower() or name,
            }
        )
        detail = f"<span>{_text(chart.subtitle)}</span>" if chart.subtitle else ""
        return (
            f"<figure><figcaption>{_text(chart.title)}{detail}</figcaption>"
            f'<div class="plot" id="{name}" style="min-height:{made.height}px"></div></figure>'
        )


def _contents(headings: Iterable[tuple[str, str]]) -> str:
    links = "".join(f'<a href="#{name}">{_text(text)}</a>' for name, text in headings)
    return f"<nav>{links}</nav>" if links else ""


def _facts(facts: Facts) -> str:
    rows = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.pairs)
    return f"<dl>{rows}</dl>"


def _table(table: Table) -> str:
    head = "".join(
        f'<th class="{column.kind}" scope="col"><button type="button">{_text(column.name)}'
        "</button></th>"
        for column in table.columns
    )
    falls = {at for at in range(len(table.columns)) if _is_never_above_zero(table, at)}
    rows = []
    for number, row in enumerate(table.rows):
        mark = ' class="marked"' if number in table.marked else ""
        pairs = enumerate(zip(row, table.columns, strict=True))
        cells = "".join(
            _cell(value, column, is_sign_known=at in falls) for at, (value, column) in pairs
        )
        rows.append(f"<tr{mark}>{cells}</tr>")
    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    body = "\n".join(rows)
    return (
        f'<div class="table"><table>{caption}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _is_never_above_zero(table: Table, at: int) -> bool:
    """Return whether a column is all falls, such as drawdowns, where a colour would say nothing."""
    cells = (row[at] for row in table.rows)
    values = [cell for cell in cells if isinstance(cell, (int, float))]
    return bool(values) and all(not value > 0 for value in values)


def _cell(value: str | float | date | None, column: Column, *, is_sign_known: bool) -> str:
    """Return a cell; what it is sorted by stands beside what is read."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return f'<td class="{column.kind}" data-v="">–</td>'
    if isinstance(value, (int, float)) and column.kind not in {"text", "date"}:
        return _number_cell(value, column, is_sign_known=is_sign_known)
    text = _text(str(value))
    # A list of models may break after each comma, and inside a name only if it must.
    style = "text list" if "," in text or len(text) > _LONG_TEXT else column.kind
    return f'<td class="{style}" data-v="{text}">{text.replace(",", ",<wbr>")}</td>'


def _number_cell(value: float, column: Column, *, is_sign_known: bool) -> str:
    kind: AxisKind = "number"
    if column.kind in {"percent", "integer"}:
        kind = "percent" if column.kind == "percent" else "integer"
    digits = 2 if column.digits is None else column.digits
    shown = number_text(float(value), kind, digits=digits)
    sign = " negative" if shown.startswith("−") and not is_sign_known else ""
    return f'<td class="{column.kind}{sign}" data-v="{value!r}">{shown}</td>'


def _text(text: str) -> str:
    return markup.escape(text, quote=True)


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


@cache
def _library() -> str:
    """Return the chart library, as its package brings it."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - only pages with charts need it

    # A browser reads line ends as \\n before it takes the digest.
    return str(get_plotlyjs()).replace("\r\n", "\n").replace("\r", "\n")
