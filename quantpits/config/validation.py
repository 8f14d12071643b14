"""From parsed text to a model, or to the list of everything that is wrong.

A user who edits a file by hand should learn of all mistakes at once: each with its file, its dotted
key, what was found there, and the nearest key that exists.
"""

import difflib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from quantpits.config.base import CROSS_PROBLEM, ConfigFile, Location, StrictModel
from quantpits.config.text import parse_json_text, parse_yaml_text
from quantpits.errors import ConfigError, ConfigProblem, name_list

__all__ = ["model_from_text", "nearest_name", "validate_model"]

Model = TypeVar("Model", bound=StrictModel)
FileModel = TypeVar("FileModel", bound=ConfigFile)

# Pydantic speaks of Python's types; the user wrote JSON or YAML.
_PLAIN_WORDS = {
    "bool_type": "should be true or false",
    "dict_type": "should be a mapping",
    "model_type": "should be a mapping",
    "path_type": "should be a path",
    "string_too_short": "should not be empty",
    "string_type": "should be text",
    "too_short": "should not be empty",
    "tuple_type": "should be a list",
}
_KEYS_SHOWN = 12
_FOUND_SHOWN = 60


def validate_model(model_cls: type[Model], data: object, source: str) -> Model:
    """Build a model, or report every problem with file and key.

    Parameters
    ----------
    model_cls : type
        The model of the file.
    data : object
        Parsed text of the file.
    source : str
        Name of the file, for messages.

    Returns
    -------
    StrictModel
        An instance of `model_cls`.

    Raises
    ------
    ConfigError
        If anything is wrong; it lists all problems.
    """
    if not isinstance(data, dict):
        found = "nothing" if data is None else f"a {type(data).__name__}"
        message = f"the file should hold a mapping of keys to values, found {found}"
        raise ConfigError([ConfigProblem(source, "", message)])
    try:
        return model_cls.model_validate(data)
    except ValidationError as error:
        lines = _without_echoes(error.errors(include_url=False))
        lines += _hidden_lines(model_cls, data, lines)
        problems = [ConfigProblem(source, *_describe(model_cls, line)) for line in lines]
        raise ConfigError(problems) from error


def model_from_text(model_cls: type[FileModel], text: str, source: str) -> FileModel:
    """Parse and validate the text of one config file; the suffix of `source` tells the format.

    Parameters
    ----------
    model_cls : type
        The model of the file.
    text : str
        The whole file.
    source : str
        Name of the file; ``.yaml`` and ``.yml`` are YAML, anything else is JSON.

    Returns
    -------
    ConfigFile
        An instance of `model_cls`.

    Raises
    ------
    ConfigError
        If the text cannot be parsed, or for every problem in it.
    """
    if source.endswith((".yaml", ".yml")):
        data = parse_yaml_text(text, source, exact_decimals=True)
        if data is None and not model_cls.is_required:  # every line is a comment
            data = {}
    else:
        data = parse_json_text(text, source)
    return validate_model(model_cls, data, source)


def nearest_name(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that `name` was probably meant to be.

    Parameters
    ----------
    name : str
        What was found.
    known : sequence of str
        What exists.

    Returns
    -------
    str or None
        The nearest known name, or None when none is near.

    Examples
    --------
    >>> nearest_name("topk", ["TopK", "DropN"])
    'TopK'
    >>> nearest_name("colour", ["TopK", "DropN"]) is None
    True
    """
    by_folded = {candidate.casefold(): candidate for candidate in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), list(by_folded), n=1)
    return by_folded[near[0]] if near else None


def _without_echoes(lines: list[ErrorDetails]) -> list[ErrorDetails]:
    """Drop "too short" about a list or mapping whose only items are wrong themselves."""
    return [
        line
        for line in lines
        if line["type"] != "too_short"
        or not any(_is_inside(other["loc"], line["loc"]) for other in lines)
    ]


def _is_inside(inner: Location, outer: Location) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _are_nested(one: Location, other: Location) -> bool:
    return one[: len(other)] == other or other[: len(one)] == one


def _hidden_lines(
    model_cls: type[StrictModel], data: dict[str, Any], lines: list[ErrorDetails]
) -> list[ErrorDetails]:
    """Return the problems between keys, which pydantic does not seek while a key is wrong."""
    spoiled = [line["loc"] for line in lines if line["type"] != CROSS_PROBLEM]
    if not spoiled:
        return []
    try:
        model_cls.model_validate(_without(data, spoiled))
    except ValidationError as error:
        known = {line["loc"] for line in lines}
        return [
            line
            for line in error.errors(include_url=False)
            if line["type"] == CROSS_PROBLEM
            and line["loc"] not in known
            and not any(_are_nested(line["loc"], wrong) for wrong in spoiled)
        ]
    return []


def _without(value: Any, locations: Sequence[Location]) -> Any:
    """Return a copy of `value` without the keys at `locations`; a list goes as a whole."""
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, part in value.items():
        inside = [location[1:] for location in locations if location[0] == key]
        is_gone = any(not rest or rest == ("[key]",) for rest in inside)
        if not is_gone and not (inside and not isinstance(part, dict)):
            kept[key] = _without(part, inside)
    return kept


def _describe(model_cls: type[StrictModel], line: ErrorDetails) -> tuple[str, str]:
    location = line["loc"]
    is_key = bool(location) and location[-1] == "[key]"
    key = ".".join(str(part) for part in (location[:-1] if is_key else location))
    if line["type"] == "extra_forbidden":
        return key, _unknown_key(model_cls, location)
    if line["type"] == "missing":
        return key, "this key is required and missing"
    message = _PLAIN_WORDS.get(line["type"], line["msg"].removeprefix("Input "))
    if line["type"] == CROSS_PROBLEM:
        return key, message
    return key, f"{'the name ' if is_key else ''}{message}, found {_shown(line['input'])}"


def _shown(value: object) -> str:
    found = str(value) if isinstance(value, Decimal | date) else repr(value)
    return found if len(found) <= _FOUND_SHOWN else found[:_FOUND_SHOWN] + "…"


def _unknown_key(model_cls: type[StrictModel], location: Location) -> str:
    owner = _model_at(model_cls, location[:-1])
    if owner is None:
        return "there is no such key"
    known = _known_keys(owner)
    near = nearest_name(str(location[-1]), known)
    if near is not None:
        return f"there is no such key; did you mean {near!r}?"
    return f"there is no such key; known are {name_list(known, shown=_KEYS_SHOWN)}"


def _known_keys(model_cls: type[StrictModel]) -> list[str]:
    fields = model_cls.model_fields.items()
    return [field.alias or name for name, field in fields] + list(model_cls.also_known_keys)


def _model_at(model_cls: type[StrictModel], location: Location) -> type[StrictModel] | None:
    current: Any = model_cls
    for part in location:
        if isinstance(current, type) and issubclass(current, StrictModel):
            by_key = {field.alias or name: field for name, field in current.model_fields.items()}
            if part not in by_key:
                return None
            current = by_key[str(part)].annotation
        else:
            current = next(
                (arg for arg in reversed(get_args(current)) if arg is not Ellipsis), None
            )
        current = _without_wrappers(current)
    return current if isinstance(current, type) and issubclass(current, StrictModel) else None


def _without_wrappers(annotation: Any) -> Any:
    """Strip ``Annotated`` and ``| None``."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(arg for arg in get_args(annotation) if arg is not NoneType)
        else:
            return annotation
