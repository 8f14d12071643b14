"""How far the simulator in Qlib's timing is from Qlib itself, on one backtest of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest.qlib_engine import qlib_backtest, qlib_task, tie_free
from quantpits.backtest.simulation import simulate
from quantpits.errors import ShapeError

if TYPE_CHECKING:
    from datetime import date

    from quantpits.backtest.qlib_engine import QlibRun
    from quantpits.backtest.setting import BacktestSetting
    from quantpits.market import FloatArray
    from quantpits.trading import SimulationResult

__all__ = ["Deviation", "compare", "deviation"]


@dataclass(frozen=True, slots=True, eq=False)
class Deviation:
    """How far the simulator is from Qlib on one backtest.

    Attributes
    ----------
    account, cost : float
        Greatest relative deviation of the account value, and of the costs paid so far.
    account_date, cost_date : date
        First session of the step where that is.
    n_steps : int
        Steps that were compared.
    simulated : SimulationResult
        The simulator's path.
    qlib : QlibRun
        Qlib's.
    """

    account: float
    account_date: date
    cost: float
    cost_date: date
    n_steps: int
    simulated: SimulationResult
    qlib: QlibRun

    @property
    def largest(self) -> float:
        """The greater of the two deviations."""
        return max(self.account, self.cost)


def compare(setting: BacktestSetting, scores: FloatArray) -> Deviation:
    """Run one backtest with Qlib and with the simulator.

    Parameters
    ----------
    setting : BacktestSetting
        A backtest in Qlib's timing.
    scores : float64 [T, N]
        On its rows and columns, NaN for none.

    Returns
    -------
    Deviation
        How far they are apart.

    Raises
    ------
    UsageError
        If the setting is not one that Qlib can run.
    ShapeError
        If the scores do not fit, or the two cut the calendar differently.
    NonFiniteError
        If a score is infinite.
    MissingDataError
        If no step has a score.
    """
    return deviation(setting, scores, run=qlib_backtest(setting, scores))


def deviation(setting: BacktestSetting, scores: FloatArray, *, run: QlibRun) -> Deviation:
    """Compare a backtest of Qlib with the simulator's.

    Parameters
    ----------
    setting : BacktestSetting
        A backtest in Qlib's timing.
    scores : float64 [T, N]
        The scores of the run.
    run : QlibRun
        What Qlib made of them.

    Returns
    -------
    Deviation
        How far they are apart.

    Raises
    ------
    UsageError
        If the setting is not one that Qlib can run.
    ShapeError
        If the scores do not fit, or the two cut the calendar differently.
    NonFiniteError
        If a score is infinite.
    """
    simulated = simulate(setting, tie_free(scores, qlib_task(setting).steps))
    theirs = run.result
    if not np.array_equal(simulated.dates, theirs.dates):
        raise ShapeError(
            "Qlib and the simulator cut the calendar into different steps.",
            expected=f"{simulated.dates.size} steps from {simulated.dates[0]}",
            found=f"{theirs.dates.size} steps from {theirs.dates[0]}",
        )
    account = np.abs(simulated.nav - theirs.nav) / np.abs(theirs.nav)
    ours, paid = np.cumsum(simulated.cost), np.cumsum(theirs.cost)
    # Before the first trade both have paid nothing; a cost that only one of them has is all wrong.
    cost = np.abs(ours - paid) / np.where(paid > 0, paid, 1.0)
    worst, dearest = int(np.argmax(account)), int(np.argmax(cost))
    return Deviation(
        account=float(account[worst]),
        account_date=theirs.dates[worst].item(),
        cost=float(cost[dearest]),
        cost_date=theirs.dates[dearest].item(),
        n_steps=theirs.dates.size,
        simulated=simulated,
        qlib=run,
    )
