"""A workspace with predictions of several models on a synthetic market, without training any."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from datetime import date

import numpy as np
import pandas as pd

from quantpits.market import load_calendar, load_universe
from quantpits.market.source import MarketSource
from quantpits.records import ModelRecord, TrainRecords, merge_records
from quantpits.workspace import Workspace

ANCHOR = date(2021, 3, 31)
FIRST_DAY = date(2020, 6, 1)
MODELS = ("ada", "bo", "cy", "dee", "eve")


class SearchLab:
    """Builds a workspace file by file."""

    def __init__(self, root, market):
        self.workspace = Workspace(root)
        self.workspace.config_dir.mkdir(parents=True)
        source = MarketSource(market, "cn", is_synthetic=False, label="made")
        self.sessions = load_calendar(source).sessions_in(FIRST_DAY, ANCHOR)
        self.names = load_universe(source, "synth60", FIRST_DAY)[:24]
        self.config("market.yaml", f"provider: qlib\nprovider_uri: {market}\nregion: cn\n")
        self.config(
            "model_config.json", {"market": "synth60", "benchmark": "SH000999", "freq": "week"}
        )
        self.strategy()

    def config(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content, indent=4)
        (self.workspace.config_dir / name).write_text(text, encoding="utf-8")

    def strategy(self, topk=6, n_drop=2, name="topk_dropout", **backtest):
        self.config(
            "strategy_config.yaml",
            {
                "strategy": {"name": name, "params": {"topk": topk, "n_drop": n_drop}},
                "backtest": {"account": 1_000_000, **backtest},
            },
        )

    def scores(self, seed, *, days=None, names=None, missing=0.03):
        """Return scores of one model that change their mind slowly."""
        days = self.sessions if days is None else days
        names = self.names if names is None else names
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(len(days), len(names)))
        for row in range(1, len(values)):
            values[row] = 0.9 * values[row - 1] + 0.43 * values[row]
        values[rng.random(values.shape) < missing] = np.nan
        index = pd.MultiIndex.from_product(
            [pd.to_datetime(np.asarray(days)), list(names)], names=["datetime", "instrument"]
        )
        return pd.Series(values.ravel(), index=index, name="score").dropna()

    def add_model(self, name, scores, *, anchor=ANCHOR):
        content = pickle.dumps(scores.to_frame("score"))
        relative = f"mlruns/artifacts/{name}/pred.pkl"
        path = self.workspace.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        record = ModelRecord(
            experiment="Prod_Train_WEEK",
            run_id=f"run_{name}",
            anchor_date=anchor,
            prediction_sha256=hashlib.sha256(content).hexdigest(),
            prediction_path=relative,
            ic=0.04,
            icir=0.3,
            seed=7,
        )
        merge_records(
            self.workspace,
            TrainRecords(
                experiment_name="Prod_Train_WEEK",
                anchor_date=anchor,
                timestamp="2021-03-31 18:00:00",
                models={name: record.run_id},
                model_records={name: record},
            ),
        )

    def add_models(self, names=MODELS):
        for seed, name in enumerate(names):
            self.add_model(name, self.scores(seed))
        return self

    def combos_file(self):
        """Write one default combo, as the demo does."""
        combo = {"models": ["ada", "bo"], "method": "equal", "default": True}
        self.config("ensemble_config.json", {"combos": {"base": combo}, "min_model_ic": 0.0})

    def copy(self, root):
        """Return the same workspace in another folder."""
        shutil.copytree(self.workspace.root, root)
        twin = object.__new__(SearchLab)
        twin.__dict__ = {**self.__dict__, "workspace": Workspace(root)}
        return twin

    def files(self, folder="brute_force_fast"):
        """Return every result file but the store, by name."""
        root = self.workspace.output_dir / folder
        return {path.name: path.read_bytes() for path in sorted(root.glob("*")) if path.is_file()}
