"""Brokers: from the bytes of an export to exact lines with declared effects.

What may be imported from here: the line and statement an adapter gives, the effects, and
`adapter_for`. What must never be imported here: the ledger, the market, another step; an adapter
knows nothing but the file it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.errors import UsageError, name_list
from quantpits.post_trade.brokers import gtja
from quantpits.post_trade.brokers.contract import BrokerLine, Effect, Statement

if TYPE_CHECKING:
    from quantpits.post_trade.brokers.contract import Adapter

__all__ = ["BROKERS", "BrokerLine", "Effect", "Statement", "adapter_for"]

BROKERS = (gtja.NAME,)


def adapter_for(broker: str) -> Adapter:
    """Return the adapter of a broker.

    Parameters
    ----------
    broker : str
        Its name, as in ``prod_config.json`` or ``--broker``.

    Returns
    -------
    Adapter
        What reads the broker's files.

    Raises
    ------
    UsageError
        If no adapter has that name.
    """
    if broker not in BROKERS:
        raise UsageError(
            f"There is no adapter for the broker {broker!r}.",
            expected=f"one of {name_list(BROKERS)}",
            hint="set 'broker' in config/prod_config.json, or pass --broker",
        )
    return gtja
