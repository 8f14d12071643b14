"""One exact backtest, by Qlib and by the simulator, on the same market and the same scores.

Run it from the root of the repository::

    python -m benchmarks.simulator_vs_qlib

The market is made at random: 300 instruments, 640 sessions, with suspensions, limit days, listings
and ex-dates. Both results are compared step by step before any time is printed; a difference above
1e-9 of the account ends the run with status 1. The first call of the simulator, which compiles or
loads the compiled code, is timed apart. Times are wall clock of one process; the ratio of the CPU
times stands beside that of the clock, for a machine that has other work to do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from quantpits.market import open_qlib
from quantpits.trading.simulator_rules import SimulationRules
from quantpits.trading.simulator_steps import QlibExchange, simulate_qlib
from tests.trading.qlib_parity import ParityCase, run_qlib, write_rough_market

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantpits.trading.simulator_rules import SimulationResult
    from tests.trading.qlib_parity import ParityMarket

T = TypeVar("T")

N_INSTRUMENTS = 300
N_STEPS = 640
TOLERANCE = 1e-9
# Weekdays that are enough for the steps, two holidays, and Qlib's spare session at the end.
N_WEEKDAYS = N_STEPS + 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, then time both engines, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--topk", type=int, default=50)
    parser.add_argument("--n-drop", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=31, help="timed calls of the simulator")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        market = write_rough_market(
            Path(folder) / "market", n_names=N_INSTRUMENTS, n_weekdays=N_WEEKDAYS
        )
        return _run(market, _case(market, options.topk, options.n_drop), options.repeats)


def _case(market: ParityMarket, topk: int, n_drop: int) -> ParityCase:
    return ParityCase(
        rules=SimulationRules(topk=topk, n_drop=n_drop, corrected=False),
        exchange=QlibExchange(),
        cash=1e8,
        start=market.dates[1].item(),
        end=market.dates[N_STEPS].item(),
        seed=1,
        missing=0.02,
    )


def _run(market: ParityMarket, case: ParityCase, repeats: int) -> int:
    scores, inputs = market.scores(case), market.inputs(case)
    opening = market.opening(case)

    def simulate() -> SimulationResult:
        return simulate_qlib(inputs, scores, rules=case.rules, opening=opening)

    open_qlib(market.source)
    marks = dict(zip(market.instruments, inputs.opening_mark, strict=True))
    qlib, (report, _) = _timed(lambda: run_qlib(market, case, scores=scores, marks=marks))
    first, ours = _timed(simulate)
    deviation = float(np.max(np.abs(ours.nav / report["account"].to_numpy() - 1.0)))
    deviation = max(
        deviation,
        float(np.max(np.abs(ours.cost.cumsum() / report["total_cost"].to_numpy() - 1.0))),
    )
    print(f"{len(market.instruments)} instruments x {ours.nav.size} steps, {case.rules}")
    print(f"largest relative difference of account value and cost: {deviation:.1e}")
    if not deviation < TOLERANCE:
        print("The engines disagree; no times are given.")
        return 1
    runs = [_timed(simulate)[0] for _ in range(repeats)]
    wall = sorted(run.wall_s for run in runs)
    cpu = sorted(run.cpu_s for run in runs)
    middle = repeats // 2
    print(f"Qlib                      {qlib.wall_s:10.3f} s   ({qlib.cpu_s:.3f} s CPU)")
    print(f"simulator, first call     {first.wall_s:10.3f} s   (loads or compiles the kernels)")
    print(
        f"simulator, median of {repeats:<4} {wall[middle] * 1e3:10.3f} ms  "
        f"({cpu[middle] * 1e3:.3f} ms CPU; best {wall[0] * 1e3:.3f})"
    )
    print(f"ratio, clock              {qlib.wall_s / wall[middle]:10.0f} x")
    print(f"ratio, CPU                {qlib.cpu_s / cpu[middle]:10.0f} x")
    return 0


class Seconds(NamedTuple):
    """What one call took."""

    wall_s: float
    cpu_s: float


def _timed(call: Callable[[], T]) -> tuple[Seconds, T]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return Seconds(time.perf_counter() - wall, time.process_time() - cpu), result


if __name__ == "__main__":
    sys.exit(main())
