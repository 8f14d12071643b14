from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import cashflow_entry
from quantpits.post_trade.journal import (
    AppliedFlow,
    FlowKind,
    Journal,
    Mark,
    Session,
    Source,
    Transaction,
    TransactionKind,
    chain,
)

DAY = date(2026, 1, 5)


def opening() -> Transaction:
    return Transaction(
        kind=TransactionKind.OPENING, settle_date=date(2026, 1, 2), entries=(cashflow_entry(100),)
    )


def session(make_line) -> Transaction:
    return Transaction(
        kind=TransactionKind.SESSION,
        settle_date=DAY,
        session=Session("equal", "SH000300", Decimal("3500.10"), is_assumed_empty=False),
        source=Source("2026-01-05-table.xlsx", "a" * 64, "Sheet1", ("交收日期",), b"bytes"),
        lines=(make_line(Effect.DEPOSIT, net=5),),
        entries=(cashflow_entry(5),),
        marks=(Mark("SH600000", Decimal("10.00"), DAY, is_suspended=False),),
        flows=(AppliedFlow(DAY, FlowKind.DATED, 5, is_in_export=True),),
    )


def test_an_empty_journal_is_not_open() -> None:
    assert not Journal().is_open
    assert ("", ()) == (Journal().head, Journal().unfinished)
    assert Journal().first_altered() is None


def test_a_journal_knows_its_days(make_line) -> None:
    journal = Journal().extended(opening()).extended(session(make_line))
    assert (date(2026, 1, 2), DAY) == (journal.opening_date, journal.last_date)
    assert (session(make_line),) == journal.sessions
    assert journal.digests[-1] == journal.head
    assert journal.transactions == journal.unfinished
    assert () == replace(journal, n_projected=2).unfinished


def test_equal_content_gives_an_equal_digest(make_line) -> None:
    assert chain("x", session(make_line)) == chain("x", session(make_line))


def test_every_fact_changes_the_digest(make_line) -> None:
    whole = session(make_line)
    variants = [
        whole,
        replace(whole, kind=TransactionKind.ADJUSTMENT),
        replace(whole, settle_date=date(2026, 1, 6)),
        replace(whole, session=None),
        replace(whole, source=None),
        replace(whole, lines=()),
        replace(whole, entries=(cashflow_entry(6),)),
        replace(whole, marks=(replace(whole.marks[0], close=Decimal("10.01")),)),
        replace(whole, flows=(replace(whole.flows[0], is_in_export=False),)),
    ]
    digests = {chain("", each) for each in variants} | {chain("x", whole)}
    assert len(variants) + 1 == len(digests)


def test_the_bytes_of_a_file_count_by_their_hash(make_line) -> None:
    whole = session(make_line)
    without = replace(whole, source=replace(whole.source, content=b""))
    assert chain("", whole) == chain("", without)


def test_an_altered_transaction_is_found(make_line) -> None:
    journal = Journal().extended(opening()).extended(session(make_line))
    assert journal.first_altered() is None
    altered = replace(opening(), entries=(cashflow_entry(101),))
    journal = replace(journal, transactions=(altered, *journal.transactions[1:]))
    assert altered == journal.first_altered()
