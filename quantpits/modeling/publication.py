"""What of a finished run other steps and people read: prediction CSVs and the performance table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.records import (
    PredictionMeta,
    load_model_prediction,
    merge_performance,
    publish_performance,
    read_performance,
    store_prediction,
)
from quantpits.records.performance import performance_path
from quantpits.workspace import write_manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from quantpits.modeling.setting import Setting
    from quantpits.records import ModelRecord, TrainRecords
    from quantpits.workspace import Workspace

__all__ = ["describe_run", "publish_predictions"]

_SEEDS = "Seeds"  # is in the name of every column of a spread


def publish_predictions(
    workspace: Workspace,
    records: TrainRecords,
    *,
    replaces: bool,
    keeping: Collection[str] = (),
    spreads: Mapping[str, Mapping[str, float | str | None]] | None = None,
) -> tuple[tuple[Path, ...], bool]:
    """Write a CSV for each model, with its provenance, and the performance table.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    records : TrainRecords
        The finished models; their scores are read from the runs' own ``pred.pkl``.
    replaces : bool
        Whether the performance table holds these models only, or others beside them.
    keeping : collection of str
        Models whose rows stay even so.
    spreads : mapping of str to mapping, optional
        More columns of the performance table by model: the spread over seeds.

    Returns
    -------
    outputs : tuple of Path
        The CSVs and the table.
    changed : bool
        Whether any of them is new.
    """
    outputs: list[Path] = []
    changed = False
    for name, record in records.model_records.items():
        written = store_prediction(
            workspace,
            name,
            anchor=record.anchor_date,
            scores=load_model_prediction(workspace, records, name),
            meta=_provenance(name, record),
        )
        outputs.append(written.path)
        changed |= written.changed
    more = spreads or {}
    old = read_performance(workspace, records.anchor_date)
    table = {
        name: {
            **_performance(record),
            **_kept_spread(old.get(name, {}), record),
            **more.get(name, {}),
        }
        for name, record in records.model_records.items()
    }
    if replaces and keeping:
        table |= {name: row for name, row in old.items() if name in keeping and name not in table}
    write = publish_performance if replaces else merge_performance
    changed |= write(workspace, records.anchor_date, table)
    return (*outputs, performance_path(workspace, records.anchor_date)), changed


def describe_run(
    workspace: Workspace,
    kind: str,
    *,
    setting: Setting,
    records: TrainRecords,
    outputs: Iterable[Path],
) -> Path:
    """Write the manifest of a training or prediction.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    kind : {"train", "predict"}
        What was done; with the anchor, the manifest's name.
    setting : Setting
        Configuration and market that were read.
    records : TrainRecords
        The models that are current now.
    outputs : iterable of Path
        What was published.

    Returns
    -------
    Path
        The manifest, without a time, so that the same run gives the same bytes.
    """
    workflows = {setting.registry.models[name].yaml_file for name in records.models}
    # A prediction does not need the workflow any more, so it may be gone.
    named = ("config/model_config.json", "config/model_registry.yaml", *sorted(workflows))
    paths = {name: workspace.root / name for name in named}
    models = {
        name: {"run_id": record.run_id, "fingerprint": record.fingerprint, "seed": record.seed}
        for name, record in records.model_records.items()
    }
    return write_manifest(
        workspace,
        f"{kind}_{records.anchor_date.isoformat()}",
        inputs={
            "market": setting.data_hash,
            **{name: path for name, path in paths.items() if path.is_file()},
        },
        outputs=outputs,
        config=setting.config,
        extra={
            "experiment": records.experiment_name,
            "market": setting.source.label,
            "models": models,
        },
    )


def _provenance(name: str, record: ModelRecord) -> PredictionMeta:
    inputs = {"pred.pkl": record.prediction_sha256, "model.pkl": record.model_sha256}
    return PredictionMeta(
        label=name,
        kind="model",
        anchor_date=record.anchor_date,
        models=(name,),
        weights={name: 1.0},
        inputs={key: value for key, value in inputs.items() if value is not None},
        market_label=record.market_label,
        trained_at={name: record.trained_at},
    )


def _performance(record: ModelRecord) -> dict[str, float | str | None]:
    return {
        "IC_Mean": record.ic,
        "ICIR": record.icir,
        "Rank_IC_Mean": record.rank_ic,
        "Rank_ICIR": record.rank_icir,
        "record_id": record.run_id,
        **_ends("IC", record.ic_band),
        **_ends("ICIR", record.icir_band),
        **_ends("Rank_IC", record.rank_ic_band),
        **_ends("Rank_ICIR", record.rank_icir_band),
        "IC_Days": record.n_ic_days,
        "PSI": record.psi,
        "PSI_Usual": record.psi_usual,
        "trained_id": record.source_run_id or record.run_id,
    }


def _ends(name: str, band: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = (None, None) if band is None else band
    return {f"{name}_Low": low, f"{name}_High": high}


def _kept_spread(
    old: Mapping[str, float | str | None], record: ModelRecord
) -> dict[str, float | str | None]:
    """Return the spread over seeds of a row of the same trained model, which stays true.

    A prediction does not train the other seeds, so it knows nothing better; a row from before
    `trained_id` was kept names the training as its run.
    """
    trained = record.source_run_id or record.run_id
    if trained not in {old.get("trained_id"), old.get("record_id")}:
        return {}
    return {key: value for key, value in old.items() if _SEEDS in key}
