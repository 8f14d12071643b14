"""Two years of weekly orders on real bars: every line accepted, payable and within TopK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from quantpits.orders.checks import order_breaches
from quantpits.orders.plan import OrderInputs, make_plan
from quantpits.trading import (
    CN_RULES,
    DecisionRule,
    Order,
    SessionMarket,
    fill_session,
    prices_to_fen,
)

BARS = Path(__file__).resolve().parents[2].parent / "shared/data/cn_csi300_2015_2021.parquet"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not BARS.is_file(), reason="the real market data are not here"),
]


@pytest.fixture(scope="module")
def bars():
    table = pd.read_parquet(
        BARS, columns=["symbol", "date", "open", "close", "volume", "factor", "is_st"]
    )
    table = table[(table["date"] >= "2019-09-01") & table["is_st"].notna()]
    wide = table.pivot_table(index="date", columns="symbol", values=["open", "close", "factor"])
    traded = table.assign(traded=table["volume"] > 0).pivot_table(
        index="date", columns="symbol", values="traded", aggfunc="max"
    )
    is_trading = traded.reindex_like(wide["close"]).to_numpy(dtype=float, na_value=0.0) > 0
    names = tuple(wide["close"].columns)
    st = table.pivot_table(index="date", columns="symbol", values="is_st", aggfunc="max")
    warned = st.reindex_like(wide["close"]).to_numpy(dtype=float, na_value=0.0) > 0
    shares = [name for name in names if not name.startswith(("SH000", "SZ399"))]
    keep = [names.index(name) for name in shares]
    return {
        "days": [pd.Timestamp(day).date() for day in wide.index],
        "names": tuple(shares),
        "open": np.where(is_trading, wide["open"], np.nan)[:, keep],
        "close": np.where(is_trading, wide["close"], np.nan)[:, keep],
        "factor": wide["factor"].ffill().to_numpy()[:, keep],
        "is_st": warned[:, keep],
    }


@pytest.mark.parametrize("strategy", ["topk_dropout", "topk_buffer"])
def test_weekly_orders_keep_every_invariant(bars, strategy):
    rng = np.random.default_rng(7)
    names, days = bars["names"], bars["days"]
    persistent = rng.normal(size=len(names))
    book = OrderInputs(
        instruments=names,
        scores=persistent,
        is_member=np.ones(len(names), dtype=bool),
        held_shares=np.zeros(len(names), dtype=np.int64),
        close_fen=np.zeros(len(names), dtype=np.int64),
        cash_fen=200_000_000,
        deposits_fen=0,
        universe="csi300",
        anchor_date=days[0],
        trade_date=days[1],
        rules=CN_RULES,
        strategy=strategy,
        decision_rule=DecisionRule(topk=20, n_drop=3, buy_suggestion_factor=2),
        risk_degree=0.95,
    )
    n_fills = 0
    for row in range(len(days) - 1):
        if days[row].isocalendar()[:2] == days[row + 1].isocalendar()[:2]:
            continue
        persistent = 0.9 * persistent + rng.normal(size=len(names))
        close = prices_to_fen(bars["close"][row])
        tonight = replace(
            book,
            scores=persistent,
            close_fen=close,
            anchor_date=days[row],
            trade_date=days[row + 1],
            is_st=bars["is_st"][row],
        )
        plan = make_plan(tonight)
        assert () == order_breaches(tonight, plan.orders)
        book, filled = _fill(bars, tonight, plan, row + 1)
        n_fills += filled
        assert book.cash_fen >= 0
        assert (book.held_shares > 0).sum() <= 20
    assert n_fills > 300


def _fill(bars, tonight, plan, row):
    ex_close = bars["close"][row - 1] * bars["factor"][row - 1] / bars["factor"][row]
    reference = prices_to_fen(np.round(ex_close, 2))
    rules = tonight.rules.session_rules(
        tonight.instruments,
        tonight.trade_date,
        reference_fen=reference,
        is_st=bars["is_st"][row],
    )
    market = SessionMarket(tonight.instruments, prices_to_fen(bars["open"][row]), rules)
    held = {
        name: int(shares)
        for name, shares in zip(tonight.instruments, tonight.held_shares, strict=True)
        if shares
    }
    fills = fill_session(
        [Order(o.instrument, o.side, o.shares, o.role, o.rank or 0) for o in plan.orders],
        market,
        cash_fen=tonight.cash_fen,
        held_shares=held,
        max_positions=tonight.decision_rule.topk,
        is_replacing=True,
    )
    after = tonight.held_shares.copy()
    for fill in fills.fills:
        sign = 1 if fill.order.side == "buy" else -1
        after[tonight.instruments.index(fill.order.instrument)] += sign * fill.shares
    filled = sum(fill.shares > 0 for fill in fills.fills)
    return replace(tonight, held_shares=after, cash_fen=fills.cash_fen), filled
