"""An account as rows: what the books say, and what the simulator did, in one form."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from quantpits.config import StrategySettings
from quantpits.market import resolve_market
from quantpits.post_trade.journal import (
    AppliedFlow,
    Entry,
    FlowKind,
    Journal,
    Mark,
    Posting,
    Session,
    Transaction,
    TransactionKind,
)
from quantpits.post_trade.ledger import load_journal
from quantpits.routine.account_rows import held_instruments, ledger_rows, mark_mills, simulated_rows
from quantpits.routine.paper_market import load_paper_market
from quantpits.trading import Opening, SimulationRules, signal_rows, simulate_sessions

MONDAY, TUESDAY = date(2021, 3, 8), date(2021, 3, 9)


@pytest.fixture(scope="module")
def books(looped):
    journal = load_journal(looped.ledger_path)
    sessions = tuple(each.settle_date for each in journal.sessions)
    return journal, sessions


def test_rows_explain_every_change_of_cash_and_shares(books):
    journal, sessions = books
    names = sorted(held_instruments(journal, start=sessions[0], end=sessions[-1]))
    rows = ledger_rows(journal, instruments=names, sessions=sessions)
    before = np.concatenate([[500_000_00], rows.cash[:-1]])
    moved = (rows.other - rows.notional - rows.fee).sum(axis=1) + rows.deposits + rows.income
    np.testing.assert_array_equal(rows.cash - before, moved)
    assert (rows.fee[rows.traded != 0] > 0).all()
    assert rows.other.any()
    assert (rows.notional * rows.traded >= 0).all()


def test_window_of_the_books_is_a_part_of_them(books):
    journal, sessions = books
    names = sorted(held_instruments(journal, start=sessions[0], end=sessions[-1]))
    whole, part = (
        ledger_rows(journal, instruments=names, sessions=days)
        for days in (sessions, sessions[7:12])
    )
    np.testing.assert_array_equal(whole.shares[6], part.before)
    for name in ("shares", "traded", "notional", "fee", "other", "nav", "cash", "income"):
        np.testing.assert_array_equal(getattr(whole, name)[7:12], getattr(part, name))


def test_held_instruments_are_those_of_the_days(books):
    journal, sessions = books
    few = held_instruments(journal, start=sessions[0], end=sessions[0])
    assert few < held_instruments(journal, start=sessions[0], end=sessions[-1])


def journal_with_interest() -> Journal:
    """A deposit, interest, a payment for new shares, and shares that come with them."""
    session = Session("gru", "SH000300", None, is_assumed_empty=False)
    opening = Transaction(
        kind=TransactionKind.OPENING,
        settle_date=date(2021, 3, 5),
        entries=(
            Entry(
                "opening",
                "",
                (Posting("cash", "", 100_000), Posting("equity:opening", "", -100_000)),
            ),
        ),
    )
    flow = Entry("cashflow", "", (Posting("cash", "", 500), Posting("equity:cashflow", "", -500)))
    interest = Entry("interest", "", (Posting("cash", "", 7), Posting("income:interest", "", -7)))
    payment = Entry(
        "subscription",
        "SH600001",
        (
            Posting("cash", "", -20_000),
            Posting("subscriptions", "SH600001", 20_000, 10),
            Posting("market", "SH600001", 0, -10),
        ),
    )
    first = Transaction(
        kind=TransactionKind.SESSION,
        settle_date=MONDAY,
        session=session,
        entries=(flow, interest, payment),
        flows=(AppliedFlow(MONDAY, FlowKind.DATED, 500),),
    )
    listing = Entry(
        "listing",
        "SH600001",
        (
            Posting("subscriptions", "SH600001", -20_000, -10),
            Posting("securities", "SH600001", 20_000, 10),
        ),
    )
    second = Transaction(
        kind=TransactionKind.SESSION,
        settle_date=TUESDAY,
        session=session,
        entries=(listing,),
        marks=(Mark("SH600001", Decimal("25.123"), TUESDAY, is_suspended=False),),
    )
    return Journal().extended(opening).extended(first).extended(second)


def test_deposits_interest_and_new_shares_stand_where_they_belong():
    journal = journal_with_interest()
    rows = ledger_rows(journal, instruments=("SH600001",), sessions=(MONDAY, TUESDAY))
    assert ([500, 0], [7, 0]) == (rows.deposits.tolist(), rows.income.tolist())
    # Paid and pending: nothing is lost. Listed: pending becomes shares.
    assert [[0], [-20_000]] == rows.other.tolist()
    assert [[0], [10]] == rows.shares.tolist()
    assert [100_507, 80_507] == rows.cash.tolist()
    assert [100_507, 80_507 + 25_123] == rows.nav.tolist()


def test_marks_are_the_books_own_where_they_have_one(looped, books):
    journal, sessions = books
    source = resolve_market(looped)
    names = sorted(held_instruments(journal, start=sessions[0], end=sessions[-1]))
    days = (sessions[0], sessions[-1])
    market = load_paper_market(source, StrategySettings(), instruments=names, days=days)
    mills = mark_mills(journal, market)
    np.testing.assert_array_equal(market.inputs.tables.mark * 10, mills)
    more = mark_mills(journal, market, instruments=["SH600999", *names])
    assert (more[:, 0] == 0).all()
    np.testing.assert_array_equal(mills, more[:, 1:])


def test_simulated_rows_explain_the_simulated_cash(eventful, looped):
    bars = eventful[1]
    days = (bars.dates[0].item(), bars.dates[-1].item())
    source = resolve_market(looped)
    settings = StrategySettings(deal_price="open")
    # The sandbox's market ends at its anchor.
    market = load_paper_market(source, settings, instruments=bars.instruments, days=days)
    rng = np.random.default_rng(3)
    scores = rng.standard_normal(market.inputs.tables.mark.shape)
    has_signal = np.ones(market.dates.size, dtype=bool)
    result = simulate_sessions(
        market.inputs,
        scores,
        signal_rows=signal_rows(market.dates, has_signal, frequency="day"),
        rules=SimulationRules(topk=5, n_drop=2),
        opening=Opening(1_000_000_00),
        is_keeping_shares=True,
    )
    rows = simulated_rows(market, result)
    moved = (rows.other - rows.notional - rows.fee).sum(axis=1)
    np.testing.assert_array_equal(1_000_000_00 + np.cumsum(moved), result.cash)
    np.testing.assert_array_equal(rows.fee.sum(axis=1), result.cost)
    np.testing.assert_array_equal(np.abs(rows.notional).sum(axis=1), result.turnover)
