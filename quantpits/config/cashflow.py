"""``config/cashflow.json``: deposits and withdrawals that the broker's file does not show.

Two forms are read. The dated one is ``{"cashflows": {day: amount}, "processed": {...}}``; the older
one is ``{"cash_flow_today": amount}`` and applies to the first session that is processed next.
"""

from decimal import Decimal
from typing import ClassVar, Self

from pydantic import Field, model_validator

from quantpits.config.base import ConfigFile, IsoDate, Money, problems_error

__all__ = ["CashflowConfig"]


class CashflowConfig(ConfigFile):
    """Deposits (+) and withdrawals (-)."""

    file_names: ClassVar[tuple[str, ...]] = ("cashflow.json",)

    cashflows: dict[IsoDate, Money] = Field(
        default_factory=dict, description="Not yet in the books, by day [CNY]"
    )
    processed: dict[IsoDate, Money] = Field(
        default_factory=dict, description="Already in the books, by day [CNY]"
    )
    cash_flow_today: Money | None = Field(
        default=None, description="Older form: for the next processed session [CNY]"
    )

    @property
    def is_legacy(self) -> bool:
        """Whether the file has the older form."""
        return self.cash_flow_today is not None and "cashflows" not in self.model_fields_set

    @property
    def pending_without_date(self) -> Decimal:
        """Amount of the older form [CNY], 0 in the dated form."""
        return self.cash_flow_today or Decimal(0)

    @model_validator(mode="after")
    def _check_one_form(self) -> Self:
        if self.cash_flow_today and "cashflows" in self.model_fields_set:
            message = "this file also has 'cashflows'; give the amount its date there"
            raise problems_error("CashflowConfig", [(("cash_flow_today",), message)])
        return self
