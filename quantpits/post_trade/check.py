"""Looking at the books without changing anything: every invariant, and what they say.

The checks, by code: LED001 the content of a transaction is not what its digest says; LED002 an
entry does not balance; LED003 the entries of a session are not those that follow from its lines;
LED004 cash or a position is below zero; LED005 sessions are missing in between; LED006 a file of
the workspace does not show the books; LED007 a run was interrupted and not finished; LED008 a
position has no price. What a run reports of corporate actions (PTR004, PTR012 to PTR014) is told
for the whole ledger; only these and LED007 are no errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.errors import Finding, LedgerError, MissingDataError, QuantPitsError, name_list
from quantpits.market import load_calendar, resolve_market
from quantpits.post_trade import files
from quantpits.post_trade.actions import action_findings
from quantpits.post_trade.chronicle import chronicle_text
from quantpits.post_trade.classification import CLASSIFICATION, classification_text
from quantpits.post_trade.correction import apply_change, change_of
from quantpits.post_trade.daybook import post_day
from quantpits.post_trade.entries import check_balanced
from quantpits.post_trade.fold import (
    EMPTY_BOOKS,
    books_at,
    daily_books,
    fold,
    last_marks,
    value_fen,
)
from quantpits.post_trade.intact import chronicle_path, load_intact
from quantpits.post_trade.journal import Journal, TransactionKind
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.money import cny_text
from quantpits.post_trade.prices import load_actions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from quantpits.market import MarketSource, TradingCalendar
    from quantpits.post_trade.fold import Books
    from quantpits.workspace import Workspace

__all__ = [
    "CHECKS",
    "HeldPosition",
    "LedgerReport",
    "check_ledger",
    "check_sessions",
    "current_books",
    "show_ledger",
]

_SOURCE = "data/ledger.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """One position and what it is worth.

    Attributes
    ----------
    instrument : str
        What is held.
    shares : int
        How much [shares].
    cost_fen : int
        What it cost, fees included [fen].
    close : Decimal or None
        What it was last valued at [CNY]; None for a position of the opening.
    value_fen : int or None
        What it is worth at that price [fen].
    """

    instrument: str
    shares: int
    cost_fen: int
    close: Decimal | None
    value_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """What the books say.

    Attributes
    ----------
    workspace : str
        Its folder.
    outputs : tuple of Path
        Always empty.
    findings : tuple of Finding
        Always empty; see `check_ledger`.
    changed : bool
        Always False.
    opening_date, last_date : date or None
        First and last day in the books; None before they are opened.
    n_sessions, n_lines, n_entries : int
        How much is in them.
    cash_fen : int
        Cash [fen].
    positions : tuple of HeldPosition
        In order of instrument.
    digest : str
        Digest of everything that is in the books.
    """

    workspace: str
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False
    opening_date: date | None
    last_date: date | None
    n_sessions: int
    n_lines: int
    n_entries: int
    cash_fen: int
    positions: tuple[HeldPosition, ...]
    digest: str

    def summary(self) -> list[str]:
        """Return the books in words.

        Returns
        -------
        list of str
            Lines for a person.
        """
        if self.opening_date is None:
            return ["The books are not opened yet; post-trade opens them with its first session."]
        counts = f"{self.n_sessions} sessions, {self.n_lines} lines, {self.n_entries} entries"
        lines = [
            f"Books from {self.opening_date} to {self.last_date}: {counts}",
            f"Cash {cny_text(self.cash_fen)}",
        ]
        for each in self.positions:
            worth = "" if each.value_fen is None else f", worth {cny_text(each.value_fen)}"
            lines.append(
                f"{each.instrument}: {each.shares} shares, cost {cny_text(each.cost_fen)}{worth}"
            )
        return [*lines, f"Digest {self.digest}"]


def check_ledger(workspace: Workspace) -> tuple[Finding, ...]:
    """Verify every invariant of the books, and that the files of the workspace show them.

    Parameters
    ----------
    workspace : Workspace
        Whose books.

    Returns
    -------
    tuple of Finding
        Empty for books that are right.

    Raises
    ------
    CorruptArtifactError
        If the ledger cannot be read at all.
    """
    journal = load_journal(workspace.ledger_path)
    if not journal.is_open:
        load_intact(workspace)
        return ()
    findings = [finding for check in CHECKS for finding in check(journal)]
    source = resolve_market(workspace)
    calendar = load_calendar(source)
    findings += check_sessions(
        journal, calendar.sessions_in(journal.opening_date, journal.last_date)
    )
    if any(finding.code == "LED008" for finding in findings):
        return tuple(findings)
    findings += _actions(journal, source, calendar)
    shown = files.differing_projections(workspace, journal)
    shown += _differing_others(workspace, journal)
    return (*findings, *(_finding("LED006", text, subject) for subject, text in shown))


def show_ledger(workspace: Workspace) -> LedgerReport:
    """Return what the books say.

    Parameters
    ----------
    workspace : Workspace
        Whose books.

    Returns
    -------
    LedgerReport
        Balances now; with no dates before the books are opened.

    Raises
    ------
    CorruptArtifactError
        If the ledger cannot be read.
    """
    journal = load_journal(workspace.ledger_path)
    books = books_at(journal)
    marks = last_marks(journal)
    positions = []
    for name, position in books.positions.items():
        close = marks[name].close if name in marks else None
        worth = None if close is None else value_fen(position.shares, close)
        positions.append(
            HeldPosition(
                instrument=name,
                shares=position.shares,
                cost_fen=position.cost_fen,
                close=close,
                value_fen=worth,
            )
        )
    return LedgerReport(
        workspace=str(workspace.root),
        opening_date=journal.opening_date if journal.is_open else None,
        last_date=journal.last_date if journal.is_open else None,
        n_sessions=len(journal.sessions),
        n_lines=sum(len(each.lines) for each in journal.transactions),
        n_entries=sum(len(each.entries) for each in journal.transactions),
        cash_fen=books.cash_fen,
        positions=tuple(positions),
        digest=journal.head,
    )


def current_books(workspace: Workspace) -> Books | None:
    """Return the balances in the ledger.

    Parameters
    ----------
    workspace : Workspace
        Whose books.

    Returns
    -------
    Books or None
        None before the books are opened.

    Raises
    ------
    CorruptArtifactError
        If the ledger cannot be read.
    """
    journal = load_journal(workspace.ledger_path)
    return books_at(journal) if journal.is_open else None


def check_sessions(journal: Journal, sessions: Sequence[date]) -> tuple[Finding, ...]:
    """Return a finding if the processed sessions are not all sessions after the opening.

    Parameters
    ----------
    journal : Journal
        An open ledger.
    sessions : sequence of date
        The sessions of the market from the opening to the last day in the books.

    Returns
    -------
    tuple of Finding
        One for what is missing, one for what is no session.
    """
    processed = {transaction.settle_date for transaction in journal.sessions}
    wanted = {day for day in sessions if day > journal.opening_date}
    findings = []
    if missing := sorted(wanted - processed):
        text = f"{len(missing)} sessions are not in the books: {name_list(missing)}."
        findings.append(_finding("LED005", text, missing[0].isoformat()))
    if surplus := sorted(processed - wanted):
        text = f"{len(surplus)} days in the books are no sessions: {name_list(surplus)}."
        findings.append(_finding("LED005", text, surplus[0].isoformat()))
    return tuple(findings)


def _actions(
    journal: Journal, source: MarketSource, calendar: TradingCalendar
) -> tuple[Finding, ...]:
    held = {mark.instrument for each in journal.transactions for mark in each.marks}
    days = (journal.opening_date, journal.last_date)
    quotes = load_actions(source, calendar, instruments=held, days=days)
    return () if quotes is None else action_findings(journal, quotes)


def _differing_others(workspace: Workspace, journal: Journal) -> list[tuple[str, str]]:
    """Return what is wrong with the chronicle and with the classification of the trades."""
    found = []
    chronicle = chronicle_path(workspace)
    text = chronicle.read_text(encoding="utf-8") if chronicle.is_file() else ""
    if journal.n_projected == len(journal.transactions) and text != chronicle_text(journal):
        what = f"{chronicle.name} does not tell how the books came about; run post-trade again."
        found.append((chronicle.name, what))
    factor = workspace.prod_config().buy_suggestion_factor
    wanted = classification_text(workspace, journal, buy_factor=factor)
    path = workspace.data_dir / CLASSIFICATION
    if wanted is not None and (not path.is_file() or path.read_bytes() != wanted.encode()):
        what = f"{path.name} does not follow from trades and suggestions; run post-trade again."
        found.append((path.name, what))
    return found


def _check_digests(journal: Journal) -> tuple[Finding, ...]:
    altered = journal.first_altered()
    if altered is None:
        return ()
    text = f"The {altered.kind.value} of {altered.settle_date} is not what its digest was made of."
    return (_finding("LED001", text, altered.settle_date.isoformat()),)


def _check_entries(journal: Journal) -> tuple[Finding, ...]:
    findings = []
    for transaction in journal.transactions:
        try:
            check_balanced(transaction.entries)
        except LedgerError as error:
            day = transaction.settle_date.isoformat()
            findings.append(_finding("LED002", f"{error.what} ({error.found})", day))
    return tuple(findings)


def _check_consequences(journal: Journal) -> tuple[Finding, ...]:
    books = EMPTY_BOOKS
    findings = []
    for position, transaction in enumerate(journal.transactions):
        day = transaction.settle_date.isoformat()
        if transaction.kind is TransactionKind.SESSION:
            assert transaction.session is not None  # a session has its facts
            try:
                expected = post_day(
                    books,
                    transaction.lines,
                    flows=transaction.flows,
                    cost_basis=transaction.session.cost_basis,
                )
            except LedgerError as error:
                findings.append(_finding("LED003", f"{error.what} ({error.where})", day))
            else:
                if expected != transaction.entries:
                    text = f"The entries of {day} do not follow from its lines."
                    findings.append(_finding("LED003", text, day))
        elif transaction.kind is TransactionKind.CORRECTION:
            findings += _check_correction(journal, position)
        books = fold(transaction.entries, books)
    return tuple(findings)


def _check_correction(journal: Journal, position: int) -> list[Finding]:
    transaction = journal.transactions[position]
    before = Journal(journal.transactions[:position], journal.digests[:position])
    flows = {each.settle_date: each.flows for each in before.sessions}
    day = transaction.settle_date.isoformat()
    try:
        outcome = apply_change(before, change_of(journal, position), flows=flows, statement=())
    except QuantPitsError as error:
        return [_finding("LED003", f"{error.what} ({error.where})", day)]
    if outcome.entries == transaction.entries:
        return []
    text = f"The entries of the correction of {day} do not follow from it."
    return [_finding("LED003", text, day)]


def _check_balances(journal: Journal) -> tuple[Finding, ...]:
    books = EMPTY_BOOKS
    findings = []
    for transaction in journal.transactions:
        books = fold(transaction.entries, books)
        day = transaction.settle_date.isoformat()
        if books.cash_fen < 0:
            text = f"The cash after {day} is {cny_text(books.cash_fen)}."
            findings.append(_finding("LED004", text, day))
        findings += [
            _finding("LED004", f"{name} has {position.shares} shares after {day}.", name)
            for name, position in books.positions.items()
            if position.shares < 0
        ]
    return tuple(findings)


def _check_prices(journal: Journal) -> tuple[Finding, ...]:
    try:
        for _ in daily_books(journal):
            pass
    except MissingDataError as error:
        return (_finding("LED008", error.what, str(error.where)),)
    return ()


def _check_finished(journal: Journal) -> tuple[Finding, ...]:
    if not journal.unfinished:
        return ()
    day = journal.unfinished[0].settle_date.isoformat()
    text = f"The run that posted {day} was interrupted; run post-trade again to finish it."
    return (Finding("LED007", "warning", text, _SOURCE, day),)


def _finding(code: str, message: str, subject: str) -> Finding:
    return Finding(code, "error", message, _SOURCE, subject)


CHECKS: tuple[Callable[[Journal], tuple[Finding, ...]], ...] = (
    _check_digests,
    _check_entries,
    _check_consequences,
    _check_balances,
    _check_prices,
    _check_finished,
)
"""What is verified of the ledger alone."""
