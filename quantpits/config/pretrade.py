"""``config/pretrade.yaml``: what the checks before orders warn of, and what they stop.

Every check measures one number of which more is worse. Above `warn` the orders come with a warning;
above `stop` none are written, unless the command overrides that check by its code. ``null`` turns a
limit off. The file is optional, and a check that it does not name keeps its defaults.
"""

from typing import ClassVar, Literal

from pydantic import Field

from quantpits.config.base import ConfigFile, Integer, Number, StrictModel

__all__ = [
    "AdvShareLimit",
    "AtLimitLimit",
    "CheckLimit",
    "DisagreementLimit",
    "PositionWeightLimit",
    "PretradeConfig",
    "SuspendedLimit",
    "TurnoverLimit",
]


class CheckLimit(StrictModel):
    """The two limits of one check; a value equal to a limit is within it."""

    warn: Number | None = Field(default=None, ge=0, description="Warns above this [see the check]")
    stop: Number | None = Field(default=None, ge=0, description="Stops above this [see the check]")


class TurnoverLimit(CheckLimit):
    """Half of all that is bought and sold [fraction of the account]."""

    warn: Number | None = Field(default=0.6, ge=0, description="Warns above this [fraction]")


class PositionWeightLimit(CheckLimit):
    """The largest position after the orders [fraction of the account]."""

    warn: Number | None = Field(default=0.2, ge=0, description="Warns above this [fraction]")


class AdvShareLimit(CheckLimit):
    """The largest order as a share of what is traded on an average day [fraction]."""

    warn: Number | None = Field(default=0.05, ge=0, description="Warns above this [fraction]")
    stop: Number | None = Field(default=0.25, ge=0, description="Stops above this [fraction]")


class AtLimitLimit(CheckLimit):
    """Purchases of shares that closed limit-up, and sales of shares that closed limit-down."""

    warn: Number | None = Field(default=0.0, ge=0, description="Warns above this [orders]")


class SuspendedLimit(CheckLimit):
    """Holdings that do not trade, and cannot be sold [fraction of the account]."""

    warn: Number | None = Field(default=0.1, ge=0, description="Warns above this [fraction]")


class DisagreementLimit(CheckLimit):
    """Share of the single models that would do otherwise, averaged over the orders [fraction]."""

    warn: Number | None = Field(default=0.75, ge=0, description="Warns above this [fraction]")


class PretradeConfig(ConfigFile):
    """Limits of the checks before orders are written."""

    file_names: ClassVar[tuple[str, ...]] = ("pretrade.yaml",)
    is_required: ClassVar[bool] = False

    turnover: TurnoverLimit = Field(
        default_factory=TurnoverLimit, description="PRE001, half of all trades [limits]"
    )
    position_weight: PositionWeightLimit = Field(
        default_factory=PositionWeightLimit, description="PRE002, the largest position [limits]"
    )
    adv_share: AdvShareLimit = Field(
        default_factory=AdvShareLimit, description="PRE003, orders against volume [limits]"
    )
    at_limit: AtLimitLimit = Field(
        default_factory=AtLimitLimit, description="PRE004, shares that closed at a limit [limits]"
    )
    suspended: SuspendedLimit = Field(
        default_factory=SuspendedLimit, description="PRE005, holdings without trading [limits]"
    )
    disagreement: DisagreementLimit = Field(
        default_factory=DisagreementLimit, description="PRE006, models that disagree [limits]"
    )
    books: Literal["stop", "warn", "off"] = Field(
        default="stop", description="PRE007, a book that is not the ledger's [word]"
    )
    adv_sessions: Integer = Field(
        default=20, ge=1, le=250, description="Sessions in an average day's volume [count]"
    )
