"""The predictions that a search combines, and where they come from.

Every model is read as its run recorded it, by its hash. One that ends before the anchor is stale:
its combos would be measured on other days than the rest, so it stops the search or, if the user
says so, stays out of it by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import (
    ArtifactError,
    CorruptArtifactError,
    DataError,
    Finding,
    StaleArtifactError,
    name_list,
)
from quantpits.market import resolve_market
from quantpits.records import find_prediction, load_model_prediction, read_train_records
from quantpits.signals import panel_from_series
from quantpits.workspace import SILENT, Progress, sha256_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.records import TrainRecords
    from quantpits.search.results import DateArray
    from quantpits.signals import ScorePanel
    from quantpits.workspace import Workspace

__all__ = ["Basis", "Predictions", "load_predictions", "read_basis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What is known before any prediction is opened.

    Attributes
    ----------
    records : TrainRecords
        Which run of which model is current.
    records_file : Path
        Where that stands.
    market_label : str
        Name of the market data.
    is_synthetic : bool
        Whether the program made the market itself.
    """

    records: TrainRecords
    records_file: Path
    market_label: str
    is_synthetic: bool

    @property
    def anchor(self) -> date:
        """Last session the predictions know of."""
        return self.records.anchor_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Scores of the models that can be used.

    Attributes
    ----------
    panels : mapping of str to ScorePanel
        By name, sorted.
    inputs : mapping of str to str
        sha256 of what each was read from.
    findings : tuple of Finding
        Models that were left out.
    """

    panels: Mapping[str, ScorePanel]
    inputs: Mapping[str, str]
    findings: tuple[Finding, ...] = ()

    @property
    def dates(self) -> DateArray:
        """Every day that any model scores: datetime64[D] [T], ascending."""
        return np.unique(np.concatenate([panel.dates for panel in self.panels.values()]))

    @property
    def instruments(self) -> tuple[str, ...]:
        """Every instrument that any model scores, sorted."""
        return tuple(sorted({name for p in self.panels.values() for name in p.instruments}))


def read_basis(workspace: Workspace, record_file: Path | str | None) -> Basis:
    """Return the records and the market of a workspace.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    record_file : path or None
        Other train records, relative to the workspace.

    Returns
    -------
    Basis
        What is known before any prediction is opened.
    """
    market = resolve_market(workspace)
    return Basis(
        records=read_train_records(workspace, record_file),
        records_file=workspace.root / (record_file or workspace.records_path),
        market_label=market.label,
        is_synthetic=market.is_synthetic,
    )


def load_predictions(
    workspace: Workspace,
    basis: Basis,
    *,
    models: Sequence[str],
    allow_missing: bool = False,
    progress: Progress = SILENT,
) -> Predictions:
    """Open the prediction of each model.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    basis : Basis
        Its records.
    models : sequence of str
        Which, each with a record.
    allow_missing : bool
        Whether to go on without those that cannot be used.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    Predictions
        At least one.

    Raises
    ------
    ArtifactError
        If a prediction is missing, stale or not the recorded one; of the class of the first such
        failure.
    DataError
        The same, for scores that are not usable.
    """
    panels: dict[str, ScorePanel] = {}
    inputs: dict[str, str] = {}
    failures: dict[str, ArtifactError | DataError] = {}
    with progress.stage("Loading predictions", total=len(models)) as advance:
        for model in sorted(models):
            try:
                panels[model] = _load_panel(workspace, basis, model)
                inputs[model] = _input_sha256(workspace, basis, model)
            except (ArtifactError, DataError) as error:
                failures[model] = error
            advance(note=model)
    findings = tuple(
        Finding("SEA004", "warning", f"Left out, as --allow-missing permits: {error.what}", name)
        for name, error in failures.items()
    )
    if failures and not (allow_missing and panels):
        _refuse_failed(failures, allow_missing=allow_missing)
    return Predictions(panels=panels, inputs=inputs, findings=findings)


def _load_panel(workspace: Workspace, basis: Basis, model: str) -> ScorePanel:
    record = basis.records.model_records[model]
    again = f"predict again: quantpits predict --models {model}"
    if basis.is_synthetic and record.market_label not in {"", basis.market_label}:
        raise StaleArtifactError(
            f"The model {model!r} was run on other market data.",
            where=basis.records_file,
            expected=basis.market_label,
            found=record.market_label,
            hint=again,
        )
    panel = panel_from_series(load_model_prediction(workspace, basis.records, model))
    last = panel.dates[-1].item()
    if last == basis.anchor:
        return panel
    is_beyond = last > basis.anchor
    error = CorruptArtifactError if is_beyond else StaleArtifactError
    raise error(
        f"The predictions of the model {model!r} {'go beyond' if is_beyond else 'end before'} "
        "the anchor.",
        expected=f"last date {basis.anchor}",
        found=last,
        hint=again,
    )


def _input_sha256(workspace: Workspace, basis: Basis, model: str) -> str:
    """Return the recorded hash of what was read, or that of an older system's CSV."""
    record = basis.records.model_records[model]
    if record.prediction_sha256 is not None:
        return record.prediction_sha256
    return sha256_file(find_prediction(workspace, model, record.anchor_date))


def _refuse_failed(
    failures: Mapping[str, ArtifactError | DataError], *, allow_missing: bool
) -> None:
    first = next(iter(failures.values()))
    hint = "" if allow_missing else "; --allow-missing searches among the others"
    # The class of the failure decides the exit code, so it is kept.
    raise type(first)(
        f"The search cannot use {name_list(list(failures))}: {first.what}",
        where=first.where,
        expected=first.expected,
        found=first.found,
        hint=f"{first.hint or 'predict again'}{hint}",
    ) from first
