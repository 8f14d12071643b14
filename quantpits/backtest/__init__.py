"""One workspace's market and strategy as a simulation, and Qlib's own backtest beside it.

What this room is for: turning market data, rule book and strategy of a workspace into the tables
that the simulator reads, once for everything that is simulated on them; what an account with given
scores would have become, and what that was worth; the same backtest by Qlib, to compare.

What may be imported from it: the names below, by steps and by the routine.

What must never be here: decisions, fills or metrics (they are in `quantpits.trading`), records,
predictions, files of results.
"""

from __future__ import annotations

from quantpits.backtest.performance import (
    Performance,
    benchmark_returns,
    own_rows,
    performance,
)
from quantpits.backtest.qlib_compare import Deviation, compare, deviation
from quantpits.backtest.qlib_engine import QlibRun, qlib_backtest
from quantpits.backtest.qlib_workers import qlib_backtests
from quantpits.backtest.rules import workspace_rules
from quantpits.backtest.setting import BacktestSetting, backtest_setting
from quantpits.backtest.simulation import place_scores, simulate

__all__ = [
    "BacktestSetting",
    "Deviation",
    "Performance",
    "QlibRun",
    "backtest_setting",
    "benchmark_returns",
    "compare",
    "deviation",
    "own_rows",
    "performance",
    "place_scores",
    "qlib_backtest",
    "qlib_backtests",
    "simulate",
    "workspace_rules",
]
