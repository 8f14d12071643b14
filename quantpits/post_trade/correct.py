"""``ledger correct`` as a step: a wrong booking is taken back by name, and the files follow.

With a day, the books of that session become what its file says now: for a file that came late, or
that the broker replaced. With entry numbers, those entries are taken back.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from quantpits.errors import MissingArtifactError, UsageError
from quantpits.market import load_calendar, resolve_market
from quantpits.post_trade import ledger
from quantpits.post_trade.batch import source_of
from quantpits.post_trade.broker_files import load_broker_files
from quantpits.post_trade.correction import Change, Outcome, apply_change, change_to
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.intact import open_journal
from quantpits.post_trade.journal import Mark, Transaction, TransactionKind
from quantpits.post_trade.live import current_sources, live_entries
from quantpits.post_trade.money import cny_text
from quantpits.post_trade.posting import Postings, post
from quantpits.post_trade.prices import closes_of, known_instruments
from quantpits.post_trade.request import BooksReport
from quantpits.post_trade.state import check_projection
from quantpits.post_trade.valuation import listing_marks, mark_positions
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.post_trade.batch import SettlementFile
    from quantpits.post_trade.journal import Journal
    from quantpits.post_trade.request import CorrectRequest
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["run"]


def run(
    workspace: Workspace, request: CorrectRequest, *, progress: Progress = SILENT
) -> BooksReport:
    """Correct the books.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    request : CorrectRequest
        What is wrong.
    progress : Progress
        Is told about the posting.

    Returns
    -------
    BooksReport
        The reversals; `changed` is False where the books are so already.

    Raises
    ------
    UsageError
        If the request names nothing, no reason, or what cannot be corrected.
    MissingArtifactError
        If the books are not open, or the session has no file.
    BrokerFileError, UnknownTradeTypeError
        If the file cannot be booked.
    NegativePositionError, BooksMismatchError
        If the right lines could not have happened, or the state was edited by hand.
    MissingDataError
        If a holding has no price.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    _check_request(request)
    lock = contextlib.nullcontext() if request.dry_run else writer_lock(workspace, "ledger correct")
    with lock:
        config, _, settlements = load_broker_files(workspace)
        if not request.dry_run:
            ledger.migrate(workspace.ledger_path)
        journal = open_journal(workspace)
        check_projection(journal, config, adopt=False)
        settlement = None
        if request.day is not None:
            settlement = _settlement(journal, request.day, settlements.settlement(request.day))
        change = _change(journal, request, settlement)
        if change.is_empty:
            return _report(workspace, request, journal, journal)
        transaction = _transaction(workspace, journal, change, settlement, reason=request.reason)
        corrected = journal.extended(transaction)
        written: list[Path] = []
        if not request.dry_run:
            postings = Postings(corrected, displaced=_displaced(journal, change, settlement))
            written = post(workspace, journal, postings=postings, config=config, progress=progress)
        return _report(workspace, request, journal, corrected, outputs=tuple(written))


def _check_request(request: CorrectRequest) -> None:
    if request.day is None and not request.entries:
        raise UsageError(
            "A correction must name what is wrong.",
            expected="--date of a session whose file is right, or --entry of what is wrong",
        )
    if not request.reason.strip():
        raise UsageError(
            "A correction must say why.", expected="--reason 'in a few words'; it stays for ever"
        )


def _settlement(journal: Journal, day: date, found: SettlementFile | None) -> SettlementFile:
    if day not in {each.settle_date for each in journal.sessions}:
        raise UsageError(
            f"{day} is no session in the books.",
            expected=f"a session after {journal.opening_date}, up to {journal.last_date}",
        )
    if found is None:
        raise MissingArtifactError(
            f"There is no settlement file for {day} to correct the books by.",
            hint="export the day again, or name the wrong entries with --entry",
        )
    return found


