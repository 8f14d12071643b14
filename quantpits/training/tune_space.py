"""What a tuning may change: from the workflow's section ``tuning``, or by the class of the model.

A dimension is an argument of the model with a range, ``{low: 0.01, high: 0.3, log: true}``, or with
choices, ``[mse, mae]``. Whole numbers stay whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantpits.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.modeling.workflow import Workflow

__all__ = ["Dimension", "search_space", "start_of"]

_KEYS = {"low", "high", "log", "step"}

Value = float | int | str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One argument that a tuning may change.

    Attributes
    ----------
    low, high : float or int or None
        Range, ends included; None with choices.
    is_log : bool
        Whether small values are tried as often as large ones.
    step : float or int or None
        Distance of the values that are tried.
    choices : tuple
        What to choose from; empty with a range.
    """

    low: float | None = None
    high: float | None = None
    is_log: bool = False
    step: float | None = None
    choices: tuple[Value, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether the values are whole numbers."""
        return {type(self.low), type(self.high)} == {int}

    def holds(self, value: object) -> bool:
        """Return whether a value is one that may be tried."""
        if self.choices:
            return value in self.choices
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.low is None or self.high is None or not self.low <= value <= self.high:
            return False
        if self.is_whole and not isinstance(value, int):
            return False
        return self.step is None or (value - self.low) % self.step == 0


_TREES = {
    "learning_rate": Dimension(low=0.01, high=0.3, is_log=True),
    "max_depth": Dimension(low=3, high=12),
}
_NETWORK = {
    "lr": Dimension(low=0.0001, high=0.01, is_log=True),
    "hidden_size": Dimension(choices=(32, 64, 128)),
    "num_layers": Dimension(low=1, high=3),
    "dropout": Dimension(low=0.0, high=0.5),
}
_ATTENTION = {
    "lr": Dimension(low=0.0001, high=0.01, is_log=True),
    "d_model": Dimension(choices=(32, 64)),
    "num_layers": Dimension(low=1, high=3),
    "dropout": Dimension(low=0.0, high=0.5),
}
_RATE = {"lr": Dimension(low=0.0001, high=0.01, is_log=True)}
_DEFAULTS: dict[str, dict[str, Dimension]] = {
    "LinearModel": {
        "estimator": Dimension(choices=("ridge",)),
        "alpha": Dimension(low=0.001, high=100000.0, is_log=True),
    },
    "LGBModel": {
        **_TREES,
        "num_leaves": Dimension(low=8, high=256, is_log=True),
        "colsample_bytree": Dimension(low=0.3, high=1.0),
        "lambda_l1": Dimension(low=0.01, high=1000.0, is_log=True),
        "lambda_l2": Dimension(low=0.01, high=1000.0, is_log=True),
    },
    "XGBModel": {
        "eta": Dimension(low=0.01, high=0.3, is_log=True),
        "max_depth": Dimension(low=3, high=12),
        "colsample_bytree": Dimension(low=0.3, high=1.0),
        "subsample": Dimension(low=0.5, high=1.0),
    },
    "CatBoostModel": {
        "learning_rate": Dimension(low=0.01, high=0.3, is_log=True),
        "max_depth": Dimension(low=3, high=9),
        "l2_leaf_reg": Dimension(low=0.1, high=100.0, is_log=True),
    },
    "DEnsembleModel": {
        "num_models": Dimension(low=2, high=8),
        "alpha1": Dimension(low=0.1, high=2.0),
        "alpha2": Dimension(low=0.1, high=2.0),
    },
    "GRU": _NETWORK,
    "LSTM": _NETWORK,
    "ALSTM": _NETWORK,
    "GATs": {name: _NETWORK[name] for name in ("lr", "dropout")},
    "TransformerModel": _ATTENTION,
    "LocalformerModel": _ATTENTION,
    "DNN": _RATE,
    "DNNModelPytorch": _RATE,
    "TCN": {"lr": _RATE["lr"], "dropout": _NETWORK["dropout"]},
    "TabnetModel": _RATE,
    "SFM": {"lr": _RATE["lr"], "hidden_size": _NETWORK["hidden_size"]},
    "HIST": {"lr": _RATE["lr"], "hidden_size": _NETWORK["hidden_size"]},
}


def search_space(workflow: Workflow) -> dict[str, Dimension]:
    """Return what a tuning of a workflow's model may change.

    Parameters
    ----------
    workflow : Workflow
        The parsed file.

    Returns
    -------
    dict of str to Dimension
        By argument, in a fixed order.

    Raises
    ------
    ConfigError
        If the section ``tuning`` is wrong, or there is none and nothing is known of the class.
    """
    section = workflow.content.get("tuning")
    if section is None:
        name = str(workflow.content["task"]["model"]["class"]).rpartition(".")[2]
        if name not in _DEFAULTS:
            message = f"nothing says what to tune of the model class {name!r}"
            hint = "add a section such as: tuning: {learning_rate: {low: 0.01, high: 0.3}}"
            raise ConfigError([ConfigProblem(workflow.source, "tuning", message)], hint=hint)
        return dict(_DEFAULTS[name])
    if not isinstance(section, dict) or not section:
        message = "must map arguments of the model to a range or to choices"
        raise ConfigError([ConfigProblem(workflow.source, "tuning", message)])
    problems: list[ConfigProblem] = []
    space = {}
    for name, value in section.items():
        dimension, message = _dimension(value)
        if dimension is None:
            problems.append(ConfigProblem(workflow.source, f"tuning.{name}", message))
        else:
            space[name] = dimension
    if problems:
        raise ConfigError(problems)
    return space


def start_of(space: Mapping[str, Dimension], kwargs: Mapping[str, Any]) -> dict[str, Value] | None:
    """Return the workflow's own values, None if one is missing or outside of what may be tried."""
    values = {name: kwargs.get(name) for name in space}
    if all(space[name].holds(value) for name, value in values.items()):
        return {name: value for name, value in values.items() if value is not None}
    return None


def _dimension(value: object) -> tuple[Dimension | None, str]:
    """Return a dimension, or None and what is wrong."""
    if isinstance(value, list):
        if len(value) > 1 and all(isinstance(each, Value) for each in value):
            return Dimension(choices=tuple(value)), ""
        return None, "choices are a list of two or more numbers, texts or truth values"
    if not isinstance(value, dict) or not {"low", "high"} <= value.keys() <= _KEYS:
        return None, f"must have low and high, and may have log and step; found {value!r}"
    low, high, step = value["low"], value["high"], value.get("step")
    numbers = [each for each in (low, high, step) if each is not None]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers):
        return None, f"low, high and step are numbers; found {value!r}"
    is_log = bool(value.get("log"))
    if not low < high or (step is not None and step <= 0) or (is_log and (low <= 0 or step)):
        return None, "needs low < high, step > 0, and with log a low above 0 and no step"
    return Dimension(low=low, high=high, is_log=is_log, step=step), ""
