"""Whether fused scores still are those of the combo that the configuration describes.

A combo may be changed after its scores were fused: another default, other models, another method.
Scores of another combo, or of models that it does not have, are not what the user means to trade
and are refused. Fewer models, or another method, are what fusion does when it is told to, and are
told.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from quantpits.errors import Finding, StaleArtifactError, UsageError, name_list
from quantpits.orders.scores import ENSEMBLE, combo_label

if TYPE_CHECKING:
    from quantpits.config import Combo, EnsembleConfig
    from quantpits.orders.request import OrderProvenance

__all__ = ["check_combo", "refuse_unknown_combo"]

_SOURCE = "orders"
_AGAIN = "fuse again: ensemble_fusion.py --from-config-all"


def refuse_unknown_combo(name: str, config: EnsembleConfig) -> None:
    """Refuse to follow a combo that the configuration does not have.

    Parameters
    ----------
    name : str
        The combo.
    config : EnsembleConfig
        Every combo.

    Raises
    ------
    UsageError
        If it is not known; the nearest name is suggested.
    """
    if name in config.combos:
        return
    near = get_close_matches(name, list(config.combos), n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(
        f"There is no combo {name!r}.",
        where="--combo",
        hint=f"{question}there are {name_list(list(config.combos))}",
    )


def check_combo(provenance: OrderProvenance, config: EnsembleConfig) -> tuple[Finding, ...]:
    """Hold the provenance of fused scores against the configuration.

    Parameters
    ----------
    provenance : OrderProvenance
        Where the scores come from; those of a single model or of a named file are not checked.
    config : EnsembleConfig
        Every combo.

    Returns
    -------
    tuple of Finding
        ORD018 where models are missing, the method is another one, or the default scores are those
        of published models.

    Raises
    ------
    StaleArtifactError
        If they are of another combo, or of models that the combo does not have.
    """
    wanted = _wanted(provenance.label, config)
    if wanted is None or not provenance.has_meta:
        return ()
    if provenance.combo is None:
        message = (
            f"The scores are those of {name_list(provenance.models)}, published by hand, and not "
            f"those of the default combo {wanted!r}"
        )
        return (Finding("ORD018", "warning", message, _SOURCE, wanted),)
    combo = config.combos[wanted]
    extra = [model for model in provenance.models if model not in combo.models]
    if provenance.combo != wanted or extra:
        raise StaleArtifactError(
            "The prediction is not of the combo that the configuration describes.",
            where=provenance.path,
            expected=f"{wanted}: {', '.join(combo.models)}",
            found=f"{provenance.combo}: {', '.join(provenance.models)}",
            hint=_AGAIN,
        )
    return tuple(
        Finding("ORD018", "warning", message, _SOURCE, wanted)
        for message in _differences(provenance, combo)
    )


def _wanted(label: str, config: EnsembleConfig) -> str | None:
    """Return which combo a label stands for; None for anything else."""
    if label == ENSEMBLE:
        return config.default_combo
    return next((name for name in config.combos if label == combo_label(name)), None)


def _differences(provenance: OrderProvenance, combo: Combo) -> list[str]:
    missing = [model for model in combo.models if model not in provenance.models]
    found = []
    if missing:
        found.append(f"The scores were fused without {name_list(missing)}")
    if provenance.method != combo.method:
        found.append(
            f"The scores were fused by the method {provenance.method!r}; the configuration says "
            f"{combo.method!r}"
        )
    return found
