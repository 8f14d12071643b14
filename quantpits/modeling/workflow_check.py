"""Checking a workflow file against the trading frequency, and mending it in place.

A workflow is text that a person wrote, with comments and anchors. What is wrong is found in the
parsed tree and mended in the text, at the place that the parser names: everything outside the
mended places stays byte for byte as it was.

Training injects label, frequency and scaler whatever the file says, so a wrong file does not train
a wrong model here. It is checked because the file is read by people, and by Qlib itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from quantpits.errors import ConfigError
from quantpits.modeling.labels import WEEKLY_LABEL, default_label
from quantpits.modeling.qlib_faults import stand_in
from quantpits.modeling.workflow import PERIODS_PER_YEAR, read_workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Edit", "WorkflowProblem", "check_workflow", "mended"]

# TCTS learns several horizons at once; these are its weekly ones.
_TCTS_LIST: Final = "[{}]".format(
    ", ".join(f'"Ref($close, -{days}) / Ref($close, -1) - 1"' for days in (6, 11, 16))
)
_PLAIN_LABEL: Final = re.compile(r"Ref\(\$close,-(\d+)\)/Ref\(\$close,-1\)-1")
_SCIENTIFIC: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+")
_DEFAULT_INDENT: Final = 2


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement in a text.

    Attributes
    ----------
    start, stop : int
        Characters of the text that go.
    text : str
        What comes in their place.
    """

    start: int
    stop: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowProblem:
    """One thing that is wrong with a workflow file.

    Attributes
    ----------
    line : int
        Where, from 1; 0 for the file as a whole.
    path : str
        Dotted path of the entry.
    message : str
        What is wrong and what is expected.
    edit : Edit or None
        How to mend it; None where only a person can.
    """

    line: int
    path: str
    message: str
    edit: Edit | None = None


def check_workflow(
    text: str, source: str, *, freq: str, label: str | None = None
) -> tuple[WorkflowProblem, ...]:
    """Return what is wrong with a workflow file.

    Parameters
    ----------
    text : str
        The whole file.
    source : str
        Its name, for messages.
    freq : {"week", "day"}
        Trading frequency of the workspace.
    label : str or None
        The label that the registry names for its model, instead of that of the frequency.

    Returns
    -------
    tuple of WorkflowProblem
        In the order of the file; empty if it is as it should be.

    Examples
    --------
    >>> check_workflow("task: [", "w.yaml", freq="week")[0].line
    1
    """
    try:
        root = YAML(typ="rt").compose(text)
        read_workflow(text, source)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = 0 if mark is None else mark.line + 1
        return (WorkflowProblem(line=line, path="", message=f"is not YAML: {error.problem}"),)
    except YAMLError as error:
        return (WorkflowProblem(line=0, path="", message=f"is not YAML: {error}"),)
    except ConfigError as error:
        return tuple(
            WorkflowProblem(line=0, path=problem.key, message=problem.message)
            for problem in error.problems
        )
    found = [
        *_label_problems(root, expected=label or default_label(freq)),
        *_step_problems(root, text, freq=freq),
        *_scaler_problems(root, freq=freq),
        *_rate_problems(root),
        *_class_problems(root),
    ]
    return tuple(sorted(found, key=lambda problem: (problem.line, problem.path)))


def mended(text: str, problems: tuple[WorkflowProblem, ...]) -> str:
    """Return a text with every problem mended that can be.

    Parameters
    ----------
    text : str
        The text that was checked.
    problems : tuple of WorkflowProblem
        What was found in it.

    Returns
    -------
    str
        The same text outside the mended places.
    """
    edits = {problem.edit for problem in problems if problem.edit is not None}
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = f"{text[: edit.start]}{edit.text}{text[edit.stop :]}"
    return text


def _label_problems(root: Node, *, expected: str) -> Iterator[WorkflowProblem]:
    path = "data_handler_config.label"
    node = _at(root, path)
    if node is None:
        path = "task.dataset.kwargs.handler.kwargs.label"
        node = _at(root, path)
    scalars = [] if node is None else [leaf for leaf in _leaves(node) if "$" in leaf.value]
    if node is None or not scalars:
        yield WorkflowProblem(line=0, path=path, message=f"there is no label; expected {expected}")
        return
    labels = [_unspaced(leaf.value) for leaf in scalars]
    if _unspaced(expected) in labels:  # a model of several labels keeps its others
        return
    horizons = [match.group(1) for text in labels if (match := _PLAIN_LABEL.fullmatch(text))]
    edit: Edit | None = None
    if len(labels) == len(horizons) == 1:
        edit = _replace(scalars[0], _quoted_like(scalars[0], expected))
    elif horizons == ["2", "3"] and expected == WEEKLY_LABEL:
        edit = _replace(node, _TCTS_LIST)
    known = ", ".join(leaf.value for leaf in scalars)
    yield _problem(node, path, f"the label is {known}; expected {expected}", edit)


def _unspaced(text: str) -> str:
    return text.replace(" ", "")


def _step_problems(root: Node, text: str, *, freq: str) -> Iterator[WorkflowProblem]:
    """Check the executor, and add one where the portfolio has none."""
    seen = set()
    for path, portfolio in _portfolios(root):
        if portfolio.start_mark.index in seen:  # an alias of the one before
            continue
        seen.add(portfolio.start_mark.index)
        step = _at(portfolio, "executor.kwargs.time_per_step")
        if isinstance(step, ScalarNode):
            if step.value != freq:
                edit = _replace(step, _quoted_like(step, freq))
                message = f"time_per_step is {step.value!r}; expected {freq!r}"
                yield _problem(step, f"{path}.executor.kwargs.time_per_step", message, edit)
        elif _at(portfolio, "executor") is None:
            added = _executor_before_backtest(portfolio, text, freq)
            yield _problem(portfolio, f"{path}.executor", "there is no executor", added)
        else:
            yield _problem(
                portfolio, f"{path}.executor.kwargs.time_per_step", f"is missing; expected {freq!r}"
            )


