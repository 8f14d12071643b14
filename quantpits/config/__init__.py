"""Every file in a workspace's ``config/`` folder, as a strict model.

What the room is for: turning the text of a config file into a frozen, typed value, or into the list
of everything that is wrong with it. Import from here the models, `resolve_strategy`, and the
parsers. Never here: opening files (`workspace` does), defaults that depend on the clock or the
environment, and dictionaries passed on to other rooms - except workflows and their keyword
arguments, which are Qlib's.
"""

from quantpits.config.base import (
    ConfigFile,
    FileSafeName,
    Flag,
    Instrument,
    Integer,
    IsoDate,
    Money,
    Number,
    OptionalDate,
    Rate,
    Shares,
    StrictModel,
)
from quantpits.config.basket import BasketColumn, BasketConfig, BasketValue, CodeStyle
from quantpits.config.cashflow import CashflowConfig
from quantpits.config.ensemble import Combo, EnsembleConfig, FusionMethod, weight_problems
from quantpits.config.groups import ComboGroups
from quantpits.config.market import MarketConfig, SyntheticConfig
from quantpits.config.model import ModelConfig, PurgedCv
from quantpits.config.pretrade import CheckLimit, PretradeConfig
from quantpits.config.prod import Holding, ProdConfig
from quantpits.config.registry import ModelRegistry, RegistryEntry
from quantpits.config.resolve import StrategySettings, resolve_strategy
from quantpits.config.strategy import (
    BacktestChoice,
    DealPrice,
    ExchangeKwargs,
    Execution,
    StrategyChoice,
    StrategyConfig,
    StrategyName,
    StrategyParams,
)
from quantpits.config.text import parse_json_text, parse_yaml_text
from quantpits.config.validation import model_from_text, nearest_name, validate_model
from quantpits.config.workflow import PLACEHOLDERS, parse_workflow

__all__ = [
    "PLACEHOLDERS",
    "BacktestChoice",
    "BasketColumn",
    "BasketConfig",
    "BasketValue",
    "CashflowConfig",
    "CheckLimit",
    "CodeStyle",
    "Combo",
    "ComboGroups",
    "ConfigFile",
    "DealPrice",
    "EnsembleConfig",
    "ExchangeKwargs",
    "Execution",
    "FileSafeName",
    "Flag",
    "FusionMethod",
    "Holding",
    "Instrument",
    "Integer",
    "IsoDate",
    "MarketConfig",
    "ModelConfig",
    "ModelRegistry",
    "Money",
    "Number",
    "OptionalDate",
    "PretradeConfig",
    "ProdConfig",
    "PurgedCv",
    "Rate",
    "RegistryEntry",
    "Shares",
    "StrategyChoice",
    "StrategyConfig",
    "StrategyName",
    "StrategyParams",
    "StrategySettings",
    "StrictModel",
    "SyntheticConfig",
    "model_from_text",
    "nearest_name",
    "parse_json_text",
    "parse_workflow",
    "parse_yaml_text",
    "resolve_strategy",
    "validate_model",
    "weight_problems",
]
