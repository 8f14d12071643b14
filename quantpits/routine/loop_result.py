"""What a paper loop came to: the account in the books beside the simulator's, session by session.

The simulator runs once over all sessions, on the whole market, with the scores that the orders
followed; the books are read from the ledger. Without slippage both are equal to the cent; with it
every fen of the difference has a line that says what it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.backtest.rules import simulation_rules
from quantpits.config import StrategySettings, resolve_strategy
from quantpits.errors import Finding
from quantpits.market import load_universe
from quantpits.post_trade.ledger import load_journal
from quantpits.routine.account_rows import (
    AccountRows,
    held_instruments,
    ledger_rows,
    mark_mills,
    simulated_rows,
)
from quantpits.routine.attribution import Comparison, Difference, attribute, by_cause
from quantpits.routine.divergence_files import csv_text, fen_text
from quantpits.routine.loop_request import LoopReport
from quantpits.routine.loop_scores import FOLLOWED, followed_scores
from quantpits.routine.paper_market import PaperMarket, load_paper_market
from quantpits.routine.paper_orders import read_orders
from quantpits.trading import Opening, simulate_sessions
from quantpits.workspace.atomic import write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from quantpits.market import FloatArray, MarketSource
    from quantpits.routine.slippage import Slippage
    from quantpits.trading.kernels import IntArray
    from quantpits.workspace import Workspace

__all__ = ["LoopFacts", "compare_accounts", "ordered_shares", "write_results"]

_NAV_FILE, _LINES_FILE, _CHART_FILE = "paper_nav.csv", "paper_differences.csv", "paper_nav.png"
_MILLS_A_FEN = 10
_NAV_HEADER = (
    "date",
    "nav_books",
    "nav_simulator",
    "difference",
    "cash_books",
    "cash_simulator",
    "positions",
    "deposits",
)
_LINES_HEADER = ("date", "instrument", "cause", "amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFacts:
    """What a finished loop is compared by.

    Attributes
    ----------
    market : MarketSource
        The whole market.
    sessions : tuple of date [T]
        Every session, the opening first.
    anchors : tuple of date
        Those that orders were made on.
    cash_fen : int
        Opening cash [fen].
    deposits_fen : mapping of date to int
        Deposits by the session they arrive in [fen].
    slippage : Slippage
        How trading moved prices.
    """

    market: MarketSource
    sessions: tuple[date, ...]
    anchors: tuple[date, ...]
    cash_fen: int
    deposits_fen: Mapping[date, int]
    slippage: Slippage


def write_results(sandbox: Workspace, facts: LoopFacts, *, no_chart: bool) -> LoopReport:
    """Compare the two accounts and write what came of it.

    Parameters
    ----------
    sandbox : Workspace
        With the finished loop.
    facts : LoopFacts
        What it is compared by.
    no_chart : bool
        Draw nothing.

    Returns
    -------
    LoopReport
        The files are in the sandbox's ``output``.

    Raises
    ------
    UnbalancedError
        If the parts of a difference do not add up.
    """
    comparison = compare_accounts(sandbox, facts)
    lines = attribute(comparison)
    account, reference = comparison.account, comparison.reference
    gap = account.nav - reference.nav
    worst = int(np.argmax(np.abs(gap)))
    outputs = [sandbox.output_dir / _NAV_FILE, sandbox.output_dir / _LINES_FILE]
    changed = write_text(outputs[0], _nav_text(comparison))
    changed |= write_text(outputs[1], _lines_text(lines))
    if not no_chart:
        outputs.append(sandbox.output_dir / _CHART_FILE)
        changed |= write_bytes(outputs[2], _chart(comparison, facts))
    return LoopReport(
        workspace=str(sandbox.root),
        outputs=tuple(outputs),
        findings=_findings(facts, gap),
        changed=changed,
        start=facts.sessions[0],
        end=facts.sessions[-1],
        anchors=facts.anchors,
        n_sessions=len(facts.sessions),
        n_trades=int(np.count_nonzero(account.traded)),
        n_orders=int(np.count_nonzero(comparison.ordered)),
        n_short=int(np.count_nonzero(np.abs(account.traded) < np.abs(comparison.ordered))),
        nav_fen=int(account.nav[-1]),
        simulated_fen=int(reference.nav[-1]),
        largest_fen=int(gap[worst]),
        largest_on=comparison.sessions[worst] if gap[worst] else None,
        causes=by_cause(lines),
        slippage=facts.slippage.words(),
    )


def compare_accounts(sandbox: Workspace, facts: LoopFacts) -> Comparison:
    """Put the books and a run of the simulator side by side.

    Parameters
    ----------
    sandbox : Workspace
        With the finished loop.
    facts : LoopFacts
        What it is compared by.

    Returns
    -------
    Comparison
        Over every session after the opening.
    """
    model_config = sandbox.model_config()
    settings, _ = resolve_strategy(sandbox.strategy_config(), model_config)
    journal = load_journal(sandbox.ledger_path)
    scores_of = {day: _member_scores(sandbox, facts.market, day) for day in facts.anchors}
    scored = {name for scores in scores_of.values() for name in scores}
    held = held_instruments(journal, start=facts.sessions[0], end=facts.sessions[-1])
    sessions = np.array(facts.sessions, dtype="datetime64[D]")
    deposits = [facts.deposits_fen.get(day, 0) for day in facts.sessions]
    market = load_paper_market(
        facts.market,
        settings,
        instruments=scored | held,
        days=(facts.sessions[0], facts.sessions[-1]),
        deposits_fen=np.array(deposits, dtype=np.int64),
    )
    simulated = _simulate(market, facts, settings=settings, scores_of=scores_of)
    # The first session only opens the account: nothing is traded and nothing is booked in it.
    days = facts.sessions[1:]
    tables = market.inputs.tables
    marks = mark_mills(journal, market)
    assert sessions.size == tables.mark.shape[0]  # every session of the loop is one of the market
    return Comparison(
        sessions=days,
        instruments=market.instruments,
        account=ledger_rows(journal, instruments=market.instruments, sessions=days),
        reference=_without_first(simulated),
        ordered=ordered_shares(
            sandbox, instruments=market.instruments, sessions=days, label=FOLLOWED
        ),
        price_fen=tables.price[1:],
        mark_mills=marks[1:],
        mark_before=marks[0],
        reference_mills=tables.mark[1:] * _MILLS_A_FEN,
        reference_before=tables.mark[0] * _MILLS_A_FEN,
        dividend_e6=tables.dividend_e6[1:],
        bonus_e6=tables.bonus_e6[1:],
    )


def ordered_shares(
    workspace: Workspace, *, instruments: Iterable[str], sessions: Iterable[date], label: str
) -> IntArray:
    """Return what was ordered as primaries, by session.

    Parameters
    ----------
    workspace : Workspace
        Whose order files.
    instruments : iterable of str [N]
        Columns; an order for another instrument is left out.
    sessions : iterable of date [T]
        Rows.
    label : str
        Whose scores the orders follow.

    Returns
    -------
    int64 [T, N]
        Shares, below zero for sales.
    """
    column_of = {name: column for column, name in enumerate(instruments)}
    days = tuple(sessions)
    ordered = np.zeros((len(days), len(column_of)), dtype=np.int64)
    for row, day in enumerate(days):
        for order in read_orders(workspace, label=label, trade_date=day):
            if order.role == "primary" and order.instrument in column_of:
                sign = 1 if order.side == "buy" else -1
                ordered[row, column_of[order.instrument]] = sign * order.shares
    return ordered


def _member_scores(sandbox: Workspace, market: MarketSource, day: date) -> dict[str, float]:
    """Return the scores of a day that orders could follow: those of the universe's members."""
    members = set(load_universe(market, sandbox.prod_config().market, day))
    scores = followed_scores(sandbox, day) or {}
    return {name: score for name, score in scores.items() if name in members}


