from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import (
    BooksMismatchError,
    MissingArtifactError,
    NegativePositionError,
    UsageError,
)
from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.correct import run
from quantpits.post_trade.fold import books_at, daily_books
from quantpits.post_trade.journal import TransactionKind
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.request import CorrectRequest

MON, TUE, WED, THU, FRI = (date(2026, 1, day) for day in (5, 6, 7, 8, 9))
SPDB, PAB = "SH600000", "SZ000001"


def correct(account, **request):
    return run(account.workspace, CorrectRequest(**{"reason": "why", **request}))


def journal_of(account):
    return load_journal(account.workspace.ledger_path)


def test_a_replaced_file_gives_the_books_that_it_would_have_given(account, trade) -> None:
    """Also the cost that a later sale took out, the marks and every log."""
    right = account.twin()
    for each, shares in ((account, 1000), (right, 800)):
        each.settle(MON, [trade("buy", SPDB, 200, 9.5), trade("buy", SPDB, shares, 10.2)])
        each.settle(WED, [trade("sell", SPDB, 400, 10.1)])
        each.settle_all()
        each.run()
    account.settle(MON, [trade("buy", SPDB, 200, 9.5), trade("buy", SPDB, 800, 10.2)])
    with pytest.raises(BooksMismatchError, match=r"- .*1000 shares[\s\S]*\+ .*800 shares"):
        account.run()
    report = correct(account, day=MON)
    assert report.changed
    assert "Takes back entry 3 of SH600000 on 2026-01-05" in report.lines
    assert list(daily_books(journal_of(right))) == list(daily_books(journal_of(account)))
    assert right.config == account.config
    for name in ("trade_log_full.csv", "holding_log_full.csv", "daily_amount_log_full.csv"):
        assert (right.data / name).read_bytes() == (account.data / name).read_bytes()
    assert () == check_ledger(account.workspace)
    assert not account.run().changed
    again = account.files()
    assert not correct(account, day=MON).changed
    assert again == account.files()


def test_a_correction_that_an_adopted_difference_contradicts_is_refused(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.settle_all()
    account.run(end_date=TUE)
    config = account.config
    config["current_holding"] = []
    account.write("prod_config.json", config)
    account.run(end_date=TUE, adopt=True)
    account.settle(MON, [trade("buy", SPDB, 400, 10.2)])
    before = account.files()
    with pytest.raises(NegativePositionError, match=r"-600 shares of 'SH600000'[\s\S]*--entry 3"):
        run(account.workspace, CorrectRequest(day=MON, reason="fewer"))
    assert before == account.files()
    run(account.workspace, CorrectRequest(day=MON, entries=(3,), reason="fewer"))
    assert ["400"] == [each["value"] for each in account.config["current_holding"]]
    assert () == check_ledger(account.workspace)


def test_a_correction_that_leaves_cash_below_zero_is_refused(account, trade) -> None:
    account.settle(MON, [{"交易类别": "利息归本", "资金发生数": 500}])
    account.settle_all()
    account.run(end_date=TUE)
    account.write("prod_config.json", {**account.config, "current_cash": 100})
    account.run(end_date=TUE, adopt=True)
    account.settle(MON)
    with pytest.raises(NegativePositionError, match=r"the cash below 0"):
        run(account.workspace, CorrectRequest(day=MON, reason="no interest"))


def test_nothing_is_erased(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    account.settle_all()
    account.run()
    before = journal_of(account)
    account.settle(MON, [trade("buy", SPDB, 900, 10.2)])
    correct(account, day=MON)
    after = journal_of(account)
    assert before.transactions == after.transactions[:-1]
    correction = after.transactions[-1]
    assert (TransactionKind.CORRECTION, MON, "why") == (
        correction.kind,
        correction.settle_date,
        correction.reason,
    )
    reversal = next(each for each in correction.entries if each.reverses)
    old = [entry for each in before.transactions for entry in each.entries][reversal.reverses - 1]
    assert [-each.fen for each in old.postings] == [each.fen for each in reversal.postings]
    assert FRI == after.last_date


def test_a_late_file_of_a_day_that_was_assumed_empty(account, trade) -> None:
    right = account.twin()
    rows = [trade("buy", PAB, 100, 12.2)]
    right.settle(MON, rows)
    right.settle_all()
    right.run()
    account.settle_all([TUE, WED, THU, FRI])
    account.run(assume_empty=(MON,))
    account.settle(MON, rows)
    with pytest.raises(BooksMismatchError, match="processed as empty"):
        account.run()
    correct(account, day=MON)
    assert list(daily_books(journal_of(right)))[-1].after == books_at(journal_of(account))
    assert [each.nav_fen for each in daily_books(journal_of(right))] == [
        each.nav_fen for each in daily_books(journal_of(account))
    ]
    assert () == check_ledger(account.workspace)
    assert not account.run().changed


def test_a_correction_can_be_taken_back_by_another(account, trade) -> None:
    first = [trade("buy", SPDB, 1000, 10.2), trade("buy", SPDB, 1000, 10.2)]
    path = account.settle(MON, first)
    old = path.read_bytes()
    account.settle(WED, [trade("sell", SPDB, 400, 10.1)])
    account.settle_all()
    account.run()
    books = list(daily_books(journal_of(account)))
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2)])
    correct(account, day=MON)
    path.write_bytes(old)
    with pytest.raises(BooksMismatchError, match="changed after it was imported"):
        account.run()
    correct(account, day=MON)
    assert books == list(daily_books(journal_of(account)))
    assert () == check_ledger(account.workspace)


