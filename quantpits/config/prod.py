"""``config/prod_config.json``: the live state as post-trade left it, and the order policy.

The state keys (`current_date`, `last_processed_date`, `current_cash`, `current_holding`) are a
projection of the ledger and written by post-trade only; the other keys are the user's.
"""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from quantpits.config.base import (
    ConfigFile,
    Instrument,
    Integer,
    IsoDate,
    Money,
    OptionalDate,
    Problem,
    Shares,
    StrictModel,
    problems_error,
)

__all__ = ["Holding", "ProdConfig"]


class Holding(StrictModel):
    """One held instrument."""

    instrument: Instrument = Field(description="What is held [instrument]")
    value: Shares = Field(description="How much is held [shares]")
    amount: Money = Field(description="What it cost, fees included [CNY]")


class ProdConfig(ConfigFile):
    """Live state and order policy."""

    file_names: ClassVar[tuple[str, ...]] = ("prod_config.json", "weekly_config.json")
    state_keys: ClassVar[tuple[str, ...]] = (
        "current_date",
        "last_processed_date",
        "current_cash",
        "current_holding",
    )

    model: str = Field(default="GATs", description="Tag written into the trade log [text]")
    market: str = Field(default="csi300", min_length=1, description="Order universe [name]")
    benchmark: str = Field(
        default="SH000300", min_length=1, description="Index shown beside the account [instrument]"
    )
    broker: str = Field(
        default="gtja", min_length=1, description="Format of the broker file [name]"
    )
    current_date: IsoDate = Field(description="Last processed session [date]")
    last_processed_date: OptionalDate = Field(
        default=None, description="Cursor of post-trade; current_date when absent [date]"
    )
    initial_cash: Money | None = Field(default=None, description="Cash at the start [CNY]")
    initial_holding: tuple[Holding, ...] = Field(
        default=(), description="Holdings at the start [list]"
    )
    current_cash: Money = Field(description="Cash after the last processed session [CNY]")
    current_full_cash: Money | None = Field(
        default=None, description="Account of training backtests, as set by hand [CNY]"
    )
    current_holding: tuple[Holding, ...] = Field(
        description="Holdings after the last processed session [list]"
    )
    topk: Integer | None = Field(
        default=None, ge=1, alias="TopK", description="Names to hold [count]"
    )
    n_drop: Integer | None = Field(
        default=None, ge=0, alias="DropN", description="Names exchanged per rebalancing [count]"
    )
    buy_suggestion_factor: Integer | None = Field(
        default=None, ge=1, description="Suggested buys per wanted buy [ratio]"
    )
    cost_basis: Literal["average", "diluted"] = Field(
        default="average",
        description="What a sale takes out of the cost: its part, or what it brings [word]",
    )
    experiment_name: str | None = Field(default=None, description="Accepted, unused [text]")

    @property
    def cursor(self) -> IsoDate:
        """Last day whose settlement is in the books."""
        return self.last_processed_date or self.current_date

    @model_validator(mode="after")
    def _check_holdings(self) -> Self:
        problems: list[Problem] = []
        for key in ("initial_holding", "current_holding"):
            seen: set[str] = set()
            for row, holding in enumerate(getattr(self, key)):
                if holding.instrument in seen:
                    problems.append(((key, row), f"{holding.instrument!r} is listed twice"))
                seen.add(holding.instrument)
        if problems:
            raise problems_error("ProdConfig", problems)
        return self
