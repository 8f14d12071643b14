# ruff: noqa: PLC0415 - a step is loaded when it is its turn, and no earlier
"""The steps of the two routine scenarios, and how each is asked.

Scenario A trains, scenario B predicts with the models there are; the rest is the same: fuse every
combo, process the trades, make the orders, rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.routine.request import Scenario
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["ScenarioStep", "StepReport", "scenario_steps"]


class StepReport(Protocol):
    """What every step's report has."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files the run stands for."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know."""
        ...

    @property
    def changed(self) -> bool:
        """Whether any byte on disk is new."""
        ...

    def summary(self) -> list[str]:
        """Return lines for a person."""
        ...


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One step of a scenario.

    Attributes
    ----------
    name : str
        Its name, which is also its command.
    reads : tuple of str
        Glob patterns, relative to the workspace, of what a person or a broker may change under it.
    call : callable
        Runs it: workspace, last session to process, progress.
    """

    name: str
    reads: tuple[str, ...]
    call: Callable[[Workspace, date, Progress], StepReport]


def scenario_steps(scenario: Scenario) -> tuple[ScenarioStep, ...]:
    """Return the steps of a scenario, in order.

    Parameters
    ----------
    scenario : {"A", "B"}
        With or without training.

    Returns
    -------
    tuple of ScenarioStep
        Five steps.
    """
    first = _TRAIN if scenario == "A" else _PREDICT
    return (first, _FUSE, _POST_TRADE, _ORDERS, _RANK)


def _train(workspace: Workspace, _through: date, progress: Progress) -> StepReport:
    from quantpits.training.request import TrainRequest
    from quantpits.training.step import run

    return run(workspace, TrainRequest(), progress=progress)


def _predict(workspace: Workspace, _through: date, progress: Progress) -> StepReport:
    from quantpits.prediction.request import PredictRequest
    from quantpits.prediction.step import run

    return run(workspace, PredictRequest(all_enabled=True), progress=progress)


def _fuse(workspace: Workspace, _through: date, progress: Progress) -> StepReport:
    from quantpits.fusion.request import FuseRequest
    from quantpits.fusion.step import run

    return run(workspace, FuseRequest(from_config_all=True), progress=progress)


def _post_trade(workspace: Workspace, through: date, progress: Progress) -> StepReport:
    from quantpits.post_trade.request import PostTradeRequest
    from quantpits.post_trade.step import run

    return run(workspace, PostTradeRequest(end_date=through), progress=progress)


def _orders(workspace: Workspace, _through: date, progress: Progress) -> StepReport:
    from quantpits.orders.request import OrderRequest
    from quantpits.orders.step import run

    return run(workspace, OrderRequest(), progress=progress)


def _rank(workspace: Workspace, _through: date, progress: Progress) -> StepReport:
    from quantpits.ranking.request import RankRequest
    from quantpits.ranking.step import run

    return run(workspace, RankRequest(all_combos=True), progress=progress)


_MODEL_FILES = (
    "config/market.yaml",
    "config/model_config.json",
    "config/model_registry.yaml",
    "config/workflow_config_*.yaml",
)
_TRAIN = ScenarioStep("train", _MODEL_FILES, _train)
_PREDICT = ScenarioStep("predict", _MODEL_FILES, _predict)
_FUSE = ScenarioStep(
    "fuse",
    ("config/ensemble_config.json", "config/model_config.json", "config/strategy_config.yaml"),
    _fuse,
)
# Post-trade writes some of what it reads; fingerprints are taken when a step has finished.
_POST_TRADE = ScenarioStep(
    "post-trade",
    ("config/prod_config.json", "config/cashflow.json", "config/broker_*", "data/*-table.xlsx"),
    _post_trade,
)
_ORDERS = ScenarioStep(
    "orders",
    (
        "config/prod_config.json",
        "config/cashflow.json",
        "config/strategy_config.yaml",
        "config/ensemble_config.json",
        "config/pretrade.yaml",
        "config/basket.yaml",
    ),
    _orders,
)
_RANK = ScenarioStep("rank", ("config/ensemble_config.json",), _rank)
