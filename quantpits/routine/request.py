"""What the routine is asked for, and what it reports.

Light on purpose: the command line builds requests and shows reports without loading what runs them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from quantpits.routine.slippage import NO_SLIPPAGE

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.routine.slippage import Slippage

__all__ = [
    "DemoReport",
    "DemoRequest",
    "DemoStage",
    "PaperReport",
    "PaperRequest",
    "RunReport",
    "RunRequest",
    "Scenario",
    "StepLine",
    "StepStatus",
]

Scenario = Literal["A", "B"]
StepStatus = Literal["ran", "unchanged", "done before", "would run"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run of the whole loop.

    Attributes
    ----------
    scenario : {"A", "B"}
        ``"A"`` trains, ``"B"`` predicts with the models there are.
    end_date : date, optional
        Process trades through this session; the market's last session by default.
    restart : bool
        Forget what an earlier run finished and run every step.
    dry_run : bool
        Only say which steps would run and which are done.
    """

    scenario: Scenario = "B"
    end_date: date | None = None
    restart: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class StepLine:
    """How one step of a run went.

    Attributes
    ----------
    step : str
        Its name, which is also its command.
    status : {"ran", "unchanged", "done before", "would run"}
        ``"unchanged"``: it ran and everything was already so; ``"done before"``: skipped.
    seconds : float
        Wall time, of the earlier run for a step that was skipped.
    lines : tuple of str
        What the step says about itself.
    """

    step: str
    status: StepStatus
    seconds: float
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run of the loop did.

    Attributes
    ----------
    workspace : str
        Where it ran.
    outputs : tuple of Path
        Every file the steps name as theirs.
    findings : tuple of Finding
        Everything the steps found.
    changed : bool
        False if everything was already so.
    scenario : {"A", "B"}
        Which loop.
    anchor_date : date
        The market's last session.
    steps : tuple of StepLine
        In order.
    dry_run : bool
        Whether nothing was run.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    scenario: Scenario
    anchor_date: date
    steps: tuple[StepLine, ...]
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the lines for a person: one for each step, then what the last steps say."""
        width = max(len(line.step) for line in self.steps)
        lines = [f"Scenario {self.scenario} on {self.anchor_date.isoformat()} in {self.workspace}"]
        lines += [
            f"  {number} {line.step:<{width}}  {line.status:<11}  {line.seconds:6.1f} s"
            for number, line in enumerate(self.steps, start=1)
        ]
        for line in self.steps:
            if line.lines:
                lines += ["", f"{line.step}:", *(f"  {text}" for text in line.lines)]
        return lines


@dataclass(frozen=True, slots=True)
class PaperRequest:
    """Settle the orders of the past sessions on paper.

    Attributes
    ----------
    through : date, optional
        Last session to settle; the market's last session by default.
    label : str
        Which order files to fill.
    paper_account : bool
        Says that this workspace holds no real money, so that it may be settled at real prices.
    slippage : Slippage
        How trading moves prices; not at all by default.
    dry_run : bool
        Compute everything, write nothing.
    """

    through: date | None = None
    label: str = "ensemble"
    paper_account: bool = False
    slippage: Slippage = NO_SLIPPAGE
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class PaperReport:
    """What the paper broker settled.

    Attributes
    ----------
    workspace : str
        Where.
    outputs : tuple of Path
        One settlement file for each session.
    findings : tuple of Finding
        Orders that were not filled in full, and why.
    changed : bool
        False if every file was already so.
    sessions : tuple of date
        The settled sessions.
    n_fills : int
        Buys and sells.
    n_events : int
        Dividends and bonus shares.
    cash_cny : float
        Cash after the last session [CNY].
    dry_run : bool
        Whether nothing was written.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    sessions: tuple[date, ...]
    n_fills: int
    n_events: int
    cash_cny: float
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the lines for a person."""
        if not self.sessions:
            return ["Paper broker: every session is settled already."]
        first, last = self.sessions[0], self.sessions[-1]
        verb = "would settle" if self.dry_run else "settled"
        return [
            (
                f"Paper broker {verb} {len(self.sessions)} sessions, {first} to {last}: "
                f"{self.n_fills} fills, {self.n_events} dividends or bonus shares, "
                f"cash {self.cash_cny:,.2f} CNY. No real trades."
            ),
        ]


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """Run the whole loop once, in a scratch workspace on the synthetic market.

    Attributes
    ----------
    target : Path
        The scratch workspace.
    nn : bool
        Also train the neural networks of the registry.
    weeks : int
        How many weeks to trade on paper after the first orders.
    fresh : bool
        Start over: remove what an earlier demo left in `target`.
    """

    target: Path
    nn: bool = False
    weeks: int = 2
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class DemoStage:
    """One stage of the demo.

    Attributes
    ----------
    title : str
        What it did.
    seconds : float
        Wall time.
    lines : tuple of str
        What it says about itself.
    """

    title: str
    seconds: float
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo made.

    Attributes
    ----------
    workspace : str
        The scratch workspace.
    outputs : tuple of Path
        The files to look at first: orders, predictions, books.
    findings : tuple of Finding
        Everything the steps found.
    changed : bool
        False if an earlier demo had already finished.
    stages : tuple of DemoStage
        With their wall times.
    anchor_date : date
        Last session of the synthetic market.
    nav_cny : dict of str to float
        Net asset value [CNY] by session.
    ic : dict of str to float or None
        Mean IC of each model on its test segment.
    orders : tuple of str
        The next orders, one line each.
    seconds : float
        Wall time of all stages [s].
    peak_rss_mib : float
        Largest resident memory of this process [MiB].
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    stages: tuple[DemoStage, ...]
    anchor_date: date
    nav_cny: dict[str, float] = field(default_factory=dict)
    ic: dict[str, float | None] = field(default_factory=dict)
    orders: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_rss_mib: float = 0.0

    def summary(self) -> list[str]:
        """Return the lines for a person: what was made, where it lies, what to do next."""
        return [
            "The loop ran on a SYNTHETIC market: nobody's prices, nobody's money.",
            "",
            *_table("Stages", [(s.title, f"{s.seconds:.1f} s") for s in self.stages]),
            *_table("IC of the models on their test segment", _ic_rows(self.ic)),
            *_table("Net asset value", [(d, f"{v:,.2f} CNY") for d, v in self.nav_cny.items()]),
            *(["Next orders", *(f"  {text}" for text in self.orders), ""] if self.orders else []),
            *_table("Where it lies", [(path.name, str(path)) for path in self.outputs]),
            f"{self.seconds:.0f} s, at most {self.peak_rss_mib:,.0f} MiB.",
            "",
            "What to do next",
            f"  look at the books:     quantpits ledger show --workspace {self.workspace}",
            "  make a workspace:      quantpits init --help",
            "  use your own prices:   quantpits data import --help",
            "  read on, step by step: docs/70_WALKTHROUGH.md",
        ]


def _table(title: str, rows: list[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    width = max(len(name) for name, _ in rows)
    return [title, *(f"  {name:<{width}}  {value}" for name, value in rows), ""]


def _ic_rows(ic: dict[str, float | None]) -> list[tuple[str, str]]:
    return [(name, "undefined" if v is None else f"{v:.4f}") for name, v in ic.items()]
