"""What a tuning may change: from the workflow's section ``tuning``, or by the class of the model.

A dimension is an argument of the model with a range, ``{low: 0.01, high: 0.3, log: true}``, or with
choices, ``[mse, mae]``; a choice may be a list, such as the widths of a network's layers. Whole
numbers stay whole. An argument inside another one is named with a dot,
``model_config.hidden_size``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantpits.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.modeling.workflow import Workflow

__all__ = ["Dimension", "arguments_of", "search_space", "start_of", "with_arguments"]

_KEYS = {"low", "high", "log", "step"}

Value = float | int | str | bool
Argument = Value | list[Value]


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
    is_json : bool
        Whether the choices are JSON, which is how a list is kept in the study.
    """

    low: float | None = None
    high: float | None = None
    is_log: bool = False
    step: float | None = None
    choices: tuple[Value, ...] = ()
    is_json: bool = False

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
_RATE = {"lr": Dimension(low=0.0001, high=0.01, is_log=True)}
_SIZES = Dimension(choices=(16, 32, 64, 128))
_LAYERS = Dimension(low=1, high=3)
_DROPOUT = Dimension(low=0.0, high=0.5)
_NETWORK = {**_RATE, "hidden_size": _SIZES, "num_layers": _LAYERS, "dropout": _DROPOUT}
# Attention diverges at rates that a recurrent network likes; its width must hold all heads.
_ATTENTION = {
    "lr": Dimension(low=0.00001, high=0.001, is_log=True),
    "d_model": Dimension(choices=(32, 64, 128)),
    "nhead": Dimension(choices=(2, 4)),
    "num_layers": _LAYERS,
    "dropout": _DROPOUT,
}
_DENSE = {
    **_RATE,
    "weight_decay": Dimension(low=0.00001, high=0.01, is_log=True),
    "pt_model_kwargs.layers": Dimension(
        choices=("[64]", "[128]", "[256]", "[128, 32]", "[256, 64]"), is_json=True
    ),
}
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
    "GATs": _NETWORK,
    "HIST": _NETWORK,
    "TransformerModel": _ATTENTION,
    "LocalformerModel": _ATTENTION,
    "DNN": _DENSE,
    "DNNModelPytorch": _DENSE,
    "TCN": {
        **_RATE,
        "n_chans": _SIZES,
        "num_layers": Dimension(low=2, high=5),
        "kernel_size": Dimension(low=3, high=7),
        "dropout": _DROPOUT,
    },
    "TabnetModel": {
        "lr": Dimension(low=0.001, high=0.05, is_log=True),
        "n_steps": Dimension(low=3, high=6),
        "relax": Dimension(low=1.0, high=2.0),
    },
    "SFM": {
        **_RATE,
        "hidden_size": _SIZES,
        "freq_dim": Dimension(low=5, high=20),
        "dropout_W": _DROPOUT,
        "dropout_U": _DROPOUT,
    },
    "TRAModel": {
        **_RATE,
        "lamb": Dimension(low=0.1, high=10.0, is_log=True),
        "model_config.hidden_size": _SIZES,
        "model_config.num_layers": _LAYERS,
        "model_config.dropout": _DROPOUT,
    },
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
        model = workflow.content["task"]["model"]
        name = str(model["class"]).rpartition(".")[2]
        if name not in _DEFAULTS:
            message = f"nothing says what to tune of the model class {name!r}"
            hint = "add a section such as: tuning: {learning_rate: {low: 0.01, high: 0.3}}"
            raise ConfigError([ConfigProblem(workflow.source, "tuning", message)], hint=hint)
        kwargs = model.get("kwargs") or {}
        return {key: value for key, value in _DEFAULTS[name].items() if _has_place(key, kwargs)}
    if not isinstance(section, dict) or not section:
        message = "must map arguments of the model to a range or to choices"
        raise ConfigError([ConfigProblem(workflow.source, "tuning", message)])
    problems: list[ConfigProblem] = []
    space = {}
    kwargs = workflow.content["task"]["model"].get("kwargs") or {}
    for name, value in section.items():
        dimension, message = _dimension(value)
        if not _has_place(name, kwargs):
            outer = name.rsplit(".", 1)[0]
            dimension, message = None, f"the model has no mapping {outer}"
        if dimension is None:
            problems.append(ConfigProblem(workflow.source, f"tuning.{name}", message))
        else:
            space[name] = dimension
    if problems:
        raise ConfigError(problems)
    return space


def start_of(space: Mapping[str, Dimension], kwargs: Mapping[str, Any]) -> dict[str, Value] | None:
    """Return the workflow's own values, None if one is missing or outside of what may be tried."""
    values = {}
    for name, dimension in space.items():
        value = _value_at(name, kwargs)
        if dimension.is_json:
            value = json.dumps(value)
        if not dimension.holds(value):
            return None
        values[name] = value
    return values


def arguments_of(
    space: Mapping[str, Dimension], values: Mapping[str, Value]
) -> dict[str, Argument]:
    """Return what a trial's values are as arguments: lists as lists.

    Parameters
    ----------
    space : mapping of str to Dimension
        What may be tried.
    values : mapping of str to value
        As a study keeps them.

    Returns
    -------
    dict of str to value or list
        By the same names.
    """
    return {
        name: json.loads(str(value)) if space[name].is_json else value
        for name, value in values.items()
    }


def with_arguments(kwargs: Mapping[str, Any], arguments: Mapping[str, Argument]) -> dict[str, Any]:
    """Return a model's arguments with others in their places.

    Parameters
    ----------
    kwargs : mapping
        Of the workflow; not changed.
    arguments : mapping of str to value or list
        By name, with dots where an argument is inside another one.

    Returns
    -------
    dict
        A copy down to what is changed.

    Examples
    --------
    >>> with_arguments({"lr": 1, "net": {"size": 2, "kind": "a"}}, {"net.size": 3})
    {'lr': 1, 'net': {'size': 3, 'kind': 'a'}}
    """
    merged = dict(kwargs)
    for name, value in arguments.items():
        first, dot, rest = name.partition(".")
        merged[first] = with_arguments(merged.get(first) or {}, {rest: value}) if dot else value
    return merged


def _value_at(name: str, kwargs: Mapping[str, Any]) -> Any:
    value: Any = kwargs
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _has_place(name: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether an argument is one of the model's own, or inside one that the workflow has."""
    return "." not in name or isinstance(_value_at(name.rsplit(".", 1)[0], kwargs), dict)


def _dimension(value: object) -> tuple[Dimension | None, str]:
    """Return a dimension, or None and what is wrong."""
    if isinstance(value, list):
        if len(value) > 1 and all(isinstance(each, Value) for each in value):
            return Dimension(choices=tuple(value)), ""
        if len(value) > 1 and all(_is_flat(each) for each in value):
            return Dimension(choices=tuple(json.dumps(each) for each in value), is_json=True), ""
        return None, "choices are a list of two or more numbers, texts, truth values, or lists"
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


def _is_flat(value: object) -> bool:
    """Whether a value is a list of numbers, texts or truth values."""
    return isinstance(value, list) and all(isinstance(each, Value) for each in value)
