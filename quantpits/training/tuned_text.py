"""The files that a tuning proposes: a new workflow and a registry entry, and never over an old one.

Both are edits of the text as it is, so comments, order and spacing of the old files stay.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from quantpits.config import parse_yaml_text
from quantpits.errors import ConfigError, ConfigProblem
from quantpits.training.tune_space import with_arguments

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from quantpits.config import RegistryEntry
    from quantpits.training.tune_space import Argument

__all__ = ["free_name", "with_registry_entry", "with_values"]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def with_values(text: str, values: Mapping[str, Argument], *, source: str, header: str) -> str:
    """Return a workflow's text with other arguments of the model.

    Parameters
    ----------
    text : str
        The whole file.
    values : mapping
        Arguments by name, with a dot for one inside another; those that the file lacks are added.
    source : str
        Name of the file, for messages.
    header : str
        A comment for the first line.

    Returns
    -------
    str
        The same text elsewhere.

    Raises
    ------
    ConfigError
        If the arguments cannot be written there.
    """
    root = YAML(typ="rt").compose(text)
    model = _at(root, "task", "model")
    kwargs = _at(model, "kwargs")
    edits: list[tuple[int, int, str]] = []
    added: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for name, value in values.items():
        *outer, last = name.split(".")
        node = _at(kwargs, *outer, last)
        if node is None:
            added.setdefault(tuple(outer), []).append((last, _yaml_or_list(value)))
        else:
            edits.append((node.start_mark.index, _end_of(node), _yaml_or_list(value)))
    for path, pairs in added.items():
        edits.append(
            _addition(_at(kwargs, *path[:-1]) if path else model, _at(kwargs, *path), pairs)
        )
    changed = text
    for start, stop, new in sorted(edits, reverse=True):
        changed = changed[:start] + new + changed[stop:]
    _check(text, changed, values, source=source)
    return f"# {header}\n{changed}"


def with_registry_entry(text: str, name: str, *, entry: RegistryEntry) -> str:
    """Return a registry's text with one more entry at the end of its models.

    Parameters
    ----------
    text : str
        The whole file.
    name : str
        Of the new model.
    entry : RegistryEntry
        Its entry.

    Returns
    -------
    str
        The same text elsewhere.
    """
    models = _at(YAML(typ="rt").compose(text), "models")
    assert isinstance(models, MappingNode)
    content = entry.model_dump(mode="json", exclude_none=True)
    if models.flow_style:
        at = models.end_mark.index - 1
        return f"{text[:at]}, {json.dumps(name)}: {json.dumps(content)}{text[at:]}"
    key, last = models.value[-1]
    pad = " " * models.value[0][0].start_mark.column
    deep = pad + "  "
    lines = [f"{pad}{name}:"]
    lines += [f"{deep}{each}: {_yaml_or_list(value)}" for each, value in content.items()]
    end = text.find("\n", max(_end_of(last), key.end_mark.index))
    head, tail = (text, "") if end < 0 else (text[:end], text[end:])
    return f"{head}\n" + "\n".join(lines) + (tail or "\n")


def free_name(wanted: str, taken: Container[str]) -> str:
    """Return the name, with a number behind it if it is taken.

    Examples
    --------
    >>> free_name("gru_tuned", {"gru_tuned": 1, "gru_tuned_2": 1})
    'gru_tuned_3'
    """
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _addition(
    model: Node | None, kwargs: Node | None, added: list[tuple[str, str]]
) -> tuple[int, int, str]:
    """Return an edit that writes arguments in front of the first one, or a mapping of them."""
    pairs = ", ".join(f"{json.dumps(name)}: {value}" for name, value in added)
    if isinstance(kwargs, MappingNode) and kwargs.value and not kwargs.flow_style:
        first = kwargs.value[0][0].start_mark
        pad = " " * first.column
        return first.index, first.index, "".join(f"{name}: {value}\n{pad}" for name, value in added)
    if isinstance(kwargs, MappingNode):
        at = kwargs.start_mark.index + 1
        return at, at, pairs + (", " if kwargs.value else "")
    assert isinstance(model, MappingNode)
    first = model.value[0][0].start_mark
    pad = " " * first.column
    end = ", " if model.flow_style else f"\n{pad}"
    key = '"kwargs"' if model.flow_style else "kwargs"
    return first.index, first.index, f"{key}: {{{pairs}}}{end}"


def _check(text: str, changed: str, values: Mapping[str, Argument], *, source: str) -> None:
    """Refuse a text that does not say what was to be said, and nothing else."""
    expected = parse_yaml_text(text, source)
    model = expected["task"]["model"]
    model["kwargs"] = with_arguments(model.get("kwargs") or {}, values)
    try:
        is_right = parse_yaml_text(changed, source) == expected
    except ConfigError:
        is_right = False
    if not is_right:
        message = "cannot be changed without changing something else; is it shared by an alias?"
        raise ConfigError([ConfigProblem(source, "task.model.kwargs", message)])


def _end_of(node: Node) -> int:
    """Return where the text of a node ends, without the blank lines and comments after it."""
    if isinstance(node, MappingNode) and node.value and not node.flow_style:
        return _end_of(node.value[-1][1])
    if isinstance(node, SequenceNode) and node.value and not node.flow_style:
        return _end_of(node.value[-1])
    end: int = node.end_mark.index
    return end


def _at(node: Node | None, *path: str) -> Node | None:
    for part in path:
        if not isinstance(node, MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == part), None)
    return node


def _yaml_or_list(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_yaml(each) for each in value)}]"
    return _yaml(value)


def _yaml(value: object) -> str:
    """Return a value as YAML; never ``1e-05``, which Qlib's YAML reads as text."""
    if isinstance(value, float):
        plain = f"{Decimal(repr(value)):f}"
        return plain if "." in plain else f"{plain}.0"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.casefold() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)
