"""Why two accounts on one market differ, line by line, in whole fen.

Pure: rows in, lines out. The reference is what should have been: the simulator, or the orders
filled in full at the session's price. In each session and for each instrument the difference of the
two results falls into parts that add up to it exactly:

- **price**: shares traded at another price than the session's, times the difference;
- **fee**: other fees;
- the rest follows from holding other shares than the reference, and is booked to what made the
  difference, from the session it arose in until it is gone: **not filled**, orders that traded less
  than they asked for; **lot**, orders of another size than the reference's; **timing**, trades that
  the reference made on another day or not at all;
- **entitlement**: cash or shares received otherwise than the terms say - tax, a fraction, a late
  booking - and shares that the two value at different prices.

Conventions: an amount above zero is in favour of the account. Shares that close a difference are
taken out of the parts that made it, timing first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import UnbalancedError
from quantpits.routine.loop_request import CAUSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from quantpits.routine.account_rows import AccountRows
    from quantpits.trading.kernels import IntArray

__all__ = ["Comparison", "Difference", "attribute", "by_cause", "result_fen"]

_E6 = 1_000_000
_E6_A_FEN = 10_000
_MILLS_A_FEN = 10
_QUANTITY_CAUSES = ("timing", "lot", "not filled", "entitlement")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """Two accounts on one market, T sessions by N instruments.

    Attributes
    ----------
    sessions : tuple of date [T]
        Rows.
    instruments : tuple of str [N]
        Columns.
    account, reference : AccountRows
        What was, and what should have been.
    ordered : int64 [T, N]
        Shares ordered by the account, below zero for sales.
    price_fen : int64 [T, N]
        The session's price that orders are filled at [fen], 0 for none.
    mark_mills, mark_before : int64 [T, N], int64 [N]
        Prices that the account is valued at, and those of the session before the first
        [1e-3 CNY].
    reference_mills, reference_before : int64 [T, N], int64 [N]
        The same of the reference.
    dividend_e6, bonus_e6 : int64 [T, N]
        Terms of corporate actions [1e-6 CNY, 1e-6 shares].
    """

    sessions: tuple[date, ...]
    instruments: tuple[str, ...]
    account: AccountRows
    reference: AccountRows
    ordered: IntArray
    price_fen: IntArray
    mark_mills: IntArray
    mark_before: IntArray
    reference_mills: IntArray
    reference_before: IntArray
    dividend_e6: IntArray
    bonus_e6: IntArray


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of the difference of one session.

    Attributes
    ----------
    session : date
        When.
    instrument : str
        What about; ``""`` for cash alone.
    cause : str
        One of `CAUSES`.
    fen : int
        In favour of the account [fen].
    """

    session: date
    instrument: str
    cause: str
    fen: int


def attribute(comparison: Comparison) -> tuple[Difference, ...]:
    """Return the parts of the difference of two accounts.

    Parameters
    ----------
    comparison : Comparison
        The accounts; both had the same cash and shares before the first session.

    Returns
    -------
    tuple of Difference
        By session, instrument and cause; none for a part of nothing. The parts through a session
        add up to the difference of the account values at its end.

    Raises
    ------
    UnbalancedError
        If they do not, which would be a mistake of this program or of the books.
    """
    lines: list[Difference] = []
    parts = [dict.fromkeys(_QUANTITY_CAUSES, 0) for _ in comparison.instruments]
    account, reference = comparison.account, comparison.reference
    for row, session in enumerate(comparison.sessions):
        for column in np.flatnonzero(_is_of_interest(comparison, row)):
            found = _cell(comparison, row, int(column), parts=parts[column])
            name = comparison.instruments[column]
            lines += [Difference(session, name, cause, found[cause]) for cause in found]
        cash = _account_cash(account, row) - _account_cash(reference, row)
        lines.append(Difference(session, "", "entitlement", cash))
        total = sum(line.fen for line in lines)
        gap = int(account.nav[row] - reference.nav[row])
        if total != gap:
            raise UnbalancedError(
                "The parts of a difference do not add up.",
                where=str(session),
                expected=f"{gap} fen",
                found=f"{total} fen",
            )
    return tuple(line for line in lines if line.fen)


def by_cause(lines: Sequence[Difference]) -> dict[str, int]:
    """Return the sum of each cause [fen].

    Parameters
    ----------
    lines : sequence of Difference
        The parts.

    Returns
    -------
    dict of str to int
        Every cause, in the order of `CAUSES`.
    """
    return {cause: sum(line.fen for line in lines if line.cause == cause) for cause in CAUSES}


