"""How fast many combinations of models are simulated, and how much memory that takes.

Run it from the root of the repository::

    python -m benchmarks.search_speed [--case weekly|daily|million|large|growth|all]

Every case draws a market and the scores of its models at random, compares a sample of the combos
with `simulate_sessions` on the same fused scores, one by one, and gives times only if every account
value and every total is the same to the fen. Then all combos are simulated in blocks over threads.

Printed are, apart: what the first call costs (compiling, or loading what was compiled), preparing
the tables that all combos share, wall time and CPU time of the simulation, milliseconds a combo on
the clock, and the largest resident memory of the process. The last line relates the bytes that the
simulation has to touch to the bandwidth of this machine's memory, measured by a copy.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, combinations, islice
from typing import TYPE_CHECKING, Literal

import numpy as np

from quantpits.signals import fuse, zscore
from quantpits.trading import (
    CN_RULES,
    ComboPanel,
    ComboTerms,
    Opening,
    RawBars,
    SimulationRules,
    combo_simulation,
    session_inputs,
    signal_rows,
    simulate_sessions,
)
from quantpits.trading.simulator_combos import BLOCK_COMBOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantpits.trading import ComboSimulation, SessionInputs
    from quantpits.trading.kernels import IntArray

CASH_FEN = 100_000_000 * 100
PAUSES = 0.01  # share of the cells without trading, and of those without scores
LARGE = 1_000  # names from which on few combos are compared
N_SAMPLE = 24
BLOCK = 4_096
GIB = 2**30


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    n_names: int
    n_days: int
    n_models: int
    frequency: Literal["day", "week"]
    bar: str
    topk: int = 20
    n_drop: int = 3


CASES = {
    "weekly": Case(300, 640, 10, "week", "0.3 ms a combo"),
    "daily": Case(300, 640, 10, "day", "0.8 ms a combo"),
    "million": Case(300, 640, 20, "week", "240 s, 4 GiB"),
    "large": Case(5_000, 2_500, 10, "day", "8 GiB"),
}


def draw_market(case: Case, seed: int) -> SessionInputs:
    """Draw prices at and within their limits, pauses, listings, dividends and bonus shares."""
    rng = np.random.default_rng(seed)
    shape = (case.n_days, case.n_names)
    dates = np.busday_offset("2018-01-02", np.arange(case.n_days), roll="forward")
    boards = (("SH60", 0.6), ("SZ00", 0.2), ("SZ30", 0.15), ("SH68", 0.05))
    counts = [round(share * case.n_names) for _, share in boards]
    counts[0] += case.n_names - sum(counts)
    codes = [
        f"{prefix}{number:04d}"
        for (prefix, _), count in zip(boards, counts, strict=True)
        for number in range(count)
    ]
    close = rng.uniform(300, 20_000, size=case.n_names)
    closes, prices = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    dividend, bonus = np.zeros(shape), np.zeros(shape)
    for row in range(case.n_days):
        is_ex = rng.random(case.n_names) < 1 / 250
        dividend[row, is_ex] = np.round(close[is_ex] * rng.uniform(0, 3e-4, is_ex.sum()), 3)
        bonus[row, rng.random(case.n_names) < 1 / 1_500] = 0.3
        reference = (close - 100 * dividend[row]) / (1 + bonus[row])
        move = np.clip(rng.normal(0.0004, 0.022, size=case.n_names), -0.1, 0.1)
        open_move = np.clip(rng.normal(0, 0.008, size=case.n_names), -0.1, 0.1)
        is_trading = rng.random(case.n_names) > PAUSES
        after = np.maximum(np.rint(reference * (1 + move)), 2)
        prices[row] = np.where(is_trading, np.maximum(np.rint(reference * (1 + open_move)), 2), 0)
        closes[row] = np.where(is_trading, after, 0)
        close = np.where(is_trading, after, np.rint(reference))
    bars = RawBars(
        dates=dates.astype("datetime64[D]"),
        instruments=tuple(sorted(codes)),
        price_fen=prices,
        close_fen=closes,
        dividend=dividend,
        bonus=bonus,
    )
    return session_inputs(bars, CN_RULES)


def draw_panel(case: Case, seed: int) -> ComboPanel:
    """Draw models that agree a little and change their mind slowly."""
    rng = np.random.default_rng(seed + 1)
    scores = np.empty((case.n_models, case.n_days, case.n_names))
    opinion = rng.normal(size=(case.n_models, case.n_names))
    shared = rng.normal(size=case.n_names)
    for row in range(case.n_days):
        shared = 0.9 * shared + 0.43 * rng.normal(size=case.n_names)
        opinion = 0.9 * opinion + 0.43 * rng.normal(size=opinion.shape)
        scores[:, row] = 0.02 * (opinion + 0.5 * shared)
        scores[:, row, rng.random(case.n_names) < PAUSES] = np.nan
    names = tuple(f"model_{number:02d}" for number in range(case.n_models))
    return ComboPanel(names, scores)


def blocks_of_combos(
    n_models: int, *, size: int, first: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield combos as members and starts, in blocks, by size and then in order."""
    sizes = range(1, n_models + 1)
    every = chain.from_iterable(combinations(range(n_models), count) for count in sizes)
    for begin in range(0, first, size):
        block = list(islice(every, min(size, first - begin)))
        if not block:
            return
        members = np.fromiter(chain.from_iterable(block), dtype=np.int64)
        yield members, np.cumsum([0, *map(len, block)], dtype=np.int64)


