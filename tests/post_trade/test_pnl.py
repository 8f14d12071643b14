from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.correct import run as correct
from quantpits.post_trade.daybook import post_day
from quantpits.post_trade.entries import Position, adjustment_entry, opening_entry
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.journal import Journal, Transaction, TransactionKind
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.pnl import ProfitReport, ProfitRow, profit_rows
from quantpits.post_trade.request import CorrectRequest

SPDB, PAB = "SH600000", "SZ000001"
START = date(2026, 1, 2)


def booked(days, *, opening=None) -> Journal:
    """A journal with some lines a day; no sessions, since nothing is valued here."""
    positions = opening or {}
    entry = opening_entry(10**9, positions)
    journal = Journal().extended(
        Transaction(kind=TransactionKind.OPENING, settle_date=START, entries=(entry,))
    )
    for day, lines in days.items():
        entries = post_day(books_at(journal), lines, flows=())
        kind = TransactionKind.SESSION
        journal = journal.extended(Transaction(kind=kind, settle_date=day, entries=entries))
    return journal


@pytest.fixture
def by_hand(make_line) -> Journal:
    """Buy 100 at 10.00 and 100 at 12.00 with fees of 5.00 each, sell 150 at 13.00, fee 6.00."""
    january, february = date(2026, 1, 5), date(2026, 2, 5)
    return booked(
        {
            january: [make_line(Effect.BUY, SPDB, 100, "10.00", fee=500)],
            date(2026, 1, 6): [
                make_line(Effect.BUY, SPDB, 100, "12.00", fee=500),
                make_line(Effect.DIVIDEND, SPDB, net=2_000, row=8),
                make_line(Effect.DIVIDEND_TAX, SPDB, net=-200, row=9),
                make_line(Effect.INTEREST, net=33, row=10),
            ],
            february: [make_line(Effect.SELL, SPDB, 150, "13.00", fee=600)],
        }
    )


def test_average_and_first_in_first_out_by_hand(by_hand) -> None:
    """Average: cost 2,210.00 for 200, 1,657.50 for 150; realised 1,950.00 - 1,657.50 = 292.50.

    FIFO: 1,005.00 + 1,205.00 / 2 = 1,607.50; realised 342.50. Net by average: 292.50 + 20.00 +
    - 2.00 - 6.00 = 304.50.
    """
    account, row = profit_rows(by_hand)
    assert (29_250, 34_250) == (row.realised_average_fen, row.realised_fifo_fen)
    assert (2_000, 200, 1_600, 1_000) == (
        row.dividends_fen,
        row.tax_fen,
        row.fees_fen,
        row.fees_in_cost_fen,
    )
    assert 30_450 == row.net_fen
    assert ("", 33) == (account.instrument, account.interest_fen)


def test_periods(by_hand) -> None:
    rows = {(row.period, row.instrument): row for row in profit_rows(by_hand, period="month")}
    assert [("2026-01", ""), ("2026-01", SPDB), ("2026-02", SPDB)] == list(rows)
    assert (0, 1_000) == (
        rows["2026-01", SPDB].realised_average_fen,
        rows["2026-01", SPDB].fees_fen,
    )
    assert 600 == rows["2026-02", SPDB].fees_fen
    assert {"2026"} == {row.period for row in profit_rows(by_hand, period="year")}
    assert "2026-02-05" == profit_rows(by_hand, period="day")[-1].period


def test_bonus_shares_spread_over_the_lots(make_line) -> None:
    """100 at 10.00 and 100 at 20.00, 100 bonus shares: 150 for 1,000.00 and 150 for 2,000.00."""
    journal = booked(
        {
            date(2026, 1, 5): [
                make_line(Effect.BUY, SPDB, 100, "10.00"),
                make_line(Effect.BUY, SPDB, 100, "20.00", row=8),
            ],
            date(2026, 1, 6): [make_line(Effect.BONUS_SHARES, SPDB, 100)],
            date(2026, 1, 7): [make_line(Effect.SELL, SPDB, 150, "10.00")],
        }
    )
    (row,) = profit_rows(journal)
    assert (0, 50_000) in {
        (row.realised_average_fen, row.realised_fifo_fen),
        # lots of one day are in the order of their content
        (row.realised_average_fen, -row.realised_fifo_fen),
    }


