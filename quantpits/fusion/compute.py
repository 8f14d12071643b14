"""One combo from its models' scores to its own: align, normalise, weigh, fuse.

Invariants: a combo's numbers depend on its own models only, in no particular order, so they are the
same bytes whichever command asks for them and whatever else is fused beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import (
    ArtifactError,
    DataError,
    Finding,
    MissingDataError,
    UsageError,
    name_list,
)
from quantpits.fusion.paths import paths_weights
from quantpits.fusion.weights import equal_weights, icir_weights, manual_weights
from quantpits.signals import (
    AlignedScores,
    ScorePanel,
    align,
    correlation_matrix,
    fuse,
    standardise,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from quantpits.fusion.paths import ModelPaths
    from quantpits.fusion.plan import ComboPlan
    from quantpits.fusion.weights import ModelMetrics
    from quantpits.fusion.window import Window
    from quantpits.signals import FloatArray

__all__ = ["Fusion", "Members", "ModelScores", "combo_members", "fuse_combo", "fuse_members"]

_THIN = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScores:
    """What the models of all plans say.

    Attributes
    ----------
    anchor : date
        The last date that each model must score.
    panels : mapping of str to ScorePanel
        Raw scores of the usable models.
    failures : mapping of str to error
        Why the others are not usable.
    metrics : mapping of str to ModelMetrics
        How well each usable model did.
    paths : ModelPaths or error or None
        What each usable model's own portfolio earned, for ``dynamic``; why that is not known; None
        where no combo asks.
    """

    anchor: date
    panels: Mapping[str, ScorePanel]
    failures: Mapping[str, ArtifactError | DataError]
    metrics: Mapping[str, ModelMetrics]
    paths: ModelPaths | ArtifactError | DataError | UsageError | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fusion:
    """One fused combo.

    Attributes
    ----------
    plan : ComboPlan
        What was to be fused.
    models : tuple of str [M]
        What was, in the plan's order.
    weights : dict of str to float
        Fraction of each model; for weights that change by day, those of the last date.
    daily_weights : float64 [T, M] or None
        Fraction of each of `models` on each date of `panel`; None for constant weights.
    missing : dict of str to str
        Models of the plan that are not in, and why.
    correlation : float64 [M, M]
        Between the normalised scores of `models`.
    panel : ScorePanel
        The fused scores [T, N].
    equal : ScorePanel
        What equal weights make of the same rows [T, N].
    findings : tuple of Finding
        What a person should know about them.
    """

    plan: ComboPlan
    models: tuple[str, ...]
    weights: dict[str, float]
    missing: dict[str, str]
    correlation: FloatArray
    panel: ScorePanel
    equal: ScorePanel
    findings: tuple[Finding, ...]
    daily_weights: FloatArray | None = None

    @property
    def static_weights(self) -> dict[str, float]:
        """Weights that hold on every date; empty where they change by day."""
        return self.weights if self.daily_weights is None else {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """The models of one combo on the rows that all of them score.

    Attributes
    ----------
    models : tuple of str [M]
        Usable models in the plan's order.
    raw, normal : AlignedScores [M, T, N]
        What they say and their z-scores, models sorted by name.
    """

    models: tuple[str, ...]
    raw: AlignedScores
    normal: AlignedScores

    @property
    def position(self) -> list[int]:
        """Where each of `models` stands in the arrays."""
        return [self.normal.models.index(model) for model in self.models]


def fuse_combo(
    plan: ComboPlan, scores: ModelScores, *, window: Window, allow_missing: bool = False
) -> Fusion:
    """Return the fused scores of one combo.

    Parameters
    ----------
    plan : ComboPlan
        What to fuse.
    scores : ModelScores
        What the models say.
    window : Window
        The dates that count.
    allow_missing : bool
        Whether to fuse what is left when a model is not usable.

    Returns
    -------
    Fusion
        On the dates and instruments that all of its models score.

    Raises
    ------
    ArtifactError
        If a model is missing, stale or unreadable; of the class of the first such failure.
    DataError
        The same, for scores that are not usable.
    MissingDataError
        If the models share no row at all, or none at the anchor.
    ModelError
        If no model qualifies for weighting by ICIR, or what is left has no weight.
    UsageError
        If no date lies in the window.

    Notes
    -----
    Timing: each day is normalised and fused from that day's scores only, with weights that are
    constant or known at its close. Source: decisions 10, 11 and 12.
    """
    members = combo_members(plan, scores, window=window, allow_missing=allow_missing)
    return fuse_members(plan, members, scores=scores)


def combo_members(
    plan: ComboPlan, scores: ModelScores, *, window: Window, allow_missing: bool = False
) -> Members:
    """Return the models of a combo on its own rows, as `fuse_combo` fuses them.

    Parameters
    ----------
    plan : ComboPlan
        What to fuse.
    scores : ModelScores
        What the models say.
    window : Window
        The dates that count.
    allow_missing : bool
        Whether to go on with what is left when a model is not usable.

    Returns
    -------
    Members
        Raw and normalised.

    Raises
    ------
    ArtifactError
        If a model is missing, stale or unreadable; of the class of the first such failure.
    DataError
        The same, for scores that are not usable.
    MissingDataError
        If the models share no row at all, or none at the anchor.
    UsageError
        If no date lies in the window.
    """
    models = _usable(plan, scores.failures, allow_missing=allow_missing)
    # One fixed order for the arithmetic: listing models differently must not change a bit.
    aligned = align({model: scores.panels[model] for model in sorted(models)})
    if window.is_full and aligned.dates[-1] != np.datetime64(scores.anchor, "D"):
        raise MissingDataError(
            f"The models of the {plan.title} share no instrument at the anchor.",
            expected=f"common scores on {scores.anchor}",
            found=f"the last common date is {aligned.dates[-1]}",
            hint="predict them again for the same universe",
        )
    raw = aligned if window.is_full else _within(aligned, window)
    return Members(models=models, raw=raw, normal=standardise(raw))


def fuse_members(plan: ComboPlan, members: Members, *, scores: ModelScores) -> Fusion:
    """Weigh and fuse the normalised models of a combo.

    Parameters
    ----------
    plan : ComboPlan
        What to fuse.
    members : Members
        Its models, on its own rows.
    scores : ModelScores
        For the metrics of the models, what their portfolios earned, and why some are missing.

    Returns
    -------
    Fusion
        The fused combo.

    Raises
    ------
    ModelError
        If no model qualifies for weighting by ICIR, or what is left has no weight.
    DataError
        If ``dynamic`` has no market to trade on.
    """
    models, normal = members.models, members.normal
    dates, names = normal.dates, normal.instruments
    position = members.position
    by_name = np.argsort(position)
    if plan.method == "dynamic":
        daily = paths_weights(_paths_of(scores), models, dates=dates)
        weights = dict(zip(models, daily[-1].tolist(), strict=True))
        fused = fuse(normal.scores, daily[:, by_name])
    else:
        daily = None
        weights = _weights(plan, models, scores.metrics)
        fused = fuse(normal.scores, np.array(list(weights.values()))[by_name])
    equal = fuse(normal.scores, np.ones(len(models)))
    return Fusion(
        plan=plan,
        models=models,
        weights=weights,
        missing={
            model: scores.failures[model].what for model in plan.models if model not in models
        },
        correlation=correlation_matrix(normal)[np.ix_(position, position)],
        panel=ScorePanel(dates, names, fused),
        equal=ScorePanel(dates, names, equal),
        findings=(
            *_missing_findings(plan, models),
            *_weight_findings(plan, weights),
            *_thin_findings(plan, normal, {model: scores.panels[model] for model in models}),
        ),
        daily_weights=daily,
    )


def _paths_of(scores: ModelScores) -> ModelPaths:
    paths = scores.paths
    if paths is None or isinstance(paths, Exception):
        raise DataError(
            "The weights of method 'dynamic' need what each model's portfolio earned.",
            found=None if paths is None else " ".join(str(paths).split()),
            hint="mend what the backtest needs, or choose another method",
        )
    return paths


def _usable(
    plan: ComboPlan,
    failures: Mapping[str, ArtifactError | DataError],
    *,
    allow_missing: bool,
) -> tuple[str, ...]:
    failed = [model for model in plan.models if model in failures]
    if not failed:
        return plan.models
    left = tuple(model for model in plan.models if model not in failures)
    if allow_missing and left:
        return left
    first = failures[failed[0]]
    whom = name_list(failed)
    hint = "" if allow_missing else "; --allow-missing fuses what is left of the combo"
    # The class of the failure decides the exit code, so it is kept.
    raise type(first)(
        f"The {plan.title} cannot be fused without {whom}: {first.what}",
        where=first.where,
        expected=first.expected,
        found=first.found,
        hint=f"{first.hint or 'predict again'}{hint}",
    ) from first


def _weights(
    plan: ComboPlan, models: tuple[str, ...], metrics: Mapping[str, ModelMetrics]
) -> dict[str, float]:
    # Sums run over the sorted models, so that their order on the command line changes no bit.
    ordered = sorted(models)
    if plan.method == "icir_weighted":
        weights = icir_weights(ordered, metrics, min_model_ic=plan.min_model_ic)
    elif plan.method == "manual":
        weights = manual_weights(ordered, plan.manual or {})
    else:
        weights = equal_weights(ordered)
    return {model: weights[model] for model in models}


def _within(aligned: AlignedScores, window: Window) -> AlignedScores:
    is_in = window.holds(aligned.dates)
    if not is_in.any():
        raise UsageError(
            "No prediction lies between the dates.",
            expected=f"dates within {aligned.dates[0]} to {aligned.dates[-1]}",
            found=f"{window.start or 'the beginning'} to {window.end or 'the end'}",
        )
    return AlignedScores(
        aligned.dates[is_in], aligned.instruments, aligned.models, aligned.scores[:, is_in]
    )


def _missing_findings(plan: ComboPlan, models: tuple[str, ...]) -> tuple[Finding, ...]:
    gone = [model for model in plan.models if model not in models]
    if not gone:
        return ()
    message = (
        f"Fused without {name_list(gone)}, as --allow-missing permits; the weights are those of "
        f"the {len(models)} models that are left."
    )
    return (Finding("FUS005", "warning", message, "fusion", plan.combo or plan.label),)


def _weight_findings(plan: ComboPlan, weights: Mapping[str, float]) -> tuple[Finding, ...]:
    if plan.method != "icir_weighted":
        return ()
    idle = [model for model, weight in weights.items() if weight <= 0.0]
    if not idle:
        return ()
    message = (
        f"{name_list(idle)} count for nothing: mean IC not above {plan.min_model_ic} or ICIR not "
        "above 0."
    )
    return (Finding("FUS006", "warning", message, "fusion", plan.combo or plan.label),)


def _thin_findings(
    plan: ComboPlan, normal: AlignedScores, panels: Mapping[str, ScorePanel]
) -> tuple[Finding, ...]:
    """Say when one model's narrow universe narrows the combo on its last date."""
    last = normal.dates[-1]
    counts = {
        model: int(panel.is_scored[panel.dates == last].sum()) for model, panel in panels.items()
    }
    n_shared = int(np.isfinite(normal.scores[0, -1]).sum())
    widest = max(counts.values())
    if n_shared >= _THIN * widest:
        return ()
    narrow = min(counts, key=lambda model: (counts[model], model))
    message = (
        f"On {last} the models share {n_shared} instruments while one scores {widest}; "
        f"{narrow!r} scores {counts[narrow]}."
    )
    return (Finding("FUS007", "warning", message, "fusion", plan.combo or plan.label),)
