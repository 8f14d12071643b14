"""What an evaluation on purged splits is asked for and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.modeling.spread import Spread

__all__ = ["EvaluateReport", "EvaluateRequest", "PathScore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """Which model is evaluated, and on which splits.

    Attributes
    ----------
    model : str
        Name in the registry.
    folds, test_folds : int
        Into how many folds the span is cut, and how many of them are tested at a time.
    embargo : int or None
        Sessions left out after each test fold, beside those that the label looks ahead; None: as
        many as a row of a model that reads sequences reads before it, else 0 [sessions].
    dry_run : bool
        Say what would be done and write nothing.
    """

    model: str
    folds: int = 6
    test_folds: int = 2
    embargo: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PathScore:
    """How a model ranked on one path: every fold tested once.

    Attributes
    ----------
    ic, icir, rank_ic, rank_icir : float or None
        Over all days of the path; None where undefined.
    n_days : int
        Days with an IC.
    """

    ic: float | None
    icir: float | None
    rank_ic: float | None
    rank_icir: float | None
    n_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateReport:
    """How a model ranks on purged splits.

    Attributes
    ----------
    workspace, model : str
        Whose model.
    outputs : tuple of Path
        The file with the result.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        False if every split was fitted already.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    first, last : date
        The span: training and validation window; the test window is not touched.
    n_splits, n_reused : int
        How many splits there are, and how many were fitted before.
    purge_sessions, embargo_sessions : int
        Sessions left out around and after test folds.
    lookback_sessions : int
        How many sessions before its own a row reads; 0 for a model without sequences.
    paths : tuple of PathScore
        Empty in a dry run.
    ic, rank_ic : Spread or None
        Over the paths.
    seconds : float
        Wall time [seconds].
    is_dry_run : bool
        Whether nothing was written on purpose.
    """

    workspace: str
    model: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    market_label: str
    first: date
    last: date
    n_splits: int
    n_reused: int
    purge_sessions: int
    embargo_sessions: int
    lookback_sessions: int = 0
    paths: tuple[PathScore, ...] = ()
    ic: Spread | None = None
    rank_ic: Spread | None = None
    seconds: float = 0.0
    is_dry_run: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        lines = [
            f"{self.model} of {self.workspace} on purged splits of {self.market_label}.",
            (
                f"{self.first} to {self.last}, before the test window: {self.n_splits} splits,"
                f" {self.n_reused} of them fitted before; {self.purge_sessions} sessions purged,"
                f" {self.embargo_sessions} more after each test."
            ),
        ]
        if self.lookback_sessions:
            lines.append(f"A row reads the {self.lookback_sessions} sessions before it too.")
        if self.is_dry_run:
            return [*lines, "Dry run: nothing was fitted or written."]
        for number, path in enumerate(self.paths, start=1):
            values = (("IC", path.ic), ("Rank IC", path.rank_ic), ("Rank ICIR", path.rank_icir))
            shown = (
                f"{name} {'undefined' if value is None else format(value, '.4f')}"
                for name, value in values
            )
            lines.append(f"  path {number}: {', '.join(shown)} on {path.n_days} days")
        for name, spread in (("IC", self.ic), ("Rank IC", self.rank_ic)):
            if spread is not None and spread.n > 1:
                lines.append(f"{name} over {spread.n} paths {spread.text()}")
        return lines