def compare(case: Case, simulation: ComboSimulation, inputs: SessionInputs) -> int:
    """Return how many of a sample of combos differ from their own simulation."""
    scores = simulation.shared.fusion.scores
    rng = np.random.default_rng(7)
    n_different = 0
    for _ in range(N_SAMPLE if case.n_names < LARGE else 3):
        count = int(rng.integers(1, case.n_models + 1))
        combo = np.sort(rng.choice(case.n_models, size=count, replace=False)).astype(np.int64)
        found = simulation.run(combo, np.array([0, count]), is_keeping_nav=True)
        is_shared = ~np.isnan(scores[combo]).any(axis=0)
        z = np.stack([zscore(np.where(is_shared, scores[model], np.nan)) for model in combo])
        alone = simulate_sessions(
            inputs,
            fuse(z, np.ones(count)),
            signal_rows=signal_rows(inputs.dates, is_shared.any(axis=1), frequency=case.frequency),
            rules=simulation.terms.rules,
            opening=Opening(CASH_FEN),
        )
        assert found.nav is not None  # it was asked for
        n_different += not (
            (found.nav[0] == alone.nav).all()
            and found.turnover_fen[0] == alone.turnover.sum()
            and found.cost_fen[0] == alone.cost.sum()
        )
    return n_different


