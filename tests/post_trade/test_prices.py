from __future__ import annotations

from datetime import date

from quantpits.market import load_calendar, resolve_market
from quantpits.post_trade.prices import closes_of

MON = date(2026, 1, 5)


def test_closes_reach_back_to_the_first_session(account) -> None:
    source = resolve_market(account.workspace)
    quotes = closes_of(source, load_calendar(source), instruments=["SZ300750"], through=MON)
    assert (("SZ300750",), 200.0) == (quotes.instruments, quotes.close[0, 0])
