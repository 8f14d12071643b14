"""What training is asked for and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.modeling.features.use import FeatureUse
    from quantpits.modeling.results import ModelResult

__all__ = [
    "CheckReport",
    "CheckRequest",
    "StateReport",
    "StateRequest",
    "TrainReport",
    "TrainRequest",
]


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
        Publish the models that succeeded even if others failed. A training of some models always
        does: it is merged into the records of the others.
    resume : bool
        Go on with the interrupted training, of the same models if none are named; refuse when its
        anchor, experiment, configuration or data are not those of now.
    retrain : bool
        Train also what was trained with the same configuration and data already.
    seeds : int
        Train each model with this many seeds: the configured one, which is published, and those
        after it, which only tell how far the numbers move by chance.
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
    resume: bool = False
    retrain: bool = False
    seeds: int = 1
    experiment_name: str | None = None
    dry_run: bool = False

    @property
    def is_full(self) -> bool:
        """Whether this is the full training, which replaces the records."""
        filters = (self.algorithm, self.dataset, self.market, self.tag)
        return not (self.models or self.skip or self.all_enabled) and filters == (None,) * 4

    @property
    def is_publishing_successes(self) -> bool:
        """Whether a model that fails leaves the others to be published."""
        return self.partial or not self.is_full


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRequest:
    """What to do with the state of the latest training.

    Attributes
    ----------
    clear : bool
        Forget it, after a backup; otherwise only show it.
    dry_run : bool
        Write nothing.
    """

    clear: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReport:
    """How far the latest training has come.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        The backup of a state that was forgotten.
    findings : tuple of Finding
        Always empty.
    changed : bool
        Whether a state was forgotten.
    started_at : str or None
        When it started; None if there is no state.
    mode : str or None
        ``"full"`` or ``"incremental"``.
    experiment_name : str or None
        MLflow experiment.
    anchor_date : date or None
        Its anchor.
    completed, pending, skipped : tuple of str
        Models that are finished, still to do, and left out on request.
    unpublished : tuple of str
        Models that are finished but not current, because the training stopped before.
    failed : dict of str to str
        Model to why it failed.
    """

    workspace: str
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False
    started_at: str | None = None
    mode: str | None = None
    experiment_name: str | None = None
    anchor_date: date | None = None
    completed: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    unpublished: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)

    def summary(self) -> list[str]:
        """Return lines for a person."""
        forgotten = ["It is forgotten; what it published stays, and a backup was kept."]
        if self.started_at is None:
            known = f"{self.workspace} keeps no state of a training that can be read."
            return [known, *(forgotten if self.changed else [])]
        about = f"{self.mode}, started {self.started_at}, anchor {self.anchor_date}"
        lines = [
            f"The latest training of {self.workspace}: {about}, experiment {self.experiment_name}.",
            f"Finished: {', '.join(self.completed) or 'none'}.",
        ]
        if self.pending:
            lines.append(
                f"Still to do: {', '.join(self.pending)}"
                " (quantpits incremental-train --resume goes on)."
            )
        elif self.unpublished:
            lines.append(
                f"Finished, but not published: {', '.join(self.unpublished)}"
                " (quantpits incremental-train --resume does it)."
            )
        lines += [f"{name} FAILED: {reason}" for name, reason in self.failed.items()]
        if self.skipped:
            lines.append(f"Left out on request: {', '.join(self.skipped)}.")
        return [*lines, *(forgotten if self.changed else [])]


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
    windows: dict[str, list[str]]
    models: tuple[ModelResult, ...]
    n_feature_computations: int = 0
    feature_use: FeatureUse | None = None
    seconds: float = 0.0
    is_dry_run: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        from quantpits.modeling.features.use import FeatureUse  # noqa: PLC0415 - heavy
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
            use = FeatureUse(self.n_feature_computations)
            lines.append(f"Published in {self.seconds:.1f} s; {(self.feature_use or use).text()}.")
        else:
            lines.append("Nothing to do: every model was trained on exactly this already.")
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """What to do with workflow files that are wrong.

    Attributes
    ----------
    fix : bool
        Mend what can be mended, after a backup.
    dry_run : bool
        Write nothing.
    """

    fix: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What was wrong with the workflow files.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        The files that were mended.
    findings : tuple of Finding
        What is still wrong, as errors; what was mended, as notes.
    changed : bool
        Whether a file was mended.
    n_files : int
        How many files were looked at.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    n_files: int

    def summary(self) -> list[str]:
        """Return lines for a person; the findings are shown beside them."""
        n_wrong = sum(finding.severity == "error" for finding in self.findings)
        things = "thing is" if n_wrong == 1 else "things are"
        state = f"{n_wrong} {things} wrong" if n_wrong else "nothing is wrong"
        files = "file was" if len(self.outputs) == 1 else "files were"
        mended = f"; {len(self.outputs)} {files} mended" if self.outputs else ""
        return [f"{self.n_files} workflow files of {self.workspace}: {state}{mended}."]
