from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quantpits.errors import MissingDataError
from quantpits.post_trade.journal import Mark
from quantpits.post_trade.valuation import (
    exact_price,
    mark_positions,
    suspension_findings,
)

SPDB, PAB, NEW = "SH600000", "SZ000001", "SZ300999"
DAYS = (date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7))
NAN = float("nan")


@pytest.fixture
def quotes(make_quotes):
    return make_quotes(DAYS, {SPDB: [10.0, 10.25, NAN], PAB: [9.0, 0.0, 9.5]})


@pytest.mark.parametrize(
    ("price", "text"),
    [(10.25, "10.25"), (10.1, "10.10"), (1.2340000000000002, "1.234"), (0.0005, "0.001")],
)
def test_exact_price(price: float, text: str) -> None:
    assert text == str(exact_price(price))


def test_a_holding_is_valued_at_its_close(quotes) -> None:
    assert (Mark(SPDB, Decimal("10.25"), DAYS[1], is_suspended=False),) == mark_positions(
        DAYS[1], [SPDB], quotes=[quotes], previous={}
    )


def test_a_suspended_holding_is_valued_at_its_last_close_and_marked(quotes) -> None:
    marks = mark_positions(DAYS[2], [SPDB], quotes=[quotes], previous={})
    assert (Mark(SPDB, Decimal("10.25"), DAYS[1], is_suspended=True),) == marks
    (finding,) = suspension_findings(DAYS[2], marks)
    assert ("PTR003", "info", SPDB) == (finding.code, finding.severity, finding.subject)


def test_a_price_of_zero_is_no_price(quotes) -> None:
    (mark,) = mark_positions(DAYS[1], [PAB], quotes=[quotes], previous={})
    assert (Decimal("9.00"), True) == (mark.close, mark.is_suspended)


def test_later_prices_are_not_read(quotes) -> None:
    (mark,) = mark_positions(DAYS[0], [SPDB], quotes=[quotes], previous={})
    assert Decimal("10.00") == mark.close


def test_earlier_history_is_asked_next_and_the_last_mark_at_the_end(quotes, make_quotes) -> None:
    before = date(2025, 12, 1)
    earlier = make_quotes([before], {NEW: [5.0]})
    (mark,) = mark_positions(DAYS[0], [NEW], quotes=[quotes, earlier], previous={})
    assert Mark(NEW, Decimal("5.00"), before, is_suspended=True) == mark
    previous = {NEW: Mark(NEW, Decimal("6.00"), before, is_suspended=False)}
    assert (Mark(NEW, Decimal("6.00"), before, is_suspended=True),) == mark_positions(
        DAYS[0], [NEW], quotes=[quotes], previous=previous
    )


def test_an_unpriced_holding_stops(quotes) -> None:
    with pytest.raises(MissingDataError, match="SZ300999 on 2026-01-05"):
        mark_positions(DAYS[0], [SPDB, NEW], quotes=[quotes], previous={})


def test_marks_are_in_order_of_instrument(quotes) -> None:
    marks = mark_positions(DAYS[0], [PAB, SPDB], quotes=[quotes], previous={})
    assert [SPDB, PAB] == [mark.instrument for mark in marks]
    assert () == suspension_findings(DAYS[0], marks)
