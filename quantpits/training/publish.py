"""Making a finished training current: CSVs, performance, and last the records of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from quantpits.modeling.publication import describe_run, publish_predictions
from quantpits.records import TrainRecords, merge_records, publish_full
from quantpits.training.plan import published_records

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quantpits.records import ModelRecord
    from quantpits.training.plan import TrainPlan
    from quantpits.training.request import TrainRequest
    from quantpits.workspace import Workspace

__all__ = ["publish"]


def publish(
    workspace: Workspace,
    request: TrainRequest,
    *,
    plan: TrainPlan,
    records: Mapping[str, ModelRecord],
) -> tuple[tuple[Path, ...], bool]:
    """Write predictions, performance and records of finished models.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    request : TrainRequest
        A full request that has every model replaces the records; any other is merged into them.
    plan : TrainPlan
        The training.
    records : mapping of str to ModelRecord
        Finished models, at least one.

    Returns
    -------
    outputs : tuple of Path
        What is current now.
    changed : bool
        Whether any of it is new.
    """
    is_complete = request.is_full and len(records) == len(plan.jobs)
    current = published_records(workspace)
    kept = {name: _newest(record, current.get(name)) for name, record in records.items()}
    published = TrainRecords(
        experiment_name=plan.experiment,
        anchor_date=plan.setting.anchor,
        timestamp=f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
        models={name: record.run_id for name, record in kept.items()},
        model_records=kept,
    )
    outputs, changed = publish_predictions(workspace, published, replaces=is_complete)
    is_current = kept.items() <= current.items() and not (is_complete and len(kept) < len(current))
    if is_current:
        return (*outputs, workspace.records_path), changed
    manifest = describe_run(
        workspace, "train", setting=plan.setting, records=published, outputs=outputs
    )
    write = publish_full if is_complete else merge_records
    changed |= write(workspace, published)
    return (*outputs, manifest, workspace.records_path), changed


def _newest(trained: ModelRecord, current: ModelRecord | None) -> ModelRecord:
    """Return the current record if it is a prediction with just this training on the same data.

    A training that finds everything trained already must not undo a prediction made since.
    """
    if (
        current is not None
        and current.source_run_id == trained.run_id
        and current.anchor_date == trained.anchor_date
        and current.data_hash == trained.data_hash
    ):
        return current
    return trained