def test_an_adopted_difference_changes_the_lots() -> None:
    journal = booked({}, opening={SPDB: Position(100, 1_000)})
    for change in ({SPDB: Position(50, 700)}, {SPDB: Position(0, 30)}, {SPDB: Position(-120, -5)}):
        entry = adjustment_entry(0, change)
        kind = TransactionKind.ADJUSTMENT
        journal = journal.extended(Transaction(kind=kind, settle_date=START, entries=(entry,)))
    assert () == profit_rows(journal)
    entry = adjustment_entry(0, {SPDB: Position(-30, -1_725)})
    journal = journal.extended(
        Transaction(kind=TransactionKind.ADJUSTMENT, settle_date=START, entries=(entry,))
    )
    assert () == profit_rows(journal)


@pytest.mark.property
@settings(max_examples=100)
@given(seed=st.integers(0, 2**32 - 1))
def test_both_methods_agree_when_everything_is_sold(make_line, seed: int) -> None:
    dice = random.Random(seed)
    held, days = 0, {}
    for number in range(dice.randint(1, 8)):
        day = date(2026, 1, 5 + number)
        if held and dice.random() < 0.5:
            count = dice.randint(1, held)
            held -= count
            lines = [make_line(Effect.SELL, SPDB, count, f"{dice.randint(1, 999) / 100:.2f}")]
        elif held and dice.random() < 0.3:
            count = dice.randint(1, 50)
            held += count
            lines = [make_line(Effect.BONUS_SHARES, SPDB, count)]
        else:
            count = dice.randint(1, 500)
            held += count
            price = f"{dice.randint(1, 999) / 100:.2f}"
            lines = [make_line(Effect.BUY, SPDB, count, price, fee=dice.randint(0, 900))]
        days[day] = lines
    if held:
        days[date(2026, 1, 20)] = [make_line(Effect.SELL, SPDB, held, "5.00", fee=7)]
    journal = booked(days)
    rows = profit_rows(journal)
    assert sum(row.realised_average_fen for row in rows) == sum(
        row.realised_fifo_fen for row in rows
    )
    assert books_at(journal).cash_fen - 10**9 == sum(row.net_fen for row in rows)


def test_what_was_taken_back_does_not_count(account, trade) -> None:
    account.settle(date(2026, 1, 5), [trade("buy", SPDB, 100, 10)])
    account.settle(date(2026, 1, 6), [trade("sell", SPDB, 100, 10.5)])
    account.run(end_date=date(2026, 1, 6))
    correct(account.workspace, CorrectRequest(entries=(3,), reason="never happened"))
    (row,) = profit_rows(load_journal(account.workspace.ledger_path))
    assert (0, 0, 500) == (row.realised_average_fen, row.realised_fifo_fen, row.fees_fen)


def test_the_report_in_words() -> None:
    row = ProfitRow(period="", instrument="", interest_fen=5)
    report = ProfitReport(workspace="w", rows=(row,))
    assert "all account: realised 0.00" in report.summary()[0]
    assert ["Nothing was realised yet."] == ProfitReport(workspace="w", rows=()).summary()


def test_bonus_shares_of_what_is_not_held_cost_nothing(make_line) -> None:
    journal = booked(
        {
            date(2026, 1, 5): [make_line(Effect.BONUS_SHARES, SPDB, 10)],
            date(2026, 1, 6): [make_line(Effect.SELL, SPDB, 10, "2.00")],
        }
    )
    (row,) = profit_rows(journal)
    assert (2_000, 2_000) == (row.realised_average_fen, row.realised_fifo_fen)
