"""Prediction: plan, predict with what is trained, publish by merge.

A model that fails does not stop the others: those that succeeded are published, each with its own
anchor in the records, and the failed one is reported as an error and keeps its old record, so that
whoever fuses it sees that it is stale.
"""

from __future__ import annotations

import textwrap
import time
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ArtifactError, Finding, ModelError, QuantPitsError
from quantpits.modeling.features.cache import open_feature_cache
from quantpits.modeling.features.store import FeatureStore, features_key
from quantpits.modeling.features.use import FeatureUse
from quantpits.modeling.forecast import ForecastJob, TrainedModel, load_trained, predict_model
from quantpits.modeling.publication import describe_run, publish_predictions
from quantpits.modeling.recorders import open_store
from quantpits.modeling.resources import PeakMemory
from quantpits.modeling.results import ModelResult, drift_findings, model_result
from quantpits.prediction.plan import PredictPlan, make_plan
from quantpits.prediction.request import PredictReport, PredictRequest
from quantpits.records import TrainRecords, merge_records
from quantpits.workspace import SILENT, writer_lock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quantpits.records import ModelRecord
    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]

# Sessions before what a time-series dataset reads, for names that were suspended for a while.
_SPARE_SESSIONS = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Predicted:
    """What predicting with the models gave."""

    records: Mapping[str, ModelRecord]
    failures: Mapping[str, QuantPitsError]
    seconds: Mapping[str, float]
    peak_mib: Mapping[str, int]
    feature_use: FeatureUse = field(default_factory=FeatureUse)
    feature_findings: tuple[Finding, ...] = ()


