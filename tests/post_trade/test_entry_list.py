from __future__ import annotations

from datetime import date

from quantpits.post_trade.correct import run as correct
from quantpits.post_trade.entry_list import EntryReport, entry_lines
from quantpits.post_trade.journal import Journal
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.request import CorrectRequest

MON = date(2026, 1, 5)


def test_every_entry_is_traced_to_file_hash_and_row(account, trade) -> None:
    account.settle(MON, [trade("buy", "SH600000", 100, 10), trade("buy", "SZ000001", 100, 12)])
    account.run(end_date=MON)
    correct(account.workspace, CorrectRequest(entries=(2,), reason="not ours"))
    journal = load_journal(account.workspace.ledger_path)
    lines = entry_lines(journal)
    (session,) = journal.sessions
    assert session.source is not None
    assert f"2026-01-05-table.xlsx:7 sha256 {session.source.sha256}" == lines[1].source
    assert [True, False, True, False] == [each.is_counted for each in lines]
    assert (2, "not ours", "reversal") == (lines[3].reverses, lines[3].reason, lines[3].kind)
    words = EntryReport(workspace="w", entries=lines).summary()
    assert "2 2026-01-05 buy SH600000 (taken back): cash -100500 fen" in words[1]
    assert words[3].endswith("[not ours]")


def test_books_that_are_not_open_have_none() -> None:
    report = EntryReport(workspace="w", entries=entry_lines(Journal()))
    assert ["The books are not open yet."] == report.summary()
