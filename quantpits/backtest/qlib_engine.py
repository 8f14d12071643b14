"""The same backtest by Qlib itself.

Qlib's ``TopkDropoutStrategy`` runs on its ``SimulatorExecutor`` and ``Exchange``; nothing of them
is replaced but the order in which a position lists its instruments, and the progress bar. Scores
are made free of ties first (decision 6), for both engines alike: within the scores that one step
trades on, each is replaced by its rank, equal ones ranked by instrument.
"""

from __future__ import annotations

import importlib
import time
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quantpits.backtest.qlib_calendar import lend_calendar
from quantpits.errors import MissingDataError, NonFiniteError, ShapeError, UsageError
from quantpits.market import MarketSource, open_qlib
from quantpits.trading import QlibExchange, QlibSteps, SimulationResult, SimulationRules

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from quantpits.backtest.setting import BacktestSetting
    from quantpits.market import DateArray, FloatArray
    from quantpits.trading import Frequency

__all__ = [
    "QlibEngine",
    "QlibRun",
    "QlibTask",
    "check_scores",
    "qlib_backtest",
    "qlib_task",
    "tie_free",
]

# None would be the region's default for Qlib; no price moves by that much.
_NO_LIMIT = 1e9
_POSITION = "quantpits.backtest.qlib_position.OrderedPosition"
_KIBIBYTE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class QlibTask:
    """What Qlib needs to know besides the scores; small enough to send to other processes.

    Attributes
    ----------
    market : MarketSource
        Where the prices lie.
    rules : SimulationRules
        The strategy.
    exchange : QlibExchange
        Costs, lots and limits.
    deal_price : {"open", "close", "vwap"}
        Price that is traded.
    frequency : {"day", "week"}
        Length of a step.
    account_cny : float
        Starting cash [CNY].
    dates : datetime64[D] [T]
        Rows of the scores.
    instruments : tuple of str [N]
        Columns of the scores.
    steps : QlibSteps
        Rows of each step.
    start, end : date
        First and last session.
    """

    market: MarketSource
    rules: SimulationRules
    exchange: QlibExchange
    deal_price: str
    frequency: Frequency
    account_cny: float
    dates: DateArray
    instruments: tuple[str, ...]
    steps: QlibSteps
    start: date
    end: date


@dataclass(frozen=True, slots=True, eq=False)
class QlibRun:
    """One backtest by Qlib.

    Attributes
    ----------
    result : SimulationResult
        In the form of the simulator's: one row a step, in CNY.
    seconds : float
        How long it took, without the import and the reading of prices.
    peak_bytes : int
        Greatest memory of the process so far, 0 where the system does not tell.
    """

    result: SimulationResult
    seconds: float
    peak_bytes: int


class QlibEngine:
    """Qlib on one market, ready for any number of backtests in this process.

    Parameters
    ----------
    task : QlibTask
        What they have in common.

    Notes
    -----
    Qlib is one per process: a second engine on another market takes it over.
    """

    def __init__(self, task: QlibTask) -> None:
        self._task = task
        open_qlib(task.market)
        _without_bars()
        lend_calendar(task.market, task.end, frequency=task.frequency)
        from qlib.backtest import get_exchange  # noqa: PLC0415 - Qlib takes a second to import

        exchange = task.exchange
        with _quiet():
            importlib.import_module("qlib.contrib.strategy")  # now, so that no run is timed with it
            self._exchange = get_exchange(
                freq="day",
                start_time=str(task.start),
                end_time=str(task.end),
                codes=list(task.instruments),
                deal_price=task.deal_price,
                limit_threshold=exchange.limit_threshold or _NO_LIMIT,
                open_cost=exchange.open_cost,
                close_cost=exchange.close_cost,
                min_cost=exchange.min_cost,
                trade_unit=exchange.trade_unit,
            )

    def run(self, scores: FloatArray) -> QlibRun:
        """Run one backtest.

        Parameters
        ----------
        scores : float64 [T, N]
            On the rows and columns of the setting, NaN for none.

        Returns
        -------
        QlibRun
            Its path.

        Raises
        ------
        ShapeError
            If the scores do not fit.
        NonFiniteError
            If a score is infinite.
        MissingDataError
            If no step has a score.
        """
        from qlib.backtest import backtest  # noqa: PLC0415

        task = self._task
        check_scores(task, scores)
        signal = _signal(task, scores)
        begin = time.perf_counter()
        with _quiet():
            portfolio, _ = backtest(
                start_time=str(task.start),
                end_time=str(task.end),
                strategy=_strategy(task, signal),
                executor={
                    "class": "SimulatorExecutor",
                    "module_path": "qlib.backtest.executor",
                    "kwargs": {
                        "time_per_step": task.frequency,
                        "generate_portfolio_metrics": True,
                    },
                },
                benchmark=_no_benchmark(task),
                account=task.account_cny,
                exchange_kwargs={"exchange": self._exchange},
                pos_type=_POSITION,
            )
        seconds = time.perf_counter() - begin
        report, positions = portfolio[f"1{task.frequency}"]
        return QlibRun(_result(task, report, positions), seconds, _peak_bytes())


