from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import UsageError
from quantpits.post_trade.broker_files import load_broker_files


def test_state_deposits_and_files_are_found(account) -> None:
    path = account.settle(date(2026, 1, 5))
    config, cashflow, settlements = load_broker_files(account.workspace)
    assert ("equal", {}) == (config.model, cashflow.cashflows)
    assert (path,) == settlements.covering(date(2026, 1, 5))
    with pytest.raises(UsageError, match="nobody"):
        load_broker_files(account.workspace, "nobody")


def test_a_broker_of_the_users_own_needs_its_description(account) -> None:
    with pytest.raises(UsageError, match="description"):
        load_broker_files(account.workspace, "table")
