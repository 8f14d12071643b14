"""The simulator in live timing: against the oracle, against live orders, and its invariants."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.orders.plan import OrderInputs, make_plan
from quantpits.routine.settlement import CorporateAction, PaperBook, settle_session
from quantpits.trading import CN_RULES, Order, SessionMarket, ex_reference_fen
from quantpits.trading.simulator import simulate_sessions
from quantpits.trading.simulator_rules import Opening, SimulationRules
from quantpits.trading.simulator_schedule import signal_rows
from tests.reference.simulator_oracle import Account, Oracle
from tests.trading.session_markets import (
    CODES,
    draw_bars,
    draw_rules,
    draw_scores,
    inputs_of,
    plain_market,
    plain_settings,
)

SEEDS = st.integers(0, 2**31)
CASH = 6_000_000


def _signals(bars, scores, frequency="day"):
    return signal_rows(bars.dates, ~np.isnan(scores).all(axis=1), frequency=frequency)


def _run(bars, scores, rules, *, cash=CASH, deposits=None, frequency="day"):
    return simulate_sessions(
        inputs_of(bars, deposits),
        scores,
        signal_rows=_signals(bars, scores, frequency),
        rules=rules,
        opening=Opening(cash),
        is_keeping_shares=True,
    )


def _paths(result, stop=None):
    return [
        getattr(result, name)[:stop].tolist()
        for name in ("nav", "cash", "turnover", "cost", "n_held", "shares")
    ]


@pytest.mark.property
@settings(max_examples=120, deadline=None)
@given(SEEDS, st.sampled_from(["day", "week"]), st.sampled_from([50_000, 1_000_000, 6_000_000]))
def test_every_session_equals_the_oracle_to_the_fen(seed, frequency, cash):
    bars, rules = draw_bars(seed), draw_rules(seed)
    scores = draw_scores(seed, bars)
    rng = np.random.default_rng(seed + 3)
    is_paid = rng.random(bars.dates.size) < 0.1
    deposits = np.where(is_paid, rng.integers(0, 1_000_000, is_paid.size), 0)
    found = _run(bars, scores, rules, cash=cash, deposits=deposits, frequency=frequency)
    account = Account(Decimal(cash) / 100)
    evenings = Oracle(plain_market(bars), plain_settings(rules), account).run(
        scores, _signals(bars, scores, frequency), [Decimal(int(fen)) / 100 for fen in deposits]
    )
    for row, evening in enumerate(evenings):
        held = {name: count for name, count in enumerate(found.shares[row].tolist()) if count}
        assert evening.shares == held
        assert evening.cash * 100 == int(found.cash[row])
        assert evening.nav * 100 == int(found.nav[row])
        assert evening.turnover * 100 == int(found.turnover[row])
        assert evening.cost * 100 == int(found.cost[row])


@pytest.mark.property
@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_live_orders_and_the_paper_broker_end_with_the_same_cent(seed):
    bars = draw_bars(seed, n_days=16)
    bars = replace(bars, factor=None)  # the paper broker knows facts only
    bars.dividend[bars.close_fen == 0] = 0.0  # and pays nothing during a pause
    bars.bonus[bars.close_fen == 0] = 0.0
    scores = draw_scores(seed, bars)
    scores[(bars.close_fen == 0)] = np.nan
    scores[0, 1] = 1.0
    rules = replace(draw_rules(seed), hold_thresh=1, is_replacing=False)
    found = _run(bars, scores, rules)
    book = PaperBook(CASH, {})
    for row in range(bars.dates.size):
        book = _live_session(bars, scores, rules, row=row, book=book)
        held = {code: int(n) for code, n in zip(CODES, found.shares[row], strict=True) if n}
        assert (book.cash_fen, dict(book.shares)) == (int(found.cash[row]), held)


def _live_session(bars, scores, rules, *, row, book):
    orders, market = [], None
    day = bars.dates[row].item()
    actions = {
        code: CorporateAction(
            round(float(bars.dividend[row, name]) * 1e6), round(float(bars.bonus[row, name]) * 1e6)
        )
        for name, code in enumerate(CODES)
        if bars.dividend[row, name] or bars.bonus[row, name]
    }
    is_signal = row > 0 and (~np.isnan(scores[row - 1]) & (bars.close_fen[row - 1] > 0)).any()
    if is_signal:
        plan = make_plan(_order_inputs(bars, scores, rules, row=row, book=book))
        orders = [
            Order(each.instrument, each.side, each.shares, each.role, rank)
            for rank, each in enumerate(plan.orders, start=1)
        ]
        reference = inputs_of(bars).tables
        columns = [CODES.index(order.instrument) for order in orders]
        ordered = tuple(order.instrument for order in orders)
        session = CN_RULES.session_rules(
            ordered, day, reference_fen=_references(bars, row)[columns]
        )
        market = SessionMarket(ordered, bars.price_fen[row, columns], session)
        assert reference.is_traded[row - 1, columns].all()
    settled = settle_session(
        book,
        orders,
        market=market if orders else None,
        actions=actions,
        max_positions=rules.topk if rules.corrected else None,
    )
    return settled.book


def _references(bars, row):
    """Last closes, less what the session pays out, as the paper broker reckons them."""
    closes = []
    for name in range(len(CODES)):
        traded = bars.close_fen[:row, name]
        traded = traded[traded > 0]
        terms = {"dividend_cny": bars.dividend[row, name], "bonus": bars.bonus[row, name]}
        closes.append(ex_reference_fen(int(traded[-1]), **terms) if traded.size else 0)
    return np.array(closes, dtype=np.int64)


def _order_inputs(bars, scores, rules, *, row, book):
    return OrderInputs(
        instruments=CODES,
        scores=scores[row - 1],
        is_member=np.ones(len(CODES), dtype=bool),
        held_shares=np.array([book.shares.get(code, 0) for code in CODES], dtype=np.int64),
        close_fen=bars.close_fen[row - 1],
        cash_fen=book.cash_fen,
        deposits_fen=0,
        universe="all",
        anchor_date=bars.dates[row - 1].item(),
        trade_date=bars.dates[row].item(),
        rules=CN_RULES,
        strategy=rules.strategy,
        decision_rule=rules.decision_rule(),
        risk_degree=rules.risk_degree,
    )


@pytest.mark.property
@settings(max_examples=120, deadline=None)
@given(SEEDS)
def test_invariants_of_every_session(seed):
    bars, rules = draw_bars(seed), replace(draw_rules(seed), corrected=True)
    tables = inputs_of(bars).tables
    found = _run(bars, draw_scores(seed, bars), rules)
    before, cash = np.zeros(len(CODES), dtype=np.int64), CASH
    for row in range(bars.dates.size):
        shares = found.shares[row]
        dividends = (before * tables.dividend_e6[row] + 5_000) // 10_000
        received = before * tables.bonus_e6[row] // 1_000_000
        traded = shares - before - received
        is_untradable = bars.price_fen[row] == 0
        assert 0 == np.abs(traded[is_untradable]).sum()
        bought, sold = np.maximum(traded, 0), np.maximum(-traded, 0)
        # Value is conserved to the fen.
        notional = (traded * bars.price_fen[row]).sum()
        assert cash + dividends.sum() - notional - found.cost[row] == found.cash[row]
        assert found.cash[row] + (shares * tables.mark[row]).sum() == found.nav[row]
        assert ((bought + sold) * bars.price_fen[row]).sum() == found.turnover[row]
        assert 0 <= found.cash[row]
        # At most TopK, but for bonus shares that arrive on a position sold the same day.
        left_over = int(((sold > 0) & (shares > 0)).sum())
        assert found.n_held[row] <= max(rules.topk, int((before > 0).sum())) + left_over
        assert int((shares > 0).sum()) == found.n_held[row]
        # T+1: a sale is a whole position of the evening before, less what consolidated.
        whole = before + np.minimum(received, 0)
        assert sold[sold > 0].tolist() == whole[sold > 0].tolist()
        # Whole lots, and no purchase of what is held.
        era = tables.era[row]
        for name in np.flatnonzero(bought):
            minimum, step = tables.minimum_shares[era, name], tables.step_shares[era, name]
            assert bought[name] >= minimum
            assert (bought[name] - minimum) % step == 0
            assert not 0 < tables.limit_up[row, name] <= bars.price_fen[row, name]
        for name in np.flatnonzero(sold):
            assert bars.price_fen[row, name] > tables.limit_down[row, name]
        before, cash = shares, int(found.cash[row])


@pytest.mark.property
@settings(max_examples=80, deadline=None)
@given(SEEDS, st.integers(0, 23))
def test_changing_what_comes_later_changes_nothing(seed, last):
    bars, rules = draw_bars(seed), draw_rules(seed)
    scores = draw_scores(seed, bars)
    other, other_scores = draw_bars(seed + 1), draw_scores(seed + 1, bars)
    changed = {}
    for name in ("price_fen", "close_fen", "dividend", "bonus", "factor"):
        changed[name] = getattr(bars, name).copy()
        changed[name][last + 1 :] = getattr(other, name)[last + 1 :]
    changed["dividend"][last + 1 :] = 0.0  # the other market's would not fit this one's prices
    other_scores[: last + 1] = scores[: last + 1]
    # The scores of the last day are known after its close, and may not matter on it.
    other_scores[last] = 0.0
    before = _run(bars, scores, rules)
    after = _run(replace(bars, **changed), other_scores, rules)
    assert _paths(before, last + 1) == _paths(after, last + 1)


@pytest.mark.property
@settings(max_examples=80, deadline=None)
@given(SEEDS, st.permutations(range(len(CODES))))
def test_the_order_of_the_instruments_changes_nothing(seed, order):
    bars, rules = draw_bars(seed), draw_rules(seed)
    scores = draw_scores(seed, bars, missing=0.0)
    order = list(order)
    fields = ("price_fen", "close_fen", "dividend", "bonus", "factor")
    permuted = replace(
        bars,
        instruments=tuple(CODES[name] for name in order),
        **{name: np.ascontiguousarray(getattr(bars, name)[:, order]) for name in fields},
    )
    found, other = _run(bars, scores, rules), _run(permuted, scores[:, order], rules)
    assert _paths(found)[:5] == _paths(other)[:5]
    assert found.shares[:, order].tolist() == other.shares.tolist()


def test_a_week_trades_once():
    bars = draw_bars(5)
    scores = draw_scores(5, bars)
    found = _run(bars, scores, SimulationRules(topk=3, n_drop=1), frequency="week")
    traded = bars.dates[found.turnover > 0]
    weeks = [day.item().isocalendar()[:2] for day in traded]
    assert len(weeks) == len(set(weeks)) > 1


def test_opening_positions_count_and_can_be_sold_at_once():
    bars = draw_bars(11)
    bars.close_fen[:3], bars.price_fen[:3] = 1_000, 1_000
    bars.dividend[:], bars.bonus[:] = 0.0, 0.0
    scores = np.tile(-np.arange(len(CODES), dtype=np.float64), (bars.dates.size, 1))
    shares = np.zeros(len(CODES), dtype=np.int64)
    shares[8] = 250
    found = simulate_sessions(
        inputs_of(replace(bars, factor=None)),
        scores,
        signal_rows=_signals(bars, scores),
        rules=SimulationRules(topk=1, n_drop=1),
        opening=Opening(0, shares),
        is_keeping_shares=True,
    )
    assert 250_000 == found.opening == found.nav[0]
    assert (250, 0) == (found.shares[0, 8], found.shares[1, 8])


def test_without_keeping_there_are_no_shares():
    bars = draw_bars(1)
    scores = draw_scores(1, bars)
    found = simulate_sessions(
        inputs_of(bars),
        scores,
        signal_rows=_signals(bars, scores),
        rules=SimulationRules(topk=2, n_drop=1),
        opening=Opening(CASH),
    )
    assert found.shares is None
    assert CASH == found.nav[0]


@pytest.fixture
def call():
    bars = draw_bars(1)
    scores = draw_scores(1, bars)
    arguments = {
        "signal_rows": _signals(bars, scores),
        "rules": SimulationRules(topk=2, n_drop=1),
        "opening": Opening(CASH),
    }

    def run(scores=scores, **changes):
        return simulate_sessions(inputs_of(bars), scores, **{**arguments, **changes})

    return run


def test_scores_that_do_not_fit_are_refused(call):
    with pytest.raises(ShapeError, match="scores do not fit"):
        call(np.ones((3, 3)))
    with pytest.raises(NonFiniteError, match="infinite"):
        call(np.full((24, len(CODES)), np.inf))


def test_signals_of_the_same_day_are_refused(call):
    with pytest.raises(DataError, match="not known before"):
        call(signal_rows=np.arange(24))
    with pytest.raises(DataError, match="not known before"):
        call(signal_rows=np.full(24, -2))
    with pytest.raises(ShapeError, match="signal rows"):
        call(signal_rows=np.full(23, -1))


@pytest.mark.parametrize(
    ("opening", "error", "match"),
    [
        (Opening(CASH, np.ones(3)), ShapeError, "opening book"),
        (Opening(-1), NonFiniteError, "whole fen"),
        (Opening(float("nan")), NonFiniteError, "whole fen"),
        (Opening(0.5), NonFiniteError, "whole fen"),
        (Opening(0, np.full(len(CODES), 0.5)), NonFiniteError, "whole fen"),
    ],
)
def test_an_opening_that_makes_no_sense_is_refused(call, opening, error, match):
    with pytest.raises(error, match=match):
        call(opening=opening)


def test_an_opening_position_needs_a_price():
    bars = draw_bars(1)
    bars.close_fen[0, 2] = 0
    scores = draw_scores(1, bars)
    with pytest.raises(DataError, match="no price"):
        simulate_sessions(
            inputs_of(bars),
            scores,
            signal_rows=_signals(bars, scores),
            rules=SimulationRules(topk=2, n_drop=1),
            opening=Opening(CASH, np.full(len(CODES), 100)),
        )