def run(
    workspace: Workspace, request: PredictRequest, *, progress: Progress = SILENT
) -> PredictReport:
    """Predict with trained models and publish the predictions.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    request : PredictRequest
        Which models.
    progress : Progress
        Told about each model.

    Returns
    -------
    PredictReport
        What was predicted, how well, and what is current now.

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
    ModelError
        If every model failed; nothing is published then.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    started = time.monotonic()
    if request.dry_run:
        return _report(workspace, make_plan(workspace, request))
    with writer_lock(workspace, "predict"):
        plan = make_plan(workspace, request)
        predicted = _predict(workspace, plan, progress=progress)
        outputs, changed = _publish(workspace, plan, predicted)
    return replace(
        _report(workspace, plan, predicted),
        outputs=outputs,
        changed=changed or bool(predicted.records),
        seconds=round(time.monotonic() - started, 3),
    )


def _predict(workspace: Workspace, plan: PredictPlan, *, progress: Progress) -> _Predicted:
    """Predict with every model that is not current, one after the other."""
    names = [name for name in plan.facts if name not in plan.current]
    if not names:
        return _Predicted({}, {}, {}, {})
    plan.setting.open_market()
    features = FeatureStore(open_feature_cache(workspace, plan.setting.config))
    records: dict[str, ModelRecord] = {}
    failures: dict[str, QuantPitsError] = {}
    seconds: dict[str, float] = {}
    peak_mib: dict[str, int] = {}
    with progress.stage("Predicting", total=len(names)) as advance:
        trained = _load_all(workspace, plan, names, failures=failures)
        first = _first_session(plan, trained)
        runs = open_store(workspace, plan.experiment)
        for name in _in_groups(trained):
            advance(0, name)
            began, peak = time.monotonic(), PeakMemory()
            job = ForecastJob(plan.facts[name], plan.setting.config.market, first, plan.test)
            try:
                # Taken out of the map, so that its data are freed before the next are loaded.
                records[name] = predict_model(
                    workspace, job, trained=trained.pop(name), runs=runs, features=features
                )
            except ModelError as error:
                failures[name] = error
            seconds[name], peak_mib[name] = time.monotonic() - began, peak.mib()
            advance(1, name)
    return _Predicted(records, failures, seconds, peak_mib, features.use, features.findings)


def _load_all(
    workspace: Workspace,
    plan: PredictPlan,
    names: list[str],
    *,
    failures: dict[str, QuantPitsError],
) -> dict[str, TrainedModel]:
    """Load the models, which are small without their data; what cannot be loaded has failed."""
    trained = {}
    for name in names:
        try:
            trained[name] = load_trained(workspace, name, plan.sources[name])
        except (ModelError, ArtifactError) as error:
            failures[name] = error
    return trained


def _in_groups(trained: Mapping[str, TrainedModel]) -> list[str]:
    """Return the models, those that read the same features from the same start side by side."""
    keys = {
        name: (features_key(handler, with_dates=False), str(getattr(handler, "start_time", None)))
        for name, handler in ((name, each.dataset.handler) for name, each in trained.items())
    }
    return sorted(trained, key=lambda name: keys[name])


def _first_session(plan: PredictPlan, trained: Mapping[str, TrainedModel]) -> date:
    """Return from where features are needed: one date for all models, so that they share them."""
    lookback = max((each.lookback_sessions for each in trained.values()), default=0)
    spare = lookback + _SPARE_SESSIONS if lookback else 0
    sessions = plan.setting.sessions
    at = int(np.searchsorted(sessions, np.datetime64(plan.test[0], "D")))
    first: date = sessions[max(0, at - spare)].astype("datetime64[D]").item()
    return first


def _publish(
    workspace: Workspace, plan: PredictPlan, predicted: _Predicted
) -> tuple[tuple[Path, ...], bool]:
    """Publish what succeeded; refuse when nothing did."""
    known = {**plan.current, **predicted.records}
    records = {name: known[name] for name in plan.facts if name in known}
    if not records:
        causes = [textwrap.indent(str(error), "  ") for error in predicted.failures.values()]
        lines = "\n".join(causes)
        raise ModelError(f"All {len(plan.facts)} models failed, so nothing was published.\n{lines}")
    published = TrainRecords(
        experiment_name=plan.experiment,
        anchor_date=plan.setting.anchor,
        timestamp=f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
        models={name: record.run_id for name, record in records.items()},
        model_records=records,
    )
    outputs, changed = publish_predictions(workspace, published, replaces=False)
    manifest = describe_run(
        workspace, "predict", setting=plan.setting, records=published, outputs=outputs
    )
    changed |= merge_records(workspace, published)
    return (*outputs, manifest, workspace.records_path), changed


def _report(
    workspace: Workspace, plan: PredictPlan, predicted: _Predicted | None = None
) -> PredictReport:
    findings = [*(() if predicted is None else predicted.feature_findings)]
    results = [_result(name, plan, predicted) for name in plan.facts]
    for result in results:
        if result.status == "failed":
            first = result.message.splitlines()[0]
            message = f"{result.model} failed and keeps its old prediction: {first}"
            findings.append(Finding("PRD001", "error", message, "prediction", result.model))
        elif result.run_id is not None and result.ic is None:
            message = f"the IC of {result.model} is undefined: its scores or labels are all equal"
            findings.append(Finding("PRD002", "warning", message, "prediction", result.model))
    findings += drift_findings(results, source="prediction")
    return PredictReport(
        workspace=workspace.name,
        outputs=(),
        findings=tuple(findings),
        changed=False,
        experiment_name=plan.experiment,
        anchor_date=plan.setting.anchor,
        market_label=plan.setting.source.label,
        test=[day.isoformat() for day in plan.test],
        models=tuple(results),
        n_feature_computations=0 if predicted is None else predicted.feature_use.n_computed,
        feature_use=None if predicted is None else predicted.feature_use,
        is_dry_run=predicted is None,
    )


def _result(name: str, plan: PredictPlan, predicted: _Predicted | None) -> ModelResult:
    if name in plan.current:
        return model_result(name, "reused", record=plan.current[name])
    if predicted is None:
        return model_result(name, "planned")
    seconds = predicted.seconds.get(name, 0.0)
    if name in predicted.failures:
        message = str(predicted.failures[name])
        return ModelResult(model=name, status="failed", seconds=seconds, message=message)
    result = model_result(name, "done", record=predicted.records[name], seconds=seconds)
    return replace(result, peak_mib=predicted.peak_mib[name])
