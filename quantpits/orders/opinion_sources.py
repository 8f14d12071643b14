"""Collect the opinions: every enabled combo, and every model of some combo, on the evening's book.

A source without a prediction of the anchor, or with one that cannot be trusted, has no opinion and
is named in a finding. Opinions advise, so a missing one never stops the orders.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from quantpits.config import EnsembleConfig
from quantpits.errors import ArtifactError, DataError, Finding
from quantpits.orders.combo import check_combo
from quantpits.orders.inputs import scores_of_members
from quantpits.orders.opinions import (
    OpinionSource,
    OpinionTable,
    Verdicts,
    opinion_table,
    verdicts,
)
from quantpits.orders.plan import OrderInputs, OrderPlan, make_plan
from quantpits.orders.scores import combo_label, find_current, load_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantpits.market import MarketSource
    from quantpits.orders.scores import FollowedScores
    from quantpits.workspace import Progress, Workspace

__all__ = ["collect_opinions"]

_SOURCE = "opinions"
Kind = Literal["combo", "model"]


def collect_opinions(
    workspace: Workspace,
    market: MarketSource,
    *,
    inputs: OrderInputs,
    plan: OrderPlan,
    followed: FollowedScores,
    progress: Progress,
) -> tuple[OpinionTable, tuple[Finding, ...]]:
    """Ask every combo and model what it would do.

    Parameters
    ----------
    workspace : Workspace
        Whose combos and predictions.
    market : MarketSource
        The market the predictions must be of.
    inputs : OrderInputs
        The evening, with the scores that the orders follow.
    plan : OrderPlan
        The orders.
    followed : FollowedScores
        Whose scores they follow; read only once.
    progress : Progress
        Is told about each source.

    Returns
    -------
    table : OpinionTable
        With the orders alone, if the workspace has no combos.
    findings : tuple of Finding
        OPN001 for a source that has no opinion, with the reason.

    Raises
    ------
    ConfigError
        If ``ensemble_config.json`` is wrong.
    """
    has_combos = workspace.config_path(EnsembleConfig) is not None
    config = workspace.ensemble_config() if has_combos else None
    wanted = [] if config is None else list(_wanted(config))
    sources: list[OpinionSource] = []
    said: dict[str, Verdicts] = {}
    findings: list[Finding] = []
    with progress.stage("Asking every combo and model", total=len(wanted)) as advance:
        for kind, name, models in wanted:
            advance(note=name)
            label = combo_label(name) if kind == "combo" else name
            try:
                found = _scores(workspace, label, inputs=inputs, market=market, followed=followed)
                if kind == "combo" and config is not None:
                    check_combo(found.provenance, config)
                scores = scores_of_members(
                    found.scores, inputs.instruments, is_member=inputs.is_member
                )
                own = replace(inputs, scores=scores)
                opinion = verdicts(own, make_plan(own))
            except (ArtifactError, DataError) as error:
                # Without the place: findings are in the plan, whose bytes know of no folder.
                text = f"The {kind} {name!r} has no opinion. {error.what}"
                findings.append(Finding("OPN001", "warning", text, _SOURCE, f"{kind} {name}"))
                continue
            source = OpinionSource(
                column=f"{kind}_{name}",
                kind=kind,
                name=name,
                file=found.provenance.path.name,
                csv_sha256=found.provenance.csv_sha256,
                models=found.provenance.models or models,
            )
            sources.append(source)
            said[source.column] = opinion
    label = followed.provenance.label
    return opinion_table(inputs, plan, label=label, sources=sources, said=said), tuple(findings)


def _wanted(config: EnsembleConfig) -> Iterator[tuple[Kind, str, tuple[str, ...]]]:
    """Yield the enabled combos in the order of their file, then their models by name."""
    enabled = {name: combo.models for name, combo in config.combos.items() if combo.enabled}
    for name, models in enabled.items():
        yield "combo", name, models
    for name in sorted({model for models in enabled.values() for model in models}):
        yield "model", name, (name,)


def _scores(
    workspace: Workspace,
    label: str,
    *,
    inputs: OrderInputs,
    market: MarketSource,
    followed: FollowedScores,
) -> FollowedScores:
    path = find_current(workspace, label, anchor=inputs.anchor_date)
    if path == followed.provenance.path:
        return followed
    return load_scores(workspace, path, label=label, anchor=inputs.anchor_date, market=market)
