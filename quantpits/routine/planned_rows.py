"""What an account would have come to by its orders: filled in full at the session's price.

The plan begins anew with every order file, from the account as it then was, so that an old
difference is not told again; until the next one it holds what the orders bought. The filling is the
paper broker's, without slippage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.routine.account_rows import AccountRows
from quantpits.routine.settlement import PaperBook, settle_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from quantpits.routine.paper_market import PaperMarket
    from quantpits.trading import Order
    from quantpits.trading.kernels import IntArray

__all__ = ["Segment", "planned_rows", "segments_of"]

_MILLS_A_FEN = 10


@dataclass(frozen=True, slots=True)
class Segment:
    """Sessions from one order file to the next.

    Attributes
    ----------
    first, stop : int
        Rows ``first`` to ``stop - 1``; the orders are for the first of them.
    orders : tuple of Order
        Those that can be filled: priced, and not for more than is held.
    """

    first: int
    stop: int
    orders: tuple[Order, ...]


def segments_of(
    sessions: Sequence[date], orders: Mapping[date, tuple[Order, ...]]
) -> tuple[Segment, ...]:
    """Cut sessions where new orders begin.

    Parameters
    ----------
    sessions : sequence of date [T]
        At least one.
    orders : mapping of date to tuple of Order
        The sessions that have an order file, even an empty one.

    Returns
    -------
    tuple of Segment
        They cover every session.

    Examples
    --------
    >>> from datetime import date
    >>> days = [date(2024, 1, 4), date(2024, 1, 5), date(2024, 1, 8)]
    >>> [(each.first, each.stop) for each in segments_of(days, {days[2]: ()})]
    [(0, 2), (2, 3)]
    """
    firsts = sorted({0, *(row for row, day in enumerate(sessions) if day in orders)})
    stops = [*firsts[1:], len(sessions)]
    return tuple(
        Segment(first, stop, orders.get(sessions[first], ()))
        for first, stop in zip(firsts, stops, strict=True)
    )


def planned_rows(
    account: AccountRows,
    segment: Segment,
    *,
    market: PaperMarket,
    instruments: tuple[str, ...],
    marks: IntArray,
    max_positions: int | None,
) -> AccountRows:
    """Return what the orders of a segment would have come to.

    Parameters
    ----------
    account : AccountRows
        The account over the sessions of the segment alone.
    segment : Segment
        The orders; its rows are those of `market`.
    market : PaperMarket
        Prices and rules of what can be ordered.
    instruments : tuple of str [N]
        The columns of the account; those that `market` does not have are only held.
    marks : int64 [t, N]
        Prices of the valuation [1e-3 CNY].
    max_positions : int, optional
        Most positions to hold.

    Returns
    -------
    AccountRows
        With the deposits and the income of the account itself.
    """
    shape = account.shares.shape
    shares, traded, notional, fee, other = np.zeros((5, *shape), dtype=np.int64)
    nav, cash_path = np.zeros((2, shape[0]), dtype=np.int64)
    column_of = {name: column for column, name in enumerate(instruments)}
    book = PaperBook(_cash_before(account), _held(account.before, instruments))
    days = market.dates[segment.first : segment.stop].tolist()
    for row, day in enumerate(days):
        added = int(account.deposits[row] + account.income[row])
        opening = PaperBook(book.cash_fen + added, book.shares)
        orders = segment.orders if row == 0 else ()
        settled = settle_session(
            opening,
            orders,
            market=market.session(day, [order.instrument for order in orders]) if orders else None,
            actions=market.actions(day),
            max_positions=max_positions,
        )
        for line in settled.lines:
            column = column_of[line.instrument]
            if line.event in {"buy", "sell"}:
                sign = 1 if line.event == "buy" else -1
                traded[row, column] += sign * line.shares
                notional[row, column] += sign * line.notional_fen
                fee[row, column] += line.fee_fen
            else:
                other[row, column] += line.cash_effect_fen
        book = settled.book
        for name, count in book.shares.items():
            shares[row, column_of[name]] = count
        cash_path[row] = book.cash_fen
        nav[row] = book.cash_fen + _values(shares[row], marks[row])
    return AccountRows(
        before=account.before,
        shares=shares,
        traded=traded,
        notional=notional,
        fee=fee,
        other=other,
        deposits=account.deposits,
        income=account.income,
        nav=nav,
        cash=cash_path,
    )


def _cash_before(account: AccountRows) -> int:
    """Return the cash before the first row, from that after it and all that moved it [fen]."""
    moved = account.other[0] - account.notional[0] - account.fee[0]
    return int(account.cash[0] - moved.sum() - account.deposits[0] - account.income[0])


def _held(shares: IntArray, instruments: tuple[str, ...]) -> dict[str, int]:
    return {instruments[column]: int(shares[column]) for column in np.flatnonzero(shares)}


def _values(shares: IntArray, mills: IntArray) -> int:
    values = (2 * shares * mills + _MILLS_A_FEN) // (2 * _MILLS_A_FEN)
    return int(values.sum())
