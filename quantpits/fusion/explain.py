"""Why a combo scores an instrument as it does on one date: every step from the models to its rank.

Reads and computes what fusing does, and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ArtifactError, DataError, Finding, MissingDataError, ModelError
from quantpits.fusion.compute import combo_members, fuse_members
from quantpits.fusion.load import load_basis, load_scores
from quantpits.fusion.plan import plan_combos
from quantpits.fusion.prepare import prepare
from quantpits.fusion.window import window_of
from quantpits.signals import rank_scores
from quantpits.workspace import SILENT, Progress

if TYPE_CHECKING:
    from datetime import date

    from quantpits.fusion.compute import Fusion, Members, ModelScores
    from quantpits.fusion.request import ExplainRequest
    from quantpits.signals import ScorePanel
    from quantpits.workspace import Workspace

__all__ = ["ComboExplanation", "ExplainReport", "ModelShare", "explain_combo", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShare:
    """What one model puts into a fused score.

    Attributes
    ----------
    model : str
        Its name.
    raw : float or None
        Its own score; None if it does not score the instrument that day.
    z : float or None
        That as a z-score among the instruments that all models of the combo score.
    weight : float
        Its weight that day [fraction].
    share : float or None
        ``weight * z``; these sum to the fused score.
    """

    model: str
    raw: float | None
    z: float | None
    weight: float
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComboExplanation:
    """The score of one instrument on one date.

    Attributes
    ----------
    combo : str
        The combo, or the label of a fusion of named models.
    method : str
        How the models were weighted.
    models : tuple of ModelShare
        In the combo's order.
    score : float or None
        The fused score; None if some model does not score the instrument that day.
    rank : int or None
        1 for the best that day; None without a score.
    n_ranked : int
        Instruments with a fused score that day.
    """

    combo: str
    method: str
    models: tuple[ModelShare, ...]
    score: float | None
    rank: int | None
    n_ranked: int

    def lines(self) -> list[str]:
        """Return the table of the models in lines for a person."""
        width = max(len("model"), *(len(share.model) for share in self.models))
        heads = (
            f"  {'model':<{width}}  {'raw score':>12}  {'z-score':>9}  {'weight':>7}  {'share':>9}"
        )
        lines = [f"{self.combo} ({self.method}):", heads]
        lines += [
            f"  {share.model:<{width}}  {_shown(share.raw, 6):>12}  {_shown(share.z, 4):>9}  "
            f"{share.weight:>7.4f}  {_shown(share.share, 4):>9}"
            for share in self.models
        ]
        if self.score is None:
            silent = ", ".join(share.model for share in self.models if share.raw is None)
            lines.append(f"  no fused score: not scored by {silent}")
        else:
            lines.append(f"  fused score {self.score:.6f}, rank {self.rank} of {self.n_ranked}")
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainReport:
    """The score of an instrument in every combo that was asked for.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    day : date
        The date.
    instrument : str
        The instrument.
    combos : tuple of ComboExplanation
        At least one of them with a score.
    findings : tuple of Finding
        Combos that could not be fused.
    """

    workspace: str
    day: date
    instrument: str
    combos: tuple[ComboExplanation, ...]
    findings: tuple[Finding, ...] = ()

    def summary(self) -> list[str]:
        """Return the explanation in lines for a person."""
        lines = [f"{self.instrument} on {self.day}"]
        for combo in self.combos:
            lines += combo.lines()
        return lines


def run(
    workspace: Workspace, request: ExplainRequest, *, progress: Progress = SILENT
) -> ExplainReport:
    """Explain the fused scores of one instrument on one date.

    Parameters
    ----------
    workspace : Workspace
        Whose predictions.
    request : ExplainRequest
        Which combos, date and instrument.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    ExplainReport
        One explanation per combo; a combo that cannot be fused is a finding if others can.

    Raises
    ------
    UsageError
        If the request contradicts itself or names what does not exist.
    ConfigError
        If the configuration of the combos is wrong.
    ArtifactError
        If a model of the combo is missing, stale or unreadable.
    MissingDataError
        If no combo scores the instrument that day.
    DataError
        If the models of a combo share no scores.
    ModelError
        If no model qualifies for weighting by ICIR.
    """
    fuse = replace(request.fuse, no_backtest=True)
    basis = load_basis(workspace, fuse)
    window = window_of(fuse, basis.anchor)
    plans, _ = plan_combos(fuse, basis.config, window=window)
    loaded = load_scores(workspace, basis, plans=plans, progress=progress)
    prepared = prepare(
        workspace,
        fuse,
        plans=plans,
        panels=loaded.scores.panels,
        window=window,
        anchor=basis.anchor,
    )
    scores = replace(loaded.scores, paths=prepared.paths)
    explained: list[ComboExplanation] = []
    findings: list[Finding] = []
    for plan in plans:
        try:
            members = combo_members(plan, scores, window=window, allow_missing=fuse.allow_missing)
            fusion = fuse_members(plan, members, scores=scores)
            explained.append(
                explain_combo(
                    fusion, members, scores=scores, day=request.day, name=request.instrument
                )
            )
        except (ArtifactError, DataError, ModelError) as error:
            if len(plans) == 1:
                raise
            message = " ".join(str(error).split())
            findings.append(Finding("FUS008", "error", message, "fusion", plan.combo or plan.label))
    _refuse_silence(explained, request)
    return ExplainReport(
        workspace=workspace.name,
        day=request.day,
        instrument=request.instrument,
        combos=tuple(explained),
        findings=tuple(findings),
    )


def explain_combo(
    fusion: Fusion, members: Members, *, scores: ModelScores, day: date, name: str
) -> ComboExplanation:
    """Return every step from the models' scores of one instrument to its rank.

    Parameters
    ----------
    fusion : Fusion
        The combo.
    members : Members
        Its models.
    scores : ModelScores
        What they say beyond the combo's own rows.
    day : date
        The date.
    name : str
        The instrument.

    Returns
    -------
    ComboExplanation
        The steps.

    Raises
    ------
    MissingDataError
        If the combo has no scores on that date at all.
    """
    panel = fusion.panel
    row = int(np.searchsorted(panel.dates, np.datetime64(day, "D")))
    if row == panel.dates.size or panel.dates[row] != np.datetime64(day, "D"):
        near = panel.dates[max(0, row - 2) : row + 2]
        raise MissingDataError(
            f"The {fusion.plan.title} has no scores on {day}.",
            expected=f"a date from {panel.dates[0]} to {panel.dates[-1]}",
            found=f"the nearest are {', '.join(str(date) for date in near)}",
        )
    weights = fusion.weights
    if fusion.daily_weights is not None:
        weights = dict(zip(fusion.models, fusion.daily_weights[row].tolist(), strict=True))
    order = rank_scores(panel.scores[row], panel.instruments)
    column = panel.instruments.index(name) if name in panel.instruments else None
    score = None if column is None else _number(panel.scores[row, column])
    shares = []
    for model in fusion.models:
        z = None
        if column is not None:
            at = members.normal.models.index(model)
            z = _number(members.normal.scores[at, row, column])
        raw = _raw(scores.panels[model], day, name)
        share = None if z is None else weights[model] * z
        shares.append(ModelShare(model=model, raw=raw, z=z, weight=weights[model], share=share))
    return ComboExplanation(
        combo=fusion.plan.combo or fusion.plan.label,
        method=fusion.plan.method,
        models=tuple(shares),
        score=score,
        rank=None if score is None else int(np.flatnonzero(order == column)[0]) + 1,
        n_ranked=len(order),
    )


def _refuse_silence(explained: list[ComboExplanation], request: ExplainRequest) -> None:
    if any(combo.score is not None for combo in explained):
        return
    silent = {share.model for combo in explained for share in combo.models if share.raw is None}
    raise MissingDataError(
        f"No combo scores {request.instrument} on {request.day}.",
        expected="an instrument that all models of a combo score that day",
        found=f"no score by {', '.join(sorted(silent)) or 'any model'}",
        hint="instruments are written as in the prediction CSV, such as SH600000",
    )


def _raw(panel: ScorePanel, day: date, name: str) -> float | None:
    rows = np.flatnonzero(panel.dates == np.datetime64(day, "D"))
    if not rows.size or name not in panel.instruments:
        return None
    return _number(panel.scores[rows[0], panel.instruments.index(name)])


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _shown(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}f}"
