# ruff: noqa: FBT001 - kernels take no keyword-only arguments
"""What a trade costs: commission with a minimum, stamp duty on sales, transfer fee on both sides.

Each item is rounded half up to the fen by itself, as a broker does, and the fee is their sum. For
kernels a schedule is a row of five numbers (`FEE_COLUMNS`), so that a session's schedules are one
array [N, 5].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from quantpits.errors import NonFiniteError
from quantpits.trading.kernels import IntArray, kernel
from quantpits.trading.money import share_of_amount_nb

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "FEE_COLUMNS",
    "FeeItem",
    "FeeRule",
    "FeeSchedule",
    "Fees",
    "Side",
    "commission_fen_nb",
    "fee_fen_nb",
    "trade_fees",
]

Side: TypeAlias = Literal["buy", "sell"]
FeeItem: TypeAlias = Literal["buy_commission", "sell_commission", "stamp_duty", "transfer"]

FEE_COLUMNS = (
    "buy_commission_e8",
    "sell_commission_e8",
    "minimum_commission_fen",
    "stamp_duty_e8",
    "transfer_e8",
)
_BUY_COMMISSION, _SELL_COMMISSION, _MINIMUM, _STAMP_DUTY, _TRANSFER = range(5)


@dataclass(frozen=True, slots=True)
class FeeRule:
    """One fee of one board from one date on.

    Attributes
    ----------
    item : {"buy_commission", "sell_commission", "stamp_duty", "transfer"}
        Stamp duty falls on sales only, the transfer fee on both sides.
    board : str
        The board it holds for; ``""`` for every board that has no rule of its own.
    effective : date
        First session it holds for.
    rate_e8 : int
        Share of the notional [1e-8].
    minimum_fen : int
        Smallest charge of a commission [fen]; that of the purchase counts for both sides.
    source : str
        Where the rule is written.
    """

    item: FeeItem
    board: str
    effective: date
    rate_e8: int
    minimum_fen: int
    source: str


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """The fees of one instrument in one session.

    Attributes
    ----------
    buy_commission_e8, sell_commission_e8 : int
        Commission on the notional [1e-8].
    minimum_commission_fen : int
        Smallest commission of an order [fen].
    stamp_duty_e8 : int
        Stamp duty on the notional of a sale [1e-8].
    transfer_e8 : int
        Transfer fee on the notional of either side [1e-8].
    """

    buy_commission_e8: int
    sell_commission_e8: int
    minimum_commission_fen: int
    stamp_duty_e8: int
    transfer_e8: int

    def row(self) -> IntArray:
        """Return the schedule as int64 [5], in the order of `FEE_COLUMNS`.

        Returns
        -------
        int64 [5]
            Rates [1e-8] and the minimum commission [fen].
        """
        return np.array(
            [
                self.buy_commission_e8,
                self.sell_commission_e8,
                self.minimum_commission_fen,
                self.stamp_duty_e8,
                self.transfer_e8,
            ],
            dtype=np.int64,
        )


@dataclass(frozen=True, slots=True)
class Fees:
    """What one trade cost, item by item.

    Attributes
    ----------
    commission_fen, stamp_duty_fen, transfer_fen : int
        Each item [fen], rounded by itself.
    """

    commission_fen: int
    stamp_duty_fen: int
    transfer_fen: int

    @property
    def total_fen(self) -> int:
        """The sum of the items [fen]."""
        return self.commission_fen + self.stamp_duty_fen + self.transfer_fen


@kernel
def commission_fen_nb(notional_fen: int, is_sale: bool, rates: IntArray) -> int:
    """Return the commission: ``max(minimum, round(notional * rate))``, 0 for no trade.

    Parameters
    ----------
    notional_fen : int64
        Price times shares [fen], not negative.
    is_sale : bool
        Which commission rate.
    rates : int64 [5]
        The schedule, in the order of `FEE_COLUMNS`.

    Returns
    -------
    int64
        The commission [fen].
    """
    if notional_fen == 0:
        return 0
    rate_e8 = rates[_SELL_COMMISSION] if is_sale else rates[_BUY_COMMISSION]
    minimum_fen: int = rates[_MINIMUM]
    return max(minimum_fen, share_of_amount_nb(notional_fen, rate_e8))


@kernel
def fee_fen_nb(notional_fen: int, is_sale: bool, rates: IntArray) -> int:
    """Return the whole fee of a trade: commission, stamp duty of a sale, transfer fee.

    Parameters
    ----------
    notional_fen : int64
        Price times shares [fen], not negative.
    is_sale : bool
        Stamp duty falls on sales only.
    rates : int64 [5]
        The schedule, in the order of `FEE_COLUMNS`.

    Returns
    -------
    int64
        The sum of the items [fen], each rounded half up by itself.
    """
    fee = commission_fen_nb(notional_fen, is_sale, rates)
    fee += share_of_amount_nb(notional_fen, rates[_TRANSFER])
    if is_sale:
        fee += share_of_amount_nb(notional_fen, rates[_STAMP_DUTY])
    return fee


def trade_fees(notional_fen: int, side: Side, *, schedule: FeeSchedule) -> Fees:
    """Return the fees of a trade, item by item.

    Parameters
    ----------
    notional_fen : int
        Price times shares [fen], not negative.
    side : {"buy", "sell"}
        Stamp duty falls on sales only.
    schedule : FeeSchedule
        The fees of the instrument in the session.

    Returns
    -------
    Fees
        The items; their sum equals `fee_fen_nb`.

    Raises
    ------
    NonFiniteError
        If the notional is negative.

    Examples
    --------
    >>> schedule = FeeSchedule(25_000, 25_000, 500, 50_000, 1_000)
    >>> trade_fees(1_000_000, "sell", schedule=schedule)
    Fees(commission_fen=500, stamp_duty_fen=500, transfer_fen=10)
    """
    if notional_fen < 0:
        raise NonFiniteError(
            "A notional is negative.", expected="0 or more fen", found=notional_fen
        )
    is_sale = side == "sell"
    stamp_duty_e8 = schedule.stamp_duty_e8 if is_sale else 0
    return Fees(
        commission_fen=int(commission_fen_nb(notional_fen, is_sale, schedule.row())),
        stamp_duty_fen=int(share_of_amount_nb(notional_fen, stamp_duty_e8)),
        transfer_fen=int(share_of_amount_nb(notional_fen, schedule.transfer_e8)),
    )
