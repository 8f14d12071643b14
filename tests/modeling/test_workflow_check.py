"""A workflow file is mended where it is wrong, and nowhere else."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.modeling.labels import DAILY_LABEL, WEEKLY_LABEL
from quantpits.modeling.workflow_check import check_workflow, mended
from quantpits.workspace import demo_template

WORKFLOWS = sorted((demo_template() / "config").glob("workflow_config_*.yaml"))

TEXT = """\
# a comment that must survive
market: &market csi300   # and this one
data_handler_config: &handler
    instruments: *market
    label: ["Ref($close, -6) / Ref($close, -1) - 1"]
port_analysis_config: &portfolio
    strategy: {class: TopkDropoutStrategy}
    executor:
        class: SimulatorExecutor
        kwargs: {time_per_step: 'week'}
    backtest:
        account: 1000000
task:
    model:
        class: GRU
        kwargs:
            lr: 0.001
    dataset:
        class: DatasetH
        kwargs:
            handler: {class: Alpha158, kwargs: *handler}
    record:
        - class: SigAnaRecord
          kwargs: {ann_scaler: 52}
        - class: PortAnaRecord
          kwargs: {config: *portfolio}
"""


def changed_lines(before, after):
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[:2] in {"- ", "+ "}]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_demo_s_workflows_are_right(path):
    assert () == check_workflow(path.read_text(encoding="utf-8"), path.name, freq="week")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_weekly_workflow_becomes_a_daily_one_in_three_lines(path):
    text = path.read_text(encoding="utf-8")
    problems = check_workflow(text, path.name, freq="day")
    assert {"label", "time_per_step", "ann_scaler"} == {
        problem.path.rpartition(".")[2] for problem in problems
    }
    daily = mended(text, problems)
    assert () == check_workflow(daily, path.name, freq="day")
    assert 6 == len(changed_lines(text, daily))
    assert text == mended(daily, check_workflow(daily, path.name, freq="week"))


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("-6) / Ref", "-2) / Ref", f"the label is {DAILY_LABEL}; expected {WEEKLY_LABEL}", 5),
        ("'week'", "'day'", "time_per_step is 'day'; expected 'week'", 10),
        ("ann_scaler: 52", "ann_scaler: 252", "ann_scaler is 252; expected 52 for week", 24),
        ("lr: 0.001", "lr: 1e-3", "lr is 1e-3, which Qlib may read as text; expected 0.001", 17),
    ],
)
def test_a_planted_mistake_is_named_with_its_line_and_mended(old, new, message, line):
    wrong = TEXT.replace(old, new)
    problems = check_workflow(wrong, "w.yaml", freq="week")
    assert [(message, line)] == [(problem.message, problem.line) for problem in problems]
    assert TEXT == mended(wrong, problems)


def test_a_class_of_qlib_that_looks_ahead_is_replaced():
    safe = TEXT.replace(
        "        class: GRU\n",
        "        class: GATs\n        module_path: 'quantpits.modeling.zoo_gats'  # days\n",
    )
    wrong = safe.replace("quantpits.modeling.zoo_gats", "qlib.contrib.model.pytorch_gats_ts")
    (problem,) = check_workflow(wrong, "w.yaml", freq="week")
    assert ("task.model.module_path", 16) == (problem.path, problem.line)
    assert "later days of the same stock; expected quantpits.modeling.zoo_gats" in problem.message
    assert safe == mended(wrong, (problem,))


def test_a_portfolio_without_an_executor_gets_one_in_its_own_indentation():
    executor = TEXT[TEXT.index("    executor:") : TEXT.index("    backtest:")]
    bare = TEXT.replace(executor, "")
    problems = check_workflow(bare, "w.yaml", freq="day")
    assert "there is no executor" in [problem.message for problem in problems]
    text = mended(bare, problems)
    assert () == check_workflow(text, "w.yaml", freq="day")
    assert "    executor:\n        class: SimulatorExecutor\n" in text
    assert "            time_per_step: day\n" in text


def test_windows_line_ends_stay():
    executor = TEXT[TEXT.index("    executor:") : TEXT.index("    backtest:")]
    bare = TEXT.replace(executor, "").replace("\n", "\r\n")
    text = mended(bare, check_workflow(bare, "w.yaml", freq="week"))
    assert () == check_workflow(text, "w.yaml", freq="week")
    assert text.count("\n") == text.count("\r\n")


def test_what_only_a_person_can_mend_is_named_without_a_mend():
    wrong = TEXT.replace("Ref($close, -6) / Ref($close, -1) - 1", "$high / $low")
    (problem,) = check_workflow(wrong, "w.yaml", freq="week")
    assert (None, 5) == (problem.edit, problem.line)
    assert wrong == mended(wrong, (problem,))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{time_per_step: 'week'}", "{}", "is missing; expected 'week'"),
        ("{ann_scaler: 52}", "{}", "is missing; expected 52 for week"),
        ('    label: ["Ref($close, -6) / Ref($close, -1) - 1"]\n', "", "there is no label"),
        ('["Ref($close, -6) / Ref($close, -1) - 1"]', "[]", "a label is an expression"),
        ("class: GRU", "klass: GRU", "names no class"),
    ],
)
def test_a_missing_entry_is_named(old, new, message):
    problems = check_workflow(TEXT.replace(old, new), "w.yaml", freq="week")
    assert 1 == len(problems)
    assert message in problems[0].message
    assert problems[0].edit is None


@pytest.mark.parametrize(
    ("text", "message"), [("task: [", "is not YAML"), ("a: \x00", "is not YAML"), ("[]", "")]
)
def test_what_is_no_workflow_is_named(text, message):
    problems = check_workflow(text, "w.yaml", freq="week")
    assert problems
    assert message in problems[0].message
    assert text == mended(text, problems)


def test_a_model_of_several_labels_keeps_them_if_one_is_the_trading_one():
    labels = '["Ref($close,-6)/Ref($close,-1)-1", "Ref($close, -11) / Ref($close, -1) - 1"]'
    text = TEXT.replace('["Ref($close, -6) / Ref($close, -1) - 1"]', labels)
    assert () == check_workflow(text, "w.yaml", freq="week")


def test_the_daily_labels_of_tcts_become_its_weekly_ones():
    labels = '["Ref($close,-2)/Ref($close,-1)-1", "Ref($close,-3)/Ref($close,-1)-1"]'
    wrong = TEXT.replace('["Ref($close, -6) / Ref($close, -1) - 1"]', labels)
    text = mended(wrong, check_workflow(wrong, "workflow_config_tcts.yaml", freq="week"))
    assert () == check_workflow(text, "workflow_config_tcts.yaml", freq="week")
    assert ["-6", "-11", "-16"] == [
        part.partition(")")[0] for part in text.split("Ref($close, ")[1::2]
    ]


def test_the_registry_s_own_label_is_the_one_expected():
    own = "Ref($close, -11) / Ref($close, -1) - 1"
    text = TEXT.replace("-6)", "-11)")
    assert () == check_workflow(text, "w.yaml", freq="week", label=own)
    assert 1 == len(check_workflow(TEXT, "w.yaml", freq="week", label=own))


def test_records_may_be_one_mapping_or_none():
    start = TEXT.index("    record:")
    one = TEXT[:start] + "    record: {class: SigAnaRecord, kwargs: {ann_scaler: 252}}\n"
    (problem,) = check_workflow(one, "w.yaml", freq="week")
    assert "task.record.kwargs.ann_scaler" == problem.path
    assert () == check_workflow(TEXT[:start], "w.yaml", freq="week")


def test_a_portfolio_in_one_line_is_left_to_a_person():
    start, stop = TEXT.index("    strategy:"), TEXT.index("task:")
    flow = TEXT[:start].rstrip() + " {backtest: {account: 1}}\n" + TEXT[stop:]
    (problem,) = check_workflow(flow, "w.yaml", freq="week")
    assert ("there is no executor", None) == (problem.message, problem.edit)
    bare = TEXT[:start].rstrip() + "\n    strategy: 1\n" + TEXT[stop:]
    (problem,) = check_workflow(bare, "w.yaml", freq="week")
    assert problem.edit is None


@pytest.mark.property
@given(
    st.sampled_from(["week", "day"]),
    st.sampled_from(["1e-3", "5E-4", "0.01", "2e0"]),
    st.text("# \nx", max_size=20),
)
def test_mending_is_idempotent_and_leaves_nothing(freq, rate, tail):
    text = TEXT.replace("0.001", rate) + "\n# " + tail.replace("\n", " ")
    once = mended(text, check_workflow(text, "w.yaml", freq=freq))
    assert () == check_workflow(once, "w.yaml", freq=freq)
    assert once == mended(once, check_workflow(once, "w.yaml", freq=freq))
