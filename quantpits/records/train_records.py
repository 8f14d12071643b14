"""Which run of which model is current: `latest_train_records.json`.

Invariants: the map is never empty once written; every model has a record of its own, so that a
merge cannot claim a new anchor for a model it did not touch; a rewrite keeps a copy of the old file
in `data/history/`; a rewrite in which only a timestamp differs does not happen.

The file keeps the keys of the earlier system (`experiment_name`, `anchor_date`, `timestamp`,
`models`, `last_incremental_update`) and adds `model_records`. A file without that map is read as if
every model had been written by the run named on top.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import date  # noqa: TC003 - pydantic reads the annotations
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    ModelError,
    NonFiniteError,
)
from quantpits.workspace.atomic import write_json
from quantpits.workspace.history import backup

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = ["ModelRecord", "TrainRecords", "merge_records", "publish_full", "read_train_records"]

_METRICS = ("ic", "icir", "rank_ic", "rank_icir")
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """The current run of one model.

    Attributes
    ----------
    experiment, run_id : str
        Where MLflow keeps the run.
    anchor_date : date
        Last session the predictions may know of.
    trained_at : date or None
        Anchor date of the run that fitted the model; None for a record of the earlier system.
    data_hash : str or None
        Fingerprint of the market snapshot the run read.
    fingerprint : str or None
        Hash of everything that decides the result: configuration, data, seed, versions.
    mode : {"train", "predict_only"}
        Whether the run fitted the model or only applied it.
    source_run_id : str or None
        For ``"predict_only"``: the run whose model was applied.
    prediction_sha256, model_sha256 : str or None
        Hashes of `pred.pkl` and `model.pkl`; a pickle without a recorded hash is never opened.
    prediction_path, model_path, label_path : str or None
        The pickles, relative to the workspace root.
    ic, icir, rank_ic, rank_icir : float or None
        On the test segment; None where undefined, a real zero where zero, never NaN.
    ic_band, icir_band, rank_ic_band, rank_icir_band : tuple of float, or None
        Low and high end of what the metric plausibly is; None where the segment is too short, and
        in records from before bands were kept.
    n_ic_days : int or None
        Days of the test segment whose labels were known.
    psi, psi_usual : float or None
        How far the latest scores are from those of the training window, and what is usual for the
        model; None where it is not known.
    seed : int or None
        Seed of the fit.
    market_label : str
        Name of the market data, which says so if it is synthetic.

    Raises
    ------
    NonFiniteError
        If a metric is NaN or infinite.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    experiment: str
    run_id: str
    anchor_date: date
    trained_at: date | None = None
    data_hash: str | None = None
    fingerprint: str | None = None
    mode: Literal["train", "predict_only"] = "train"
    source_run_id: str | None = None
    prediction_sha256: str | None = None
    model_sha256: str | None = None
    prediction_path: str | None = None
    model_path: str | None = None
    label_path: str | None = None
    ic: float | None = None
    icir: float | None = None
    rank_ic: float | None = None
    rank_icir: float | None = None
    ic_band: tuple[float, float] | None = None
    icir_band: tuple[float, float] | None = None
    rank_ic_band: tuple[float, float] | None = None
    rank_icir_band: tuple[float, float] | None = None
    n_ic_days: int | None = None
    psi: float | None = None
    psi_usual: float | None = None
    seed: int | None = None
    market_label: str = ""

    def __post_init__(self) -> None:
        for name in _METRICS:
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise NonFiniteError(
                    f"The {name} of run {self.run_id!r} is not a number.",
                    expected="a finite number, or None where it is undefined",
                    found=value,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRecords:
    """The content of `latest_train_records.json`.

    Attributes
    ----------
    experiment_name : str
        Experiment of the latest run.
    anchor_date : date
        Anchor of the latest run; the file names of everything downstream carry it.
    timestamp : str
        When the latest run finished, ``YYYY-MM-DD HH:MM:SS``; the only clock in the file.
    models : dict of str to str
        Model name to MLflow run id.
    model_records : dict of str to ModelRecord
        Model name to its own record; filled from the top-level keys where a file of the earlier
        system has none.
    last_incremental_update : str or None
        When a merge last touched the file.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    experiment_name: str
    anchor_date: date
    timestamp: str
    models: dict[str, str]
    model_records: dict[str, ModelRecord] = field(default_factory=dict)
    last_incremental_update: str | None = None


def read_train_records(workspace: Workspace, path: Path | str | None = None) -> TrainRecords:
    """Return the records of the workspace.

    Parameters
    ----------
    workspace : Workspace
        Whose records to read.
    path : path, optional
        Another records file; a relative path is taken from the workspace root.

    Returns
    -------
    TrainRecords
        With one entry in `model_records` for every model.

    Raises
    ------
    MissingArtifactError
        If there is no file, or it names no model.
    CorruptArtifactError
        If the file is not what its schema says.
    """
    source = workspace.records_path if path is None else workspace.root / path
    records = _read(source)
    if records is None or not records.models:
        is_own = path is None
        raise MissingArtifactError(
            "There is no trained model yet." if is_own else "The records named hold no model.",
            where=source,
            expected="train records that name at least one model",
            found="no such file" if records is None else "no models",
            hint="train first: quantpits train (prod_train_predict.py)"
            if is_own
            else "name records by their path from the workspace, such as one in data/history/",
        )
    return records


def publish_full(workspace: Workspace, records: TrainRecords) -> bool:
    """Replace the records by those of a complete training.

    Parameters
    ----------
    workspace : Workspace
        Whose records to replace.
    records : TrainRecords
        Every enabled model, each with its record.

    Returns
    -------
    bool
        Whether the file was written; False if only timestamps would have changed.

    Raises
    ------
    ModelError
        If `records` names no model: records are never overwritten by an empty map.
    CorruptArtifactError
        If `models` and `model_records` of `records` contradict each other.
    """
    path = workspace.records_path
    return _write(workspace, _checked(records, path), _read_for_rewrite(path))


def merge_records(workspace: Workspace, new: TrainRecords) -> bool:
    """Put the models of `new` into the records and keep all others with their own anchors.

    Parameters
    ----------
    workspace : Workspace
        Whose records to change.
    new : TrainRecords
        The models just trained or predicted; its experiment, anchor and timestamp go to the top.

    Returns
    -------
    bool
        Whether the file was written; False if only timestamps would have changed.

    Raises
    ------
    ModelError
        If `new` names no model.
    CorruptArtifactError
        If the file on disk is not what its schema says, or `new` contradicts itself.
    """
    path = workspace.records_path
    new = _checked(new, path)
    old = _read(path)
    if old is None:
        return _write(workspace, replace(new, last_incremental_update=new.timestamp), None)
    merged = replace(
        new,
        models={**old.models, **new.models},
        model_records={**old.model_records, **new.model_records},
        last_incremental_update=new.timestamp,
    )
    return _write(workspace, merged, old)


@cache
def _adapter() -> TypeAdapter[TrainRecords]:
    return TypeAdapter(TrainRecords)


def _read(path: Path) -> TrainRecords | None:
    """Return the file's records, one for every model, or None if there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        records = _adapter().validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CorruptArtifactError(
            "The train records are not what their schema says.",
            where=f"{path}: {'.'.join(str(part) for part in first['loc']) or 'whole file'}",
            found=first["msg"],
            hint="restore a copy from data/history/, or train again",
        ) from error
    return _complete(records, path)


