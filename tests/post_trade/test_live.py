from __future__ import annotations

from datetime import date

from quantpits.post_trade.correct import run as correct
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.live import current_sources, live_entries, session_lines
from quantpits.post_trade.request import CorrectRequest

MON, TUE = date(2026, 1, 5), date(2026, 1, 6)


def test_without_corrections_everything_counts(journal) -> None:
    assert [1, 2, 3, 4] == list(live_entries(journal))
    assert [1, 0] == [len(each.lines) for each in session_lines(journal)]
    assert [MON] == list(current_sources(journal))


def test_what_was_taken_back_does_not_count(account, trade) -> None:
    account.settle(MON, [trade("buy", "SH600000", 100, 10), trade("buy", "SZ000001", 100, 12)])
    account.settle(TUE)
    account.run(end_date=TUE)
    correct(account.workspace, CorrectRequest(entries=(2,), reason="why"))
    journal = load_journal(account.workspace.ledger_path)
    assert [1, 3] == list(live_entries(journal))
    first, second = session_lines(journal)
    assert ["SZ000001"] == [line.instrument for _, line in first.lines]
    assert () == second.lines
