"""What is done to scores between a model's prediction and a decision.

Panels and their alignment, normalisation, fusion, correlation, information coefficients, ranking.

What this room is for: one definition of each of these, used by every step.

What may be imported from it: the names below, by steps, `records` and `modeling`.

What must never be here: files, clocks, environment, logging, randomness, Qlib. Arrays and series
come in, arrays and series go out, and what happened after a day never changes that day.
"""

from __future__ import annotations

from quantpits.signals.correlation import correlation_matrix, mean_correlation
from quantpits.signals.fuse import fuse, normalise_weights
from quantpits.signals.ic import ICSummary, information_coefficient, summarise_ic
from quantpits.signals.normalize import standardise, zscore
from quantpits.signals.panel import (
    AlignedScores,
    BoolArray,
    DateArray,
    FloatArray,
    ScorePanel,
    align,
    panel_from_series,
    panel_to_series,
)
from quantpits.signals.rank import rank_scores

__all__ = [
    "AlignedScores",
    "BoolArray",
    "DateArray",
    "FloatArray",
    "ICSummary",
    "ScorePanel",
    "align",
    "correlation_matrix",
    "fuse",
    "information_coefficient",
    "mean_correlation",
    "normalise_weights",
    "panel_from_series",
    "panel_to_series",
    "rank_scores",
    "standardise",
    "summarise_ic",
    "zscore",
]
