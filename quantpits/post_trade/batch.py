"""The plan of a run: from everything that was read to everything that will be posted.

All sessions are computed before the first is posted, so a bad file of a later day leaves the books
of the earlier days alone. Each day starts from the books the day before ended with; nothing that
happens later can change it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantpits.errors import Finding
from quantpits.post_trade.actions import action_findings
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.cashflow import match_transfers, plan_flows
from quantpits.post_trade.daybook import post_day
from quantpits.post_trade.entries import SECURITIES
from quantpits.post_trade.fold import books_at, fold, last_marks, value_fen
from quantpits.post_trade.journal import (
    DEFAULT_BROKER,
    AppliedFlow,
    Journal,
    Mark,
    Session,
    Source,
    Transaction,
    TransactionKind,
)
from quantpits.post_trade.live import line_words
from quantpits.post_trade.money import cny_text
from quantpits.post_trade.reconcile import reconcile
from quantpits.post_trade.request import DayReport
from quantpits.post_trade.state import (
    adopted_entry,
    check_projection,
    check_stated,
    config_books,
    differences,
    opening_findings,
    opening_transaction,
)
from quantpits.post_trade.valuation import (
    listing_marks,
    mark_positions,
    suspension_findings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from quantpits.config import CashflowConfig, ProdConfig
    from quantpits.market import Quotes
    from quantpits.post_trade.brokers.contract import BrokerLine, Statement
    from quantpits.post_trade.fold import Books

__all__ = ["Batch", "Inputs", "Prices", "SettlementFile", "plan_batch", "source_of"]


@dataclass(frozen=True, slots=True)
class SettlementFile:
    """The export of one session, read and archived.

    Attributes
    ----------
    statement : Statement
        Its lines.
    content : bytes
        Its bytes.
    broker : str
        Name of the adapter that read it.
    """

    statement: Statement
    content: bytes
    broker: str = DEFAULT_BROKER


@dataclass(frozen=True, slots=True)
class Prices:
    """Market data of the sessions.

    Attributes
    ----------
    quotes : tuple of Quotes
        Raw prices; the first item covers the sessions, later ones earlier history.
    benchmark : mapping of date to Decimal
        Close of the index on the sessions that have one.
    actions : Quotes or None
        Closes, factors and events of what was held, from before the sessions on; None where nothing
        is to be valued.
    """

    quotes: tuple[Quotes, ...]
    benchmark: Mapping[date, Decimal]
    actions: Quotes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything a run has read.

    Attributes
    ----------
    config : ProdConfig
        State and model tag.
    cashflow : CashflowConfig
        Deposits and withdrawals.
    journal : Journal
        The ledger; not open before the first run.
    settlements : mapping of date to SettlementFile or None
        The sessions to process, oldest first; None for one that is assumed empty.
    prices : Prices
        Market data.
    adopt, verbose : bool
        As requested.
    """

    config: ProdConfig
    cashflow: CashflowConfig
    journal: Journal
    settlements: Mapping[date, SettlementFile | None]
    prices: Prices
    adopt: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Everything a run will post.

    Attributes
    ----------
    transactions : tuple of Transaction
        In order; none if there is nothing to do.
    journal : Journal
        The ledger with them.
    days : tuple of DayReport
        The sessions among them.
    moved_flows : tuple of AppliedFlow
        What ``cashflow.json`` lists and the books then have.
    adjustment : str
        What is adopted, in words.
    findings : tuple of Finding
        What a person should know.
    """

    transactions: tuple[Transaction, ...]
    journal: Journal
    days: tuple[DayReport, ...]
    moved_flows: tuple[AppliedFlow, ...]
    adjustment: str
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Draft:
    """The plan while it grows."""

    journal: Journal
    books: Books
    marks: dict[str, Mark]
    transactions: list[Transaction] = field(default_factory=list)
    days: list[DayReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, transaction: Transaction) -> None:
        """Take a transaction into the plan, and the books after it."""
        self.journal = self.journal.extended(transaction)
        self.books = fold(transaction.entries, self.books)
        self.marks = {
            name: mark
            for name, mark in (
                *self.marks.items(),
                *((each.instrument, each) for each in transaction.marks),
            )
            if name in self.books.positions
        }
        self.transactions.append(transaction)


def plan_batch(inputs: Inputs) -> Batch:
    """Return what a run will post.

    Parameters
    ----------
    inputs : Inputs
        What was read.

    Returns
    -------
    Batch
        The plan.

    Raises
    ------
    BooksMismatchError
        If ``prod_config.json`` was edited by hand, or a balance or transfer differs from the
        broker's.
    NegativePositionError
        If a session sells or pays more than there is.
    MissingDataError
        If a holding has no price.

    Notes
    -----
    Timing: a session is computed from the books before it and the market data up to it.
    """
    journal = inputs.journal
    draft = _Draft(journal, books_at(journal), last_marks(journal))
    adjustment = ""
    if journal.is_open:
        check_projection(journal, inputs.config, adopt=inputs.adopt)
        adjustment = _adopt(draft, inputs) if inputs.adopt else ""
    elif inputs.settlements:
        check_stated(inputs.config)
        draft.findings += opening_findings(inputs.config)
        draft.add(opening_transaction(inputs.config))
    flows = plan_flows(
        inputs.cashflow,
        tuple(inputs.settlements),
        opening_date=journal.opening_date if journal.is_open else inputs.config.cursor,
        last_date=journal.last_date if journal.is_open else inputs.config.cursor,
        unfinished=tuple(flow for posted in journal.unfinished for flow in posted.flows),
    )
    draft.findings += flows.findings
    for day, settlement in inputs.settlements.items():
        _plan_day(draft, inputs, day, settlement=settlement, flows=flows.by_session.get(day, ()))
    if inputs.prices.actions is not None and draft.days:
        draft.findings += action_findings(
            draft.journal, inputs.prices.actions, days=frozenset(inputs.settlements)
        )
    moved = (*flows.posted_before, *(flow for each in draft.transactions for flow in each.flows))
    return Batch(
        transactions=tuple(draft.transactions),
        journal=draft.journal,
        days=tuple(draft.days),
        moved_flows=moved,
        adjustment=adjustment,
        findings=tuple(draft.findings),
    )


def _adopt(draft: _Draft, inputs: Inputs) -> str:
    entry = adopted_entry(draft.journal, inputs.config)
    if entry is None:
        return ""
    check_stated(inputs.config)
    words = "; ".join(differences(draft.books, config_books(inputs.config)))
    day = draft.journal.last_date
    # Only a session is valued; what is adopted before the first one is valued with it.
    marks = (
        mark_positions(
            day,
            [
                posting.instrument
                for posting in entry.postings
                if posting.account == SECURITIES and posting.shares > 0
            ],
            quotes=inputs.prices.quotes,
            previous=draft.marks,
        )
        if draft.journal.sessions
        else ()
    )
    kind = TransactionKind.ADJUSTMENT
    draft.add(Transaction(kind=kind, settle_date=day, entries=(entry,), marks=marks))
    return words


def _plan_day(
    draft: _Draft,
    inputs: Inputs,
    day: date,
    *,
    settlement: SettlementFile | None,
    flows: Sequence[AppliedFlow],
) -> None:
    statement = None if settlement is None else settlement.statement
    lines = () if statement is None else statement.lines
    before = draft.books
    applied = match_transfers(flows, lines, session=day)
    entries = post_day(before, lines, flows=applied, cost_basis=inputs.config.cost_basis)
    after = fold(entries, before)
    reconcile(lines, applied, after=after)
    marks = mark_positions(
        day,
        after.positions,
        quotes=inputs.prices.quotes,
        previous={**listing_marks(entries, draft.journal.last_date), **draft.marks},
    )
    newly_marked = [
        mark
        for mark in marks
        if mark.instrument not in draft.marks or not draft.marks[mark.instrument].is_suspended
    ]
    draft.findings += suspension_findings(day, newly_marked)
    draft.findings += _fee_findings(lines)
    benchmark_close = inputs.prices.benchmark.get(day)
    if benchmark_close is None:
        draft.findings.append(_no_benchmark(day, inputs.config.benchmark))
    transaction = Transaction(
        kind=TransactionKind.SESSION,
        settle_date=day,
        session=Session(
            inputs.config.model,
            inputs.config.benchmark,
            benchmark_close,
            statement is None,
            inputs.config.cost_basis,
        ),
        source=None if settlement is None else source_of(settlement),
        lines=lines,
        entries=entries,
        marks=marks,
        flows=applied,
    )
    draft.add(transaction)
    draft.days.append(_day_report(transaction, before, after, verbose=inputs.verbose))


def source_of(settlement: SettlementFile) -> Source:
    """Return a settlement file as the ledger keeps it.

    Parameters
    ----------
    settlement : SettlementFile
        What was read.

    Returns
    -------
    Source
        With its bytes.
    """
    statement = settlement.statement
    return Source(
        statement.source_name,
        statement.source_sha256,
        statement.sheet,
        statement.columns,
        settlement.content,
        settlement.broker,
    )


def _day_report(
    transaction: Transaction, before: Books, after: Books, *, verbose: bool
) -> DayReport:
    worth = sum(
        value_fen(after.position(mark.instrument).shares, mark.close) for mark in transaction.marks
    )
    return DayReport(
        settle_date=transaction.settle_date,
        source="" if transaction.source is None else transaction.source.name,
        n_lines=len(transaction.lines),
        n_positions=len(after.positions),
        cash_before_fen=before.cash_fen,
        cash_after_fen=after.cash_fen,
        flow_fen=sum(flow.fen for flow in transaction.flows if not flow.is_in_export)
        + sum(line.net_cash_fen for line in transaction.lines if line.effect in _TRANSFERS),
        nav_fen=after.cash_fen + after.pending_fen + worth,
        lines=tuple(line_words(line) for line in transaction.lines) if verbose else (),
    )


_TRANSFERS = (Effect.DEPOSIT, Effect.WITHDRAWAL)


def _fee_findings(lines: Sequence[BrokerLine]) -> list[Finding]:
    findings = []
    for line in lines:
        if line.effect not in (Effect.BUY, Effect.SELL) or line.fee_fen is None:
            continue
        sign = 1 if line.effect is Effect.SELL else -1
        implied = sign * line.gross_fen - line.net_cash_fen
        if implied != line.fee_fen:
            findings.append(
                Finding(
                    "PTR005",
                    "warning",
                    f"The fee {cny_text(line.fee_fen)} in 费用合计 is not what 成交金额 and "
                    f"资金发生数 leave, {cny_text(implied)}; the latter is booked.",
                    line.where,
                    line.instrument,
                )
            )
    return findings


def _no_benchmark(day: date, benchmark: str) -> Finding:
    return Finding(
        "PTR008",
        "warning",
        f"The market data have no close of the benchmark {benchmark} on {day}; the daily log "
        "leaves it empty.",
        "market",
        benchmark,
    )
