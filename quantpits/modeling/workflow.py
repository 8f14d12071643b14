"""A Qlib workflow file and what is injected into it.

The workflow says which model, which features and which processors; the workspace says which dates,
which universe and which label. `resolve_task` puts the second into the first and lists what it put
where, so that nobody has to guess what a run was made of.

The label of the file is replaced by the one that follows from the trading frequency. It is kept in
two cases: the registry entry names its own (which is then injected), or the workflow has several
labels, because a model that learns several horizons at once cannot learn from one.

A value that is still a placeholder such as ``<TBD>`` after injection is an error. ``<MODEL>``,
``<DATASET>`` and ``<PRED>`` in the ``record`` list belong to Qlib and stay. Of the records only the
IC part is run here; portfolio numbers come from the project's own simulator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from quantpits.config import parse_yaml_text
from quantpits.errors import ConfigError, ConfigProblem
from quantpits.modeling.labels import default_label, label_expressions, label_horizon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantpits.modeling.windows import DateWindows

__all__ = [
    "PERIODS_PER_YEAR",
    "Injection",
    "ResolvedTask",
    "Workflow",
    "read_workflow",
    "resolve_task",
]

_PLACEHOLDER = re.compile(r"<[A-Z_]+>")
_QLIB_PLACEHOLDERS = {"<MODEL>", "<DATASET>", "<PRED>"}
PERIODS_PER_YEAR = {"week": 52, "day": 252}
# Names that models give to windows of their own, and the windows they are.
_SAME_SEGMENT = {"pretrain": "train", "pretrain_validation": "valid"}
# Handlers that take their processors and loader as given, without dates to fit or a label.
_PLAIN_HANDLERS = {"DataHandler", "DataHandlerLP"}

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A parsed workflow file.

    Attributes
    ----------
    source : str
        The file, as the user names it.
    content : dict
        Plain mappings, lists and values; no two places share an object.
    labels : tuple of str
        Label expressions of the file; empty when it has none.
    """

    source: str
    content: Plain
    labels: tuple[str, ...]

    @property
    def is_multi_label(self) -> bool:
        """Whether the model learns several labels at once."""
        return len(self.labels) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """What the workspace puts into a workflow.

    Attributes
    ----------
    windows : DateWindows
        The dates.
    market, benchmark : str
        Universe and index.
    freq : {"week", "day"}
        Trading frequency.
    topk, n_drop : int
        Strategy parameters of the ``port_analysis_config``.
    label : str or None
        The registry entry's own label expression.
    """

    windows: DateWindows
    market: str
    benchmark: str
    freq: str
    topk: int
    n_drop: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedTask:
    """A workflow with everything injected: what Qlib is given.

    Attributes
    ----------
    source : str
        The workflow file.
    model, dataset : dict
        Qlib's instance descriptions: ``class``, ``module_path``, ``kwargs``.
    workflow : dict
        The whole content, also what is only for people or for other tools.
    labels : tuple of str
        Label expressions the model learns.
    injected : tuple of str
        One line ``path = value`` for each place written to.
    """

    source: str
    model: Plain
    dataset: Plain
    workflow: Plain
    labels: tuple[str, ...]
    injected: tuple[str, ...]

    @property
    def handler(self) -> Plain:
        """The description of the data handler."""
        return cast("Plain", self.dataset["kwargs"]["handler"])


def read_workflow(text: str, source: str) -> Workflow:
    """Return a parsed workflow file.

    Parameters
    ----------
    text : str
        The whole file.
    source : str
        Name of the file, for messages.

    Returns
    -------
    Workflow
        Its content, checked to describe a model, a dataset and a handler.

    Raises
    ------
    ConfigError
        If it is not YAML, or one of these descriptions is missing.
    """
    content = _plain(parse_yaml_text(text, source))
    paths = ("task", "task.model", "task.dataset", "task.dataset.kwargs.handler")
    problems = [
        ConfigProblem(source, path, "is missing, or not a mapping")
        for path in paths
        if not isinstance(_at(content, path), dict)
    ]
    if not problems:
        problems = [
            ConfigProblem(source, f"{path}.class", "names no class")
            for path in paths[1:]
            if not isinstance(_at(content, f"{path}.class"), str)
        ]
    if isinstance(_at(content, "task.reweighter"), dict):
        problems.append(ConfigProblem(source, "task.reweighter", "reweighters are not supported"))
    if problems:
        raise ConfigError(problems, hint="see the workflow files of the Demo_Workspace")
    label = _at(content, "task.dataset.kwargs.handler.kwargs.label")
    return Workflow(source, content, () if _is_placeholder(label) else label_expressions(label))


def task_labels(workflow: Workflow, *, freq: str, label: str | None) -> tuple[str, ...]:
    """Return the label expressions that the model of a workflow will learn.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    freq : {"week", "day"}
        Trading frequency.
    label : str or None
        The registry entry's own label expression.

    Returns
    -------
    tuple of str
        The registry's label, else several labels of the workflow, else the one of the frequency.
    """
    if label is not None:
        return (label,)
    return workflow.labels if workflow.is_multi_label else (default_label(freq),)


def task_horizon(workflow: Workflow, *, freq: str, label: str | None) -> int:
    """Return how far ahead the labels of a workflow look [sessions], the farthest of several."""
    return max(label_horizon(text) for text in task_labels(workflow, freq=freq, label=label))


