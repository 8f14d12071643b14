"""What the holdings are worth at the end of a session: shares at the raw close.

A holding that did not trade is valued at its last close, and marked so. A holding that was never
priced stops the run: an account without it would be wrong.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import Finding, MissingDataError
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import SECURITIES
from quantpits.post_trade.journal import Mark
from quantpits.post_trade.money import FEN_PER_CNY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from quantpits.market import Quotes
    from quantpits.post_trade.journal import Entry

__all__ = ["exact_price", "listing_marks", "mark_positions", "suspension_findings"]

# Shares trade in steps of 0.01, funds of 0.001.
_FINEST_TICK = Decimal("0.001")


def exact_price(price: float) -> Decimal:
    """Return a price of the market data as the exact price it stands for.

    Parameters
    ----------
    price : float
        A finite price [CNY].

    Returns
    -------
    Decimal
        The price to the finest tick, with at least two decimals.

    Examples
    --------
    >>> exact_price(12.3)
    Decimal('12.30')
    >>> exact_price(1.2340000000000002)
    Decimal('1.234')
    """
    exact = Decimal(repr(float(price))).quantize(_FINEST_TICK, rounding=ROUND_HALF_UP)
    shorter = exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return shorter if shorter == exact else exact


def mark_positions(
    day: date,
    instruments: Iterable[str],
    *,
    quotes: Sequence[Quotes],
    previous: Mapping[str, Mark],
) -> tuple[Mark, ...]:
    """Return the price that each holding is valued at.

    Parameters
    ----------
    day : date
        The session.
    instruments : iterable of str
        What is held at its end.
    quotes : sequence of Quotes
        Raw prices; a later item is asked where the earlier ones have none.
    previous : mapping of str to Mark
        What was held before was valued at this.

    Returns
    -------
    tuple of Mark
        One for each instrument, in order of instrument.

    Raises
    ------
    MissingDataError
        If an instrument has no close on the day or before.

    Notes
    -----
    NaN: did not trade. Timing: the close of `day`; nothing later is read.
    """
    columns = [{name: at for at, name in enumerate(each.instruments)} for each in quotes]
    marks = []
    for instrument in sorted(instruments):
        mark = previous.get(instrument)
        for each, column_of in zip(quotes, columns, strict=True):
            found = _last_close(each, column_of.get(instrument), day, instrument=instrument)
            if found is not None:
                mark = found
                break
        if mark is None:
            raise MissingDataError(
                "A holding has no price.",
                where=f"{instrument} on {day}",
                expected="a close in the market data on that session or before",
                found="none",
                hint="update the market data; a fund or new share may have to be imported",
            )
        is_suspended = mark.priced_on != day
        marks.append(Mark(instrument, mark.close, mark.priced_on, is_suspended))
    return tuple(marks)


def listing_marks(entries: Iterable[Entry], before: date) -> dict[str, Mark]:
    """Return new shares at what they cost, until the market data have a close of them.

    Parameters
    ----------
    entries : iterable of Entry
        What a session posts.
    before : date
        Last session before it.

    Returns
    -------
    dict of str to Mark
        One for each share that is listed by them, marked as not traded.
    """
    return {
        posting.instrument: Mark(
            posting.instrument,
            exact_price(posting.fen / (FEN_PER_CNY * posting.shares)),
            before,
            is_suspended=True,
        )
        for entry in entries
        if entry.kind == Effect.LISTING.value
        for posting in entry.postings
        if posting.account == SECURITIES
    }


def suspension_findings(day: date, marks: Iterable[Mark]) -> tuple[Finding, ...]:
    """Return a finding for each holding that is valued at an earlier close.

    Parameters
    ----------
    day : date
        The session.
    marks : iterable of Mark
        What the holdings are valued at.

    Returns
    -------
    tuple of Finding
        In the order of the marks.
    """
    return tuple(
        Finding(
            "PTR003",
            "info",
            f"{mark.instrument} did not trade on {day}; it is valued at its close of "
            f"{mark.priced_on}.",
            "market",
            mark.instrument,
        )
        for mark in marks
        if mark.is_suspended
    )


def _last_close(quotes: Quotes, column: int | None, day: date, *, instrument: str) -> Mark | None:
    if column is None:
        return None
    row = int(np.searchsorted(quotes.dates, np.datetime64(day, "D"), side="right")) - 1
    # Almost always the first row that is looked at; NaN fails both comparisons.
    while row >= 0 and not 0 < quotes.close[row, column] < np.inf:
        row -= 1
    if row < 0:
        return None
    close = exact_price(float(quotes.close[row, column]))
    return Mark(instrument, close, quotes.dates[row].item(), is_suspended=False)
