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


EVERY_TYPE = {
    # Every 交易类别 that public parsers of genuine exports have met.
    "上海A股普通股票竞价买入": "buy",
    "上海A股普通股票竞价卖出": "sell",
    "深圳A股普通股票竞价买入": "buy",
    "深圳A股普通股票竞价卖出": "sell",
    "深圳A股创业板股票竞价买入": "buy",
    "深圳A股创业板股票竞价卖出": "sell",
    "上海跨市场股票ETF竞价买入": "buy",
    "上海跨市场股票ETF竞价卖出": "sell",
    "深圳跨市场股票ETF竞价买入": "buy",
    "深圳跨市场股票ETF竞价卖出": "sell",
    "上海单市场股票ETF竞价买入": "buy",
    "上海跨境ETF竞价买入": "buy",
    "上海跨境ETF竞价卖出": "sell",
    "深圳跨境ETF竞价买入": "buy",
    "深圳跨境ETF竞价卖出": "sell",
    "深圳LOF基金竞价买入": "buy",
    "深圳LOF基金竞价卖出": "sell",
    "沪港通港股买入成交": "none",
    "沪港通港股买入交收": "buy",
    "沪港通港股卖出成交": "none",
    "沪港通港股卖出交收": "sell",
    "上海A股红利入账": "dividend",
    "深圳A股红利入账": "dividend",
    "上海A股红利税补缴": "dividend_tax",
    "深圳A股红利税补缴": "dividend_tax",
    "上海A股红股上市入账": "bonus_shares",
    "深圳A股红股上市入账": "bonus_shares",
    "利息归本": "interest",
    "利息税代扣": "interest_tax",
    "配售缴款": "subscription",
    "融券回购": "repo_lend",
    "融券购回": "repo_return",
    "银行转证券": "deposit",
    "证券转银行": "withdrawal",
    # Their counterparts.
    "新股入账": "listing",
    "配股缴款": "subscription",
    "配股入账": "listing",
    "深港通港股卖出交收": "sell",
}


@pytest.mark.parametrize(("trade_type", "effect"), EVERY_TYPE.items())
def test_every_type_that_was_ever_seen_has_an_effect(trade_type: str, effect: str) -> None:
    assert Effect(effect) is BUILT_IN_RULES[trade_type].effect


@pytest.mark.parametrize("trade_type", ["", "买入", "上海A股", "港股买入交收", "账户管理费"])
def test_other_words_have_none(trade_type: str) -> None:
    assert trade_type not in BUILT_IN_RULES


def test_hong_kong_shares_are_known_by_their_type() -> None:
    found = {name for name, rule in BUILT_IN_RULES.items() if rule.is_hk_connect}
    assert {name for name in BUILT_IN_RULES if "港股" in name} == found
    assert BUILT_IN_RULES["沪港通港股卖出交收"].is_same_day


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
        "  港股红利: {effect: dividend, hk_connect: true}\n"
    )
    rules = declared_rules(model_from_text(BrokerTypes, text, "broker_types.yaml"))
    assert TradeRule(Effect.FEE) == rules["账户管理费"]
    assert TradeRule(Effect.NONE) == rules["利息归本"]
    assert TradeRule(Effect.SELL, is_same_day=True) == rules["债券ETF竞价卖出"]
    assert TradeRule(Effect.DIVIDEND, is_hk_connect=True) == rules["港股红利"]
    assert len(BUILT_IN_RULES) + 3 == len(rules)


def test_subscription_codes_are_added() -> None:
    text = 'subscription_codes: {"787009": "689009", "715": "605"}'
    rules = declared_rules(model_from_text(BrokerTypes, text, "broker_types.yaml"))
    codes = (("715", "605"), ("787009", "689009"))
    assert TradeRule(Effect.SUBSCRIPTION, share_codes=codes) == rules["新股缴款"]
    assert {()} == {
        each.share_codes for each in rules.values() if each.effect is not Effect.SUBSCRIPTION
    }


@pytest.mark.parametrize("codes", ['{"715": "60"}', '{"7": "6"}', "{715: 605}", '{"7a5": "605"}'])
def test_a_wrong_subscription_code_is_refused(codes: str) -> None:
    with pytest.raises(ConfigError, match=r"broker_types\.yaml"):
        model_from_text(BrokerTypes, f"subscription_codes: {codes}", "broker_types.yaml")


@pytest.mark.parametrize(
    "text",
    ["types: {账户管理费: donate}", "types: [fee]", "type: {}", "types: {a: {effect: buy, x: 1}}"],
)
def test_a_wrong_declaration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"broker_types\.yaml"):
        model_from_text(BrokerTypes, text, "broker_types.yaml")
