"""The step: load predictions, fuse combos, commit what orders and readers follow."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantpits.config import EnsembleConfig
from quantpits.errors import (
    ArtifactError,
    CorruptArtifactError,
    DataError,
    Finding,
    MissingArtifactError,
    ModelError,
    StaleArtifactError,
    UsageError,
    name_list,
)
from quantpits.fusion.compute import Fusion, ModelScores, fuse_combo
from quantpits.fusion.files import Provenance, write_fusion
from quantpits.fusion.notes import describe_meta, result_findings
from quantpits.fusion.plan import TRADABLE_LABEL, ComboPlan, nearest_hint, plan_combos
from quantpits.fusion.request import FusedCombo, FuseReport, FuseRequest
from quantpits.fusion.weights import ModelMetrics
from quantpits.fusion.window import Window, window_of
from quantpits.market import load_calendar, resolve_market
from quantpits.records import (
    ModelRecord,
    TrainRecords,
    find_prediction,
    load_model_prediction,
    prediction_path,
    read_performance,
    read_prediction_meta,
    read_train_records,
)
from quantpits.signals import mean_correlation, panel_from_series, rank_scores
from quantpits.workspace import SILENT, Progress, sha256_file, writer_lock

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.signals import ScorePanel
    from quantpits.workspace import Workspace

__all__ = ["run"]

_N_BEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basis:
    """What is known before any prediction is opened."""

    records: TrainRecords
    records_file: Path
    records_sha256: str
    config: EnsembleConfig | None
    market_label: str
    is_synthetic: bool

    @property
    def anchor(self) -> date:
        return self.records.anchor_date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """The models' scores, and the hash of what each was read from."""

    scores: ModelScores
    inputs: dict[str, str]


def run(workspace: Workspace, request: FuseRequest, *, progress: Progress = SILENT) -> FuseReport:
    """Fuse the predictions of models into one score per instrument and date.

    Parameters
    ----------
    workspace : Workspace
        Whose predictions to fuse.
    request : FuseRequest
        Which, how, over which dates.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    FuseReport
        What was made, and what orders follow now. With several combos, one that cannot be fused and
        is not the default is a finding of severity error; the others are written.

    Raises
    ------
    UsageError
        If the request contradicts itself or names what does not exist.
    ConfigError
        If the configuration of the combos is wrong.
    MissingArtifactError
        If there is no trained model, or a model of the combo has no prediction.
    StaleArtifactError
        If the predictions end before the market does.
    CorruptArtifactError
        If a prediction is not the recorded one.
    DataError
        If the models of a combo share no scores.
    ModelError
        If no model qualifies for weighting by ICIR.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    basis = _load_basis(workspace, request)
    window = window_of(request, basis.anchor)
    plans, findings = plan_combos(request, basis.config, window=window)
    loaded = _load_scores(workspace, basis, plans, progress=progress)

    fusions, failed = _fuse_all(plans, loaded.scores, request, window=window, progress=progress)
    notes = result_findings(
        request,
        fusions,
        window=window,
        anchor=basis.anchor,
        default_combo=basis.config.default_combo if basis.config else None,
        is_synthetic=basis.is_synthetic,
    )
    made = [finding for fusion in fusions for finding in fusion.findings]
    made += _market_findings(basis, loaded)

    provenance = _provenance(basis, loaded, window)
    report = _commit(workspace, request, basis, fusions=fusions, provenance=provenance)
    return replace(report, findings=(*failed, *findings, *made, *notes))


def _load_basis(workspace: Workspace, request: FuseRequest) -> _Basis:
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
    return _Basis(
        records=records,
        records_file=records_file,
        records_sha256=records_sha256,
        config=config,
        market_label=market.label,
        is_synthetic=market.is_synthetic,
    )


def _load_scores(
    workspace: Workspace, basis: _Basis, plans: tuple[ComboPlan, ...], *, progress: Progress
) -> _Loaded:
    """Open each model's prediction once, whatever number of combos needs it."""
    models = list(dict.fromkeys(model for plan in plans for model in plan.models))
    named = [model for plan in plans if plan.combo is None for model in plan.models]
    _refuse_unknown(named, basis)
    _refuse_model_labels(plans, basis)
    records = basis.records.model_records
    panels: dict[str, ScorePanel] = {}
    failures: dict[str, ArtifactError | DataError] = {}
    inputs: dict[str, str] = {}
    with progress.stage("Loading predictions", total=len(models)) as advance:
        for model in models:
            try:
                panels[model] = _load_panel(workspace, basis, model)
                inputs[model] = _input_sha256(workspace, records[model], model)
            except (ArtifactError, DataError) as error:
                failures[model] = error
            advance(note=model)
    scores = ModelScores(
        anchor=basis.anchor,
        panels=panels,
        failures=failures,
        metrics={model: _metrics(workspace, records[model], model) for model in panels},
    )
    return _Loaded(scores=scores, inputs=inputs)


