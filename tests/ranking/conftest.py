"""A workspace with fused predictions: what ranking finds when it starts."""

import json
from datetime import date, timedelta

import pandas as pd
import pytest

from quantpits.records import PredictionMeta, store_prediction
from quantpits.workspace import Workspace

SESSION = date(2026, 1, 30)


class Lab:
    """Builds a workspace file by file."""

    def __init__(self, root):
        self.workspace = Workspace(root)
        self.workspace.config_dir.mkdir(parents=True)
        folder = root / "market"
        (folder / "calendars").mkdir(parents=True)
        (folder / "instruments").mkdir()
        sessions = [str(day) for day in pd.bdate_range(end=SESSION, periods=30).date]
        future = [str(day) for day in pd.bdate_range(SESSION + timedelta(days=1), periods=10).date]
        for name, days in (("day", sessions), ("day_future", sessions + future)):
            (folder / "calendars" / f"{name}.txt").write_text("\n".join(days) + "\n")
        (folder / "instruments" / "all.txt").write_text(f"SH600000\t{sessions[0]}\t{SESSION}\n")
        market = "provider: qlib\nprovider_uri: market\nregion: cn\n"
        (self.workspace.config_dir / "market.yaml").write_text(market)
        combos = {
            "A": {"models": ["gru"], "method": "equal", "default": True},
            "A_B": {"models": ["mlp"], "method": "equal"},
            "off": {"models": ["mlp"], "method": "equal", "enabled": False},
        }
        (self.workspace.config_dir / "ensemble_config.json").write_text(
            json.dumps({"combos": combos})
        )

    def add_prediction(self, label, scores, *, anchor=SESSION, last=SESSION, has_meta=True):
        """Write a prediction of two dates: `scores` on the last, their opposite before."""
        days = [last - timedelta(days=7), last]
        index = pd.MultiIndex.from_product([pd.to_datetime(days), list(scores)])
        values = [-score for score in scores.values()] + list(scores.values())
        series = pd.Series(values, index=index, dtype=float)
        meta = PredictionMeta(label=label, kind="ensemble", anchor_date=anchor)
        return store_prediction(
            self.workspace, label, anchor=anchor, scores=series, meta=meta if has_meta else None
        ).path

    def ranking(self, label, top_n=300, folder="output/ranking"):
        return self.workspace.root / folder / f"Signal_{label}_{SESSION}_Top{top_n}.csv"


@pytest.fixture
def lab(tmp_path):
    """A workspace with two enabled combos and no prediction."""
    return Lab(tmp_path / "Lab")
