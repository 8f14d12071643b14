"""A workspace's market, rules and strategy as one setting, prepared once for many simulations.

The setting is everything a backtest depends on besides the scores, and its fingerprint is a hash of
that: two runs with equal fingerprints and equal scores have equal results. Its rule book, fees and
lots are those that orders and the paper broker use.

Conventions: rows are the sessions from `start` to `end`; nothing after `end` is read. The account
opens with cash at the close of the first row, when the first signal is known, so nothing trades in
that row, and the benchmark's return counts from it too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.backtest.bars import (
    check_deal_price,
    load_adjusted_bars,
    load_before,
    load_benchmark,
    load_raw_bars,
)
from quantpits.backtest.qlib_calendar import backtest_calendar
from quantpits.backtest.rules import (
    CURRENCIES,
    exchange_words,
    qlib_exchange,
    simulation_rules,
    workspace_rules,
)
from quantpits.config import ModelConfig, StrategyConfig, StrategySettings, resolve_strategy
from quantpits.errors import Finding, MissingDataError, UsageError
from quantpits.market import MarketSource, data_fingerprint, load_calendar, resolve_market
from quantpits.trading import (
    PERIODS_PER_YEAR,
    RISK_FREE_ANNUAL,
    QlibSteps,
    cny_to_fen,
    qlib_inputs,
    qlib_steps,
    session_inputs,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from quantpits.market import DateArray, FloatArray
    from quantpits.trading import (
        Execution,
        Frequency,
        QlibInputs,
        RuleBook,
        SessionInputs,
        SimulationRules,
    )
    from quantpits.workspace import Workspace

__all__ = ["BacktestSetting", "backtest_setting"]

WEEKS_PER_YEAR: Final = 52
_FINGERPRINT_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BacktestSetting:
    """Everything a backtest depends on besides the scores.

    Attributes
    ----------
    execution : {"next_session", "qlib"}
        The timing; see decision 7.
    frequency : {"day", "week"}
        How often the strategy trades.
    rules : SimulationRules
        The strategy.
    deal_price : {"open", "close", "vwap"}
        Price that is traded.
    account_fen : int
        Starting cash [fen].
    dates : datetime64[D] [T]
        Rows that scores are placed on. In ``qlib`` they begin with the step before the first, whose
        scores it trades on.
    instruments : tuple of str [N]
        Columns, sorted.
    session : SessionInputs or None
        The market in live timing; None in ``qlib``.
    qlib : QlibInputs or None
        The market in Qlib's timing; None in ``next_session``.
    benchmark : str
        Code of the index.
    benchmark_nav : float64 [T]
        Its level, without NaN [points].
    market : MarketSource
        Where the prices lie.
    start, end : date
        First and last session of the backtest.
    exchange : str
        Costs, lots and limits in words.
    findings : tuple of Finding
        Where configuration files disagree, and what is odd in the data.
    fingerprint : str
        Hash of everything above and of the market data, 64 hexadecimal digits.
    """

    execution: Execution
    frequency: Frequency
    rules: SimulationRules
    deal_price: str
    account_fen: int
    dates: DateArray
    instruments: tuple[str, ...]
    session: SessionInputs | None
    qlib: QlibInputs | None
    benchmark: str
    benchmark_nav: FloatArray
    market: MarketSource
    start: date
    end: date
    exchange: str
    findings: tuple[Finding, ...]
    fingerprint: str

    @property
    def account_cny(self) -> float:
        """Starting cash [CNY]."""
        return self.account_fen / 100

    @property
    def market_label(self) -> str:
        """What to call the market in a report."""
        return self.market.label

    @property
    def periods_per_year(self) -> int:
        """Rows of a result in a year: 252, and 52 in Qlib's weekly steps."""
        is_weekly = self.execution == "qlib" and self.frequency == "week"
        return WEEKS_PER_YEAR if is_weekly else PERIODS_PER_YEAR

    def description(self) -> list[str]:
        """Return the conventions of the backtest as lines for the head of a report.

        Returns
        -------
        list of str
            Market and dates, timing, strategy, exchange, and what the figures mean.
        """
        rules = self.rules
        if self.execution == "next_session":
            when = (
                "every session" if self.frequency == "day" else "the first session of each ISO week"
            )
            timing = (
                f"next_session: signals known at a close trade in the next session, {when}, at its "
                f"{self.deal_price}; valued every session"
            )
        else:
            timing = (
                f"qlib: each {self.frequency} trades last {self.frequency}'s signal at its own "
                f"last {self.deal_price}, as Qlib's executor does; for parity, not for choosing"
            )
        return [
            f"Market: {self.market_label}",
            (
                f"Dates: {self.start} to {self.end}, {self._n_rows()} {self._row_name()}, "
                f"{len(self.instruments)} instruments"
            ),
            f"Timing: {timing}",
            (
                f"Strategy: {rules.strategy}, TopK {rules.topk}, DropN {rules.n_drop}, "
                f"risk degree {rules.risk_degree:g}"
                f"{'' if rules.corrected else ', as Qlib has it (not corrected)'}"
            ),
            f"Account: {self.account_cny:,.2f} {CURRENCIES[self.market.region]}; {self.exchange}",
            (
                f"Figures: net of all costs, compounded, {self.periods_per_year} periods a year, "
                f"risk-free {RISK_FREE_ANNUAL:.2%} a year, drawdown from the initial capital on; "
                f"excess over {self.benchmark} geometric"
            ),
        ]

    def _n_rows(self) -> int:
        return self.dates.size if self.qlib is None else self.qlib.dates.size

    def _row_name(self) -> str:
        if self.qlib is None:
            return "sessions"
        return "daily steps" if self.frequency == "day" else "weekly steps"


