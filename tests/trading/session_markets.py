"""Small rough markets for the simulator in live timing, as arrays and as plain lists."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from quantpits.trading import CN_RULES
from quantpits.trading.simulator_market import RawBars, SessionInputs, session_inputs
from quantpits.trading.simulator_rules import SimulationRules
from tests.reference.simulator_oracle import PlainMarket, Settings, half_up, limits

CODES = (
    "BJ920002",
    "SH600000",
    "SH600001",
    "SH600519",
    "SH688981",
    "SZ000001",
    "SZ000002",
    "SZ300750",
    "SZ300751",
)


def sessions(count: int, first: date = date(2023, 8, 14)) -> np.ndarray:
    """Weekdays around the cut of the stamp duty on 2023-08-28, with a holiday of three days."""
    days = [first + timedelta(days=n) for n in range(2 * count)]
    closed = {date(2023, 9, 4), date(2023, 9, 5), date(2023, 9, 6)}
    open_days = [day for day in days if day.weekday() < 5 and day not in closed]
    return np.array(open_days[:count], dtype="datetime64[D]")


def draw_bars(seed: int, n_days: int = 24, codes: tuple[str, ...] = CODES) -> RawBars:
    """Draw prices within their limits and at them, pauses, listings and corporate actions."""
    rng = np.random.default_rng(seed)
    shape = (n_days, len(codes))
    dates = sessions(n_days)
    price, close = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    dividend, bonus = np.zeros(shape), np.zeros(shape)
    factor = np.ones(shape)
    for name, code in enumerate(codes):
        last = int(rng.integers(300, 9_000))
        listed = int(rng.integers(1, n_days)) if rng.random() < 0.15 else 0
        level = float(np.float32(rng.uniform(0.5, 3)))
        for row in range(n_days):
            if row < listed:
                factor[row, name] = np.nan
                continue
            reference = last
            if row > listed and rng.random() < 0.06:
                terms = _draw_terms(rng, last)
                dividend[row, name], bonus[row, name] = terms
                reference = int(half_up(_ex(last, *terms)) * 100)
            if row > listed and rng.random() < 0.03:
                level *= float(rng.choice([1.5, 1.02, 0.25]))
                if not (dividend[row, name] or bonus[row, name]):
                    reference = max(int(last / (level / factor[row - 1, name])), 1)
            factor[row, name] = level
            last = reference
            if rng.random() < 0.08:
                continue
            down, up = limits(code, dates[row].item(), Decimal(max(last, 2)) / 100)
            low, high = int(down * 100), int(up * 100)
            price[row, name] = _between(rng, low, high)
            close[row, name] = last = _between(rng, low, high)
    return RawBars(
        dates=dates,
        instruments=codes,
        price_fen=price,
        close_fen=close,
        dividend=dividend,
        bonus=bonus,
        factor=factor,
    )


def _draw_terms(rng: np.random.Generator, last: int) -> tuple[float, float]:
    dividend = round(float(rng.uniform(0, last / 300)), 4) if rng.random() < 0.7 else 0.0
    bonus = float(rng.choice([0.1, 0.3, 1.0, 0.123])) if dividend == 0 or rng.random() < 0.4 else 0
    return dividend, bonus


def _ex(last: int, dividend: float, bonus: float) -> Decimal:
    return (Decimal(last) / 100 - Decimal(str(dividend))) / (1 + Decimal(str(bonus)))


def _between(rng: np.random.Generator, low: int, high: int) -> int:
    if rng.random() < 0.12:
        return int(rng.choice([low, high]))
    middle = (low + high) / 2
    drawn = rng.normal(middle, (high - low) / 8)
    return int(np.clip(round(drawn), max(low, 1), high))


def draw_scores(seed: int, bars: RawBars, *, missing: float = 0.15) -> np.ndarray:
    rng = np.random.default_rng(seed + 1)
    scores = rng.normal(size=bars.close_fen.shape)
    scores[rng.random(scores.shape) < missing] = np.nan
    return scores


def draw_rules(seed: int) -> SimulationRules:
    rng = np.random.default_rng(seed + 2)
    is_buffer = rng.random() < 0.25
    return SimulationRules(
        topk=int(rng.integers(1, 5)),
        n_drop=int(rng.integers(0, 4)),
        strategy="topk_buffer" if is_buffer else "topk_dropout",
        buy_suggestion_factor=int(rng.integers(1, 4)),
        only_tradable=bool(rng.integers(2)),
        corrected=is_buffer or bool(rng.random() < 0.7),
        hold_thresh=int(rng.choice([0, 1, 1, 3])),
        risk_degree=float(rng.choice([0.95, 1.0, 0.6])),
        is_replacing=bool(rng.integers(2)),
    )


def inputs_of(bars: RawBars, deposits_fen: np.ndarray | None = None) -> SessionInputs:
    return session_inputs(bars, CN_RULES, deposits_fen=deposits_fen)


def plain_market(bars: RawBars) -> PlainMarket:
    def money(rows):
        return [[Decimal(int(fen)) / 100 if fen else None for fen in row] for row in rows]

    def number(rows):
        return [[Decimal(str(value)) for value in row] for row in rows]

    factor = [[None if np.isnan(value) else float(value) for value in row] for row in bars.factor]
    return PlainMarket(
        days=[day.item() for day in bars.dates],
        codes=list(bars.instruments),
        price=money(bars.price_fen),
        close=money(bars.close_fen),
        dividend=number(bars.dividend),
        bonus=number(bars.bonus),
        factor=factor,
    )


def plain_settings(rules: SimulationRules) -> Settings:
    return Settings(
        topk=rules.topk,
        n_drop=rules.n_drop,
        factor=rules.buy_suggestion_factor,
        strategy=rules.strategy,
        only_tradable=rules.only_tradable,
        corrected=rules.corrected,
        hold_thresh=rules.hold_thresh,
        risk_degree=Decimal(str(rules.risk_degree)),
        is_replacing=rules.is_replacing,
    )
