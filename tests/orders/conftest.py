"""A workspace on the evening of a session: what order generation finds."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from quantpits.market.binary import encode_field, feature_file
from quantpits.orders.plan import OrderInputs
from quantpits.records import PredictionMeta, store_prediction
from quantpits.trading import CN_RULES, DecisionRule
from quantpits.workspace import Workspace

ANCHOR = date(2026, 1, 30)  # a Friday
TRADE_DATE = date(2026, 2, 2)
MEMBERS = ("SH600000", "SH600001", "SH600002", "SH688001", "SZ000001", "SZ300001")
OUTSIDE = "SH600900"
SCORES = dict(zip(MEMBERS, (0.6, 0.5, 0.4, 0.3, 0.2, 0.1), strict=True))


@pytest.fixture
def make_inputs():
    """Six members of four boards at 10.00 and a million in cash, changed at will."""

    def make(*, held=None, scores=SCORES, closes=None, outside=(), **changes):
        held, closes = held or {}, closes or {}
        instruments = tuple(sorted({*scores, *held, *outside}))
        members = set(scores) - set(outside)
        facts = {
            "instruments": instruments,
            "scores": np.array(
                [scores.get(name, np.nan) if name in members else np.nan for name in instruments]
            ),
            "is_member": np.array([name in members for name in instruments]),
            "held_shares": np.array([held.get(name, 0) for name in instruments], dtype=np.int64),
            "close_fen": np.array(
                [closes.get(name, 1_000) for name in instruments], dtype=np.int64
            ),
            "cash_fen": 100_000_000,
            "deposits_fen": 0,
            "universe": "six",
            "anchor_date": ANCHOR,
            "trade_date": TRADE_DATE,
            "rules": CN_RULES,
            "strategy": "topk_dropout",
            "decision_rule": DecisionRule(topk=3, n_drop=1, buy_suggestion_factor=2),
            "risk_degree": 1.0,
        }
        return OrderInputs(**{**facts, **changes})

    return make


class Lab:
    """Builds a workspace file by file."""

    def __init__(self, root):
        self.combo_models = {}
        self.workspace = Workspace(root)
        self.workspace.config_dir.mkdir(parents=True)
        self.market = root / "market"
        self._write_market()
        self.config("market.yaml", "provider: qlib\nprovider_uri: market\nregion: cn\n")
        self.config(
            "model_config.json",
            {"market": "six", "benchmark": "SH000300", "freq": "week", "TopK": 3, "DropN": 1},
        )
        self.strategy()
        self.books()

    def config(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.workspace.config_dir / name).write_text(text, encoding="utf-8")

    def strategy(self, *, params="", backtest=""):
        self.config(
            "strategy_config.yaml",
            "strategy:\n  name: topk_dropout\n  params:\n    topk: 3\n    n_drop: 1\n"
            f"    buy_suggestion_factor: 2\n    risk_degree: 1.0\n{params}{backtest}",
        )

    def books(self, held=None, *, cash=1_000_000, day=ANCHOR, **changes):
        holding = [
            {"instrument": name, "value": str(shares), "amount": "1.0"}
            for name, shares in (held or {}).items()
        ]
        facts = {
            "market": "six",
            "benchmark": "SH000300",
            "current_date": str(day),
            "last_processed_date": str(day),
            "current_cash": cash,
            "current_holding": holding,
        }
        self.config("prod_config.json", {**facts, **changes})

    def predict(self, label="ensemble", scores=SCORES, *, anchor=ANCHOR, last=ANCHOR, **meta):
        """Write a prediction of two dates: `scores` on the last, their opposite before."""
        days = pd.to_datetime([last - timedelta(days=7), last])
        index = pd.MultiIndex.from_product([days, list(scores)])
        values = [-score for score in scores.values()] + list(scores.values())
        facts = {
            "label": label,
            "kind": "ensemble",
            "anchor_date": anchor,
            "models": ("gru", "mlp"),
            "weights": {"gru": 0.25, "mlp": 0.75},
            "method": "manual",
            "combo": label.removeprefix("ensemble_") if label != "ensemble" else "A",
            **self._combo_facts(label),
            "trained_at": {"gru": date(2026, 1, 2), "mlp": None},
            "market_label": f"Qlib data ({self.market.name})",
        }
        return store_prediction(
            self.workspace,
            label,
            anchor=anchor,
            scores=pd.Series(values, index=index, dtype=float),
            meta=PredictionMeta(**{**facts, **meta}),
        ).path

    def _combo_facts(self, label):
        """Return combo and models as `combos` has written them, if it has."""
        names = list(self.combo_models)
        name = names[0] if label == "ensemble" and names else label.removeprefix("ensemble_")
        if name not in names:
            return {}
        models = self.combo_models[name]
        return {"combo": name, "models": models, "weights": {}, "trained_at": {}}

    def predict_bare(self, name, scores=SCORES, *, column="score", last=ANCHOR):
        """Write a prediction as the earlier system did: no provenance, its own column name."""
        path = self.workspace.predictions_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{last},{instrument},{score}" for instrument, score in scores.items()]
        path.write_text("\n".join([f"datetime,instrument,{column}", *rows]) + "\n")
        return path

    def suspend(self, instrument):
        """Let an instrument not trade on the last session."""
        closes = np.full(self.n_sessions, 10.0)
        closes[-1] = np.nan
        self._write_feature(instrument, "close", closes)

    def price(self, instrument, close):
        self._write_feature(instrument, "close", np.full(self.n_sessions, close))

    def _write_market(self):
        sessions = pd.bdate_range(end=ANCHOR, periods=20)
        future = pd.bdate_range(ANCHOR + timedelta(days=1), periods=10)
        self.n_sessions = len(sessions)
        days = [str(day.date()) for day in sessions]
        later = [str(day.date()) for day in future]
        for folder in ("calendars", "instruments"):
            (self.market / folder).mkdir(parents=True)
        for name, lines in (("day", days), ("day_future", days + later)):
            (self.market / "calendars" / f"{name}.txt").write_text("\n".join(lines) + "\n")
        for name, members in (("six", MEMBERS), ("all", (*MEMBERS, OUTSIDE))):
            rows = [f"{member}\t{days[0]}\t{days[-1]}" for member in members]
            (self.market / "instruments" / f"{name}.txt").write_text("\n".join(rows) + "\n")
        for instrument in (*MEMBERS, OUTSIDE):
            self.price(instrument, 10.0)
            self._write_feature(instrument, "factor", np.ones(self.n_sessions))

    def _write_feature(self, instrument, field, values):
        path = self.market / feature_file(instrument, field)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_field(0, values))

    def combos(self, **models):
        """Write combos of models, the first the default one."""
        self.combo_models = models
        combos = {
            name: {"models": list(names), "method": "manual", "default": at == 0}
            for at, (name, names) in enumerate(models.items())
        }
        weights = {name: 1 for names in models.values() for name in names}
        self.config("ensemble_config.json", {"combos": combos, "manual_weights": weights})

    def ledger(self, day=ANCHOR, *, cash="1000000.00", held=None):
        """Write the holding log as post-trade does, and a ledger beside it."""
        data = self.workspace.data_dir
        data.mkdir(exist_ok=True)
        self.workspace.ledger_path.write_bytes(b"a ledger")
        header = (
            "证券代码,持仓数量,持仓成本,成交日期,持仓均价,收盘价格,收盘价值,当前浮盈,浮盈收益率"
        )
        rows = [
            f"{name},{shares},1.00,{day},1.0000,10.00,1.00,0.00,0.00000"
            for name, shares in (held or {}).items()
        ]
        rows.append(f"CASH,{cash},{cash},{day},1.0000,1.00,{cash},0.00,0.00000")
        path = data / "holding_log_full.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    def field(self, instrument, field, values):
        """Write the last values of a field; the sessions before have the first of them."""
        values = np.asarray(values, dtype=float)
        head = np.full(self.n_sessions - values.size, values[0])
        self._write_feature(instrument, field, np.concatenate([head, values]))

    def files(self):
        """Return every file below the output folder with its content."""
        found = self.workspace.output_dir.rglob("*")
        return {path: path.read_bytes() for path in found if path.is_file()}


@pytest.fixture
def lab(tmp_path):
    """A workspace with a market, empty books, a million in cash and no prediction."""
    return Lab(tmp_path / "Lab")
