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

    from quantpits.fusion.plan import ComboPlan
    from quantpits.fusion.weights import ModelMetrics
    from quantpits.fusion.window import Window
    from quantpits.signals import FloatArray

__all__ = ["Fusion", "ModelScores", "fuse_combo"]

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
    """

    anchor: date
    panels: Mapping[str, ScorePanel]
    failures: Mapping[str, ArtifactError | DataError]
    metrics: Mapping[str, ModelMetrics]


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
        Fraction of each model.
    missing : dict of str to str
        Models of the plan that are not in, and why.
    correlation : float64 [M, M]
        Between the normalised scores of `models`.
    panel : ScorePanel
        The fused scores.
    findings : tuple of Finding
        What a person should know about them.
    """

    plan: ComboPlan
    models: tuple[str, ...]
    weights: dict[str, float]
    missing: dict[str, str]
    correlation: FloatArray
    panel: ScorePanel
    findings: tuple[Finding, ...]


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
    Timing: each day is normalised and fused from that day's scores only; weights are constant.
    Source: decisions 10, 11 and 12.
    """
    models = _usable(plan, scores.failures, allow_missing=allow_missing)
    weights = _weights(plan, models, scores.metrics)
    # One fixed order for the arithmetic: listing models differently must not change a bit.
    ordered = sorted(models)
    aligned = align({model: scores.panels[model] for model in ordered})
    if window.is_full and aligned.dates[-1] != np.datetime64(scores.anchor, "D"):
        raise MissingDataError(
            f"The models of the {plan.title} share no instrument at the anchor.",
            expected=f"common scores on {scores.anchor}",
            found=f"the last common date is {aligned.dates[-1]}",
            hint="predict them again for the same universe",
        )
    normal = standardise(_within(aligned, window))
    fused = fuse(normal.scores, np.array([weights[model] for model in ordered]))
    position = [ordered.index(model) for model in models]
    return Fusion(
        plan=plan,
        models=models,
        weights=weights,
        missing={
            model: scores.failures[model].what for model in plan.models if model not in models
        },
        correlation=correlation_matrix(normal)[np.ix_(position, position)],
        panel=ScorePanel(normal.dates, normal.instruments, fused),
        findings=(
            *_missing_findings(plan, models),
            *_weight_findings(plan, weights),
            *_thin_findings(plan, normal, {model: scores.panels[model] for model in models}),
        ),
    )


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
    if plan.method == "icir_weighted":
        return icir_weights(models, metrics, min_model_ic=plan.min_model_ic)
    if plan.method == "manual":
        return manual_weights(models, plan.manual or {})
    return equal_weights(models)


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
