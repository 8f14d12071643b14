"""What each trade type (交易类别) of a broker's export does to the books.

A type that is not in the table has no effect that anyone declared, and a line of it stops the run:
it might be money. A workspace declares more types in ``config/broker_types.yaml``::

    types:
      账户管理费: fee
      上海债券ETF竞价卖出: {effect: sell, same_day: true}

The effects are the words of `Effect`. A declaration wins over the table. Subscription and rights
codes whose share is not known, or is another, are declared beside them::

    subscription_codes: {"787009": "689009", "715": "605"}

Shares that come or go without a trade - a transfer of custody, the change of a code, a delisting -
are ``shares_in`` and ``shares_out``; brokers word them so differently that none is built in. They
come at the amount that the line states and go at what they cost; either is a flow.

Three things take two lines, and each line has its own effect. New shares and rights are paid for
(``subscription``) and arrive later (``listing``). A reverse repo lends (``repo_lend``) and comes
back with interest (``repo_return``). Hong Kong shares are dealt (成交, ``none``: neither cash nor
shares have moved) and settled (交收: both move, in CNY); a sale may follow a purchase on its day.

Source of the built-in words: public parsers of genuine exports, and by analogy the same words for
the other exchanges.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, model_validator

from quantpits.config.base import ConfigFile, Flag, Problem, StrictModel, problems_error
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


ShareCode = Annotated[str, Field(pattern=r"^\d{2,6}$")]
"""The first digits of a code, or all six; quoted, since YAML would read a number."""


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
    subscription_codes: dict[ShareCode, ShareCode] = Field(
        default_factory=dict,
        description="Beginning of a subscription or rights code to that of the share [digits]",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems: list[Problem] = [
            (("subscription_codes", code), f"{share!r} must have as many digits as {code!r}")
            for code, share in self.subscription_codes.items()
            if len(code) != len(share)
        ]
        if problems:
            raise problems_error("BrokerTypes", problems)
        return self


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
    rules = {**BUILT_IN_RULES, **added}
    codes = tuple(sorted(declared.subscription_codes.items()))
    return MappingProxyType(
        {
            name: replace(rule, share_codes=codes) if rule.effect is Effect.SUBSCRIPTION else rule
            for name, rule in rules.items()
        }
    )


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