def backtest_setting(
    workspace: Workspace,
    *,
    instruments: Iterable[str],
    start: date,
    end: date,
    frequency: Frequency | None = None,
    execution: Execution | None = None,
) -> BacktestSetting:
    """Prepare a backtest of a workspace's strategy on its market.

    Parameters
    ----------
    workspace : Workspace
        Whose configuration and market.
    instruments : iterable of str
        Everything that any of the scores names, in any order.
    start, end : date
        First and last day, both inclusive; moved inwards to sessions with data.
    frequency : {"day", "week"}, optional
        That of ``model_config.json`` by default.
    execution : {"next_session", "qlib"}, optional
        That of ``strategy_config.yaml`` by default.

    Returns
    -------
    BacktestSetting
        For any number of simulations.

    Raises
    ------
    ConfigError
        If a configuration file is wrong.
    UsageError
        If TopK is larger than the universe, or the dates are the wrong way round.
    MissingDataError
        If no session lies in the range, an instrument, the benchmark or the price to trade at is
        not in the market, or nothing has a price.
    DataError
        If an instrument has no board, or the calendar has no session after the last step of a
        backtest in Qlib's timing.
    """
    model_config, strategy_config = workspace.read_config(ModelConfig, StrategyConfig)
    settings, findings = resolve_strategy(strategy_config, model_config)
    market = resolve_market(workspace)
    mode = execution or settings.execution
    pace = frequency or model_config.freq
    columns = tuple(sorted(set(instruments)))
    rules = simulation_rules(settings, mode)
    _check_universe(columns, rules.topk)
    check_deal_price(settings.deal_price)
    days = _sessions(market, start, end)
    book = workspace_rules(market, settings)
    session, qlib = None, None
    if mode == "qlib":
        qlib, dates = _qlib_market(market, columns, settings=settings, frequency=pace, days=days)
    else:
        session = _session_market(market, columns, settings=settings, book=book, days=days)
        dates = session.dates
    level, n_carried = load_benchmark(market, model_config.benchmark, dates=dates)
    return _with_fingerprint(
        BacktestSetting(
            execution=mode,
            frequency=pace,
            rules=rules,
            deal_price=settings.deal_price,
            account_fen=cny_to_fen(settings.account_cny),
            dates=dates,
            instruments=columns,
            session=session,
            qlib=qlib,
            benchmark=model_config.benchmark,
            benchmark_nav=level,
            market=market,
            start=days[0].item(),
            end=days[-1].item(),
            exchange=exchange_words(market, settings, qlib=qlib),
            findings=(*findings, *_benchmark_findings(model_config.benchmark, n_carried)),
            fingerprint="",
        ),
        book,
    )


