"""Brokers: from the bytes of an export to exact lines with declared effects.

What may be imported from here: the line and statement an adapter gives, the effects, and
`adapter_for`. What must never be imported here: the ledger, the market, another step; an adapter
knows nothing but the file it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.errors import UsageError, name_list
from quantpits.post_trade.brokers import gtja, table
from quantpits.post_trade.brokers.contract import BrokerLine, Effect, Statement

if TYPE_CHECKING:
    from quantpits.post_trade.brokers.contract import Adapter
    from quantpits.post_trade.brokers.table_config import BrokerTable

__all__ = ["BROKERS", "BrokerLine", "Effect", "Statement", "adapter_for"]

BROKERS = (gtja.NAME, table.NAME)


def adapter_for(broker: str, broker_table: BrokerTable | None = None) -> Adapter:
    """Return the adapter of a broker.

    Parameters
    ----------
    broker : str
        Its name, as in ``prod_config.json`` or ``--broker``.
    broker_table : BrokerTable, optional
        ``config/broker_table.yaml``, which the broker ``table`` needs.

    Returns
    -------
    Adapter
        What reads the broker's files.

    Raises
    ------
    UsageError
        If no adapter has that name, or the description of the table is missing.
    """
    if broker == gtja.NAME:
        return gtja
    if broker != table.NAME:
        raise UsageError(
            f"There is no adapter for the broker {broker!r}.",
            expected=f"one of {name_list(BROKERS)}",
            hint="set 'broker' in config/prod_config.json, or pass --broker",
        )
    if broker_table is None:
        raise UsageError(
            "The broker 'table' needs a description of its table.",
            where="config/broker_table.yaml",
            expected="the names of its columns and what its trade types do",
            found="no such file",
            hint="write it as docs/04_POST_TRADE_GUIDE.md shows",
        )
    return table.TableAdapter(broker_table)
