"""What each trade type (交易类别) of a broker's export does to the books.

A type that is not in the table has no effect that anyone declared, and a line of it stops the run:
it might be money. A workspace declares more types in ``config/broker_types.yaml``::

    types:
      账户管理费: fee
      上海债券ETF竞价卖出: {effect: sell, same_day: true}

The effects are the words of `Effect`. A declaration wins over the table.

Source of the built-in words: public parsers of genuine exports. Left out on purpose, because their
effect cannot be read off one line: 沪港通 (trade and settlement are two lines, in another
currency), 配售缴款 (payment for shares that are not listed yet), 融券回购 and 融券购回 (a loan out
and back).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from quantpits.config.base import ConfigFile, Flag, StrictModel
from quantpits.post_trade.brokers.contract import Effect, TradeRule

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUILT_IN_RULES", "BrokerTypes", "declared_rules"]

_SHARE_BOARDS = (
    "上海A股普通股票",
    "上海A股科创板股票",
    "深圳A股普通股票",
    "深圳A股创业板股票",
    "北京A股普通股票",
)
_FUND_BOARDS = ("上海跨市场股票ETF", "深圳跨市场股票ETF", "上海单市场股票ETF", "深圳LOF基金")
# Shares of cross-border ETFs may be sold on the day they are bought: Shanghai and Shenzhen exchange
# trading rules.
_SAME_DAY_BOARDS = ("上海跨境ETF", "深圳跨境ETF")
_EXCHANGES = ("上海", "深圳", "北京")


def _built_in() -> dict[str, TradeRule]:
    rules: dict[str, TradeRule] = {}
    for board in (*_SHARE_BOARDS, *_FUND_BOARDS, *_SAME_DAY_BOARDS):
        rules[f"{board}竞价买入"] = TradeRule(Effect.BUY)
        rules[f"{board}竞价卖出"] = TradeRule(Effect.SELL, is_same_day=board in _SAME_DAY_BOARDS)
    for exchange in _EXCHANGES:
        rules[f"{exchange}A股红利入账"] = TradeRule(Effect.DIVIDEND)
        rules[f"{exchange}A股红利税补缴"] = TradeRule(Effect.DIVIDEND_TAX)
        rules[f"{exchange}A股红股上市入账"] = TradeRule(Effect.BONUS_SHARES)
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
    added = {name: _rule(value) for name, value in declared.types.items()}
    return MappingProxyType({**BUILT_IN_RULES, **added})


def _rule(value: Effect | DeclaredType) -> TradeRule:
    if isinstance(value, DeclaredType):
        return TradeRule(value.effect, is_same_day=value.same_day)
    return TradeRule(value)