def resolve_task(workflow: Workflow, values: Injection) -> ResolvedTask:
    """Return a workflow with the workspace's values injected.

    Parameters
    ----------
    workflow : Workflow
        The parsed file; it is not changed.
    values : Injection
        What to put in.

    Returns
    -------
    ResolvedTask
        Descriptions without placeholders, and the list of what was injected.

    Raises
    ------
    ConfigError
        If a placeholder is left that nothing fills, with its path.
    """
    content = _plain(workflow.content)
    injector = _Injector(content)
    injector.put_all("", {"market": values.market, "benchmark": values.benchmark})
    _inject_handler(injector, workflow, values)
    segments = values.windows.segments()
    named = _at(content, "task.dataset.kwargs.segments")
    if isinstance(named, dict):
        segments |= {
            extra: segments[same] for extra, same in _SAME_SEGMENT.items() if extra in named
        }
    injector.put("task.dataset.kwargs.segments", segments)
    if isinstance(content.get("port_analysis_config"), dict):
        _inject_portfolio(injector, "port_analysis_config", values)
    records = content["task"].get("record")
    for number, record in enumerate(records if isinstance(records, list) else [records]):
        if isinstance(record, dict):
            where = f"task.record.{number}" if isinstance(records, list) else "task.record"
            _inject_record(injector, where, record, values)
    _refuse_placeholders(content, workflow.source)
    task = content["task"]
    labels = task_labels(workflow, freq=values.freq, label=values.label)
    return ResolvedTask(
        source=workflow.source,
        model=task["model"],
        dataset=task["dataset"],
        workflow=content,
        labels=labels,
        injected=tuple(injector.lines),
    )


class _Injector:
    """Writes into nested mappings and remembers where."""

    def __init__(self, content: Plain) -> None:
        self.content = content
        self.lines: list[str] = []

    def put(self, path: str, value: object) -> None:
        """Write `value` at a dotted path, making mappings on the way."""
        *parents, key = path.split(".")
        place: Any = self.content
        for parent in parents:
            if isinstance(place, list):
                place = place[int(parent)]
                continue
            if not isinstance(place.get(parent), dict | list):
                place[parent] = {}
            place = place[parent]
        place[key] = value
        self.lines.append(f"{path} = {value}")

    def put_all(self, path: str, values: Mapping[str, object]) -> None:
        """Write several keys of one mapping."""
        for key, value in values.items():
            self.put(f"{path}.{key}" if path else key, value)


def _inject_handler(injector: _Injector, workflow: Workflow, values: Injection) -> None:
    """Write dates, universe and label to the handler, and to the mapping it often aliases."""
    windows = values.windows
    fields: Plain = {
        "start_time": windows.data_start.isoformat(),
        "end_time": windows.data_end.isoformat(),
        "instruments": values.market,
    }
    fitted: Plain = {
        "fit_start_time": windows.train[0].isoformat(),
        "fit_end_time": windows.train[1].isoformat(),
    }
    handler = _at(workflow.content, "task.dataset.kwargs.handler")
    is_plain = isinstance(handler, dict) and handler["class"] in _PLAIN_HANDLERS
    if not is_plain:
        fields |= fitted
        if values.label is not None or not workflow.is_multi_label:
            fields["label"] = list(task_labels(workflow, freq=values.freq, label=values.label))
    if isinstance(injector.content.get("data_handler_config"), dict):
        injector.put_all("data_handler_config", fields)
    injector.put_all("task.dataset.kwargs.handler.kwargs", fields)
    for path, key in list(_placeholders(_at(injector.content, "task.dataset.kwargs.handler"))):
        if key in fitted or key in fields:
            injector.put(f"task.dataset.kwargs.handler.{path}", {**fitted, **fields}[key])


def _inject_portfolio(injector: _Injector, path: str, values: Injection) -> None:
    """Write the strategy's numbers and the backtest's dates, where the file has such mappings."""
    first, last = values.windows.segments()["test"]
    wanted: dict[str, Plain] = {
        "strategy.kwargs": {"topk": values.topk, "n_drop": values.n_drop},
        "executor.kwargs": {"time_per_step": values.freq},
        "backtest": {"start_time": first, "end_time": last, "benchmark": values.benchmark},
    }
    for part, fields in wanted.items():
        if isinstance(_at(injector.content, f"{path}.{part}"), dict):
            injector.put_all(f"{path}.{part}", fields)


def _inject_record(injector: _Injector, path: str, record: Plain, values: Injection) -> None:
    kwargs = record.get("kwargs")
    if record.get("class") == "SigAnaRecord":
        injector.put(f"{path}.kwargs.ann_scaler", PERIODS_PER_YEAR[values.freq])
    if isinstance(kwargs, dict) and isinstance(kwargs.get("config"), dict):
        _inject_portfolio(injector, f"{path}.kwargs.config", values)


def _refuse_placeholders(content: Plain, source: str) -> None:
    """Raise about every placeholder of the task that is left and not Qlib's own."""
    task = content["task"]
    places = {"task.model": task["model"], "task.dataset": task["dataset"]}
    problems = [
        ConfigProblem(source, f"{root}.{path}", f"{_at(place, path)} is not filled by anything")
        for root, place in places.items()
        for path, _ in _placeholders(place)
    ]
    if problems:
        raise ConfigError(problems, hint="write the value into the workflow file")


def _placeholders(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted path and last key of each placeholder inside `value`."""
    items: Iterator[tuple[str, object]]
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = ((str(number), item) for number, item in enumerate(value))
    else:
        if _is_placeholder(value):
            yield path, path.rpartition(".")[2]
        return
    for key, item in items:
        yield from _placeholders(item, f"{path}.{key}" if path else key)


def _is_placeholder(value: object) -> bool:
    return (
        isinstance(value, str)
        and _PLACEHOLDER.fullmatch(value) is not None
        and value not in _QLIB_PLACEHOLDERS
    )


def _at(value: object, path: str) -> object:
    """Return what lies at a dotted path, or None."""
    for key in path.split("."):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _plain(value: Any) -> Any:
    """Return a copy in which aliases are separate objects, keys are text and dates are ISO text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
