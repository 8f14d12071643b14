"""The strategy file."""

from decimal import Decimal

import pytest

from quantpits.config.strategy import StrategyConfig
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError


def read(text):
    return model_from_text(StrategyConfig, text, "config/strategy_config.yaml")


def test_defaults_follow_the_rule_book():
    config = StrategyConfig()
    exchange = config.backtest.exchange_kwargs
    assert "topk_dropout" == config.strategy.name
    assert (None, None, None, None) == (
        exchange.limit_threshold,
        exchange.open_cost,
        exchange.close_cost,
        exchange.min_cost,
    )
    assert ("close", "next_session") == (exchange.deal_price, config.backtest.execution)
    assert (0.95, 1, True, True) == (
        config.strategy.params.risk_degree,
        config.strategy.params.hold_thresh,
        config.strategy.params.only_tradable,
        config.strategy.params.corrected,
    )


def test_file_with_all_documented_keys():
    config = read("""
strategy:
  name: topk_buffer
  params: {topk: 22, n_drop: 4, only_tradable: false, buy_suggestion_factor: 3}
backtest:
  account: 1_000_000.5
  exchange_kwargs:
    limit_threshold: 0.095
    deal_price: open
    open_cost: 0.0005
    close_cost: 0.0015
    min_cost: 5
""")
    exchange = config.backtest.exchange_kwargs
    assert ("topk_buffer", 22, 4, 3) == (
        config.strategy.name,
        config.strategy.params.topk,
        config.strategy.params.n_drop,
        config.strategy.params.buy_suggestion_factor,
    )
    assert Decimal("1000000.5") == config.backtest.account
    assert (0.095, Decimal("0.0005"), Decimal("0.0015"), Decimal(5)) == (
        exchange.limit_threshold,
        exchange.open_cost,
        exchange.close_cost,
        exchange.min_cost,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strategy: {name: topk}", "strategy.name: should be 'topk_dropout' or 'topk_buffer'"),
        ("strategy: {params: {topk: 0}}", "strategy.params.topk: should be greater"),
        ("strategy: {params: {top_k: 5}}", "did you mean 'topk'?"),
        ("strategy: {params: {risk_degree: 1.5}}", "strategy.params.risk_degree: should be less"),
        ("backtest: {account: 0}", "backtest.account: should be greater than 0"),
        ("backtest: {exchange_kwargs: {deal_price: $close}}", "should be 'open', 'close' or"),
        ("backtest: {exchange_kwargs: {open_cost: 5}}", "open_cost: should be less than 1"),
        ("backtest: {exchange_kwargs: {min_cost: .nan}}", "min_cost: should be an amount"),
        ("backtest: {exchange_kwargs: {limit_threshold: .inf}}", "limit_threshold: should be"),
        ("backtest: {exchange_kwargs: {freq: week}}", "exchange_kwargs.freq: should be 'day'"),
    ],
)
def test_wrong_strategy_is_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)
