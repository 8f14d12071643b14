"""Step 3: which combination of models to trade.

What this room is for: enumerating combinations, simulating each of them exactly, writing results as
they come, and saying how far the ranking can be trusted.

What may be imported from it: the requests and reports below; shells also import the `run` of its
steps, when they run them. Other steps import nothing from here.

What must never be here: the decision rule and the simulator (they are in `quantpits.trading`),
training, Qlib, orders.
"""

from __future__ import annotations

from quantpits.search.request import (
    Confirmation,
    OosRow,
    PromoteReport,
    PromoteRequest,
    RankedCombo,
    SearchReport,
    SearchRequest,
)

__all__ = [
    "Confirmation",
    "OosRow",
    "PromoteReport",
    "PromoteRequest",
    "RankedCombo",
    "SearchReport",
    "SearchRequest",
]
