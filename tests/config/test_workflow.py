"""Structure of a Qlib workflow."""

import pytest

from quantpits.config.workflow import parse_workflow
from quantpits.errors import ConfigError

SOURCE = "config/workflow_config_linear.yaml"
WORKFLOW = """
qlib_init: {provider_uri: x}
market: &market <TBD>
data_handler_config: &handler
  start_time: <TBD>
  instruments: *market
  label: ["Ref($close, -6) / Ref($close, -1) - 1"]
port_analysis_config: {strategy: {kwargs: {signal: <PRED>}}}
task:
  model:
    class: LinearModel
    module_path: qlib.contrib.model.linear
    kwargs: {alpha: 1e-3}
  dataset:
    class: DatasetH
    module_path: qlib.data.dataset
    kwargs: {handler: {class: Alpha158, kwargs: *handler}, segments: {train: <TBD>}}
  record:
    - {class: SignalRecord, module_path: qlib.workflow.record_temp, kwargs: {model: <MODEL>}}
    - {class: SigAnaRecord, module_path: qlib.workflow.record_temp}
"""


def test_workflow_is_returned_as_written():
    workflow = parse_workflow(WORKFLOW, SOURCE)
    assert "LinearModel" == workflow["task"]["model"]["class"]
    assert 0.001 == workflow["task"]["model"]["kwargs"]["alpha"]
    handler = workflow["task"]["dataset"]["kwargs"]["handler"]
    assert handler["kwargs"] is workflow["data_handler_config"]


def test_records_and_handler_config_are_optional():
    task = "{model: {class: A, module_path: m}, dataset: {class: B, module_path: m, kwargs: }}"
    assert parse_workflow(f"task: {task}", SOURCE)


def test_single_record_may_stand_without_a_list():
    text = WORKFLOW[: WORKFLOW.index("  record:")] + "  record: {class: A, module_path: m}\n"
    assert parse_workflow(text, SOURCE)


def test_anchor_that_holds_itself_is_walked_once():
    assert parse_workflow(WORKFLOW + "loop: &loop {again: *loop, name: <TBD>}\n", SOURCE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("class: LinearModel", "clas: LinearModel", "task.model.class: this key is required"),
        ("class: LinearModel", "class: ''", "task.model.class: this key is required"),
        ("module_path: qlib.data.dataset", "a: 1", "task.dataset.module_path: this key is"),
        ("kwargs: {alpha: 1e-3}", "kwargs: [1]", r"model.kwargs: should be a mapping, found \[1\]"),
        ("{class: SigAnaRecord, module", "{module", r"task.record.1.class: this key"),
        ("<PRED>", "<PRE>", "signal: there is no placeholder <PRE>; did you mean <PRED>"),
        ("train: <TBD>", "train: [<fill_in>]", "train.0: .* known are <TBD>, <MODEL>"),
        ("&handler\n", "[1]\nother: &handler\n", "data_handler_config: should be a mapping"),
        ("  dataset:\n", "  data:\n", "task.dataset: this key is required and holds a mapping"),
        ("task:", "tasks:", "task: this key is required"),
        ("qlib_init:", "market:", "duplicate key"),
    ],
)
def test_wrong_workflow_is_refused(old, new, message):
    assert old in WORKFLOW
    with pytest.raises(ConfigError, match=message):
        parse_workflow(WORKFLOW.replace(old, new, 1), SOURCE)


def test_all_problems_are_listed():
    text = WORKFLOW.replace("<PRED>", "<PRE>").replace("class: LinearModel", "x: 1")
    with pytest.raises(ConfigError) as caught:
        parse_workflow(text, SOURCE)
    assert 2 == len(caught.value.problems)
    assert {SOURCE} == {problem.source for problem in caught.value.problems}


@pytest.mark.parametrize("text", ["", "[]", "text"])
def test_file_without_a_mapping_is_refused(text):
    with pytest.raises(ConfigError, match="a mapping with the key 'task'"):
        parse_workflow(text, SOURCE)