def qlib_task(setting: BacktestSetting) -> QlibTask:
    """Return what Qlib needs to know of a backtest.

    Parameters
    ----------
    setting : BacktestSetting
        A backtest in Qlib's timing.

    Returns
    -------
    QlibTask
        Without the prices.

    Raises
    ------
    UsageError
        If the timing is not Qlib's, or the strategy one that Qlib does not have.
    """
    if setting.qlib is None:
        raise UsageError(
            "Qlib's backtest needs a setting in Qlib's timing.",
            expected="execution 'qlib'",
            found=f"execution {setting.execution!r}",
        )
    if setting.rules.strategy != "topk_dropout" or setting.rules.corrected:
        raise UsageError(
            "Qlib has no such strategy, so there is nothing to compare with.",
            where="config/strategy_config.yaml",
            expected="topk_dropout, not corrected",
            found=setting.rules.strategy,
        )
    return QlibTask(
        market=setting.market,
        rules=setting.rules,
        exchange=setting.qlib.exchange,
        deal_price=setting.deal_price,
        frequency=setting.frequency,
        account_cny=setting.account_cny,
        dates=setting.dates,
        instruments=setting.instruments,
        steps=setting.qlib.steps,
        start=setting.start,
        end=setting.end,
    )


def qlib_backtest(setting: BacktestSetting, scores: FloatArray) -> QlibRun:
    """Run one backtest with Qlib.

    Parameters
    ----------
    setting : BacktestSetting
        A backtest in Qlib's timing.
    scores : float64 [T, N]
        On its rows and columns, NaN for none.

    Returns
    -------
    QlibRun
        Its path, for `performance` as the simulator's.

    Raises
    ------
    UsageError
        If the setting is not one that Qlib can run.
    ShapeError
        If the scores do not fit.
    NonFiniteError
        If a score is infinite.
    MissingDataError
        If no step has a score.
    """
    task = qlib_task(setting)
    check_scores(task, scores)
    return QlibEngine(task).run(scores)


def check_scores(task: QlibTask, scores: FloatArray) -> None:
    """Refuse scores that Qlib cannot be given.

    Parameters
    ----------
    task : QlibTask
        The backtest.
    scores : float64 [T, N]
        On its rows and columns, NaN for none.

    Raises
    ------
    ShapeError
        If the scores do not fit.
    NonFiniteError
        If a score is infinite.
    MissingDataError
        If no step has a score.
    """
    shape = (task.dates.size, len(task.instruments))
    if scores.shape != shape:
        raise ShapeError("The scores do not fit the market.", expected=shape, found=scores.shape)
    if np.isinf(scores).any():
        raise NonFiniteError("A score is infinite.")
    pairs = zip(task.steps.signal_first, task.steps.signal_stop, strict=True)
    if not any(np.isfinite(scores[first:stop]).any() for first, stop in pairs):
        raise MissingDataError(
            "No step of the backtest has a score.", where=f"{task.start} to {task.end}"
        )


