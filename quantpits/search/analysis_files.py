"""The tables of an analysis as headers and rows: what stands in its CSV files.

Fractions are written with six decimals, ratios with four, so that the last bits of a sum never
change a file.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

from quantpits.search.results import COLUMNS

if TYPE_CHECKING:
    from quantpits.search.analysis import Analysis
    from quantpits.search.results import SearchResults

__all__ = ["LEADERBOARD_COLUMNS", "attribution_table", "leaderboard_table", "weights_table"]

Cell: TypeAlias = "str | int | float | None"
FileTable: TypeAlias = "tuple[tuple[str, ...], list[tuple[Cell, ...]]]"

LEADERBOARD_COLUMNS: Final = (
    "rank",
    "models",
    "n_models",
    *COLUMNS,
    "DSR",
    "DSR_Effective",
    "PSR",
    "Sharpe_Low",
    "Sharpe_High",
    "Information_Ratio",
    "DSR_Excess",
    "Expected_Max_Sharpe",
    "N_Trials",
    "Effective_Trials",
    "PBO",
)
"""Columns of the leaderboard. From `Expected_Max_Sharpe` on they are about the whole search."""

_DIGITS = 6
_RATIO_DIGITS = 4
_MONEY_DIGITS = 2
_RATIOS = frozenset({"Calmar", "Sharpe"})
_MONEY = frozenset({"Final_NAV", "Cost"})


def leaderboard_table(results: SearchResults, analysis: Analysis) -> FileTable:
    """Return the first `top_n` rows of the ranking with what can be trusted of each.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    header : tuple of str
        `LEADERBOARD_COLUMNS`.
    rows : list of tuple
        Best first; None is an empty cell.
    """
    overfit = analysis.overfit
    whole = (
        _cell(overfit.expected_max, _RATIO_DIGITS),
        overfit.n_trials,
        _cell(overfit.effective_trials, 1),
        None if overfit.pbo is None else _cell(overfit.pbo.probability, _RATIO_DIGITS),
    )
    rows: list[tuple[Cell, ...]] = []
    for row in range(min(analysis.top_n, results.n_combos)):
        trust = overfit.at(row)
        shown = (
            trust.deflated,
            trust.deflated_effective,
            trust.psr,
            trust.low,
            trust.high,
            trust.active_ratio,
            trust.active_deflated,
        )
        rows.append(
            (
                row + 1,
                results.label_of(row),
                int(results.sizes[row]),
                *(_cell(float(results.table[name][row]), _digits(name)) for name in COLUMNS),
                *(_cell(value, _RATIO_DIGITS) for value in shown),
                *whole,
            )
        )
    return LEADERBOARD_COLUMNS, rows


def attribution_table(analysis: Analysis) -> FileTable:
    """Return how often each model occurs among the best and the worst combos.

    Parameters
    ----------
    analysis : Analysis
        The analysis.

    Returns
    -------
    header : tuple of str
        Names of the columns.
    rows : list of tuple
        Highest net score first.
    """
    found = analysis.attribution
    header = ("model", "Top_Count", "Bottom_Count", "Net_Score", "Mean_With", "Mean_Without")
    rows: list[tuple[Cell, ...]] = [
        (
            model,
            int(found.top_count[at]),
            int(found.bottom_count[at]),
            int(found.net_score[at]),
            _cell(float(found.mean_with[at]), _DIGITS),
            _cell(float(found.mean_without[at]), _DIGITS),
        )
        for at, model in enumerate(found.models)
    ]
    return header, rows


def weights_table(analysis: Analysis) -> FileTable | None:
    """Return the weights of the best single models.

    Parameters
    ----------
    analysis : Analysis
        The analysis.

    Returns
    -------
    (header, rows) or None
        None if there are no weights. A kind of weights that could not be computed has no column.
    """
    if analysis.weights is None:
        return None
    columns = analysis.weights.columns
    rows: list[tuple[Cell, ...]] = [
        (model, *(_cell(float(weights[at]), _DIGITS) for weights in columns.values()))
        for at, model in enumerate(analysis.weights.models)
    ]
    return ("model", *columns), rows


def _digits(column: str) -> int:
    if column in _RATIOS:
        return _RATIO_DIGITS
    return _MONEY_DIGITS if column in _MONEY else _DIGITS


def _cell(value: float | None, digits: int) -> float | None:
    if value is None or math.isnan(value):
        return None
    return round(value, digits)
