"""What the paper loop is asked for, and what it reports; light, for the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantpits.routine.slippage import NO_SLIPPAGE

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.routine.slippage import Slippage

__all__ = ["CAUSES", "LoopReport", "LoopRequest"]

_FEN_PER_CNY = 100

CAUSES = ("timing", "price", "lot", "fee", "not filled", "entitlement")
"""What can make two accounts differ on one market, in the order they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRequest:
    """Run the whole loop over past sessions, in a sandbox.

    Attributes
    ----------
    start, end : date
        First and last day; the account opens with cash at the close of the first session.
    sandbox : Path, optional
        The sandbox workspace; beside the workspace by default.
    prediction_file : Path, optional
        Scores to cut to each anchor; those of `label` by default.
    label : str
        Whose newest prediction is cut to each anchor.
    predict : bool
        Predict and fuse anew at each anchor, with the models there are.
    cash_cny : Decimal, optional
        Opening cash [CNY]; the account of ``strategy_config.yaml`` by default.
    with_cashflows : bool
        Apply what ``cashflow.json`` lists for these days.
    slippage : Slippage
        How trading moves prices; not at all by default.
    fresh : bool
        Start over: remove what an earlier loop left in the sandbox.
    no_chart : bool
        Draw nothing.
    dry_run : bool
        Only say what would run.
    """

    start: date
    end: date
    sandbox: Path | None = None
    prediction_file: Path | None = None
    label: str = "ensemble"
    predict: bool = False
    cash_cny: Decimal | None = None
    with_cashflows: bool = False
    slippage: Slippage = NO_SLIPPAGE
    fresh: bool = False
    no_chart: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopReport:
    """What the paper loop did, and how its account compares with the simulator's.

    Attributes
    ----------
    workspace : str
        The sandbox.
    outputs : tuple of Path
        Account values, differences line by line, chart.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether anything was written.
    start, end : date
        First and last session.
    anchors : tuple of date
        The days that orders are made on.
    n_sessions, n_trades : int
        Sessions of the loop, and purchases and sales in the books.
    n_orders, n_short : int
        Orders but for alternates, and those that were not filled in full.
    nav_fen, simulated_fen : int
        The last account value, in the books and in the simulator [fen].
    largest_fen : int
        The largest difference of any session, signed: books less simulator [fen].
    largest_on : date or None
        Its session; None where every session is equal.
    causes : dict of str to int
        What the last difference comes from [fen]; the amounts add up to it.
    slippage : str
        The slippage model, in words.
    dry_run : bool
        Whether nothing was run.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    start: date
    end: date
    anchors: tuple[date, ...]
    n_sessions: int
    n_trades: int = 0
    n_orders: int = 0
    n_short: int = 0
    nav_fen: int = 0
    simulated_fen: int = 0
    largest_fen: int = 0
    largest_on: date | None = None
    causes: dict[str, int] = field(default_factory=dict)
    slippage: str = ""
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the lines for a person: what ran, and the two accounts side by side."""
        span = f"{self.n_sessions} sessions, {self.start} to {self.end}"
        head = f"{span}; {len(self.anchors)} times orders; {self.slippage}"
        if self.dry_run:
            return [f"Would run the loop in {self.workspace}: {head}."]
        lines = [
            f"Paper loop in {self.workspace}: {head}. No real trades, no real money.",
            f"  orders             {self.n_orders:>16,}    {self.n_short:,} not filled in full",
            f"  trades             {self.n_trades:>16,}",
            f"  NAV in the books   {_cny(self.nav_fen)}",
            f"  NAV of simulator   {_cny(self.simulated_fen)}",
            f"  difference         {_cny(self.nav_fen - self.simulated_fen)}",
            *(f"    {cause:<16} {_cny(fen)}" for cause, fen in self.causes.items() if fen),
        ]
        if self.largest_on is None:
            return [*lines, "  Equal to the cent on every session."]
        return [*lines, f"  largest difference {_cny(self.largest_fen)} on {self.largest_on}"]


def _cny(fen: int) -> str:
    return f"{fen / _FEN_PER_CNY:>16,.2f} CNY"
