"""Step 6: fused scores and the book as orders for the next session.

What this room is for: deciding what to sell and buy, sizing it so that every line is payable, and
the order files that a person, a terminal or the paper broker trades from.

What may be imported from it: the request and the report below; shells also import
`quantpits.orders.step.run`, when they run it. Other steps import nothing from here.

What must never be here: a second decision rule or fee table (`trading` has them), writing to the
books, and prices of the session that the orders are for.
"""

from __future__ import annotations

from quantpits.orders.planned import OrderTotals, PlannedOrder
from quantpits.orders.request import OrderProvenance, OrderReport, OrderRequest

__all__ = ["OrderProvenance", "OrderReport", "OrderRequest", "OrderTotals", "PlannedOrder"]