def result_fen(rows: AccountRows, at: tuple[int, int], *, marks: tuple[int, int]) -> int:
    """Return what one instrument brought an account in one session.

    Parameters
    ----------
    rows : AccountRows
        The account.
    at : (int, int)
        Row and column.
    marks : (int, int)
        Prices of the valuation before and after [1e-3 CNY].

    Returns
    -------
    int
        Change of the value, and cash received less cash paid [fen].
    """
    row, column = at
    before = _value(int(_shares_before(rows, row)[column]), marks[0])
    moved = int(rows.other[at] - rows.notional[at] - rows.fee[at])
    return _value(int(rows.shares[at]), marks[1]) - before + moved


def _is_of_interest(comparison: Comparison, row: int) -> IntArray:
    account, reference = comparison.account, comparison.reference
    flags: IntArray = np.zeros(len(comparison.instruments), dtype=np.bool_)
    for rows in (account, reference):
        flags |= _shares_before(rows, row) != 0
        flags |= (rows.traded[row] != 0) | (rows.other[row] != 0) | (rows.shares[row] != 0)
        flags |= rows.fee[row] != 0
    return flags


def _shares_before(rows: AccountRows, row: int) -> IntArray:
    return rows.before if row == 0 else rows.shares[row - 1]


def _account_cash(rows: AccountRows, row: int) -> int:
    return int(rows.deposits[row] + rows.income[row])


def _cell(
    comparison: Comparison, row: int, column: int, *, parts: dict[str, int]
) -> dict[str, int]:
    """Return the parts of one session and instrument; the shares of `parts` move on."""
    account, reference = comparison.account, comparison.reference
    at = (row, column)
    mark_before, mark = _marks(comparison.mark_before, comparison.mark_mills, at)
    price = int(comparison.price_fen[at]) or _half_up(mark, _MILLS_A_FEN)
    found = dict.fromkeys(CAUSES, 0)
    found["price"] = _price_part(account, at, price) - _price_part(reference, at, price)
    found["fee"] = int(reference.fee[at] - account.fee[at])
    total = result_fen(account, at, marks=(mark_before, mark))
    own_marks = _marks(comparison.reference_before, comparison.reference_mills, at)
    total -= result_fen(reference, at, marks=own_marks)

    held_before = dict(parts)
    received = int(_events(account, at) - _events(reference, at))
    bonus_e6 = int(comparison.bonus_e6[at])
    for cause in _QUANTITY_CAUSES[:-1]:
        new = parts[cause] * bonus_e6 // _E6
        parts[cause] += new
        received -= new
    parts["entitlement"] += received
    after_events = dict(parts)
    _trade(parts, comparison, at)
    for cause in _QUANTITY_CAUSES:
        change = parts[cause] - after_events[cause]
        worth = _value(parts[cause], mark) - _value(held_before[cause], mark_before)
        dividend = held_before[cause] * int(comparison.dividend_e6[at])
        found[cause] += worth - change * price + _half_up(dividend, _E6_A_FEN)
    # What the terms do not explain: tax, late bookings, and the rounding of dividends.
    found["entitlement"] += total - sum(found.values())
    return found


def _marks(before: IntArray, mills: IntArray, at: tuple[int, int]) -> tuple[int, int]:
    row, column = at
    return int(before[column] if row == 0 else mills[row - 1, column]), int(mills[at])


def _trade(parts: dict[str, int], comparison: Comparison, at: tuple[int, int]) -> None:
    """Let the trades of a session move the differences of the shares held."""
    traded = int(comparison.account.traded[at])
    wanted = int(comparison.reference.traded[at])
    ordered = int(comparison.ordered[at])
    if traded == wanted:
        return
    unfilled = traded - ordered if ordered and traded * ordered >= 0 else 0
    if abs(traded) > abs(ordered):
        unfilled = 0
    rest = traded - wanted - unfilled
    for change, cause in ((unfilled, "not filled"), (rest, _cause_of(traded - unfilled, wanted))):
        left = change
        for other in _QUANTITY_CAUSES:
            if left and parts[other] * left < 0:
                taken = min(abs(left), abs(parts[other])) * (1 if left > 0 else -1)
                parts[other] += taken
                left -= taken
        parts[cause] += left
    if sum(parts.values()) == 0:
        parts |= dict.fromkeys(_QUANTITY_CAUSES, 0)


def _cause_of(ordered: int, wanted: int) -> str:
    return "lot" if ordered * wanted > 0 else "timing"


def _price_part(rows: AccountRows, at: tuple[int, int], price: int) -> int:
    return int(rows.traded[at]) * price - int(rows.notional[at])


def _events(rows: AccountRows, at: tuple[int, int]) -> int:
    """Return shares that came without a trade."""
    row, column = at
    return int(rows.shares[at] - _shares_before(rows, row)[column] - rows.traded[at])


def _value(shares: int, mills: int) -> int:
    return _half_up(shares * mills, _MILLS_A_FEN)


def _half_up(amount: int, unit: int) -> int:
    return (2 * amount + unit) // (2 * unit)
