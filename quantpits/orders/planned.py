"""The lines of an order file, and what they come to.

Amounts are whole fen; only texts show CNY.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["OrderTotals", "PlannedOrder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One line of an order file.

    Attributes
    ----------
    instrument : str
        What to trade.
    side : {"buy", "sell"}
        Which way.
    shares : int
        How many. For an alternate: what one purchase in the place of a primary could take.
    role : {"primary", "alternate"}
        Alternates stand by, have no claim on the cash and must not be summed.
    rank : int or None
        Place among the scored members of the universe, 1 for the best; None without a score.
    n_ranked : int
        How many were ranked.
    score : float or None
        The score it was decided on.
    close_fen : int
        Raw close of the anchor [fen].
    limit_price_fen : int
        The worst price of the coming session, for which the order was sized [fen].
    amount_fen : int
        At that price, the cost of a purchase with its fees, or what a sale brings after them [fen].
    reason : str
        Why, in words.
    """

    instrument: str
    side: Literal["buy", "sell"]
    shares: int
    role: Literal["primary", "alternate"]
    rank: int | None
    n_ranked: int
    score: float | None
    close_fen: int
    limit_price_fen: int
    amount_fen: int
    reason: str

    def text(self) -> str:
        """Return the order in one line for a person."""
        what = self.side if self.role == "primary" else self.role
        return (
            f"  {what:<9} {self.instrument:<10} {self.shares:>8} "
            f"{_cny(self.limit_price_fen):>9} {_cny(self.amount_fen):>14}  {self.reason}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTotals:
    """What the orders come to, at the worst price of the coming session.

    Attributes
    ----------
    cash_fen : int
        Cash in the books [fen].
    deposits_fen : int
        Deposits less withdrawals due by the trade date [fen].
    proceeds_fen : int
        What the sales bring at least, net of fees [fen].
    purchases_fen : int
        What the primary purchases cost at most, fees included [fen].
    budget_fen : int
        What one purchase may cost [fen].
    n_held, n_sell, n_buy, n_alternates, n_hold : int
        Positions before, orders by kind, positions kept.
    """

    cash_fen: int
    deposits_fen: int
    proceeds_fen: int
    purchases_fen: int
    budget_fen: int
    n_held: int
    n_sell: int
    n_buy: int
    n_alternates: int
    n_hold: int

    @property
    def funds_fen(self) -> int:
        """Cash, deposits due and proceeds [fen]."""
        return self.cash_fen + self.deposits_fen + self.proceeds_fen

    @property
    def reserve_fen(self) -> int:
        """What is left of the funds at least [fen]."""
        return self.funds_fen - self.purchases_fen

    def summary(self) -> list[str]:
        """Return the totals in lines for a person."""
        counts = f"Sell {self.n_sell}, buy {self.n_buy}, keep {self.n_hold} of {self.n_held}"
        funds = f"  cash {_cny(self.cash_fen)}, deposits due {_cny(self.deposits_fen)}"
        cost = f"  purchases cost at most {_cny(self.purchases_fen)} with fees"
        return [
            f"{counts} positions; {self.n_alternates} alternates stand by.",
            f"{funds}, sales bring at least {_cny(self.proceeds_fen)}",
            f"{cost}, so at least {_cny(self.reserve_fen)} stays",
        ]


def _cny(amount_fen: int) -> str:
    """Return an amount in CNY with thousands separated."""
    sign = "-" if amount_fen < 0 else ""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{fen:02d}"
