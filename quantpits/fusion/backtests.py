"""What trading a combo would have earned, beside equal weights and each of its models.

Invariants: every row is simulated under one strategy, one set of costs and the same dates, on the
cells that all models of the combo score. A combo's figures depend on its own scores and the market
only, so they are the same bytes whatever else is in the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from quantpits.backtest import own_rows, performance, place_scores, simulate
from quantpits.signals import ICSummary, information_coefficient, summarise_ic
from quantpits.trading.overfit_band import sharpe_bands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.backtest import BacktestSetting, Performance
    from quantpits.fusion.compute import Fusion
    from quantpits.signals import FloatArray, ScorePanel

__all__ = [
    "BAND_RESAMPLES",
    "ENSEMBLE",
    "EQUAL_WEIGHT",
    "BoardRow",
    "ComboBacktest",
    "backtest_combo",
]

RowKind: TypeAlias = Literal["ensemble", "equal_weight", "model"]

ENSEMBLE: Final = "Ensemble"
EQUAL_WEIGHT: Final = "Equal_Weight"
BAND_RESAMPLES: Final = 1000
"""Resampled paths behind each band of the Sharpe ratio."""

_BAND_SEED = 0
_FEWEST_FOR_A_BAND = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardRow:
    """One line of a leaderboard.

    Attributes
    ----------
    name : str
        ``Ensemble``, ``Equal_Weight`` or a model.
    kind : {"ensemble", "equal_weight", "model"}
        What it is.
    weight : float or None
        Weight of the model in the combo, on the last date where it changes [fraction].
    performance : Performance
        Figures of its backtest.
    sharpe_low, sharpe_high : float or None
        Between which the Sharpe ratio of nine in ten resampled paths lies.
    ic : ICSummary or None
        How well its scores predict the labels that are known; None for models.
    """

    name: str
    kind: RowKind
    weight: float | None
    performance: Performance
    sharpe_low: float | None
    sharpe_high: float | None
    ic: ICSummary | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComboBacktest:
    """The backtest of one combo.

    Attributes
    ----------
    fusion : Fusion
        The combo.
    setting : BacktestSetting
        Market and strategy.
    rows : tuple of BoardRow
        The combo, equal weights and each model; best annualised return first.
    """

    fusion: Fusion
    setting: BacktestSetting
    rows: tuple[BoardRow, ...]

    @property
    def ensemble(self) -> BoardRow:
        """The line of the combo itself."""
        return next(row for row in self.rows if row.kind == "ensemble")

    @property
    def equal_weight(self) -> BoardRow:
        """The line of equal weights."""
        return next(row for row in self.rows if row.kind == "equal_weight")


def backtest_combo(
    fusion: Fusion,
    setting: BacktestSetting,
    *,
    panels: Mapping[str, ScorePanel],
    labels: FloatArray,
) -> ComboBacktest:
    """Trade a combo, the same models at equal weights, and each model alone.

    Parameters
    ----------
    fusion : Fusion
        The combo.
    setting : BacktestSetting
        Market and strategy, over all of its dates and instruments.
    panels : mapping of str to ScorePanel
        Raw scores of its models.
    labels : float64 [T, N]
        What happened after each signal; see `quantpits.fusion.labels`.

    Returns
    -------
    ComboBacktest
        All rows from the combo's first signal to the end of the setting.

    Raises
    ------
    DataError
        If a score lies outside the market.

    Notes
    -----
    A model alone ranks as its raw scores do; normalising a day does not change its order. Timing:
    as the setting's. Source: decisions 5, 7 and 10.
    """
    fused = place_scores(setting, fusion.panel)
    first_row, stop_row = own_rows(setting, fused)
    is_shared = np.isfinite(fused)

    def traded(scores: FloatArray) -> Performance:
        result = simulate(setting, scores)
        return performance(setting, result, first_row=first_row, stop_row=stop_row)

    found: dict[tuple[str, RowKind], tuple[Performance, ICSummary | None]] = {}
    found[ENSEMBLE, "ensemble"] = traded(fused), _skill(fused, labels)
    if fusion.plan.method == "equal":
        found[EQUAL_WEIGHT, "equal_weight"] = found[ENSEMBLE, "ensemble"]
    else:
        equal = place_scores(setting, fusion.equal)
        found[EQUAL_WEIGHT, "equal_weight"] = traded(equal), _skill(equal, labels)
    for model in fusion.models:
        alone = np.where(is_shared, place_scores(setting, panels[model]), np.nan)
        found[model, "model"] = traded(alone), None
    returns = np.stack([item.returns for item, _ in found.values()])
    bands = _bands(returns, setting.periods_per_year)
    rows = [
        BoardRow(
            name=name,
            kind=kind,
            weight=fusion.weights.get(name) if kind == "model" else None,
            performance=item,
            sharpe_low=band[0],
            sharpe_high=band[1],
            ic=skill,
        )
        for ((name, kind), (item, skill)), band in zip(found.items(), bands, strict=True)
    ]
    order: dict[RowKind, int] = {"ensemble": 0, "equal_weight": 1, "model": 2}
    rows.sort(
        key=lambda row: (
            -row.performance.metrics.annualised_return,
            order[row.kind],
            row.name,
        )
    )
    return ComboBacktest(fusion=fusion, setting=setting, rows=tuple(rows))


def _skill(scores: FloatArray, labels: FloatArray) -> ICSummary:
    return summarise_ic(*information_coefficient(scores, labels))


def _bands(returns: FloatArray, periods_per_year: int) -> list[tuple[float | None, float | None]]:
    """Return the band of each path, None where there is none."""
    if returns.shape[1] < _FEWEST_FOR_A_BAND:
        return [(None, None)] * len(returns)
    bands = sharpe_bands(
        returns, seed=_BAND_SEED, n_resamples=BAND_RESAMPLES, periods_per_year=periods_per_year
    )
    return [(None, None) if np.isnan(low) else (low, high) for low, high in bands.tolist()]
