"""What the market data say of the sessions that are posted: closes, actions, the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import MissingDataError
from quantpits.market import load_benchmark_close, load_quotes
from quantpits.post_trade.batch import Inputs, Prices
from quantpits.post_trade.brokers import Effect
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.state import config_books
from quantpits.post_trade.valuation import exact_price

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from decimal import Decimal

    from quantpits.market import MarketSource, Quotes, TradingCalendar

__all__ = ["closes_of", "load_prices"]

_RECEIVED = (Effect.BUY, Effect.BONUS_SHARES, Effect.LISTING)


def load_prices(source: MarketSource, calendar: TradingCalendar, *, inputs: Inputs) -> Prices:
    """Read the closes of everything that may be held at the end of a session.

    Parameters
    ----------
    source : MarketSource
        The market data.
    calendar : TradingCalendar
        Its sessions.
    inputs : Inputs
        What is to be posted; its `prices` are not read.

    Returns
    -------
    Prices
        Empty where nothing is to be valued.

    Raises
    ------
    MissingDataError
        If the market does not know something that is held.
    """
    sessions = tuple(inputs.settlements)
    journal, config = inputs.journal, inputs.config
    is_adopting = inputs.adopt and journal.is_open
    if not sessions and not is_adopting:
        return Prices((), {})
    start = journal.last_date if is_adopting else sessions[0]
    end = sessions[-1] if sessions else start
    held = {*books_at(journal).positions, *config_books(config).positions}
    lines = [
        line
        for settlement in inputs.settlements.values()
        if settlement is not None
        for line in settlement.statement.lines
    ]
    received = {line.instrument for line in lines if line.effect in _RECEIVED}
    listed = {line.instrument for line in lines if line.effect is Effect.LISTING}
    benchmark = _benchmark_closes(source, config.benchmark, start, end)
    # A share is listed in the account before the market data have its first day.
    known = {name for name in listed if _is_known(source, name, start, end)}
    instruments = sorted((held | received) - (listed - known))
    if not instruments:
        return Prices((), benchmark)
    quotes = load_quotes(source, instruments, start, end, fields=("close", "bonus", "dividend"))
    unpriced = [name for column, name in enumerate(instruments) if not quotes.is_traded[0, column]]
    if not unpriced:
        return Prices((quotes,), benchmark)
    # Suspended since before the first session: its last close lies in the past.
    return Prices(
        (quotes, closes_of(source, calendar, instruments=unpriced, through=start)), benchmark
    )


def closes_of(
    source: MarketSource, calendar: TradingCalendar, *, instruments: Iterable[str], through: date
) -> Quotes:
    """Read the closes of some instruments from the beginning.

    Parameters
    ----------
    source : MarketSource
        The market data.
    calendar : TradingCalendar
        Its sessions.
    instruments : iterable of str
        At least one.
    through : date
        Last day.

    Returns
    -------
    Quotes
        Their closes.

    Raises
    ------
    MissingDataError
        If the market does not know one of them.
    """
    names = sorted(instruments)
    return load_quotes(source, names, calendar.first_session, through, fields=("close",))


def _is_known(source: MarketSource, instrument: str, start: date, end: date) -> bool:
    try:
        load_quotes(source, [instrument], start, end, fields=("close",))
    except MissingDataError:
        return False
    return True


def _benchmark_closes(
    source: MarketSource, benchmark: str, start: date, end: date
) -> dict[date, Decimal]:
    try:
        dates, closes = load_benchmark_close(source, benchmark, start, end)
    except MissingDataError:
        # The account does not depend on it; each session without one is reported.
        return {}
    return {
        day: exact_price(float(close))
        for day, close in zip(dates.tolist(), closes, strict=True)
        if np.isfinite(close)
    }
