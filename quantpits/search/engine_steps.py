"""Combos one by one, in any timing: by the simulator, or by Qlib's own backtest.

Slower than the engine for all combos at once, and there for what that one cannot do: Qlib's timing.
Its figures are those of `quantpits.backtest.performance`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest import own_rows, performance, place_scores
from quantpits.errors import DataError, MissingDataError, name_list
from quantpits.search.engine import N_BLOCKS
from quantpits.search.results import COLUMNS, ComboPaths
from quantpits.search.store import BatchResults
from quantpits.signals import ScorePanel, align, fuse, standardise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from quantpits.backtest import BacktestSetting, Performance
    from quantpits.search.results import DateArray, FloatArray, IntArray
    from quantpits.trading import SimulationResult

__all__ = ["StepEngine", "fused_scores"]


def fused_scores(
    setting: BacktestSetting, panels: Mapping[str, ScorePanel], *, models: Sequence[str]
) -> FloatArray:
    """Return the equally weighted scores of one combo on the rows and columns of a backtest.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest.
    panels : mapping of str to ScorePanel
        By model.
    models : sequence of str
        The combo; the order does not matter.

    Returns
    -------
    float64 [T, N]
        NaN where not all of the models score.

    Raises
    ------
    MissingDataError
        If the models share no score in the backtest's dates.
    """
    ordered = sorted(models)
    try:
        normal = standardise(align({model: panels[model] for model in ordered}))
        fused = fuse(normal.scores, np.ones(len(ordered)))
        return place_scores(setting, ScorePanel(normal.dates, normal.instruments, fused))
    except MissingDataError as error:
        raise MissingDataError(
            f"The models of the combo {','.join(ordered)} share no score in the dates.",
            expected=error.expected,
            found=error.found,
            hint="predict them again for the same universe and dates",
        ) from error


class StepEngine:
    """Simulates combos one after the other.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest, in any timing.
    panels : mapping of str to ScorePanel
        By model.
    models : tuple of str [M]
        Sorted.
    backtest : callable
        Gets the scores of several combos (float64 [T, N] each); returns a `SimulationResult` each.
    """

    def __init__(
        self,
        setting: BacktestSetting,
        panels: Mapping[str, ScorePanel],
        *,
        models: tuple[str, ...],
        backtest: Callable[[list[FloatArray]], Sequence[SimulationResult]],
    ) -> None:
        self._setting = setting
        self._panels = panels
        self._models = models
        self._backtest = backtest
        singles = [
            own_rows(setting, fused_scores(setting, panels, models=[name])) for name in models
        ]
        first = max(row for row, _ in singles) + 1
        stop = min(row for _, row in singles)
        self._length = max(stop - first, 0) // N_BLOCKS
        self._first = stop - self._length * N_BLOCKS

    @property
    def dates(self) -> DateArray:
        """Rows of a path: datetime64[D] [T]."""
        qlib = self._setting.qlib
        return self._setting.dates if qlib is None else qlib.dates

    @property
    def block_rows(self) -> int:
        """Rows in each block of the moments; 0 if there are too few."""
        return self._length

    def run(self, members: IntArray, starts: IntArray) -> BatchResults:
        """Simulate combos.

        Parameters
        ----------
        members : int64 [sum of sizes]
            As in `ComboList`.
        starts : int64 [B + 1]
            As in `ComboList`.

        Returns
        -------
        BatchResults
            One row a combo.
        """
        found = self._performances(members, starts)
        rows = np.array([bounds for bounds, _ in found], dtype=np.int64).reshape(-1, 2)
        figures = np.array([_figures(item) for _, item in found]).reshape(-1, len(COLUMNS))
        moments = [self._moments(bounds, item) for bounds, item in found]
        return BatchResults(rows, figures, np.array(moments).reshape(-1, 2, N_BLOCKS))

    def paths(self, members: IntArray, starts: IntArray) -> ComboPaths:
        """Simulate combos and keep every account value.

        Parameters
        ----------
        members : int64 [sum of sizes]
            As in `ComboList`.
        starts : int64 [R + 1]
            As in `ComboList`.

        Returns
        -------
        ComboPaths
            NaN outside a combo's own rows.
        """
        found = self._performances(members, starts)
        nav, returns = np.full((2, len(found), len(self.dates)), np.nan)
        for at, ((first, stop), item) in enumerate(found):
            nav[at, first:stop] = item.nav_cny / self._setting.account_cny
            returns[at, first:stop] = item.returns
        return ComboPaths(dates=self.dates, nav=nav, returns=returns)

    def _performances(
        self, members: IntArray, starts: IntArray
    ) -> list[tuple[tuple[int, int], Performance]]:
        names = [
            [self._models[at] for at in members[starts[row] : starts[row + 1]]]
            for row in range(len(starts) - 1)
        ]
        scores = [fused_scores(self._setting, self._panels, models=combo) for combo in names]
        found = []
        for combo, placed, result in zip(names, scores, self._backtest(scores), strict=True):
            first, stop = own_rows(self._setting, placed)
            if first == stop:
                raise DataError(
                    "A combo has no signal that a step could trade on.",
                    where=name_list(combo),
                    hint="search more dates",
                )
            found.append(
                (
                    (first, stop),
                    performance(self._setting, result, first_row=first, stop_row=stop),
                )
            )
        return found

    def _moments(self, bounds: tuple[int, int], item: Performance) -> FloatArray:
        """Return the sums over the blocks: float64 [2, S]."""
        if not self._length:
            return np.zeros((2, N_BLOCKS))
        returns = np.zeros(len(self.dates))
        returns[bounds[0] : bounds[1]] = item.returns
        stop = self._first + self._length * N_BLOCKS
        blocks = returns[self._first : stop].reshape(N_BLOCKS, self._length)
        return np.stack([blocks.sum(axis=1), (blocks**2).sum(axis=1)])


def _figures(item: Performance) -> list[float]:
    """Return one row of the results file, NaN for what is undefined."""
    metrics = item.metrics
    values = (
        metrics.annualised_return,
        metrics.max_drawdown,
        metrics.excess_return,
        metrics.annualised_excess,
        metrics.total_return,
        item.nav_cny[-1],
        metrics.calmar,
        metrics.sharpe,
        item.turnover_annual,
        item.cost_cny,
    )
    return [float("nan") if value is None else float(value) for value in values]
