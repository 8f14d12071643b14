"""Prices of a backtest: the market's bars as the two simulators read them, and the benchmark.

Raw bars are what was traded; adjusted ones are what Qlib stores and its own backtest reads. Both
end with the last row of the backtest: no price after it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, MissingDataError, name_list
from quantpits.market import load_calendar, load_quotes
from quantpits.market.binary import feature_file, read_field
from quantpits.market.quotes import LISTING_FIELDS
from quantpits.trading import AdjustedBars, RawBars, RawBefore, prices_to_fen, session_inputs

if TYPE_CHECKING:
    from datetime import date

    from quantpits.market import DateArray, FloatArray, MarketSource, Quotes
    from quantpits.trading import RuleBook
    from quantpits.trading.kernels import IntArray

__all__ = [
    "DEAL_PRICES",
    "check_deal_price",
    "load_adjusted_bars",
    "load_before",
    "load_benchmark",
    "load_raw_bars",
]

DEAL_PRICES = ("open", "close", "vwap")

_ADJUSTED_FIELDS = ("close", "factor", "change")
_PAST_FIELDS = ("close", "bonus", "dividend")
# Instruments whose whole past is gone through at a time.
_BLOCK = 256


def check_deal_price(deal_price: str) -> None:
    """Refuse a price that nothing trades at.

    Parameters
    ----------
    deal_price : str
        One of `DEAL_PRICES`.

    Raises
    ------
    DataError
        If it is another one.
    """
    if deal_price not in DEAL_PRICES:
        raise DataError(
            "There is no such price to trade at.",
            where="config/strategy_config.yaml: backtest.exchange_kwargs.deal_price",
            expected=f"one of {name_list(DEAL_PRICES)}",
            found=deal_price,
        )


def load_raw_bars(
    source: MarketSource,
    instruments: tuple[str, ...],
    *,
    start: date,
    end: date,
    deal_price: str,
) -> RawBars:
    """Read the bars of a simulation in live timing.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    instruments : tuple of str [N]
        Sorted.
    start, end : date
        First and last day, both inclusive.
    deal_price : {"open", "close", "vwap"}
        Price that is traded.

    Returns
    -------
    RawBars
        Sessions in the range by instruments, with what is known of warnings and listings.

    Raises
    ------
    MissingDataError
        If an instrument is not in the market, no session lies in the range, or no instrument has a
        price there.
    DataError
        If there is no such price.
    """
    check_deal_price(deal_price)
    fields = tuple(dict.fromkeys((deal_price, "close", "bonus", "dividend", *LISTING_FIELDS)))
    quotes = load_quotes(source, instruments, start, end, fields=fields)
    price = quotes.values[deal_price]
    _check_priced(price, quotes.close, deal_price, days=(start, end))
    return RawBars(
        dates=quotes.dates,
        instruments=instruments,
        price_fen=prices_to_fen(price),
        close_fen=prices_to_fen(quotes.close),
        dividend=quotes.dividend,
        bonus=quotes.bonus,
        factor=quotes.factor,
        is_st=quotes.is_st,
        sessions_listed=quotes.sessions_listed,
    )


def load_before(
    source: MarketSource, instruments: tuple[str, ...], *, day: date, rules: RuleBook
) -> RawBefore:
    """Read what is known of each instrument before a day, however long ago it traded.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    instruments : tuple of str [N]
        Which instruments.
    day : date
        The first row of the backtest.
    rules : RuleBook
        Of the backtest.

    Returns
    -------
    RawBefore
        Nothing is known where `day` is the market's first session.

    Raises
    ------
    MissingDataError
        If an instrument is not in the market.
    """
    mark = np.zeros(len(instruments), dtype=np.int64)
    factor = np.full(len(instruments), np.nan)
    calendar = load_calendar(source)
    if day <= calendar.first_session:
        return RawBefore(mark_fen=mark, factor=factor)
    before = calendar.previous_session(day)
    quotes = load_quotes(source, instruments, before, before, fields=("close",))
    mark[:] = prices_to_fen(quotes.close[0])
    factor[:] = quotes.factor[0]
    # The others are suspended, delisted or not listed yet: their whole past is gone through.
    absent = np.flatnonzero(mark == 0)
    for low in range(0, absent.size, _BLOCK):
        block = absent[low : low + _BLOCK]
        names = tuple(instruments[column] for column in block)
        past = load_quotes(source, names, calendar.first_session, before, fields=_PAST_FIELDS)
        mark[block] = _last_marks(past, rules)
        factor[block] = _last_row(past.factor)
    return RawBefore(mark_fen=mark, factor=factor)


def load_adjusted_bars(
    source: MarketSource,
    instruments: tuple[str, ...],
    *,
    dates: DateArray,
    first_row: int,
    deal_price: str,
) -> AdjustedBars:
    """Read bars as Qlib's exchange does: adjusted, nothing left out.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    instruments : tuple of str [N]
        Sorted.
    dates : datetime64[D] [T]
        Consecutive sessions.
    first_row : int
        Position of the first of them in the market's calendar.
    deal_price : {"open", "close", "vwap"}
        Price that is traded.

    Returns
    -------
    AdjustedBars
        T sessions by N instruments.

    Raises
    ------
    MissingDataError
        If an instrument is not in the market, or no instrument has a price.
    DataError
        If there is no such price.
    """
    check_deal_price(deal_price)
    fields = {
        name: np.full((dates.size, len(instruments)), np.nan)
        for name in dict.fromkeys((*_ADJUSTED_FIELDS, deal_price))
    }
    missing = []
    for column, instrument in enumerate(instruments):
        for name, values in fields.items():
            path = source.provider_uri / feature_file(instrument, name)
            stored = read_field(path, first_row, n_values=dates.size)
            if stored is not None:
                values[:, column] = stored
            elif name == "close":
                missing.append(instrument)
    if missing:
        raise MissingDataError(
            f"The market has no close for {name_list(missing)}.",
            where=source.provider_uri,
            hint="Check the instrument codes, or update the market data.",
        )
    close = fields["close"]
    days = dates[0].item(), dates[-1].item()
    _check_priced(fields[deal_price], close, deal_price, days=days)
    return AdjustedBars(
        dates=dates,
        instruments=instruments,
        price=fields[deal_price],
        close=close,
        factor=fields["factor"],
        change=fields["change"],
    )


def load_benchmark(source: MarketSource, code: str, *, dates: DateArray) -> tuple[FloatArray, int]:
    """Read the level of the benchmark on the rows of a backtest.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    code : str
        Such as ``"SH000300"``.
    dates : datetime64[D] [T]
        Consecutive sessions with data.

    Returns
    -------
    level : float64 [T]
        Adjusted closes [points]; where a session has none, the last one before.
    n_carried : int
        Sessions without a close of their own.

    Raises
    ------
    MissingDataError
        If the market has no such index, or it begins later or ends earlier than the rows.
    """
    hint = "Set 'benchmark' in config/model_config.json to an index that the market has."
    where = "config/model_config.json: benchmark"
    if not (source.provider_uri / feature_file(code, "close")).is_file():
        raise MissingDataError(
            "The market does not have the benchmark.",
            where=where,
            expected=f"an index of {source.label}",
            found=code,
            hint=hint,
        )
    begin = load_calendar(source).first_session
    quotes = load_quotes(source, (code,), begin, dates[-1].item(), fields=("close",))
    # Of an index the factor is 1; of a fund the adjusted price counts what it paid out.
    days, close = quotes.dates, (quotes.close * quotes.factor)[:, 0]
    known = np.isfinite(close)
    if not known.any() or days[int(np.argmax(known))] > dates[0] or not known[-1]:
        found = np.flatnonzero(known)
        raise MissingDataError(
            "The benchmark does not cover the backtest.",
            where=f"{code}, {where}",
            expected=f"closes from {dates[0]} to {dates[-1]}",
            found=f"closes from {days[found[0]]} to {days[found[-1]]}" if found.size else "none",
            hint=hint,
        )
    last = np.maximum.accumulate(np.where(known, np.arange(known.size), 0))
    own = known[-dates.size :]
    return np.ascontiguousarray(close[last][-dates.size :]), int(np.count_nonzero(~own))


def _check_priced(
    price: FloatArray, close: FloatArray, deal_price: str, *, days: tuple[date, date]
) -> None:
    if not np.isfinite(close).any():
        raise MissingDataError(
            "No instrument has a price in the backtest's dates.", where=f"{days[0]} to {days[1]}"
        )
    if not np.isfinite(price).any():
        raise MissingDataError(
            f"The market has no {deal_price} to trade at.",
            where=f"{days[0]} to {days[1]}",
            expected=f"the field {deal_price} in the market data",
            hint="Import it, or set backtest.exchange_kwargs.deal_price to open or close in "
            "config/strategy_config.yaml.",
        )


def _last_marks(quotes: Quotes, rules: RuleBook) -> IntArray:
    """Return the value of a share after the last row, as the simulator has it."""
    close = prices_to_fen(quotes.close)
    bars = RawBars(
        dates=quotes.dates,
        instruments=quotes.instruments,
        price_fen=close,
        close_fen=close,
        dividend=quotes.dividend,
        bonus=quotes.bonus,
        factor=quotes.factor,
    )
    marks: IntArray = session_inputs(bars, rules).tables.mark[-1]
    return marks


def _last_row(values: FloatArray) -> FloatArray:
    """Return the last finite value of each column, NaN where there is none."""
    known = np.isfinite(values)
    last = values.shape[0] - 1 - np.argmax(known[::-1], axis=0)
    return np.asarray(values[last, np.arange(values.shape[1])])
