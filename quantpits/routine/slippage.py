"""The numbers of the slippage model: how trading moves prices, and how much of a session trades.

Light on purpose: the command line builds it without loading what fills orders.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from quantpits.errors import NonFiniteError

__all__ = ["NO_SLIPPAGE", "Slippage"]

_BPS = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slippage:
    """How trading moves prices.

    Attributes
    ----------
    half_spread_bps : float
        Half the spread between bid and ask [1e-4 of the price].
    impact_bps : float
        Impact of an order as large as the session's volume [1e-4 of the price]; that of a smaller
        one is this times the square root of its share.
    max_volume_share : float
        Largest share of a session's volume that an order may be [fraction]; 1 for no bound.
    """

    half_spread_bps: float = 0.0
    impact_bps: float = 0.0
    max_volume_share: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.half_spread_bps, self.impact_bps, self.max_volume_share)
        is_sane = all(math.isfinite(number) and number >= 0 for number in numbers)
        if not (is_sane and self.half_spread_bps + self.impact_bps < _BPS):
            raise NonFiniteError(
                "The slippage is out of range.",
                where="--half-spread-bps, --impact-bps, --max-volume-share",
                expected="numbers of 0 or more, less than 10000 basis points together",
                found=numbers,
            )
        if not 0 < self.max_volume_share <= 1:
            raise NonFiniteError(
                "The largest share of the volume is no fraction.",
                where="--max-volume-share",
                expected="above 0 and at most 1",
                found=self.max_volume_share,
            )

    @property
    def is_none(self) -> bool:
        """Whether every order trades at the market's price, in full."""
        return self == NO_SLIPPAGE

    def words(self) -> str:
        """Return the model for the head of a report."""
        if self.is_none:
            return "no slippage"
        parts = [f"half spread {self.half_spread_bps:g} bp"]
        if self.impact_bps:
            parts.append(f"impact {self.impact_bps:g} bp")
        if self.max_volume_share < 1:
            parts.append(f"at most {self.max_volume_share:.3g} of the volume")
        return ", ".join(parts)


NO_SLIPPAGE: Final = Slippage()
"""Every order trades at the market's price."""