def test_an_adopted_difference_can_be_taken_back(account) -> None:
    account.settle_all([MON])
    account.run(end_date=MON)
    account.write("prod_config.json", {**account.config, "current_cash": 99_000})
    account.run(end_date=MON, adopt=True)
    correct(account, entries=(2,))
    assert 10_000_000 == books_at(journal_of(account)).cash_fen
    assert 100000.0 == account.config["current_cash"]
    assert () == check_ledger(account.workspace)
    with pytest.raises(UsageError, match="does not count"):
        correct(account, entries=(2,))


def test_a_line_that_was_taken_back_by_number_stays_so(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.settle_all()
    account.run()
    correct(account, entries=(2,))
    assert {} == dict(books_at(journal_of(account)).positions)
    assert not account.run().changed
    assert () == check_ledger(account.workspace)


@pytest.mark.parametrize(
    ("request_", "error", "match"),
    [
        ({}, UsageError, "must name"),
        ({"day": MON, "reason": " "}, UsageError, "say why"),
        ({"day": date(2026, 1, 4)}, UsageError, "no session"),
        ({"day": TUE}, MissingArtifactError, "no settlement file"),
        ({"entries": (99,)}, UsageError, "does not count"),
        ({"entries": (1,)}, UsageError, "opening"),
        ({"entries": (2,)}, NegativePositionError, "more than is held"),
        ({"day": WED, "entries": (2,)}, UsageError, "lies before"),
    ],
)
def test_what_cannot_be_corrected_is_refused(account, trade, *, request_, error, match) -> None:
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.settle(WED, [trade("sell", SPDB, 100, 10)])
    account.run(end_date=WED, assume_empty=(TUE,))
    before = account.files()
    with pytest.raises(error, match=match):
        correct(account, **request_)
    assert before == account.files()


def test_the_brokers_balance_stands_over_a_correction(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.run(end_date=MON)
    account.settle(MON, [{**trade("buy", SPDB, 200, 10), "资金余额": 1}])
    with pytest.raises(BooksMismatchError, match="not the broker's"):
        correct(account, day=MON)


def test_a_dry_run_writes_nothing(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.run(end_date=MON)
    account.settle(MON, [trade("buy", SPDB, 200, 10)])
    before = account.files()
    report = correct(account, day=MON, dry_run=True)
    assert (True, True, ()) == (report.changed, report.is_dry_run, report.outputs)
    assert "Dry run: nothing was written." in report.summary()
    assert before == account.files()


def test_books_that_are_not_open_cannot_be_corrected(account) -> None:
    with pytest.raises(MissingArtifactError, match="not open yet"):
        correct(account, day=MON)
