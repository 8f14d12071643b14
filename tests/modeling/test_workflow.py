"""Workflow files: reading, injection, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import ConfigError
from quantpits.modeling.labels import DAILY_LABEL, WEEKLY_LABEL
from quantpits.modeling.windows import DateWindows
from quantpits.modeling.workflow import (
    Injection,
    read_workflow,
    resolve_task,
    task_horizon,
    task_labels,
)

WINDOWS = DateWindows(
    anchor=date(2026, 2, 6),
    data_start=date(2018, 2, 7),
    data_end=date(2026, 2, 6),
    last_session=date(2026, 2, 6),
    train=(date(2018, 2, 8), date(2021, 1, 28)),
    valid=(date(2021, 2, 8), date(2023, 1, 30)),
    test=(date(2023, 2, 8), date(2026, 2, 6)),
    horizon_sessions=6,
    is_purged=True,
)
VALUES = {
    "windows": WINDOWS,
    "market": "csi300",
    "benchmark": "SH000300",
    "freq": "week",
    "topk": 20,
    "n_drop": 3,
}

SHARED = """
qlib_init: {region: cn}
market: &market <TBD>
benchmark: &benchmark <TBD>
data_handler_config: &handler
  start_time: 2008-01-01
  end_time: <TBD>
  fit_start_time: <TBD>
  fit_end_time: <TBD>
  instruments: *market
  label: ["Ref($close, -2) / Ref($close, -1) - 1"]
port_analysis_config: &portfolio
  strategy:
    class: TopkDropoutStrategy
    kwargs: {signal: <PRED>, topk: 50, n_drop: 5}
  executor:
    kwargs: {time_per_step: day}
  backtest: {start_time: <TBD>, end_time: <TBD>, benchmark: *benchmark}
task:
  model: {class: LGBModel, module_path: qlib.contrib.model.gbdt, kwargs: {learning_rate: 1e-3}}
  dataset:
    class: DatasetH
    module_path: qlib.data.dataset
    kwargs:
      handler: {class: Alpha158, module_path: qlib.contrib.data.handler, kwargs: *handler}
      segments: {train: [<TBD>, <TBD>], valid: [<TBD>, <TBD>], test: [<TBD>, <TBD>]}
  record:
    - {class: SignalRecord, kwargs: {model: <MODEL>, dataset: <DATASET>}}
    - {class: SigAnaRecord, kwargs: {ann_scaler: 252}}
    - {class: PortAnaRecord, kwargs: {config: *portfolio}}
"""
UNSHARED = SHARED.replace(
    "kwargs: *handler}",
    "kwargs: {start_time: <TBD>, end_time: <TBD>, fit_start_time: <TBD>, fit_end_time: <TBD>,"
    ' instruments: <TBD>, label: ["Ref($close, -2) / Ref($close, -1) - 1"]}}',
).replace("config: *portfolio", "config: {backtest: {start_time: <TBD>, end_time: <TBD>}}")
PLAIN = """
task:
  model: {class: LinearModel, module_path: qlib.contrib.model.linear}
  dataset:
    class: DatasetH
    kwargs:
      handler:
        class: DataHandlerLP
        kwargs:
          instruments: <TBD>
          start_time: <TBD>
          end_time: <TBD>
          data_loader: {class: QlibDataLoader}
          infer_processors:
            - {class: ZScoreNorm, kwargs: {fit_start_time: <TBD>, fit_end_time: <TBD>}}
      segments: {}
