"""The evening of a session as arrays: the universe and the book, prices, limits, volume, deposits.

Nothing of the coming session is read. Prices are the raw closes of the anchor; what did not trade
has none, and for the value of the account its last close before counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest import workspace_rules
from quantpits.errors import Finding, MissingDataError, name_list
from quantpits.market import load_quotes, load_universe
from quantpits.orders.plan import OrderInputs
from quantpits.trading import DecisionRule, cny_to_fen, prices_to_fen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from quantpits.config import CashflowConfig, ProdConfig, StrategySettings
    from quantpits.market import MarketSource, Quotes, TradingCalendar
    from quantpits.trading.kernels import BoolArray, FloatArray, IntArray

__all__ = ["Evening", "MarketFacts", "deposits_due", "load_evening", "scores_of_members"]

_FIELDS = ("close", "amount", "volume", "is_st", "sessions_listed")
_FEN = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """What the checks before trading need to know of the market besides the closes.

    Attributes
    ----------
    last_close_fen : int64 [N]
        Last raw close up to the anchor [fen], 0 where there never was one.
    adv_fen : float64 [N]
        Traded amount of an average session [fen]; NaN where the market does not tell.
    is_limit_up, is_limit_down : bool [N]
        Whether the anchor closed at the limit.
    """

    last_close_fen: IntArray
    adv_fen: FloatArray
    is_limit_up: BoolArray
    is_limit_down: BoolArray


@dataclass(frozen=True, slots=True)
class Evening:
    """Everything that is known after the close of the anchor.

    Attributes
    ----------
    inputs : OrderInputs
        What orders are made of.
    facts : MarketFacts
        What they are checked against.
    """

    inputs: OrderInputs
    facts: MarketFacts


def deposits_due(
    cashflow: CashflowConfig, prod_config: ProdConfig, *, trade_date: date
) -> tuple[int, tuple[Finding, ...]]:
    """Return what is due after the books' last day and by the trade date.

    Parameters
    ----------
    cashflow : CashflowConfig
        Deposits and withdrawals.
    prod_config : ProdConfig
        How far the books go.
    trade_date : date
        The session that the orders are for.

    Returns
    -------
    deposits_fen : int
        Deposits less withdrawals [fen].
    findings : tuple of Finding
        ORD011 for what is listed and not after the books' last day.
    """
    due = [
        amount
        for day, amount in cashflow.cashflows.items()
        if prod_config.cursor < day <= trade_date
    ]
    if cashflow.is_legacy:
        due.append(cashflow.pending_without_date)
    late = sorted(day for day in cashflow.cashflows if day <= prod_config.cursor)
    message = (
        f"{name_list(late)}: listed, but not after the books' last day {prod_config.cursor}; not "
        "reckoned with"
    )
    findings = (Finding("ORD011", "warning", message, "config/cashflow.json"),) if late else ()
    return sum(cny_to_fen(amount) for amount in due), findings


def scores_of_members(
    scores: Mapping[str, float], instruments: tuple[str, ...], *, is_member: BoolArray
) -> FloatArray:
    """Return scores as an array; what the universe does not have gets none.

    Parameters
    ----------
    scores : mapping of str to float
        By instrument.
    instruments : tuple of str [N]
        The columns.
    is_member : bool [N]
        Whether the universe has it.

    Returns
    -------
    float64 [N]
        NaN for none.

    Examples
    --------
    >>> is_member = np.array([True, False])
    >>> scores_of_members({"A": 1.0, "B": 2.0}, ("A", "B"), is_member=is_member).tolist()
    [1.0, nan]
    """
    found = [scores.get(name, np.nan) for name in instruments]
    return np.where(is_member, np.array(found, dtype=np.float64), np.nan)


def load_evening(
    market: MarketSource,
    calendar: TradingCalendar,
    *,
    prod_config: ProdConfig,
    settings: StrategySettings,
    deposits_fen: int,
    adv_sessions: int,
) -> Evening:
    """Read the market's last session for the universe and the book; no instrument has a score yet.

    Parameters
    ----------
    market : MarketSource
        Where the market lies.
    calendar : TradingCalendar
        Its sessions.
    prod_config : ProdConfig
        Universe, cash and holdings.
    settings : StrategySettings
        The decision rule and the fees.
    deposits_fen : int
        Due by the trade date [fen].
    adv_sessions : int
        Sessions in an average day's volume.

    Returns
    -------
    Evening
        The scores are all NaN; put in those to follow.

    Raises
    ------
    MissingDataError
        If there is no such universe, or an instrument has no prices at all.
    DataError
        If a price has no factor, or an instrument no board.
    """
    anchor = calendar.last_session
    trade_date = calendar.next_session(anchor)
    members = set(load_universe(market, prod_config.market, anchor))
    held = {each.instrument: each.value for each in prod_config.current_holding if each.value > 0}
    instruments = tuple(sorted(members | set(held)))
    # One session more than the average needs: limits are reckoned from the close before.
    n_back = min(adv_sessions, int(calendar.sessions.searchsorted(np.datetime64(anchor))))
    try:
        quotes = load_quotes(
            market, instruments, calendar.offset(anchor, -n_back), anchor, fields=_FIELDS
        )
    except MissingDataError as error:
        raise MissingDataError(
            f"{error.what} It is held, or in the universe, and has no prices.",
            where=error.where,
            expected="prices of every holding and every member of the universe",
            hint="check current_holding in config/prod_config.json, or update the market data",
        ) from error
    inputs = OrderInputs(
        instruments=instruments,
        scores=np.full(len(instruments), np.nan),
        is_member=np.array([name in members for name in instruments], dtype=np.bool_),
        held_shares=np.array([held.get(name, 0) for name in instruments], dtype=np.int64),
        close_fen=prices_to_fen(quotes.close[-1]),
        cash_fen=cny_to_fen(prod_config.current_cash),
        deposits_fen=deposits_fen,
        universe=prod_config.market,
        anchor_date=anchor,
        trade_date=trade_date,
        rules=workspace_rules(market, settings),
        strategy=settings.name,
        decision_rule=DecisionRule(
            topk=settings.topk,
            n_drop=settings.n_drop,
            buy_suggestion_factor=settings.buy_suggestion_factor,
            is_only_tradable=settings.only_tradable,
            is_corrected=settings.corrected,
        ),
        risk_degree=settings.risk_degree,
        is_st=quotes.is_st[-1],
        # The session that the orders are for comes one after the anchor.
        sessions_listed=quotes.sessions_listed[-1] + 1,
    )
    is_up, is_down = _at_limit(quotes, inputs)
    facts = MarketFacts(
        last_close_fen=_last_closes(market, calendar, quotes, inputs=inputs),
        adv_fen=_average_amounts(quotes, adv_sessions),
        is_limit_up=is_up,
        is_limit_down=is_down,
    )
    return Evening(inputs, facts)


def _average_amounts(quotes: Quotes, adv_sessions: int) -> FloatArray:
    """Mean amount over the sessions that traded; a suspended day is no day of little trading."""
    # Some markets have volumes and no amounts.
    amounts = np.where(np.isfinite(quotes.amount), quotes.amount, quotes.volume * quotes.close)
    amounts = amounts[-adv_sessions:]
    known = np.isfinite(amounts)
    n_known = known.sum(axis=0)
    total = np.where(known, amounts, 0.0).sum(axis=0)
    mean: FloatArray = np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan) * _FEN
    return mean


def _last_closes(
    market: MarketSource, calendar: TradingCalendar, quotes: Quotes, *, inputs: OrderInputs
) -> IntArray:
    closes = _carried(quotes.close)[-1]
    lost = np.flatnonzero(np.isnan(closes) & (inputs.held_shares > 0))
    if lost.size:
        # Suspended for longer than the window: look through everything there is.
        names = tuple(inputs.instruments[at] for at in lost)
        first = calendar.first_session
        whole = load_quotes(market, names, first, inputs.anchor_date, fields=("close",))
        closes[lost] = _carried(whole.close)[-1]
    return prices_to_fen(closes)


def _at_limit(quotes: Quotes, inputs: OrderInputs) -> tuple[BoolArray, BoolArray]:
    """Whether the anchor's close is that session's limit, reckoned from the close before it."""
    nothing = np.zeros(len(inputs.instruments), dtype=np.bool_)
    if quotes.dates.size == 1:
        return nothing, nothing
    before = _carried(np.where(quotes.is_traded, quotes.close * quotes.factor, np.nan)[:-1])[-1]
    reference = np.round(before / quotes.factor[-1], 2)
    rules = inputs.rules.session_rules(
        inputs.instruments,
        inputs.anchor_date,
        reference_fen=prices_to_fen(reference),
        is_st=quotes.is_st[-1],
        sessions_listed=quotes.sessions_listed[-1],
    )
    close = inputs.close_fen
    is_up = (close > 0) & (rules.limit_up_fen > 0) & (close >= rules.limit_up_fen)
    is_down = (close > 0) & (rules.limit_down_fen > 0) & (close <= rules.limit_down_fen)
    return is_up, is_down


def _carried(values: FloatArray) -> FloatArray:
    """Return the values with each gap filled by the last one before it."""
    rows = np.arange(values.shape[0])[:, None]
    last = np.maximum.accumulate(np.where(np.isfinite(values), rows, -1), axis=0)
    carried: FloatArray = np.where(
        last >= 0, np.take_along_axis(values, np.maximum(last, 0), axis=0), np.nan
    )
    return carried