def _read_for_rewrite(path: Path) -> TrainRecords | None:
    """Return what is on disk for comparison; unreadable content is backed up and replaced."""
    try:
        return _read(path)
    except CorruptArtifactError:
        return None


def _complete(records: TrainRecords, path: Path) -> TrainRecords:
    """Return `records` with a record for every model, refusing records that contradict the map."""
    strangers = sorted(set(records.model_records) - set(records.models))
    if strangers:
        raise CorruptArtifactError(
            f"The train records describe {strangers[0]!r}, which their map does not name.",
            where=path,
        )
    complete = {}
    for model, run_id in records.models.items():
        record = records.model_records.get(model) or ModelRecord(
            experiment=records.experiment_name, run_id=run_id, anchor_date=records.anchor_date
        )
        if record.run_id != run_id:
            raise CorruptArtifactError(
                f"The train records name two runs for the model {model!r}.",
                where=path,
                expected=run_id,
                found=record.run_id,
                hint="train or predict that model again",
            )
        complete[model] = record
    return replace(records, model_records=complete)


def _checked(records: TrainRecords, path: Path) -> TrainRecords:
    if not records.models:
        raise ModelError(
            "No model succeeded, so the train records stay as they are.",
            where=path,
            hint="see the failures reported above",
        )
    return _complete(records, path)


def _write(workspace: Workspace, records: TrainRecords, old: TrainRecords | None) -> bool:
    """Write `records` unless they say the same as `old` apart from the clock."""
    if old is not None:
        undated = replace(
            records,
            timestamp=old.timestamp,
            last_incremental_update=old.last_incremental_update,
        )
        if undated == old and list(records.models) == list(old.models):
            return False
    backup(workspace, workspace.records_path, "train_records")
    content: dict[str, Any] = _adapter().dump_python(records, mode="json")
    if records.last_incremental_update is None:
        del content["last_incremental_update"]
    return write_json(workspace.records_path, content)
