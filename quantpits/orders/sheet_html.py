"""The order sheet as a page to print: A4, black on white, nothing loaded from anywhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantpits.orders.sheet import OrderSheet, SheetLine, SheetPart

__all__ = ["sheet_html"]

_STYLE = """
@page { size: A4 portrait; margin: 9mm 9mm 11mm 9mm;
  @bottom-right { content: "page " counter(page) " of " counter(pages); font: 7pt sans-serif; } }
* { box-sizing: border-box; }
body { font: 8.5pt/1.25 "Helvetica Neue", Arial, "PingFang SC", "Microsoft YaHei",
  "Noto Sans CJK SC", sans-serif; color: #000; background: #fff; margin: 0 auto;
  max-width: 192mm; }
@media screen { body { padding: 5mm; } }
h1 { font-size: 15pt; margin: 0 0 1mm; }
h2 { font-size: 10.5pt; margin: 2.6mm 0 0.4mm; }
p { margin: 0 0 1mm; }
.banner { border: 0.6mm solid #000; padding: 1mm 2mm; font-weight: bold; text-align: center;
  margin: 1mm 0; }
.note { color: #444; font-size: 7.5pt; }
.facts { display: grid; grid-template-columns: 1fr 1fr; gap: 0 5mm; margin: 1mm 0;
  border-top: 0.2mm solid #000; border-bottom: 0.2mm solid #000; padding: 0.8mm 0;
  font-size: 7.5pt; }
.facts div { overflow-wrap: anywhere; }
.facts b { font-weight: 600; }
.warnings { border-left: 1mm solid #000; padding-left: 2mm; margin: 1mm 0; font-size: 7.5pt; }
table { width: 100%; border-collapse: collapse; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-weight: 600; font-size: 7pt; border-bottom: 0.3mm solid #000;
  padding: 0.3mm 0.8mm; vertical-align: bottom; }
td { border-bottom: 0.1mm solid #999; padding: 0.35mm 0.8mm; white-space: nowrap; }
td.why { white-space: normal; font-size: 7pt; color: #333; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.code { font-weight: 700; font-size: 9.5pt; font-variant-numeric: tabular-nums; }
.shares { font-weight: 700; }
.box { display: inline-block; width: 3mm; height: 3mm; border: 0.3mm solid #000; }
td.fill { border-bottom: 0.1mm solid #000; border-left: 2mm solid #fff; min-width: 13mm; }
.dense { font-size: 7.6pt; }
.dense td { padding-top: 0.12mm; padding-bottom: 0.12mm; }
.dense .code { font-size: 8.2pt; }
tfoot td { border-bottom: none; font-weight: 600; }
.alternates td { color: #444; }
.empty { font-style: italic; }
footer { margin-top: 2.5mm; font-size: 7pt; color: #333; border-top: 0.2mm solid #000;
  padding-top: 1mm; }
"""

_COLUMNS = (
    ("", "number"),
    ("done", ""),
    ("code", ""),
    ("", ""),
    ("shares", "number"),
    ("limit", "number"),
    ("close", "number"),
    ("", "number"),
    ("why", ""),
    ("filled", ""),
    ("price", ""),
)
_AMOUNT_AT = 7  # the column whose title says what the amounts are
_ROOMY_LINES = 32  # more of them are set smaller, so that they stay on one page


def sheet_html(sheet: OrderSheet) -> str:
    """Return the page.

    Parameters
    ----------
    sheet : OrderSheet
        The orders.

    Returns
    -------
    str
        A whole HTML document; equal sheets give equal text.
    """
    banner = f'<p class="banner">{escape(sheet.banner)}</p>' if sheet.banner else ""
    facts = "".join(
        f"<div><b>{escape(name)}</b> {escape(text)}</div>" for name, text in sheet.facts
    )
    warnings = "".join(f"<p>{escape(text)}</p>" for text in sheet.warnings)
    parts = "".join(_part(part) for part in sheet.parts)
    n_lines = sum(len(part.lines) for part in sheet.parts)
    kind = ' class="dense"' if n_lines > _ROOMY_LINES else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(sheet.title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body{kind}>\n"
        f"<h1>{escape(sheet.title)}</h1>\n{banner}\n"
        f'<div class="facts">{facts}</div>\n'
        + (f'<div class="warnings">{warnings}</div>\n' if warnings else "")
        + f"{parts}\n<footer>{escape(sheet.footer)}</footer>\n</body>\n</html>\n"
    )


def _part(part: SheetPart) -> str:
    head = f"<h2>{escape(part.title)}</h2>\n"
    if not part.lines:
        return head + '<p class="empty">nothing</p>\n'
    titles = "".join(
        f'<th class="{kind}">{escape(part.amount_title if at == _AMOUNT_AT else title)}</th>'
        for at, (title, kind) in enumerate(_COLUMNS)
    )
    rows = "".join(_row(line) for line in part.lines)
    total = (
        ""
        if part.total is None
        else f'<tfoot><tr><td colspan="{_AMOUNT_AT}" class="number">together</td>'
        f'<td class="number">{part.total:,}</td><td colspan="3"></td></tr></tfoot>'
    )
    kind = ' class="alternates"' if part.total is None else ""
    return (
        f'{head}<p class="note">{escape(part.note)}</p>\n'
        f"<table{kind}><thead><tr>{titles}</tr></thead><tbody>\n{rows}</tbody>{total}</table>\n"
    )


def _row(line: SheetLine) -> str:
    place = " ".join(part for part in (line.exchange, line.name) if part)
    cells = (
        f'<td class="number">{line.number}</td>',
        '<td><span class="box"></span></td>',
        f'<td class="code">{escape(line.code)}</td>',
        f"<td>{escape(place)}</td>",
        f'<td class="number shares">{line.shares:,}</td>',
        f'<td class="number">{line.limit}</td>',
        f'<td class="number">{line.close}</td>',
        f'<td class="number">{line.amount:,}</td>',
        f'<td class="why">{escape(line.reason)}</td>',
        '<td class="fill"></td>',
        '<td class="fill"></td>',
    )
    return f"<tr>{''.join(cells)}</tr>\n"
