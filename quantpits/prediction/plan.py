"""What a prediction would do: with which models, on what dates, and what is current already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.errors import MissingArtifactError, name_list
from quantpits.modeling.artifacts import has_artifact, trained_module
from quantpits.modeling.fingerprint import library_versions, result_fingerprint
from quantpits.modeling.outcome import RunFacts
from quantpits.modeling.selection import select_models, selection_of
from quantpits.modeling.setting import Setting, load_setting
from quantpits.modeling.windows import compute_windows
from quantpits.records import ModelRecord, TrainRecords, read_train_records

if TYPE_CHECKING:
    from datetime import date

    from quantpits.prediction.request import PredictRequest
    from quantpits.workspace import Workspace

__all__ = ["PredictPlan", "make_plan"]


@dataclass(frozen=True, slots=True, eq=False)
class PredictPlan:
    """A prediction, ready to run.

    Attributes
    ----------
    setting : Setting
        Configuration, market and anchor.
    experiment : str
        MLflow experiment.
    test : tuple of date
        First and last session to predict.
    facts : dict of str to RunFacts
        Every selected model, in the registry's order.
    sources : dict of str to ModelRecord
        The records whose models are applied.
    current : dict of str to ModelRecord
        The models whose prediction is current already.
    """

    setting: Setting
    experiment: str
    test: tuple[date, date]
    facts: dict[str, RunFacts]
    sources: dict[str, ModelRecord]
    current: dict[str, ModelRecord]


def make_plan(workspace: Workspace, request: PredictRequest) -> PredictPlan:
    """Return what a prediction would do.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : PredictRequest
        Which models.

    Returns
    -------
    PredictPlan
        At least one model, each with a record of its training.

    Raises
    ------
    UsageError
        If a model is unknown or none is selected.
    ConfigError
        If a config file is wrong.
    DataError
        If the market data are missing, or too short for the test window.
    MissingArtifactError
        If a selected model was never trained.
    """
    setting = load_setting(workspace)
    names = select_models(setting.registry, selection_of(request))
    records = read_train_records(workspace, request.source_records)
    _check_trained(workspace, names, records)
    # The horizon shortens the train and validation windows only, which a prediction does not have.
    windows = compute_windows(
        setting.config, setting.sessions, anchor=setting.anchor, horizon_sessions=0
    )
    test = (windows.test[0], windows.last_session)
    experiment = request.experiment_name or setting.experiment("Predict")
    sources = {name: records.model_records[name] for name in names}
    facts = {
        name: _facts(
            setting,
            name,
            source,
            experiment=experiment,
            test=test,
            module=trained_module(workspace, source),
        )
        for name, source in sources.items()
    }
    published = _published(workspace, records, request)
    current = {
        name: published[name]
        for name, fact in facts.items()
        if name in published
        and published[name].fingerprint == fact.fingerprint
        and has_artifact(
            workspace, published[name].prediction_path, published[name].prediction_sha256
        )
    }
    return PredictPlan(setting, experiment, test, facts, sources, current)


def _check_trained(workspace: Workspace, names: tuple[str, ...], records: TrainRecords) -> None:
    untrained = [name for name in names if name not in records.model_records]
    if untrained:
        raise MissingArtifactError(
            f"There is no trained model {name_list(untrained)}.",
            where=workspace.records_path,
            expected="a record of its training",
            found=f"records of {name_list(list(records.models))}",
            hint=f"run training first: quantpits train --models {','.join(untrained)}",
        )


def _facts(
    setting: Setting,
    name: str,
    record: ModelRecord,
    *,
    experiment: str,
    test: tuple[date, date],
    module: str,
) -> RunFacts:
    source = record.source_run_id or record.run_id
    return RunFacts(
        model=name,
        experiment=experiment,
        anchor_date=setting.anchor,
        trained_at=record.trained_at or record.anchor_date,
        data_hash=setting.data_hash,
        fingerprint=result_fingerprint(
            {
                "name": name,
                "source_run": source,
                "model_sha256": record.model_sha256,
                "test": [day.isoformat() for day in test],
                "features": "computed from the start of the training's",
                "market": setting.config.market,
                "data_hash": setting.data_hash,
                "anchor_date": setting.anchor.isoformat(),
                "versions": library_versions(module),
            }
        ),
        seed=record.seed,
        market_label=setting.source.label,
        source=record,
    )


def _published(
    workspace: Workspace, records: TrainRecords, request: PredictRequest
) -> dict[str, ModelRecord]:
    """Return the workspace's own records, which hold the predictions that are current."""
    if request.source_records is None:
        return records.model_records
    if not workspace.records_path.is_file():
        return {}
    return read_train_records(workspace).model_records
