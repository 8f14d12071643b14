"""A simulation in live timing a second time: plain dictionaries and Decimal, one session at a time.

Written from the rules' words. Nothing here imports the code under test; decisions, sizing and
filling are the other two oracles of this folder. Money is CNY.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

from tests.reference.decision_oracle import Day, buffer, corrected_dropout, qlib_dropout
from tests.reference.sizing_oracle import Costs, Wanted, affordable, fee, fill, proceeds, size

CENT = Decimal("0.01")


@dataclass(frozen=True)
class PlainMarket:
    """Rows are sessions, columns instruments; None where an instrument did not trade."""

    days: list[date]
    codes: list[str]
    price: list[list[Decimal | None]]
    close: list[list[Decimal | None]]
    dividend: list[list[Decimal]]
    bonus: list[list[Decimal]]
    factor: list[list[float | None]]


@dataclass(frozen=True)
class Settings:
    topk: int
    n_drop: int
    factor: int = 1
    strategy: str = "topk_dropout"
    only_tradable: bool = True
    corrected: bool = True
    hold_thresh: int = 1
    risk_degree: Decimal = Decimal("0.95")
    is_replacing: bool = False


@dataclass
class Account:
    cash: Decimal
    shares: dict[int, int] = field(default_factory=dict)
    age: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Evening:
    nav: Decimal
    cash: Decimal
    turnover: Decimal
    cost: Decimal
    shares: dict[int, int]


def board(code: str) -> str:
    for prefix, name in (("SH68", "star"), ("SZ30", "chinext"), ("BJ", "beijing")):
        if code.startswith(prefix):
            return name
    return "main"


def lot(code: str) -> tuple[int, int]:
    return {"main": (100, 100), "chinext": (100, 100), "star": (200, 1), "beijing": (100, 1)}[
        board(code)
    ]


def ratio(code: str, day: date) -> Decimal:
    """The greatest move of a share that is not risk-warned and long listed."""
    if board(code) == "chinext":
        return Decimal("0.2") if day >= date(2020, 8, 24) else Decimal("0.1")
    return {"main": Decimal("0.1"), "star": Decimal("0.2"), "beijing": Decimal("0.3")}[board(code)]


def costs(code: str, day: date) -> Costs:
    stamp = Decimal("0.0005") if day >= date(2023, 8, 28) else Decimal("0.001")
    transfer = Decimal("0.00001")
    if day < date(2022, 4, 29):
        transfer = Decimal("0.000025") if board(code) == "beijing" else Decimal("0.00002")
    rate = Decimal("0.00025")
    return Costs(rate, rate, Decimal(5), stamp, transfer)


def half_up(amount: Decimal | Fraction) -> Decimal:
    if isinstance(amount, Fraction):
        cents = (amount * 200 + 1) // 2
        return Decimal(int(cents)) / 100
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def limits(code: str, day: date, reference: Decimal) -> tuple[Decimal, Decimal]:
    move = ratio(code, day)
    down = min(half_up(reference * (1 - move)), reference - CENT)
    return max(down, CENT), max(half_up(reference * (1 + move)), reference + CENT)


class Oracle:
    """One account on one market."""

    def __init__(self, market: PlainMarket, settings: Settings, account: Account) -> None:
        self.market, self.settings, self.account = market, settings, account
        count = len(market.codes)
        self.last: list[Decimal | None] = [None] * count
        self.known: list[float | None] = [None] * count

    def run(self, scores, signal_rows, deposits) -> list[Evening]:
        evenings = []
        for row, signal in enumerate(signal_rows):
            self.account.cash += deposits[row]
            before = self.account.cash
            terms = [self._terms(row, name) for name in range(len(self.market.codes))]
            received = self._entitle(terms)
            reference = [
                None if last is None else self._ex_price(last, *term)
                for last, term in zip(self.last, terms, strict=True)
            ]
            turnover = cost = Decimal(0)
            if signal >= 0:
                turnover, cost = self._trade(row, scores[signal], before, reference)
            self._close(row, received, reference)
            evenings.append(self._evening(turnover, cost))
        return evenings

    def _terms(self, row: int, name: int) -> tuple[Decimal, Decimal]:
        """Dividend and bonus of a share today; without facts, what the factor says."""
        dividend, bonus = self.market.dividend[row][name], self.market.bonus[row][name]
        factor, known, last = self.market.factor[row][name], self.known[name], self.last[name]
        if factor is not None:
            self.known[name] = factor
        is_told = dividend != 0 or bonus != 0
        if is_told or factor is None or known is None or last is None:
            return dividend, bonus
        if abs(factor / known - 1) <= 2e-6:
            return dividend, bonus
        paid = last - half_up(Fraction(last) * Fraction(known) / Fraction(factor))
        if paid >= 0:
            return paid, bonus
        return dividend, Decimal(round((factor / known - 1) * 1_000_000)) / 1_000_000

    @staticmethod
    def _ex_price(last: Decimal, dividend: Decimal, bonus: Decimal) -> Decimal:
        return half_up((Fraction(last) - Fraction(dividend)) / (1 + Fraction(bonus)))

    def _entitle(self, terms) -> dict[int, int]:
        received = {}
        for name, held in list(self.account.shares.items()):
            dividend, bonus = terms[name]
            self.account.cash += half_up(dividend * held)
            new = int((bonus * held).to_integral_value(rounding=ROUND_FLOOR))
            if new > 0:
                received[name] = new
            elif new < 0:
                self.account.shares[name] = held + new
                if held + new == 0:
                    del self.account.shares[name]
        return received

    def _trade(self, row, scores, before: Decimal, reference) -> tuple[Decimal, Decimal]:
        market, settings, account = self.market, self.settings, self.account
        day = market.days[row]
        names = range(len(market.codes))
        traded = [market.close[row - 1][name] is not None for name in names]
        old = [account.age.get(name, 0) >= settings.hold_thresh for name in names]
        free = [traded[name] and (old[name] or name not in account.shares) for name in names]
        state = Day.of(scores, [name in account.shares for name in names], traded, free)
        decide = {True: corrected_dropout, False: qlib_dropout}[settings.corrected]
        choice = (buffer if settings.strategy == "topk_buffer" else decide)(
            state,
            topk=settings.topk,
            n_drop=settings.n_drop,
            factor=settings.factor,
            only_tradable=settings.only_tradable,
        )
        sell = [name for name in choice.sell if free[name]]
        rates = [costs(code, day) for code in market.codes]
        worst = [self._worst(row, name) for name in names]
        funds = before + sum(
            (proceeds(account.shares[name], worst[name][0], rates[name]) for name in sell),
            start=Decimal(0),
        )
        investable = (max(funds, Decimal(0)) * settings.risk_degree).quantize(
            CENT, rounding=ROUND_DOWN
        )

        def wish(name):
            return worst[name][1], lot(market.codes[name]), rates[name]

        shares, budget = size(
            investable, [wish(name) for name in choice.buy], is_redistributed=settings.corrected
        )
        orders = [Wanted(name, "sell", account.shares[name], "primary", 0) for name in sell]
        orders += [
            Wanted(name, "buy", count, "primary", rank)
            for rank, (name, count) in enumerate(zip(choice.buy, shares, strict=True))
            if count
        ]
        if settings.is_replacing:
            orders += [
                Wanted(name, "buy", count, "alternate", rank)
                for rank, name in enumerate(choice.alternates)
                if (count := affordable(budget, *wish(name)))
            ]
        return self._fill(row, orders, reference, rates)

    def _worst(self, row: int, name: int) -> tuple[Decimal, Decimal]:
        last = self.market.close[row - 1][name]
        if last is None:
            return Decimal(0), Decimal(0)
        return limits(self.market.codes[name], self.market.days[row], last)

    def _fill(self, row, orders, reference, rates) -> tuple[Decimal, Decimal]:
        market, account = self.market, self.account
        quotes = {}
        for order in orders:
            code, price = market.codes[order.name], market.price[row][order.name]
            down, up = limits(code, market.days[row], reference[order.name])
            quotes[order.name] = (price or Decimal(0), down, up, lot(code), rates[order.name])
        outcome, account.cash = fill(
            orders,
            quotes,
            cash=account.cash,
            held=account.shares,
            max_positions=self.settings.topk if self.settings.corrected else None,
            is_replacing=self.settings.is_replacing,
        )
        turnover = cost = Decimal(0)
        for order in orders:
            count = outcome[order.name][0]
            if not count:
                continue
            notional = count * quotes[order.name][0]
            turnover += notional
            cost += fee(notional, is_sale=order.side == "sell", costs=rates[order.name])
            if order.side == "sell":
                del account.shares[order.name]
            else:
                account.shares[order.name] = count
                account.age[order.name] = 0
        return turnover, cost

    def _close(self, row: int, received: dict[int, int], reference) -> None:
        for name, count in received.items():
            self.account.shares[name] = self.account.shares.get(name, 0) + count
        for name in self.account.shares:
            self.account.age[name] = self.account.age.get(name, 0) + 1
        for name, close in enumerate(self.market.close[row]):
            self.last[name] = reference[name] if close is None else close

    def _evening(self, turnover: Decimal, cost: Decimal) -> Evening:
        account = self.account
        value = sum(
            (count * self.last[name] for name, count in account.shares.items()), start=Decimal(0)
        )
        return Evening(account.cash + value, account.cash, turnover, cost, dict(account.shares))
