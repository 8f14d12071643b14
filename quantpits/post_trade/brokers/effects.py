"""What each trade type (交易类别) of a broker's export does to the books.

A type that is not in the table has no effect that anyone declared, and a line of it stops the run:
it might be money. A workspace declares more types in ``config/broker_types.yaml``::

    types:
      账户管理费: fee
      上海债券ETF竞价卖出: {effect: sell, same_day: true}

The effects are the words of `Effect`. A declaration wins over the table.

Three things take two lines, and each line has its own effect. New shares and rights are paid for
(``subscription``) and arrive later (``listing``). A reverse repo lends (``repo_lend``) and comes
back with interest (``repo_return``). Hong Kong shares are dealt (成交, ``none``: neither cash nor
shares have moved) and settled (交收: both move, in CNY); a sale may follow a purchase on its day.

Source of the built-in words: public parsers of genuine exports, and by analogy the same words for
the other exchanges.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from quantpits.config.base import ConfigFile, Flag, StrictModel
from quantpits.post_trade.brokers.contract import Effect, TradeRule

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUILT_IN_RULES", "BrokerTypes", "DeclaredType", "declared_rules", "rule_from"]

_SHARE_BOARDS = (
    "上海A股普通股票",
    "上海A股科创板股票",
    "深圳A股普通股票",
    "深圳A股创业板股票",
    "北京A股普通股票",
)
_FUND_BOARDS = (
    "上海跨市场股票ETF",
    "深圳跨市场股票ETF",
    "上海单市场股票ETF",
    "深圳单市场股票ETF",
    "上海LOF基金",
    "深圳LOF基金",
)
# Shares of cross-border ETFs may be sold on the day they are bought: Shanghai and Shenzhen exchange
# trading rules.
_SAME_DAY_BOARDS = ("上海跨境ETF", "深圳跨境ETF")
_EXCHANGES = ("上海", "深圳", "北京")
_HK_CONNECTS = ("沪港通", "深港通")
_SUBSCRIPTIONS = ("配售缴款", "配股缴款", "新股缴款")
_LISTINGS = ("新股入账", "配股入账")


def _built_in() -> dict[str, TradeRule]:
    rules: dict[str, TradeRule] = {}
    for board in (*_SHARE_BOARDS, *_FUND_BOARDS, *_SAME_DAY_BOARDS):
        rules[f"{board}竞价买入"] = TradeRule(Effect.BUY)
        rules[f"{board}竞价卖出"] = TradeRule(Effect.SELL, is_same_day=board in _SAME_DAY_BOARDS)
    for exchange in _EXCHANGES:
        rules[f"{exchange}A股红利入账"] = TradeRule(Effect.DIVIDEND)
        rules[f"{exchange}A股红利税补缴"] = TradeRule(Effect.DIVIDEND_TAX)
        rules[f"{exchange}A股红股上市入账"] = TradeRule(Effect.BONUS_SHARES)
        rules |= {f"{exchange}A股{word}": TradeRule(Effect.SUBSCRIPTION) for word in _SUBSCRIPTIONS}
        rules |= {f"{exchange}A股{word}": TradeRule(Effect.LISTING) for word in _LISTINGS}
    rules |= {word: TradeRule(Effect.SUBSCRIPTION) for word in _SUBSCRIPTIONS}
    rules |= {word: TradeRule(Effect.LISTING) for word in _LISTINGS}
    for connect in _HK_CONNECTS:
        for side, effect in (("买入", Effect.BUY), ("卖出", Effect.SELL)):
            name = f"{connect}港股{side}"
            rules[f"{name}成交"] = TradeRule(Effect.NONE, is_hk_connect=True)
            is_sale = effect is Effect.SELL
            rules[f"{name}交收"] = TradeRule(effect, is_same_day=is_sale, is_hk_connect=True)
    rules["融券回购"] = TradeRule(Effect.REPO_LEND)
    rules["融券购回"] = TradeRule(Effect.REPO_RETURN)
    rules["利息归本"] = TradeRule(Effect.INTEREST)
    rules["利息税代扣"] = TradeRule(Effect.INTEREST_TAX)
    rules["银行转证券"] = TradeRule(Effect.DEPOSIT)
    rules["证券转银行"] = TradeRule(Effect.WITHDRAWAL)
    return rules


BUILT_IN_RULES: Mapping[str, TradeRule] = MappingProxyType(_built_in())
"""Trade type to rule, for every type whose effect is plain from its name."""


class DeclaredType(StrictModel):
    """The effect of one trade type, as a workspace declares it."""

    effect: Effect = Field(description="What lines of the type do [word]")
    same_day: Flag = Field(
        default=False, description="For sell: shares bought today may be sold today [true or false]"
    )
    hk_connect: Flag = Field(
        default=False,
        description="Hong Kong shares through Stock Connect: price in HKD [true or false]",
    )


class BrokerTypes(ConfigFile):
    """``config/broker_types.yaml``: trade types that this workspace adds to the table."""

    file_names: ClassVar[tuple[str, ...]] = ("broker_types.yaml",)
    is_required: ClassVar[bool] = False

    types: dict[str, Effect | DeclaredType] = Field(
        default_factory=dict, description="Trade type to its effect [word]"
    )


def declared_rules(declared: BrokerTypes | None) -> Mapping[str, TradeRule]:
    """Return the built-in rules together with those a workspace declares.

    Parameters
    ----------
    declared : BrokerTypes or None
        The declaration file; None where the workspace has none.

    Returns
    -------
    mapping of str to TradeRule
        Trade type to rule; a declaration wins over the table.

    Examples
    --------
    >>> declared_rules(BrokerTypes(types={"账户管理费": "fee"}))["账户管理费"].effect
    <Effect.FEE: 'fee'>
    """
    if declared is None:
        return BUILT_IN_RULES
    added = {name: rule_from(value) for name, value in declared.types.items()}
    return MappingProxyType({**BUILT_IN_RULES, **added})


def rule_from(value: Effect | DeclaredType) -> TradeRule:
    """Return the rule that a declaration stands for.

    Parameters
    ----------
    value : Effect or DeclaredType
        As a config file has it.

    Returns
    -------
    TradeRule
        The rule.
    """
    if isinstance(value, DeclaredType):
        return TradeRule(value.effect, is_same_day=value.same_day, is_hk_connect=value.hk_connect)
    return TradeRule(value)
