"""What training is asked for and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.modeling.results import ModelResult

__all__ = ["TrainReport", "TrainRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """What to train.

    Attributes
    ----------
    models : tuple of str or None
        Names of the registry; without any selection, every enabled model is trained and the records
        are replaced. With one, the records of the other models are kept.
    algorithm, dataset, market, tag : str or None
        Filters instead of names.
    skip : tuple of str
        Names to leave out.
    all_enabled : bool
        Every enabled model, like no selection at all, but merged into the records.
    partial : bool
        Publish the models that succeeded even if others failed.
    retrain : bool
        Train also what was trained with the same configuration and data already.
    experiment_name : str or None
        MLflow experiment; by default that of the trading frequency.
    dry_run : bool
        Say what would be done and write nothing.
    """

    models: tuple[str, ...] | None = None
    algorithm: str | None = None
    dataset: str | None = None
    market: str | None = None
    tag: str | None = None
    skip: tuple[str, ...] = ()
    all_enabled: bool = False
    partial: bool = False
    retrain: bool = False
    experiment_name: str | None = None
    dry_run: bool = False

    @property
    def is_full(self) -> bool:
        """Whether this is the full training, which replaces the records."""
        filters = (self.algorithm, self.dataset, self.market, self.tag)
        return not (self.models or self.skip or self.all_enabled) and filters == (None,) * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainReport:
    """What training did.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        Files that are current now, written or unchanged.
    findings : tuple of Finding
        What a person should know; a failed model is an error.
    changed : bool
        False if everything was already so.
    experiment_name : str
        MLflow experiment.
    anchor_date : date
        Last session the predictions know of.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    windows : dict of str to list of str
        Train, valid and test window of the first model, ISO dates.
    models : tuple of ModelResult
        In the registry's order.
    n_feature_computations : int
        How often features were computed.
    seconds : float
        Wall time [seconds].
    is_dry_run : bool
        Whether nothing was written on purpose.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    experiment_name: str
    anchor_date: date
    market_label: str
    windows: dict[str, list[str]]
    models: tuple[ModelResult, ...]
    n_feature_computations: int = 0
    seconds: float = 0.0
    is_dry_run: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        from quantpits.modeling.results import result_lines  # noqa: PLC0415 - heavy

        spans = ", ".join(f"{name} {' to '.join(days)}" for name, days in self.windows.items())
        lines = [
            f"Training in {self.workspace} on {self.market_label}, anchor {self.anchor_date}.",
            f"Windows: {spans}.",
            *result_lines(self.models),
        ]
        if self.is_dry_run:
            lines.append("Dry run: nothing was trained or written.")
        elif self.changed:
            lines.append(
                f"Published in {self.seconds:.1f} s;"
                f" features were computed {self.n_feature_computations} times."
            )
        else:
            lines.append("Nothing to do: every model was trained on exactly this already.")
        return lines
