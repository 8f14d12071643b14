"""Qlib's own backtest and the simulator on one market and one set of scores, side by side."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

import numpy as np

from quantpits.market import MarketSource, load_calendar, open_qlib
from quantpits.market.binary import (
    CALENDAR_FILE,
    FUTURE_CALENDAR_FILE,
    Span,
    encode_field,
    encode_sessions,
    encode_spans,
    feature_file,
    instruments_file,
    read_field,
)
from quantpits.trading.simulator_rules import Opening, SimulationResult, SimulationRules
from quantpits.trading.simulator_schedule import qlib_steps
from quantpits.trading.simulator_steps import (
    AdjustedBars,
    QlibExchange,
    QlibInputs,
    qlib_inputs,
    simulate_qlib,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class ParityCase:
    """One backtest: strategy, exchange, account, range, and the draw of its scores."""

    rules: SimulationRules
    exchange: QlibExchange
    cash: float
    start: date
    end: date
    frequency: str = "day"
    deal_price: str = "close"
    book: dict[str, int] = field(default_factory=dict)
    seed: int = 0
    missing: float = 0.0
    persistence: float = 0.8


class Comparison(NamedTuple):
    """Both results, and by how much they differ."""

    ours: SimulationResult
    report: pd.DataFrame
    deviation: float
    n_different_books: int


class ParityMarket:
    """A market folder, opened for both engines."""

    def __init__(self, folder: Path, instruments: tuple[str, ...]) -> None:
        self.source = MarketSource(folder, "cn", is_synthetic=True, label="PARITY")
        self.instruments = tuple(sorted(instruments))
        calendar = load_calendar(self.source)
        self.dates = calendar.sessions
        self.future = calendar.future

    def bars(self, deal_price: str) -> AdjustedBars:
        def read(name: str) -> np.ndarray:
            columns = [
                read_field(
                    self.source.provider_uri / feature_file(code, name), 0, n_values=self.dates.size
                )
                for code in self.instruments
            ]
            return np.column_stack(columns)

        return AdjustedBars(
            dates=self.dates,
            instruments=self.instruments,
            price=read(deal_price),
            close=read("close"),
            factor=read("factor"),
            change=read("change"),
        )

    def scores(self, case: ParityCase) -> np.ndarray:
        """Draw persistent scores without ties; a part of them is missing."""
        rng = np.random.default_rng(case.seed)
        shape = (self.dates.size, len(self.instruments))
        scores = rng.normal(size=shape)
        for row in range(1, shape[0]):
            scores[row] += case.persistence * (scores[row - 1] - scores[row])
        scores[rng.random(shape) < case.missing] = np.nan
        silent = rng.random(shape[0]) < case.missing / 4
        scores[silent] = np.nan
        return scores

    def inputs(self, case: ParityCase) -> QlibInputs:
        steps = qlib_steps(self.future, start=case.start, end=case.end, frequency=case.frequency)
        return qlib_inputs(self.bars(case.deal_price), steps, exchange=case.exchange)

    def opening(self, case: ParityCase) -> Opening:
        shares = np.zeros(len(self.instruments))
        for code, amount in case.book.items():
            shares[self.instruments.index(code)] = amount
        return Opening(case.cash, shares)

    def compare(self, case: ParityCase) -> Comparison:
        scores = self.scores(case)
        inputs = self.inputs(case)
        opening = self.opening(case)
        ours = simulate_qlib(
            inputs, scores, rules=case.rules, opening=opening, is_keeping_shares=True
        )
        marks = dict(zip(self.instruments, inputs.opening_mark, strict=True))
        report, positions = run_qlib(self, case, scores=scores, marks=marks)
        return _compare(inputs, ours, report=report, positions=positions)


def draw_case(market: ParityMarket, seed: int) -> ParityCase:
    """Draw a backtest: every setting from ordinary to absurd."""
    rng = np.random.default_rng(seed)
    rules = SimulationRules(
        topk=int(rng.integers(1, 15)),
        n_drop=int(rng.integers(0, 6)),
        only_tradable=bool(rng.integers(2)),
        corrected=False,
        hold_thresh=int(rng.choice([0, 1, 1, 2, 5])),
        risk_degree=float(rng.choice([0.95, 1.0, 0.5])),
    )
    exchange = QlibExchange(
        open_cost=float(rng.choice([0.0005, 0.003])),
        close_cost=float(rng.choice([0.0, 0.0015, 0.01])),
        min_cost=float(rng.choice([0.0, 5.0, 500.0])),
        trade_unit=(None, 100, 1, 1000)[rng.integers(4)],
        limit_threshold=(None, 0.095, 0.05)[rng.integers(3)],
        forbid_all_trade_at_limit=bool(rng.integers(2)),
    )
    last = market.dates.size - 2
    first = int(rng.integers(1, last - 40))
    deal_price = str(rng.choice(["close", "open"]))
    book = {}
    if rng.random() < 0.4:
        listed = np.flatnonzero(~np.isnan(market.bars("close").close[first]))
        held = rng.choice(listed, size=int(rng.integers(1, 12)), replace=False)
        book = {market.instruments[name]: int(rng.integers(1, 30)) * 100 for name in sorted(held)}
    return ParityCase(
        rules=rules,
        exchange=exchange,
        cash=float(rng.choice([2e4, 2e5, 1e6, 1e8])),
        start=market.dates[first].item(),
        end=market.dates[int(rng.integers(first + 30, min(first + 80, last) + 1))].item(),
        frequency=str(rng.choice(["day", "week"])),
        deal_price=deal_price,
        book=book,
        seed=seed,
        missing=float(rng.choice([0, 0.1, 0.4])),
        persistence=float(rng.choice([0.5, 0.9])),
    )


def run_qlib(market: ParityMarket, case: ParityCase, *, scores: np.ndarray, marks: dict):
    """Run the case with Qlib and return its report and positions."""
    open_qlib(market.source)
    import pandas as pd  # noqa: PLC0415 - heavy
    from qlib.backtest import backtest  # noqa: PLC0415 - heavy
    from qlib.backtest.position import Position  # noqa: PLC0415 - heavy

    index = pd.MultiIndex.from_product(
        [pd.DatetimeIndex(market.dates), market.instruments], names=["datetime", "instrument"]
    )
    signal = pd.Series(scores.ravel(), index=index, name="score").dropna()
    book = {code: {"amount": n, "price": float(marks[code])} for code, n in case.book.items()}
    # Qlib walks over a set of positions, whose order changes from process to process. Where two
    # unscored holdings compete for a sale, or cash is too short for its cost, its result does too.
    with (
        warnings.catch_warnings(),
        mock.patch.object(Position, "get_stock_list", _sorted_positions),
    ):
        warnings.simplefilter("ignore")  # Qlib averages empty lists of trades
        portfolio, _ = _backtest(backtest, case, market, signal=signal, book=book)
    return portfolio[f"1{case.frequency}"]


def _sorted_positions(position) -> list[str]:
    return sorted(set(position.position) - {"cash", "now_account_value", "cash_delay"})


def _backtest(backtest, case: ParityCase, market: ParityMarket, *, signal, book: dict):
    import pandas as pd  # noqa: PLC0415 - heavy

    rules, exchange = case.rules, case.exchange
    return backtest(
        start_time=str(case.start),
        end_time=str(case.end),
        strategy={
            "class": "TopkDropoutStrategy",
            "module_path": "qlib.contrib.strategy",
            "kwargs": {
                "signal": signal,
                "topk": rules.topk,
                "n_drop": rules.n_drop,
                "hold_thresh": rules.hold_thresh,
                "only_tradable": rules.only_tradable,
                "forbid_all_trade_at_limit": exchange.forbid_all_trade_at_limit,
                "risk_degree": rules.risk_degree,
            },
        },
        executor={
            "class": "SimulatorExecutor",
            "module_path": "qlib.backtest.executor",
            "kwargs": {"time_per_step": case.frequency, "generate_portfolio_metrics": True},
        },
        benchmark=pd.Series(0.0, index=pd.DatetimeIndex(market.dates)),
        account={"cash": case.cash, **book},
        exchange_kwargs={
            "codes": list(market.instruments),
            "freq": "day",
            "deal_price": case.deal_price,
            # None would be the region's default for Qlib, not "no limit".
            "limit_threshold": exchange.limit_threshold or 1e9,
            "open_cost": exchange.open_cost,
            "close_cost": exchange.close_cost,
            "min_cost": exchange.min_cost,
            "trade_unit": exchange.trade_unit,
        },
    )


def _compare(inputs: QlibInputs, ours: SimulationResult, *, report, positions) -> Comparison:
    assert report.index.to_numpy().astype("datetime64[D]").tolist() == ours.dates.tolist()
    paths = {
        "account": ours.nav,
        "cash": ours.cash,
        "total_turnover": ours.turnover.cumsum(),
        "total_cost": ours.cost.cumsum(),
        "value": ours.nav - ours.cash,
    }
    # Cash and value may be near zero; what matters is the error against the whole account.
    scale = report["account"].to_numpy()
    deviation = 0.0
    for name, path in paths.items():
        theirs = report[name].to_numpy()
        against = np.maximum(np.abs(theirs), scale)
        deviation = max(deviation, float(np.max(np.abs(path - theirs) / against)))
    different = 0
    for row, position in enumerate(positions.values()):
        theirs = position.get_stock_amount_dict()
        held = {
            code: amount
            for code, amount in zip(inputs.instruments, ours.shares[row], strict=True)
            if amount
        }
        if set(held) != set(theirs):
            different += 1
            continue
        for code, amount in held.items():
            deviation = max(deviation, abs(amount - theirs[code]) / theirs[code])
    return Comparison(ours, report, deviation, different)


def write_rough_market(
    target: Path, *, seed: int = 7, n_names: int = 40, n_weekdays: int = 143
) -> ParityMarket:
    """Write a market where much goes wrong: pauses, limits, ex-dates, listings, long holidays."""
    rng = np.random.default_rng(seed)
    days = _holiday_calendar(n_weekdays)
    n_days = days.size - 15
    codes = tuple(f"SH600{number:03d}" for number in range(n_names))
    files = {
        CALENDAR_FILE: encode_sessions(days[:n_days]),
        FUTURE_CALENDAR_FILE: encode_sessions(days),
        instruments_file("all"): encode_spans(
            Span(code, days[0].item(), days[-1].item()) for code in codes
        ),
    }
    for code in codes:
        first = 0 if rng.random() < 0.8 else int(rng.integers(20, n_days - 20))
        last = n_days if rng.random() < 0.9 else int(rng.integers(first + 10, n_days))
        for name, values in _rough_bars(rng, last - first).items():
            files[feature_file(code, name)] = encode_field(first, values)
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return ParityMarket(target, codes)


def write_real_market(target: Path, table: Path, *, n_names: int = 60) -> ParityMarket:
    """Write a year of real bars, limits and suspensions as they came."""
    import pandas as pd  # noqa: PLC0415 - heavy

    columns = ["symbol", "date", "open", "close", "volume", "factor"]
    bars = pd.read_parquet(table, columns=columns)
    bars["date"] = pd.to_datetime(bars["date"])
    bars = bars[(bars["date"] >= "2015-05-01") & (bars["date"] < "2016-05-01")]
    bars = bars[~bars["symbol"].str.contains("SH000|SZ399")]
    days = np.unique(bars["date"].to_numpy().astype("datetime64[D]"))
    codes = tuple(sorted(bars["symbol"].unique()))[:n_names]
    files = {
        CALENDAR_FILE: encode_sessions(days[:-15]),
        FUTURE_CALENDAR_FILE: encode_sessions(days),
        instruments_file("all"): encode_spans(
            Span(code, days[0].item(), days[-1].item()) for code in codes
        ),
    }
    index = pd.DatetimeIndex(days[:-15])
    for code in codes:
        own = bars[bars["symbol"] == code].set_index("date").reindex(index)
        is_traded = (own["volume"] > 0) & (own["close"] > 0) & (own["factor"] > 0)
        close = (own["close"] * own["factor"]).where(is_traded)
        fields = {
            "close": close,
            "open": (own["open"] * own["factor"]).where(is_traded),
            "factor": own["factor"].where(is_traded),
            "change": close / close.ffill().shift(1) - 1,
            "volume": (own["volume"] / own["factor"]).where(is_traded),
        }
        for name, values in fields.items():
            files[feature_file(code, name)] = encode_field(0, values.to_numpy())
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return ParityMarket(target, codes)


def _rough_bars(rng: np.random.Generator, n_days: int) -> dict[str, np.ndarray]:
    moves = np.clip(rng.normal(0, 0.04, n_days), -0.1, 0.1)
    close = rng.uniform(3, 300) * np.cumprod(1 + moves)
    gap = np.clip(rng.normal(0, 0.02, n_days), -0.08, 0.08)
    factor = rng.uniform(0.5, 4) * np.cumprod(np.where(rng.random(n_days) < 0.02, 1.1, 1.0))
    bars = {
        "close": close * factor,
        "open": close * factor * (1 + gap),
        "factor": factor,
        "change": moves,
        "volume": rng.uniform(1e5, 1e7, n_days) / factor,
    }
    paused = rng.random(n_days) < 0.03
    for start in np.flatnonzero(rng.random(n_days) < 0.01):
        paused[start : start + int(rng.integers(2, 12))] = True
    return {name: np.where(paused, np.nan, values) for name, values in bars.items()}


def _holiday_calendar(n_weekdays: int) -> np.ndarray:
    """Weekdays with two long holidays, one of which makes Qlib merge two weeks."""
    first = date(2023, 1, 2)
    days = [first + timedelta(days=n) for n in range(n_weekdays * 7 // 5)]
    closed = {date(2023, 1, 23) + timedelta(days=n) for n in range(8)}
    closed |= {date(2023, 4, 27) + timedelta(days=n) for n in range(7)}
    sessions = [day for day in days if day.weekday() < 5 and day not in closed]
    return np.array(sessions, dtype="datetime64[D]")
