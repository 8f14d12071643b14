"""The strategy and the rules of a workspace, for both engines."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from quantpits.backtest.rules import (
    exchange_words,
    qlib_exchange,
    simulation_rules,
    workspace_rules,
)
from quantpits.config import StrategySettings
from quantpits.errors import DataError
from quantpits.market import MarketSource
from quantpits.trading import CN_RULES, US_RULES, QlibExchange

CN = MarketSource(Path("cn"), "cn", is_synthetic=False, label="cn")
US = MarketSource(Path("us"), "us", is_synthetic=False, label="us")


def test_a_workspace_that_sets_nothing_has_the_book_of_its_region():
    assert CN_RULES == workspace_rules(CN, StrategySettings())
    assert US_RULES == workspace_rules(US, StrategySettings())


def test_what_a_workspace_sets_replaces_the_book():
    settings = StrategySettings(
        open_cost=Decimal("0.001"), close_cost=Decimal("0.002"), limit_threshold=0.1
    )
    book = workspace_rules(CN, settings)
    assert {"set by the workspace"} == {rule.source for rule in (*book.fees, *book.limits)}
    assert CN_RULES.lots == book.lots
    with pytest.raises(DataError, match="only one of them"):
        workspace_rules(CN, StrategySettings(open_cost=Decimal("0.001")))


def test_qlibs_exchange_has_its_regions_defaults():
    assert QlibExchange() == qlib_exchange(CN, StrategySettings())
    found = qlib_exchange(US, StrategySettings(min_cost_cny=Decimal(1)))
    assert (0.0, 0.0, 1.0, 1, None) == (
        found.open_cost,
        found.close_cost,
        found.min_cost,
        found.trade_unit,
        found.limit_threshold,
    )


def test_the_dropout_rule_is_qlibs_own_in_its_timing():
    assert not simulation_rules(StrategySettings(), "qlib").corrected
    assert simulation_rules(StrategySettings(), "next_session").corrected
    assert not simulation_rules(StrategySettings(corrected=False), "next_session").corrected
    assert simulation_rules(StrategySettings(name="topk_buffer"), "qlib").corrected


def test_rules_in_words():
    settings = StrategySettings(min_cost_cny=Decimal(2))
    found = exchange_words(US, settings, qlib=None)
    assert "rule book us by board and date, smallest fee 2 USD" == found
    assert "rule book us by board and date" == exchange_words(US, StrategySettings(), qlib=None)