def simulate_all(
    simulation: ComboSimulation, *, first: int, n_threads: int
) -> tuple[int, float, float]:
    """Simulate the first combos; return how many, wall seconds and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    n_models = len(simulation.models)
    n_combos, size = 0, min(BLOCK, max(2**n_models // (4 * n_threads), 1))
    with ThreadPoolExecutor(n_threads) as pool:
        blocks = blocks_of_combos(n_models, size=size, first=first)
        # A few blocks ahead are enough, and their number is what bounds the memory.
        while batch := list(islice(blocks, 4 * n_threads)):
            for results in pool.map(lambda block: simulation.run(*block), batch):
                n_combos += results.first_row.size
    return n_combos, time.perf_counter() - wall, time.process_time() - cpu


def bandwidth() -> float:
    """Return what a copy of a large array moves, read and written [bytes a second]."""
    source = np.ones(2**25)
    target = np.empty_like(source)
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - start)
    return float(2 * source.nbytes / best)


def touched_bytes(simulation: ComboSimulation) -> float:
    """Return the least bytes of main memory one combo costs: shared tables once a block."""
    fusion, tables = simulation.shared.fusion, simulation.inputs.tables
    # Of the market's tables a session reads the rows of prices, limits, worst prices and marks.
    rows = sum(table.nbytes for table in (tables.price, tables.mark, tables.is_traded))
    rows += 4 * tables.price.nbytes
    return (fusion.z.nbytes + rows) / BLOCK_COMBOS


def run_case(name: str, case: Case, options: argparse.Namespace) -> int:
    """Compare, time and print one case."""
    start = time.perf_counter()
    inputs, panel = draw_market(case, options.seed), draw_panel(case, options.seed)
    terms = ComboTerms(
        frequency=case.frequency,
        rules=SimulationRules(topk=case.topk, n_drop=case.n_drop),
        cash_fen=CASH_FEN,
        benchmark=np.linspace(3_000.0, 4_000.0, case.n_days),
    )
    drawn = time.perf_counter()
    simulation = combo_simulation(inputs, panel, terms=terms)
    prepared = time.perf_counter()
    simulation.run(np.array([0]), np.array([0, 1]))
    first = time.perf_counter()
    print(f"\n{name}: {case.n_names} names x {case.n_days} days, {case.frequency}, ", end="")
    print(f"all combos of {case.n_models} models, TopK {case.topk} / DropN {case.n_drop}")
    if n_different := compare(case, simulation, inputs):
        print(f"{n_different} combos differ from their own simulation; no times are given.")
        return 1
    print("a sample of combos equals its own simulations to the fen")
    print(f"  drawing the market        {drawn - start:9.2f} s")
    print(f"  preparing shared tables   {prepared - drawn:9.2f} s")
    print(f"  first call                {first - prepared:9.2f} s  (loads or compiles)")
    runs = [
        simulate_all(simulation, first=options.first, n_threads=options.threads)
        for _ in range(options.repeats)
    ]
    n_combos, wall, _ = min(runs, key=lambda found: found[1])
    cpu = min(found[2] for found in runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"  {n_combos} combos, {options.threads} threads  {wall:9.2f} s wall, {cpu:.2f} s CPU")
    print(f"  a combo                   {wall / n_combos * 1e3:9.4f} ms  (bar: {case.bar})")
    print(f"  a combo, CPU              {cpu / n_combos * 1e3:9.4f} ms")
    print(f"  largest resident memory   {peak / GIB:9.2f} GiB")
    at_bandwidth = touched_bytes(simulation) / bandwidth()
    print(
        f"  memory traffic needs      {at_bandwidth * 1e3:9.4f} ms a combo, "
        f"{at_bandwidth / (cpu / n_combos):.1%} of its CPU time"
    )
    return 0


def run_growth(options: argparse.Namespace) -> int:
    """Print the CPU time of one combo and day for more days and for more combos."""
    print("\ngrowth: CPU microseconds a combo and day, 300 names, day, one thread")
    rules = SimulationRules(topk=20, n_drop=3)
    for n_days in (320, 640, 1_280, 2_560):
        case = Case(300, n_days, 10, "day", "linear")
        terms = ComboTerms(frequency="day", rules=rules, cash_fen=CASH_FEN)
        inputs, panel = draw_market(case, options.seed), draw_panel(case, options.seed)
        simulation = combo_simulation(inputs, panel, terms=terms)
        cells = []
        for first in (128, 512, 1_023):
            runs = [
                simulate_all(simulation, first=first, n_threads=1)[2]
                for _ in range(options.repeats)
            ]
            cells.append(f"{first} combos {min(runs) / first / n_days * 1e6:.3f}")
        print(f"  {n_days:5} days: {', '.join(cells)}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=[*CASES, "growth", "all"], default="weekly")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3, help="the best one counts")
    parser.add_argument("--first", type=int, default=2**31, help="only so many combos")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    chosen = [name for name in CASES if options.case in {name, "all"}]
    found = [run_case(name, CASES[name], options) for name in chosen]
    if options.case in {"growth", "all"}:
        found.append(run_growth(options))
    return max(found)


if __name__ == "__main__":
    sys.exit(main())
