"""Post-trade as a step: settlement files to the ledger, the ledger to the workspace's files.

Everything is read and computed before the first session is posted. Each session is one transaction;
the files of the workspace follow from the ledger afterwards, so a run that is killed anywhere is
finished by running it again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from quantpits.config import CashflowConfig, ProdConfig
from quantpits.errors import BooksMismatchError, Finding, MissingDataError, UsageError, name_list
from quantpits.market import load_benchmark_close, load_calendar, load_quotes, resolve_market
from quantpits.post_trade import files, ledger
from quantpits.post_trade.batch import Batch, Inputs, Prices, plan_batch
from quantpits.post_trade.brokers import Effect, adapter_for
from quantpits.post_trade.brokers.effects import BrokerTypes, declared_rules
from quantpits.post_trade.fold import books_at, last_marks
from quantpits.post_trade.request import PostTradeReport
from quantpits.post_trade.state import config_books, is_shown
from quantpits.post_trade.valuation import exact_price
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.manifest import write_manifest
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from quantpits.market import MarketSource, TradingCalendar
    from quantpits.post_trade.journal import Journal
    from quantpits.post_trade.request import PostTradeRequest
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What was read, and what reading it showed."""

    inputs: Inputs
    market: str
    findings: tuple[Finding, ...]


def run(
    workspace: Workspace, request: PostTradeRequest, *, progress: Progress = SILENT
) -> PostTradeReport:
    """Process every session since the last one.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    request : PostTradeRequest
        What to process.
    progress : Progress
        Is told about the sessions.

    Returns
    -------
    PostTradeReport
        What was posted and written; `changed` is False where everything was already so.

    Raises
    ------
    ConfigError
        If a config file is wrong.
    UsageError
        If the request contradicts the files.
    MissingArtifactError
        If a session has no settlement file.
    BrokerFileError, UnknownTradeTypeError
        If a settlement file cannot be booked.
    NegativePositionError, BooksMismatchError
        If the books would be wrong.
    MissingDataError
        If a holding has no price.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    lock = contextlib.nullcontext() if request.dry_run else writer_lock(workspace, "post-trade")
    with lock:
        loaded = _load(workspace, request, progress=progress)
        batch = plan_batch(loaded.inputs)
        return _commit(workspace, request, loaded, batch=batch, progress=progress)


def _load(workspace: Workspace, request: PostTradeRequest, *, progress: Progress) -> _Loaded:
    config, cashflow, declared = workspace.read_config(ProdConfig, CashflowConfig, BrokerTypes)
    assert isinstance(config, ProdConfig)  # required files are never None
    assert isinstance(cashflow, CashflowConfig)
    assert declared is None or isinstance(declared, BrokerTypes)
    adapter = adapter_for(request.broker or config.broker)
    rules = declared_rules(declared)
    if not request.dry_run:
        ledger.migrate(workspace.ledger_path)
    journal = ledger.load_journal(workspace.ledger_path)
    _check_unaltered(journal, workspace)
    source = resolve_market(workspace)
    calendar = load_calendar(source)
    last_date = journal.last_date if journal.is_open else config.cursor
    sessions = _sessions(calendar, last_date, request.end_date)
    _check_assumed(request.assume_empty, sessions, journal)
    files.check_imported_files(workspace, journal, adapter=adapter, rules=rules)
    with progress.stage("Reading settlements", total=len(sessions)) as advance:
        settlements = files.load_settlements(
            workspace,
            sessions,
            adapter=adapter,
            rules=rules,
            assume_empty=set(request.assume_empty) & set(sessions),
        )
        advance(len(sessions))
    inputs = Inputs(
        config=config,
        cashflow=cashflow,
        journal=journal,
        settlements=settlements,
        prices=Prices((), {}),
        adopt=request.adopt,
        verbose=request.verbose,
    )
    prices = _load_prices(source, calendar, inputs)
    findings = _calendar_findings(calendar, last_date, request.end_date)
    return _Loaded(replace(inputs, prices=prices), source.label, findings)


def _sessions(calendar: TradingCalendar, last_date: date, end_date: date | None) -> list[date]:
    end = calendar.last_session if end_date is None else min(end_date, calendar.last_session)
    start = last_date + timedelta(days=1)
    return list(calendar.sessions_in(start, end)) if start <= end else []


def _check_unaltered(journal: Journal, workspace: Workspace) -> None:
    altered = journal.first_altered()
    if altered is not None:
        raise BooksMismatchError(
            "The ledger was altered by something else than this program.",
            where=f"{workspace.relative(workspace.ledger_path)}, {altered.settle_date}",
            expected="content that its digest was made of",
            hint="restore the file from a backup",
        )


def _check_assumed(assumed: Iterable[date], sessions: Sequence[date], journal: Journal) -> None:
    processed = {transaction.settle_date for transaction in journal.sessions}
    unknown = sorted(set(assumed) - set(sessions) - processed)
    if unknown:
        raise UsageError(
            f"--assume-empty names {name_list(unknown)}, which is no session to be processed.",
            expected=name_list(sessions) if sessions else "no date; there is nothing to process",
            hint="leave it out",
        )


def _calendar_findings(
    calendar: TradingCalendar, last_date: date, end_date: date | None
) -> tuple[Finding, ...]:
    last_session = calendar.last_session
    if last_session < last_date:
        text = f"The market data end on {last_session}, before the books ({last_date})."
        return (Finding("PTR010", "warning", text, "market", last_session.isoformat()),)
    if end_date is not None and last_session < end_date:
        text = f"The market data end on {last_session}; later sessions are not processed."
        return (Finding("PTR011", "info", text, "market", last_session.isoformat()),)
    return ()


def _load_prices(source: MarketSource, calendar: TradingCalendar, inputs: Inputs) -> Prices:
    """Read the closes of everything that may be held at the end of a session."""
    sessions = tuple(inputs.settlements)
    journal, config = inputs.journal, inputs.config
    is_adopting = inputs.adopt and journal.is_open
    if not sessions and not is_adopting:
        return Prices((), {})
    start = journal.last_date if is_adopting else sessions[0]
    end = sessions[-1] if sessions else start
    held = {*books_at(journal).positions, *config_books(config).positions}
    received = {
        line.instrument
        for settlement in inputs.settlements.values()
        if settlement is not None
        for line in settlement.statement.lines
        if line.effect in (Effect.BUY, Effect.BONUS_SHARES)
    }
    benchmark = _benchmark_closes(source, config.benchmark, start, end)
    instruments = sorted(held | received)
    if not instruments:
        return Prices((), benchmark)
    quotes = load_quotes(source, instruments, start, end, fields=("close", "bonus", "dividend"))
    marked = last_marks(journal)
    unpriced = [
        name
        for column, name in enumerate(instruments)
        if name not in marked and not quotes.is_traded[0, column]
    ]
    if not unpriced:
        return Prices((quotes,), benchmark)
    # Suspended since before the first session: its last close lies in the past.
    earlier = load_quotes(source, unpriced, calendar.first_session, start, fields=("close",))
    return Prices((quotes, earlier), benchmark)


def _benchmark_closes(
    source: MarketSource, benchmark: str, start: date, end: date
) -> dict[date, Decimal]:
    try:
        dates, closes = load_benchmark_close(source, benchmark, start, end)
    except MissingDataError:
        # The account does not depend on it; each session without one is reported.
        return {}
    return {
        day: exact_price(float(close))
        for day, close in zip(dates.tolist(), closes, strict=True)
        if np.isfinite(close)
    }


def _commit(
    workspace: Workspace,
    request: PostTradeRequest,
    loaded: _Loaded,
    *,
    batch: Batch,
    progress: Progress,
) -> PostTradeReport:
    inputs = loaded.inputs
    journal = batch.journal
    findings = [*loaded.findings, *batch.findings]
    outputs: list[Path] = []
    is_stale = journal.is_open and not is_shown(journal, inputs.config)
    if not request.dry_run and journal.is_open:
        if not inputs.journal.is_open:
            findings += files.back_up_before_opening(workspace)
        outputs = _write(workspace, inputs, batch, progress=progress)
    books = books_at(journal) if journal.is_open else config_books(inputs.config)
    return PostTradeReport(
        workspace=str(workspace.root),
        outputs=tuple(outputs),
        findings=tuple(findings),
        changed=bool(outputs or batch.transactions or (request.dry_run and is_stale)),
        is_dry_run=request.dry_run,
        market=loaded.market,
        last_date=journal.last_date if journal.is_open else inputs.config.cursor,
        cash_fen=books.cash_fen,
        n_positions=len(books.positions),
        adjustment=batch.adjustment,
        days=batch.days,
    )


def _write(workspace: Workspace, inputs: Inputs, batch: Batch, *, progress: Progress) -> list[Path]:
    """Post, then bring every file of the workspace up to the ledger; return what was written."""
    written: list[Path] = []
    is_unfinished = bool(batch.transactions or inputs.journal.unfinished)
    with contextlib.ExitStack() as stack:
        connection = (
            stack.enter_context(ledger.writing(workspace.ledger_path)) if is_unfinished else None
        )
        advance = stack.enter_context(progress.stage("Posting", total=len(batch.transactions)))
        head = inputs.journal.head
        for transaction in batch.transactions:
            assert connection is not None  # there is something to post
            head = ledger.append(connection, transaction, head=head)
            advance(note=transaction.settle_date.isoformat())
        if batch.transactions:
            written.append(workspace.ledger_path)
        written += files.write_logs(workspace, batch.journal)
        written += files.write_state(workspace, batch.journal, config=inputs.config)
        written += files.write_cashflow(workspace, batch.moved_flows)
        if connection is not None:
            written.append(_write_manifest(workspace, inputs, batch, outputs=written))
            ledger.mark_projected(connection)
    return written


def _write_manifest(
    workspace: Workspace, inputs: Inputs, batch: Batch, *, outputs: Sequence[Path]
) -> Path:
    """Record what was posted since the last run that finished."""
    posted = batch.journal.transactions[inputs.journal.n_projected :]
    last_date = batch.journal.last_date.isoformat()
    return write_manifest(
        workspace,
        f"post_trade_{last_date}",
        inputs={each.source.name: each.source.sha256 for each in posted if each.source is not None},
        # The ledger file is no function of the books alone; its digest stands below.
        outputs=[path for path in outputs if path != workspace.ledger_path],
        config={"model": inputs.config.model, "benchmark": inputs.config.benchmark},
        extra={
            "ledger_digest": batch.journal.head,
            "transactions": [f"{each.kind.value} {each.settle_date}" for each in posted],
        },
    )
