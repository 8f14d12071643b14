"""How much each model of a combo counts: rules from methods and metrics to fractions.

Invariants: weights name exactly the models they are for, are finite, at least 0, and sum to 1. A
method that cannot say so raises; nothing falls back to another method in silence.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.config.ensemble import weight_problems
from quantpits.errors import ModelError, UsageError, name_list
from quantpits.signals import normalise_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "METHODS",
    "ModelMetrics",
    "check_manual_weights",
    "equal_weights",
    "icir_weights",
    "manual_weights",
    "parse_weights",
]

METHODS = ("equal", "icir_weighted", "manual", "dynamic")
"""The words for methods; for ``dynamic`` see `quantpits.fusion.dynamic`."""

_EXAMPLE = "gru:0.6,linear_Alpha158:0.4"


@dataclass(frozen=True, slots=True)
class ModelMetrics:
    """How well a model did on its test segment.

    Attributes
    ----------
    ic : float or None
        Mean daily information coefficient; None where undefined.
    icir : float or None
        Its mean over its deviation, not annualised; None where undefined.
    """

    ic: float | None
    icir: float | None


def parse_weights(text: str) -> dict[str, float]:
    """Return the weights that a user typed.

    Parameters
    ----------
    text : str
        Such as ``"gru:0.6,linear_Alpha158:0.4"``; commas, spaces or both between the items.

    Returns
    -------
    dict of str to float
        In the order typed.

    Raises
    ------
    UsageError
        If an item has no name or no number, is NaN or infinite, or a model is named twice.

    Examples
    --------
    >>> parse_weights("gru:0.6, mlp : 0.4")
    {'gru': 0.6, 'mlp': 0.4}
    """
    weights: dict[str, float] = {}
    for item in re.split(r"[,\s]+", re.sub(r"\s*:\s*", ":", text.strip())):
        model, colon, number = item.rpartition(":")
        weight = _finite(number)
        if not colon or not model or weight is None:
            raise UsageError(
                "A weight must be a model, a colon and a finite number.",
                where="--weights",
                expected=_EXAMPLE,
                found=repr(item),
            )
        if model in weights:
            raise UsageError(
                f"The model {model!r} has two weights.", where="--weights", found=repr(text)
            )
        weights[model] = weight
    return weights


def check_manual_weights(models: Sequence[str], weights: Mapping[str, float]) -> tuple[str, ...]:
    """Return what is wrong with weights for these models, one sentence per problem.

    Parameters
    ----------
    models : sequence of str
        Every model of the combo.
    weights : mapping of str to float
        Weight by model, on any scale.

    Returns
    -------
    tuple of str
        Empty when the weights can be used.

    Notes
    -----
    Source: decision 11.

    Examples
    --------
    >>> check_manual_weights(("gru", "mlp"), {"gru": 1.0, "mlp": 3.0})
    ()
    >>> check_manual_weights(("gru",), {"gru": float("nan")})
    ("the weight for 'gru' is not a finite number",)
    """
    broken = [model for model, weight in weights.items() if not math.isfinite(weight)]
    if broken:
        return tuple(f"the weight for {model!r} is not a finite number" for model in broken)
    return tuple(weight_problems(tuple(models), weights))


def equal_weights(models: Sequence[str]) -> dict[str, float]:
    """Return the same weight for each model.

    Parameters
    ----------
    models : sequence of str [M]
        At least one.

    Returns
    -------
    dict of str to float
        1/M each.

    Examples
    --------
    >>> equal_weights(("gru", "mlp"))
    {'gru': 0.5, 'mlp': 0.5}
    """
    return _fractions(dict.fromkeys(models, 1.0))


def icir_weights(
    models: Sequence[str], metrics: Mapping[str, ModelMetrics], *, min_model_ic: float
) -> dict[str, float]:
    """Return weights in proportion to each model's ICIR.

    Parameters
    ----------
    models : sequence of str [M]
        At least one.
    metrics : mapping of str to ModelMetrics
        Of each of them.
    min_model_ic : float
        A model counts only if its mean IC is above this.

    Returns
    -------
    dict of str to float
        ``max(0, icir)`` over the sum of all models that count; 0 for the others.

    Raises
    ------
    ModelError
        If no model counts.

    Notes
    -----
    An undefined IC is not above the threshold and an undefined ICIR not above 0.
    Source: decision 11.

    Examples
    --------
    >>> metrics = {"gru": ModelMetrics(0.04, 0.3), "mlp": ModelMetrics(0.02, 0.1)}
    >>> icir_weights(("gru", "mlp"), metrics, min_model_ic=0.03)
    {'gru': 1.0, 'mlp': 0.0}
    """
    raw = {model: _icir_share(metrics[model], min_model_ic) for model in models}
    if not any(raw.values()):
        seen = ", ".join(
            f"{model} IC {_shown(metrics[model].ic)} ICIR {_shown(metrics[model].icir)}"
            for model in models
        )
        raise ModelError(
            f"No model of {name_list(models)} qualifies for weighting by ICIR.",
            expected=f"a model with mean IC above {min_model_ic} and ICIR above 0",
            found=seen,
            hint="train the models again, choose others, or use --method equal knowingly",
        )
    return _fractions(raw)


def manual_weights(models: Sequence[str], weights: Mapping[str, float]) -> dict[str, float]:
    """Return the given weights of these models as fractions.

    Parameters
    ----------
    models : sequence of str
        The models that are there, at least one.
    weights : mapping of str to float
        Checked by `check_manual_weights`; may name models that are missing now.

    Returns
    -------
    dict of str to float
        Divided by the sum over `models`.

    Raises
    ------
    ModelError
        If the models that are there have no weight.

    Examples
    --------
    >>> manual_weights(("gru", "mlp"), {"gru": 3.0, "mlp": 1.0})
    {'gru': 0.75, 'mlp': 0.25}
    """
    raw = {model: weights[model] for model in models}
    if not any(raw.values()):
        raise ModelError(
            "The models that are left have no weight.",
            expected="a positive weight for at least one of them",
            found=name_list(models),
            hint="predict the missing models, or give other weights",
        )
    return _fractions(raw)


def _icir_share(metric: ModelMetrics, min_model_ic: float) -> float:
    if metric.ic is None or metric.icir is None or not metric.ic > min_model_ic:
        return 0.0
    return max(0.0, metric.icir)


def _fractions(raw: Mapping[str, float]) -> dict[str, float]:
    fractions = normalise_weights(np.array(list(raw.values()), dtype=np.float64))
    return dict(zip(raw, fractions.tolist(), strict=True))


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _shown(number: float | None) -> str:
    return "undefined" if number is None else f"{number:.4f}"
