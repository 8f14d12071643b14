"""Showing a report or an error: text for a person, or JSON for a program.

Conventions of the JSON: one object, dates in ISO form, paths and decimals as text, a number that is
not finite as null, and ``exit_code`` beside the facts.
"""

import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from quantpits.errors import ConfigError, Finding, QuantPitsError

if TYPE_CHECKING:
    from rich.text import Text

__all__ = [
    "EXIT_FINDINGS",
    "Report",
    "error_facts",
    "exit_code_of",
    "print_error",
    "print_json",
    "print_report",
    "to_plain",
]

EXIT_FINDINGS = 1

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


class Report(Protocol):
    """What every step returns, as far as the command line is concerned."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know about."""
        ...

    def summary(self) -> list[str]:
        """Return lines for a person."""
        ...


def exit_code_of(findings: Sequence[Finding]) -> int:
    """Return 1 if a finding is an error, else 0."""
    return EXIT_FINDINGS if any(finding.severity == "error" for finding in findings) else 0


def to_plain(value: object) -> object:
    """Return `value` as what JSON knows.

    Parameters
    ----------
    value : object
        A dataclass, mapping, sequence, set, date, path, decimal, number, text or None, nested in
        any way.

    Returns
    -------
    object
        Dicts, lists, text, finite numbers, bool and None.

    Raises
    ------
    TypeError
        For any other type; a report must not hold one.

    Examples
    --------
    >>> to_plain({date(2026, 2, 6): (Decimal("1.50"), float("nan"))})
    {'2026-02-06': ['1.50', None]}
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath | Decimal):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((to_plain(item) for item in value), key=str)
    if isinstance(value, Sequence):
        return [to_plain(item) for item in value]
    message = f"a report must not hold a {type(value).__name__}"
    raise TypeError(message)


def print_json(facts: Mapping[str, object]) -> None:
    """Print one JSON object on stdout."""
    print(json.dumps(to_plain(facts), ensure_ascii=False, allow_nan=False, indent=2))


def print_report(report: Report, *, as_json: bool) -> int:
    """Show a report on stdout.

    Parameters
    ----------
    report : Report
        What the step returned; a dataclass. It may have an exit code of its own.
    as_json : bool
        Whether a program reads it.

    Returns
    -------
    int
        Exit code: the report's own unless that is 0, else 1 if a finding is an error, else 0.
    """
    own: int = getattr(report, "exit_code", 0)
    exit_code = own or exit_code_of(report.findings)
    if as_json:
        facts = to_plain(report)
        print_json({**(facts if isinstance(facts, dict) else {}), "exit_code": exit_code})
        return exit_code
    lines = report.summary()
    untold = [item for item in report.findings if not any(item.message in line for line in lines)]
    _print_result(lines, untold)
    return exit_code


def error_facts(error: QuantPitsError) -> dict[str, object]:
    """Return what an error knows, for JSON: each fact by its name, absent ones as null."""
    facts = {
        name: None if fact is None else _fact(fact)
        for name, fact in (
            ("where", error.where),
            ("expected", error.expected),
            ("found", error.found),
        )
    }
    problems = error.problems if isinstance(error, ConfigError) else ()
    return {
        "type": type(error).__name__,
        "what": error.what,
        **facts,
        "hint": error.hint,
        "problems": [to_plain(problem) for problem in problems],
    }


def print_error(message: str) -> None:
    """Print an error on stderr, its first word in red on a terminal."""
    first, *others = message.splitlines() or [""]
    text = _styled([("error: ", "bold red"), (first, "bold")])
    for line in others:
        name, colon, rest = line.partition(": ")
        is_fact = colon and line.startswith("  ") and not line.startswith("  -")
        text.append("\n")
        text.append(name + colon, style="dim" if is_fact else "")
        text.append(rest)
    _print_rich(text, is_stderr=True)


def _fact(fact: object) -> object:
    """Return a fact of an error: numbers and text as they are, anything else as its text."""
    return fact if isinstance(fact, bool | int | str) else str(fact)


def _print_result(lines: Sequence[str], findings: Sequence[Finding]) -> None:
    parts: list[tuple[str, str]] = [(f"{line}\n", "") for line in lines]
    for finding in findings:
        about = ", ".join(part for part in (finding.subject, finding.source) if part)
        parts += [
            (finding.severity, _STYLES[finding.severity]),
            (f" {finding.code}: {finding.message}" + (f" ({about})" if about else "") + "\n", ""),
        ]
    text = _styled(parts)
    text.rstrip()
    _print_rich(text, is_stderr=False)


def _styled(parts: Sequence[tuple[str, str]]) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - keeps --help quick

    return Text.assemble(*parts)


def _print_rich(text: "Text", *, is_stderr: bool) -> None:
    """Print styled text; plain, and never broken into lines, where it is not a terminal."""
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick

    stream = sys.stderr if is_stderr else sys.stdout
    Console(file=stream, highlight=False, soft_wrap=True).print(text)
