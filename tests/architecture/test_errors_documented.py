"""A public function that raises one of our errors says so under *Raises*."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING

import quantpits.errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ERRORS = {
    name
    for name, thing in vars(quantpits.errors).items()
    if inspect.isclass(thing) and issubclass(thing, quantpits.errors.QuantPitsError)
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_raised_errors_are_listed(modules: tuple[Path, ...], package: Path) -> None:
    unlisted = [
        f"{path.relative_to(package)}:{node.lineno} {node.name} raises {name}"
        for path in modules
        for node in _public_functions(ast.parse(path.read_text(encoding="utf-8")))
        for name in sorted(_raised(node))
        if name not in _raises_section(node)
    ]
    assert [] == unlisted


def _public_functions(tree: ast.Module) -> Iterator[Function]:
    for node in tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (
                child
                for child in node.body
                if isinstance(child, Function) and not child.name.startswith("_")
            )


def _raised(function: Function) -> set[str]:
    """Return our errors that the function's own body raises."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            call = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(call, ast.Name) and call.id in ERRORS:
                found.add(call.id)
    return found


def _raises_section(function: Function) -> str:
    text = ast.get_docstring(function) or ""
    _, _, after = text.partition("Raises\n------\n")
    return after.partition("\n\n")[0] if after else ""