def _refuse_unknown(named: list[str], basis: _Basis) -> None:
    for model in named:
        if model not in basis.records.models:
            raise UsageError(
                f"There is no trained model {model!r}.",
                where="--models",
                found=f"no record of it in {basis.records_file.name}",
                hint=f"{nearest_hint(model, basis.records.models)}; a model of the registry is "
                f"trained with quantpits train --models {model}",
            )


def _refuse_model_labels(plans: tuple[ComboPlan, ...], basis: _Basis) -> None:
    for plan in plans:
        clash = {plan.label, TRADABLE_LABEL} & set(basis.records.models)
        if clash:
            raise UsageError(
                f"The {plan.title} would be written over the prediction of a model.",
                where=f"{min(clash)}_{basis.anchor}.csv",
                found=f"a model named {min(clash)!r}",
                hint="rename the model or the combo",
            )


def _load_panel(workspace: Workspace, basis: _Basis, model: str) -> ScorePanel:
    record = basis.records.model_records.get(model)
    if record is None:
        raise MissingArtifactError(
            f"The model {model!r} has not been trained.",
            where=basis.records_file,
            hint=f"{nearest_hint(model, basis.records.models)}; train it with "
            f"quantpits train --models {model}, or take it out of the combo",
        )
    if basis.is_synthetic and record.market_label not in {"", basis.market_label}:
        raise StaleArtifactError(
            f"The model {model!r} was run on other market data.",
            where=basis.records_file,
            expected=basis.market_label,
            found=record.market_label,
            hint=f"predict again: prod_predict_only.py --models {model}",
        )
    panel = panel_from_series(load_model_prediction(workspace, basis.records, model))
    last = panel.dates[-1].item()
    if last > basis.anchor:
        raise CorruptArtifactError(
            f"The predictions of the model {model!r} go beyond their anchor.",
            expected=f"last date {basis.anchor}",
            found=last,
            hint=f"predict again: prod_predict_only.py --models {model}",
        )
    if last < basis.anchor:
        raise StaleArtifactError(
            f"The predictions of the model {model!r} end before the anchor.",
            expected=f"last date {basis.anchor}",
            found=last,
            hint=f"predict again: prod_predict_only.py --models {model}",
        )
    return panel


def _market_findings(basis: _Basis, loaded: _Loaded) -> tuple[Finding, ...]:
    """Say when predictions name other market data; a folder that was moved is a harmless reason."""
    labels = {model: basis.records.model_records[model].market_label for model in loaded.inputs}
    moved = [model for model, label in labels.items() if label not in {"", basis.market_label}]
    if not moved:
        return ()
    message = (
        f"{name_list(moved)} were predicted from {labels[moved[0]]!r}, and the workspace now uses "
        f"{basis.market_label!r}. If that is more than a moved folder, predict again."
    )
    return (Finding("FUS014", "warning", message, source=basis.records_file.name),)


def _input_sha256(workspace: Workspace, record: ModelRecord, model: str) -> str:
    """Return the hash of what was fused: the recorded one, or that of an older system's CSV."""
    if record.prediction_sha256 is not None:
        return record.prediction_sha256
    return sha256_file(find_prediction(workspace, model, record.anchor_date))


def _metrics(workspace: Workspace, record: ModelRecord, model: str) -> ModelMetrics:
    """Return a model's metrics by exact name; older records leave them in the performance file."""
    if record.ic is not None or record.icir is not None:
        return ModelMetrics(record.ic, record.icir)
    row = read_performance(workspace, record.anchor_date).get(model, {})
    return ModelMetrics(_number(row.get("IC_Mean")), _number(row.get("ICIR")))


