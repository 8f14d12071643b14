"""How long a whole search takes, from predictions in memory to the sorted results file on disk.

Run it from the root of the repository::

    python -m benchmarks.search_end_to_end [--case weekly|daily|million|all] [--n-jobs N]

Every case draws a market and the predictions of its models at random, and then does what
``brute_force_fast.py --skip-analysis`` does once predictions and prices are read: prepare the
tables, simulate every combo in batches of 512 that are each on the disk before the next one begins,
rank them, write the results file with its description. Before a time is printed, rows of that file
are compared with simulations of those combos alone.

Each case runs in a process of its own, whose largest resident memory is printed. What the first
call of a process costs, loading or compiling the kernels, is printed apart.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.search_speed import CASES, draw_market, draw_panel
from quantpits.backtest import BacktestSetting, own_rows, performance, simulate
from quantpits.market import MarketSource
from quantpits.records import ModelRecord, TrainRecords
from quantpits.search import SearchRequest
from quantpits.search.combos import combos_by_size
from quantpits.search.engine_steps import fused_scores
from quantpits.search.files import output_names, read_results
from quantpits.search.job import SearchJob, open_engine
from quantpits.search.outputs import Outputs, write_results
from quantpits.search.predictions import Basis, Predictions
from quantpits.search.runner import simulate_all
from quantpits.search.slot import open_slot, slot_folder
from quantpits.search.step import rank_all
from quantpits.search.window import SearchWindow
from quantpits.signals import ScorePanel
from quantpits.trading import SimulationRules

ANCHOR = date(2020, 6, 30)
BARS = {
    "weekly": "0.3 ms a combo",
    "daily": "0.8 ms a combo",
    "million": "240 s and 4 GiB",
}
N_SAMPLE = 24
MEBIBYTE = 2**20
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Timing:
    """What a case took [seconds]."""

    prepare: float
    simulate: float
    write: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.prepare + self.simulate + self.write


def draw_job(name: str, folder: Path) -> SearchJob:
    """Return a search over a random market and random predictions."""
    case = CASES[name]
    inputs = draw_market(case, 1)
    panel = draw_panel(case, 1)
    level = 4_000.0 * np.exp(np.cumsum(np.random.default_rng(3).normal(3e-4, 0.01, case.n_days)))
    start, end = inputs.dates[0].item(), inputs.dates[-1].item()
    setting = BacktestSetting(
        execution="next_session",
        frequency=case.frequency,
        rules=SimulationRules(topk=case.topk, n_drop=case.n_drop),
        deal_price="open",
        account_fen=100_000_000_00,
        dates=inputs.dates,
        instruments=inputs.instruments,
        session=inputs,
        qlib=None,
        benchmark="SH000300",
        benchmark_nav=level,
        market=MarketSource(folder, "cn", is_synthetic=True, label="RANDOM"),
        start=start,
        end=end,
        exchange="rule book cn by board and date",
        findings=(),
        fingerprint="random",
    )
    panels = {
        model: ScorePanel(inputs.dates, inputs.instruments, scores)
        for model, scores in zip(panel.models, panel.scores, strict=True)
    }
    record = ModelRecord(experiment="benchmark", run_id="none", anchor_date=ANCHOR)
    records = TrainRecords(
        experiment_name="benchmark",
        anchor_date=ANCHOR,
        timestamp="2020-06-30 18:00:00",
        models=dict.fromkeys(panel.models, "none"),
        model_records=dict.fromkeys(panel.models, record),
    )
    return SearchJob(
        request=SearchRequest(skip_analysis=True),
        basis=Basis(
            records=records,
            records_file=folder / "latest_train_records.json",
            market_label="RANDOM",
            is_synthetic=True,
        ),
        predictions=Predictions(panels=panels, inputs=dict.fromkeys(panel.models, "random")),
        window=SearchWindow(start=start, end=end),
        setting=setting,
        combos=combos_by_size(panel.models, range(1, 2)),
        scores=panel.scores,
        output_dir=folder,
        findings=(),
    )


def search(job: SearchJob, n_jobs: int) -> Timing:
    """Do the whole search and return what it took."""
    started = time.perf_counter()
    folder = slot_folder(job.output_dir, ANCHOR)
    with open_engine(job.setting, job, scores=job.scores, n_jobs=n_jobs) as engine:
        slot = open_slot(folder, job.stored_run, request=job.request)
        prepared = time.perf_counter()
        outcome = simulate_all(
            engine, job.combos, store=slot.store, batch_size=job.request.batch_size
        )
        if outcome.is_interrupted:
            raise KeyboardInterrupt
        simulated = time.perf_counter()
        results = rank_all(job, slot.store, engine=engine)
        write_results(Outputs(job.output_dir), job, results=results)
    finished = time.perf_counter()
    return Timing(prepared - started, simulated - prepared, finished - simulated)


def compare(job: SearchJob) -> int:
    """Return how many rows of the results file differ from a simulation of that combo alone."""
    table = read_results(job.output_dir / output_names("fast", ANCHOR)["results"])
    assert len(table.combos) == len(set(table.combos)) == len(job.combos)
    excess = [row["Ann_Excess"] or 0.0 for row in table.figures]
    assert excess == sorted(excess, reverse=True)
    n_different = 0
    for at in np.random.default_rng(5).choice(len(table.combos), N_SAMPLE, replace=False).tolist():
        scores = fused_scores(job.setting, job.predictions.panels, models=table.combos[at])
        first, stop = own_rows(job.setting, scores)
        found = performance(
            job.setting, simulate(job.setting, scores), first_row=first, stop_row=stop
        )
        expected = (
            found.metrics.annualised_excess,
            found.metrics.max_drawdown,
            found.metrics.sharpe,
            found.turnover_annual,
        )
        row = table.figures[at]
        written = [row[name] for name in ("Ann_Excess", "Max_DD", "Sharpe", "Turnover")]
        is_same = row["Final_NAV"] == found.metrics.final_nav / 100.0
        is_same &= row["Cost"] == found.cost_cny
        is_same &= bool(np.allclose(written, np.array(expected, float), rtol=TOLERANCE, atol=0))
        n_different += not is_same
    return n_different


def run_case(name: str, n_jobs: int) -> int:
    """Run one case in this process and print its figures."""
    folder = Path(tempfile.mkdtemp(prefix="search_"))
    try:
        job = draw_job(name, folder)
        started = time.perf_counter()
        search(job, n_jobs)  # the single models: compiles or loads the kernels
        first_call = time.perf_counter() - started
        shutil.rmtree(folder)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        models = job.combos.models
        listed = time.perf_counter()
        whole = replace(job, combos=combos_by_size(models, range(1, len(models) + 1)))
        listing = time.perf_counter() - listed
        before_cpu = time.process_time()
        timing = search(whole, n_jobs)
        cpu = time.process_time() - before_cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = (folder / output_names("fast", ANCHOR)["results"]).stat().st_size
        n_different = compare(whole)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if n_different:
        print(f"{name}: {n_different} of {N_SAMPLE} rows DIFFER from a simulation alone")
        return 1
    total = timing.total + listing
    print(
        f"{name}: {len(whole.combos):,} combos of {len(models)} models, "
        f"{len(job.setting.instruments)} names x {len(job.setting.dates)} days, {n_jobs} threads\n"
        f"  {N_SAMPLE} rows of the file equal a simulation of the combo alone\n"
        f"  first call {first_call:.2f} s, not counted\n"
        f"  list {listing:.2f} s, prepare {timing.prepare:.2f} s, simulate and store "
        f"{timing.simulate:.2f} s, rank and write {timing.write:.2f} s "
        f"({size / MEBIBYTE:,.1f} MiB)\n"
        f"  processors busy for {cpu:.2f} s, {1000 * cpu / len(whole.combos):.4f} ms a combo\n"
        f"  in all {total:.2f} s, {1000 * total / len(whole.combos):.4f} ms a combo "
        f"(bar: {BARS[name]}), peak {peak:,.0f} MiB, of which {before:,.0f} MiB before it began"
    )
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the cases, each in a process of its own; return 1 if any result differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--case", choices=(*BARS, "all"), default="all")
    parser.add_argument("--n-jobs", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args(argv)
    if arguments.case != "all":
        return run_case(arguments.case, arguments.n_jobs)
    command = [sys.executable, "-m", "benchmarks.search_end_to_end"]
    codes = [
        subprocess.run(  # noqa: S603 - this very program
            [*command, "--case", name, "--n-jobs", str(arguments.n_jobs)], check=False
        ).returncode
        for name in BARS
    ]
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
