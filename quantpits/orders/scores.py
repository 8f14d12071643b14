"""Whose scores are followed: found by exact name, of the anchor, and vouched for.

A prediction that does not end with the market's last session, or whose provenance is of another
file, anchor or market, is refused. One without provenance is taken and said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import Finding, MissingArtifactError, StaleArtifactError
from quantpits.orders.request import OrderProvenance
from quantpits.records import (
    find_prediction,
    list_predictions,
    meta_path,
    read_prediction_csv,
    read_prediction_meta,
)
from quantpits.signals import panel_from_series
from quantpits.workspace import sha256_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from quantpits.market import MarketSource
    from quantpits.orders.request import OrderRequest
    from quantpits.workspace import Workspace

__all__ = ["ENSEMBLE", "FollowedScores", "combo_label", "find_current", "load_scores", "wanted"]

ENSEMBLE = "ensemble"
"""Label of the prediction that orders follow by default."""

CUSTOM = "custom"
"""Label of a file that was named."""

_PREDICT_AGAIN = "predict and fuse first: prod_predict_only.py, then ensemble_fusion.py"


@dataclass(frozen=True, slots=True)
class FollowedScores:
    """The scores of the anchor, and where they come from.

    Attributes
    ----------
    scores : mapping of str to float
        By instrument; only what is scored.
    provenance : OrderProvenance
        Where they come from.
    findings : tuple of Finding
        ORD010 where nothing vouches for them.
    """

    scores: Mapping[str, float]
    provenance: OrderProvenance
    findings: tuple[Finding, ...]


def combo_label(combo: str) -> str:
    """Return the label of a combo's prediction.

    Examples
    --------
    >>> combo_label("A_B")
    'ensemble_A_B'
    """
    return f"{ENSEMBLE}_{combo}"


def wanted(workspace: Workspace, request: OrderRequest, *, anchor: date) -> tuple[Path, str]:
    """Return the prediction that a request asks for: a file > a model > a combo > the default.

    Parameters
    ----------
    workspace : Workspace
        Where to look.
    request : OrderRequest
        What was asked for.
    anchor : date
        The market's last session.

    Returns
    -------
    path : Path
        A named file may not exist.
    label : str
        ``custom`` for a named file.

    Raises
    ------
    MissingArtifactError
        If there is no prediction of that label.
    StaleArtifactError
        If there are only older ones.
    UsageError
        If the label cannot be part of a file name.
    """
    if request.prediction_file is not None:
        inside = workspace.root / request.prediction_file
        return (inside if inside.is_file() else Path(request.prediction_file)), CUSTOM
    label = request.model
    if label is None:
        label = ENSEMBLE if request.combo is None else combo_label(request.combo)
    return find_current(workspace, label, anchor=anchor), label


def find_current(workspace: Workspace, label: str, *, anchor: date) -> Path:
    """Return the prediction of exactly this label, made on the anchor.

    Parameters
    ----------
    workspace : Workspace
        Where to look.
    label : str
        A model, ``ensemble`` or ``ensemble_{combo}``.
    anchor : date
        The market's last session.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    MissingArtifactError
        If there is no prediction of that label.
    StaleArtifactError
        If there are only older ones.
    UsageError
        If the label cannot be part of a file name.
    """
    try:
        return find_prediction(workspace, label, anchor)
    except MissingArtifactError as error:
        older = [name.anchor_date for name in list_predictions(workspace) if name.label == label]
        if not older:
            raise
        raise StaleArtifactError(
            f"The prediction {label!r} is not one of the market's last session.",
            where=workspace.predictions_dir,
            expected=f"one made on {anchor}",
            found=f"the latest was made on {max(older)}",
            hint=_PREDICT_AGAIN,
        ) from error


def load_scores(
    workspace: Workspace, path: Path, *, label: str, anchor: date, market: MarketSource
) -> FollowedScores:
    """Read the scores of the anchor.

    Parameters
    ----------
    workspace : Workspace
        For messages.
    path : Path
        The prediction.
    label : str
        What it is called.
    anchor : date
        The market's last session, which must be the prediction's last.
    market : MarketSource
        The market it must have been made on.

    Returns
    -------
    FollowedScores
        What is scored on that day.

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    StaleArtifactError
        If it is of another day or market.
    CorruptArtifactError
        If it is not readable, or not the one its provenance describes.
    """
    panel = panel_from_series(read_prediction_csv(path))
    last = panel.dates[-1].item()
    if last != anchor:
        raise StaleArtifactError(
            "The prediction does not end with the market's last session.",
            where=path,
            expected=f"last date {anchor}",
            found=last,
            hint=_PREDICT_AGAIN,
        )
    has_meta = meta_path(path).is_file()
    provenance = OrderProvenance(
        path=path,
        csv_sha256=sha256_file(path),
        label=label,
        has_meta=has_meta,
        combo=None,
        method=None,
        models=(),
        weights={},
        trained_at={},
        last_date=last,
        market_label="",
    )
    findings: tuple[Finding, ...] = ()
    if has_meta:
        provenance = _vouched(provenance, anchor, market=market)
    else:
        message = "The prediction has no provenance, so nothing vouches for its scores."
        findings = (Finding("ORD010", "warning", message, workspace.relative(path), label),)
    scored = np.flatnonzero(panel.is_scored[-1])
    scores = {panel.instruments[at]: float(panel.scores[-1, at]) for at in scored}
    return FollowedScores(scores, provenance, findings)


def _vouched(provenance: OrderProvenance, anchor: date, *, market: MarketSource) -> OrderProvenance:
    """Fill in the provenance beside the CSV, which must be about this CSV, anchor and market."""
    meta = read_prediction_meta(provenance.path)
    label = provenance.label if provenance.label != CUSTOM else meta.label
    expected = (label, anchor, market.label)
    found = (meta.label, meta.anchor_date, meta.market_label or market.label)
    if found != expected:
        raise StaleArtifactError(
            "The prediction was made for another label, anchor or market.",
            where=meta_path(provenance.path),
            expected=", ".join(str(fact) for fact in expected),
            found=", ".join(str(fact) for fact in found),
            hint=_PREDICT_AGAIN,
        )
    return replace(
        provenance,
        combo=meta.combo,
        method=meta.method,
        models=meta.models,
        weights=meta.weights,
        trained_at=meta.trained_at,
        market_label=meta.market_label,
    )
