"""The divergence report: from order to fill to account value, by instrument and week, to the cent.

For an account whose orders came from here and whose fills came from a broker. The plan is what the
orders would have come to, filled in full at the session's price; every fen between the plan and the
books has a cause. Plan, causes and deposits add up to the change of the account value, by
instrument, by week and in all, or the report is refused.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest import workspace_rules
from quantpits.config import StrategySettings, resolve_strategy
from quantpits.errors import DataError, Finding, MissingDataError, UnbalancedError, UsageError
from quantpits.market import load_calendar, resolve_market
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.prices import closes_of, known_instruments
from quantpits.routine.account_rows import AccountRows, held_instruments, ledger_rows, mark_mills
from quantpits.routine.attribution import Comparison, attribute, result_fen
from quantpits.routine.divergence_files import FillLine, write_divergence
from quantpits.routine.divergence_request import DivergenceReport, DivergenceRequest, WeekLine
from quantpits.routine.loop_request import CAUSES
from quantpits.routine.paper_market import PaperMarket, load_paper_market
from quantpits.routine.paper_orders import OrderLine, has_orders, read_order_lines
from quantpits.routine.planned_rows import Segment, planned_rows, segments_of
from quantpits.trading import is_whole_lots, is_whole_lots_sale
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from quantpits.market import MarketSource
    from quantpits.post_trade.journal import Journal
    from quantpits.routine.attribution import Difference
    from quantpits.trading import Order
    from quantpits.trading.kernels import IntArray
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["run"]

_SOURCE = "divergence"
# A fill this far from the session's price is more likely a mistake of data than of trading.
_ODD_PRICE = 0.02
_MILLS_A_CNY = 1000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Loaded:
    """The account, the orders and the market, over the sessions looked at."""

    sessions: tuple[date, ...]
    instruments: tuple[str, ...]
    account: AccountRows
    marks: IntArray
    orders: Mapping[date, tuple[OrderLine, ...]]
    market: PaperMarket
    max_positions: int | None


def run(
    workspace: Workspace, request: DivergenceRequest, *, progress: Progress = SILENT
) -> DivergenceReport:
    """Hold the books against the orders.

    Parameters
    ----------
    workspace : Workspace
        Whose account.
    request : DivergenceRequest
        Which sessions and orders.
    progress : Progress
        Told about the stages.

    Returns
    -------
    DivergenceReport
        Weeks and instruments, with what made the difference.

    Raises
    ------
    UsageError
        If the dates are the wrong way round.
    MissingDataError
        If the books have no session in the dates, or the market not the one before them.
    CorruptArtifactError
        If the ledger or an order file cannot be read.
    UnbalancedError
        If the parts do not add up.
    """
    with progress.stage("Reading books, orders and prices"):
        loaded = _load(workspace, request)
    refused: list[Finding] = []
    lines: list[Difference] = []
    planned = np.zeros_like(loaded.account.shares)
    wanted = {
        day: tuple(line.order for line in orders if line.order.role == "primary")
        for day, orders in loaded.orders.items()
    }
    segments = segments_of(loaded.sessions, wanted)
    with progress.stage("Holding the account against its orders", len(segments)) as advance:
        for segment in segments:
            comparison = _comparison(loaded, segment, refused=refused)
            lines += attribute(comparison)
            for row in range(segment.first, segment.stop):
                planned[row] = _results(comparison, row - segment.first)
            advance()
    weeks = _weeks(loaded, planned, lines)
    nav_before = _nav_before(loaded)
    report = DivergenceReport(
        workspace=workspace.name,
        outputs=(),
        findings=(*refused, *_findings(loaded)),
        changed=False,
        sessions=loaded.sessions,
        lines=weeks,
        nav_before_fen=nav_before,
        nav_after_fen=int(loaded.account.nav[-1]),
        deposits_fen=int(loaded.account.deposits.sum()),
    )
    _check_closes(report)
    if request.dry_run:
        return report
    with writer_lock(workspace, _SOURCE):
        return write_divergence(workspace, report, fills=tuple(_fills(loaded)))


def _load(workspace: Workspace, request: DivergenceRequest) -> _Loaded:
    journal = load_journal(workspace.ledger_path)
    sessions = _sessions(journal, request)
    source = resolve_market(workspace)
    config = workspace.prod_config()
    settings, _ = resolve_strategy(workspace.strategy_config(), workspace.model_config(), config)
    orders = {
        day: read_order_lines(workspace, label=request.label, trade_date=day)
        for day in sessions
        if has_orders(workspace, label=request.label, trade_date=day)
    }
    ordered = {line.order.instrument for lines in orders.values() for line in lines}
    instruments = tuple(
        sorted(held_instruments(journal, start=sessions[0], end=sessions[-1]) | ordered)
    )
    market = _market(source, settings, instruments, sessions=sessions)
    account = ledger_rows(journal, instruments=instruments, sessions=sessions)
    marks = mark_mills(journal, market, instruments=instruments)
    _price_opening(source, instruments, account, marks=marks, day=market.dates[0].item())
    return _Loaded(
        sessions=sessions,
        instruments=instruments,
        account=account,
        marks=marks,
        orders=orders,
        market=market,
        max_positions=settings.topk if settings.corrected else None,
    )


def _sessions(journal: Journal, request: DivergenceRequest) -> tuple[date, ...]:
    start, end = request.start, request.end
    if start is not None and end is not None and start > end:
        raise UsageError(
            "The dates are the wrong way round.", where="--from, --to", found=f"{start} to {end}"
        )
    sessions = tuple(
        each.settle_date
        for each in journal.sessions
        if (start is None or start <= each.settle_date) and (end is None or each.settle_date <= end)
    )
    if not sessions:
        raise MissingDataError(
            "The books have no session in these days.",
            where=f"{start or 'the beginning'} to {end or 'the end'}",
            hint="process the broker's files first: quantpits post-trade",
        )
    return sessions


def _market(
    source: MarketSource,
    settings: StrategySettings,
    instruments: tuple[str, ...],
    *,
    sessions: tuple[date, ...],
) -> PaperMarket:
    """Read what the market has and the rule book covers, from the session before the first."""
    calendar = load_calendar(source)
    rules = workspace_rules(source, settings)
    covered = []
    for name in sorted(known_instruments(source, calendar, instruments=instruments)):
        try:
            rules.board(name)
        except DataError:
            continue  # a fund, say: it is held at the books' own marks and never planned
        covered.append(name)
    if not covered:
        raise MissingDataError(
            "The market has none of the instruments of the account.",
            where=source.label,
            hint="bring the market data up to date, or name the market of this account",
        )
    before = calendar.previous_session(sessions[0])
    return load_paper_market(source, settings, instruments=covered, days=(before, sessions[-1]))


def _price_opening(
    source: MarketSource,
    instruments: tuple[str, ...],
    account: AccountRows,
    *,
    marks: IntArray,
    day: date,
) -> None:
    """Price what was held before the first session and the rule book does not cover, in `marks`."""
    columns = np.flatnonzero((account.before != 0) & (marks[0] == 0))
    names = [instruments[column] for column in columns]
    calendar = load_calendar(source)
    known = sorted(known_instruments(source, calendar, instruments=names))
    if known:
        quotes = closes_of(source, calendar, instruments=known, through=day)
        for name, closes in zip(quotes.instruments, quotes.close.T, strict=True):
            traded = closes[np.isfinite(closes)]
            if traded.size:
                marks[0, instruments.index(name)] = round(float(traded[-1]) * _MILLS_A_CNY)
    # What the market does not know at all has no result in the first session.
    for column in columns:
        if marks[0, column] == 0:
            marks[0, column] = marks[1, column]


def _comparison(loaded: _Loaded, segment: Segment, *, refused: list[Finding]) -> Comparison:
    """Put the account and its plan side by side over one segment."""
    rows = slice(segment.first, segment.stop)
    account = _sliced(loaded.account, rows)
    # The market and the marks begin one session earlier.
    shifted = slice(segment.first + 1, segment.stop + 1)
    tables = loaded.market.inputs.tables
    payable = tuple(_payable(loaded, segment, account, refused=refused))
    names = loaded.instruments
    plan = Segment(segment.first + 1, segment.stop + 1, payable)
    ordered = np.zeros_like(account.traded)
    for order in segment.orders:
        sign = 1 if order.side == "buy" else -1
        ordered[0, names.index(order.instrument)] = sign * order.shares
    return Comparison(
        sessions=loaded.sessions[rows],
        instruments=names,
        account=account,
        reference=planned_rows(
            account,
            plan,
            market=loaded.market,
            instruments=names,
            marks=loaded.marks[shifted],
            max_positions=loaded.max_positions,
        ),
        ordered=ordered,
        price_fen=loaded.market.on_columns(tables.price[shifted], names),
        mark_mills=loaded.marks[shifted],
        mark_before=loaded.marks[segment.first],
        reference_mills=loaded.marks[shifted],
        reference_before=loaded.marks[segment.first],
        dividend_e6=loaded.market.on_columns(tables.dividend_e6[shifted], names),
        bonus_e6=loaded.market.on_columns(tables.bonus_e6[shifted], names),
    )


def _payable(
    loaded: _Loaded, segment: Segment, account: AccountRows, *, refused: list[Finding]
) -> Iterator[Order]:
    """Yield the orders that a broker would take."""
    day = loaded.sessions[segment.first]
    for order in segment.orders:
        problem = _problem(loaded, order, day, account=account)
        if problem:
            message = f"{order.side} {order.shares} of {order.instrument} on {day}: {problem}"
            refused.append(Finding("DIV004", "warning", message, _SOURCE, order.instrument))
        else:
            yield order


def _problem(loaded: _Loaded, order: Order, day: date, *, account: AccountRows) -> str:
    if order.instrument not in loaded.market.instruments:
        return "the market data or the rule book do not have it, so nothing is planned"
    rules = loaded.market.session(day, [order.instrument]).rules
    minimum, step = int(rules.minimum_shares[0]), int(rules.step_shares[0])
    if order.side == "buy":
        is_whole = is_whole_lots(order.shares, minimum_shares=minimum, step_shares=step)
        return "" if is_whole else "not whole lots, so nothing is planned"
    held = int(account.before[loaded.instruments.index(order.instrument)])
    is_whole = is_whole_lots_sale(order.shares, held, minimum_shares=minimum, step_shares=step)
    return "" if is_whole else f"{held} were held; nothing is planned"


def _sliced(account: AccountRows, rows: slice) -> AccountRows:
    before = account.before if rows.start == 0 else account.shares[rows.start - 1]
    return AccountRows(
        before=before,
        shares=account.shares[rows],
        traded=account.traded[rows],
        notional=account.notional[rows],
        fee=account.fee[rows],
        other=account.other[rows],
        deposits=account.deposits[rows],
        income=account.income[rows],
        nav=account.nav[rows],
        cash=account.cash[rows],
    )


def _results(comparison: Comparison, row: int) -> IntArray:
    """Return what each instrument would have brought in a session of the plan [fen]."""
    before = comparison.mark_before if row == 0 else comparison.mark_mills[row - 1]
    marks = zip(before.tolist(), comparison.mark_mills[row].tolist(), strict=True)
    found = [
        result_fen(comparison.reference, (row, column), marks=pair)
        for column, pair in enumerate(marks)
    ]
    return np.array(found, dtype=np.int64)


def _weeks(loaded: _Loaded, planned: IntArray, lines: list[Difference]) -> tuple[WeekLine, ...]:
    """Return one line for each week and instrument with a result or a difference."""
    last_of = {day.isocalendar()[:2]: day for day in loaded.sessions}
    weeks = [last_of[day.isocalendar()[:2]] for day in loaded.sessions]
    plans: defaultdict[tuple[date, str], int] = defaultdict(int)
    actual: defaultdict[tuple[date, str], int] = defaultdict(int)
    parts: defaultdict[tuple[date, str], dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(CAUSES, 0)
    )
    for row, week in enumerate(weeks):
        for column, name in enumerate(loaded.instruments):
            marks = (int(loaded.marks[row, column]), int(loaded.marks[row + 1, column]))
            plans[week, name] += int(planned[row, column])
            actual[week, name] += result_fen(loaded.account, (row, column), marks=marks)
        plans[week, ""] += int(loaded.account.income[row])
        actual[week, ""] += int(loaded.account.income[row])
    week_of = dict(zip(loaded.sessions, weeks, strict=True))
    for line in lines:
        parts[week_of[line.session], line.instrument][line.cause] += line.fen
    found = []
    for key in sorted(plans):
        week_line = WeekLine(
            week=key[0],
            instrument=key[1],
            planned_fen=plans[key],
            parts=dict(parts[key]),
            actual_fen=actual[key],
        )
        if week_line.planned_fen or week_line.actual_fen or any(week_line.parts.values()):
            found.append(week_line)
    return tuple(found)


def _nav_before(loaded: _Loaded) -> int:
    """Return the account value before the first session [fen]."""
    account = loaded.account
    moved = account.other[0] - account.notional[0] - account.fee[0]
    cash = int(account.cash[0] - moved.sum() - account.deposits[0] - account.income[0])
    values = (2 * account.before * loaded.marks[0] + 10) // 20
    return cash + int(values.sum())


def _check_closes(report: DivergenceReport) -> None:
    """Refuse a report whose parts do not add up, line by line and in all."""
    for line in report.lines:
        if line.planned_fen + sum(line.parts.values()) != line.actual_fen:
            raise UnbalancedError(
                "The parts of a week do not add up.",
                where=f"{line.instrument or 'cash'}, week of {line.week}",
                expected=f"{line.actual_fen} fen",
                found=f"{line.planned_fen + sum(line.parts.values())} fen",
            )
    change = sum(line.actual_fen for line in report.lines) + report.deposits_fen
    if report.nav_before_fen + change != report.nav_after_fen:
        raise UnbalancedError(
            "The results do not add up to the change of the account value.",
            expected=f"{report.nav_after_fen} fen",
            found=f"{report.nav_before_fen + change} fen",
        )


def _fills(loaded: _Loaded) -> Iterator[FillLine]:
    """Yield what was ordered or traded: from the close it was decided at to the fill."""
    prices = loaded.market.on_columns(loaded.market.inputs.tables.price[1:], loaded.instruments)
    for row, day in enumerate(loaded.sessions):
        lines = {
            line.order.instrument: line
            for line in loaded.orders.get(day, ())
            if line.order.role == "primary"
        }
        for column, name in enumerate(loaded.instruments):
            traded = int(loaded.account.traded[row, column])
            line = lines.get(name)
            if not traded and line is None:
                continue
            sign = 0 if line is None else 1 if line.order.side == "buy" else -1
            yield FillLine(
                session=day,
                instrument=name,
                ordered=0 if line is None else sign * line.order.shares,
                traded=traded,
                decided_fen=0 if line is None else line.close_fen,
                session_fen=int(prices[row, column]),
                notional_fen=int(loaded.account.notional[row, column]),
                fee_fen=int(loaded.account.fee[row, column]),
            )


def _findings(loaded: _Loaded) -> Iterator[Finding]:
    if not loaded.orders:
        message = "There is no order file in these days; every trade counts as one without orders."
        yield Finding("DIV005", "warning", message, _SOURCE)
    for fill in _fills(loaded):
        what = f"{fill.instrument} on {fill.session}"
        if fill.ordered and abs(fill.traded) < abs(fill.ordered):
            message = f"{what}: {abs(fill.traded)} of {abs(fill.ordered)} shares traded"
            yield Finding("DIV001", "warning", message, _SOURCE, fill.instrument)
        if fill.traded and not fill.ordered:
            message = f"{what}: {fill.traded:+d} shares traded without an order"
            yield Finding("DIV002", "warning", message, _SOURCE, fill.instrument)
        if fill.traded and fill.session_fen:
            away = fill.notional_fen / (fill.traded * fill.session_fen) - 1
            if abs(away) > _ODD_PRICE:
                message = f"{what}: traded {away:+.2%} from the session's price"
                yield Finding("DIV003", "warning", message, _SOURCE, fill.instrument)
