"""Workspaces to run backtests in: a few handmade shares, and the synthetic market."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from quantpits.backtest import backtest_setting
from quantpits.market import load_universe, write_synthetic_market
from quantpits.market.binary import (
    CALENDAR_FILE,
    FUTURE_CALENDAR_FILE,
    encode_field,
    encode_sessions,
    feature_file,
    instruments_file,
)
from quantpits.market.source import MarketSource
from quantpits.signals import ScorePanel
from quantpits.workspace import Workspace

# Three weeks from Monday 5 January 2026.
SESSIONS = np.array(
    [np.datetime64("2026-01-05") + 7 * week + day for week in range(3) for day in range(5)]
)
FUTURE = np.array([SESSIONS[-1] + 3 + 7 * week + day for week in range(3) for day in range(5)])
NAMES = ("SH600000", "SH600001", "SZ300001")
INDEX = "SH000300"


class Lab:
    """Builds a workspace and its market file by file."""

    def __init__(self, root, market=None):
        self.workspace = Workspace(root)
        self.workspace.config_dir.mkdir(parents=True)
        self.folder = market or root / "market"
        self.config("market.yaml", f"provider: qlib\nprovider_uri: {self.folder}\nregion: cn\n")
        self.model()
        self.strategy()

    def config(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.workspace.config_dir / name).write_text(text, encoding="utf-8")

    def model(self, **changes):
        facts = {"market": "all", "benchmark": INDEX, "freq": "day"}
        self.config("model_config.json", {**facts, **changes})

    def strategy(self, *, params=None, exchange=None, **backtest):
        self.config(
            "strategy_config.yaml",
            {
                "strategy": {
                    "name": "topk_dropout",
                    "params": {"topk": 1, "n_drop": 1, **(params or {})},
                },
                "backtest": {"account": 100_000, **backtest, "exchange_kwargs": exchange or {}},
            },
        )

    def setting(self, instruments=NAMES, start=SESSIONS[0], end=SESSIONS[-1], **given):
        days = (np.datetime64(start, "D").item(), np.datetime64(end, "D").item())
        return backtest_setting(
            self.workspace, instruments=instruments, start=days[0], end=days[1], **given
        )

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def field(self, instrument, name, values, start=0):
        self.write(feature_file(instrument, name), encode_field(start, values))

    def price(self, instrument, close, *, start=0, **fields):
        """Write a share that opens where it closes."""
        close = np.asarray(close, dtype=float)
        change = np.append(np.nan, close[1:] / close[:-1] - 1)
        facts = {
            "close": close,
            "open": close,
            "factor": np.ones(close.size),
            "change": change,
            "volume": np.where(np.isnan(close), np.nan, 1e6),
            **fields,
        }
        for name, values in facts.items():
            self.field(instrument, name, values, start=start)

    def calendar(self, future=FUTURE):
        self.write(CALENDAR_FILE, encode_sessions(SESSIONS))
        if future is None:
            (self.folder / FUTURE_CALENDAR_FILE).unlink()
        else:
            sessions = np.concatenate([SESSIONS, future])
            self.write(FUTURE_CALENDAR_FILE, encode_sessions(sessions))


@pytest.fixture
def lab(tmp_path):
    """Three shares at 10, 20 and 30, an index at 4000, an account of 100,000."""
    lab = Lab(tmp_path / "Lab")
    lab.calendar()
    rows = "".join(f"{name}\t{SESSIONS[0]}\t{SESSIONS[-1]}\n" for name in NAMES)
    lab.write(instruments_file("all"), rows.encode())
    for number, name in enumerate(NAMES):
        lab.price(name, np.full(SESSIONS.size, 10.0 * (number + 1)))
    lab.price(INDEX, 4000.0 + 10 * np.arange(SESSIONS.size))
    return lab


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory):
    """Fifteen months of the synthetic market; never changed."""
    target = tmp_path_factory.mktemp("backtest") / "market_synthetic"
    write_synthetic_market(target, seed=20200101, through=date(2021, 3, 31))
    return target


@pytest.fixture(scope="session")
def members(synthetic_folder):
    source = MarketSource(synthetic_folder, "cn", is_synthetic=True, label="SYNTHETIC")
    return load_universe(source, "synth60", date(2020, 9, 1))


@pytest.fixture
def synthetic(tmp_path, synthetic_folder):
    """A workspace on the synthetic market."""
    lab = Lab(tmp_path / "Syn", synthetic_folder)
    lab.model(benchmark="SH000999", market="synth60", freq="week")
    lab.strategy(params={"topk": 8, "n_drop": 2}, account=1_000_000)
    return lab


@pytest.fixture
def draw_scores():
    """Persistent scores on the rows and columns of a setting; some are missing, some are tied."""

    def draw(setting, seed=0, *, decimals=1, missing=0.1):
        rng = np.random.default_rng(seed)
        scores = rng.normal(size=(setting.dates.size, len(setting.instruments)))
        for row in range(1, len(scores)):
            scores[row] += 0.8 * (scores[row - 1] - scores[row])
        scores[rng.random(scores.shape) < missing] = np.nan
        return np.round(scores, decimals)

    return draw


@pytest.fixture
def make_panel():
    def make(dates, instruments, scores):
        days = np.array(dates, dtype="datetime64[D]")
        return ScorePanel(days, tuple(instruments), np.array(scores, dtype=float))

    return make
