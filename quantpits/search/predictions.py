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
    DataError,
    Finding,
    name_list,
)
from quantpits.market import resolve_market
from quantpits.records import load_model_panel, prediction_sha256, read_train_records
from quantpits.workspace import SILENT, Progress

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

    @property
    def synthetic_market(self) -> str | None:
        """Name of the market, if the program made it itself."""
        return self.market_label if self.is_synthetic else None


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
                panels[model] = load_model_panel(
                    workspace,
                    basis.records,
                    model=model,
                    records_file=basis.records_file,
                    synthetic_market=basis.synthetic_market,
                )
                record = basis.records.model_records[model]
                inputs[model] = prediction_sha256(workspace, record, model=model)
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