def _scaler_problems(root: Node, *, freq: str) -> Iterator[WorkflowProblem]:
    wanted = str(PERIODS_PER_YEAR[freq])
    for path, record in _records(root):
        name = _at(record, "class")
        if not isinstance(name, ScalarNode) or name.value != "SigAnaRecord":
            continue
        scaler = _at(record, "kwargs.ann_scaler")
        where = f"{path}.kwargs.ann_scaler"
        if not isinstance(scaler, ScalarNode):
            yield _problem(record, where, f"is missing; expected {wanted} for {freq}")
        elif scaler.value != wanted:
            message = f"ann_scaler is {scaler.value}; expected {wanted} for {freq}"
            yield _problem(scaler, where, message, _replace(scaler, wanted))


def _rate_problems(root: Node) -> Iterator[WorkflowProblem]:
    """Find learning rates such as ``1e-3``, which Qlib's YAML reads as text."""
    for path, node in _entries(root):
        if path.rpartition(".")[2] != "lr" or not isinstance(node, ScalarNode):
            continue
        if _SCIENTIFIC.fullmatch(node.value):
            plain = f"{Decimal(node.value):f}"
            message = f"lr is {node.value}, which Qlib may read as text; expected {plain}"
            yield _problem(node, path, message, _replace(node, plain))


def _class_problems(root: Node) -> Iterator[WorkflowProblem]:
    """Find classes of Qlib that have a stand-in without their fault."""
    for path, node in _entries(root):
        name, module_path = _at(node, "class"), _at(node, "module_path")
        if not isinstance(name, ScalarNode) or not isinstance(module_path, ScalarNode):
            continue
        found = stand_in(name.value, module_path.value)
        if found is not None:
            message = f"Qlib's own {name.value}: {found.fault}; expected {found.module_path}"
            edit = _replace(module_path, _quoted_like(module_path, found.module_path))
            yield _problem(module_path, f"{path}.module_path", message, edit)


def _problem(node: Node, path: str, message: str, edit: Edit | None = None) -> WorkflowProblem:
    return WorkflowProblem(line=node.start_mark.line + 1, path=path, message=message, edit=edit)


def _replace(node: Node, text: str) -> Edit:
    return Edit(node.start_mark.index, node.end_mark.index, text)


def _quoted_like(node: ScalarNode, text: str) -> str:
    return f"{node.style}{text}{node.style}" if node.style in {"'", '"'} else text


def _executor_before_backtest(portfolio: Node, text: str, freq: str) -> Edit | None:
    """Return an edit that writes an executor in front of ``backtest``, indented like it."""
    if not isinstance(portfolio, MappingNode) or portfolio.flow_style:
        return None
    for key, value in portfolio.value:
        if key.value == "backtest":
            indent = key.start_mark.column
            inner = _DEFAULT_INDENT
            if isinstance(value, MappingNode) and value.value and not value.flow_style:
                inner = value.value[0][0].start_mark.column - indent
            pad, deep = " " * indent, " " * (indent + inner)
            lines = (
                "executor:",
                f"{deep}class: SimulatorExecutor",
                f"{deep}module_path: qlib.backtest.executor",
                f"{deep}kwargs:",
                f"{deep}{' ' * inner}time_per_step: {freq}",
                f"{deep}{' ' * inner}generate_portfolio_metrics: true",
            )
            newline = "\r\n" if "\r\n" in text else "\n"
            start = key.start_mark.index
            return Edit(start, start, newline.join(lines) + newline + pad)
    return None


def _portfolios(root: Node) -> Iterator[tuple[str, Node]]:
    """Yield the portfolio configuration, and those that records hold themselves."""
    portfolio = _at(root, "port_analysis_config")
    if isinstance(portfolio, MappingNode):
        yield "port_analysis_config", portfolio
    for path, record in _records(root):
        config = _at(record, "kwargs.config")
        if isinstance(config, MappingNode):
            yield f"{path}.kwargs.config", config


def _records(root: Node) -> Iterator[tuple[str, Node]]:
    records = _at(root, "task.record")
    if isinstance(records, SequenceNode):
        for number, record in enumerate(records.value):
            yield f"task.record.{number}", record
    elif isinstance(records, MappingNode):
        yield "task.record", records


def _at(node: Node | None, path: str) -> Node | None:
    """Return the node at a dotted path of mappings, or None."""
    for part in path.split("."):
        if not isinstance(node, MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == part), None)
    return node


def _entries(
    node: Node, path: str = "", seen: frozenset[int] = frozenset()
) -> Iterator[tuple[str, Node]]:
    """Yield dotted path and node of everything below a node; an alias only once on its path."""
    if id(node) in seen:
        return
    if isinstance(node, MappingNode):
        items = [(str(key.value), value) for key, value in node.value]
    elif isinstance(node, SequenceNode):
        items = [(str(number), value) for number, value in enumerate(node.value)]
    else:
        return
    for name, value in items:
        where = f"{path}.{name}" if path else name
        yield where, value
        yield from _entries(value, where, seen | {id(node)})


def _leaves(node: Node) -> list[ScalarNode]:
    if isinstance(node, ScalarNode):
        return [node]
    return [leaf for _, leaf in _entries(node) if isinstance(leaf, ScalarNode)]
