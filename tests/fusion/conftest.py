"""A workspace with predictions but without models: what fusion finds when it starts."""

import hashlib
import json
import pickle
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from quantpits.fusion import FuseRequest
from quantpits.fusion.backtests import backtest_combo
from quantpits.fusion.compute import fuse_combo
from quantpits.fusion.load import load_basis, load_scores
from quantpits.fusion.plan import plan_combos
from quantpits.fusion.prepare import prepare
from quantpits.fusion.window import window_of
from quantpits.records import (
    ModelRecord,
    TrainRecords,
    merge_records,
    publish_full,
    publish_performance,
)
from quantpits.workspace import SILENT, Workspace
from tests.fusion.price_market import BENCHMARK, write_prices

ANCHOR = date(2026, 1, 30)
INSTRUMENTS = tuple(f"SH{600000 + at}" for at in range(12))
N_WEEKS = 16


def week_ends(n_weeks=N_WEEKS, last=ANCHOR):
    """Return `n_weeks` Fridays ending with `last`."""
    return [last - timedelta(days=7 * back) for back in reversed(range(n_weeks))]


class Lab:
    """Builds a workspace file by file."""

    def __init__(self, root):
        self.workspace = Workspace(root)
        self.workspace.config_dir.mkdir(parents=True)
        self.set_last_session(ANCHOR)

    def set_last_session(self, last):
        """Let the market end with `last`, with two weeks of future sessions."""
        folder = self.workspace.root / "market"
        (folder / "calendars").mkdir(parents=True, exist_ok=True)
        (folder / "instruments").mkdir(exist_ok=True)
        sessions = [str(day) for day in pd.bdate_range(last - timedelta(days=400), last).date]
        future = [str(day) for day in pd.bdate_range(last + timedelta(days=1), periods=10).date]
        for name, days in (("day", sessions), ("day_future", sessions + future)):
            (folder / "calendars" / f"{name}.txt").write_text("\n".join(days) + "\n")
        (folder / "instruments" / "all.txt").write_text(
            "".join(f"{name}\t{sessions[0]}\t{last}\n" for name in INSTRUMENTS)
        )
        self.write_config("market.yaml", "provider: qlib\nprovider_uri: market\nregion: cn\n")

    def add_prices(self, last=ANCHOR, *, instruments=INSTRUMENTS, n_days=120, **market):
        """Give the market prices, so that fusions can be backtested, and a strategy."""
        sessions = list(pd.bdate_range(end=last, periods=n_days).date)
        write_prices(self.workspace.root / "market", instruments, sessions, **market)
        self.write_config(
            "model_config.json",
            {"market": "all", "benchmark": BENCHMARK, "TopK": 3, "DropN": 1, "freq": "week"},
        )
        return sessions

    def write_config(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.workspace.config_dir / name).write_text(text, encoding="utf-8")

    def write_combos(self, **combos):
        """Write ensemble_config.json; keys of the file itself start with an underscore."""
        top = {key[1:]: combos.pop(key) for key in list(combos) if key.startswith("_")}
        self.write_config("ensemble_config.json", {"combos": combos, **top})

    def scores(self, seed, *, dates=None, instruments=INSTRUMENTS):
        """Return random scores of one model."""
        dates = week_ends() if dates is None else dates
        index = pd.MultiIndex.from_product(
            [pd.to_datetime(dates), list(instruments)], names=["datetime", "instrument"]
        )
        values = np.random.default_rng(seed).normal(size=len(index))
        return pd.Series(values, index=index, name="score")

    def add_model(self, name, scores, *, ic=0.04, icir=0.3, anchor=ANCHOR, **record):
        """Publish one model's predictions as its run would."""
        content = pickle.dumps(scores.to_frame("score"))
        relative = f"mlruns/artifacts/{name}/pred.pkl"
        path = self.workspace.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        entry = ModelRecord(
            experiment="Prod_Train_WEEK",
            run_id=f"run_{name}",
            anchor_date=anchor,
            trained_at=anchor,
            prediction_sha256=hashlib.sha256(content).hexdigest(),
            prediction_path=relative,
            ic=ic,
            icir=icir,
            **record,
        )
        merge_records(
            self.workspace,
            TrainRecords(
                experiment_name="Prod_Train_WEEK",
                anchor_date=ANCHOR,
                timestamp="2026-01-30 18:00:00",
                models={name: entry.run_id},
                model_records={name: entry},
            ),
        )

    def write_old_records(self, models, performance):
        """Write records as the earlier system does: no hashes, metrics in the performance file."""
        publish_full(
            self.workspace,
            TrainRecords(
                experiment_name="Prod_Train_WEEK",
                anchor_date=ANCHOR,
                timestamp="2026-01-30 18:00:00",
                models={name: f"run_{name}" for name in models},
            ),
        )
        publish_performance(self.workspace, ANCHOR, performance)
        self.workspace.predictions_dir.mkdir(parents=True, exist_ok=True)
        for name, scores in models.items():
            path = self.workspace.predictions_dir / f"{name}_{ANCHOR}.csv"
            scores.rename("0").to_csv(path)

    def prediction(self, label, anchor=ANCHOR):
        return self.workspace.predictions_dir / f"{label}_{anchor}.csv"

    def files(self):
        """Return every file below output/ with its bytes."""
        return {
            self.workspace.relative(path): path.read_bytes()
            for path in sorted(self.workspace.output_dir.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def lab(tmp_path):
    """A workspace without models or combos."""
    return Lab(tmp_path / "Lab")


@pytest.fixture
def priced_lab(full_lab):
    """The full lab with prices and daily scores: every method can be fused and traded."""
    sessions = full_lab.add_prices()
    for seed, (name, icir) in enumerate({"gru": 0.3, "linear": 0.1, "mlp": 0.2}.items()):
        full_lab.add_model(name, full_lab.scores(seed, dates=sessions[10:]), icir=icir)
    return full_lab


@pytest.fixture
def traded(priced_lab):
    """One combo with changing weights, fused and traded: what boards and charts are made of."""
    return traded_combo(priced_lab)


def traded_combo(lab, models=("gru", "linear", "mlp"), method="dynamic", **request):
    """Fuse and trade one combo without writing anything; return its backtest."""
    request = FuseRequest(models=models, method=method, **request)
    window = window_of(request, ANCHOR)
    basis = load_basis(lab.workspace, request)
    plans, _ = plan_combos(request, basis.config, window=window)
    loaded = load_scores(lab.workspace, basis, plans=plans, progress=SILENT)
    panels = loaded.scores.panels
    prepared = prepare(
        lab.workspace, request, plans=plans, panels=panels, window=window, anchor=ANCHOR
    )
    scores = replace(loaded.scores, paths=prepared.paths)
    fusion = fuse_combo(plans[0], scores, window=window)
    return backtest_combo(fusion, prepared.setting, panels=panels, labels=prepared.labels)


@pytest.fixture
def full_lab(lab):
    """Three models and two combos, the first of which is the default."""
    for seed, (name, icir) in enumerate({"gru": 0.3, "linear": 0.1, "mlp": 0.2}.items()):
        lab.add_model(name, lab.scores(seed), icir=icir)
    lab.write_combos(
        A={"models": ["gru", "linear", "mlp"], "method": "equal", "default": True},
        B={"models": ["mlp", "gru"], "method": "icir_weighted"},
    )
    return lab
