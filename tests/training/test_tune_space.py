"""What a tuning may change."""

from __future__ import annotations

import inspect
import json

import pytest

from quantpits.errors import ConfigError
from quantpits.modeling.foreign import load_class
from quantpits.modeling.workflow import read_workflow
from quantpits.training.tune_space import (
    Dimension,
    arguments_of,
    search_space,
    start_of,
    with_arguments,
)
from quantpits.workspace import demo_template


@pytest.fixture
def space_of(workflow):
    def read(section, **kwargs):
        content = json.loads(workflow(**kwargs))
        if section is not None:
            content["tuning"] = section
        return search_space(read_workflow(json.dumps(content), "w.yaml"))

    return read


def test_a_section_wins(space_of):
    section = {
        "noise": {"low": 0.1, "high": 2.0, "log": True},
        "depth": {"low": 2, "high": 8, "step": 2},
        "loss": ["mse", "mae"],
    }
    expected = {
        "noise": Dimension(low=0.1, high=2.0, is_log=True),
        "depth": Dimension(low=2, high=8, step=2),
        "loss": Dimension(choices=("mse", "mae")),
    }
    assert expected == space_of(section, model="LGBModel")


@pytest.mark.parametrize("model", ["LGBModel", "LinearModel", "XGBModel", "CatBoostModel", "GRU"])
def test_known_classes_have_a_space(space_of, model):
    space = space_of(None, model=model, module="somewhere")
    assert len(space) > 1
    for dimension in space.values():
        assert dimension.choices or dimension.low < dimension.high


@pytest.mark.parametrize(
    ("section", "text"),
    [
        (None, "nothing says what to tune of the model class 'Linear'"),
        ({}, "must map arguments"),
        ([], "must map arguments"),
        ({"a": ["one"]}, "two or more"),
        ({"a": [[1], 2]}, "two or more"),
        ({"a": [[1], [[2]]]}, "two or more"),
        ({"a.b": [1, 2]}, "the model has no mapping a"),
        ({"a": 1}, "must have low and high"),
        ({"a": {"low": 1, "high": 2, "lo": 1}}, "must have low and high"),
        ({"a": {"low": "x", "high": 2}}, "are numbers"),
        ({"a": {"low": True, "high": 2}}, "are numbers"),
        ({"a": {"low": 2, "high": 1}}, "needs low < high"),
        ({"a": {"low": 0, "high": 1, "log": True}}, "needs low < high"),
        ({"a": {"low": 1, "high": 2, "step": 0}}, "needs low < high"),
    ],
)
def test_a_wrong_section(space_of, section, text):
    with pytest.raises(ConfigError, match=text):
        space_of(section)


@pytest.mark.parametrize(
    ("dimension", "value", "expected"),
    [
        (Dimension(choices=("a", 1)), "a", True),
        (Dimension(choices=("a", 1)), "b", False),
        (Dimension(low=1, high=3), 3, True),
        (Dimension(low=1, high=3), 2.0, False),
        (Dimension(low=1, high=3), True, False),
        (Dimension(low=1.0, high=3.0), 2, True),
        (Dimension(low=1.0, high=3.0), 4.0, False),
        (Dimension(low=1, high=9, step=2), 4, False),
        (Dimension(low=1, high=9, step=2), 5, True),
        (Dimension(), 5, False),
        (Dimension(low=1, high=9), None, False),
    ],
)
def test_what_may_be_tried(dimension, value, expected):
    assert expected == dimension.holds(value)


def test_the_workflows_own_values_start_only_if_they_are_in_the_space():
    space = {"a": Dimension(low=1, high=3)}
    assert {"a": 2} == start_of(space, {"a": 2, "b": 9})
    assert start_of(space, {"a": 7}) is None
    assert start_of(space, {}) is None


def test_an_argument_inside_another_one_and_a_list_of_choices(space_of):
    section = {"net.size": {"low": 1, "high": 3}, "net.layers": [[8], [8, 4]]}
    space = space_of(section, net={"size": 2, "layers": [8, 4], "kind": "a"})
    kwargs = {"net": {"size": 2, "layers": [8, 4], "kind": "a"}, "lr": 0.5}
    start = start_of(space, kwargs)
    assert {"net.size": 2, "net.layers": "[8, 4]"} == start
    arguments = arguments_of(space, {**start, "net.layers": "[8]"})
    assert {"net.size": 2, "net.layers": [8]} == arguments
    expected = {"net": {"size": 2, "layers": [8], "kind": "a"}, "lr": 0.5}
    assert expected == with_arguments(kwargs, arguments)
    assert [8, 4] == kwargs["net"]["layers"]


def test_defaults_inside_another_argument_need_that_argument(space_of):
    assert "pt_model_kwargs.layers" not in space_of(None, model="DNN", module="somewhere")
    given = space_of(None, model="DNN", module="somewhere", pt_model_kwargs={"layers": [64]})
    assert "pt_model_kwargs.layers" in given


WORKFLOWS = sorted((demo_template() / "config").glob("workflow_config_*.yaml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem[16:])
def test_every_model_of_the_demo_has_a_space_of_arguments_that_its_class_takes(path):
    workflow = read_workflow(path.read_text(), path.name)
    space = search_space(workflow)
    assert len(space) > 1
    model = workflow.content["task"]["model"]
    named = inspect.signature(load_class(model, path.stem)).parameters
    is_open = any(each.kind == each.VAR_KEYWORD for each in named.values())
    for name in space:
        assert is_open or name.partition(".")[0] in named
