from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from quantpits.post_trade.actions import LOOK_BACK, ActionTerms, action_findings, action_terms
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import Position, opening_entry
from quantpits.post_trade.journal import (
    Journal,
    Mark,
    Session,
    Source,
    Transaction,
    TransactionKind,
)

SPDB, PAB = "SH600000", "SZ000001"
OPEN = date(2026, 1, 2)
EX, NEXT, LAST = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7)
EARLY = OPEN - LOOK_BACK
NAN = float("nan")


@pytest.fixture
def quotes_of(make_quotes):
    """Quotes of SPDB, from a look-back before the books on."""

    def build(closes, *, dividend=0.0, bonus=0.0, factor=1.0, ex=EX):
        days = (EARLY, OPEN, EX, NEXT, LAST)
        at = days.index(ex)
        before, after = (0.0,) * at, (0.0,) * (len(days) - at - 1)
        return make_quotes(
            days,
            {SPDB: closes},
            dividend={SPDB: (*before, dividend, *after)},
            bonus={SPDB: (*before, bonus, *after)},
            factor={SPDB: (1.0,) * at + (factor,) * (len(days) - at)},
        )

    return build


@pytest.fixture
def books(make_line):
    """Three sessions with 1,000 shares of SPDB held since the opening, and some lines."""

    def build(lines=(), *, days=(EX, NEXT, LAST), held=1000):
        journal = Journal().extended(
            Transaction(
                kind=TransactionKind.OPENING,
                settle_date=OPEN,
                entries=(opening_entry(10**8, {SPDB: Position(held, 10**6)} if held else {}),),
            )
        )
        for day in days:
            own = tuple(
                make_line(effect, name, shares, price, net=net, day=day, row=row)
                for row, (when, effect, name, shares, price, net) in enumerate(lines, start=7)
                if when == day
            )
            journal = journal.extended(
                Transaction(
                    kind=TransactionKind.SESSION,
                    settle_date=day,
                    session=Session("equal", "SH000300", None, is_assumed_empty=not own),
                    source=Source(f"{day}-table.xlsx", "a" * 64, "", ("a", "b", "c"))
                    if own
                    else None,
                    lines=own,
                    marks=(Mark(SPDB, Decimal(10), day, is_suspended=False),),
                )
            )
        return journal

    return build


def dividend(day, net, name=SPDB):
    return day, Effect.DIVIDEND, name, 0, "0", net


def bonus(day, shares):
    return day, Effect.BONUS_SHARES, SPDB, shares, "0", 0


def found(journal, quotes, days=None) -> list[tuple[str, str]]:
    return [(each.code, each.severity) for each in action_findings(journal, quotes, days=days)]


FLAT = (10.0,) * 5
DUE = [("PTR004", "warning")]
WRONG = [("PTR012", "warning")]


def test_known_terms_are_taken_from_the_market_data(quotes_of) -> None:
    assert (
        ActionTerms(
            instrument=SPDB,
            ex_date=EX,
            dividend=Decimal("0.3"),
            bonus=Decimal("0.2"),
            ex_price=Decimal(8),
        ),
    ) == action_terms(quotes_of(FLAT, dividend=0.3, bonus=0.2, factor=1.25))


def test_a_jump_alone_is_a_distribution(quotes_of) -> None:
    (terms,) = action_terms(quotes_of(FLAT, factor=1.25))
    assert (EX, Decimal(2), Decimal(8)) == (terms.ex_date, terms.distribution, terms.ex_price)
    assert (Decimal(0), Decimal(0)) == (terms.dividend, terms.bonus)


@pytest.mark.parametrize("factor", [1.0, 1.0003, 0.9997])
def test_a_jump_that_moves_no_price_is_noise(quotes_of, factor) -> None:
    assert () == action_terms(quotes_of(FLAT, factor=factor))