def tie_free(scores: FloatArray, steps: QlibSteps) -> FloatArray:
    """Return scores in the same order but without ties.

    Parameters
    ----------
    scores : float64 [T, N]
        Scores, NaN for none.
    steps : QlibSteps
        Which rows belong to one step.

    Returns
    -------
    float64 [T, N]
        Within the rows that one step trades on the rank of each score, lowest 1; of equal ones the
        lower instrument has the higher rank. NaN outside them.

    Notes
    -----
    NaN: stays.
    """
    ranks = np.full(scores.shape, np.nan)
    columns = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    for first, stop in zip(steps.signal_first, steps.signal_stop, strict=True):
        window, order = scores[first:stop], columns[first:stop]
        known = np.isfinite(window)
        ascending = np.lexsort((-order[known], window[known]))
        places = np.empty(ascending.size)
        places[ascending] = np.arange(1.0, ascending.size + 1.0)
        ranks[first:stop][known] = places
    return ranks


def _signal(task: QlibTask, scores: FloatArray) -> pd.Series[float]:
    import pandas as pd  # noqa: PLC0415 - Qlib has imported it

    ranks = tie_free(scores, task.steps)
    rows, columns = np.nonzero(np.isfinite(ranks))
    index = pd.MultiIndex.from_arrays(
        [
            pd.DatetimeIndex(task.dates[rows]),
            np.array(task.instruments, dtype=object)[columns],
        ],
        names=["datetime", "instrument"],
    )
    return pd.Series(ranks[rows, columns], index=index, name="score")


def _strategy(task: QlibTask, signal: pd.Series[float]) -> dict[str, Any]:
    rules = task.rules
    return {
        "class": "TopkDropoutStrategy",
        "module_path": "qlib.contrib.strategy",
        "kwargs": {
            "signal": signal,
            "topk": rules.topk,
            "n_drop": rules.n_drop,
            "hold_thresh": rules.hold_thresh,
            "only_tradable": rules.only_tradable,
            "forbid_all_trade_at_limit": task.exchange.forbid_all_trade_at_limit,
            "risk_degree": rules.risk_degree,
        },
    }


def _no_benchmark(task: QlibTask) -> pd.Series[float]:
    """Return a benchmark for Qlib's report, of which nothing is read."""
    import pandas as pd  # noqa: PLC0415

    return pd.Series(0.0, index=pd.DatetimeIndex(task.dates))


def _result(task: QlibTask, report: pd.DataFrame, positions: dict[object, Any]) -> SimulationResult:
    held = [len(position.get_stock_list()) for position in positions.values()]

    def paid(column: str) -> FloatArray:
        return np.diff(report[column].to_numpy(np.float64), prepend=0.0)

    return SimulationResult(
        execution="qlib",
        unit="cny",
        dates=report.index.to_numpy().astype("datetime64[D]"),
        opening=task.account_cny,
        nav=report["account"].to_numpy(np.float64),
        cash=report["cash"].to_numpy(np.float64),
        turnover=paid("total_turnover"),
        cost=paid("total_cost"),
        n_held=np.array(held, dtype=np.int64),
        shares=None,
    )


def _without_bars() -> None:
    """Turn off the bar of Qlib's loop; the variable for that counts only before tqdm's import."""
    loop: Any = importlib.import_module("qlib.backtest.backtest")
    loop.tqdm = partial(importlib.import_module("tqdm").tqdm, disable=True)


def _quiet() -> ExitStack:
    """Return a context without Qlib's warnings: it averages empty lists of trades."""
    stack = ExitStack()
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    return stack


def _peak_bytes() -> int:
    """Return the greatest memory of this process; the system's count starts anew with it."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    peaks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peaks[0]) * _KIBIBYTE if peaks else 0
