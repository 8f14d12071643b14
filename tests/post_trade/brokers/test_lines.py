from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import BrokerFileError, UnknownTradeTypeError
from quantpits.post_trade.brokers.contract import Effect, TradeRule
from quantpits.post_trade.brokers.grid import GridRow
from quantpits.post_trade.brokers.lines import (
    ColumnWords,
    Facts,
    LineMaker,
    cash_direction,
    every_line,
    rule_of,
)

ROW = GridRow("a.csv:3", 3, {})
WORDS = ColumnWords("PRICE", "SHARES", "GROSS", "NET")


def facts(effect: Effect = Effect.BUY, **changes) -> Facts:
    plain = {
        "settle_date": date(2026, 1, 5),
        "trade_type": "word",
        "rule": TradeRule(effect),
        "instrument": "SH600000",
        "name": "",
        "price": Decimal("10.25"),
        "shares": 100,
        "gross_fen": 102_500,
        "net_fen": -103_000,
        "fee_fen": 500,
        "cash_balance_fen": None,
        "position_balance": None,
        "cells": (),
    }
    return Facts(**{**plain, **changes})


def make(*all_facts: Facts):
    maker = LineMaker("a.csv", "b" * 64, "S", WORDS)
    return [maker.line(ROW, each) for each in all_facts]


@pytest.mark.parametrize(
    "changes",
    [
        {"gross_fen": None},
        {"fee_fen": None},
        {"price": Decimal("10.250")},
        {"cash_balance_fen": 1},
        {"position_balance": 1},
        {"cells": ("x",)},
        {"name": "other"},
    ],
)
def test_identity_does_not_depend_on_the_form(changes) -> None:
    first, second = make(facts(), facts(**changes))
    assert first.content_sha256 == second.content_sha256
    assert [1, 2] == [first.key.ordinal, second.key.ordinal]


@pytest.mark.parametrize(
    "changes",
    [
        {"settle_date": date(2026, 1, 6)},
        {"trade_type": "other"},
        {"instrument": "SH600001"},
        {"price": Decimal("10.26"), "gross_fen": 102_600},
        {"net_fen": -103_001},
    ],
)
def test_identity_depends_on_what_happened(changes) -> None:
    first, second = make(facts(), facts(**changes))
    assert first.content_sha256 != second.content_sha256


@pytest.mark.parametrize("effect", list(Effect))
def test_cash_goes_one_way(effect: Effect) -> None:
    outgoing = {"buy", "dividend_tax", "interest_tax", "withdrawal", "fee", "subscription"}
    outgoing |= {"repo_lend", "shares_in", "shares_out"}
    expected = -1 if effect.value in outgoing else 1
    if effect in (Effect.BONUS_SHARES, Effect.LISTING, Effect.NONE):
        expected = 0
    assert expected == cash_direction(effect)


@pytest.mark.property
@given(
    effect=st.sampled_from(list(Effect)),
    price=st.decimals("-1", "1000", places=3),
    shares=st.integers(-100, 10**6),
    gross=st.none() | st.integers(-(10**6), 10**9),
    net=st.integers(-(10**9), 10**9),
    is_hk=st.booleans(),
)
def test_a_line_that_passes_keeps_the_promises_of_its_effect(  # noqa: PLR0917 - drawn by name
    effect, price, shares, gross, net, is_hk
) -> None:
    rule = TradeRule(effect, is_hk_connect=is_hk)
    given_facts = facts(rule=rule, price=price, shares=shares, gross_fen=gross, net_fen=net)
    try:
        (line,) = make(given_facts)
    except BrokerFileError:
        return
    assert net == line.net_cash_fen
    assert net * cash_direction(effect) >= 0
    assert net == 0 or cash_direction(effect)
    if effect in (Effect.BUY, Effect.SUBSCRIPTION, Effect.REPO_LEND):
        assert 0 < line.gross_fen <= -net
    if effect is Effect.SELL:
        assert 0 <= net <= line.gross_fen
    if effect in (Effect.BUY, Effect.SELL) and not is_hk:
        assert abs(line.gross_fen - 100 * price * shares) <= shares + 1


def test_a_type_has_a_rule_or_stops() -> None:
    rules = {"word": TradeRule(Effect.FEE)}
    assert TradeRule(Effect.FEE) == rule_of("word", rules, place="a:1", file="f.yaml")
    with pytest.raises(UnknownTradeTypeError, match=r"a:1[\s\S]*an empty cell[\s\S]*in f\.yaml"):
        rule_of("", rules, place="a:1", file="f.yaml")


def test_ten_problems_are_shown_of_many() -> None:
    rows = [GridRow(f"a.csv:{number}", number, {}) for number in range(2, 30)]

    def refuse(row: GridRow):
        raise row.refusal("Wrong.", expected="right", found="wrong")

    with pytest.raises(BrokerFileError, match="28 rows of the broker's file") as error:
        every_line(rows, refuse)
    assert "a.csv:11: Wrong." in str(error.value)
    assert "a.csv:12: Wrong." not in str(error.value)


def test_a_file_that_is_wrong_throughout_is_not_read_to_its_end() -> None:
    rows = (GridRow(f"a.csv:{number}", number, {}) for number in range(2, 10**6))

    def refuse(row: GridRow):
        raise row.refusal("Wrong.", expected="right", found="wrong")

    with pytest.raises(BrokerFileError, match="100 or more rows of the broker's file"):
        every_line(rows, refuse)
    assert 102 == next(rows).number


def test_a_row_that_cannot_be_read_comes_before_a_type_without_an_effect() -> None:
    def refuse(row: GridRow):
        if row.number == 2:
            rule_of("word", {}, place=row.place, file="f.yaml")
        raise row.refusal("Wrong.", expected="right", found="wrong")

    with pytest.raises(BrokerFileError, match=r"Wrong\.[\s\S]*a:3"):
        every_line([GridRow("a:2", 2, {}), GridRow("a:3", 3, {})], refuse)
