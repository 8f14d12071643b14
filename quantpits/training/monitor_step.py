"""Monitoring: how the models fare by now, from what their runs recorded.

Nothing is computed that a run did not record, so looking costs seconds whatever the models are;
no pickle is opened, and neither Qlib nor MLflow is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.errors import Finding, UsageError, name_list
from quantpits.modeling.results import drift_findings, model_result
from quantpits.modeling.watch import read_curves, read_watch
from quantpits.records import read_performance, read_train_records
from quantpits.signals.stability import drift_level
from quantpits.training.monitor_page import Watched, monitor_files
from quantpits.training.monitor_request import MonitorReport, MonitorRequest, WatchedModel
from quantpits.workspace import SILENT, write_bytes, writer_lock

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.records import ModelRecord, TrainRecords
    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]


def run(
    workspace: Workspace, request: MonitorRequest, *, progress: Progress = SILENT
) -> MonitorReport:
    """Show how models fare.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : MonitorRequest
        Which of them.
    progress : Progress
        Told about each picture.

    Returns
    -------
    MonitorReport
        With the page that was written.

    Raises
    ------
    MissingArtifactError
        If there are no records: nothing was trained yet.
    CorruptArtifactError
        If the records or the performance table are not what their schema says.
    UsageError
        If a model has no record.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    records = read_train_records(workspace)
    watched = [
        _watched(workspace, name, record) for name, record in _chosen(records, request).items()
    ]
    report = _report(workspace, request, records=records, watched=watched)
    if request.dry_run:
        return report
    with writer_lock(workspace, "monitor"):
        return _written(workspace, report, watched=watched, progress=progress)


def _chosen(records: TrainRecords, request: MonitorRequest) -> dict[str, ModelRecord]:
    known = records.model_records
    if request.models is None:
        return known
    unknown = [name for name in request.models if name not in known]
    if unknown:
        raise UsageError(
            f"There is no record of the model {name_list(unknown)}.",
            expected=name_list(list(known), shown=20),
            hint="train it first: quantpits incremental-train --models NAME",
        )
    return {name: known[name] for name in request.models}


def _watched(workspace: Workspace, name: str, record: ModelRecord) -> Watched:
    curves = read_curves(workspace, record.model_path)
    model = WatchedModel(
        model=name,
        anchor_date=record.anchor_date,
        trained_at=record.trained_at,
        age_days=(
            None if record.trained_at is None else (record.anchor_date - record.trained_at).days
        ),
        ic=record.ic,
        icir=record.icir,
        rank_ic=record.rank_ic,
        rank_icir=record.rank_icir,
        ic_band=record.ic_band,
        icir_band=record.icir_band,
        rank_ic_band=record.rank_ic_band,
        rank_icir_band=record.rank_icir_band,
        n_ic_days=record.n_ic_days,
        rank_ic_seeds_std=_seeds_std(workspace, name, record),
        psi=record.psi,
        psi_usual=record.psi_usual,
        drift=drift_level(record.psi, record.psi_usual),
        curves="" if curves is None else curves.source,
    )
    return Watched(model=model, watch=read_watch(workspace, record), curves=curves)


def _seeds_std(workspace: Workspace, name: str, record: ModelRecord) -> float | None:
    """Return the deviation over seeds; that of the training, if the model predicted since."""
    trained = record.source_run_id or record.run_id
    for anchor in (record.anchor_date, record.trained_at):
        row = {} if anchor is None else read_performance(workspace, anchor).get(name, {})
        std = row.get("Rank_IC_Seeds_Std")
        is_same = trained in {row.get("trained_id"), row.get("record_id")}
        if is_same and isinstance(std, int | float):
            return float(std)
    return None


def _report(
    workspace: Workspace,
    request: MonitorRequest,
    *,
    records: TrainRecords,
    watched: list[Watched],
) -> MonitorReport:
    results = [
        model_result(each.model.model, "reused", record=records.model_records[each.model.model])
        for each in watched
    ]
    findings = drift_findings(results, source="monitor")
    unknown = [each.model.model for each in watched if each.watch is None]
    if unknown:
        message = (
            f"nothing is known by day of {name_list(unknown)}: trained before that was kept, or its"
            " file is damaged; training again with --retrain keeps it"
        )
        findings.append(Finding("MON003", "warning", message, "monitor"))
    labels = {
        records.model_records[each.model.model].market_label or "unnamed data" for each in watched
    }
    return MonitorReport(
        workspace=workspace.name,
        outputs=(),
        findings=tuple(findings),
        changed=False,
        anchor_date=records.anchor_date,
        market_label=", ".join(sorted(labels)),
        models=tuple(each.model for each in watched),
        is_dry_run=request.dry_run,
    )


def _written(
    workspace: Workspace, report: MonitorReport, *, watched: list[Watched], progress: Progress
) -> MonitorReport:
    folder = workspace.output_dir / "monitoring"
    outputs: list[Path] = []
    changed = False
    for name, content in monitor_files(report, watched, progress=progress).items():
        changed |= write_bytes(folder / name, content)
        outputs.append(folder / name)
    return MonitorReport(
        workspace=report.workspace,
        outputs=tuple(outputs),
        findings=report.findings,
        changed=changed,
        anchor_date=report.anchor_date,
        market_label=report.market_label,
        models=report.models,
    )
