"""Random days and sessions for the properties of the room."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import strategies as st

from quantpits.trading import CN_RULES, DecisionRule, Order, SessionMarket

SESSION = date(2024, 1, 2)
NAMES = (
    "BJ830799",
    "BJ920002",
    "SH600000",
    "SH600001",
    "SH600519",
    "SH688981",
    "SZ000001",
    "SZ300750",
)


@st.composite
def days(draw, max_names: int = 12):
    """Draw scores with ties and gaps, holdings and tradability."""
    count = draw(st.integers(1, max_names))
    score = st.one_of(st.just(np.nan), st.integers(-3, 3).map(float), st.floats(-1, 1))
    scores = np.array(draw(st.lists(score, min_size=count, max_size=count)), dtype=np.float64)
    masks = [
        np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=np.bool_)
        for _ in range(3)
    ]
    return scores, *masks


@st.composite
def rules(draw):
    """Draw the parameters of a decision, also ones that the book of the day does not fit."""
    return DecisionRule(
        topk=draw(st.integers(1, 6)),
        n_drop=draw(st.integers(0, 4)),
        buy_suggestion_factor=draw(st.integers(1, 3)),
        is_only_tradable=draw(st.booleans()),
        is_corrected=draw(st.booleans()),
    )


@st.composite
def sessions(draw, max_names: int = 6):
    """Draw a session: references around ten CNY (0 for none), its rules, and a book."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=max_names, unique=True))
    price = st.one_of(st.just(0), st.integers(1, 50), st.integers(100, 20_000))
    reference = np.array(draw(st.tuples(*[price] * len(names))), dtype=np.int64)
    listed = np.array(draw(st.tuples(*[st.integers(1, 9)] * len(names))), dtype=np.int64)
    rules = CN_RULES.session_rules(
        tuple(names), SESSION, reference_fen=reference, sessions_listed=listed
    )
    minimum = draw(st.sampled_from([0, 500, 3_000]))
    rates = rules.rates.copy()
    rates[:, 2] = minimum
    held = np.array(draw(st.tuples(*[st.integers(0, 900)] * len(names))), dtype=np.int64)
    return tuple(names), rules._replace(rates=rates), held


@st.composite
def fill_cases(draw):
    """Draw a session's orders, its prices at and between the limits, cash and book."""
    names, rules, held = draw(sessions())
    prices, orders, book = [], [], {}
    for place, name in enumerate(names):
        down, up = int(rules.limit_down_fen[place]), int(rules.limit_up_fen[place])
        inside = st.integers(down, up) if up else st.integers(1, 30_000)
        prices.append(draw(st.one_of(st.just(0), inside, st.sampled_from([down, up]))))
        minimum, step = int(rules.minimum_shares[place]), int(rules.step_shares[place])
        kind = draw(st.sampled_from(["none", "sell", "buy", "buy", "alternate"]))
        if kind == "sell" and held[place]:
            book[name] = int(held[place])
            orders.append(Order(name, "sell", draw(st.sampled_from(_sales(book[name], minimum)))))
        elif kind in {"buy", "alternate"}:
            shares = minimum + step * draw(st.integers(0, 9))
            role = "primary" if kind == "buy" else "alternate"
            orders.append(Order(name, "buy", shares, role, rank=draw(st.integers(1, 5))))
        elif kind == "none" and held[place]:
            book[name] = int(held[place])
    market = SessionMarket(names, np.array(prices, dtype=np.int64), rules)
    cash = draw(st.one_of(st.just(0), st.integers(0, 5_000), st.integers(0, 30_000_000)))
    max_positions = draw(st.one_of(st.none(), st.integers(0, 5)))
    return orders, market, cash, book, max_positions, draw(st.booleans())


def _sales(held_shares: int, minimum_shares: int) -> list[int]:
    return [held_shares, minimum_shares] if held_shares > minimum_shares else [held_shares]