def test_a_jump_over_a_suspension_counts_on_the_first_session_after_it(quotes_of) -> None:
    closes = (10.0, 10.0, NAN, NAN, 8.0)
    (terms,) = action_terms(quotes_of(closes, factor=1.25))
    assert (LAST, Decimal(2)) == (terms.ex_date, terms.distribution)
    (told,) = action_terms(quotes_of(closes, dividend=0.5))
    assert (EX, Decimal("0.5")) == (told.ex_date, told.dividend)


def test_what_is_held_and_not_paid_is_due(books, quotes_of) -> None:
    (finding,) = action_findings(books(), quotes_of(FLAT, dividend=0.5))
    assert ("PTR004", SPDB) == (finding.code, finding.subject)
    assert "1000 shares × 0.5 CNY = 500.00 are due" in finding.message
    assert "later file" in finding.message
    assert [] == found(books(held=0), quotes_of(FLAT, dividend=0.5))


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (50_000, []),
        (40_000, []),  # a fifth of tax
        (50_006, []),  # the terms are rounded to four decimals
        (39_990, WRONG),
        (50_010, WRONG),
        (5_000, WRONG),
    ],
)
def test_a_dividend_is_met_within_tax_and_rounding(books, quotes_of, net, expected) -> None:
    quotes = quotes_of(FLAT, dividend=0.5)
    assert expected == found(books([dividend(NEXT, net)]), quotes)
    halves = [dividend(EX, net - net // 2), dividend(LAST, net // 2)]
    assert expected == found(books(halves), quotes)


@pytest.mark.parametrize(
    ("shares", "expected"), [(300, []), (299, []), (301, []), (30, WRONG), (302, WRONG)]
)
def test_bonus_shares_are_met_to_a_share(books, quotes_of, shares, expected) -> None:
    assert expected == found(books([bonus(NEXT, shares)]), quotes_of(FLAT, bonus=0.3))


def test_cash_and_shares_of_one_ex_date_are_both_due(books, quotes_of) -> None:
    quotes = quotes_of(FLAT, dividend=0.5, bonus=0.3)
    (finding,) = action_findings(books([dividend(EX, 50_000)]), quotes)
    assert "PTR004" == finding.code
    assert "= 500.00 and 1000 shares × 0.3 = 300 new shares are due" in finding.message
    assert "do not show all of it" in finding.message
    assert DUE == found(books([bonus(EX, 300)]), quotes)
    assert [] == found(books([dividend(EX, 50_000), bonus(LAST, 300)]), quotes)
    assert WRONG == found(books([dividend(EX, 50_000), bonus(LAST, 3)]), quotes)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], DUE),
        ([dividend(EX, 200_000)], []),
        ([dividend(EX, 160_000)], []),
        ([dividend(EX, 200_500)], []),  # half a tick a share
        ([dividend(EX, 203_000)], WRONG),
        ([dividend(EX, 100_000)], WRONG),
        ([bonus(EX, 250)], []),  # 250 at 8.00
        ([bonus(EX, 500)], WRONG),
        ([dividend(EX, 40_000), bonus(NEXT, 200)], []),
        ([(EX, Effect.SUBSCRIPTION, SPDB, 500, "4", -200_000)], []),  # rights: 500 at 4, worth 8
        ([(EX, Effect.SUBSCRIPTION, SPDB, 500, "9", -450_000)], WRONG),
    ],
)
def test_an_unexplained_jump_is_met_in_any_form(books, quotes_of, lines, expected) -> None:
    assert expected == found(books(lines), quotes_of(FLAT, factor=1.25))


def test_rights_may_be_paid_before_the_price_goes_ex(books, quotes_of) -> None:
    paid = [(EX, Effect.SUBSCRIPTION, SPDB, 500, "4", -200_000)]
    assert [] == found(books(paid), quotes_of(FLAT, factor=1.25, ex=LAST))
    assert DUE == found(books(paid), quotes_of(FLAT, dividend=0.5))


