"""Corporate actions: what the market data say is due, held against what the broker has booked.

On an ex-date the price falls by what the holder receives. Until the broker books it the account is
poorer than it is; if he never does, or books something else, somebody must ask. So every ex-date of
a holding is an expectation, and a line of the broker's file meets it, contradicts it, or leaves it
open. The books follow the broker alone: nothing here posts anything.

What is due follows from the dividend and the bonus where the market data have them. Where they have
only a jump of the adjustment factor, the value of a share falls from its previous close to close ×
old factor / new factor, and the difference is due: in cash, in new shares at the lower price, or as
the right to new shares below it (decision 27).

Tolerances: a broker may withhold a fifth as tax; terms are published to a few decimals and prices
to the tick, so each share may differ by half a tick (half a hundredth of a fen where the terms are
known); a fraction of a share is dropped; an amount is rounded to the fen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import Finding
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.fold import daily_books
from quantpits.post_trade.live import session_lines
from quantpits.post_trade.money import cny_text, round_fen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from quantpits.market import Quotes
    from quantpits.post_trade.brokers.contract import BrokerLine
    from quantpits.post_trade.journal import Journal

__all__ = ["LOOK_BACK", "ActionTerms", "action_findings", "action_terms"]

LOOK_BACK = timedelta(days=120)
"""For how long an ex-date may wait for its line; the longest gaps of exchange and clearing houses
are those of bonus shares and rights, of some weeks."""

_RECEIPTS = (Effect.DIVIDEND, Effect.BONUS_SHARES)
_RIGHTS_WINDOW = timedelta(days=30)
_LARGEST_TAX = Decimal("0.2")
_HALF_TICK_CNY = Decimal("0.005")
_HALF_TERM_CNY = Decimal("0.00005")
_FEN = Decimal("0.01")
# A float32 factor is exact to 1e-7; a jump that moves a price by less than this is no event.
_LEAST_JUMP_CNY = 0.004
_TERM_DECIMALS = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTerms:
    """What one share receives on an ex-date.

    Attributes
    ----------
    instrument : str
        Whose.
    ex_date : date
        First session without the entitlement.
    dividend, bonus : Decimal
        Cash [CNY] and new shares for one share, where the market data say so; else zero.
    distribution : Decimal
        What one share loses by a jump of the adjustment factor that the market data do not explain
        [CNY]; zero where they do; below zero where the factor falls.
    ex_price : Decimal
        Close before, without the entitlement [CNY]; what a new share is worth.
    """

    instrument: str
    ex_date: date
    dividend: Decimal = Decimal(0)
    bonus: Decimal = Decimal(0)
    distribution: Decimal = Decimal(0)
    ex_price: Decimal = Decimal(0)


@dataclass(slots=True)
class _Due:
    """The terms of an ex-date with what was held, and the lines that meet it."""

    terms: ActionTerms
    held_shares: int
    lines: list[BrokerLine] = field(default_factory=list)

    @property
    def cash_cny(self) -> Decimal:
        """Cash that is due, or that as much in shares is worth [CNY]."""
        return self.held_shares * (self.terms.dividend + self.terms.distribution)

    @property
    def new_shares(self) -> int:
        """New shares that are due; a fraction is dropped [shares]."""
        shares = self.held_shares * self.terms.bonus
        return int((shares + _HALF_TERM_CNY).to_integral_value(rounding=ROUND_DOWN))

    def takes(self, line: BrokerLine) -> bool:
        """Whether a line may be about this ex-date."""
        terms = self.terms
        # Rights are paid for before the price goes ex.
        early = _RIGHTS_WINDOW if line.effect is Effect.SUBSCRIPTION else timedelta()
        if not terms.ex_date - early <= line.settle_date <= terms.ex_date + LOOK_BACK:
            return False
        if terms.distribution:
            return terms.distribution > 0
        return (
            bool(terms.dividend if line.effect is Effect.DIVIDEND else terms.bonus)
            and line.effect in _RECEIPTS
        )

    def state(self) -> str:
        """Return ``"met"``, ``"open"`` or ``"wrong"``, within the tolerances."""
        paid, shares = self._paid_cny(), self._shares()
        rounding = _FEN * max(1, len(self.lines))
        if self.terms.distribution:
            if not self.lines:
                return "open" if round_fen(self.cash_cny) else "met"
            rounding += self.held_shares * _HALF_TICK_CNY
            rounding += self.terms.ex_price if shares else 0
            worth = paid + shares * self.terms.ex_price + self._rights_cny()
            return "met" if _lies(worth, self.cash_cny, rounding=rounding) else "wrong"
        is_cash_open = not paid and round_fen(self.cash_cny) > 0
        are_shares_open = not shares and self.new_shares > 0
        slack = self.held_shares * _HALF_TERM_CNY
        is_wrong = (
            not is_cash_open and not _lies(paid, self.cash_cny, rounding=rounding + slack)
        ) or (not are_shares_open and abs(shares - self.new_shares) > 1 + slack)
        if is_wrong:
            return "wrong"
        return "open" if is_cash_open or are_shares_open else "met"

    def _paid_cny(self) -> Decimal:
        lines = [each for each in self.lines if each.effect is Effect.DIVIDEND]
        return Decimal(sum(each.net_cash_fen for each in lines)) * _FEN

    def _shares(self) -> int:
        return sum(each.shares for each in self.lines if each.effect is Effect.BONUS_SHARES)

    def _rights_cny(self) -> Decimal:
        """Return what the right to the shares that were paid for was worth [CNY]."""
        worth = Decimal(0)
        for line in self.lines:
            if line.effect is Effect.SUBSCRIPTION:
                worth += line.shares * max(Decimal(0), self.terms.ex_price - line.price)
        return worth


def action_terms(quotes: Quotes) -> tuple[ActionTerms, ...]:
    """Return the ex-dates that some market data tell of.

    Parameters
    ----------
    quotes : Quotes
        `close` and `factor`, and `dividend` and `bonus` where the market has them.

    Returns
    -------
    tuple of ActionTerms
        By instrument and date; the first row has none, since what was before it is not known.

    Notes
    -----
    NaN: suspended, or not listed; a jump over a gap counts on the first session after it.
    """
    found = []
    for column in range(len(quotes.instruments)):
        found += _terms_of(quotes, column)
    return tuple(sorted(found, key=lambda each: (each.instrument, each.ex_date)))


def action_findings(
    journal: Journal, quotes: Quotes, *, days: Collection[date] | None = None
) -> tuple[Finding, ...]:
    """Return where the books and the corporate actions of the market data disagree.

    Parameters
    ----------
    journal : Journal
        An open ledger.
    quotes : Quotes
        Of what was held; from `LOOK_BACK` before the first day of interest on.
    days : collection of date, optional
        The sessions of interest: what lies before them and waits no longer, or was told then, is
        left out. The whole ledger by default.

    Returns
    -------
    tuple of Finding
        PTR004 due and not booked; PTR012 booked and not what is due; PTR013 booked and nothing is
        due; PTR014 the factor falls, which no distribution does. By instrument and date.
    """
    wanted = None if days is None else set(days)
    terms = action_terms(quotes)
    dues, earlier = _dues(journal, terms)
    stray = _assign(_receipts(journal, quotes.instruments), dues, earlier)
    found = [
        (due.terms.instrument, due.terms.ex_date, finding)
        for due in dues
        if (finding := _judged(due, last_date=journal.last_date, wanted=wanted)) is not None
    ]
    known_from = quotes.dates[0].item() + LOOK_BACK
    found += [
        (line.instrument, line.settle_date, _unexpected(line))
        for line in stray
        if line.settle_date >= known_from and (wanted is None or line.settle_date in wanted)
    ]
    return tuple(finding for _, _, finding in sorted(found, key=lambda each: each[:2]))


def _terms_of(quotes: Quotes, column: int) -> list[ActionTerms]:
    close, factor = quotes.close[:, column], quotes.factor[:, column]
    rows = np.flatnonzero(np.isfinite(close) & np.isfinite(factor))
    before, after = rows[:-1], rows[1:]
    ex_prices = close[before] * factor[before] / factor[after]
    lost = dict(zip(after.tolist(), (close[before] - ex_prices).tolist(), strict=True))
    worth = dict(zip(after.tolist(), ex_prices.tolist(), strict=True))
    told = np.flatnonzero((quotes.dividend[:, column] > 0) | (quotes.bonus[:, column] > 0))
    jumps = {row for row, each in lost.items() if abs(each) >= _LEAST_JUMP_CNY}
    found = []
    for row in sorted(jumps | set(told.tolist())):
        dividend, bonus = quotes.dividend[row, column], quotes.bonus[row, column]
        is_told = dividend > 0 or bonus > 0
        found.append(
            ActionTerms(
                instrument=quotes.instruments[column],
                ex_date=quotes.dates[row].item(),
                dividend=_term(dividend),
                bonus=_term(bonus),
                distribution=_term(0.0 if is_told else lost[row]),
                ex_price=_term(worth.get(row, 0.0)),
            )
        )
    return found


def _term(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(_TERM_DECIMALS)


def _dues(journal: Journal, terms: Iterable[ActionTerms]) -> tuple[list[_Due], list[ActionTerms]]:
    """Return what is due to holdings, and the ex-dates that lie before the books."""
    dated: defaultdict[date, list[ActionTerms]] = defaultdict(list)
    for each in terms:
        dated[each.ex_date].append(each)
    dues = []
    for day in daily_books(journal):
        for each in dated.get(day.settle_date, ()):
            shares = day.before.position(each.instrument).shares
            if shares > 0:
                dues.append(_Due(each, shares))
    first = journal.opening_date
    return dues, [each for day in dated if day <= first for each in dated[day]]


def _receipts(journal: Journal, instruments: Sequence[str]) -> list[BrokerLine]:
    known = set(instruments)
    return [
        line
        for session in session_lines(journal)
        for _, line in session.lines
        if line.effect in (*_RECEIPTS, Effect.SUBSCRIPTION) and line.instrument in known
    ]


def _assign(
    lines: Iterable[BrokerLine], dues: Iterable[_Due], earlier: Iterable[ActionTerms]
) -> list[BrokerLine]:
    """Give each line to the ex-date it is about; return those that are about none."""
    by_name: defaultdict[str, list[_Due]] = defaultdict(list)
    for due in dues:
        by_name[due.terms.instrument].append(due)
    before: defaultdict[str, list[_Due]] = defaultdict(list)
    for terms in earlier:
        before[terms.instrument].append(_Due(terms, 0))
    stray = []
    for line in lines:
        fitting = [due for due in by_name[line.instrument] if due.takes(line)]
        # The line of an earlier ex-date may come after that of a later one.
        open_ones = [due for due in fitting if due.state() != "met"]
        for due in reversed(open_ones):
            due.lines.append(line)
            if due.state() == "met":
                break
            due.lines.pop()
        else:
            if fitting:
                (open_ones or fitting)[-1].lines.append(line)
            elif line.effect in _RECEIPTS and not any(
                each.takes(line) for each in before[line.instrument]
            ):
                stray.append(line)
    return stray


def _judged(due: _Due, *, last_date: date, wanted: Collection[date] | None) -> Finding | None:
    terms = due.terms
    if terms.distribution < 0:
        return _shrunk(due) if wanted is None or terms.ex_date in wanted else None
    state = due.state()
    if state == "met":
        return None
    dates = {terms.ex_date, *(each.settle_date for each in due.lines)}
    is_new = wanted is None or not dates.isdisjoint(wanted)
    if state == "wrong":
        return _contradiction(due) if is_new else None
    is_waiting = last_date <= terms.ex_date + LOOK_BACK
    return _missing(due, is_waiting=is_waiting) if is_waiting or is_new else None


def _missing(due: _Due, *, is_waiting: bool) -> Finding:
    advice = (
        "a later file that shows it clears this"
        if is_waiting
        else "the broker never showed it; compare with his own statement"
    )
    shown = "all of it" if due.lines else "it"
    return Finding(
        "PTR004",
        "warning" if is_waiting else "info",
        f"{due.terms.instrument} went ex on {due.terms.ex_date}: {_words(due)} due, and the "
        f"broker's files do not show {shown}; {advice}.",
        "market",
        due.terms.instrument,
    )


def _contradiction(due: _Due) -> Finding:
    booked = "; ".join(
        f"{line.where} {cny_text(line.net_cash_fen)}, {line.shares} shares" for line in due.lines
    )
    return Finding(
        "PTR012",
        "warning",
        f"{due.terms.instrument} went ex on {due.terms.ex_date}: {_words(due)} due, and the "
        f"broker booked {booked}. The books have what he booked; ask him, or look whether the "
        "market data are right.",
        "market",
        due.terms.instrument,
    )


def _unexpected(line: BrokerLine) -> Finding:
    return Finding(
        "PTR013",
        "warning",
        f"{line.where} books {line.trade_type} of {line.instrument} "
        f"({cny_text(line.net_cash_fen)}, {line.shares} shares), and the market data have no "
        f"ex-date in the {LOOK_BACK.days} days before it on which it was held.",
        "market",
        line.instrument,
    )


def _shrunk(due: _Due) -> Finding:
    return Finding(
        "PTR014",
        "warning",
        f"The adjustment factor of {due.terms.instrument} fell on {due.terms.ex_date}, as when "
        f"shares are merged or market data are made anew; compare the {due.held_shares} shares "
        "with the broker's statement.",
        "market",
        due.terms.instrument,
    )


def _words(due: _Due) -> str:
    terms, shares = due.terms, due.held_shares
    amount = cny_text(round_fen(due.cash_cny))
    if terms.distribution:
        return (
            f"by the jump of its adjustment factor {shares} shares × {terms.distribution:.4f} CNY "
            f"= {amount}, or as much in new shares or rights, are"
        )
    parts = []
    if terms.dividend:
        parts.append(f"{shares} shares × {terms.dividend.normalize():f} CNY = {amount}")
    if terms.bonus:
        parts.append(f"{shares} shares × {terms.bonus.normalize():f} = {due.new_shares} new shares")
    return f"{' and '.join(parts)} are"


def _lies(found: Decimal, due: Decimal, *, rounding: Decimal) -> bool:
    least = (due * (1 - _LARGEST_TAX)).quantize(_FEN, rounding=ROUND_DOWN) - rounding
    return least <= found <= due.quantize(_FEN, rounding=ROUND_UP) + rounding