def _check_universe(instruments: tuple[str, ...], topk: int) -> None:
    if not instruments:
        raise MissingDataError("A backtest has no instrument.", hint="The scores are empty.")
    if topk > len(instruments):
        raise UsageError(
            "TopK is larger than the universe.",
            where="config/strategy_config.yaml or config/model_config.json",
            expected=f"at most {len(instruments)}, the number of scored instruments",
            found=topk,
            hint="Lower TopK, or score more instruments.",
        )


def _sessions(market: MarketSource, start: date, end: date) -> DateArray:
    """Return the sessions with data in a closed range."""
    if start > end:
        raise UsageError(
            "The dates of a backtest are the wrong way round.",
            expected="a start on or before the end",
            found=f"{start} to {end}",
        )
    sessions = load_calendar(market).sessions
    low = int(np.searchsorted(sessions, np.datetime64(start), side="left"))
    high = int(np.searchsorted(sessions, np.datetime64(end), side="right"))
    if low >= high:
        raise MissingDataError(
            "No session with data lies in the backtest's dates.",
            where=f"{start} to {end}",
            expected=f"dates from {sessions[0]} to {sessions[-1]}",
        )
    return sessions[low:high]


def _session_market(
    market: MarketSource,
    instruments: tuple[str, ...],
    *,
    settings: StrategySettings,
    book: RuleBook,
    days: DateArray,
) -> SessionInputs:
    bars = load_raw_bars(
        market,
        instruments,
        start=days[0].item(),
        end=days[-1].item(),
        deal_price=settings.deal_price,
    )
    before = load_before(market, instruments, day=days[0].item(), rules=book)
    return session_inputs(bars, book, before=before)


def _qlib_market(
    market: MarketSource,
    instruments: tuple[str, ...],
    *,
    settings: StrategySettings,
    frequency: Frequency,
    days: DateArray,
) -> tuple[QlibInputs, DateArray]:
    """Cut the market into Qlib's steps; rows begin with the step before the first."""
    start, end = days[0].item(), days[-1].item()
    known, _ = backtest_calendar(market, end)
    steps = qlib_steps(known, start=start, end=end, frequency=frequency)
    first, stop = int(min(steps.signal_first[0], steps.first[0])), int(steps.stop[-1])
    dates = load_calendar(market).sessions[first:stop]
    bars = load_adjusted_bars(
        market, instruments, dates=dates, first_row=first, deal_price=settings.deal_price
    )
    shifted = QlibSteps(*(rows - first for rows in steps))
    return qlib_inputs(bars, shifted, exchange=qlib_exchange(market, settings)), dates


def _benchmark_findings(code: str, n_carried: int) -> tuple[Finding, ...]:
    if not n_carried:
        return ()
    message = f"the benchmark has no close in {n_carried} sessions; the one before stands for it"
    return (Finding("BKT001", "warning", message, "backtest", code),)


def _with_fingerprint(setting: BacktestSetting, book: RuleBook) -> BacktestSetting:
    qlib = setting.qlib
    facts = {
        "version": _FINGERPRINT_VERSION,
        "market": data_fingerprint(setting.market),
        "region": setting.market.region,
        "execution": setting.execution,
        "frequency": setting.frequency,
        "rules": asdict(setting.rules),
        "deal_price": setting.deal_price,
        "account_fen": setting.account_fen,
        "dates": [str(day) for day in setting.dates],
        "start": str(setting.start),
        "instruments": setting.instruments,
        "benchmark": setting.benchmark,
        "rule_book": repr(book) if qlib is None else "",
        "exchange": setting.exchange if qlib is None else repr(qlib.exchange),
    }
    text = json.dumps(facts, sort_keys=True)
    return replace(setting, fingerprint=hashlib.sha256(text.encode()).hexdigest())
