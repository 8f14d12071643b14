"""A market made by hand for the routine's tests: every event of a real one, in a few weeks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quantpits.market.binary import (
    CALENDAR_FILE,
    FUTURE_CALENDAR_FILE,
    Span,
    encode_field,
    encode_sessions,
    encode_spans,
    feature_file,
    instruments_file,
)
from quantpits.market.metadata import METADATA_FILE, MarketMetadata, encode_metadata
from quantpits.routine import loop
from quantpits.routine.loop_request import LoopRequest
from quantpits.routine.slippage import Slippage
from quantpits.workspace import Workspace, demo_template, init_workspace, open_workspace

UNIVERSE, BENCHMARK = "small", "SH000300"


@dataclass
class Bars:
    """Raw bars [T, N] of a small market; change them before they are written."""

    dates: np.ndarray
    instruments: tuple[str, ...]
    open: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    factor: np.ndarray
    dividend: np.ndarray
    bonus: np.ndarray
    facts: list[str] = field(default_factory=list)

    def at(self, name: str, row: int) -> tuple[int, int]:
        return row, self.instruments.index(name)

    def go_ex(self, name: str, row: int, *, dividend: float, bonus: float, stated: bool) -> None:
        """Let prices fall by what is paid out, from a row on; say so only if `stated`."""
        column = self.instruments.index(name)
        last = self.close[row - 1, column]
        ex_price = (last - dividend) / (1 + bonus)
        for prices in (self.open, self.close):
            prices[row:, column] = np.round(prices[row:, column] * ex_price / last, 2)
        self.factor[row:, column] *= last / ex_price
        if stated:
            self.dividend[row, column], self.bonus[row, column] = dividend, bonus

    def suspend(self, name: str, first: int, stop: int) -> None:
        rows, column = slice(first, stop), self.instruments.index(name)
        for values in (self.open, self.close, self.volume, self.factor):
            values[rows, column] = np.nan


def make_bars(*, n_names: int = 24, n_sessions: int = 60, seed: int = 5) -> Bars:
    """Return a quiet market on the weekdays from 2021-03-01 on."""
    rng = np.random.default_rng(seed)
    days = np.arange("2021-03-01", "2024-01-01", dtype="datetime64[D]")
    dates = days[np.is_busday(days)][:n_sessions]
    codes = ["SH60", "SZ00", "SZ30", "SH68"]
    names = tuple(sorted(f"{codes[n % 4]}{8000 + n:04d}" for n in range(n_names)))
    start = rng.uniform(5.0, 60.0, n_names)
    moves = rng.normal(0.0, 0.02, (n_sessions, n_names)).clip(-0.08, 0.08)
    close = np.round(start * np.exp(np.cumsum(moves, axis=0)), 2)
    gaps = rng.normal(0.0, 0.005, close.shape).clip(-0.02, 0.02)
    opening = np.round(np.vstack([close[:1], close[:-1]]) * (1 + gaps), 2)
    return Bars(
        dates=dates,
        instruments=names,
        open=opening,
        close=close,
        volume=np.full(close.shape, 1_000_000.0),
        factor=np.ones(close.shape),
        dividend=np.zeros(close.shape),
        bonus=np.zeros(close.shape),
    )


def eventful_bars(**sizes: int) -> Bars:
    """Return a market in which everything happens that an account can meet."""
    bars = make_bars(**sizes)
    names = bars.instruments
    for number, row in enumerate(range(6, bars.dates.size - 1, 3)):
        name = names[(5 * number) % len(names)]
        if number % 3 == 0:
            bars.go_ex(name, row, dividend=0.37, bonus=0.0, stated=True)
        elif number % 3 == 1:
            bars.go_ex(name, row, dividend=0.1, bonus=0.4, stated=True)
        else:
            bars.go_ex(name, row, dividend=0.23, bonus=0.0, stated=False)
    for number in range(4):
        first = 8 + 11 * number
        bars.suspend(names[(3 + 7 * number) % len(names)], first, first + 3 + 4 * number)
    for monday in range(5, bars.dates.size, 5):
        for number in range(6):
            name = names[(monday + 5 * number) % len(names)]
            row, column = bars.at(name, monday)
            limit = 0.2 if name.startswith(("SZ30", "SH68")) else 0.1
            move = limit if number % 2 else -limit
            price = np.round(bars.close[row - 1, column] * (1 + move), 2)
            bars.open[row, column] = bars.close[row, column] = price
        bars.suspend(names[(3 * monday + 11) % len(names)], monday, monday + 1)
    return bars


def write_market(folder: Path, bars: Bars, *, synthetic: bool = True) -> Path:
    """Write the bars as a market folder that says it is synthetic."""
    files = {
        CALENDAR_FILE: encode_sessions(bars.dates),
        FUTURE_CALENDAR_FILE: encode_sessions(
            np.concatenate([bars.dates, bars.dates[-1] + np.arange(3, 8)])
        ),
    }
    fields = {
        "open": bars.open * bars.factor,
        "high": np.fmax(bars.open, bars.close) * bars.factor,
        "low": np.fmin(bars.open, bars.close) * bars.factor,
        "close": bars.close * bars.factor,
        "vwap": (bars.open + bars.close) / 2 * bars.factor,
        "volume": bars.volume / bars.factor,
        "amount": bars.volume * bars.close,
        "factor": bars.factor,
        "dividend": bars.dividend,
        "bonus": bars.bonus,
    }
    for name, values in fields.items():
        for column, instrument in enumerate(bars.instruments):
            files[feature_file(instrument, name)] = encode_field(0, values[:, column])
        level = np.full(bars.dates.size, 1.0 if name == "factor" else 4000.0)
        files[feature_file(BENCHMARK, name)] = encode_field(0, level)
    first, last = bars.dates[0].item(), bars.dates[-1].item()
    spans = [Span(name, first, last) for name in bars.instruments]
    files[instruments_file(UNIVERSE)] = encode_spans(spans)
    files[instruments_file("all")] = encode_spans([*spans, Span(BENCHMARK, first, last)])
    if synthetic:
        metadata = MarketMetadata("synthetic", "cn", UNIVERSE, BENCHMARK, last, 1, 1)
        files[METADATA_FILE] = encode_metadata(metadata)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def score_text(bars: Bars, *, seed: int = 9, persistence: float = 0.9) -> str:
    """Return a prediction CSV with a score for every instrument and session."""
    rng = np.random.default_rng(seed)
    score = rng.standard_normal(len(bars.instruments))
    lines = ["datetime,instrument,score\n"]
    for day in bars.dates:
        news = rng.standard_normal(score.size)
        score = persistence * score + np.sqrt(1 - persistence**2) * news
        pairs = zip(bars.instruments, score.tolist(), strict=True)
        lines += [f"{day},{name},{value!r}\n" for name, value in pairs]
    return "".join(lines)


def set_json(path: Path, **values: object) -> None:
    content = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(content | values), encoding="utf-8")


def make_workspace(root: Path, market: Path, *, strategy: str = "topk_dropout") -> Workspace:
    """Return a workspace of the demo's configuration on a market of its own."""
    init_workspace(demo_template(), root)
    workspace = open_workspace(root)
    names = {"market": UNIVERSE, "benchmark": BENCHMARK}
    set_json(workspace.config_dir / "model_config.json", **names, TopK=6, DropN=2)
    set_json(workspace.prod_config_path, **names)
    (workspace.config_dir / "market.yaml").write_text(
        f"provider: qlib\nprovider_uri: {market}\nregion: cn\n", encoding="utf-8"
    )
    (workspace.config_dir / "strategy_config.yaml").write_text(
        f"strategy:\n  name: {strategy}\n  params:\n    topk: 6\n    n_drop: 2\n"
        "    only_tradable: true\n    buy_suggestion_factor: 2\n"
        "backtest:\n  account: 500000\n  exchange_kwargs:\n    deal_price: open\n",
        encoding="utf-8",
    )
    return workspace


