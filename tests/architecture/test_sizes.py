"""Sizes of HOUSE_STYLE §9: what can be read at once stays small.

An exception needs a line in the list below with its reason; an exception that is no longer needed
fails too.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE_LINES = 500
BODY_LINES = 60
PARAMETERS = 6
POSITIONAL = 2

# name of the function -> why it may be larger; keep it short
LONG_BODIES: dict[str, str] = {}
MANY_PARAMETERS: dict[str, str] = {}
_PLACE = "subject, name and date (or first and last day) have one natural order"
_TABLE = "text, model and source, or file, header and rows, have one natural order"
_SERIES = "the arrays of one recurrence, in its order"
_FOREIGN = "the signature belongs to another library"
MANY_POSITIONAL: dict[str, str] = {
    "config.resolve.resolve_strategy": "the three files in the order of their precedence",
    "config.validation.model_from_text": _TABLE,
    "config.validation.validate_model": _TABLE,
    "market.quotes.load_benchmark_close": _PLACE,
    "market.quotes.load_quotes": _PLACE,
    "market.synthetic_events.make_event_plan": _SERIES,
    "market.synthetic_index.universe_membership": _SERIES,
    "market.synthetic_noise.draw_noise": _SERIES,
    "market.synthetic_signal.SignalState.update": _SERIES,
    "market.universe.load_universe": _PLACE,
    "modeling.artifacts.has_artifact": _PLACE,
    "modeling.forecast.load_trained": _PLACE,
    "modeling.setting.read_workflows": _PLACE,
    "modeling.windows.resolve_anchor": _PLACE,
    "modeling.zoo.DNN.get_metric": _FOREIGN,
    "post_trade.opening.log_findings": _PLACE,
    "records.model_scores.load_model_prediction": _PLACE,
    "records.performance.merge_performance": _PLACE,
    "records.performance.publish_performance": _PLACE,
    "records.prediction_files.find_prediction": _PLACE,
    "records.prediction_files.prediction_path": _PLACE,
    "workspace.atomic.write_csv": _TABLE,
    "workspace.history.backup": _PLACE,
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_modules_are_short(modules: tuple[Path, ...], repository: Path) -> None:
    lengths = {
        str(path.relative_to(repository)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules
    }
    assert {} == {name: length for name, length in lengths.items() if length > MODULE_LINES}


def test_function_bodies_are_short(modules: tuple[Path, ...], package: Path) -> None:
    lengths = {name: _body_lines(node) for name, node, _ in _functions(modules, package)}
    too_long = {name: length for name, length in lengths.items() if length > BODY_LINES}
    assert set(LONG_BODIES) == set(too_long), too_long


def test_functions_take_few_parameters(modules: tuple[Path, ...], package: Path) -> None:
    counts = {
        name: len(_positional(node, is_method=is_method)) + len(node.args.kwonlyargs)
        for name, node, is_method in _functions(modules, package)
        if not name.endswith("_nb")
    }
    too_many = {name: count for name, count in counts.items() if count > PARAMETERS}
    assert set(MANY_PARAMETERS) == set(too_many), too_many


def test_parameters_are_keyword_only_after_the_second(
    modules: tuple[Path, ...], package: Path
) -> None:
    counts = {
        name: len(_positional(node, is_method=is_method))
        for name, node, is_method in _functions(modules, package)
        if "._" not in name and not name.endswith("_nb")
    }
    too_many = {name: count for name, count in counts.items() if count > POSITIONAL}
    assert set(MANY_POSITIONAL) == set(too_many), too_many


def _functions(modules: tuple[Path, ...], package: Path) -> Iterator[tuple[str, Function, bool]]:
    """Yield the dotted name, the node and whether it is a method, for every function."""
    for path in modules:
        module = ".".join(path.relative_to(package).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from _functions_below(tree, module, in_class=False)


def _functions_below(
    node: ast.AST, prefix: str, *, in_class: bool
) -> Iterator[tuple[str, Function, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            name = f"{prefix}.{child.name}"
            yield name, child, in_class
            yield from _functions_below(child, f"{prefix}._{child.name}", in_class=False)
        elif isinstance(child, ast.ClassDef):
            yield from _functions_below(child, f"{prefix}.{child.name}", in_class=True)
        else:
            yield from _functions_below(child, prefix, in_class=in_class)


def _body_lines(node: Function) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def _positional(node: Function, *, is_method: bool) -> list[ast.arg]:
    names = [*node.args.posonlyargs, *node.args.args]
    is_static = any(
        isinstance(item, ast.Name) and item.id == "staticmethod" for item in node.decorator_list
    )
    return names[1:] if is_method and not is_static else names
