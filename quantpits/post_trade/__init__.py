"""Post-trade: what the broker settled, into books that cannot be wrong silently.

What the room is for: settlement exports and deposits become entries of the ledger
(``data/ledger.db``); cash, positions, NAV, the logs and the state keys of ``prod_config.json`` are
folds over it. Import from here the request and the report; the step is
`quantpits.post_trade.step.run`, and `quantpits.post_trade.check` looks at the books without
changing them. Never import another step here, and never write the ledger from anywhere else.

Inside: `brokers` reads exports; `journal`, `entries`, `fold`, `daybook`, `cashflow`, `reconcile`,
`valuation`, `state`, `batch` and `projections` compute; `ledger` and `files` touch the disk; `step`
puts them in order.
"""

from __future__ import annotations

from quantpits.post_trade.request import DayReport, PostTradeReport, PostTradeRequest

__all__ = ["DayReport", "PostTradeReport", "PostTradeRequest"]
