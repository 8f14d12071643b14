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

from quantpits.errors import Finding, UsageError, name_list
from quantpits.market import load_calendar, resolve_market
from quantpits.post_trade import files, ledger
from quantpits.post_trade.batch import Batch, Inputs, Prices, plan_batch
from quantpits.post_trade.broker_files import load_broker_files
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.intact import load_intact
from quantpits.post_trade.posting import Postings, post
from quantpits.post_trade.prices import load_prices
from quantpits.post_trade.request import PostTradeReport
from quantpits.post_trade.settlements import check_imported_files, load_settlements
from quantpits.post_trade.state import config_books, is_shown
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.market import TradingCalendar
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
    displaced: tuple[str, ...]


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
    config, cashflow, settlements = load_broker_files(workspace, request.broker)
    if not request.dry_run:
        ledger.migrate(workspace.ledger_path)
    journal = load_intact(workspace)
    source = resolve_market(workspace)
    calendar = load_calendar(source)
    last_date = journal.last_date if journal.is_open else config.cursor
    sessions = _sessions(calendar, last_date, request.end_date)
    _check_assumed(request.assume_empty, sessions, journal)
    displaced = check_imported_files(journal, settlements)
    with progress.stage("Reading settlements", total=len(sessions)) as advance:
        loaded = load_settlements(
            settlements,
            sessions,
            place=workspace.relative(workspace.data_dir),
            assume_empty=set(request.assume_empty) & set(sessions),
        )
        advance(len(sessions))
    inputs = Inputs(
        config=config,
        cashflow=cashflow,
        journal=journal,
        settlements=loaded,
        prices=Prices((), {}),
        adopt=request.adopt,
        verbose=request.verbose,
    )
    prices = load_prices(source, calendar, inputs=inputs)
    findings = _calendar_findings(calendar, last_date, request.end_date)
    return _Loaded(replace(inputs, prices=prices), source.label, findings, displaced)


def _sessions(calendar: TradingCalendar, last_date: date, end_date: date | None) -> list[date]:
    end = calendar.last_session if end_date is None else min(end_date, calendar.last_session)
    start = last_date + timedelta(days=1)
    return list(calendar.sessions_in(start, end)) if start <= end else []


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
        postings = Postings(journal, batch.moved_flows, loaded.displaced)
        outputs = post(
            workspace, inputs.journal, postings=postings, config=inputs.config, progress=progress
        )
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
