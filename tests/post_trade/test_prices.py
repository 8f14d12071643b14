from __future__ import annotations

from datetime import date

from quantpits.market import load_calendar, resolve_market
from quantpits.post_trade.prices import closes_of, known_instruments, load_actions
from quantpits.post_trade.valuation import exact_price

MON = date(2026, 1, 5)


def test_closes_reach_back_to_the_first_session(account) -> None:
    source = resolve_market(account.workspace)
    quotes = closes_of(source, load_calendar(source), instruments=["SZ300750"], through=MON)
    assert (("SZ300750",), 200.0) == (quotes.instruments, quotes.close[0, 0])


def test_what_the_market_does_not_know_is_left_out(account) -> None:
    source = resolve_market(account.workspace)
    calendar = load_calendar(source)
    assert {"SH600000"} == known_instruments(source, calendar, instruments=["SH600000", "SH609999"])
    days = (MON, MON)
    quotes = load_actions(source, calendar, instruments=["SH609999", "SH600000"], days=days)
    assert quotes is not None
    assert ("SH600000",) == quotes.instruments
    assert date(2025, 12, 30) == quotes.dates[0].item()  # as far back as there is
    assert load_actions(source, calendar, instruments=["SH609999"], days=days) is None
    assert load_actions(source, calendar, instruments=[], days=days) is None
    early = (date(2020, 1, 1), date(2020, 1, 2))
    assert load_actions(source, calendar, instruments=["SH600000"], days=early) is None


def test_closes_of_funds_are_exact_to_the_tenth_of_a_fen(account) -> None:
    source = resolve_market(account.workspace)
    quotes = closes_of(
        source, load_calendar(source), instruments=["SH600000", "SH510300"], through=MON
    )
    assert ["4.111", "4.112", "4.123"] == [
        str(exact_price(each)) for each in quotes.close[:, quotes.column("SH510300")]
    ]