def _change(journal: Journal, request: CorrectRequest, settlement: SettlementFile | None) -> Change:
    live = live_entries(journal)
    unknown = sorted(set(request.entries) - set(live))
    if unknown:
        raise UsageError(
            f"Entry {unknown[0]} does not count: there is none, or it was taken back already.",
            hint="quantpits ledger show --entries lists those that count",
        )
    days = [live[number].day for number in request.entries]
    if request.day is None or settlement is None:
        return Change(day=min(days), drops=frozenset(request.entries))
    earlier = [day for day in days if day < request.day]
    if earlier:
        raise UsageError(
            f"An entry of {min(earlier)} lies before {request.day}.",
            expected="entries of the day or later",
            hint="correct the earlier one on its own first",
        )
    change = change_to(journal, request.day, right=settlement.statement.lines)
    return Change(
        day=request.day,
        drops=change.drops | set(request.entries),
        lines=change.lines,
        revived=change.revived,
    )


def _transaction(
    workspace: Workspace,
    journal: Journal,
    change: Change,
    settlement: SettlementFile | None,
    *,
    reason: str,
) -> Transaction:
    flows = {each.settle_date: each.flows for each in journal.sessions}
    statement = None if settlement is None else settlement.statement.lines
    outcome = apply_change(journal, change, flows=flows, statement=statement)
    marks = _marks(workspace, journal, change, outcome=outcome)
    return Transaction(
        kind=TransactionKind.CORRECTION,
        settle_date=change.day,
        source=None if settlement is None else source_of(settlement),
        lines=change.lines,
        entries=outcome.entries,
        marks=marks,
        reason=reason.strip(),
    )


def _marks(
    workspace: Workspace,
    journal: Journal,
    change: Change,
    *,
    outcome: Outcome,
) -> tuple[Mark, ...]:
    """Value what was not held on a day before the correction and is now."""
    sessions = {each.settle_date for each in journal.sessions}
    known = {
        (mark.day or each.settle_date, mark.instrument)
        for each in journal.transactions
        for mark in each.marks
    }
    missing = {
        day: [name for name in names if (day, name) not in known]
        for day, names in outcome.holdings.items()
        if day in sessions
    }
    names = {name for each in missing.values() for name in each}
    if not names:
        return ()
    source = resolve_market(workspace)
    calendar = load_calendar(source)
    before = max([journal.opening_date, *(day for day in sessions if day < change.day)])
    listed = listing_marks(outcome.entries, before)
    priced = sorted((names - set(listed)) | known_instruments(source, calendar, instruments=names))
    through = journal.last_date
    quotes = [closes_of(source, calendar, instruments=priced, through=through)] if priced else []
    return tuple(
        Mark(
            mark.instrument,
            mark.close,
            mark.priced_on,
            mark.is_suspended,
            None if day == change.day else day,
        )
        for day, instruments in missing.items()
        for mark in mark_positions(day, instruments, quotes=quotes, previous=listed)
    )


def _displaced(
    journal: Journal, change: Change, settlement: SettlementFile | None
) -> tuple[str, ...]:
    """Return the file that the session was booked from, if another takes its place."""
    old = current_sources(journal).get(change.day)
    if settlement is None or old is None or old.sha256 == settlement.statement.source_sha256:
        return ()
    return (old.sha256,)


def _report(
    workspace: Workspace,
    request: CorrectRequest,
    before: Journal,
    after: Journal,
    *,
    outputs: tuple[Path, ...] = (),
) -> BooksReport:
    new = after.transactions[len(before.transactions) :]
    lines = [
        f"{'Takes back entry ' + str(entry.reverses) if entry.reverses else 'Posts ' + entry.kind}"
        f"{' of ' + entry.instrument if entry.instrument else ''}"
        f" on {entry.day or transaction.settle_date}"
        for transaction in new
        for entry in transaction.entries
    ]
    old_books, new_books = books_at(before), books_at(after)
    lines.append(f"Cash {cny_text(old_books.cash_fen)} -> {cny_text(new_books.cash_fen)}")
    return BooksReport(
        workspace=str(workspace.root),
        outputs=outputs,
        findings=(),
        changed=bool(new),
        is_dry_run=request.dry_run,
        lines=tuple(lines),
        digest=after.head,
    )
