"""Pure modules take values and give values: no files, no clock, no environment, no logger, no dice.

`trading` and `signals` are pure as a whole. In a step, a module is pure unless it is one of the
known kinds that are not (`step`, `files`), or stands in the list below with its reason.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PURE_ROOMS = ("signals", "trading")
STEPS = ("training", "prediction", "search", "fusion", "post_trade", "orders", "ranking")
IMPURE_KINDS = ("step", "files", "__init__")
IMPURE_MODULES = {
    "fusion.load": "opens the records and each model's prediction once",
    "fusion.prepare": "reads the strategy and the market that combos are traded on",
    "fusion.reports": "writes leaderboards, charts and pages",
    "orders.books": "reads the log of holdings that post-trade wrote",
    "orders.opinion_files": "the opinions as a file, written and read",
    "orders.scores": "finds and reads the predictions",
    "orders.sheet_xlsx": "packs a workbook in memory",
    "post_trade.broker_files": "finds the broker's files and the table that describes them",
    "post_trade.brokers.table": "its read_number and read_date read cells, not files",
    "post_trade.check": "holds the books against the files made from them",
    "post_trade.classification": "looks for the suggestion files of a trade",
    "post_trade.intact": "looks for traces of a ledger that has gone",
    "post_trade.ledger": "the one place that opens the database of the books",
    "post_trade.opening": "reads the logs of an earlier system",
    "post_trade.prices": "reads the closes of funds to their own tick",
    "post_trade.rebuild": "makes the database again from the archived files",
    "post_trade.settlements": "finds which sessions have a file, and reads those",
    "prediction.plan": "a plan is made from what is on disk",
    "search.conclude": "removes the lists of an earlier search before it writes its own",
    "search.job": "reads what a search is about: predictions, candidates, configuration",
    "search.outputs": "writes the results, chunk by chunk",
    "search.predictions": "opens the records and each model's prediction once",
    "search.promote": "a step of its own: it reads results and writes the combo",
    "search.runner": "runs batches until it is told to stop, and reckons the time left",
    "search.slot": "finds what an earlier run of the same search has left",
    "search.store": "the file that results are appended to, batch by batch",
    "training.bases": "finds the published model that another one starts from",
    "training.plan": "a plan is made from what is on disk",
    "training.publish": "stamps the records with the time they were published at",
    "training.seeds": "the file of the runs with further seeds",
    "training.split_state": "the file of the splits that are fitted",
    "training.trial_plan": "a plan is made from what is on disk",
    "training.walk_plan": "a plan is made from what is on disk",
    "training.tune_files": "reads the files that a tuning proposes to add to",
    "training.tune_study": "the database of the trials, and their time limit",
    "training.walk_state": "the file of the folds that are finished",
    "training.work": "tells how long each model took, and when it began",
    "training.run_state": "the file of a training that has not finished",
}

CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
METHODS = {
    "open", "mkdir", "unlink", "rename", "touch", "glob", "iterdir", "rglob",
    "read_text", "read_bytes", "write_text", "write_bytes",
    "to_csv", "to_json", "to_pickle", "to_parquet", "to_excel",
    "now", "today", "utcnow", "monotonic", "perf_counter", "getenv", "getLogger",
}  # fmt: skip
MODULES = {"os", "time", "logging", "random", "pathlib", "io", "subprocess", "shutil", "sqlite3"}


# A step's pure module may name a path; only a pure room may not even know of paths.
PATHS = "import pathlib"


def test_pure_modules_touch_nothing_outside(modules: tuple[Path, ...], package: Path) -> None:
    breaches = [
        f"{path.relative_to(package)}:{line} {what}"
        for path in modules
        if _is_pure(path.relative_to(package))
        for line, what in _breaches(ast.parse(path.read_text(encoding="utf-8")))
        if what != PATHS or path.relative_to(package).parts[0] in PURE_ROOMS
    ]
    assert [] == breaches


def test_listed_exceptions_exist_and_are_needed(modules: tuple[Path, ...], package: Path) -> None:
    impure = {
        _dotted(path.relative_to(package))
        for path in modules
        if list(_breaches(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert [] == sorted(set(IMPURE_MODULES) - impure)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("open('x')", "open"),
        ("print(1)", "print"),
        ("import os", "import os"),
        ("from time import sleep", "import time"),
        ("import logging.handlers", "import logging"),
        ("frame.to_csv('x')", ".to_csv"),
        ("pandas.read_csv('x')", ".read_csv"),
        ("date.today()", ".today"),
        ("numpy.random.default_rng()", ".random"),
        ("numpy.random.normal()", ".random"),
    ],
)
def test_a_planted_breach_is_found(source: str, what: str) -> None:
    assert [(1, what)] == list(_breaches(ast.parse(source)))


def test_plain_arithmetic_is_no_breach() -> None:
    assert [] == list(_breaches(ast.parse("total = sum(values) + round(other.max(), 2)")))


def test_a_generator_given_by_the_caller_is_no_breach() -> None:
    source = "def draw(rng: np.random.Generator) -> float:\n    return rng.normal()"
    assert [] == list(_breaches(ast.parse(source)))


def _is_pure(place: Path) -> bool:
    room = place.parts[0]
    if room in PURE_ROOMS:
        return True
    is_step = place.stem in IMPURE_KINDS or place.stem.endswith("_step")
    return room in STEPS and not is_step and _dotted(place) not in IMPURE_MODULES


def _dotted(place: Path) -> str:
    return ".".join(place.with_suffix("").parts)


def _breaches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.partition(".")[0] for alias in node.names]
            yield from ((node.lineno, f"import {name}") for name in names if name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            name = (node.module or "").partition(".")[0]
            if name in MODULES:
                yield node.lineno, f"import {name}"
        elif isinstance(node, ast.Call):
            what = _forbidden_call(node.func)
            if what:
                yield node.lineno, what


def _forbidden_call(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id if function.id in CALLS or function.id.startswith("read_") else ""
    if not isinstance(function, ast.Attribute):
        return ""
    if isinstance(function.value, ast.Attribute) and function.value.attr == "random":
        return ".random"
    is_reader = function.attr.startswith("read_")
    return f".{function.attr}" if is_reader or function.attr in METHODS else ""
