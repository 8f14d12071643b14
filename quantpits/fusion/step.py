"""The step: load predictions, fuse combos, commit what orders follow, then trade and show them.

What orders follow is on disk before the first backtest begins, so that none can hold it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from quantpits.errors import (
    ArtifactError,
    CorruptArtifactError,
    DataError,
    Finding,
    MissingArtifactError,
    ModelError,
    StaleArtifactError,
)
from quantpits.fusion.compute import Fusion, ModelScores, fuse_combo
from quantpits.fusion.describe import describe_combo, figures_of
from quantpits.fusion.files import (
    Provenance,
    WrittenFusion,
    write_fusion,
    write_fusion_manifest,
)
from quantpits.fusion.load import Basis, Loaded, load_basis, load_scores, market_findings
from quantpits.fusion.notes import describe_meta, result_findings
from quantpits.fusion.plan import TRADABLE_LABEL, ComboPlan, plan_combos
from quantpits.fusion.prepare import Prepared, is_trading, prepare, read_strategy
from quantpits.fusion.request import FusedCombo, FuseReport, FuseRequest
from quantpits.fusion.results import Place, ResultFiles, trade_all, write_results
from quantpits.fusion.window import Window, window_of
from quantpits.records import prediction_path, read_prediction_meta
from quantpits.workspace import SILENT, Progress, sha256_file, writer_lock

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.fusion.backtests import ComboBacktest
    from quantpits.workspace import Workspace

__all__ = ["run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What is asked for and what was read; everything that follows depends on this only."""

    workspace: Workspace
    request: FuseRequest
    basis: Basis
    window: Window
    plans: tuple[ComboPlan, ...]
    frequency: str | None
    loaded: Loaded = field(repr=False)
    prepared: Prepared = field(repr=False)

    @property
    def scores(self) -> ModelScores:
        return replace(self.loaded.scores, paths=self.prepared.paths)

    @property
    def place(self) -> Place:
        root, folder = self.workspace.root, self.workspace.ensemble_dir
        return Place(
            folder=root / (self.request.output_dir or folder),
            anchor=self.basis.anchor,
            market_label=self.basis.market_label,
            window=self.window,
            is_drawing=not self.request.no_charts,
        )

    @property
    def provenance(self) -> Provenance:
        records, inputs = self.basis.records.model_records, self.loaded.inputs
        return Provenance(
            anchor=self.basis.anchor,
            experiment_name=self.basis.records.experiment_name,
            market_label=self.basis.market_label,
            window=self.window.kind,
            frequency=self.frequency,
            conventions=self.prepared.conventions,
            icir={model: metric.icir for model, metric in self.loaded.scores.metrics.items()},
            inputs=inputs,
            run_ids={model: records[model].run_id for model in inputs},
            trained_at={model: records[model].trained_at for model in inputs},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What a run stands for on disk; nothing in a dry run."""

    outputs: tuple[Path, ...] = ()
    changed: bool = False
    findings: tuple[Finding, ...] = ()
    page: Path | None = None
    csv_sha256: dict[str, str] = field(default_factory=dict)


def run(workspace: Workspace, request: FuseRequest, *, progress: Progress = SILENT) -> FuseReport:
    """Fuse the predictions of models into one score per instrument and date, and trade the result.

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
        is not the default is a finding of severity error; the others are written. A backtest that
        cannot be made is such a finding too.

    Raises
    ------
    UsageError
        If the request contradicts itself or names what does not exist.
    ConfigError
        If the configuration of the combos or of the strategy is wrong.
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
    job, findings = _load(workspace, request, progress)

    fusions, failed = _fuse_all(job, progress)
    notes = result_findings(
        fusions,
        window=job.window,
        anchor=job.basis.anchor,
        default_combo=job.basis.config.default_combo if job.basis.config else None,
        is_synthetic=job.basis.is_synthetic,
    )
    made = [finding for fusion in fusions for finding in fusion.findings]
    made += market_findings(job.basis, job.loaded)
    told = (*failed, *findings, *made, *job.prepared.findings, *notes)

    return _commit(job, fusions, findings=told, progress=progress)


def _load(
    workspace: Workspace, request: FuseRequest, progress: Progress
) -> tuple[_Job, tuple[Finding, ...]]:
    with progress.stage("Stage 0: configuration"):
        basis = load_basis(workspace, request)
        window = window_of(request, basis.anchor)
        plans, findings = plan_combos(request, basis.config, window=window)
        frequency = None
        if is_trading(request, plans):
            configured = read_strategy(workspace)[0].freq
            frequency = request.freq or configured
            findings += _frequency_findings(plans, frequency, configured)
    loaded = load_scores(workspace, basis, plans=plans, progress=progress)
    with progress.stage("Stage 1: market"):
        prepared = prepare(
            workspace,
            request,
            plans=plans,
            panels=loaded.scores.panels,
            window=window,
            anchor=basis.anchor,
        )
    job = _Job(
        workspace=workspace,
        request=request,
        basis=basis,
        window=window,
        plans=plans,
        frequency=frequency,
        loaded=loaded,
        prepared=prepared,
    )
    return job, findings


def _frequency_findings(
    plans: tuple[ComboPlan, ...], frequency: str, configured: str
) -> tuple[Finding, ...]:
    if frequency == configured:
        return ()
    dynamic = [plan for plan in plans if plan.method == "dynamic"]
    return tuple(
        Finding(
            "FUS016",
            "warning",
            f"The weights follow portfolios traded by the {frequency}, as --freq says, and not by "
            f"the {configured}, as config/model_config.json does.",
            "fusion",
            plan.combo or plan.label,
        )
        for plan in dynamic
    )


def _fuse_all(job: _Job, progress: Progress) -> tuple[list[Fusion], list[Finding]]:
    """Fuse every combo; alone or default it must succeed, a side combo may only be reported."""
    fusions: list[Fusion] = []
    failed: list[Finding] = []
    plans, scores = job.plans, job.scores
    title = "Stages 2-4: correlation, weights, fusion"
    with progress.stage(title, total=len(plans)) as advance:
        for plan in plans:
            name = plan.combo or plan.label
            try:
                fusions.append(
                    fuse_combo(
                        plan, scores, window=job.window, allow_missing=job.request.allow_missing
                    )
                )
            except (ArtifactError, DataError, ModelError) as error:
                if plan.is_default or len(plans) == 1:
                    raise
                message = " ".join(str(error).split())
                failed.append(Finding("FUS008", "error", message, "fusion", name))
            advance(note=name)
    return fusions, failed


def _commit(
    job: _Job, fusions: list[Fusion], *, findings: tuple[Finding, ...], progress: Progress
) -> FuseReport:
    """Write every combo under the lock, the one that orders follow last; then trade them all."""
    workspace, request, anchor = job.workspace, job.request, job.basis.anchor
    panels = job.loaded.scores.panels
    if request.dry_run:
        written = _Written()
        traded = trade_all(fusions, job.prepared, panels=panels, progress=progress)
    else:
        with writer_lock(workspace, "fuse"):
            _refuse_moved_records(job.basis)
            predictions = _write_predictions(job, fusions, progress)
            traded = trade_all(fusions, job.prepared, panels=panels, progress=progress)
            results = write_results(
                fusions,
                traded,
                place=job.place,
                is_new={label: item.csv_changed for label, item in predictions.items()},
                findings=findings,
                progress=progress,
            )
            written = _finish(job, fusions, predictions, results)
    combos = [
        _described(job, fusion, written, traded.backtests.get(fusion.plan.label))
        for fusion in fusions
    ]
    path, source = _tradable(job, fusions)
    return FuseReport(
        workspace=workspace.name,
        outputs=written.outputs,
        findings=(*findings, *traded.findings, *written.findings),
        changed=written.changed,
        anchor_date=anchor,
        market_label=job.basis.market_label,
        combos=tuple(combos),
        tradable_path=path,
        tradable_source=source,
        page=written.page,
        dry_run=request.dry_run,
    )


def _write_predictions(
    job: _Job, fusions: list[Fusion], progress: Progress
) -> dict[str, WrittenFusion]:
    """Write what orders, rankings and opinions follow; what is tradable comes last."""
    written = {}
    with progress.stage("Stage 5: predictions written", total=len(fusions)) as advance:
        for fusion in sorted(fusions, key=lambda fusion: fusion.plan.is_tradable):
            written[fusion.plan.label] = write_fusion(
                job.workspace, fusion, provenance=job.provenance, output_dir=job.place.folder
            )
            advance(note=fusion.plan.combo or fusion.plan.label)
    return written


def _finish(
    job: _Job,
    fusions: list[Fusion],
    predictions: dict[str, WrittenFusion],
    results: ResultFiles,
) -> _Written:
    """Write the manifest of each combo, and return everything the run stands for."""
    outputs: list[Path] = []
    changed = results.shared.changed
    for fusion in fusions:
        label = fusion.plan.label
        own = (*predictions[label].outputs, *results.of_combo[label].paths)
        manifest, is_new = write_fusion_manifest(
            job.workspace, fusion, provenance=job.provenance, outputs=own
        )
        outputs += [*own, manifest]
        changed |= is_new or predictions[label].changed or results.of_combo[label].changed
    return _Written(
        outputs=(*outputs, *results.shared.paths),
        changed=changed or bool(results.findings),
        findings=results.findings,
        page=results.page,
        csv_sha256={label: item.csv_sha256 for label, item in predictions.items()},
    )


def _described(
    job: _Job, fusion: Fusion, written: _Written, backtest: ComboBacktest | None
) -> FusedCombo:
    label = fusion.plan.label
    path = prediction_path(job.workspace, label, job.basis.anchor)
    return replace(
        describe_combo(fusion, path),
        csv_sha256=written.csv_sha256.get(label),
        figures=None if backtest is None else figures_of(backtest),
    )


def _refuse_moved_records(basis: Basis) -> None:
    """Between reading and writing, another command may have published new predictions."""
    found = sha256_file(basis.records_file)
    if found != basis.records_sha256:
        raise StaleArtifactError(
            "The train records changed while the combos were being fused.",
            where=basis.records_file,
            hint="run the same command again",
        )


def _tradable(job: _Job, fusions: list[Fusion]) -> tuple[Path | None, str]:
    """Return what orders follow at the anchor, and whose scores that is."""
    path = prediction_path(job.workspace, TRADABLE_LABEL, job.basis.anchor)
    name = job.workspace.relative(path)
    coming = [fusion.plan for fusion in fusions if fusion.plan.is_tradable]
    if job.request.dry_run and coming:
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
