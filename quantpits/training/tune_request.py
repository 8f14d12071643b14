"""What a tuning is asked for and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.training.tune_space import Argument

__all__ = ["TuneReport", "TuneRequest", "score_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """Which model is tuned, and for how long.

    Attributes
    ----------
    model : str
        Name in the registry.
    trials : int
        How many trials there are to be in all, those of earlier runs included.
    timeout : float or None
        Seconds after which no more trial is started; None: no limit [seconds].
    folds : int
        1: the validation window decides. More: the mean over so many purged folds of training and
        validation window, and a trial that lags behind the others after a fold is given up.
    dry_run : bool
        Say what would be done and write nothing.
    """

    model: str
    trials: int = 30
    timeout: float | None = None
    folds: int = 1
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneReport:
    """What a tuning found.

    Attributes
    ----------
    workspace, model : str
        Whose model.
    outputs : tuple of Path
        Workflow, registry, pictures and page.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        False if everything was already so.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    objective : str
        What is maximised, in words.
    n_trials, n_new, n_pruned, n_failed : int
        How many trials there are, how many are of this run, and how many were given up or failed.
    start, best : float or None
        Mean daily rank IC of the workflow's own arguments and of the best trial.
    best_arguments : dict of str to value or list
        Arguments of the best trial; one inside another has a dot in its name.
    tuned_model : str or None
        Name of the new, disabled model; None if no trial was better than the workflow.
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
    objective: str
    n_trials: int
    n_new: int = 0
    n_pruned: int = 0
    n_failed: int = 0
    start: float | None = None
    best: float | None = None
    best_arguments: dict[str, Argument] = field(default_factory=dict)
    tuned_model: str | None = None
    seconds: float = 0.0
    is_dry_run: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        lines = [
            f"Tuning {self.model} of {self.workspace} on {self.market_label}.",
            f"Objective: {self.objective}.",
        ]
        if self.is_dry_run:
            return [*lines, f"Dry run: {self.n_trials} trials are finished; nothing was written."]
        lines.append(
            f"{self.n_trials} trials, {self.n_new} of them now; {self.n_pruned} given up early,"
            f" {self.n_failed} failed; {self.seconds:.1f} s."
        )
        lines.append(
            f"Rank IC {score_text(self.best)}; of the workflow as it is {score_text(self.start)}."
        )
        lines += [f"  {name}: {value}" for name, value in self.best_arguments.items()]
        if self.tuned_model is None:
            lines.append("No trial was better than the workflow, so there is no new one.")
        else:
            lines.append(
                f"New model {self.tuned_model}, not enabled: compare it on the test window with"
                f" quantpits incremental-train --models {self.model},{self.tuned_model} --seeds 3"
            )
        return lines


def score_text(value: float | None) -> str:
    """Return a score of the objective with four decimals, or that it is not known."""
    return "not known" if value is None else f"{value:.4f}"
