"""The step: load predictions of the last session, rank them, commit the lists."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import (
    Finding,
    MissingArtifactError,
    StaleArtifactError,
    UsageError,
    name_list,
)
from quantpits.market import load_calendar, resolve_market
from quantpits.ranking.files import ranking_name, write_ranking
from quantpits.ranking.index import top_list
from quantpits.ranking.request import RankedList, RankReport, RankRequest
from quantpits.records import (
    find_prediction,
    list_predictions,
    meta_path,
    read_prediction_csv,
    read_prediction_meta,
)
from quantpits.signals import panel_from_series
from quantpits.workspace import SILENT, Progress, writer_lock

if TYPE_CHECKING:
    from datetime import date

    from quantpits.signals import FloatArray
    from quantpits.workspace import Workspace

__all__ = ["run"]

_ENSEMBLE = "ensemble"
_N_BEST = 5
_AGAIN = "predict and fuse first: prod_predict_only.py, then ensemble_fusion.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One prediction to rank."""

    label: str
    path: Path
    instruments: tuple[str, ...]
    scores: FloatArray


def run(workspace: Workspace, request: RankRequest, *, progress: Progress = SILENT) -> RankReport:
    """Rank the instruments of the last session by their fused scores.

    Parameters
    ----------
    workspace : Workspace
        Whose predictions to rank.
    request : RankRequest
        Which, and how many instruments.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    RankReport
        One list per prediction. With all combos, RNK001 warns of one without a current prediction.
        RNK002 tells a prediction without provenance, RNK003 a synthetic market, and RNK004 a flag
        that has no effect.

    Raises
    ------
    UsageError
        If the number is below 1 or the combo is not known.
    ConfigError
        If the configuration of the combos is wrong.
    MissingArtifactError
        If a prediction does not exist, or none of the combos has one.
    StaleArtifactError
        If a prediction is not one of the market's last session.
    CorruptArtifactError
        If a prediction is not the one its provenance describes, or not readable.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    if request.top_n < 1:
        raise UsageError(
            "A ranking needs a length.", where="--top-n", expected="1 or more", found=request.top_n
        )
    market = resolve_market(workspace)
    session = load_calendar(market).last_session
    sources, findings = _load_sources(workspace, request, session, progress=progress)

    output_dir = workspace.root / (request.output_dir or workspace.ranking_dir)
    rankings = [
        (source, top_list(source.scores, source.instruments, top_n=request.top_n))
        for source in sources
    ]
    lists = tuple(
        RankedList(
            label=source.label,
            source=source.path,
            path=output_dir / ranking_name(source.label, session, top_n=request.top_n),
            data_date=session,
            n_scored=len(source.instruments),
            n_listed=len(rows),
            best=rows[:_N_BEST],
        )
        for source, rows in rankings
    )

    changed = False
    if not request.dry_run:
        with writer_lock(workspace, "rank"):
            for ranked, (_, rows) in zip(lists, rankings, strict=True):
                changed |= write_ranking(ranked.path, rows)
    return RankReport(
        workspace=workspace.name,
        outputs=() if request.dry_run else tuple(ranked.path for ranked in lists),
        findings=(
            *_selection_findings(request),
            *findings,
            *_market_findings(is_synthetic=market.is_synthetic),
        ),
        changed=changed,
        market_label=market.label,
        lists=lists,
        dry_run=request.dry_run,
    )


def _load_sources(
    workspace: Workspace, request: RankRequest, session: date, *, progress: Progress
) -> tuple[list[_Source], list[Finding]]:
    """Read what is to be ranked: a file > all combos > one combo > what orders follow."""
    if request.prediction_file is not None:
        inside = workspace.root / request.prediction_file
        path = inside if inside.is_file() else Path(request.prediction_file)
        return [_load_current(path, "custom", session)], []
    if not request.all_combos:
        if request.combo is not None:
            _refuse_unknown(workspace, request.combo)
        source, notes = _load_fused(workspace, request.combo, session)
        return [source], notes
    sources: list[_Source] = []
    findings: list[Finding] = []
    combos = [name for name, combo in workspace.ensemble_config().combos.items() if combo.enabled]
    with progress.stage("Reading predictions", total=len(combos)) as advance:
        for combo in combos:
            try:
                source, notes = _load_fused(workspace, combo, session)
            except (MissingArtifactError, StaleArtifactError) as error:
                message = " ".join(str(error).split())
                findings.append(Finding("RNK001", "warning", message, "ranking", combo))
            else:
                sources.append(source)
                findings += notes
            advance(note=combo)
    if not sources:
        raise MissingArtifactError(
            "None of the combos has a prediction of the last session.",
            where=workspace.predictions_dir,
            expected=f"a prediction for {session} of {name_list(combos)}",
            hint=_AGAIN,
        )
    return sources, findings


def _refuse_unknown(workspace: Workspace, combo: str) -> None:
    known = list(workspace.ensemble_config().combos)
    if combo in known:
        return
    near = get_close_matches(combo, known, n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(
        f"There is no combo {combo!r}.",
        where="--combo",
        hint=f"{question}there are {name_list(known)}",
    )


def _load_fused(
    workspace: Workspace, combo: str | None, session: date
) -> tuple[_Source, list[Finding]]:
    """Read the fused scores of a combo, or those that orders follow."""
    label = _ENSEMBLE if combo is None else f"{_ENSEMBLE}_{combo}"
    path = _find(workspace, label, session)
    findings: list[Finding] = []
    if meta_path(path).is_file():
        read_prediction_meta(path)  # refuses scores that are not the ones it describes
    else:
        message = "The prediction has no provenance, so nothing vouches for its scores."
        findings.append(Finding("RNK002", "warning", message, workspace.relative(path), label))
    return _load_current(path, combo or "default", session), findings


def _find(workspace: Workspace, label: str, session: date) -> Path:
    try:
        return find_prediction(workspace, label, session)
    except MissingArtifactError as error:
        older = [name.anchor_date for name in list_predictions(workspace) if name.label == label]
        if not older:
            raise
        raise StaleArtifactError(
            f"The prediction {label!r} is not one of the market's last session.",
            where=workspace.predictions_dir,
            expected=f"one made on {session}",
            found=f"the latest was made on {max(older)}",
            hint=_AGAIN,
        ) from error


def _load_current(path: Path, label: str, session: date) -> _Source:
    """Read the scores of the last date, which must be the market's last session."""
    panel = panel_from_series(read_prediction_csv(path))
    last = panel.dates[-1].item()
    if last != session:
        raise StaleArtifactError(
            "The prediction does not end with the market's last session.",
            where=path,
            expected=f"last date {session}",
            found=last,
            hint=_AGAIN,
        )
    scored = np.flatnonzero(panel.is_scored[-1])
    return _Source(
        label=label,
        path=path,
        instruments=tuple(panel.instruments[at] for at in scored),
        scores=panel.scores[-1, scored],
    )


def _selection_findings(request: RankRequest) -> tuple[Finding, ...]:
    flags = (
        ("--prediction-file", request.prediction_file is not None),
        ("--all-combos", request.all_combos),
        ("--combo", request.combo is not None),
    )
    given = [flag for flag, is_given in flags if is_given]
    return tuple(
        Finding("RNK004", "warning", f"{flag} has no effect beside {given[0]}", source="ranking")
        for flag in given[1:]
    )


def _market_findings(*, is_synthetic: bool) -> tuple[Finding, ...]:
    if not is_synthetic:
        return ()
    message = "The market is synthetic: this list says nothing about real shares."
    return (Finding("RNK003", "info", message, source="ranking"),)
