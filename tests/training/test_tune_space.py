"""What a tuning may change."""

from __future__ import annotations

import json

import pytest

from quantpits.errors import ConfigError
from quantpits.modeling.workflow import read_workflow
from quantpits.training.tune_space import Dimension, search_space, start_of


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
        ({"a": [[1], [2]]}, "two or more"),
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
