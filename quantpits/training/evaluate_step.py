"""Evaluating a model on purged splits of its training and validation window.

Each split is durable as soon as it is fitted. The test window is never read, so a model that looks
good here has still to prove itself there.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import Finding
from quantpits.modeling.features.cache import open_feature_cache
from quantpits.modeling.features.folds import FoldFeatures
from quantpits.modeling.fingerprint import result_fingerprint
from quantpits.modeling.fit import check_class
from quantpits.modeling.purged import PurgedSplit, purged_splits
from quantpits.modeling.recorders import open_store
from quantpits.modeling.spread import spread_of
from quantpits.modeling.trial import split_dataset, split_embargo, trial_ic
from quantpits.signals import summarise_ic
from quantpits.training.evaluate_request import EvaluateReport, EvaluateRequest, PathScore
from quantpits.training.split_state import SplitRun, SplitState, read_splits, write_splits
from quantpits.training.trial_plan import TrialPlan, make_trial_plan
from quantpits.workspace import SILENT, to_jsonable, write_json, writer_lock

if TYPE_CHECKING:
    import pandas as pd

    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]


def run(
    workspace: Workspace, request: EvaluateRequest, *, progress: Progress = SILENT
) -> EvaluateReport:
    """Fit a model on every purged split and report how it ranks on every path.

    Parameters
    ----------
    workspace : Workspace
        Whose model.
    request : EvaluateRequest
        Which model, and how many folds.
    progress : Progress
        Told about each split.

    Returns
    -------
    EvaluateReport
        IC and rank IC of every path, and their spread.

    Raises
    ------
    UsageError
        If the model is unknown or starts from the weights of another one.
    ConfigError
        If a config file or the workflow is wrong.
    DataError
        If the market data are missing or too short for so many folds.
    ModelError
        If the model fails, or nothing is known of how its dataset reads its rows; fitted splits
        are kept.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    started = time.monotonic()
    plan = make_trial_plan(workspace, request.model, kind="Evaluate")
    job = plan.job(is_whole_span=True)
    purge, lookback = plan.windows.horizon_sessions, split_embargo(job)
    embargo = lookback if request.embargo is None else request.embargo
    splits = purged_splits(
        plan.sessions,
        n_folds=request.folds,
        n_test_folds=request.test_folds,
        purge=purge,
        embargo=embargo,
    )
    shape = [request.folds, request.test_folds, purge, embargo]
    fingerprint = result_fingerprint({"job": job.facts.fingerprint, "splits": shape})
    name = f"{request.model}_{request.folds}x{request.test_folds}"
    state = read_splits(workspace, name, fingerprint=fingerprint)
    report = EvaluateReport(
        workspace=workspace.name,
        model=request.model,
        outputs=(),
        findings=_findings(request.model, embargo=embargo, lookback=lookback),
        changed=False,
        market_label=plan.setting.source.label,
        first=plan.windows.train[0],
        last=plan.windows.valid[1],
        n_splits=len(splits),
        n_reused=len(state.runs),
        purge_sessions=purge,
        embargo_sessions=embargo,
        lookback_sessions=lookback,
        is_dry_run=request.dry_run,
    )
    if request.dry_run:
        return report
    with writer_lock(workspace, "evaluate"):
        if len(state.runs) < len(splits):
            state, notes = _fit(
                workspace, plan, name=name, splits=splits, state=state, progress=progress
            )
            report = replace(report, findings=(*report.findings, *notes))
        paths = _paths(splits, state)
        report = replace(
            report,
            paths=paths,
            ic=spread_of(path.ic for path in paths),
            rank_ic=spread_of(path.rank_ic for path in paths),
        )
        path = workspace.output_dir / "evaluation" / f"{name}.json"
        told = {"span": [report.first, report.last], "folds": shape, "paths": paths}
        told |= {"ic": report.ic, "rank_ic": report.rank_ic, "market": report.market_label}
        changed = write_json(path, to_jsonable(told))
    seconds = round(time.monotonic() - started, 3)
    changed |= report.n_reused < report.n_splits
    return replace(report, outputs=(path,), changed=changed, seconds=seconds)


def _findings(model: str, *, embargo: int, lookback: int) -> tuple[Finding, ...]:
    """Warn where what is learnt from reads tested sessions, or those that decide a tested label."""
    if embargo >= lookback:
        return ()
    message = (
        f"A row of {model} reads {lookback} sessions before it, and only {embargo} more are left"
        " out after a test: sequences learnt from read features of tested sessions."
    )
    return (Finding("EVA001", "warning", message, "evaluate", model),)


def _fit(
    workspace: Workspace,
    plan: TrialPlan,
    *,
    name: str,
    splits: tuple[PurgedSplit, ...],
    state: SplitState,
    progress: Progress,
) -> tuple[SplitState, tuple[Finding, ...]]:
    """Fit the splits that are missing, each durable at once; tell about their features."""
    plan.setting.open_market()
    job = plan.job(is_whole_span=True)
    check_class(job)
    cache = open_feature_cache(workspace, plan.setting.config)
    features = FoldFeatures(plan.windows.data_start, plan.windows.data_end, cache=cache)
    runs = open_store(workspace, plan.maker.experiment)
    missing = [number for number in range(len(splits)) if str(number) not in state.runs]
    with progress.stage("Fitting purged splits", total=len(missing)) as advance:
        for number in missing:
            split = splits[number]
            dataset = split_dataset(job, split, features=features, sessions=plan.sessions)
            last = str(split.tests[-1][-1])
            outcome = trial_ic(job, dataset, runs=runs, features=features, last_session=last)
            done = SplitRun(ic=_by_day(outcome.ic), rank_ic=_by_day(outcome.rank_ic))
            state = replace(state, runs={**state.runs, str(number): done})
            write_splits(workspace, name, state=state)
            advance(1, f"split {number + 1} of {len(splits)}")
    return state, features.findings


def _by_day(daily: pd.Series) -> dict[str, float]:
    return {f"{day:%Y-%m-%d}": float(value) for day, value in daily.items()}


def _paths(splits: tuple[PurgedSplit, ...], state: SplitState) -> tuple[PathScore, ...]:
    """Return every path's numbers: each fold from the split that tests it for that path."""
    days: dict[int, list[tuple[str, str]]] = {}
    for number, split in enumerate(splits):
        for test, path in zip(split.tests, split.paths, strict=True):
            days.setdefault(path, []).extend((str(day), str(number)) for day in test)
    scores = []
    for path in sorted(days):
        chosen = sorted(days[path])
        daily = [
            np.array([getattr(state.runs[number], name).get(day, np.nan) for day, number in chosen])
            for name in ("ic", "rank_ic")
        ]
        summary = summarise_ic(daily[0], daily[1])
        scores.append(
            PathScore(
                ic=summary.ic,
                icir=summary.icir,
                rank_ic=summary.rank_ic,
                rank_icir=summary.rank_icir,
                n_days=summary.n_days,
            )
        )
    return tuple(scores)
