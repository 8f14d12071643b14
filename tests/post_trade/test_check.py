from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date

import pytest

from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.check import (
    CHECKS,
    HeldPosition,
    check_ledger,
    check_sessions,
    current_books,
    show_ledger,
)
from quantpits.post_trade.correct import run as correct
from quantpits.post_trade.entries import Position, adjustment_entry, cashflow_entry
from quantpits.post_trade.journal import Entry, Journal, Session, Transaction, TransactionKind
from quantpits.post_trade.ledger import append, load_journal, writing
from quantpits.post_trade.request import CorrectRequest

MON, TUE = date(2026, 1, 5), date(2026, 1, 6)


def codes(journal: Journal) -> list[str]:
    return [finding.code for check in CHECKS for finding in check(journal)]


def rebuilt(journal: Journal, at: int, **changes) -> Journal:
    """The journal with one transaction changed and all digests made anew."""
    transactions = list(journal.transactions)
    transactions[at] = replace(transactions[at], **changes)
    result = Journal(n_projected=journal.n_projected)
    for transaction in transactions:
        result = result.extended(transaction)
    return result


@pytest.fixture
def finished(journal: Journal) -> Journal:
    return replace(journal, n_projected=4)


def test_books_that_are_right_have_no_findings(finished: Journal) -> None:
    assert [] == codes(finished)


def test_an_altered_transaction_is_found(finished: Journal) -> None:
    altered = replace(finished, digests=("0" * 64, *finished.digests[1:]))
    assert ["LED001"] == codes(altered)


def test_an_entry_that_does_not_balance_is_found(finished: Journal) -> None:
    entry = cashflow_entry(5)
    short = replace(entry, postings=entry.postings[:1])
    assert ["LED002"] == codes(rebuilt(finished, 3, entries=(short,)))


def test_entries_that_do_not_follow_from_the_lines_are_found(finished: Journal) -> None:
    entries = (*finished.transactions[1].entries, cashflow_entry(1))
    assert ["LED003"] == codes(rebuilt(finished, 1, entries=entries))


def test_lines_that_could_not_be_posted_are_found(finished: Journal, make_line) -> None:
    line = make_line(Effect.SELL, "SH600000", 5, "1")
    found = [each for check in CHECKS for each in check(rebuilt(finished, 1, lines=(line,)))]
    assert "LED003" == found[0].code
    assert "more than is held" in found[0].message


def test_balances_below_zero_are_found(finished: Journal) -> None:
    entry = adjustment_entry(-(10**7), {"SZ000001": Position(-100, 0)})
    found = codes(rebuilt(finished, 3, entries=(entry,)))
    assert ["LED004", "LED004"] == found


def test_a_position_without_a_price_is_found(finished: Journal) -> None:
    assert ["LED008"] == codes(rebuilt(finished, 2, marks=()))


def test_an_unfinished_run_is_found(journal: Journal) -> None:
    assert ["LED007"] == codes(journal)


def test_missing_and_surplus_sessions_are_found(finished: Journal) -> None:
    opened = date(2026, 1, 2)
    assert () == check_sessions(finished, [opened, MON, TUE])
    (missing,) = check_sessions(finished, [MON, date(2026, 1, 4), TUE])
    assert ("LED005", "2026-01-04") == (missing.code, missing.subject)
    (surplus,) = check_sessions(finished, [TUE])
    assert "are no sessions: '2026-01-05'" in surplus.message


def test_books_that_are_not_open_are_right(account) -> None:
    assert () == check_ledger(account.workspace)
    assert current_books(account.workspace) is None
    report = show_ledger(account.workspace)
    assert (None, 0, ()) == (report.last_date, report.cash_fen, report.positions)
    assert "not opened yet" in report.summary()[0]


