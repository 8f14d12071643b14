"""What the market data say of the sessions that are posted: closes, actions, the index."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import MissingDataError
from quantpits.market import load_benchmark_close, load_quotes
from quantpits.market.binary import feature_file, read_field
from quantpits.post_trade.actions import LOOK_BACK
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
    from quantpits.post_trade.journal import Journal

__all__ = ["closes_of", "known_instruments", "load_actions", "load_prices"]

# Source: trading rules of both exchanges; a fund (ETF, LOF) trades in steps of 0.001 CNY.
_FUND_PREFIXES = ("SH5", "SZ15", "SZ16", "SZ18")
_FUND_TICKS = 1000.0
_ACTION_FIELDS = ("close", "bonus", "dividend")
_RECEIVED = (Effect.BUY, Effect.BONUS_SHARES, Effect.LISTING, Effect.SHARES_IN)


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
        Empty where nothing is to be valued. What the market does not know is left out: it may be
        sold before the session ends, or be a new share; else `mark_positions` refuses it.
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
    benchmark = _benchmark_closes(source, config.benchmark, start, end)
    actions = load_actions(
        source,
        calendar,
        instruments=held | received | _valued_since(journal, start),
        days=(start, end),
    )
    instruments = sorted((held | received) & set(() if actions is None else actions.instruments))
    if not instruments:
        return Prices((), benchmark, actions)
    quotes = _to_the_tick(
        source, calendar, load_quotes(source, instruments, start, end, fields=("close",))
    )
    unpriced = [name for column, name in enumerate(instruments) if not quotes.is_traded[0, column]]
    if not unpriced:
        return Prices((quotes,), benchmark, actions)
    # Suspended since before the first session: its last close lies in the past.
    return Prices(
        (quotes, closes_of(source, calendar, instruments=unpriced, through=start)),
        benchmark,
        actions,
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
    quotes = load_quotes(source, names, calendar.first_session, through, fields=("close",))
    return _to_the_tick(source, calendar, quotes)


def load_actions(
    source: MarketSource,
    calendar: TradingCalendar,
    *,
    instruments: Iterable[str],
    days: tuple[date, date],
) -> Quotes | None:
    """Read what the market data say of corporate actions, as far back as one may wait for its line.

    Parameters
    ----------
    source : MarketSource
        The market data.
    calendar : TradingCalendar
        Its sessions.
    instruments : iterable of str
        What was held; those that the market does not know are left out.
    days : (date, date)
        First and last day of interest.

    Returns
    -------
    Quotes or None
        Closes, factors, dividends and bonus shares; None where the market knows none of them.
    """
    start, end = (
        max(days[0] - LOOK_BACK, calendar.first_session),
        min(days[1], calendar.last_session),
    )
    if start > end:
        return None
    names = sorted(set(instruments))
    try:
        return load_quotes(source, names, start, end, fields=_ACTION_FIELDS) if names else None
    except MissingDataError:
        known = sorted(known_instruments(source, calendar, instruments=names))
        return load_quotes(source, known, start, end, fields=_ACTION_FIELDS) if known else None


def known_instruments(
    source: MarketSource, calendar: TradingCalendar, *, instruments: Iterable[str]
) -> set[str]:
    """Return which instruments the market data have.

    Parameters
    ----------
    source : MarketSource
        The market data.
    calendar : TradingCalendar
        Its sessions.
    instruments : iterable of str
        Any.

    Returns
    -------
    set of str
        A new share is not in it before the data have its first session.
    """
    day = calendar.last_session
    return {name for name in instruments if _is_known(source, name, day)}


def _to_the_tick(source: MarketSource, calendar: TradingCalendar, quotes: Quotes) -> Quotes:
    """Return quotes with the closes of funds to 0.001; `load_quotes` gives all to 0.01."""
    funds = [
        column for column, name in enumerate(quotes.instruments) if name.startswith(_FUND_PREFIXES)
    ]
    if not funds:
        return quotes
    close = quotes.close.copy()
    first_row = int(np.searchsorted(calendar.sessions, quotes.dates[0]))
    for column in funds:
        path = source.provider_uri / feature_file(quotes.instruments[column], "close")
        stored = read_field(path, first_row, n_values=quotes.dates.size)
        assert stored is not None  # it was read a moment ago
        exact = np.rint(stored / quotes.factor[:, column] * _FUND_TICKS) / _FUND_TICKS
        close[:, column] = np.where(quotes.is_traded[:, column], exact, np.nan)
    return replace(quotes, values={**quotes.values, "close": close})


def _valued_since(journal: Journal, start: date) -> set[str]:
    """Return what was held on a session that an ex-date may still be waiting from."""
    return {
        mark.instrument
        for transaction in journal.transactions
        if transaction.settle_date >= start - LOOK_BACK
        for mark in transaction.marks
    }


def _is_known(source: MarketSource, instrument: str, day: date) -> bool:
    try:
        load_quotes(source, [instrument], day, day, fields=("close",))
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
