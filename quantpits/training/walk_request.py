"""What a walk-forward is asked for and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.modeling.features.use import FeatureUse
    from quantpits.modeling.results import ModelResult

__all__ = ["WalkReport", "WalkRequest", "WalkedModel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkRequest:
    """Which models are trained again and again, and how often.

    Attributes
    ----------
    models : tuple of str or None
        Names of the registry.
    all_enabled : bool
        Every enabled model.
    algorithm, dataset, market, tag : str or None
        Filters instead of names.
    skip : tuple of str
        Names to leave out.
    window, valid : float or None
        Lengths of training and validation window [years]; None: those of the configuration.
    step : str
        Length of a test window: sessions such as ``60``, or weeks such as ``12w``.
    gap : int or None
        Sessions left out between the windows; None: what the label looks ahead [sessions].
    start : date or None
        First date to predict; None: as early as the history allows.
    retrain : bool
        Train also the folds that are finished.
    dry_run : bool
        Say what would be done and write nothing.
    """

    models: tuple[str, ...] | None = None
    all_enabled: bool = False
    algorithm: str | None = None
    dataset: str | None = None
    market: str | None = None
    tag: str | None = None
    skip: tuple[str, ...] = ()
    window: float | None = None
    valid: float | None = None
    step: str = "60"
    gap: int | None = None
    start: date | None = None
    retrain: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkedModel:
    """One model of a walk-forward.

    Attributes
    ----------
    result : ModelResult
        How the stitched prediction fared, under the name it has in the records.
    n_folds, n_reused : int
        How many folds there are, and how many were finished before.
    first, last : date
        Span of the prediction.
    """

    result: ModelResult
    n_folds: int
    n_reused: int
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkReport:
    """What a walk-forward did.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        Files that are current now.
    findings : tuple of Finding
        What a person should know; a failed model is an error.
    changed : bool
        False if everything was already so.
    experiment_name : str
        MLflow experiment.
    anchor_date : date
        Last session that is predicted.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    models : tuple of WalkedModel
        In the registry's order.
    n_feature_computations : int
        How often features were computed from their start.
    feature_use : FeatureUse or None
        How often they were computed, extended and read from disk.
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
    models: tuple[WalkedModel, ...]
    n_feature_computations: int = 0
    feature_use: FeatureUse | None = None
    seconds: float = 0.0
    is_dry_run: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        from quantpits.modeling.features.use import FeatureUse  # noqa: PLC0415 - heavy
        from quantpits.modeling.results import result_lines  # noqa: PLC0415 - heavy

        lines = [
            f"Walk-forward in {self.workspace} on {self.market_label}, anchor {self.anchor_date}."
        ]
        for each in self.models:
            lines += result_lines((each.result,))
            lines.append(
                f"  {each.n_folds} folds, {each.n_reused} of them finished before;"
                f" out of sample {each.first} to {each.last}"
            )
        if self.is_dry_run:
            lines.append("Dry run: nothing was trained or written.")
        elif self.changed:
            use = FeatureUse(self.n_feature_computations)
            lines.append(f"Published in {self.seconds:.1f} s; {(self.feature_use or use).text()}.")
        else:
            lines.append("Nothing to do: every fold was trained on exactly this already.")
        return lines
