"""Edits of workflows and registries that leave everything else as it was."""

from __future__ import annotations

import json

import pytest
from ruamel.yaml import YAML

from quantpits.config import RegistryEntry
from quantpits.errors import ConfigError
from quantpits.training.tuned_text import free_name, with_registry_entry, with_values
from quantpits.workspace import demo_template

WORKFLOW = """\
# A comment above
task:
  model:
    class: LGBModel   # the class
    module_path: m
    kwargs:
      # why so slow
      learning_rate: 0.05   # a rate
      num_leaves: 31
  dataset:
    class: DatasetH
"""

ENTRY = RegistryEntry(
    algorithm="gru", yaml_file="config/w.yaml", tags=("nn", "tuned"), label="$close"
)


def test_values_change_and_comments_stay():
    text = with_values(
        WORKFLOW,
        {"learning_rate": 0.00001, "max_depth": 4, "loss": "mse", "flag": True, "other": "no"},
        source="w.yaml",
        header="Tuned",
    )
    expected = WORKFLOW.replace("0.05 ", "0.00001 ").replace(
        "      # why so slow\n      learning",
        "      # why so slow\n      max_depth: 4\n      loss: mse\n      flag: true\n"
        '      other: "no"\n      learning',
    )
    assert f"# Tuned\n{expected}" == text


def test_values_inside_an_argument_change_and_lists_are_written():
    nested = WORKFLOW.replace(
        "num_leaves: 31\n",
        "num_leaves: 31\n      net:   # the net\n        layers: [128]   # widths\n"
        "        sizes:\n          - 1\n          - 2\n        kind: a\n",
    )
    values = {"net.layers": [128, 32], "net.sizes": [3], "net.depth": 2, "num_leaves": 8}
    text = with_values(nested, values, source="w.yaml", header="Tuned")
    expected = (
        nested.replace("31", "8")
        .replace("[128]", "[128, 32]")
        .replace("\n          - 1\n          - 2\n", "\n          [3]\n")
        .replace("        layers", "        depth: 2\n        layers")
    )
    assert f"# Tuned\n{expected}" == text


def test_an_argument_inside_one_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="cannot be changed"):
        with_values(WORKFLOW, {"net.depth": 2}, source="w.yaml", header="Tuned")


@pytest.mark.parametrize(
    "model",
    [
        "{class: A, module_path: m}",
        "{class: A, module_path: m, kwargs: {}}",
        "{class: A, module_path: m, kwargs: {b: 1}}",
        "\n    class: A\n    module_path: m",
        "\n    class: A\n    kwargs: {}",
    ],
)
def test_values_are_added_wherever_the_arguments_are(model):
    text = with_values(f"task:\n  model: {model}\n", {"a": 2.0}, source="w", header="h")
    assert 2.0 == YAML(typ="safe").load(text)["task"]["model"]["kwargs"]["a"]


def test_a_value_that_something_else_shares_is_refused():
    text = "x: &shared 3\ntask:\n  model:\n    class: A\n    kwargs: {a: *shared}\n"
    with pytest.raises(ConfigError, match="shared by an alias"):
        with_values(text, {"a": 4}, source="w.yaml", header="h")


def test_every_workflow_of_the_demo_can_be_tuned():
    for path in sorted(demo_template().glob("config/workflow_config_*.yaml")):
        text = path.read_text()
        changed = with_values(text, {"some_new_argument": 0.5}, source=path.name, header="h")
        added = set(changed.splitlines()) - set(text.splitlines())
        assert 2 >= len(added), path.name


def test_an_entry_goes_to_the_end_of_the_models_and_the_rest_stays():
    entry = "  a:\n    yaml_file: x   # why\n    tags: [t]  # tags\n"
    text = f"# top\nmodels:\n{entry}\n# bottom\nother: 1\n"
    changed = with_registry_entry(text, "a_tuned", entry=ENTRY)
    content = YAML(typ="safe").load(changed)
    assert ["a", "a_tuned"] == list(content["models"])
    assert RegistryEntry.model_validate(content["models"]["a_tuned"]) == ENTRY
    for line in text.splitlines():
        assert line in changed.splitlines()
    assert changed.index("tags: [t]  # tags\n  a_tuned:") < changed.index("# bottom")


@pytest.mark.parametrize("text", ["models:\n  a:\n    tags:\n      - t", '{"models": {"a": {}}}'])
def test_an_entry_fits_any_form(text):
    content = YAML(typ="safe").load(with_registry_entry(text, "b", entry=ENTRY))
    assert ["a", "b"] == list(content["models"])
    assert ["nn", "tuned"] == content["models"]["b"]["tags"]
    json.dumps(content)


def test_the_demos_registry_takes_an_entry():
    text = (demo_template() / "config" / "model_registry.yaml").read_text()
    changed = with_registry_entry(text, "gru_tuned", entry=ENTRY)
    before, after = (YAML(typ="safe").load(each)["models"] for each in (text, changed))
    assert {**before, "gru_tuned": after["gru_tuned"]} == after
    assert set(text.splitlines()) <= set(changed.splitlines())


def test_a_free_name():
    assert "a" == free_name("a", set())
    assert "a_3" == free_name("a", {"a", "a_2"})
