"""What a fusion reads: the records, the combos, and each model's prediction once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.config import EnsembleConfig
from quantpits.errors import (
    ArtifactError,
    DataError,
    Finding,
    MissingArtifactError,
    StaleArtifactError,
    UsageError,
    name_list,
)
from quantpits.fusion.compute import ModelScores
from quantpits.fusion.plan import TRADABLE_LABEL, ComboPlan, nearest_hint
from quantpits.fusion.weights import ModelMetrics
from quantpits.market import load_calendar, resolve_market
from quantpits.records import (
    ModelRecord,
    TrainRecords,
    load_model_panel,
    prediction_sha256,
    read_performance,
    read_train_records,
)
from quantpits.workspace import Progress, sha256_file

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.fusion.request import FuseRequest
    from quantpits.signals import ScorePanel
    from quantpits.workspace import Workspace

__all__ = [
    "Basis",
    "Loaded",
    "load_basis",
    "load_scores",
    "market_findings",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What is known before any prediction is opened.

    Attributes
    ----------
    records : TrainRecords
        What was trained and predicted last.
    records_file : Path
        Where that stands.
    records_sha256 : str
        Its hash, taken before it was read.
    config : EnsembleConfig or None
        The combos; None if the workspace has none and none is needed.
    market_label : str
        Name of the market data.
    is_synthetic : bool
        Whether the program made the market itself.
    """

    records: TrainRecords
    records_file: Path
    records_sha256: str
    config: EnsembleConfig | None
    market_label: str
    is_synthetic: bool

    @property
    def anchor(self) -> date:
        """Last session the scores know of."""
        return self.records.anchor_date

    @property
    def synthetic_market(self) -> str | None:
        """Name of the market, if the program made it itself."""
        return self.market_label if self.is_synthetic else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the models say.

    Attributes
    ----------
    scores : ModelScores
        Their scores and metrics.
    inputs : dict of str to str
        sha256 of what each was read from.
    """

    scores: ModelScores
    inputs: dict[str, str]


def load_basis(workspace: Workspace, request: FuseRequest) -> Basis:
    """Read what a fusion goes by, and refuse what does not belong together.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    request : FuseRequest
        Which records, and whether combos are needed.

    Returns
    -------
    Basis
        What is known before any prediction is opened.

    Raises
    ------
    UsageError
        If reports would lie among the predictions, whose names they resemble.
    ConfigError
        If the combos are wrong, or missing though needed.
    MissingArtifactError
        If there is no trained model.
    StaleArtifactError
        If the predictions end before the market does, or after it.
    """
    _refuse_folder(workspace, request)
    config = None
    if request.models is None or workspace.config_path(EnsembleConfig) is not None:
        config = workspace.ensemble_config()
    records_file = workspace.root / (request.record_file or workspace.records_path)
    # Hashed before it is read, so that any later change is noticed before something is written.
    records_sha256 = sha256_file(records_file) if records_file.is_file() else ""
    records = read_train_records(workspace, request.record_file)
    market = resolve_market(workspace)
    last_session = load_calendar(market).last_session
    if records.anchor_date != last_session:
        is_old = records.anchor_date < last_session
        raise StaleArtifactError(
            "The predictions are older than the market data."
            if is_old
            else "The market data end before the predictions do.",
            where=records_file,
            expected=f"predictions up to the last session, {last_session}",
            found=f"predictions up to {records.anchor_date}",
            hint="predict first: quantpits predict --all-enabled (prod_predict_only.py)"
            if is_old
            else "point the workspace at the market data that the models were run on",
        )
    return Basis(
        records=records,
        records_file=records_file,
        records_sha256=records_sha256,
        config=config,
        market_label=market.label,
        is_synthetic=market.is_synthetic,
    )


def load_scores(
    workspace: Workspace, basis: Basis, *, plans: tuple[ComboPlan, ...], progress: Progress
) -> Loaded:
    """Open each model's prediction once, whatever number of combos needs it.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    basis : Basis
        The records.
    plans : tuple of ComboPlan
        What is going to be fused.
    progress : Progress
        Told of each model.

    Returns
    -------
    Loaded
        Scores of the usable models, and why the others are not usable.

    Raises
    ------
    UsageError
        If a model named by the user is unknown, or a result would be written over a model's.
    """
    models = list(dict.fromkeys(model for plan in plans for model in plan.models))
    named = [model for plan in plans if plan.combo is None for model in plan.models]
    _refuse_unknown(named, basis)
    _refuse_model_labels(plans, basis)
    records = basis.records.model_records
    panels: dict[str, ScorePanel] = {}
    failures: dict[str, ArtifactError | DataError] = {}
    inputs: dict[str, str] = {}
    with progress.stage("Stage 1: predictions", total=len(models)) as advance:
        for model in models:
            try:
                panels[model] = _load_panel(workspace, basis, model)
                inputs[model] = prediction_sha256(workspace, records[model], model=model)
            except (ArtifactError, DataError) as error:
                failures[model] = error
            advance(note=model)
    scores = ModelScores(
        anchor=basis.anchor,
        panels=panels,
        failures=failures,
        metrics={model: _metrics(workspace, records[model], model) for model in panels},
    )
    return Loaded(scores=scores, inputs=inputs)


def _refuse_folder(workspace: Workspace, request: FuseRequest) -> None:
    folder = workspace.root / (request.output_dir or workspace.ensemble_dir)
    if folder.resolve() == workspace.predictions_dir.resolve():
        raise UsageError(
            "Reports cannot lie among the predictions: some would look like one.",
            where="--output-dir",
            found=request.output_dir,
            hint="give another folder, or leave it out",
        )


def _refuse_unknown(named: list[str], basis: Basis) -> None:
    for model in named:
        if model not in basis.records.models:
            raise UsageError(
                f"There is no trained model {model!r}.",
                where="--models",
                found=f"no record of it in {basis.records_file.name}",
                hint=f"{nearest_hint(model, basis.records.models)}; a model of the registry is "
                f"trained with quantpits train --models {model}",
            )


def _refuse_model_labels(plans: tuple[ComboPlan, ...], basis: Basis) -> None:
    for plan in plans:
        clash = {plan.label, TRADABLE_LABEL} & set(basis.records.models)
        if clash:
            raise UsageError(
                f"The {plan.title} would be written over the prediction of a model.",
                where=f"{min(clash)}_{basis.anchor}.csv",
                found=f"a model named {min(clash)!r}",
                hint="rename the model or the combo",
            )


def _load_panel(workspace: Workspace, basis: Basis, model: str) -> ScorePanel:
    if model not in basis.records.model_records:
        raise MissingArtifactError(
            f"The model {model!r} has not been trained.",
            where=basis.records_file,
            hint=f"{nearest_hint(model, basis.records.models)}; train it with "
            f"quantpits train --models {model}, or take it out of the combo",
        )
    return load_model_panel(
        workspace,
        basis.records,
        model=model,
        records_file=basis.records_file,
        synthetic_market=basis.synthetic_market,
    )


def market_findings(basis: Basis, loaded: Loaded) -> tuple[Finding, ...]:
    """Say when predictions name other market data; a folder that was moved is a harmless reason.

    Parameters
    ----------
    basis : Basis
        The records and the market.
    loaded : Loaded
        The models that were read.

    Returns
    -------
    tuple of Finding
        At most one.
    """
    labels = {model: basis.records.model_records[model].market_label for model in loaded.inputs}
    moved = [model for model, label in labels.items() if label not in {"", basis.market_label}]
    if not moved:
        return ()
    message = (
        f"{name_list(moved)} were predicted from {labels[moved[0]]!r}, and the workspace now uses "
        f"{basis.market_label!r}. If that is more than a moved folder, predict again."
    )
    return (Finding("FUS014", "warning", message, source=basis.records_file.name),)


def _metrics(workspace: Workspace, record: ModelRecord, model: str) -> ModelMetrics:
    """Return a model's metrics by exact name; older records leave them in the performance file."""
    if record.ic is not None or record.icir is not None:
        return ModelMetrics(record.ic, record.icir)
    row = read_performance(workspace, record.anchor_date).get(model, {})
    return ModelMetrics(_number(row.get("IC_Mean")), _number(row.get("ICIR")))


def _number(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
