"""One workspace's market and strategy as a simulation, and Qlib's own backtest beside it.

What this room is for: turning market data, rule book and strategy of a workspace into the tables
that the simulator reads, once for everything that is simulated on them; what an account with given
scores would have become, and what that was worth; the same backtest by Qlib, to compare.

What may be imported from it: the names below, by steps and by the routine.

What must never be here: decisions, fills or metrics (they are in `quantpits.trading`), records,
predictions, files of results.
"""

from __future__ import annotations

__all__: list[str] = []
