r"""From the bytes of a text export to rows of cells, without guessing.

Terminals write text with commas or TABs, often under the name ``.xls``, in GBK or UTF-8. Which of
the two encodings it is shows in the bytes; which delimiter it is shows in the header, so the rows
are given once for each delimiter that the text can have and the adapter looks for its columns.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from quantpits.errors import BrokerFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DELIMITERS", "TextRows", "decoded", "delimited_rows"]

TextRows = list[list[str]]
"""Rows of cells, the first line of the file first."""

DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
"""Word for a delimiter to the character."""

_LARGEST_CELL_COUNT = 3_000_000
_BOM = b"\xef\xbb\xbf"
_MARKUP = re.compile(rb"\s*<")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def decoded(content: bytes, source: str, *, encoding: str = "auto") -> str:
    """Return the text of a file.

    Parameters
    ----------
    content : bytes
        The file.
    source : str
        Its name, for messages.
    encoding : {"auto", "utf-8", "gbk"}
        How it is encoded; by default the one of the two that its bytes can be.

    Returns
    -------
    str
        Without a byte order mark.

    Raises
    ------
    BrokerFileError
        If the bytes are no such text.

    Notes
    -----
    GBK text of more than a few Chinese characters is never valid UTF-8, and all of GB18030 is read
    for ``gbk``, since that is what its writers use.
    """
    if _MARKUP.match(content.removeprefix(_BOM)):
        raise _unreadable(source, "a web page or XML under the name of a table")
    candidates = {"auto": ("utf-8-sig", "gb18030"), "utf-8": ("utf-8-sig",), "gbk": ("gb18030",)}
    for name in candidates[encoding]:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise _unreadable(source, "it contains zero bytes")
        return text
    wanted = "UTF-8 or GBK" if encoding == "auto" else encoding
    raise _unreadable(source, f"its bytes are no {wanted}")


def delimited_rows(text: str, source: str, *, delimiters: Sequence[str]) -> list[TextRows]:
    r"""Return the rows of a text, once for each delimiter that it can have.

    Parameters
    ----------
    text : str
        The file, decoded.
    source : str
        Its name, for messages.
    delimiters : sequence of str
        Characters to try.

    Returns
    -------
    list of list of list of str
        Every reading that is well formed.

    Raises
    ------
    BrokerFileError
        If none is, or the table is larger than an export can be.

    Examples
    --------
    >>> delimited_rows('a\t="b,c"\n', "x.csv", delimiters=["\t"])
    [[['a', '="b,c"']]]
    """
    found = []
    reason = "it is empty"
    n_lines = text.count("\n") + text.count("\r")
    for delimiter in delimiters:
        if text.count(delimiter) + n_lines > _LARGEST_CELL_COUNT:
            raise BrokerFileError(
                "The broker's file is larger than an export can be.",
                where=source,
                expected=f"at most {_LARGEST_CELL_COUNT} cells",
                hint="export a shorter interval",
            )
        try:
            # Strict: an unclosed quotation mark would swallow the rest of the file.
            found.append(list(csv.reader(_LINES.findall(text), delimiter=delimiter, strict=True)))
        except csv.Error as error:
            reason = str(error)
    if not found:
        raise _unreadable(source, reason)
    return found


def _unreadable(source: str, reason: str) -> BrokerFileError:
    return BrokerFileError(
        "The broker's file cannot be read.",
        where=source,
        expected="an .xlsx workbook, or text in GBK or UTF-8 separated by commas or TABs",
        found=reason,
        hint="export the day again and replace the file",
    )
