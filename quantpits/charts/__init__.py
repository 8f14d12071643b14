"""Pictures and pages: figures for PNG files, and self-contained interactive HTML.

What this room is for: drawing values that are handed in, the same way everywhere: account values
with drawdowns, weights over time, correlations, comparisons, trees, scatter plots; and putting
tables and interactive charts on one page that needs no network.

What may be imported from it: the names below, by steps and by the routine.

What must never be here: computing what is drawn, reading files, deciding where a picture goes.
"""

from __future__ import annotations

__all__: list[str] = []
