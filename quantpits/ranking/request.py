"""What a ranking is asked for, and what it answers.

Only names and values, so that a command can build a request without loading anything heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = ["RankReport", "RankRequest", "RankedList"]

_N_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRequest:
    """Which predictions to rank.

    Attributes
    ----------
    prediction_file : path or None
        Rank this file; taken from the workspace, or as it stands if it is not there. Wins over the
        two below.
    all_combos : bool
        Rank every enabled combo of ``ensemble_config.json``. Wins over `combo`.
    combo : str or None
        Rank this combo; None for what orders follow, ``ensemble_{anchor}.csv``.
    top_n : int
        How many instruments to list.
    output_dir : path or None
        Where the lists go, relative to the workspace; None for ``output/ranking``.
    dry_run : bool
        Compute everything, write nothing.
    """

    prediction_file: Path | str | None = None
    all_combos: bool = False
    combo: str | None = None
    top_n: int = 300
    output_dir: Path | str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedList:
    """One ranking.

    Attributes
    ----------
    label : str
        Combo, ``default`` or ``custom``; part of the file's name.
    source : Path
        The prediction.
    path : Path
        The list, written or, in a dry run, as it would be written.
    data_date : date
        The date that is ranked: the prediction's last.
    n_scored : int
        Instruments scored that day.
    n_listed : int
        Instruments listed: at most as many as asked for.
    best : tuple of (str, float)
        The first five, with their index.
    """

    label: str
    source: Path
    path: Path
    data_date: date
    n_scored: int
    n_listed: int
    best: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankReport:
    """What a ranking made.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        Every list, written now or already as it should be; none in a dry run.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether any byte on disk is new.
    market_label : str
        Name of the market data.
    lists : tuple of RankedList
        One per prediction, in order.
    dry_run : bool
        Whether nothing was written on purpose.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    market_label: str
    lists: tuple[RankedList, ...]
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the result in lines for a person."""
        verb = "would list" if self.dry_run else "listed"
        lines = [f"Market: {self.market_label}"]
        for ranked in self.lists:
            best = ", ".join(f"{name} {index:.2f}" for name, index in ranked.best)
            lines += [
                f"{ranked.label}: {verb} {ranked.n_listed} of {ranked.n_scored} instruments",
                f"  scored on {ranked.data_date}",
                f"  best: {best}",
                f"  {ranked.path}",
            ]
        return lines
