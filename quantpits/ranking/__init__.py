"""Step 7: fused scores as a list of recommendations, for people.

What this room is for: an index from -100 to 100 over the last session's scores, and its Top N file.

What may be imported from it: the request and the report below; shells also import
`quantpits.ranking.step.run`, when they run it. Other steps import nothing from here.

What must never be here: orders, positions, and any decision about what to trade.
"""

from __future__ import annotations

from quantpits.ranking.request import RankedList, RankReport, RankRequest

__all__ = ["RankReport", "RankRequest", "RankedList"]
