"""Exports in every form that a terminal writes, for the tests of the adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

TextMaker = Callable[..., bytes]


@pytest.fixture(scope="session")
def make_text() -> TextMaker:
    """Build a text export: rows as mappings of column to cell, under a preamble."""

    def build(
        rows: Sequence[Mapping[str, Any]],
        *,
        columns: Sequence[str],
        delimiter: str = "\t",
        encoding: str = "gbk",
        preamble: int = 0,
        end: str = "\r\n",
    ) -> bytes:
        table = [[f"preamble {number}"] for number in range(preamble)]
        table.append(list(columns))
        table += [
            ["" if row.get(name) is None else str(row[name]) for name in columns] for row in rows
        ]
        return "".join(delimiter.join(cells) + end for cells in table).encode(encoding)

    return build
