"""The paper broker: fill the orders of the past sessions at the market's prices, write its files.

It plays the one part of the loop that is not ours. Per session it takes the orders of that date,
the book after the session before, and the session's prices; what comes out is a settlement file as
the broker exports it, also for a session without trades. Post-trade reads those files like any
other.

Invariants: it never writes over a settlement file that says something else; it settles a session
only with data of that session; it works on a synthetic market, or on a workspace that is named a
paper account.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from quantpits.config import StrategySettings, resolve_strategy
from quantpits.errors import BrokerFileError, Finding, MissingDataError, UsageError
from quantpits.market import MarketSource, instrument_names, load_calendar, resolve_market
from quantpits.post_trade.cashflow import plan_flows
from quantpits.post_trade.ledger import load_journal
from quantpits.routine.gtja_export import is_paper_settlement, settlement_bytes, trade_type
from quantpits.routine.paper_market import PaperMarket, load_paper_market
from quantpits.routine.paper_orders import read_orders
from quantpits.routine.request import PaperReport, PaperRequest
from quantpits.routine.settlement import PaperBook, SettledSession, settle_session
from quantpits.trading import Order, cny_to_fen
from quantpits.workspace.atomic import write_bytes
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quantpits.routine.gtja_export import SettlementLine
    from quantpits.routine.slippage import Slippage
    from quantpits.trading import Fill
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Everything the settlement is computed from."""

    source: MarketSource
    sessions: tuple[date, ...]
    book: PaperBook
    orders: Mapping[date, tuple[Order, ...]]
    deposits_fen: Mapping[date, int]
    market: PaperMarket | None
    names: Mapping[str, str]
    settings: StrategySettings
    slippage: Slippage


