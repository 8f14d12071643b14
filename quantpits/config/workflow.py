"""``config/workflow_config_*.yaml``: a Qlib workflow, checked as far as its structure goes.

What a model or handler takes as arguments is Qlib's affair, so the result stays a plain mapping;
training fills its placeholders. Two aliases of one anchor are the same object: what is injected
into ``data_handler_config`` reaches the dataset's handler.
"""

import re
from collections.abc import Iterator
from typing import Any

from quantpits.config.text import parse_yaml_text
from quantpits.config.validation import nearest_name
from quantpits.errors import ConfigError, ConfigProblem

__all__ = ["PLACEHOLDERS", "parse_workflow"]

PLACEHOLDERS = ("<TBD>", "<MODEL>", "<DATASET>", "<PRED>")
"""Texts that are replaced by values before a workflow runs."""

_PLACEHOLDER_SHAPE = re.compile(r"<[A-Za-z_]+>")
_PARTS = ("model", "dataset")
_NAMES = ("class", "module_path")


def parse_workflow(text: str, source: str) -> dict[str, Any]:
    """Parse a workflow and check its structure.

    Parameters
    ----------
    text : str
        The whole YAML file.
    source : str
        Name of the file, for messages.

    Returns
    -------
    dict
        The workflow as written, with decimal numbers as float, for training to inject values into.

    Raises
    ------
    ConfigError
        If the text cannot be parsed, ``task.model`` or ``task.dataset`` lacks a class or module
        path, ``kwargs`` is not a mapping, ``task.record`` is not a list of records, or a
        placeholder is unknown; all are listed.
    """
    workflow = parse_yaml_text(text, source)
    if not isinstance(workflow, dict):
        message = "the file should hold a mapping with the key 'task'"
        raise ConfigError([ConfigProblem(source, "", message)])
    problems = [ConfigProblem(source, key, message) for key, message in _task_problems(workflow)]
    problems += [
        ConfigProblem(source, key, _placeholder_message(word))
        for key, word in _placeholders(workflow, "", frozenset())
        if word not in PLACEHOLDERS
    ]
    if problems:
        raise ConfigError(problems)
    return workflow


def _task_problems(workflow: dict[str, Any]) -> Iterator[tuple[str, str]]:
    task = workflow.get("task")
    if not isinstance(task, dict):
        yield "task", "this key is required and holds a mapping with 'model' and 'dataset'"
        return
    for part in _PARTS:
        yield from _object_problems(task.get(part), f"task.{part}")
    handler_config = workflow.get("data_handler_config", {})
    if not isinstance(handler_config, dict):
        yield "data_handler_config", f"should be a mapping, found {handler_config!r}"
    records = task.get("record", [])
    for position, record in enumerate(records if isinstance(records, list) else [records]):
        yield from _object_problems(record, f"task.record.{position}")


def _object_problems(spec: object, key: str) -> Iterator[tuple[str, str]]:
    if not isinstance(spec, dict):
        yield key, "this key is required and holds a mapping with 'class' and 'module_path'"
        return
    for name in _NAMES:
        if not isinstance(spec.get(name), str) or not spec[name]:
            yield f"{key}.{name}", "this key is required and holds a name"
    if not isinstance(spec.get("kwargs", {}) or {}, dict):
        yield f"{key}.kwargs", f"should be a mapping, found {spec['kwargs']!r}"


def _placeholders(value: object, key: str, above: frozenset[int]) -> Iterator[tuple[str, str]]:
    """Yield (key, text) for every text shaped like a placeholder."""
    if isinstance(value, str) and _PLACEHOLDER_SHAPE.fullmatch(value):
        yield key, value
    if not isinstance(value, dict | list) or id(value) in above:  # an anchor may hold itself
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, part in items:
        yield from _placeholders(part, f"{key}.{name}" if key else str(name), above | {id(value)})


def _placeholder_message(word: str) -> str:
    near = nearest_name(word, PLACEHOLDERS)
    meant = f"did you mean {near}?" if near else f"known are {', '.join(PLACEHOLDERS)}"
    return f"there is no placeholder {word}; {meant}"
