"""``config/strategy_config.yaml``: the decision rule that search, fusion and orders share."""

from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from quantpits.config.base import ConfigFile, Flag, Integer, Money, Number, Rate, StrictModel

__all__ = [
    "BacktestChoice",
    "DealPrice",
    "ExchangeKwargs",
    "Execution",
    "StrategyChoice",
    "StrategyConfig",
    "StrategyName",
    "StrategyParams",
]

StrategyName = Literal["topk_dropout", "topk_buffer"]
DealPrice = Literal["open", "close", "vwap"]
Execution = Literal["next_session", "qlib"]


class StrategyParams(StrictModel):
    """Parameters of the decision rule; `resolve_strategy` says what stands in for an absent one."""

    topk: Integer | None = Field(default=None, ge=1, description="Names to hold [count]")
    n_drop: Integer | None = Field(
        default=None, ge=0, description="Names exchanged per rebalancing [count]"
    )
    buy_suggestion_factor: Integer | None = Field(
        default=None, ge=1, description="Suggested buys per wanted buy [ratio]"
    )
    only_tradable: Flag = Field(
        default=True, description="Skip names that cannot be traded now [true or false]"
    )
    hold_thresh: Integer = Field(default=1, ge=0, description="Shortest holding [sessions]")
    risk_degree: Number = Field(
        default=0.95, gt=0, le=1, description="Share of the cash that is invested [fraction]"
    )
    corrected: Flag = Field(
        default=True,
        description="Never hold more than topk; spend blocked budgets on others [true or false]",
    )


class StrategyChoice(StrictModel):
    """Which rule, with which parameters."""

    name: StrategyName = Field(default="topk_dropout", description="The rule [word]")
    params: StrategyParams = Field(
        default_factory=StrategyParams, description="Its parameters [mapping]"
    )


class ExchangeKwargs(StrictModel):
    """Market rules of a backtest. An absent value follows the rule book of board and date."""

    limit_threshold: Number | None = Field(
        default=None, gt=0, lt=1, description="One price limit for every board [fraction]"
    )
    deal_price: DealPrice = Field(default="close", description="Price that is traded [word]")
    open_cost: Rate | None = Field(
        default=None, description="Cost of a purchase instead of the fee schedule [fraction]"
    )
    close_cost: Rate | None = Field(
        default=None, description="Cost of a sale instead of the fee schedule [fraction]"
    )
    min_cost: Money | None = Field(
        default=None, ge=0, description="Smallest fee of a trade instead of the schedule's [CNY]"
    )
    freq: Literal["day"] = Field(default="day", description="Bars the exchange reads [word]")


class BacktestChoice(StrictModel):
    """Account and market rules of a backtest."""

    account: Money = Field(default=Decimal(100_000_000), gt=0, description="Starting cash [CNY]")
    execution: Execution = Field(
        default="next_session",
        description="Trade in the session after the signal, or as Qlib's executor does [word]",
    )
    exchange_kwargs: ExchangeKwargs = Field(
        default_factory=ExchangeKwargs, description="Market rules [mapping]"
    )


class StrategyConfig(ConfigFile):
    """The strategy of a workspace; without the file, the defaults apply."""

    file_names: ClassVar[tuple[str, ...]] = ("strategy_config.yaml",)
    is_required: ClassVar[bool] = False

    strategy: StrategyChoice = Field(
        default_factory=StrategyChoice, description="The decision rule [mapping]"
    )
    backtest: BacktestChoice = Field(
        default_factory=BacktestChoice, description="How it is simulated [mapping]"
    )