def _number(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _fuse_all(
    plans: tuple[ComboPlan, ...],
    scores: ModelScores,
    request: FuseRequest,
    *,
    window: Window,
    progress: Progress,
) -> tuple[list[Fusion], list[Finding]]:
    """Fuse every combo; alone or default it must succeed, a side combo may only be reported."""
    fusions: list[Fusion] = []
    failed: list[Finding] = []
    with progress.stage("Fusing", total=len(plans)) as advance:
        for plan in plans:
            name = plan.combo or plan.label
            try:
                fusions.append(
                    fuse_combo(plan, scores, window=window, allow_missing=request.allow_missing)
                )
            except (ArtifactError, DataError, ModelError) as error:
                if plan.is_default or len(plans) == 1:
                    raise
                message = " ".join(str(error).split())
                failed.append(Finding("FUS008", "error", message, "fusion", name))
            advance(note=name)
    return fusions, failed


def _provenance(basis: _Basis, loaded: _Loaded, window: Window) -> Provenance:
    records = basis.records.model_records
    return Provenance(
        anchor=basis.anchor,
        experiment_name=basis.records.experiment_name,
        market_label=basis.market_label,
        window=window.kind,
        icir={model: metric.icir for model, metric in loaded.scores.metrics.items()},
        inputs=loaded.inputs,
        run_ids={model: records[model].run_id for model in loaded.inputs},
        trained_at={model: records[model].trained_at for model in loaded.inputs},
    )


def _commit(
    workspace: Workspace,
    request: FuseRequest,
    basis: _Basis,
    *,
    fusions: list[Fusion],
    provenance: Provenance,
) -> FuseReport:
    """Write every combo under the lock, the one that orders follow last."""
    anchor = basis.anchor
    combos = {
        fusion.plan.label: _describe(fusion, prediction_path(workspace, fusion.plan.label, anchor))
        for fusion in fusions
    }
    outputs: list[Path] = []
    changed = False
    if not request.dry_run:
        output_dir = workspace.root / (request.output_dir or workspace.ensemble_dir)
        with writer_lock(workspace, "fuse"):
            _refuse_moved_records(basis)
            for fusion in sorted(fusions, key=lambda fusion: fusion.plan.is_tradable):
                label = fusion.plan.label
                written = write_fusion(
                    workspace, fusion, provenance=provenance, output_dir=output_dir
                )
                outputs += written.outputs
                changed |= written.changed
                combos[label] = replace(combos[label], csv_sha256=written.csv_sha256)
    path, source = _tradable(workspace, anchor, fusions=fusions, dry_run=request.dry_run)
    return FuseReport(
        workspace=workspace.name,
        outputs=tuple(outputs),
        findings=(),
        changed=changed,
        anchor_date=anchor,
        market_label=basis.market_label,
        combos=tuple(combos.values()),
        tradable_path=path,
        tradable_source=source,
        dry_run=request.dry_run,
    )


def _describe(fusion: Fusion, path: Path) -> FusedCombo:
    plan, panel = fusion.plan, fusion.panel
    order = rank_scores(panel.scores[-1], panel.instruments)
    return FusedCombo(
        label=plan.label,
        combo=plan.combo,
        is_default=plan.is_default,
        is_tradable=plan.is_tradable,
        method=plan.method,
        models=fusion.models,
        weights=fusion.weights,
        missing=fusion.missing,
        first_date=panel.dates[0].item(),
        last_date=panel.dates[-1].item(),
        n_days=len(panel.dates),
        n_instruments=int(panel.is_scored.any(axis=0).sum()),
        n_rows=int(panel.is_scored.sum()),
        n_on_last_date=len(order),
        mean_correlation=mean_correlation(fusion.correlation),
        best=tuple(panel.instruments[at] for at in order[:_N_BEST]),
        path=path,
    )


def _refuse_moved_records(basis: _Basis) -> None:
    """Between reading and writing, another command may have published new predictions."""
    found = sha256_file(basis.records_file)
    if found != basis.records_sha256:
        raise StaleArtifactError(
            "The train records changed while the combos were being fused.",
            where=basis.records_file,
            hint="run the same command again",
        )


def _tradable(
    workspace: Workspace, anchor: date, *, fusions: list[Fusion], dry_run: bool
) -> tuple[Path | None, str]:
    """Return what orders follow at the anchor, and whose scores that is."""
    path = prediction_path(workspace, TRADABLE_LABEL, anchor)
    name = workspace.relative(path)
    coming = [fusion.plan for fusion in fusions if fusion.plan.is_tradable]
    if dry_run and coming:
        return path if path.is_file() else None, f"{name} would be the {coming[0].title}"
    try:
        return path, f"{name} = {describe_meta(read_prediction_meta(path))}"
    except MissingArtifactError:
        return None, (
            f"nothing yet: {name} is missing or has no provenance. Run ensemble_fusion.py "
            "--from-config."
        )
    except CorruptArtifactError:
        return None, f"nothing: {name} is not what its provenance says. Fuse the default combo."
