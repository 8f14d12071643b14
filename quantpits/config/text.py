"""Parsing of JSON and YAML text, without the traps of both.

JSON: decimal numbers become `Decimal`, so that money never passes through binary floating point;
NaN and Infinity are refused; a key that stands twice is refused. YAML: version 1.2 rules (``no`` is
text, ``1e-3`` is a number), the safe subset only, duplicate keys refused. Nothing here opens a
file.
"""

import json
from collections import Counter
from decimal import Decimal
from io import StringIO
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

from quantpits.errors import ConfigError, ConfigProblem

__all__ = ["parse_json_text", "parse_yaml_text"]


def parse_json_text(text: str, source: str) -> Any:
    """Parse JSON text, with decimal numbers as `Decimal`.

    Parameters
    ----------
    text : str
        The whole file.
    source : str
        Name of the file, for messages.

    Returns
    -------
    Any
        Mappings, lists, text, `int`, `Decimal`, bool and None.

    Raises
    ------
    ConfigError
        If the text is not JSON, has NaN or Infinity, or has a key twice in one mapping.

    Examples
    --------
    >>> parse_json_text('{"current_cash": 0.1}', "prod_config.json")
    {'current_cash': Decimal('0.1')}
    """
    repeated: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(key for key, _ in pairs)
        repeated.extend(key for key, count in counts.items() if count > 1)
        return dict(pairs)

    try:
        value = json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=build,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _one_problem(source, f"this is not JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise _one_problem(source, "this is not JSON: nested too deeply") from error
    except ValueError as error:
        raise _one_problem(source, f"this is not usable JSON: {error}") from error
    if repeated:
        raise ConfigError([ConfigProblem(source, key, "this key stands twice") for key in repeated])
    return value


def parse_yaml_text(text: str, source: str, *, exact_decimals: bool = False) -> Any:
    """Parse YAML 1.2 text in the safe subset.

    Parameters
    ----------
    text : str
        The whole file.
    source : str
        Name of the file, for messages.
    exact_decimals : bool
        Whether decimal numbers become `Decimal` (for files that hold rates or money) instead of
        float.

    Returns
    -------
    Any
        Mappings, lists, text, numbers, dates, bool and None; None for an empty file. Two aliases of
        one anchor are the same object.

    Raises
    ------
    ConfigError
        If the text is not YAML, has a key twice in one mapping, or uses a tag outside the safe
        subset.

    Examples
    --------
    >>> parse_yaml_text("enabled: no", "model_registry.yaml")
    {'enabled': 'no'}
    """
    parser = YAML(typ="safe", pure=True)
    if exact_decimals:
        parser.Constructor = _DecimalConstructor
    try:
        return parser.load(StringIO(text))
    except MarkedYAMLError as error:
        raise _one_problem(source, _yaml_message(error)) from error
    except (YAMLError, ValueError) as error:
        raise _one_problem(source, f"this is not YAML: {error}") from error
    except RecursionError as error:
        raise _one_problem(source, "this is not YAML: nested too deeply") from error


class _DecimalConstructor(SafeConstructor):
    """Builds `Decimal` where the safe constructor builds float."""


def _construct_decimal(constructor: SafeConstructor, node: ScalarNode) -> object:
    value = constructor.construct_scalar(node).replace("_", "")
    try:
        return Decimal(value)
    except ArithmeticError:
        return constructor.construct_yaml_float(node)  # .inf and .nan, which the models refuse


_DecimalConstructor.add_constructor("tag:yaml.org,2002:float", _construct_decimal)


def _yaml_message(error: MarkedYAMLError) -> str:
    what = (error.problem or "unreadable").splitlines()[0]
    mark = error.problem_mark
    where = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
    return f"this is not usable YAML: {what}{where}"


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not a number; write null for a value that is not known"
    raise ValueError(message)


def _one_problem(source: str, message: str) -> ConfigError:
    return ConfigError([ConfigProblem(source, "", message)])
