"""The small market and the toy models of the modeling tests."""

from __future__ import annotations

import runpy
from datetime import date
from pathlib import Path

import pytest

from quantpits.training import TrainRequest
from quantpits.training.step import run as train_models

_MODELING = Path(__file__).resolve().parents[1] / "modeling" / "conftest.py"
globals().update(
    {
        name: value
        for name, value in runpy.run_path(str(_MODELING)).items()
        if not name.startswith("__")
    }
)


@pytest.fixture
def train(make):
    """Train all models of a new workspace: ``train({"a": workflow()})``."""

    def build(models):
        workspace = make(models)
        train_models(workspace, TrainRequest())
        return workspace

    return build


@pytest.fixture
def trained(train, workflow):
    """A workspace with two trained models."""
    return train({"a": workflow(), "b": workflow(weights=[0.0, 1.0, 0.5, 0.0])})


@pytest.fixture
def middle_and_later(tmp_path, later_market):
    """The market one week later, and two."""
    target = tmp_path / "middle"
    return [globals()["set_market_end"](target, target, date(2022, 4, 7)), later_market]
