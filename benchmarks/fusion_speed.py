"""Three combos of twelve models, fused and traded: from files on disk to files on disk.

Run it from the root of the repository::

    python -m benchmarks.fusion_speed

A workspace is made at random: 300 instruments, 750 sessions of prices and scores, twelve models,
and three combos of all of them - `equal`, `icir_weighted` and `dynamic` - or, with
``--n-models 36``, three combos that share no model. What is timed is one call of the step, as
``quantpits fuse --from-config-all --no-charts`` makes it after its imports: reading and checking
the predictions, weights, fusion, prediction files, the backtests of each combo, of equal weights
and of each model, leaderboards and comparison. Before a time is printed, the files of one combo are
compared with those of a run of that combo alone, byte for byte. The first call, which loads
compiled code, is timed apart. Times are wall clock and processor time of one process; memory is its
peak.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import pickle
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quantpits.fusion import FuseRequest
from quantpits.fusion.step import run
from quantpits.records import ModelRecord, TrainRecords, merge_records
from quantpits.workspace import Workspace
from tests.fusion.price_market import BENCHMARK, write_prices

if TYPE_CHECKING:
    from collections.abc import Sequence

N_INSTRUMENTS = 300
N_SESSIONS = 750
COMBO_SIZE = 12
ANCHOR = date(2024, 12, 31)
METHODS = ("equal", "icir_weighted", "dynamic")
ALL = FuseRequest(from_config_all=True, no_charts=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the workspace, compare, time, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-models", type=int, default=COMBO_SIZE, choices=(12, 24, 36))
    parser.add_argument("--repeats", type=int, default=5, help="timed calls of the step")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        workspace = _workspace(Path(folder) / "Bench", options.n_models)
        before = _peak_mib()
        first = _timed(workspace)
        alone = _files_of(workspace, FuseRequest(combo="dynamic", no_charts=True))
        if alone != _files_of(workspace, ALL):
            print("The files of a combo differ between --combo and --from-config-all.")
            return 1
        times = sorted(_timed(workspace) for _ in range(options.repeats))
    print(
        f"{len(METHODS)} combos of {COMBO_SIZE} models ({options.n_models} in all), "
        f"{N_INSTRUMENTS} instruments x {N_SESSIONS} sessions, with backtest, without charts"
    )
    wall, processor = times[len(times) // 2]
    print(f"  first call   {first[0]:6.2f} s")
    print(f"  later calls  {wall:6.2f} s, median of {len(times)}; {processor:.2f} s of processor")
    print(f"  peak memory  {_peak_mib():6.0f} MiB, of which {before:.0f} MiB before the first call")
    return 0


def _timed(workspace: Workspace) -> tuple[float, float]:
    for path in sorted(workspace.output_dir.rglob("*")):
        if path.is_file():
            path.unlink()
    gc.collect()
    begin = time.perf_counter(), time.process_time()
    report = run(workspace, ALL)
    seconds = time.perf_counter() - begin[0], time.process_time() - begin[1]
    assert all(combo.figures is not None for combo in report.combos), report.findings
    return seconds


def _files_of(workspace: Workspace, request: FuseRequest) -> dict[str, bytes]:
    run(workspace, request)
    return {
        path.name: path.read_bytes()
        for path in sorted(workspace.output_dir.rglob("*_dynamic_*"))
        if path.is_file()
    }


def _workspace(root: Path, n_models: int) -> Workspace:
    workspace = Workspace(root)
    workspace.config_dir.mkdir(parents=True)
    sessions = list(pd.bdate_range(end=ANCHOR, periods=N_SESSIONS).date)
    names = tuple(f"SH{600000 + at}" for at in range(N_INSTRUMENTS))
    closes: list[np.ndarray] = []
    write_prices(root / "market", names, sessions, change=lambda close: closes.append(close.copy()))
    models = [f"model_{at:02d}" for at in range(n_models)]
    step = 0 if n_models == COMBO_SIZE else (n_models - COMBO_SIZE) // (len(METHODS) - 1)
    combos = {
        method: {
            "models": models[at * step : at * step + COMBO_SIZE],
            "method": method,
            "default": at == 0,
        }
        for at, method in enumerate(METHODS)
    }
    config = workspace.config_dir
    (config / "ensemble_config.json").write_text(json.dumps({"combos": combos}))
    (config / "market.yaml").write_text("provider: qlib\nprovider_uri: market\nregion: cn\n")
    (config / "model_config.json").write_text(
        json.dumps(
            {"market": "all", "benchmark": BENCHMARK, "TopK": 20, "DropN": 3, "freq": "week"}
        )
    )
    ahead = np.zeros_like(closes[0])
    ahead[:-6] = closes[0][6:] / closes[0][1:-5] - 1.0
    index = pd.MultiIndex.from_product(
        [pd.to_datetime(sessions), list(names)], names=["datetime", "instrument"]
    )
    rng = np.random.default_rng(1)
    for at, model in enumerate(models):
        noise = rng.normal(scale=0.5, size=ahead.shape)
        _publish(workspace, model, pd.Series((ahead + noise).ravel(), index=index), icir=0.1 + at)
    return workspace


def _publish(workspace: Workspace, model: str, scores: pd.Series, *, icir: float) -> None:
    content = pickle.dumps(scores.to_frame("score"))
    path = workspace.root / "mlruns" / model / "pred.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    record = ModelRecord(
        experiment="Prod_Train_WEEK",
        run_id=f"run_{model}",
        anchor_date=ANCHOR,
        trained_at=ANCHOR,
        prediction_sha256=hashlib.sha256(content).hexdigest(),
        prediction_path=str(path.relative_to(workspace.root)),
        ic=0.03,
        icir=icir,
    )
    merge_records(
        workspace,
        TrainRecords(
            experiment_name="Prod_Train_WEEK",
            anchor_date=ANCHOR,
            timestamp="2024-12-31 18:00:00",
            models={model: record.run_id},
            model_records={model: record},
        ),
    )


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
