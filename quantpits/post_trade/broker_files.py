"""The broker's side of a workspace: state, deposits, and its files with what reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.config import CashflowConfig, ProdConfig
from quantpits.post_trade.brokers import adapter_for, table
from quantpits.post_trade.brokers.effects import BrokerTypes, declared_rules
from quantpits.post_trade.brokers.table_config import BrokerTable
from quantpits.post_trade.settlements import find_settlements

if TYPE_CHECKING:
    from quantpits.post_trade.brokers.contract import Adapter
    from quantpits.post_trade.settlements import SettlementFiles
    from quantpits.workspace import Workspace

__all__ = ["broker_adapter", "load_broker_files"]


def broker_adapter(workspace: Workspace, broker: str) -> Adapter:
    """Return what reads the files of a broker.

    Parameters
    ----------
    workspace : Workspace
        Whose ``config/broker_table.yaml`` describes the table of the broker ``table``.
    broker : str
        Its name.

    Returns
    -------
    Adapter
        Ready to parse.

    Raises
    ------
    ConfigError
        If the description is wrong.
    UsageError
        If no adapter has that name, or the description is missing.
    """
    if broker != table.NAME:
        return adapter_for(broker)
    described = None
    if workspace.config_path(BrokerTable) is not None:
        (described,) = workspace.read_config(BrokerTable)
        assert isinstance(described, BrokerTable)  # the file is there
    return adapter_for(broker, described)


def load_broker_files(
    workspace: Workspace, broker: str | None = None
) -> tuple[ProdConfig, CashflowConfig, SettlementFiles]:
    """Read the config files that post-trade needs, and find the settlement files.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    broker : str, optional
        Format of the files; that of ``prod_config.json`` by default.

    Returns
    -------
    (ProdConfig, CashflowConfig, SettlementFiles)
        The files are found, not read.

    Raises
    ------
    ConfigError
        If a config file is wrong; it names every problem of all of them.
    UsageError
        If no adapter has that name.
    """
    config, cashflow, declared = workspace.read_config(ProdConfig, CashflowConfig, BrokerTypes)
    assert isinstance(config, ProdConfig)  # required files are never None
    assert isinstance(cashflow, CashflowConfig)
    assert declared is None or isinstance(declared, BrokerTypes)
    adapter = broker_adapter(workspace, broker or config.broker)
    found = find_settlements(workspace, adapter=adapter, rules=declared_rules(declared))
    return config, cashflow, found
