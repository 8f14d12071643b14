"""Precedence between the files that may name strategy parameters."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from quantpits.config.model import ModelConfig
from quantpits.config.prod import ProdConfig
from quantpits.config.resolve import StrategySettings, resolve_strategy
from quantpits.config.strategy import StrategyConfig


def strategy(**params):
    return StrategyConfig.model_validate({"strategy": {"params": params}})


def model(**keys):
    return ModelConfig.model_validate({"market": "csi300", "benchmark": "SH000300", **keys})


def prod(**keys):
    state = {
        "current_date": date(2026, 2, 6),
        "current_cash": Decimal(0),
        "current_holding": (),
        "market": "csi300",
        "benchmark": "SH000300",
    }
    return ProdConfig.model_validate({**state, **keys})


def test_without_any_choice_the_defaults_hold():
    assert (StrategySettings(), ()) == resolve_strategy(None, model(), prod())
    assert (20, 3, 2) == (
        StrategySettings().topk,
        StrategySettings().n_drop,
        StrategySettings().buy_suggestion_factor,
    )


def test_absent_file_and_empty_file_are_the_same():
    assert resolve_strategy(None, model()) == resolve_strategy(StrategyConfig(), model())


@pytest.mark.parametrize(
    ("strategy_topk", "prod_topk", "model_topk", "expected"),
    [
        (10, 11, 12, 10),
        (None, 11, 12, 11),
        (None, None, 12, 12),
        (10, None, 12, 10),
        (None, None, None, 20),
    ],
)
def test_precedence_for_orders(strategy_topk, prod_topk, model_topk, expected):
    settings, _ = resolve_strategy(
        strategy() if strategy_topk is None else strategy(topk=strategy_topk),
        model() if model_topk is None else model(TopK=model_topk),
        prod() if prod_topk is None else prod(TopK=prod_topk),
    )
    assert expected == settings.topk


def test_backtests_do_not_look_at_the_live_file():
    settings, findings = resolve_strategy(None, model(TopK=12, DropN=1))
    assert (12, 1, ()) == (settings.topk, settings.n_drop, findings)


def test_disagreement_is_found():
    settings, findings = resolve_strategy(
        strategy(topk=10, n_drop=2, buy_suggestion_factor=2),
        model(TopK=20, DropN=2),
        prod(TopK=22, DropN=3, buy_suggestion_factor=3),
    )
    assert (10, 2, 2) == (settings.topk, settings.n_drop, settings.buy_suggestion_factor)
    assert [
        ("CFG001", "warning", "prod_config.json", "TopK"),
        ("CFG001", "warning", "model_config.json", "TopK"),
        ("CFG002", "warning", "prod_config.json", "DropN"),
        ("CFG003", "warning", "prod_config.json", "buy_suggestion_factor"),
    ] == [(found.code, found.severity, found.source, found.subject) for found in findings]
    assert "TopK is 22 here but 10 in strategy_config.yaml, which wins" == findings[0].message


def test_default_of_the_model_file_is_not_a_wish():
    assert () == resolve_strategy(strategy(topk=10, n_drop=2), model(), prod())[1]


def test_markets_that_differ_are_found():
    _, findings = resolve_strategy(None, model(), prod(market="csi500", benchmark="SH000905"))
    assert ["CFG004", "CFG005"] == [found.code for found in findings]
    assert "market is 'csi500' for orders but 'csi300' for training" in findings[0].message


def test_exchanging_more_than_is_held_is_found():
    _, findings = resolve_strategy(strategy(topk=2, n_drop=3), model())
    assert ["CFG006"] == [found.code for found in findings]


def test_everything_else_comes_from_the_strategy_file():
    config = StrategyConfig.model_validate(
        {
            "strategy": {
                "name": "topk_buffer",
                "params": {
                    "only_tradable": False,
                    "hold_thresh": 5,
                    "risk_degree": 0.9,
                    "corrected": False,
                },
            },
            "backtest": {
                "account": 1_000_000,
                "execution": "qlib",
                "exchange_kwargs": {
                    "limit_threshold": 0.095,
                    "deal_price": "vwap",
                    "open_cost": Decimal("0.0005"),
                    "close_cost": Decimal("0.0015"),
                    "min_cost": 5,
                },
            },
        }
    )
    expected = replace(
        StrategySettings(),
        name="topk_buffer",
        only_tradable=False,
        hold_thresh=5,
        risk_degree=0.9,
        corrected=False,
        execution="qlib",
        deal_price="vwap",
        account_cny=Decimal(1_000_000),
        limit_threshold=0.095,
        open_cost=Decimal("0.0005"),
        close_cost=Decimal("0.0015"),
        min_cost_cny=Decimal(5),
    )
    assert (expected, ()) == resolve_strategy(config, model())
