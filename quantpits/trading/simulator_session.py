# ruff: noqa: PLR0917, FBT001 - kernels take no keyword-only arguments
"""The simulator in live timing: decide and size after the close, fill in the next session.

Whole shares, raw prices and whole fen throughout, so that an account that follows the orders with
the same fills agrees to the cent. A session is, in this order:

1. deposits; dividends on what was held before the session, each rounded half up to the fen;
2. orders, from what was known after the close before: scores of the signal day, the book, the cash
   with the deposits due but without the dividends of the day, and which names traded;
3. fills at the session's price: `quantpits.trading.filling`, as the paper broker's;
4. bonus shares, which cannot be sold on the day they arrive; a fraction of a share is dropped;
5. the value at the close.

A fall of the adjustment factor without facts is a consolidation of shares and comes first of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantpits.trading.buffer import topk_buffer_nb
from quantpits.trading.dropout import topk_dropout_nb
from quantpits.trading.filling import fill_buys_nb, fill_sales_nb
from quantpits.trading.kernels import BoolArray, FloatArray, IntArray, kernel
from quantpits.trading.money import share_of_amount_floor_nb
from quantpits.trading.rulebook import SessionRules
from quantpits.trading.simulator_kernels import renew_names_nb, value_fen_nb
from quantpits.trading.sizing import affordable_shares_nb, sale_net_fen_nb, size_buys_nb

if TYPE_CHECKING:
    from quantpits.trading.selection import DecisionRule
    from quantpits.trading.simulator_book import (
        SessionBook,
        SessionPaths,
        SessionTables,
        SessionTerms,
    )

__all__ = [
    "E6_A_FEN",
    "MILLION",
    "decide_session_nb",
    "entitle_nb",
    "order_session_nb",
    "receive_nb",
    "settle_buys_nb",
    "settle_sales_nb",
    "simulate_session_nb",
    "simulate_sessions_nb",
    "trade_session_nb",
]

MILLION: Final = 1_000_000
E6_A_FEN: Final = 10_000  # a fen is 1e-2 CNY, terms are 1e-6 CNY


@kernel
def entitle_nb(
    dividend_e6: IntArray, bonus_e6: IntArray, book: SessionBook, n_held: int, cash: int
) -> tuple[int, bool]:
    """Pay dividends, note the bonus shares to come, consolidate.

    Parameters
    ----------
    dividend_e6, bonus_e6 : int64 [N]
        Terms of the session.
    book : SessionBook
        ``received`` is written, ``shares`` where shares are consolidated.
    n_held : int64
        Filled entries of ``book.names``.
    cash : int64
        Cash before [fen].

    Returns
    -------
    cash : int64
        Cash after [fen].
    is_entitled : bool
        Whether the session has any terms for a holding.
    """
    is_entitled = False
    for place in range(n_held):
        name = book.names[place]
        book.received[name] = 0
        if dividend_e6[name] == 0 and bonus_e6[name] == 0:
            continue
        is_entitled = True
        held = book.shares[name]
        cash += (held * dividend_e6[name] + E6_A_FEN // 2) // E6_A_FEN
        new = held * bonus_e6[name] // MILLION
        book.received[name] = max(new, 0)
        if new < 0:
            book.shares[name] = held + new
            book.is_held[name] = held + new > 0
    return cash, is_entitled


@kernel
def decide_session_nb(
    scores: FloatArray,
    is_traded: BoolArray,
    rule: DecisionRule,
    terms: SessionTerms,
    book: SessionBook,
    n_held: int,
    row: int,
) -> tuple[int, int, int]:
    """Decide into ``book.work``; return how many sales, purchases and alternates there are.

    Parameters
    ----------
    scores : float64 [N]
        Scores of the signal day, NaN for none.
    is_traded : bool [N]
        Which names traded in the session before.
    rule : DecisionRule
        Parameters of the decision.
    terms : SessionTerms
        `hold_thresh` and which rule decides.
    book : SessionBook
        ``work`` and ``is_free`` are written.
    n_held : int64
        Filled entries of ``book.names``.
    row : int64
        The session.

    Returns
    -------
    n_sell, n_buy, n_alternates : int64
        Filled entries of ``work.sell`` and ``work.buy``. A position that may not be sold now is
        not among the sales.
    """
    free = is_traded
    if terms.hold_thresh > 1:
        free = book.is_free
        for name in range(free.size):
            free[name] = is_traded[name]
        for place in range(n_held):
            name = book.names[place]
            if row - book.since[name] < terms.hold_thresh:
                free[name] = False
    if terms.is_buffer:
        counts = topk_buffer_nb(scores, book.is_held, is_traded, free, rule, book.work, n_held)
    else:
        counts = topk_dropout_nb(scores, book.is_held, is_traded, free, rule, book.work, n_held)
    n_sell = 0
    for place in range(counts[1]):
        name = book.work.sell[place]
        if free[name]:
            book.work.sell[n_sell] = name
            n_sell += 1
    return n_sell, counts[2], counts[3]


@kernel
def order_session_nb(
    counts: tuple[int, int, int],
    rules: SessionRules,
    rule: DecisionRule,
    terms: SessionTerms,
    book: SessionBook,
    cash: int,
) -> tuple[int, int]:
    """Size the decision's orders into ``book.sales`` and ``book.buys``.

    Equals `size_orders` without its amounts; orders of no share are left out.

    Parameters
    ----------
    counts : tuple of int64
        Sales, purchases and alternates in ``book.work``.
    rules : SessionRules
        Worst prices, lots and fees.
    rule : DecisionRule
        Whether budgets are redistributed.
    terms : SessionTerms
        Risk degree, and whether alternates are ordered.
    book : SessionBook
        Orders are written.
    cash : int64
        Cash and deposits due [fen].

    Returns
    -------
    n_primaries, n_buys : int64
        Primary purchases, and all purchases.
    """
    n_sell, n_buy, n_alternates = counts
    funds = cash
    for place in range(n_sell):
        name = book.work.sell[place]
        book.sales.name[place] = name
        book.sales.wanted[place] = book.shares[name]
        funds += sale_net_fen_nb(book.shares[name], rules.worst_sell_fen[name], rules.rates[name])
    investable = share_of_amount_floor_nb(max(funds, 0), terms.risk_e8)
    budget = size_buys_nb(book.work.buy, n_buy, investable, rules, rule.is_corrected, book.sized)
    n_primaries, n_orders = 0, 0
    for place in range(n_buy + n_alternates):
        name = book.work.buy[place]
        if place < n_buy:
            wanted = book.sized[place]
        elif terms.is_replacing:
            wanted = affordable_shares_nb(
                budget,
                rules.worst_buy_fen[name],
                rules.minimum_shares[name],
                rules.step_shares[name],
                rules.rates[name],
            )
        else:
            break
        if wanted > 0:
            book.buys.name[n_orders] = name
            book.buys.wanted[n_orders] = wanted
            n_orders += 1
            if place < n_buy:
                n_primaries += 1
    return n_primaries, n_orders


@kernel
def settle_sales_nb(book: SessionBook, n_sell: int, price: IntArray) -> tuple[int, int]:
    """Take what was sold out of the book; return the notional and how many positions are gone.

    Parameters
    ----------
    book : SessionBook
        ``sales`` is read, ``shares`` and ``is_held`` are written.
    n_sell : int64
        Number of sales, each of a whole position.
    price : int64 [N]
        Price of the session [fen].

    Returns
    -------
    notional, n_gone : int64
        What was sold [fen], and positions that are gone.
    """
    notional, n_gone = 0, 0
    for place in range(n_sell):
        if book.sales.filled[place] > 0:
            name = book.sales.name[place]
            notional += book.sales.filled[place] * price[name]
            book.shares[name] = 0
            book.is_held[name] = False
            n_gone += 1
    return notional, n_gone


@kernel
def settle_buys_nb(book: SessionBook, n_buys: int, price: IntArray, row: int) -> int:
    """Put what was bought into the book and return its notional.

    Parameters
    ----------
    book : SessionBook
        ``buys`` is read, the positions are written.
    n_buys : int64
        Number of purchases.
    price : int64 [N]
        Price of the session [fen].
    row : int64
        The session.

    Returns
    -------
    int64
        What was bought [fen].
    """
    notional = 0
    for place in range(n_buys):
        if book.buys.filled[place] > 0:
            name = book.buys.name[place]
            notional += book.buys.filled[place] * price[name]
            book.shares[name] = book.buys.filled[place]
            book.since[name] = row
            book.is_held[name] = True
    return notional


@kernel
def receive_nb(book: SessionBook, n_held: int) -> None:
    """Book the bonus shares, also of a position that was sold today.

    Parameters
    ----------
    book : SessionBook
        ``received`` is read, the positions are written.
    n_held : int64
        Entries of ``names`` before the session.
    """
    for place in range(n_held):
        name = book.names[place]
        if book.received[name] > 0:
            book.shares[name] += book.received[name]
            book.is_held[name] = True


@kernel
def trade_session_nb(
    scores: FloatArray,
    tables: SessionTables,
    row: int,
    rule: DecisionRule,
    terms: SessionTerms,
    book: SessionBook,
    n_held: int,
    funds: tuple[int, int],
) -> tuple[int, int, int, int]:
    """Decide, size and fill one session.

    Parameters
    ----------
    scores : float64 [N]
        Scores of the signal day.
    tables : SessionTables
        The market.
    row : int64
        The session, not the first.
    rule : DecisionRule
        Parameters of the decision.
    terms : SessionTerms
        The rest of the strategy.
    book : SessionBook
        Positions are written, but for ``names``.
    n_held : int64
        Filled entries of ``book.names``.
    funds : tuple of int64
        Cash that orders reckon with, and cash when they are filled [fen].

    Returns
    -------
    cash, turnover, cost, n_buys : int64
        Cash after, notional and fees [fen], and filled entries of ``book.buys``.
    """
    cash_before, cash = funds
    era, price, is_traded = tables.era[row], tables.price[row], tables.is_traded[row - 1]
    rules = SessionRules(
        tables.limit_down[row],
        tables.limit_up[row],
        tables.worst_sell[row],
        tables.worst_buy[row],
        tables.minimum_shares[era],
        tables.step_shares[era],
        tables.rates[era],
    )
    counts = decide_session_nb(scores, is_traded, rule, terms, book, n_held, row)
    n_sell = counts[0]
    n_primaries, n_buys = order_session_nb(counts, rules, rule, terms, book, cash_before)
    cash_sold = fill_sales_nb(book.sales, n_sell, price, rules, cash)
    sold, n_gone = settle_sales_nb(book, n_sell, price)
    n_places = rule.topk - n_held + n_gone if rule.is_corrected else n_buys
    cash_bought = fill_buys_nb(
        book.buys, n_primaries, n_buys, price, rules, cash_sold, n_places, terms.is_replacing
    )
    bought = settle_buys_nb(book, n_buys, price, row)
    cost = (cash + sold - cash_sold) + (cash_sold - bought - cash_bought)
    return cash_bought, sold + bought, cost, n_buys


@kernel
def simulate_session_nb(
    scores: FloatArray,
    tables: SessionTables,
    row: int,
    is_trading: bool,
    rule: DecisionRule,
    terms: SessionTerms,
    book: SessionBook,
    state: tuple[int, int],
) -> tuple[int, int, int, int, int]:
    """Run one session: deposits, entitlements, trades, bonus shares, the value at the close.

    Parameters
    ----------
    scores : float64 [N]
        Scores of the signal day; not read without trading.
    tables : SessionTables
        The market.
    row : int64
        The session.
    is_trading : bool
        Whether it trades.
    rule : DecisionRule
        Parameters of the decision.
    terms : SessionTerms
        The rest of the strategy.
    book : SessionBook
        Positions are written.
    state : tuple of int64
        Cash [fen] and positions before; these are the filled entries of ``book.names``.

    Returns
    -------
    cash, n_held, value, turnover, cost : int64
        Cash, positions and their value after it, notional and fees of it [fen].
    """
    cash, n_held = state
    turnover, cost, n_buys = 0, 0, 0
    cash += tables.deposits[row]
    cash_before = cash
    is_entitled = False
    if tables.has_action[row]:
        cash, is_entitled = entitle_nb(
            tables.dividend_e6[row], tables.bonus_e6[row], book, n_held, cash
        )
    if is_entitled:
        n_held = renew_names_nb(book.is_held, book.names, book.names, (n_held, 0))
    if is_trading:
        cash, turnover, cost, n_buys = trade_session_nb(
            scores, tables, row, rule, terms, book, n_held, (cash_before, cash)
        )
    if is_entitled:
        receive_nb(book, n_held)
    if is_trading or is_entitled:
        n_held = renew_names_nb(book.is_held, book.names, book.buys.name, (n_held, n_buys))
    value = value_fen_nb(book.shares, tables.mark[row], book.names, n_held)
    return cash, n_held, value, turnover, cost


@kernel
def simulate_sessions_nb(
    scores: FloatArray,
    signal_rows: IntArray,
    tables: SessionTables,
    rule: DecisionRule,
    terms: SessionTerms,
    cash: int,
    book: SessionBook,
    paths: SessionPaths,
) -> int:
    """Run all sessions and return the last account value.

    Parameters
    ----------
    scores : float64 [T, N]
        Daily scores, NaN for none.
    signal_rows : int64 [T]
        Row of the scores that each session trades on, before its own; -1 for no trading.
    tables : SessionTables
        The market.
    rule : DecisionRule
        Parameters of the decision.
    terms : SessionTerms
        The rest of the strategy.
    cash : int64
        Cash before the first session [fen].
    book : SessionBook
        The opening book; holds the closing book afterwards.
    paths : SessionPaths
        Written.

    Returns
    -------
    int64
        Account value after the last session [fen].
    """
    n_held, value = 0, 0
    for name in range(book.is_held.size):
        if book.is_held[name]:
            book.names[n_held] = name
            n_held += 1
    for row in range(signal_rows.size):
        signal = signal_rows[row]
        cash, n_held, value, turnover, cost = simulate_session_nb(
            scores[max(signal, 0)], tables, row, signal >= 0, rule, terms, book, (cash, n_held)
        )
        paths.nav[row] = value + cash
        paths.cash[row] = cash
        paths.turnover[row] = turnover
        paths.cost[row] = cost
        paths.n_held[row] = n_held
        if paths.shares.shape[0] > 0:
            paths.shares[row, :] = 0
            for place in range(n_held):
                paths.shares[row, book.names[place]] = book.shares[book.names[place]]
    return value + cash
