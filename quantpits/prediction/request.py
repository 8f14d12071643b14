"""What prediction is asked for and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.modeling.features.use import FeatureUse
    from quantpits.modeling.results import ModelResult

__all__ = ["PredictReport", "PredictRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictRequest:
    """Which trained models to predict with.

    Attributes
    ----------
    models : tuple of str or None
        Names of the registry; they win over `all_enabled`, which wins over the filters.
    all_enabled : bool
        Every enabled model.
    algorithm, dataset, market, tag : str or None
        Filters of the registry.
    skip : tuple of str
        Names to leave out.
    source_records : Path or None
        Records that name the trained models; by default the workspace's own.
    experiment_name : str or None
        MLflow experiment; by default that of the trading frequency.
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
    source_records: Path | None = None
    experiment_name: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictReport:
    """What prediction did.

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
    test : list of str
        First and last date predicted, ISO dates.
    models : tuple of ModelResult
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
    test: list[str]
    models: tuple[ModelResult, ...]
    n_feature_computations: int = 0
    feature_use: FeatureUse | None = None
    seconds: float = 0.0
    is_dry_run: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        from quantpits.modeling.features.use import FeatureUse  # noqa: PLC0415 - heavy
        from quantpits.modeling.results import result_lines  # noqa: PLC0415 - heavy

        lines = [
            f"Prediction in {self.workspace} on {self.market_label}, anchor {self.anchor_date}.",
            f"Dates: {' to '.join(self.test)}. No model is trained.",
            *result_lines(self.models),
        ]
        if self.is_dry_run:
            lines.append("Dry run: nothing was predicted or written.")
        elif self.changed:
            use = FeatureUse(self.n_feature_computations)
            lines.append(f"Published in {self.seconds:.1f} s; {(self.feature_use or use).text()}.")
        else:
            lines.append("Nothing to do: these predictions are current already.")
        return lines
