"""Realised profit, dividends, interest, tax and fees, by instrument and period, to the fen.

Average cost is what the ledger itself posts. First-in-first-out is a fold over the same entries
with the purchases kept apart: a sale takes the oldest shares; bonus shares spread over the lots
that are held, so the cost of a lot stays and that of a share falls; an adopted difference changes
the lots by what it changed the books. Both give the same total once a position is closed.

Realised profit is the amount of a sale less the cost taken out, purchase fees included in the cost;
the fees of the sale stand under fees, so net = realised - sale fees. On the diluted basis the books
realise nothing before all is sold, and then everything, less all fees; first in, first out is the
same on either.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Literal

from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.entries import CASH, SECURITIES
from quantpits.post_trade.live import live_entries
from quantpits.post_trade.money import cny_text, divide_half_up

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.post_trade.journal import Entry, Journal

__all__ = ["Period", "ProfitReport", "ProfitRow", "profit_rows"]

Period = Literal["day", "month", "year", "all"]
"""What profit is summed over."""

_LENGTHS = {"day": 10, "month": 7, "year": 4, "all": 0}
_DIVIDENDS, _INTEREST = "income:dividends", "income:interest"
_TAX, _FEES, _REALISED, _IN_COST = "tax", "fees", "income:realised", "fees:in_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitRow:
    """One instrument in one period.

    Attributes
    ----------
    period : str
        For example ``"2026-01"``; ``""`` for everything.
    instrument : str
        ``""`` for what belongs to the account as a whole.
    realised_average_fen, realised_fifo_fen : int
        Amounts of the sales less what the shares had cost, by average cost and first in, first out
        [fen].
    dividends_fen, interest_fen : int
        Received [fen].
    tax_fen : int
        Paid on dividends and interest [fen].
    fees_fen : int
        Of purchases and sales, and of the account [fen].
    fees_in_cost_fen : int
        The part of `fees_fen` that purchases added to their cost [fen].
    """

    period: str
    instrument: str
    realised_average_fen: int = 0
    realised_fifo_fen: int = 0
    dividends_fen: int = 0
    interest_fen: int = 0
    tax_fen: int = 0
    fees_fen: int = 0
    fees_in_cost_fen: int = 0

    @property
    def net_fen(self) -> int:
        """What was earned by average cost after everything that is not in a cost [fen]."""
        income = self.realised_average_fen + self.dividends_fen + self.interest_fen
        return income - self.tax_fen - (self.fees_fen - self.fees_in_cost_fen)

    def words(self) -> str:
        """Return the row as one line."""
        parts = (
            ("realised", self.realised_average_fen),
            ("FIFO", self.realised_fifo_fen),
            ("dividends", self.dividends_fen),
            ("interest", self.interest_fen),
            ("tax", self.tax_fen),
            ("fees", self.fees_fen),
            ("net", self.net_fen),
        )
        amounts = ", ".join(f"{name} {cny_text(fen)}" for name, fen in parts)
        return f"{self.period or 'all'} {self.instrument or 'account'}: {amounts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitReport:
    """Realised profit of the books.

    Attributes
    ----------
    workspace : str
        Its folder.
    rows : tuple of ProfitRow
        By period and instrument.
    outputs : tuple of Path
        Always empty.
    findings : tuple of Finding
        Always empty.
    changed : bool
        Always False.
    """

    workspace: str
    rows: tuple[ProfitRow, ...]
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False

    def summary(self) -> list[str]:
        """Return the rows in words."""
        return [row.words() for row in self.rows] or ["Nothing was realised yet."]


@dataclass(slots=True)
class _Sums:
    """The amounts of a row while they grow."""

    realised_average_fen: int = 0
    realised_fifo_fen: int = 0
    dividends_fen: int = 0
    interest_fen: int = 0
    tax_fen: int = 0
    fees_fen: int = 0
    fees_in_cost_fen: int = 0


@dataclass(slots=True)
class _Lot:
    """Shares bought at once."""

    shares: int
    cost_fen: int


@dataclass(slots=True)
class _Lots:
    """What is held of one instrument, oldest first."""

    lots: list[_Lot] = field(default_factory=list)

    def add(self, shares: int, cost_fen: int) -> None:
        """Put shares at the end."""
        self.lots.append(_Lot(shares, cost_fen))

    def spread(self, shares: int) -> None:
        """Spread new shares over the lots, by how much each holds; rounding favours no lot."""
        held = sum(lot.shares for lot in self.lots)
        if not held:
            self.add(shares, 0)
            return
        seen = given = 0
        for lot in self.lots:
            seen += lot.shares
            due = shares * seen // held
            lot.shares += due - given
            given = due

    def take(self, shares: int) -> int:
        """Take the oldest shares out and return what they had cost [fen]."""
        cost = 0
        while shares and self.lots:
            lot = self.lots[0]
            part = min(shares, lot.shares)
            is_whole = part == lot.shares
            taken = lot.cost_fen if is_whole else divide_half_up(lot.cost_fen * part, lot.shares)
            lot.shares -= part
            lot.cost_fen -= taken
            shares -= part
            cost += taken
            if not lot.shares:
                self.lots.pop(0)
        return cost

    def adjust(self, shares: int, cost_fen: int) -> int:
        """Change shares and cost by an adoption; return the cost that no lot is left to bear."""
        if shares > 0:
            self.add(shares, cost_fen)
            return 0
        rest = cost_fen + (self.take(-shares) if shares else 0)
        if not self.lots:
            return rest
        self.lots[-1].cost_fen += rest
        return 0


def profit_rows(journal: Journal, *, period: Period = "all") -> tuple[ProfitRow, ...]:
    """Return realised profit, income, tax and fees.

    Parameters
    ----------
    journal : Journal
        The ledger; what a correction took back does not count.
    period : {"day", "month", "year", "all"}
        What to sum over.

    Returns
    -------
    tuple of ProfitRow
        By period and instrument; rows without an amount are left out.
    """
    sums: defaultdict[tuple[str, str], _Sums] = defaultdict(_Sums)
    lots: defaultdict[str, _Lots] = defaultdict(_Lots)
    for day, entry in _in_order(journal):
        label = day.isoformat()[: _LENGTHS[period]]
        _add_postings(sums, label, entry)
        for instrument, shares, fen in _holdings(entry):
            own = lots[instrument]
            if entry.kind == Effect.SELL.value:
                realised = sums[label, instrument]
                realised.realised_fifo_fen += _proceeds(entry) - own.take(-shares)
            elif entry.kind == Effect.BONUS_SHARES.value:
                own.spread(shares)
            elif shares > 0 and entry.kind != "adjustment":
                own.add(shares, fen)
            else:
                sums[label, instrument].realised_fifo_fen -= own.adjust(shares, fen)
    return tuple(
        ProfitRow(period=label, instrument=instrument, **_plain(each))
        for (label, instrument), each in sorted(sums.items())
        if any(_plain(each).values())
    )


def _in_order(journal: Journal) -> list[tuple[date, Entry]]:
    """Return the entries that count by day; those of a day as the session posts them."""
    live = sorted(live_entries(journal).values(), key=lambda each: (each.day, each.number))
    return [(each.day, each.entry) for each in live]


def _add_postings(sums: defaultdict[tuple[str, str], _Sums], label: str, entry: Entry) -> None:
    for posting in entry.postings:
        account, fen = posting.account, posting.fen
        if account == _REALISED:
            sums[label, posting.instrument].realised_average_fen -= fen
        elif account == _DIVIDENDS:
            sums[label, posting.instrument].dividends_fen -= fen
        elif account == _INTEREST:
            sums[label, posting.instrument].interest_fen -= fen
        elif account == _TAX:
            sums[label, posting.instrument].tax_fen += fen
        elif account == _FEES:
            sums[label, posting.instrument].fees_fen += fen
        elif account == _IN_COST:
            sums[label, posting.instrument].fees_in_cost_fen -= fen


def _holdings(entry: Entry) -> list[tuple[str, int, int]]:
    return [
        (each.instrument, each.shares, each.fen)
        for each in entry.postings
        if each.account == SECURITIES
    ]


def _proceeds(entry: Entry) -> int:
    """Return the amount of a sale before its fees, whatever it took out of the cost [fen]."""
    return sum(each.fen for each in entry.postings if each.account in (CASH, _FEES))


def _plain(sums: _Sums) -> dict[str, int]:
    return {each.name: getattr(sums, each.name) for each in fields(sums)}
