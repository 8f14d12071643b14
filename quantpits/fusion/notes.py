"""What a fusion tells a person: what orders follow now, and what its market is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.errors import Finding, name_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from quantpits.fusion.compute import Fusion
    from quantpits.fusion.window import Window
    from quantpits.records import PredictionMeta

__all__ = ["describe_meta", "result_findings"]


def describe_meta(meta: PredictionMeta) -> str:
    """Return in words whose scores a prediction holds."""
    whose = f"combo {meta.combo!r}" if meta.combo else "models named by the user"
    return f"{whose} ({meta.method} of {', '.join(meta.models)})"


def result_findings(
    fusions: Sequence[Fusion],
    *,
    window: Window,
    anchor: date,
    default_combo: str | None,
    is_synthetic: bool,
) -> tuple[Finding, ...]:
    """Return what the result means for orders, and whether its market is real.

    Parameters
    ----------
    fusions : sequence of Fusion
        What was fused, at least one.
    window : Window
        The dates that counted.
    anchor : date
        Last session the scores know of.
    default_combo : str or None
        The combo that orders follow by configuration.
    is_synthetic : bool
        Whether the program made the market itself.

    Returns
    -------
    tuple of Finding
        The most important first.
    """
    findings = list(_trading_findings(fusions, window, anchor, default_combo=default_combo))
    if is_synthetic:
        message = "The market is synthetic: these scores say nothing about real shares."
        findings.append(Finding("FUS013", "info", message, source="fusion"))
    return tuple(findings)


def _trading_findings(
    fusions: Sequence[Fusion], window: Window, anchor: date, *, default_combo: str | None
) -> tuple[Finding, ...]:
    first = fusions[0].plan
    path = f"output/predictions/{first.label}_{anchor}.csv"
    if not window.is_full:
        message = "The dates were cut, so this is for looking at; orders never follow it."
        return (Finding("FUS009", "info", message, path, first.combo or first.label),)
    tradable = [fusion.plan for fusion in fusions if fusion.plan.is_tradable]
    if not tradable:
        how = (
            "add --publish"
            if first.combo is None
            else "make it the default in config/ensemble_config.json"
        )
        message = (
            f"Orders do not follow this fusion but the default combo {default_combo!r}. To trade "
            f"on this one, {how} and fuse again, or run order_gen.py --prediction-file {path}."
        )
        return (Finding("FUS010", "warning", message, path, first.combo or first.label),)
    if tradable[0].combo is None and default_combo is not None:
        message = (
            f"Published: at {anchor} orders follow {name_list(tradable[0].models)} and not the "
            f"default combo {default_combo!r}, until that is fused again."
        )
        return (Finding("FUS011", "warning", message, path, tradable[0].label),)
    return ()
