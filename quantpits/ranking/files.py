"""The file of a ranking: ``Signal_{label}_{date}_Top{N}.csv``.

The header and the byte order mark are those of the earlier system, so that spreadsheet programs and
the readers of those lists need no change. The index always has two decimals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.workspace.atomic import write_csv

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

__all__ = ["HEADER", "ranking_name", "write_ranking"]

HEADER = ("股票代码", "推荐指数")
"""Instrument and recommendation index, in the words that readers of the file know."""


def ranking_name(label: str, data_date: date, *, top_n: int) -> str:
    """Return the name of a ranking's file.

    Examples
    --------
    >>> from datetime import date
    >>> ranking_name("combo_A", date(2026, 2, 6), top_n=300)
    'Signal_combo_A_2026-02-06_Top300.csv'
    """
    return f"Signal_{label}_{data_date.isoformat()}_Top{top_n}.csv"


def write_ranking(path: Path, rows: Iterable[tuple[str, float]]) -> bool:
    """Write a ranking.

    Parameters
    ----------
    path : Path
        The file.
    rows : iterable of (str, float)
        Instrument and index in [-100, 100], best first.

    Returns
    -------
    bool
        False if the file already had this content.

    Raises
    ------
    ArtifactError
        If the file cannot be written.
    """
    return write_csv(path, HEADER, [(name, f"{index:.2f}") for name, index in rows], bom=True)