def test_the_ledger_of_a_workspace_is_checked_against_its_files(account, trade) -> None:
    account.settle(MON, [trade("buy", "SH600000", 100, 10)])
    account.settle_all()
    account.run()
    before = account.files()
    assert () == check_ledger(account.workspace)
    assert before == account.files()
    (account.data / "holding_log_full.csv").write_text("", encoding="utf-8")
    (finding,) = check_ledger(account.workspace)
    assert ("LED006", "error", "holding_log_full.csv") == (
        finding.code,
        finding.severity,
        finding.subject,
    )


def test_a_ledger_that_was_written_past_the_program_is_found(account) -> None:
    account.settle_all()
    account.run(end_date=MON)
    path = account.workspace.ledger_path
    journal = load_journal(path)
    lost = Transaction(
        kind=TransactionKind.SESSION,
        settle_date=date(2026, 1, 7),
        session=Session("m", "b", None, is_assumed_empty=True),
        entries=(adjustment_entry(0, {"SH600000": Position(1, 1)}),),
    )
    with writing(path) as connection:
        append(connection, lost, head=journal.head)
    found = {finding.code for finding in check_ledger(account.workspace)}
    assert {"LED003", "LED005", "LED007", "LED008"} == found


def test_the_books_in_words(account, trade) -> None:
    account.state(100_000, [("SZ000001", 10, 120)])
    account.settle(MON, [trade("buy", "SH600000", 100, 10)])
    account.run(end_date=MON)
    report = show_ledger(account.workspace)
    digest = load_journal(account.workspace.ledger_path).head
    assert [
        "Books from 2025-12-31 to 2026-01-05: 1 sessions, 1 lines, 2 entries",
        "Cash 98995.00",
        "SH600000: 100 shares, cost 1005.00, worth 1025.00",
        "SZ000001: 10 shares, cost 120.00, worth 122.00",
        f"Digest {digest}",
    ] == report.summary()
    books = current_books(account.workspace)
    assert books is not None
    assert (9_899_500, 10) == (books.cash_fen, books.position("SZ000001").shares)
    assert digest in json.dumps(asdict(report), default=str)


def test_a_position_of_the_opening_has_no_price_yet(account) -> None:
    account.state(1, [("SZ000001", 10, 120)])
    opening = Transaction(
        kind=TransactionKind.OPENING,
        settle_date=date(2025, 12, 31),
        entries=(adjustment_entry(100, {"SZ000001": Position(10, 12_000)}),),
    )
    with writing(account.workspace.ledger_path) as connection:
        append(connection, opening, head="")
    report = show_ledger(account.workspace)
    assert (
        HeldPosition(instrument="SZ000001", shares=10, cost_fen=12_000, close=None, value_fen=None),
    ) == report.positions
    assert "SZ000001: 10 shares, cost 120.00" == report.summary()[2]


@pytest.mark.parametrize("entry_of", ["wrong amount", "the opening"])
def test_a_correction_that_does_not_follow_is_found(account, trade, entry_of) -> None:
    account.settle(MON, [trade("buy", "SH600000", 100, 10)])
    account.settle_all((MON, TUE))
    account.run(end_date=TUE)
    account.settle(MON, [trade("buy", "SH600000", 100, 9)])
    correct(account.workspace, CorrectRequest(day=MON, reason="the price"))
    journal = load_journal(account.workspace.ledger_path)
    entries = journal.transactions[-1].entries
    if entry_of == "the opening":
        wrong = (Entry("reversal", "", (), reverses=1), *entries)
    else:
        wrong = (*entries[:-1], replace(entries[-1], postings=()))
    assert [] == codes(replace(journal, n_projected=len(journal.transactions)))
    assert "LED003" in codes(rebuilt(journal, -1, entries=wrong))


def test_a_chronicle_that_was_edited_is_found(account) -> None:
    account.settle_all((MON,))
    account.run(end_date=MON)
    path = account.data / "ledger_chronicle.jsonl"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    (finding,) = check_ledger(account.workspace)
    assert ("LED006", "ledger_chronicle.jsonl") == (finding.code, finding.subject)