def set_account(workspace: Workspace, day: date, cash: float, holding: dict[str, int]) -> None:
    """State what the account holds at the end of a day."""
    held = [
        {"instrument": name, "value": str(shares), "amount": "1000.00"}
        for name, shares in holding.items()
    ]
    set_json(
        workspace.prod_config_path,
        current_date=str(day),
        last_processed_date=str(day),
        current_cash=cash,
        current_holding=held,
    )


@pytest.fixture(scope="session")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Bars]:
    """A market folder with every event, and its bars."""
    bars = eventful_bars()
    return write_market(tmp_path_factory.mktemp("market") / "small", bars), bars


SLIPPAGE = Slippage(half_spread_bps=10.0, max_volume_share=0.004)


@pytest.fixture(scope="session")
def looped(tmp_path_factory: pytest.TempPathFactory, eventful) -> Workspace:
    """A sandbox in which five weeks were traded with slippage; copy it before changing it."""
    folder, bars = eventful
    root = tmp_path_factory.mktemp("looped")
    live = make_workspace(root / "Live", folder)
    (live.root / "scores.csv").write_text(score_text(bars), encoding="utf-8")
    request = LoopRequest(
        start=date(2021, 3, 5),
        end=date(2021, 4, 9),
        prediction_file=Path("scores.csv"),
        slippage=SLIPPAGE,
        no_chart=True,
    )
    report = loop.run(live, request)
    return open_workspace(report.workspace)