"""


def resolve(text, **changes):
    return resolve_task(read_workflow(text, "w.yaml"), Injection(**{**VALUES, **changes}))


@pytest.mark.parametrize("text", [SHARED, UNSHARED])
def test_dates_universe_and_label_reach_the_handler_whether_aliases_are_shared_or_not(text):
    task = resolve(text)
    expected = {
        "start_time": "2018-02-07",
        "end_time": "2026-02-06",
        "fit_start_time": "2018-02-08",
        "fit_end_time": "2021-01-28",
        "instruments": "csi300",
        "label": [WEEKLY_LABEL],
    }
    assert expected == task.handler["kwargs"]
    assert expected == task.workflow["data_handler_config"]
    assert {
        "train": ["2018-02-08", "2021-01-28"],
        "valid": ["2021-02-08", "2023-01-30"],
        "test": ["2023-02-08", "2026-02-06"],
    } == task.dataset["kwargs"]["segments"]
    assert {
        "class": "LGBModel",
        "module_path": "qlib.contrib.model.gbdt",
        "kwargs": {"learning_rate": 0.001},
    } == task.model


@pytest.mark.parametrize("text", [SHARED, UNSHARED])
def test_the_rest_of_the_file_is_filled_for_other_tools(text):
    content = resolve(text, freq="day").workflow
    assert ("csi300", "SH000300") == (content["market"], content["benchmark"])
    portfolio = content["port_analysis_config"]
    assert {"signal": "<PRED>", "topk": 20, "n_drop": 3} == portfolio["strategy"]["kwargs"]
    assert "day" == portfolio["executor"]["kwargs"]["time_per_step"]
    assert {
        "start_time": "2023-02-08",
        "end_time": "2026-02-06",
        "benchmark": "SH000300",
    } == portfolio["backtest"]
    records = content["task"]["record"]
    assert {"model": "<MODEL>", "dataset": "<DATASET>"} == records[0]["kwargs"]
    assert 252 == records[1]["kwargs"]["ann_scaler"]
    assert "2023-02-08" == records[2]["kwargs"]["config"]["backtest"]["start_time"]


def test_weekly_annualisation():
    assert 52 == resolve(SHARED).workflow["task"]["record"][1]["kwargs"]["ann_scaler"]


def test_what_was_injected_is_listed():
    lines = resolve(SHARED).injected
    assert "market = csi300" in lines
    assert "task.dataset.kwargs.handler.kwargs.fit_end_time = 2021-01-28" in lines
    assert "task.record.1.kwargs.ann_scaler = 52" in lines


def test_the_workflow_itself_is_not_changed():
    workflow = read_workflow(SHARED, "w.yaml")
    before = repr(workflow)
    resolve_task(workflow, Injection(**VALUES))
    assert before == repr(workflow)


@pytest.mark.parametrize(("freq", "expected"), [("week", WEEKLY_LABEL), ("day", DAILY_LABEL)])
def test_the_label_follows_the_frequency(freq, expected):
    assert [expected] == resolve(SHARED, freq=freq).handler["kwargs"]["label"]


def test_the_registry_can_set_the_label():
    label = "Ref($close, -11) / Ref($close, -1) - 1"
    task = resolve(SHARED, label=label)
    assert [label] == task.handler["kwargs"]["label"]
    assert (label,) == task.labels
    workflow = read_workflow(SHARED, "w.yaml")
    assert 11 == task_horizon(workflow, freq="week", label=label)


# Fault 18: several labels were overwritten by one, and no window was purged.
MULTI = SHARED.replace(
    'label: ["Ref($close, -2) / Ref($close, -1) - 1"]',
    'label: ["Ref($close, -6)/$close", "Ref($close, -16)/$close"]',
)


def test_several_labels_are_kept():
    task = resolve(MULTI)
    expected = ("Ref($close, -6)/$close", "Ref($close, -16)/$close")
    assert list(expected) == task.handler["kwargs"]["label"]
    assert expected == task.labels


def test_the_farthest_of_several_labels_is_the_horizon():
    assert 16 == task_horizon(read_workflow(MULTI, "w.yaml"), freq="week", label=None)
    assert 6 == task_horizon(read_workflow(SHARED, "w.yaml"), freq="week", label=None)


def test_a_label_placeholder_counts_as_none():
    workflow = read_workflow(
        SHARED.replace('["Ref($close, -2) / Ref($close, -1) - 1"]', "<TBD>"), "w"
    )
    assert () == workflow.labels
    assert (DAILY_LABEL,) == task_labels(workflow, freq="day", label=None)


def test_a_plain_handler_gets_dates_where_it_asks_for_them():
    kwargs = resolve(PLAIN).handler["kwargs"]
    assert {"instruments", "start_time", "end_time", "data_loader", "infer_processors"} == set(
        kwargs
    )
    processor = kwargs["infer_processors"][0]["kwargs"]
    assert {"fit_start_time": "2018-02-08", "fit_end_time": "2021-01-28"} == processor


def test_a_single_record_and_a_record_without_arguments():
    text = PLAIN + "  record: {class: SigAnaRecord, kwargs: }\n"
    record = resolve(text).workflow["task"]["record"]
    assert {"class": "SigAnaRecord", "kwargs": {"ann_scaler": 52}} == record


def test_a_placeholder_that_nothing_fills_is_refused_with_its_path():
    text = SHARED.replace("learning_rate: 1e-3", "learning_rate: <LR>, layers: [<TBD>]")
    with pytest.raises(ConfigError, match=r"kwargs\.learning_rate: <LR> is not filled") as error:
        resolve(text)
    assert "task.model.kwargs.layers.0" in str(error.value)


def test_a_placeholder_of_the_handler_that_nothing_fills_is_refused():
    text = PLAIN.replace("{class: QlibDataLoader}", "{class: QlibDataLoader, freq: <TBD>}")
    with pytest.raises(
        ConfigError, match=r"handler\.kwargs\.data_loader\.freq: <TBD> is not filled"
    ):
        resolve(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "task: is missing, or not a mapping"),
        ("task: {}", "task.model: is missing"),
        ("task: {model: {class: A}, dataset: {class: B, kwargs: {}}}", "handler: is missing"),
        (PLAIN.replace("class: LinearModel, ", ""), "task.model.class: names no class"),
        (PLAIN + "  reweighter: {class: R}\n", "reweighters are not supported"),
        ("task: [", "not usable YAML"),
        ("task: 1\ntask: 2", "duplicate key|stands twice"),
        (
            SHARED.replace('["Ref($close, -2) / Ref($close, -1) - 1"]', "[1]"),
            "a label is an expression",
        ),
    ],
)
def test_a_broken_workflow_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        read_workflow(text, "w.yaml")
