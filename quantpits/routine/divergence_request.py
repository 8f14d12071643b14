"""What the divergence report is asked for, and what it answers; light, for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.routine.loop_request import CAUSES

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = ["DivergenceReport", "DivergenceRequest", "WeekLine"]

_FEN_PER_CNY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceRequest:
    """Which sessions to hold against their orders.

    Attributes
    ----------
    start, end : date, optional
        First and last day; everything in the books by default.
    label : str
        Whose order files were followed.
    dry_run : bool
        Compute everything, write nothing.
    """

    start: date | None = None
    end: date | None = None
    label: str = "ensemble"
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """What one instrument brought in one ISO week, and what it would have by the orders.

    Attributes
    ----------
    week : date
        Last processed session of the week.
    instrument : str
        ``""`` for what belongs to no instrument.
    planned_fen : int
        What the orders, filled in full at the session's price, would have brought [fen].
    parts : dict of str to int
        What made the difference, by cause [fen].
    actual_fen : int
        What it brought: planned and all parts [fen].
    """

    week: date
    instrument: str
    planned_fen: int
    parts: dict[str, int]
    actual_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceReport:
    """How the account differs from its orders.

    Attributes
    ----------
    workspace : str
        Whose account.
    outputs : tuple of Path
        Weeks, fills, text.
    findings : tuple of Finding
        What was not filled, traded without an order, or at an odd price.
    changed : bool
        Whether anything was written.
    sessions : tuple of date
        The sessions that were looked at.
    lines : tuple of WeekLine
        By week and instrument.
    nav_before_fen, nav_after_fen : int
        Account value before the first and after the last session [fen].
    deposits_fen : int
        Deposits less withdrawals [fen].
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    sessions: tuple[date, ...]
    lines: tuple[WeekLine, ...]
    nav_before_fen: int
    nav_after_fen: int
    deposits_fen: int

    def summary(self) -> list[str]:
        """Return the lines for a person: from the planned to the actual result."""
        if not self.sessions:
            return ["There is no processed session in these days."]
        planned = sum(line.planned_fen for line in self.lines)
        parts = {cause: sum(line.parts[cause] for line in self.lines) for cause in CAUSES}
        actual = sum(line.actual_fen for line in self.lines)
        first, last = self.sessions[0], self.sessions[-1]
        lines = [
            f"{len(self.sessions)} sessions, {first} to {last}",
            f"  {'as ordered, at the session price':<34}{_cny(planned)}",
            *(f"    {cause:<32}{_cny(fen)}" for cause, fen in parts.items()),
            f"  {'result of the account':<34}{_cny(actual)}",
            f"  {'deposits less withdrawals':<34}{_cny(self.deposits_fen)}",
            f"  {'account value before':<34}{_cny(self.nav_before_fen)}",
            f"  {'account value after':<34}{_cny(self.nav_after_fen)}",
        ]
        costly = sorted(self._by_instrument().items(), key=lambda pair: (pair[1], pair[0]))
        worst = [(name, fen) for name, fen in costly if fen < 0][:5]
        if worst:
            lines.append("  most lost against the orders: ")
            lines += [f"    {name:<32}{_cny(fen)}" for name, fen in worst]
        return lines

    def _by_instrument(self) -> dict[str, int]:
        lost: dict[str, int] = {}
        for line in self.lines:
            name = line.instrument or "cash"
            lost[name] = lost.get(name, 0) + sum(line.parts.values())
        return lost


def _cny(fen: int) -> str:
    return f"{fen / _FEN_PER_CNY:>18,.2f} CNY"