def test_a_distribution_of_less_than_a_fen_is_none(books, quotes_of) -> None:
    assert [] == found(books(held=1), quotes_of(FLAT, factor=1.0005))
    assert [] == found(books(held=2), quotes_of(FLAT, bonus=0.3))


def test_a_receipt_without_an_ex_date_is_reported(books, quotes_of) -> None:
    journal = books([dividend(NEXT, 50_000), bonus(LAST, 5)])
    assert [("PTR013", "warning")] * 2 == found(journal, quotes_of(FLAT))
    assert [("PTR013", "warning")] == found(journal, quotes_of(FLAT), {LAST})
    # before its ex-date it is not of it
    early = books([dividend(EX, 50_000)])
    codes = sorted(found(early, quotes_of(FLAT, dividend=0.5, ex=LAST)))
    assert [("PTR004", "warning"), ("PTR013", "warning")] == codes


def test_a_receipt_is_no_surprise_where_the_data_do_not_reach_back(books, make_quotes) -> None:
    short = make_quotes((OPEN, EX, NEXT, LAST), {SPDB: (10.0,) * 4})
    assert [] == found(books([dividend(NEXT, 50_000)]), short)
    other = make_quotes((EARLY, OPEN, EX, NEXT, LAST), {PAB: (10.0,) * 5})
    assert [] == found(books([dividend(NEXT, 50_000)]), other)


def test_an_ex_date_before_the_books_explains_a_receipt(books, quotes_of) -> None:
    assert [] == found(books([dividend(NEXT, 12_345)]), quotes_of(FLAT, dividend=0.5, ex=OPEN))


def test_a_factor_that_falls_is_told_on_its_day(books, quotes_of) -> None:
    quotes = quotes_of(FLAT, factor=0.5)
    (finding,) = action_findings(books(), quotes)
    assert "PTR014" == finding.code
    assert "1000 shares" in finding.message
    assert [] == found(books(), quotes, {NEXT, LAST})
    assert [("PTR013", "warning"), ("PTR014", "warning")] == sorted(
        found(books([dividend(EX, 5_000)]), quotes)
    )


def test_a_run_tells_what_is_new_and_what_still_waits(books, quotes_of) -> None:
    quotes = quotes_of(FLAT, dividend=0.5)
    assert DUE == found(books(), quotes, {LAST})
    wrong = books([dividend(NEXT, 5_000)])
    assert [WRONG, WRONG, []] == [found(wrong, quotes, {day}) for day in (EX, NEXT, LAST)]


def test_what_never_came_is_told_by_the_check_alone(books, quotes_of, make_quotes) -> None:
    late = EX + LOOK_BACK + timedelta(days=1)
    journal = books(days=(EX, late))
    quotes = make_quotes(
        (EARLY, OPEN, EX, late), {SPDB: (10.0,) * 4}, dividend={SPDB: (0, 0, 0.5, 0)}
    )
    assert [] == found(journal, quotes, {late})
    (finding,) = action_findings(journal, quotes)
    assert ("PTR004", "info") == (finding.code, finding.severity)
    assert "never showed it" in finding.message
    assert [("PTR004", "info"), ("PTR013", "warning")] == found(
        books([dividend(late, 50_000)], days=(EX, late)), quotes
    )


def test_the_late_line_of_an_earlier_ex_date_is_known_by_its_amount(books, make_quotes) -> None:
    quotes = make_quotes(
        (EARLY, OPEN, EX, NEXT, LAST),
        {SPDB: FLAT},
        dividend={SPDB: (0, 0, 0.5, 0.1, 0)},
    )
    assert [] == found(books([dividend(NEXT, 10_000), dividend(LAST, 50_000)]), quotes)
    assert DUE == found(books([dividend(LAST, 50_000)]), quotes)
    extra = [dividend(EX, 50_000), dividend(NEXT, 10_000), dividend(LAST, 10_000)]
    assert WRONG == found(books(extra), quotes)
