"""What drawing opinions is asked for, and what it answers.

Only names and values, so that a command can build a request without loading anything heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = ["OpinionsReport", "OpinionsRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionsRequest:
    """Which opinions to draw.

    Attributes
    ----------
    input : path or None
        A file of opinions, taken from the workspace, or as it stands if it is not there; None for
        those of the routine's latest orders.
    output_dir : path or None
        Where the pictures go, relative to the workspace; None for beside the file.
    dry_run : bool
        Read and check, write nothing.
    """

    input: Path | str | None = None
    output_dir: Path | str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionsReport:
    """What was drawn.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        Ranks and actions as pictures, and both on one interactive page; none in a dry run.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether any byte on disk is new.
    source : Path
        The opinions.
    trade_date : date or None
        The session they are for.
    n_instruments : int
        Rows.
    columns : tuple of str
        Whose opinions they are, ``order_basis`` first.
    mean_agreement : float or None
        Over what is sold or bought: share of the models that would do the same.
    contested : tuple of (str, str, float)
        The orders that the fewest models share: instrument, action, agreement; at most five.
    dry_run : bool
        As asked.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    source: Path
    trade_date: date | None
    n_instruments: int
    columns: tuple[str, ...]
    mean_agreement: float | None
    contested: tuple[tuple[str, str, float], ...]
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the result in lines for a person."""
        day = f" for {self.trade_date}" if self.trade_date else ""
        n_sources = len(self.columns) - 1
        what = f"{self.n_instruments} instruments, {n_sources} sources beside the orders"
        lines = [f"Opinions{day}: {what} ({self.source.name})"]
        if self.mean_agreement is not None:
            lines.append(f"On average {self.mean_agreement:.0%} of the models agree with an order.")
        if self.contested:
            told = ", ".join(
                f"{action} {name} ({share:.0%})" for name, action, share in self.contested
            )
            lines.append(f"Shared by the fewest models: {told}")
        return [*lines, *(f"  {path}" for path in self.outputs)]