def run(workspace: Workspace, request: PaperRequest, *, progress: Progress = SILENT) -> PaperReport:
    """Settle every session after the last processed one.

    Parameters
    ----------
    workspace : Workspace
        Whose orders and account.
    request : PaperRequest
        How far, and which orders.
    progress : Progress
        Told about every session.

    Returns
    -------
    PaperReport
        The sessions, the files, and what was not filled.

    Raises
    ------
    UsageError
        If the market is real and the workspace is not named a paper account, or is not Chinese.
    MissingDataError
        If the market ends before the session that is asked for.
    BrokerFileError
        If a settlement file exists that says something else.
    OrderError
        If an order is not payable.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    with nullcontext() if request.dry_run else writer_lock(workspace, "paper"):
        inputs = _load(workspace, request)

        settled: dict[date, SettledSession] = {}
        book = inputs.book
        with progress.stage("Settle on paper", len(inputs.sessions)) as advance:
            for session in inputs.sessions:
                settled[session] = _settle(inputs, book, session)
                book = settled[session].book
                advance(note=session.isoformat())

        return _commit(workspace, request, inputs, settled=settled)


def _load(workspace: Workspace, request: PaperRequest) -> _Inputs:
    source = resolve_market(workspace)
    _check_market(source, request)
    calendar = load_calendar(source)
    config = workspace.prod_config()
    through = request.through or calendar.last_session
    if through > calendar.last_session:
        raise MissingDataError(
            "The market has no prices for a session yet.",
            where=source.label,
            expected=f"a date through {calendar.last_session}",
            found=through,
            hint="bring the market up to date first",
        )
    sessions = tuple(calendar.sessions_in(config.cursor + timedelta(days=1), through))
    orders = {day: read_orders(workspace, label=request.label, trade_date=day) for day in sessions}
    shares = {each.instrument: each.value for each in config.current_holding if each.value}
    named = {order.instrument for day in sessions for order in orders[day]} | set(shares)
    settings, _ = resolve_strategy(workspace.strategy_config(), workspace.model_config(), config)
    market = None
    if sessions and named:
        market = load_paper_market(
            source, settings, instruments=named, days=(sessions[0], sessions[-1])
        )
    return _Inputs(
        source=source,
        sessions=sessions,
        book=PaperBook(cny_to_fen(config.current_cash), shares),
        orders=orders,
        deposits_fen=_deposits(workspace, sessions, config.cursor),
        market=market,
        names=instrument_names(source),
        settings=settings,
        slippage=request.slippage,
    )


def _deposits(workspace: Workspace, sessions: Sequence[date], cursor: date) -> dict[date, int]:
    """Return what post-trade is going to add from ``cashflow.json`` [fen], by session."""
    journal = load_journal(workspace.ledger_path)
    plan = plan_flows(
        workspace.cashflow(),
        sessions,
        opening_date=journal.opening_date if journal.is_open else cursor,
        last_date=journal.last_date if journal.is_open else cursor,
        unfinished=tuple(flow for posted in journal.unfinished for flow in posted.flows),
    )
    return {day: sum(flow.fen for flow in flows) for day, flows in plan.by_session.items()}


def _check_market(source: MarketSource, request: PaperRequest) -> None:
    if not source.is_synthetic and not request.paper_account:
        raise UsageError(
            "The paper broker does not settle on a real market.",
            where=source.label,
            expected="a synthetic market, or a workspace that is named a paper account",
            hint="if no real money is behind this workspace, say so with --paper-account",
        )
    if source.region != "cn":
        raise UsageError(
            "The paper broker writes settlement files of Chinese exchanges only.",
            where=source.label,
            expected="region cn",
            found=f"region {source.region}",
        )


def _settle(inputs: _Inputs, book: PaperBook, session: date) -> SettledSession:
    opening = PaperBook(book.cash_fen + inputs.deposits_fen.get(session, 0), book.shares)
    orders = inputs.orders[session]
    market = inputs.market
    if market is None:
        return settle_session(opening, (), market=None, actions={})
    ordered = tuple(order.instrument for order in orders)
    return settle_session(
        opening,
        orders,
        market=market.session(session, ordered) if orders else None,
        actions=market.actions(session),
        max_positions=inputs.settings.topk if inputs.settings.corrected else None,
        slippage=(inputs.slippage, market.volumes(session, ordered)),
    )


def _commit(
    workspace: Workspace,
    request: PaperRequest,
    inputs: _Inputs,
    *,
    settled: Mapping[date, SettledSession],
) -> PaperReport:
    files = {
        workspace.data_dir / f"{day.isoformat()}-table.xlsx": settlement_bytes(
            day, _named(result.lines, inputs.names), market=inputs.source.label
        )
        for day, result in settled.items()
    }
    for path, content in files.items():
        _check_existing(path, content)
    changed = [
        not path.is_file() if request.dry_run else write_bytes(path, content)
        for path, content in files.items()
    ]
    fills = [fill for result in settled.values() for fill in result.fills]
    lines = [line for result in settled.values() for line in result.lines]
    book = [inputs.book, *(result.book for result in settled.values())][-1]
    n_fills = sum(fill.shares > 0 for fill in fills)
    return PaperReport(
        workspace=workspace.name,
        outputs=tuple(files),
        findings=(
            *(finding for day in settled for finding in _findings(day, settled[day].fills)),
            *_consolidations(settled),
        ),
        changed=any(changed),
        sessions=inputs.sessions,
        n_fills=n_fills,
        n_events=len(lines) - n_fills,
        cash_cny=book.cash_fen / 100,
        dry_run=request.dry_run,
    )


def _named(lines: Sequence[SettlementLine], names: Mapping[str, str]) -> list[SettlementLine]:
    return [replace(line, name=names.get(line.instrument, line.instrument)) for line in lines]


def _check_existing(path: Path, content: bytes) -> None:
    """Refuse to touch a settlement file that says something else."""
    if not path.is_file() or path.read_bytes() == content:
        return
    is_own = is_paper_settlement(path)
    raise BrokerFileError(
        "A settlement file exists and says something else; it is not overwritten.",
        where=path,
        expected="no file, or the one that the paper broker would write now",
        found="an earlier paper settlement" if is_own else "a file that it did not make",
        hint="remove it if it is wrong"
        if is_own
        else "post-trade can process the file; there is nothing to settle on paper",
    )


def _findings(day: date, fills: Sequence[Fill]) -> list[Finding]:
    return [
        Finding(
            "PAP001",
            "info" if fill.order.role == "alternate" else "warning",
            f"{fill.order.side} {fill.order.shares} of {fill.order.instrument} on {day}: "
            f"{fill.shares} shares traded ({fill.reason})",
            "paper broker",
            fill.order.instrument,
        )
        for fill in fills
        if fill.reason not in {"filled", "not_needed"}
    ]


def _consolidations(settled: Mapping[date, SettledSession]) -> list[Finding]:
    return [
        Finding(
            "PAP002",
            "warning",
            f"{line.instrument} is consolidated on {day}; no broker's word for it is built in, so "
            "post-trade needs it declared in config/broker_types.yaml: types: "
            f"{{{trade_type(line.instrument, line.event)}: shares_out}}",
            "paper broker",
            line.instrument,
        )
        for day, result in settled.items()
        for line in result.lines
        if line.event == "consolidation"
    ]
