"""What post-trade is asked to do, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantpits.post_trade.money import cny_text

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = [
    "BooksReport",
    "CorrectRequest",
    "DayReport",
    "OpenRequest",
    "PostTradeReport",
    "PostTradeRequest",
    "RebuildRequest",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostTradeRequest:
    """What to process.

    Attributes
    ----------
    end_date : date or None
        Last day to process; the last session of the market data by default.
    broker : str or None
        Format of the files; that of ``prod_config.json`` by default.
    assume_empty : tuple of date
        Sessions without a file on which, as the user says, nothing happened.
    adopt : bool
        Whether a hand edit of the state keys of ``prod_config.json`` is posted as an adjustment.
    dry_run : bool
        Whether to compute everything and write nothing.
    verbose : bool
        Whether the report lists every line.
    """

    end_date: date | None = None
    broker: str | None = None
    assume_empty: tuple[date, ...] = ()
    adopt: bool = False
    dry_run: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """One processed session.

    Attributes
    ----------
    settle_date : date
        The session.
    source : str
        Name of its file; ``""`` where it was assumed empty.
    n_lines, n_positions : int
        Lines of the file; instruments held at its end.
    cash_before_fen, cash_after_fen : int
        Cash at its start and end [fen].
    flow_fen : int
        Deposits less withdrawals [fen].
    nav_fen : int
        Cash and holdings at their marks [fen].
    nav_without_flow_fen : int
        The same without the deposits and withdrawals of the day [fen].
    lines : tuple of str
        The lines in words, if they were asked for.
    """

    settle_date: date
    source: str
    n_lines: int
    n_positions: int
    cash_before_fen: int
    cash_after_fen: int
    flow_fen: int
    nav_fen: int
    nav_without_flow_fen: int = field(init=False)
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Compute what follows from the others."""
        object.__setattr__(self, "nav_without_flow_fen", self.nav_fen - self.flow_fen)

    def summary(self) -> list[str]:
        """Return the session in words.

        Returns
        -------
        list of str
            One line, and one for each of `lines`.
        """
        flow = f", deposits {cny_text(self.flow_fen)}" if self.flow_fen else ""
        lines = f"{self.n_lines} lines" if self.source else "assumed empty"
        head = (
            f"{self.settle_date}: {lines}, cash {cny_text(self.cash_before_fen)} -> "
            f"{cny_text(self.cash_after_fen)}{flow}, {self.n_positions} positions, "
            f"NAV {cny_text(self.nav_fen)}"
        )
        if self.flow_fen:
            head += f" ({cny_text(self.nav_without_flow_fen)} without the deposits)"
        return [head, *(f"  {line}" for line in self.lines)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostTradeReport:
    """What was processed.

    Attributes
    ----------
    workspace : str
        Its folder.
    outputs : tuple of Path
        Files that were written; with `is_dry_run` none.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether anything was written, or would have been.
    is_dry_run : bool
        Whether nothing was written on purpose.
    market : str
        Name of the market data that valued the holdings.
    last_date : date
        Last day in the books.
    cash_fen : int
        Cash at its end [fen].
    n_positions : int
        Instruments held at its end.
    adjustment : str
        What was adopted from ``prod_config.json``; ``""`` for nothing.
    days : tuple of DayReport
        The sessions, oldest first.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    is_dry_run: bool
    market: str
    last_date: date
    cash_fen: int
    n_positions: int
    adjustment: str = ""
    days: tuple[DayReport, ...] = ()

    def summary(self) -> list[str]:
        """Return the report in words.

        Returns
        -------
        list of str
            Lines for a person.
        """
        lines = [line for day in self.days for line in day.summary()]
        if self.adjustment:
            lines.insert(0, f"Adopted: {self.adjustment}")
        if not self.changed:
            lines.append(f"The books are up to date ({self.last_date}); nothing was written.")
        elif self.is_dry_run:
            lines.append("Dry run: nothing was written.")
        lines.append(
            f"After {self.last_date}: cash {cny_text(self.cash_fen)}, {self.n_positions} positions "
            f"(prices: {self.market})."
        )
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectRequest:
    """What to correct.

    Attributes
    ----------
    day : date or None
        The session whose file is right and whose books are wrong.
    entries : tuple of int
        Numbers of entries to take back.
    reason : str
        Why; it stands in the ledger.
    dry_run : bool
        Whether to compute everything and write nothing.
    """

    day: date | None = None
    entries: tuple[int, ...] = ()
    reason: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildRequest:
    """How to make the ledger again.

    Attributes
    ----------
    dry_run : bool
        Whether to make it in memory only and compare.
    """

    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """How to open the books.

    Attributes
    ----------
    dry_run : bool
        Whether to report what is found and write nothing.
    """

    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksReport:
    """What a command did to the books.

    Attributes
    ----------
    workspace : str
        Its folder.
    outputs : tuple of Path
        Files that were written; with `is_dry_run` none.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether anything was written, or would have been.
    is_dry_run : bool
        Whether nothing was written on purpose.
    lines : tuple of str
        What was done, in words.
    digest : str
        Digest of the books after it.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    is_dry_run: bool
    lines: tuple[str, ...]
    digest: str

    def summary(self) -> list[str]:
        """Return the report in words.

        Returns
        -------
        list of str
            Lines for a person.
        """
        lines = list(self.lines)
        if not self.changed:
            lines.append("Everything was so already; nothing was written.")
        elif self.is_dry_run:
            lines.append("Dry run: nothing was written.")
        return [*lines, f"Digest {self.digest}"]
