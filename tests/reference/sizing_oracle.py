"""Fees, sizing and filling a second time, in Decimal and by trying every lot.

Nothing here imports the code under test. Money is CNY in Decimal; every fee item is rounded half up
to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Costs:
    """Rates as fractions, the minimum in CNY."""

    buy: Decimal
    sell: Decimal
    minimum: Decimal
    stamp: Decimal
    transfer: Decimal

    @classmethod
    def of_row(cls, row):
        buy, sell, minimum, stamp, transfer = (Decimal(int(number)) for number in row)
        unit = Decimal(100_000_000)
        return cls(buy / unit, sell / unit, minimum / 100, stamp / unit, transfer / unit)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def fee(notional: Decimal, *, is_sale: bool, costs: Costs) -> Decimal:
    if notional == 0:
        return Decimal(0)
    commission = max(costs.minimum, cents(notional * (costs.sell if is_sale else costs.buy)))
    stamp = cents(notional * costs.stamp) if is_sale else Decimal(0)
    return commission + stamp + cents(notional * costs.transfer)


def cost(shares: int, price: Decimal, costs: Costs) -> Decimal:
    return shares * price + fee(shares * price, is_sale=False, costs=costs)


def proceeds(shares: int, price: Decimal, costs: Costs) -> Decimal:
    return shares * price - fee(shares * price, is_sale=True, costs=costs)


def affordable(budget: Decimal, price: Decimal, lot: tuple[int, int], costs: Costs) -> int:
    """Try every whole lot from the smallest on."""
    minimum, step = lot
    best, shares = 0, minimum
    while price > 0 and shares * price <= budget:
        if cost(shares, price, costs) <= budget:
            best = shares
        shares += step
    return best


def size(investable: Decimal, names, *, is_redistributed: bool) -> tuple[list[int], Decimal]:
    """`names` are (worst price, lot, costs); who cannot pay a lot leaves, the dearest lot first."""
    places = list(range(len(names)))

    def share(count):
        return (investable / count).quantize(CENT, rounding=ROUND_DOWN) if count else Decimal(0)

    def smallest(place):
        price, lot, costs = names[place]
        return cost(lot[0], price, costs)

    while is_redistributed and places:
        unpriced = [place for place in places if names[place][0] == 0]
        if unpriced:
            places = [place for place in places if place not in unpriced]
            continue
        dear = [place for place in places if smallest(place) > share(len(places))]
        if not dear:
            break
        places.remove(max(dear, key=lambda place: (smallest(place), place)))
    budget = share(len(places))
    return [
        affordable(budget, *names[place]) if place in places else 0 for place in range(len(names))
    ], budget


@dataclass
class Wanted:
    name: str
    side: str
    shares: int
    role: str
    rank: int


def fill(orders, quotes, *, cash: Decimal, held: dict, max_positions, is_replacing):
    """`quotes` are name -> (price, down, up, lot, costs), 0 for none; returns outcomes and cash."""
    book = {name: shares for name, shares in held.items() if shares > 0}
    outcome = {}
    for order in (o for o in orders if o.side == "sell"):
        price, down, _, _, costs = quotes[order.name]
        if price == 0:
            outcome[order.name] = (0, "suspended")
        elif down and price <= down:
            outcome[order.name] = (0, "limit")
        elif cash + proceeds(order.shares, price, costs) < 0:
            outcome[order.name] = (0, "cash")
        else:
            cash += proceeds(order.shares, price, costs)
            outcome[order.name] = (order.shares, "filled")
            book[order.name] -= order.shares
            if book[order.name] == 0:
                del book[order.name]
    open_places = 0
    n_new = 0
    n_kept = len(book)
    ranked = sorted(
        (o for o in orders if o.side == "buy"), key=lambda o: (o.role != "primary", o.rank, o.name)
    )
    for order in ranked:
        price, _, up, lot, costs = quotes[order.name]
        if order.role == "alternate" and not (is_replacing and open_places > 0):
            outcome[order.name] = (0, "not_needed")
            continue
        if (up and price >= up) or price == 0:
            outcome[order.name] = (0, "limit" if up and price >= up else "suspended")
            open_places += order.role == "primary"
            continue
        if max_positions is not None and n_kept + n_new >= max_positions:
            outcome[order.name] = (0, "position_limit")
            continue
        shares = min(order.shares, affordable(cash, price, lot, costs))
        if shares == 0:
            outcome[order.name] = (0, "cash")
            continue
        cash -= cost(shares, price, costs)
        n_new += 1
        open_places -= order.role == "alternate"
        outcome[order.name] = (shares, "filled" if shares == order.shares else "reduced")
    return outcome, cash
