from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import UsageError
from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.opening import run
from quantpits.post_trade.request import OpenRequest

MON = date(2026, 1, 5)
DAILY = "成交日期,持仓成本,收盘价值\n"
HOLDING = "证券代码,持仓数量,成交日期\n"


def open_books(account, **request):
    return run(account.workspace, OpenRequest(**request))


def test_an_existing_user_begins_with_state_and_clean_logs(account) -> None:
    account.state(1000.5, [("SH600000", 200, 1900)])
    report = open_books(account)
    assert () == report.findings
    books = books_at(load_journal(account.workspace.ledger_path))
    assert (100_050, 200) == (books.cash_fen, books.position("SH600000").shares)
    assert () == check_ledger(account.workspace)
    account.settle(MON)
    assert account.run(end_date=MON).changed
    with pytest.raises(UsageError, match="open already"):
        open_books(account)


def test_duplicates_gaps_and_other_balances_are_reported(account) -> None:
    account.state(1000, [("SH600000", 200, 1900)])
    (account.data / "daily_amount_log_full.csv").write_bytes(
        (DAILY + "2025-12-30,1,1\n2025-12-30,1,1\n2026-01-05,1,1\nno day,1,1\n").encode("gb18030")
    )
    (account.data / "holding_log_full.csv").write_text(
        HOLDING + "SH600000,100,2026-01-05\nCASH,999,2026-01-05\nSZ000001,x,2026-01-05\n",
        encoding="utf-8",
    )
    (account.data / "trade_log_full.csv").write_text("a,b\n1,2\n1,2\n", encoding="utf-8")
    before = account.files()
    report = open_books(account, dry_run=True)
    assert before == account.files()
    assert [
        ("PTR020", "trade_log_full.csv"),
        ("PTR020", "daily_amount_log_full.csv"),
        ("PTR021", "2025-12-31"),
        ("PTR021", "2025-12-31"),
        ("PTR022", "SH600000"),
        ("PTR022", "CASH"),
    ] == [(each.code, each.subject) for each in report.findings]
    assert "999.00" in report.findings[-1].message
    kept = [each.code for each in open_books(account).findings]
    assert 3 == kept.count("PTR009")


def test_logs_that_fit_are_no_finding_and_one_that_cannot_be_read_is_kept(account) -> None:
    account.state(1000, [("SH600000", 200, 1900)])
    (account.data / "daily_amount_log_full.csv").write_text(
        DAILY + "2025-12-30,1,1\n2025-12-31,1,1\n", encoding="utf-8"
    )
    (account.data / "holding_log_full.csv").write_text(
        HOLDING + "SH600000,200,2025-12-31\nCASH,1000.00,2025-12-31\n", encoding="utf-8"
    )
    (account.data / "trade_log_full.csv").write_bytes(b"a,b\n\xff\xff,2\n")
    assert () == open_books(account, dry_run=True).findings
    assert ["PTR009"] * 3 == [each.code for each in open_books(account).findings]


def test_a_holding_log_without_a_cash_row_is_compared_as_it_is(account) -> None:
    account.state(1000, [("SH600000", 200, 1900)])
    (account.data / "holding_log_full.csv").write_text(
        HOLDING + "SH600000,200,2025-12-31\n", encoding="utf-8"
    )
    assert () == open_books(account, dry_run=True).findings
