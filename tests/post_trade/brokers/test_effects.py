from __future__ import annotations

import pytest

from quantpits.config import model_from_text
from quantpits.errors import ConfigError
from quantpits.post_trade.brokers.contract import Effect, TradeRule
from quantpits.post_trade.brokers.effects import BUILT_IN_RULES, BrokerTypes, declared_rules


@pytest.mark.parametrize(
    ("trade_type", "effect"),
    [
        ("上海A股普通股票竞价买入", Effect.BUY),
        ("上海A股普通股票竞价卖出", Effect.SELL),
        ("深圳A股普通股票竞价买入", Effect.BUY),
        ("深圳A股创业板股票竞价卖出", Effect.SELL),
        ("上海A股科创板股票竞价买入", Effect.BUY),
        ("上海单市场股票ETF竞价买入", Effect.BUY),
        ("深圳LOF基金竞价卖出", Effect.SELL),
        ("上海A股红利入账", Effect.DIVIDEND),
        ("深圳A股红利税补缴", Effect.DIVIDEND_TAX),
        ("深圳A股红股上市入账", Effect.BONUS_SHARES),
        ("利息归本", Effect.INTEREST),
        ("利息税代扣", Effect.INTEREST_TAX),
        ("银行转证券", Effect.DEPOSIT),
        ("证券转银行", Effect.WITHDRAWAL),
    ],
)
def test_built_in_effects(trade_type: str, effect: Effect) -> None:
    assert TradeRule(effect) == BUILT_IN_RULES[trade_type]


@pytest.mark.parametrize(
    "trade_type",
    ["沪港通港股买入成交", "沪港通港股买入交收", "配售缴款", "融券回购", "融券购回", ""],
)
def test_what_one_line_cannot_tell_has_no_effect(trade_type: str) -> None:
    assert trade_type not in BUILT_IN_RULES


def test_cross_border_funds_may_be_sold_on_the_same_day() -> None:
    assert TradeRule(Effect.SELL, is_same_day=True) == BUILT_IN_RULES["上海跨境ETF竞价卖出"]


def test_without_a_declaration_the_table_stands() -> None:
    assert BUILT_IN_RULES is declared_rules(None)


def test_declarations_are_added_and_win() -> None:
    text = (
        "types:\n"
        "  账户管理费: fee\n"
        "  利息归本: {effect: none}\n"
        "  债券ETF竞价卖出: {effect: sell, same_day: true}\n"
    )
    rules = declared_rules(model_from_text(BrokerTypes, text, "broker_types.yaml"))
    assert TradeRule(Effect.FEE) == rules["账户管理费"]
    assert TradeRule(Effect.NONE) == rules["利息归本"]
    assert TradeRule(Effect.SELL, is_same_day=True) == rules["债券ETF竞价卖出"]
    assert len(BUILT_IN_RULES) + 2 == len(rules)


@pytest.mark.parametrize(
    "text",
    ["types: {账户管理费: donate}", "types: [fee]", "type: {}", "types: {a: {effect: buy, x: 1}}"],
)
def test_a_wrong_declaration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"broker_types\.yaml"):
        model_from_text(BrokerTypes, text, "broker_types.yaml")
