"""Making a finished training current: CSVs, performance, and last the records of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from quantpits.modeling.publication import describe_run, publish_predictions
from quantpits.records import TrainRecords, merge_records, publish_full
from quantpits.training.plan import published_records
from quantpits.training.seeds import spread_row
from quantpits.training.walk_plan import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quantpits.records import ModelRecord
    from quantpits.training.plan import TrainPlan
    from quantpits.training.request import TrainRequest
    from quantpits.training.seeds import SeedFamily
    from quantpits.workspace import Workspace

__all__ = ["publish"]


def publish(
    workspace: Workspace,
    request: TrainRequest,
    *,
    plan: TrainPlan,
    records: Mapping[str, ModelRecord],
    seeds: Mapping[str, SeedFamily] | None = None,
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
    seeds : mapping of str to SeedFamily, optional
        The further seeds of models, whose spread goes to the performance table.

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
    families = seeds or {}
    spreads = {name: spread_row(record, families.get(name)) for name, record in records.items()}
    walked = _walked(plan, current) if is_complete else {}
    outputs, changed = publish_predictions(
        workspace, published, replaces=is_complete, keeping=walked, spreads=spreads
    )
    everything = replace(
        published,
        models={**published.models, **{name: record.run_id for name, record in walked.items()}},
        model_records={**kept, **walked},
    )
    left = current.keys() - everything.models.keys() if is_complete else set()
    if kept.items() <= current.items() and not left:
        return (*outputs, workspace.records_path), changed
    manifest = describe_run(
        workspace, "train", setting=plan.setting, records=published, outputs=outputs
    )
    write = publish_full if is_complete else merge_records
    changed |= write(workspace, everything)
    return (*outputs, manifest, workspace.records_path), changed


def _walked(plan: TrainPlan, current: Mapping[str, ModelRecord]) -> dict[str, ModelRecord]:
    """Return the stitched predictions of walk-forwards, which a full training does not replace."""
    known = plan.setting.registry.models
    return {
        name: record
        for name, record in current.items()
        if name not in known and name.endswith(SUFFIX) and name.removesuffix(SUFFIX) in known
    }


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
