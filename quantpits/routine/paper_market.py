"""The market as the paper broker reads it: the simulator's own tables, for the names that matter.

Prices, limits, lots, fees and corporate actions are those of `quantpits.trading.session_inputs`,
which the simulator runs on; a second rule would be a second truth. A corporate action that the
data do not state, but that a jump of the adjustment factor tells of, is therefore the same cash
distribution or consolidation here as there (decision 27).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest import workspace_rules
from quantpits.backtest.bars import check_deal_price, load_before
from quantpits.market import load_quotes
from quantpits.market.quotes import LISTING_FIELDS
from quantpits.routine.settlement import CorporateAction
from quantpits.trading import RawBars, SessionMarket, SessionRules, prices_to_fen, session_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from quantpits.config import StrategySettings
    from quantpits.market import DateArray, FloatArray, MarketSource
    from quantpits.trading import SessionInputs
    from quantpits.trading.kernels import IntArray

__all__ = ["PaperMarket", "load_paper_market"]


@dataclass(frozen=True, slots=True, eq=False)
class PaperMarket:
    """Some instruments over some sessions, as the simulator has them.

    Attributes
    ----------
    inputs : SessionInputs
        T sessions by N instruments, instruments sorted.
    volume : float64 [T, N]
        Traded shares, NaN where nothing traded or the market does not tell [shares].
    """

    inputs: SessionInputs
    volume: FloatArray

    @property
    def dates(self) -> DateArray:
        """The sessions, datetime64[D] [T]."""
        return self.inputs.dates

    @property
    def instruments(self) -> tuple[str, ...]:
        """The columns [N]."""
        return self.inputs.instruments

    def row(self, day: date) -> int:
        """Return the row of a session that was loaded.

        Parameters
        ----------
        day : date
            One of `dates`.

        Returns
        -------
        int
            Its row.
        """
        return int(np.searchsorted(self.dates, np.datetime64(day)))

    def columns(self, instruments: Iterable[str]) -> IntArray:
        """Return the columns of instruments that were loaded.

        Parameters
        ----------
        instruments : iterable of str
            Some of `instruments`.

        Returns
        -------
        int64 [n]
            Their columns, in the order given.
        """
        found = [self.instruments.index(name) for name in instruments]
        return np.array(found, dtype=np.int64)

    def on_columns(self, table: IntArray, instruments: Sequence[str]) -> IntArray:
        """Return a table with other columns; those that the market does not have are 0.

        Parameters
        ----------
        table : int64 [T, N]
            On the market's instruments.
        instruments : sequence of str [n]
            The columns to have.

        Returns
        -------
        int64 [T, n]
            A copy.
        """
        column_of = {name: column for column, name in enumerate(self.instruments)}
        out = np.zeros((table.shape[0], len(instruments)), dtype=np.int64)
        for column, name in enumerate(instruments):
            if name in column_of:
                out[:, column] = table[:, column_of[name]]
        return out

    def actions(self, day: date) -> dict[str, CorporateAction]:
        """Return the corporate actions of a session.

        Parameters
        ----------
        day : date
            One of `dates`.

        Returns
        -------
        dict of str to CorporateAction
            By instrument; none for most sessions.
        """
        tables, row = self.inputs.tables, self.row(day)
        dividend, bonus = tables.dividend_e6[row], tables.bonus_e6[row]
        return {
            self.instruments[column]: CorporateAction(int(dividend[column]), int(bonus[column]))
            for column in np.flatnonzero((dividend != 0) | (bonus != 0))
        }

    def session(self, day: date, instruments: Sequence[str]) -> SessionMarket:
        """Return one session's prices and rules for some instruments.

        Parameters
        ----------
        day : date
            One of `dates`.
        instruments : sequence of str
            Some of `instruments`.

        Returns
        -------
        SessionMarket
            As `quantpits.trading.fill_session` takes it.
        """
        tables, row, columns = self.inputs.tables, self.row(day), self.columns(instruments)
        era = tables.era[row]
        rules = SessionRules(
            tables.limit_down[row, columns],
            tables.limit_up[row, columns],
            tables.worst_sell[row, columns],
            tables.worst_buy[row, columns],
            tables.minimum_shares[era, columns],
            tables.step_shares[era, columns],
            tables.rates[era, columns],
        )
        return SessionMarket(tuple(instruments), tables.price[row, columns], rules)

    def volumes(self, day: date, instruments: Sequence[str]) -> FloatArray:
        """Return how many shares of some instruments were traded in a session.

        Parameters
        ----------
        day : date
            One of `dates`.
        instruments : sequence of str
            Some of `instruments`.

        Returns
        -------
        float64 [n]
            NaN where the market does not tell [shares].
        """
        volumes: FloatArray = self.volume[self.row(day), self.columns(instruments)]
        return volumes


def load_paper_market(
    source: MarketSource,
    settings: StrategySettings,
    *,
    instruments: Iterable[str],
    days: tuple[date, date],
    deposits_fen: IntArray | None = None,
) -> PaperMarket:
    """Read some instruments, with what was known of them before.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    settings : StrategySettings
        The price that is traded, and the workspace's own costs and limit.
    instruments : iterable of str
        At least one.
    days : (date, date)
        First and last day, both inclusive, with a session in between.
    deposits_fen : int64 [T], optional
        Deposits less withdrawals before each session [fen]; only a simulation reads them.

    Returns
    -------
    PaperMarket
        Equal to the same rows and columns of any larger one.

    Raises
    ------
    MissingDataError
        If the market does not have an instrument, or no session lies in the range.
    DataError
        If an instrument has no board, or there is no such price.
    """
    check_deal_price(settings.deal_price)
    names = tuple(sorted(set(instruments)))
    wanted = (settings.deal_price, "close", "volume", "bonus", "dividend", *LISTING_FIELDS)
    quotes = load_quotes(source, names, *days, fields=tuple(dict.fromkeys(wanted)))
    rules = workspace_rules(source, settings)
    bars = RawBars(
        dates=quotes.dates,
        instruments=names,
        price_fen=prices_to_fen(quotes.values[settings.deal_price]),
        close_fen=prices_to_fen(quotes.close),
        dividend=quotes.dividend,
        bonus=quotes.bonus,
        factor=quotes.factor,
        is_st=quotes.is_st,
        sessions_listed=quotes.sessions_listed,
    )
    before = load_before(source, names, day=quotes.dates[0].item(), rules=rules)
    inputs = session_inputs(bars, rules, deposits_fen=deposits_fen, before=before)
    return PaperMarket(inputs, quotes.volume)