def _simulate(
    market: PaperMarket,
    facts: LoopFacts,
    *,
    settings: StrategySettings,
    scores_of: Mapping[date, Mapping[str, float]],
) -> AccountRows:
    column_of = {name: column for column, name in enumerate(market.instruments)}
    row_of = {day: row for row, day in enumerate(facts.sessions)}
    scores: FloatArray = np.full((len(facts.sessions), len(column_of)), np.nan)
    rows = np.full(len(facts.sessions), -1, dtype=np.int64)
    for anchor, scored in scores_of.items():
        row = row_of[anchor]
        for name, score in scored.items():
            scores[row, column_of[name]] = score
        rows[row + 1] = row  # known at the close of the anchor, traded in the next session
    result = simulate_sessions(
        market.inputs,
        scores,
        signal_rows=rows,
        rules=simulation_rules(settings, "next_session"),
        opening=Opening(facts.cash_fen),
        is_keeping_shares=True,
    )
    return simulated_rows(market, result)


def _without_first(rows: AccountRows) -> AccountRows:
    return AccountRows(
        before=rows.shares[0],
        shares=rows.shares[1:],
        traded=rows.traded[1:],
        notional=rows.notional[1:],
        fee=rows.fee[1:],
        other=rows.other[1:],
        deposits=rows.deposits[1:],
        income=rows.income[1:],
        nav=rows.nav[1:],
        cash=rows.cash[1:],
    )


def _findings(facts: LoopFacts, gap: IntArray) -> tuple[Finding, ...]:
    n_unequal = int(np.count_nonzero(gap))
    if n_unequal == 0 or not facts.slippage.is_none:
        return ()
    first = facts.sessions[1:][int(np.flatnonzero(gap)[0])]
    message = (
        f"The books differ from the simulator on {n_unequal} sessions, the first {first}, although "
        f"there is no slippage; {_LINES_FILE} says where it comes from"
    )
    return (Finding("PAP010", "error", message, "paper loop", first.isoformat()),)


def _nav_text(comparison: Comparison) -> str:
    account, reference = comparison.account, comparison.reference
    rows = [
        (
            day.isoformat(),
            fen_text(account.nav[row]),
            fen_text(reference.nav[row]),
            fen_text(account.nav[row] - reference.nav[row]),
            fen_text(account.cash[row]),
            fen_text(reference.cash[row]),
            str(int(np.count_nonzero(account.shares[row]))),
            fen_text(account.deposits[row]),
        )
        for row, day in enumerate(comparison.sessions)
    ]
    return csv_text(_NAV_HEADER, rows)


def _lines_text(lines: Iterable[Difference]) -> str:
    rows = [
        (line.session.isoformat(), line.instrument, line.cause, fen_text(line.fen))
        for line in lines
    ]
    return csv_text(_LINES_HEADER, rows)


def _chart(comparison: Comparison, facts: LoopFacts) -> bytes:
    from quantpits.charts import NavChart, png_bytes  # noqa: PLC0415 - Matplotlib, only to draw

    navs = {
        "books": comparison.account.nav / 100,
        "simulator": comparison.reference.nav / 100,
    }
    market = "SYNTHETIC market" if facts.market.is_synthetic else facts.market.label
    flows = ", deposits count as returns" if facts.deposits_fen else ""
    chart = NavChart(
        title="Paper loop: the account in the books and in the simulator",
        subtitle=f"{market}; {facts.slippage.words()}; net of costs{flows}",
        dates=np.array(comparison.sessions, dtype="datetime64[D]"),
        navs=navs,
        highlight="books",
        opening=facts.cash_fen / 100,
    )
    return png_bytes(chart)
